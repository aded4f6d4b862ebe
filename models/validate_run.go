package models

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

// Check refuses a status that is not final.
func (in *FinishStepRunInput) Check(at *Path) error {
	if in.Status == RunStatusRunning {
		return BadInput(at.Child("status"), "must be COMPLETED, FAILED, CANCELLED or CACHED")
	}
	return nil
}
