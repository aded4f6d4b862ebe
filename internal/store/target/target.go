// Package target finds the objects that the selectors of mutations name, for a caller inside its transaction.
//
// It hides the forms of selectors, the rules for outputs of step runs, the look-up of versions by name, alias or
// number, and the messages for selectors that name nothing. docs/reference/selectors.md has the rules as a table.
//
// Resolve finds the targets of metadata, Version and Versions the artifact versions of selectors, and StepOutputs the
// outputs of step runs. CanonicalName and CanonicalSelector return selectors as idempotency keys compare them.
package target

import (
	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/models"
)

// Resolved is the object of a selector.
type Resolved struct {
	Project models.ID
	// Subject is the subject ID of its entries.
	Subject models.ID
	// Version is the artifact version of the subject, zero for none.
	Version models.ID
	// StepRun is the step run of the entries, zero if the selector names none.
	StepRun models.ID
	// Object is the subject for callers.
	Object models.Subject
}

// Resolve finds the objects of selectors that are visible to the caller, inside the writing transaction. It is one
// statement per form of selector, for any number of selectors.
func Resolve(tx *access.Tx, targets []models.MetadataTarget, paths []*models.Path) ([]Resolved, error) {
	found := make([]Resolved, len(targets))
	var r resolver
	for i, target := range targets {
		at := paths[i]
		switch {
		case target.ArtifactVersionID != nil:
			r.byID = append(r.byID, idSelector{i, *target.ArtifactVersionID, at.Child("artifactVersionId")})
		case target.ArtifactVersion != nil:
			if err := target.ArtifactVersion.CheckExact(at.Child("artifactVersion")); err != nil {
				return nil, err
			}
			r.byName = append(r.byName, nameSelector{i, target.ArtifactVersion, at.Child("artifactVersion")})
		case target.StepContext != nil:
			if name := target.StepContext.ArtifactName; name != nil {
				if err := models.CheckName(at.Child("stepContext").Child("artifactName"), *name); err != nil {
					return nil, err
				}
			}
			r.contexts = append(r.contexts, contextSelector{i, target.StepContext, at.Child("stepContext")})
		case target.StepRunID != nil:
			r.bySteps = append(r.bySteps, idSelector{i, *target.StepRunID, at.Child("stepRunId")})
		case target.PipelineRunID != nil:
			r.byRuns = append(r.byRuns, idSelector{i, *target.PipelineRunID, at.Child("pipelineRunId")})
		default:
			return nil, models.BadInput(at, "must have exactly one field")
		}
	}
	for _, step := range []func(*access.Tx, []Resolved) error{r.versions, r.outputs, r.stepRuns, r.pipelineRuns} {
		if err := step(tx, found); err != nil {
			return found, err // with the projects that are known
		}
	}
	return found, nil
}

// resolver groups selectors by their form, each with its index among the targets.
type resolver struct {
	byID, bySteps, byRuns []idSelector
	byName                []nameSelector
	contexts              []contextSelector
}

type idSelector struct {
	n    int
	text string
	at   *models.Path
}

type nameSelector struct {
	n    int
	name *models.ArtifactVersionName
	at   *models.Path
}

type contextSelector struct {
	n       int
	context *models.StepContext
	at      *models.Path
}

// resolveByID sets the targets of selectors by ID to the objects that find returns. Other text selects nothing.
func resolveByID[T any](
	tx *access.Tx, b []idSelector, what string, found []Resolved,
	find func(tx *access.Tx, ids []models.ID) (map[models.ID]T, error), use func(T) Resolved,
) error {
	if len(b) == 0 {
		return nil
	}
	var ids []models.ID
	for _, one := range b {
		if id, ok := models.ParseID(one.text); ok {
			ids = append(ids, id)
		}
	}
	objects, err := find(tx, ids)
	if err != nil {
		return err
	}
	for _, one := range b {
		id, _ := models.ParseID(one.text)
		if err := tx.RefuseShared(one.at, id); err != nil {
			return err
		}
		object, ok := objects[id]
		if !ok {
			return tx.UnknownID(one.at, what, one.text)
		}
		found[one.n] = use(object)
	}
	return nil
}

func resolvedVersion(v *models.ArtifactVersion) Resolved {
	return Resolved{Project: v.ProjectID, Subject: v.SubjectID, Version: v.ID, Object: v}
}

func (r resolver) versionsByID(tx *access.Tx, found []Resolved) error {
	return resolveByID(tx, r.byID, "artifact version", found, access.VersionsByID, resolvedVersion)
}

func (r resolver) stepRuns(tx *access.Tx, found []Resolved) error {
	return resolveByID(tx, r.bySteps, "step run", found, access.StepRunsByID, func(s *models.StepRun) Resolved {
		return Resolved{Project: s.ProjectID, Subject: s.ID, StepRun: s.ID, Object: s}
	})
}

func (r resolver) pipelineRuns(tx *access.Tx, found []Resolved) error {
	return resolveByID(tx, r.byRuns, "pipeline run", found, access.PipelineRunsByID, func(p *models.PipelineRun) Resolved {
		return Resolved{Project: p.ProjectID, Subject: p.ID, Object: p}
	})
}
