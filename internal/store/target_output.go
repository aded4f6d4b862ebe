package store

import (
	"fmt"

	"github.com/placard/placard/internal/near"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// outputRow is an output of a step run with the bound version; the output is zero for a step run without outputs.
type outputRow struct {
	StepRunID     models.ID
	ProjectID     models.ID
	Output        models.StepOutput      `gorm:"embedded;embeddedPrefix:o_"`
	Version       models.ArtifactVersion `gorm:"embedded;embeddedPrefix:v_"`
	BoundArtifact string
}

// declaredOutputs are the outputs of a step run in the order of declaration, and its project.
type declaredOutputs struct {
	project models.ID
	rows    []outputRow
}

// stepOutputs returns the outputs of the step runs that exist and are visible to the caller.
func (tx *transaction) stepOutputs(steps []models.ID) (map[models.ID]declaredOutputs, error) {
	from := tx.dialect.LookUp(engine.Lookup{Table: "step_runs", Alias: "r", Column: "id", IDs: steps, Where: engine.True}).
		Concat(tx.dialect.LeftLateralJoin("step_outputs o", "o",
			engine.SQL("o.project_id = r.project_id AND o.step_run_id = r.id"))).
		Concat(tx.dialect.LeftLateralJoin("artifact_versions v", "v",
			engine.SQL("v.project_id = r.project_id AND v.id = o.artifact_version_id"))).
		Concat(tx.dialect.LeftLateralJoin("artifacts a", "a",
			engine.SQL("a.project_id = r.project_id AND a.id = v.artifact_id"))).
		Concat(visibleTo(tx.who, "r.project_id", engine.SQL(" WHERE TRUE")))
	var rows []outputRow
	err := tx.scan(&rows, engine.SQL("SELECT r.id AS step_run_id, r.project_id, a.name AS bound_artifact, "+
		engine.QualifyAs("o", outputColumns)+", "+engine.QualifyAs("v",
		versionColumns)+" FROM ? ORDER BY r.id, o.position", from))
	outputs := map[models.ID]declaredOutputs{}
	for _, row := range rows {
		declared := declaredOutputs{row.ProjectID, outputs[row.StepRunID].rows}
		if !row.Output.ID.IsZero() {
			declared.rows = append(declared.rows, row)
		}
		outputs[row.StepRunID] = declared
	}
	return outputs, err
}

func (r targetResolver) outputs(tx *transaction, found []resolvedTarget) error {
	if len(r.contexts) == 0 {
		return nil
	}
	var steps []models.ID
	for _, one := range r.contexts {
		if id, ok := models.ParseID(one.context.StepRunID); ok {
			steps = append(steps, id)
		}
	}
	outputs, err := tx.stepOutputs(steps)
	if err != nil {
		return err
	}
	for _, one := range r.contexts {
		id, _ := models.ParseID(one.context.StepRunID)
		declared, known := outputs[id]
		if !known {
			return tx.unknownID(one.at.Child("stepRunId"), "step run", one.context.StepRunID)
		}
		found[one.n].project = declared.project
		chosen, err := chooseOutput(one.at, declared.rows, one.context.ArtifactName)
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
func chooseOutput(at *models.Path, outputs []outputRow, name *string) (outputRow, error) {
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
		return outputRow{}, refuse(models.CodeNoOutputs, at, "the step run has no outputs; startStepRun declares them")
	case len(fits) == 1:
		return fits[0], nil
	case name == nil:
		return outputRow{}, refuse(models.CodeAmbiguousOutput, at,
			"the step run has %d outputs: name one in artifactName; they are %s", len(outputs), near.Quote(outputNames(outputs)))
	case len(fits) == 0:
		return outputRow{}, outputNotFound(at.Child("artifactName"), outputs, *name)
	}
	return outputRow{}, refuse(models.CodeAmbiguousOutput, at.Child("artifactName"),
		"%d outputs of the step run are for the artifact %q: use the name of an output instead; they are %s",
		len(fits), models.TruncateName(*name), near.Quote(outputNames(fits)))
}

// outputNotFound returns the error of a name that no output of a step run has.
func outputNotFound(at *models.Path, outputs []outputRow, name string) error {
	names := outputNames(outputs)
	message := fmt.Sprintf("the step run has no output %q", models.TruncateName(name))
	if len(names) > 0 {
		message += "; its outputs are " + near.Quote(near.First(near.Names(name, names), names))
	} else {
		message += ", because it has none"
	}
	return &models.Error{Code: models.CodeOutputNotFound, Message: message, Path: at.Steps(), Candidates: names}
}

func outputNames(outputs []outputRow) []string {
	names := make([]string, len(outputs))
	for i, output := range outputs {
		names[i] = output.Output.Name
	}
	return names
}

func resolvedOutput(at *models.Path, row outputRow) (resolvedTarget, error) {
	output := &row.Output
	result := resolvedTarget{project: output.ProjectID, subject: output.ID, stepRun: output.StepRunID, object: output}
	if output.BoundAt != nil {
		if row.Version.ID.IsZero() {
			return result, models.NotFound(at, "the artifact version of this output has been deleted")
		}
		result.version, result.object = row.Version.ID, &row.Version
	}
	return result, nil
}

const (
	// maxSuggestions is the maximum number of names in an error.
	maxSuggestions = 10
	// maxSuggestionCandidates is the maximum number of names that are compared.
	maxSuggestionCandidates = 1000
)

// nearNames returns the names of a query that are near to name, and all names that it compared.
func (tx *transaction) nearNames(name string, query engine.Expr) (similar, candidates []string, err error) {
	err = tx.scan(&candidates, engine.SQL("? LIMIT ?", query, maxSuggestionCandidates))
	similar = near.Names(name, candidates)
	return similar[:min(len(similar), maxSuggestions)], candidates, err
}

// suggest adds the names of a query that are near to a name to a failure, and returns it.
func (tx *transaction) suggest(failure *models.Error, name string, query engine.Expr) error {
	similar, _, err := tx.nearNames(name, query)
	if err != nil {
		return err
	}
	return addSuggestions(failure, similar)
}

// addSuggestions adds similar names to a failure, and returns it.
func addSuggestions(failure *models.Error, similar []string) error {
	if len(similar) > 0 {
		failure.Message += near.Suggestion(similar)
		failure.Candidates = similar
	}
	return failure
}

// projectNotFound returns NOT_FOUND for the name of a project. It names similar ones to owners only, because other
// callers see one project.
func (tx *transaction) projectNotFound(at *models.Path, name string) error {
	failure := models.NotFound(at, "there is no project %q", models.TruncateName(name))
	if !tx.who.Owner {
		return failure
	}
	return tx.suggest(failure, name, engine.SQL("SELECT name FROM projects ORDER BY id DESC"))
}
