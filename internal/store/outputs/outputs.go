// Package outputs finds and locks what a step run saves when it ends.
//
// It hides the order of the locks: IDs that clients chose, then artifacts, each sorted, so that two calls do not wait
// for each other. The caller locks the subjects afterwards. Plan has the operation.
package outputs

import (
	"cmp"
	"slices"

	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/clientid"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/target"
	"github.com/placard/placard/models"
)

// Plan is a list of outputs of a step run to save, each as a new version or bound to a version that exists.
type Plan struct {
	// At is the path of Inputs.
	At     *models.Path
	Step   models.StepRun
	Inputs []models.FinishStepOutputInput

	// The elements of these have the index of an input. FindAndLock sets them.
	Outputs []*models.StepOutput
	// Artifacts are the names of the artifacts.
	Artifacts []string
	// Reused are the versions of outputs that reuse one, nil for others.
	Reused []*models.ArtifactVersion
	IDs    []clientid.Claimed
}

// FindAndLock finds the outputs and versions, and locks the IDs of new versions and the artifacts until the end of the
// transaction. It fails with OUTPUT_NOT_FOUND, NOT_FOUND, CONFLICT for a bound output or a used ID, and BAD_INPUT for
// an output without an artifact.
func (p *Plan) FindAndLock(tx *access.Tx) error {
	if err := p.findOutputs(tx); err != nil {
		return err
	}
	if err := p.findReused(tx); err != nil {
		return err
	}
	if err := p.claimIDs(tx); err != nil || tx.Dialect.HasOneWriter() {
		return err
	}
	return p.lockArtifacts(tx)
}

// Subjects returns the subjects of the outputs and of the versions that they reuse.
func (p *Plan) Subjects() (subjects []models.ID) {
	for i, output := range p.Outputs {
		subjects = append(subjects, output.ID)
		if version := p.Reused[i]; version != nil {
			subjects = append(subjects, version.SubjectID)
		}
	}
	return subjects
}

// Floor returns the earliest time of bindings, in microseconds since 1970: that of the youngest version.
func (p *Plan) Floor() (floor int64) {
	for _, version := range p.Reused {
		if version != nil {
			floor = max(floor, version.CreatedAt.UnixMicro())
		}
	}
	return floor
}

// findOutputs finds the outputs and the names of the artifacts of new versions.
func (p *Plan) findOutputs(tx *access.Tx) error {
	p.Outputs, p.Artifacts = make([]*models.StepOutput, len(p.Inputs)), make([]string, len(p.Inputs))
	found, err := target.StepOutputs(tx.Within(p.Step.ProjectID), []models.ID{p.Step.ID})
	if err != nil {
		return err
	}
	declared := found[p.Step.ID].Outputs
	for i, input := range p.Inputs {
		n := slices.IndexFunc(declared, func(o target.Output) bool { return o.Output.Name == input.Name })
		if n < 0 {
			return target.OutputNotFound(p.At.Child(i).Child("name"), declared, input.Name)
		}
		p.Outputs[i] = &declared[n].Output
		if p.Outputs[i].BoundAt != nil {
			return models.Conflict(p.At.Child(i).Child("name"), "is bound to an artifact version already")
		}
		name := cmp.Or(input.Artifact, p.Outputs[i].ArtifactName)
		if name == nil && input.Reuse == nil {
			return models.BadInput(p.At.Child(i).Child("artifact"),
				"must be present: the step run declares no artifact name for this output")
		}
		if name != nil {
			p.Artifacts[i] = *name
		}
	}
	return nil
}

// findReused finds the versions of outputs that reuse one.
func (p *Plan) findReused(tx *access.Tx) error {
	p.Reused = make([]*models.ArtifactVersion, len(p.Inputs))
	var places []int
	var paths []*models.Path
	var refs []models.ArtifactVersionRef
	for i, input := range p.Inputs {
		if input.Reuse != nil {
			places, paths, refs = append(places, i), append(paths, p.At.Child(i).Child("reuse")), append(refs, *input.Reuse)
		}
	}
	if len(refs) == 0 {
		return nil
	}
	found, err := target.References(tx, paths, refs)
	if err != nil {
		return err
	}
	var artifactIDs []models.ID
	for i, one := range found {
		if one.Project != p.Step.ProjectID {
			return models.NotFound(paths[i], "is a version of another project than the step run")
		}
		p.Reused[places[i]] = one.Object.(*models.ArtifactVersion)
		artifactIDs = append(artifactIDs, p.Reused[places[i]].ArtifactID)
	}
	artifacts, err := access.ArtifactsByID(tx.Within(p.Step.ProjectID), artifactIDs)
	for _, place := range places {
		version := p.Reused[place]
		if version.KnownArtifact = artifacts[version.ArtifactID]; version.KnownArtifact == nil {
			return cmp.Or(err, engine.ErrRetry) // the artifact has just been deleted
		}
		p.Artifacts[place] = version.KnownArtifact.Name
	}
	return err
}

// claimIDs claims the IDs of new versions in their order. An ID that an object or another output has is a CONFLICT.
func (p *Plan) claimIDs(tx *access.Tx) error {
	p.IDs = make([]clientid.Claimed, len(p.Inputs))
	order := make([]int, len(p.Inputs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p.clientID(a), p.clientID(b)) })
	for n, i := range order {
		at, err := p.At.Child(i).Child("clientId"), error(nil)
		if n > 0 && p.clientID(i) != "" && p.clientID(i) == p.clientID(order[n-1]) {
			return models.Conflict(at, "is the ID of another output of the call")
		}
		if p.IDs[i], err = clientid.Claim(tx, p.Step.ProjectID, at, p.Inputs[i].ClientID); err != nil {
			return err
		}
		_, err = clientid.Find(tx, p.IDs[i], "artifact_versions", access.VersionsByID,
			func(*models.ArtifactVersion) (bool, error) { return false, nil })
		if err != nil {
			return err
		}
	}
	return nil
}

// clientID returns the client-made ID of an output, empty without one.
func (p *Plan) clientID(i int) string {
	if p.Inputs[i].ClientID == nil {
		return ""
	}
	return *p.Inputs[i].ClientID
}

// lockArtifacts locks the artifacts in order of name, and creates the missing ones, whose first versions follow.
func (p *Plan) lockArtifacts(tx *access.Tx) error {
	names := slices.Compact(slices.Sorted(slices.Values(p.Artifacts)))
	ids := models.NewIDs(len(names))
	rows := make([]any, len(names))
	for i, name := range names {
		rows[i] = map[string]any{"n": i, "id": ids[i], "name": name}
	}
	err := tx.Write(engine.SQL(`INSERT INTO artifacts (project_id, id, name, last_number, created_at, created_by, updated_at)
		SELECT ?, id, name, 0, ?, ?, 0 FROM ? ORDER BY n
		ON CONFLICT (project_id, name) DO UPDATE SET last_number = artifacts.last_number`,
		p.Step.ProjectID, tx.Dialect.Now(0), tx.Who.AuthorName(), tx.Dialect.JSONRows(rows, engine.NumberColumn("n"),
			engine.IDColumn("id"), engine.TextColumn("name"))))
	if err != nil {
		return err
	}
	// Once more under the lock: versions may have been deleted, or aliases moved, before the lock was ours.
	before := slices.Clone(p.Reused)
	if err := p.findReused(tx); err != nil {
		return err
	}
	for i, version := range p.Reused {
		if version != nil && version.ArtifactID != before[i].ArtifactID {
			return engine.ErrRetry
		}
	}
	return nil
}
