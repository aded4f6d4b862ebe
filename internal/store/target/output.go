package target

import (
	"fmt"

	"github.com/placard/placard/internal/near"
	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

var (
	selectedColumns = engine.Columns[models.ArtifactVersion]()
	declaredColumns = engine.Columns[models.StepOutput]()
)

// Output is an output of a step run with the bound version; the output is zero for a step run without outputs.
type Output struct {
	StepRunID     models.ID
	ProjectID     models.ID
	Output        models.StepOutput      `gorm:"embedded;embeddedPrefix:o_"`
	Version       models.ArtifactVersion `gorm:"embedded;embeddedPrefix:v_"`
	BoundArtifact string
}

// DeclaredOutputs are the outputs of a step run in the order of declaration, and its project.
type DeclaredOutputs struct {
	Project models.ID
	Outputs []Output
}

// StepOutputs returns the outputs of the step runs that exist and are visible to the caller. RefuseShared refuses the
// ID of a step run of several projects. It is one statement per project, and one more for an owner.
func StepOutputs(tx *access.Tx, steps []models.ID) (map[models.ID]DeclaredOutputs, error) {
	byProject, err := tx.GroupByProject("step_runs", steps)
	outputs := make(map[models.ID]DeclaredOutputs, len(steps))
	for _, group := range byProject {
		if err == nil {
			err = readOutputs(tx.Within(group.Project), group.IDs, outputs)
		}
	}
	return outputs, err
}

// readOutputs adds the outputs of step runs of the project of the caller to outputs.
func readOutputs(tx *access.Tx, steps []models.ID, outputs map[models.ID]DeclaredOutputs) error {
	project := tx.Who.Project
	from := tx.Dialect.LookUp(engine.Lookup{Table: "step_runs", Alias: "r", Column: "id", IDs: steps,
		Where: access.VisibleTo(tx.Who, "r.project_id", engine.True)}).
		Concat(tx.Dialect.LeftLateralJoin("step_outputs o", "o",
			engine.SQL("o.project_id = ? AND o.step_run_id = r.id", project))).
		Concat(tx.Dialect.LeftLateralJoin("artifact_versions v", "v",
			engine.SQL("v.project_id = ? AND v.id = o.artifact_version_id", project))).
		Concat(tx.Dialect.LeftLateralJoin("artifacts a", "a",
			engine.SQL("a.project_id = ? AND a.id = v.artifact_id", project)))
	var rows []Output
	err := tx.Read(&rows, engine.SQL("SELECT r.id AS step_run_id, r.project_id, a.name AS bound_artifact, "+
		engine.QualifyAs("o", declaredColumns)+", "+engine.QualifyAs("v",
		selectedColumns)+" FROM ? ORDER BY r.id, o.position", from))
	for _, row := range rows {
		declared := DeclaredOutputs{row.ProjectID, outputs[row.StepRunID].Outputs}
		if !row.Output.ID.IsZero() {
			declared.Outputs = append(declared.Outputs, row)
		}
		outputs[row.StepRunID] = declared
	}
	return err
}

// DeclaredOutput finds an output in a project, or in any project for zero. A step run of another project fails like a
// missing one. It returns the project of the step run also with OUTPUT_NOT_FOUND.
func DeclaredOutput(
	tx *access.Tx, at *models.Path, project models.ID, ref models.StepOutputRef,
) (models.StepOutput, error) {
	id, _ := models.ParseID(ref.StepRunID)
	within := tx.Within(project)
	outputs, err := StepOutputs(within, []models.ID{id})
	if err == nil {
		err = within.RefuseShared(at.Child("stepRunId"), id)
	}
	declared, known := outputs[id]
	if err == nil && !known {
		err = tx.UnknownID(at.Child("stepRunId"), "step run", ref.StepRunID)
	}
	if err != nil {
		return models.StepOutput{ProjectID: project}, err
	}
	for _, row := range declared.Outputs {
		if row.Output.Name == ref.Name {
			return row.Output, nil
		}
	}
	return models.StepOutput{ProjectID: declared.Project}, OutputNotFound(at.Child("name"), declared.Outputs, ref.Name)
}

func (r resolver) outputs(tx *access.Tx, found []Resolved) error {
	if len(r.contexts) == 0 {
		return nil
	}
	var steps []models.ID
	for _, one := range r.contexts {
		if id, ok := models.ParseID(one.context.StepRunID); ok {
			steps = append(steps, id)
		}
	}
	outputs, err := StepOutputs(tx, steps)
	if err != nil {
		return err
	}
	for _, one := range r.contexts {
		id, _ := models.ParseID(one.context.StepRunID)
		if err := tx.RefuseShared(one.at.Child("stepRunId"), id); err != nil {
			return err
		}
		declared, known := outputs[id]
		if !known {
			return tx.UnknownID(one.at.Child("stepRunId"), "step run", one.context.StepRunID)
		}
		found[one.n].Project = declared.Project
		chosen, err := chooseOutput(one.at, declared.Outputs, one.context.ArtifactName)
		if err != nil {
			return err
		}
		if found[one.n], err = resolvedOutput(one.at, chosen); err != nil {
			return err
		}
	}
	return nil
}

// chooseOutput returns the output of a step context: the only one, the one with that output name, or else the one
// with that artifact name, declared or bound.
func chooseOutput(at *models.Path, outputs []Output, name *string) (Output, error) {
	fits := outputs
	if name != nil {
		fits = nil
		for _, output := range outputs {
			if output.Output.Name == *name {
				return output, nil
			}
			declared := output.Output.ArtifactName
			bound := output.Output.BoundAt != nil && output.BoundArtifact == *name
			if bound || declared != nil && *declared == *name {
				fits = append(fits, output)
			}
		}
	}
	refuse := func(code models.Code, at *models.Path, message string, args ...any) error {
		return &models.Error{
			Code: code, Message: fmt.Sprintf(message, args...), Path: at.Steps(), Candidates: outputNames(outputs),
		}
	}
	switch {
	case len(outputs) == 0:
		return Output{}, refuse(models.CodeNoOutputs, at, "the step run has no outputs; startStepRun declares them")
	case len(fits) == 1:
		return fits[0], nil
	case name == nil:
		return Output{}, refuse(models.CodeAmbiguousOutput, at,
			"the step run has %d outputs: name one in artifactName; they are %s", len(outputs), near.Quote(outputNames(outputs)))
	case len(fits) == 0:
		return Output{}, OutputNotFound(at.Child("artifactName"), outputs, *name)
	}
	return Output{}, refuse(models.CodeAmbiguousOutput, at.Child("artifactName"),
		"%d outputs of the step run are for the artifact %q: use the name of an output instead; they are %s",
		len(fits), models.TruncateName(*name), near.Quote(outputNames(fits)))
}

// OutputNotFound returns the error of a name that no output of a step run has.
func OutputNotFound(at *models.Path, outputs []Output, name string) error {
	names := outputNames(outputs)
	message := fmt.Sprintf("the step run has no output %q", models.TruncateName(name))
	if len(names) > 0 {
		message += "; its outputs are " + near.Quote(near.First(near.Names(name, names), names))
	} else {
		message += ", because it has none"
	}
	return &models.Error{Code: models.CodeOutputNotFound, Message: message, Path: at.Steps(), Candidates: names}
}

func outputNames(outputs []Output) []string {
	names := make([]string, len(outputs))
	for i, output := range outputs {
		names[i] = output.Output.Name
	}
	return names
}

func resolvedOutput(at *models.Path, row Output) (Resolved, error) {
	output := &row.Output
	result := Resolved{Project: output.ProjectID, Subject: output.ID, StepRun: output.StepRunID, Object: output}
	if output.BoundAt != nil {
		if row.Version.ID.IsZero() {
			return result, models.NotFound(at, "the artifact version of this output has been deleted")
		}
		result.Subject, result.Version, result.Object = row.Version.SubjectID, row.Version.ID, &row.Version
	}
	return result, nil
}
