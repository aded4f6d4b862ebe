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
	var steps idSelectors
	for _, one := range r.contexts {
		steps.add(one.n, one.context.StepRunID, one.at)
	}
	outputs, err := tx.stepOutputs(steps.ids())
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

// notFoundWithSuggestions returns NOT_FOUND with similar names.
func notFoundWithSuggestions(at *models.Path, similar []string, format string, args ...any) error {
	err := models.NotFound(at, format, args...)
	if len(similar) > 0 {
		err.Message += near.Suggestion(similar)
		err.Candidates = similar
	}
	return err
}

// suggest returns the names of a query that are near to name, and all names that it compared.
func (tx *transaction) suggest(name string, query engine.Expr) (similar, candidates []string, err error) {
	err = tx.scan(&candidates, engine.SQL("? LIMIT ?", query, maxSuggestionCandidates))
	similar = near.Names(name, candidates)
	return similar[:min(len(similar), maxSuggestions)], candidates, err
}

// projectNotFound returns NOT_FOUND for the name of a project. It names similar ones to owners only, because other
// callers see one project.
func (tx *transaction) projectNotFound(at *models.Path, name string) error {
	var similar []string
	if tx.who.Owner {
		var err error
		if similar, _, err = tx.suggest(name, engine.SQL("SELECT name FROM projects ORDER BY id DESC")); err != nil {
			return err
		}
	}
	return notFoundWithSuggestions(at, similar, "there is no project %q", models.TruncateName(name))
}

func (tx *transaction) suggestArtifacts(project models.ID, name string) (similar, all []string, err error) {
	// IDs ascend with time.
	return tx.suggest(name, engine.SQL("SELECT name FROM artifacts WHERE project_id = ? ORDER BY id DESC", project))
}

func (tx *transaction) suggestVersions(project, artifact models.ID, name string) (similar, all []string, err error) {
	return tx.suggest(name, engine.SQL("SELECT version FROM artifact_versions WHERE project_id = ? AND artifact_id = ? ORDER BY number DESC", project, artifact))
}

func (tx *transaction) suggestAliases(project, artifact models.ID, name string) (similar, all []string, err error) {
	return tx.suggest(name, engine.SQL("SELECT alias FROM aliases WHERE project_id = ? AND artifact_id = ? ORDER BY alias",
		project, artifact))
}
