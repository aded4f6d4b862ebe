package store

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"

	"gorm.io/gorm"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/clientid"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/snapshot"
	"github.com/placard/placard/internal/store/target"
	"github.com/placard/placard/models"
)

// CreateArtifactVersion creates the next version of an artifact, and the artifact with its first version. A version
// that is saved from an output gets the entries of the output, followed by the facts of the call.
//
// It fails with CONFLICT for a used name or number or a bound output, NOT_FOUND for an unknown project or step run,
// OUTPUT_NOT_FOUND, IDEMPOTENCY_KEY_REUSED and FORBIDDEN, and with LIMIT_EXCEEDED after the greatest number. A failed
// call uses no number.
func (s *Store) CreateArtifactVersion(
	ctx context.Context, call Call, at *models.Path, input models.CreateArtifactVersionInput, facts []models.Fact,
) (*models.ArtifactVersion, bool, error) {
	call.Input = canonicalCreation(auth.FromContext(ctx), input, facts)
	existed := false
	done, err := withIdempotency(ctx, s, call, snapshot.Pointer(snapshot.Version),
		func(tx *transaction) (models.ID, *models.ArtifactVersion, error) {
			c := versionCreator{tx: tx, at: at, input: input}
			if err := c.findProject(); err != nil {
				return c.project, nil, err
			}
			version, err := c.claim()
			if existed = version != nil; existed || err != nil {
				return c.project, version, err
			}
			if version, err = c.create(); err != nil {
				return c.project, nil, err
			}
			logged := c.logged(version, facts)
			if err := c.record(version, logged, len(facts)); err != nil {
				return c.project, nil, err
			}
			if err := tx.addLabels(version, input.Aliases, input.Tags, version.CreatedAt); err != nil {
				return c.project, nil, err
			}
			entries := make([]entryDraft, len(facts))
			for i, fact := range facts {
				entries[i] = entryDraft{subject: version.SubjectID, stepRun: c.output.StepRunID, fact: fact}
			}
			_, err = tx.append(c.project, version.CreatedAt, call.Caller, entries, []event{logged})
			return c.project, version, err
		})
	return done.Value, done.Replayed || existed, err
}

// canonicalCreation returns a creation in the form that an idempotency key compares. It resolves an absent project,
// except for an owner's output, which can be in any project. Absent and empty lists of labels are equal.
func canonicalCreation(who auth.Principal, input models.CreateArtifactVersionInput, facts []models.Fact) any {
	if project := who.ResolveProject(input.Project); input.Output == nil || !who.Owner {
		input.Project = &project
	}
	input.Aliases, input.Tags = append([]string{}, input.Aliases...), append([]string{}, input.Tags...)
	return struct {
		Input models.CreateArtifactVersionInput
		Facts []models.Fact
	}{input, append([]models.Fact{}, facts...)}
}

// versionCreator creates one version.
type versionCreator struct {
	tx      *transaction
	at      *models.Path
	input   models.CreateArtifactVersionInput
	project models.ID
	// id is the ID of the version.
	id clientid.Claimed
	// output is the output that the version is saved from, zero for none.
	output models.StepOutput
	// lastNumber is the greatest number of the artifact before the version.
	lastNumber int32
	// waiting are the keys with a value that waited on the output.
	waiting []models.TimelineEventKey
	// moment is the time of the version, zero for the present.
	moment models.Time
}

// now returns the time of the version and its artifact, at least floor, as an argument of a statement.
func (c *versionCreator) now(floor int64) any {
	if c.moment.IsZero() {
		return c.tx.Dialect.Now(floor)
	}
	return c.moment
}

// findProject finds the project and the output. Without a project in the input it is that of the step run.
func (c *versionCreator) findProject() (err error) {
	if c.input.Project != nil || c.input.Output == nil {
		c.project, err = c.tx.ProjectNamed(c.at.Child("project"), c.tx.Who.ResolveProject(c.input.Project))
	}
	if err == nil && c.input.Output != nil {
		c.output, err = target.DeclaredOutput(c.tx.Tx, c.at.Child("output"), c.project, *c.input.Output)
		c.project = c.output.ProjectID
	}
	if err == nil {
		err = c.tx.RequireRole(models.ApiKeyRoleWriter, c.project)
	}
	return err
}

// claim locks the ID of the version. It returns the version that an earlier copy of the call created, nil for none.
func (c *versionCreator) claim() (version *models.ArtifactVersion, err error) {
	if c.id, err = clientid.Claim(c.tx.Tx, c.project, c.at.Child("clientId"), c.input.ClientID); err != nil {
		return nil, err
	}
	return clientid.Find(c.tx.Tx, c.id, "artifact_versions", access.VersionsByID,
		func(v *models.ArtifactVersion) (bool, error) {
			artifacts, err := access.ArtifactsByID(c.tx.Within(c.project), []models.ID{v.ArtifactID})
			subject := c.output.ID
			if subject.IsZero() {
				subject = v.ID
			}
			if v.KnownArtifact = artifacts[v.ArtifactID]; v.KnownArtifact == nil {
				return false, cmp.Or(err, engine.ErrRetry) // the artifact has just been deleted
			}
			return v.KnownArtifact.Name == c.input.Artifact && v.SubjectID == subject &&
				(c.input.Version == nil || *c.input.Version == v.Version), nil
		})
}

// create inserts the rows. It locks the artifact, so that numbers are assigned one by one.
func (c *versionCreator) create() (*models.ArtifactVersion, error) {
	var artifacts []struct {
		models.Artifact
		LastNumber int32
	}
	err := c.tx.Read(&artifacts,
		engine.SQL(`INSERT INTO artifacts (project_id, id, name, last_number, created_at, created_by, updated_at)
		VALUES (?, ?, ?, 0, ?, ?, 0)
		ON CONFLICT (project_id, name) DO UPDATE SET last_number = artifacts.last_number
		RETURNING last_number, `+engine.Qualify("artifacts", artifactColumns),
			c.project, models.NewID(), c.input.Artifact, c.now(0), c.tx.Who.AuthorName()))
	if err != nil {
		return nil, err
	}
	artifact := artifacts[0]
	c.lastNumber = artifact.LastNumber
	name, number, err := c.assignNumber(artifact.ID, artifact.LastNumber)
	if err != nil {
		return nil, err
	}
	subject, floor, err := c.subject(c.id.ID)
	if err != nil {
		return nil, err
	}
	version, err := access.InsertRow[models.ArtifactVersion](c.tx.Tx, "artifact_versions",
		"project_id, id, artifact_id, subject_id, version, number, type, created_at, created_by",
		c.project, c.id.ID, artifact.ID, subject, name, number, c.input.Type, c.now(floor), c.tx.Who.AuthorName())
	if err != nil {
		return nil, err
	}
	version.KnownArtifact = &artifact.Artifact
	version.KnownArtifact.ChangedAt = version.CreatedAt
	return version, c.bind(version)
}

// assignNumber returns the name and the number: the requested ones, or the next free ones.
func (c *versionCreator) assignNumber(artifact models.ID, last int32) (string, int32, error) {
	if c.input.Version == nil {
		for {
			number, err := c.nextNumber(last)
			if err != nil {
				return "", 0, err
			}
			name := strconv.Itoa(int(number))
			taken, _, err := c.isTaken(artifact, name, number)
			if err != nil || !taken {
				return name, number, err
			}
			last = number
		}
	}
	name := *c.input.Version
	number, numeric := models.ParseVersionNumber(name)
	if !numeric {
		var err error
		if number, err = c.nextNumber(last); err != nil {
			return "", 0, err
		}
	}
	byName, byNumber, err := c.isTaken(artifact, name, number)
	switch {
	case err != nil:
		return "", 0, err
	case byName:
		return "", 0, models.Conflict(c.at.Child("version"), "is taken: the artifact has a version of this name; without it, the version gets the next number")
	case byNumber:
		return "", 0, models.Conflict(c.at.Child("version"), "is taken: the number has been given to another version")
	}
	return name, number, nil
}

// nextNumber returns the number after last. It fails with LIMIT_EXCEEDED after the greatest number that a column holds,
// which an imported artifact may have given.
func (c *versionCreator) nextNumber(last int32) (int32, error) {
	if last == math.MaxInt32 {
		return 0, models.LimitExceeded(c.at.Child("artifact"), "numbers of versions", math.MaxInt32, math.MaxInt32+1)
	}
	return last + 1, nil
}

// isTaken reports whether a version of the artifact has the name, and whether one has or had the number.
func (c *versionCreator) isTaken(artifact models.ID, name string, number int32) (byName, byNumber bool, err error) {
	var found struct{ ByName, ByNumber bool }
	hasName, hasNumber := target.MatchVersion("version", "@name").SQL, target.MatchVersion("number", "@number").SQL
	err = c.tx.Read(&found, engine.SQL(`SELECT
		(SELECT TRUE FROM artifact_versions WHERE project_id = @project AND artifact_id = @artifact`+hasName+`) IS NOT NULL AS by_name,
		(SELECT TRUE FROM artifact_versions WHERE project_id = @project AND artifact_id = @artifact`+hasNumber+`) IS NOT NULL
		OR EXISTS (SELECT 1 FROM retired_numbers WHERE project_id = @project AND artifact_id = @artifact AND number = @number)
		AS by_number`, map[string]any{"project": c.project, "artifact": artifact, "name": name, "number": number}))
	return found.ByName, found.ByNumber, err
}

// subject returns the subject of the entries of the version: that of the output, which this call locks, or a new one.
// floor is the earliest time of the version.
func (c *versionCreator) subject(version models.ID) (subject models.ID, floor int64, err error) {
	if c.output.ID.IsZero() {
		subject := newSubject{version, models.SubjectArtifactVersion, &version}
		return version, 0, c.tx.Write(c.tx.insertSubjects(c.project, subject))
	}
	taken := models.Conflict(c.at.Child("output"), "is bound to an artifact version already")
	if c.output.BoundAt != nil {
		return subject, 0, taken
	}
	floor, err = c.tx.lock(c.project, []target.Resolved{{Subject: c.output.ID}})
	if err != nil {
		return subject, 0, err
	}
	return c.output.ID, floor, c.takeWaitingFacts(version)
}

// takeWaitingFacts makes the entries of the output those of the version.
func (c *versionCreator) takeWaitingFacts(version models.ID) error {
	err := c.tx.Write(engine.SQL(`UPDATE subjects SET artifact_version_id = ?, about = ?, revision = ?
		WHERE project_id = ? AND id = ?`, version, models.SubjectArtifactVersion, newRevision(), c.project, c.output.ID))
	if err != nil {
		return err
	}
	type latestRow struct {
		Card, Key string
		Seq       int64
		HasValue  bool
	}
	var latest []latestRow
	err = c.tx.Read(&latest, engine.SQL(`UPDATE metadata_latest SET about = ?, object_id = ?
		WHERE project_id = ? AND subject_id = ? RETURNING card, key, seq, kind IS NOT NULL AS has_value`,
		models.SubjectArtifactVersion, version, c.project, c.output.ID))
	slices.SortFunc(latest, func(a, b latestRow) int { return cmp.Compare(a.Seq, b.Seq) })
	for _, row := range latest {
		if row.HasValue {
			c.waiting = append(c.waiting, models.TimelineEventKey{CardName: row.Card, Key: row.Key})
		}
	}
	return err
}

func (c *versionCreator) bind(version *models.ArtifactVersion) error {
	if c.output.ID.IsZero() {
		return nil
	}
	c.output.ArtifactVersionID, c.output.BoundAt, c.output.KnownVersion = version.ID, &version.CreatedAt, version
	_, err := gorm.G[models.StepOutput](c.tx.DB).Scopes(access.InProject(c.project)).Where("id = ?", c.output.ID).
		Updates(c.tx.Ctx(), models.StepOutput{ArtifactVersionID: version.ID, BoundAt: &version.CreatedAt})
	return err
}

// logged returns the event of the waiting facts and those of the call.
func (c *versionCreator) logged(version *models.ArtifactVersion, facts []models.Fact) event {
	logged := versionEvent(models.TimelineEventMetadataLogged, version)
	for _, key := range c.waiting {
		logged.details.AddKey(key.CardName, key.Key)
	}
	for _, fact := range facts {
		logged.details.AddKey(fact.Card, fact.Key)
	}
	return logged
}

// record records the creation, and the waiting facts unless the call logs facts.
func (c *versionCreator) record(version *models.ArtifactVersion, logged event, facts int) error {
	events := []event{versionEvent(models.TimelineEventVersionCreated, version)}
	if facts == 0 && len(c.waiting) > 0 {
		events = append(events, logged)
	}
	created, err := c.tx.insertEvents(c.project, version.CreatedAt, events...)
	if err == nil {
		err = c.tx.WriteTogether(created, engine.SQL(
			"UPDATE artifacts SET last_number = ?, updated_at = ? WHERE project_id = ? AND id = ?",
			max(version.Number, c.lastNumber), version.CreatedAt, c.project, version.ArtifactID))
	}
	return err
}

// addLabels adds aliases and tags to a version at an instant.
func (tx *transaction) addLabels(version *models.ArtifactVersion, aliases, tags []string, at any) error {
	for _, alias := range aliases {
		if err := tx.moveAlias(version, alias, at); err != nil {
			return err
		}
	}
	return tx.addTags(version, tags, at)
}
