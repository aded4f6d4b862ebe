package models

import "cmp"

// Check validates the names and the ID.
func (in *StartPipelineRunInput) Check(at *Path) error {
	return cmp.Or(checkNames(at, []nameField{{"project", in.Project}, {"pipeline", &in.Pipeline}}),
		checkClientID(at, in.ClientID))
}

// Check validates the name of the output and the names of the version.
func (in *BindOutputInput) Check(at *Path) error {
	selector := ArtifactVersionSelector{ArtifactVersion: &in.ArtifactVersion}
	return cmp.Or(CheckName(at.Child("output").Child("name"), in.Output.Name), selector.Check(at))
}

// checkClientID refuses an ID that is not a UUID of version 4 or 7 in lower case.
func checkClientID(at *Path, text *string) error {
	if text == nil {
		return nil
	}
	id, ok := ParseID(*text)
	if version := id[6] >> 4; !ok || version != 4 && version != 7 || id[8]>>6 != 2 {
		return BadInput(at.Child("clientId"),
			"must be a UUID of version 4 or 7 in lower case, such as 01a2159e-ae50-7772-bf34-4eda708cc145")
	}
	return nil
}

// Check refuses a status that is not final, and one that only a step run can have.
func (in *FinishPipelineRunInput) Check(at *Path) error {
	switch in.Status {
	case RunStatusCached:
		return BadInput(at.Child("status"), "must be COMPLETED, FAILED or CANCELLED: only a step run can be CACHED")
	case RunStatusRunning:
		return BadInput(at.Child("status"), "must be COMPLETED, FAILED or CANCELLED")
	}
	return nil
}

// Check refuses a status that is not final, and validates the outputs and their number.
func (in *FinishStepRunInput) Check(at *Path) error {
	if in.Status == RunStatusRunning {
		return BadInput(at.Child("status"), "must be COMPLETED, FAILED, CANCELLED or CACHED")
	}
	names := make([]string, len(in.Outputs))
	for i := range in.Outputs {
		names[i] = in.Outputs[i].Name
		if err := in.Outputs[i].Check(at.Child("outputs").Child(i)); err != nil {
			return err
		}
	}
	return checkSlots(at.Child("outputs"), names, MaxOutputs)
}
