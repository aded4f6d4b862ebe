package store

import (
	"context"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/search"
	"github.com/placard/placard/internal/store/snapshot"
	"github.com/placard/placard/internal/store/target"
	"github.com/placard/placard/internal/store/versions"
	"github.com/placard/placard/models"
)

var versionColumns = engine.Columns[models.ArtifactVersion]()

// ArtifactVersion returns the version of a reference, nil for none. As of an instant it omits versions that were
// created later, and resolves an alias to its version at that time.
func (s *Store) ArtifactVersion(
	ctx context.Context, ref models.ArtifactVersionRef, asOf *models.Time,
) (*models.ArtifactVersion, error) {
	var version *models.ArtifactVersion
	if ref.Named == nil {
		id, ok := models.ParseID(*ref.ID)
		if !ok {
			return nil, nil
		}
		found, err := s.VersionsByID(ctx, []models.ID{id})
		if err != nil {
			return nil, err
		}
		version = found[id]
	} else {
		project, err := s.projectID(ctx, auth.FromContext(ctx).ResolveProject(ref.Named.Project))
		if err != nil || project.IsZero() {
			return nil, err
		}
		found, err := versions.Read(s.db.Read(ctx), engine.SQL("SELECT ? FROM artifact_versions v WHERE ?",
			versions.Columns("v", project), target.NamedVersion(project, ref.Named, asOf)))
		if err != nil {
			return nil, s.db.TranslateError(err)
		}
		version = access.FirstOrNil(found)
	}
	if version != nil && asOf != nil && version.CreatedAt.After(asOf.Time) {
		version = nil
	}
	return version.ViewAt(asOf), nil
}

// Versions returns the same page of the versions of each artifact, newest first.
func (s *Store) Versions(
	ctx context.Context, project models.ID, artifacts []models.ID, page models.Page,
) (map[models.ID]*models.ArtifactVersionConnection, error) {
	columns := versions.Columns("artifact_versions", project)
	return search.ReadPages(ctx, s.db, search.List[*models.ArtifactVersion]{
		Name: "versions", Columns: columns.SQL, ColumnArgs: columns.Args, From: engine.SQL("artifact_versions"),
		Where: engine.SQL("project_id = ?", project), Parent: "artifact_id",
		Scan:  func(row *engine.Row) *models.ArtifactVersion { return versions.Scan(row, versions.Width) },
		Order: []string{"number"}, Descending: true, Kinds: []search.PositionKind{search.NumberPosition},
		Position: func(v *models.ArtifactVersion) models.Position { return models.Position{v.Number} },
		ParentOf: func(v *models.ArtifactVersion) models.ID { return v.ArtifactID },
	}, artifacts, page)
}

// LatestVersions returns the version with the greatest number by artifact, now or as of an instant.
func (s *Store) LatestVersions(
	ctx context.Context, project models.ID, artifacts []models.ID, asOf *models.Time,
) (map[models.ID]*models.ArtifactVersion, error) {
	newest := engine.SQL("SELECT w.id FROM artifact_versions w WHERE w.project_id = ? AND w.artifact_id = a.id", project)
	if asOf != nil {
		newest = newest.Concat(engine.SQL(" AND w.created_at <= ?", *asOf))
	}
	from := s.db.Dialect().LookUp(engine.Lookup{Table: "artifacts", Alias: "a", Column: "id", IDs: artifacts,
		Where: engine.SQL("a.project_id = ?", project)}).
		Concat(s.db.Dialect().LateralJoin("artifact_versions v", "v",
			engine.SQL("v.project_id = ?", project).And(engine.SQL("v.id = (? ORDER BY w.number DESC LIMIT 1)", newest))))
	found, err := versions.Read(s.db.Read(ctx), engine.SQL("SELECT ? FROM ?", versions.Columns("v", project), from))
	return access.ByKey(models.ViewsAt(found, asOf),
		func(v *models.ArtifactVersion) models.ID { return v.ArtifactID }), s.db.TranslateError(err)
}

// lockVersion returns the version of a selector and locks its artifact. It fails with NOT_FOUND, and with FORBIDDEN
// without the role. With an error, the result has the project of the selector, or zero if it is unknown.
func (tx *transaction) lockVersion(
	role models.ApiKeyRole, at *models.Path, selector models.ArtifactVersionSelector,
) (*models.ArtifactVersion, error) {
	version, err := target.Version(tx.Tx, at, selector)
	if err != nil {
		return version, err
	}
	if err := tx.RequireRole(role, version.ProjectID); err != nil {
		return version, err
	}
	artifact, err := access.LockRow[models.Artifact](tx.Tx, version.ProjectID, version.ArtifactID)
	if err != nil {
		return version, err
	}
	// Once more under the lock: the version may have been deleted, or the alias moved, before the lock was ours.
	if version, err = target.Version(tx.Tx, at, selector); err != nil {
		return version, err
	}
	if artifact == nil || version.ArtifactID != artifact.ID {
		return version, engine.ErrRetry // another artifact has the name now
	}
	version.KnownArtifact = artifact
	return version, nil
}

// alias is an alias of an artifact.
type alias struct {
	ProjectID, ArtifactID models.ID
	Alias                 string
	ArtifactVersionID     models.ID
}

// SetAlias sets an alias of an artifact to a version. It fails with NOT_FOUND, IDEMPOTENCY_KEY_REUSED and FORBIDDEN.
func (s *Store) SetAlias(
	ctx context.Context, call Call, at *models.Path, input models.SetAliasInput,
) (*models.ArtifactVersion, bool, error) {
	selector := input.ArtifactVersionSelector
	input.ArtifactVersionSelector = target.CanonicalSelector(auth.FromContext(ctx), selector)
	call.Input = input
	return s.withLockedVersion(ctx, call, at, selector,
		func(tx *transaction, version *models.ArtifactVersion) error {
			return tx.moveAlias(version, input.Alias, tx.Dialect.Now(version.CreatedAt.UnixMicro()))
		})
}

// RemoveAlias removes an alias from a version. It fails with NOT_FOUND for an unknown version or if the alias is on
// another one, IDEMPOTENCY_KEY_REUSED and FORBIDDEN.
func (s *Store) RemoveAlias(
	ctx context.Context, call Call, at *models.Path, input models.RemoveAliasInput,
) (*models.ArtifactVersion, bool, error) {
	selector := input.ArtifactVersionSelector
	input.ArtifactVersionSelector = target.CanonicalSelector(auth.FromContext(ctx), selector)
	call.Input = input
	return s.withLockedVersion(ctx, call, at, selector,
		func(tx *transaction, version *models.ArtifactVersion) error {
			gone, err := gorm.G[alias](tx.DB).Scopes(access.InProject(version.ProjectID)).
				Where("artifact_id = ? AND alias = ? AND artifact_version_id = ?", version.ArtifactID, input.Alias,
					version.ID).Delete(tx.Ctx())
			if err == nil && gone == 0 {
				err = models.NotFound(at.Child("alias"), "does not point to this version")
			}
			if err != nil {
				return err
			}
			return tx.recordMove(version, input.Alias, nil, tx.Dialect.Now(version.CreatedAt.UnixMicro()))
		})
}

// TagArtifactVersion adds tags to a version. It fails with NOT_FOUND, IDEMPOTENCY_KEY_REUSED and FORBIDDEN.
func (s *Store) TagArtifactVersion(
	ctx context.Context, call Call, at *models.Path, input models.TagArtifactVersionInput,
) (*models.ArtifactVersion, bool, error) {
	selector := input.ArtifactVersionSelector
	input.ArtifactVersionSelector = target.CanonicalSelector(auth.FromContext(ctx), selector)
	call.Input = input
	return s.withLockedVersion(ctx, call, at, selector,
		func(tx *transaction, version *models.ArtifactVersion) error {
			return tx.addTags(version, input.Tags, tx.Dialect.Now(version.CreatedAt.UnixMicro()))
		})
}

// UntagArtifactVersion removes tags from a version. It fails with NOT_FOUND, IDEMPOTENCY_KEY_REUSED and FORBIDDEN.
func (s *Store) UntagArtifactVersion(
	ctx context.Context, call Call, at *models.Path, input models.UntagArtifactVersionInput,
) (*models.ArtifactVersion, bool, error) {
	selector := input.ArtifactVersionSelector
	input.ArtifactVersionSelector = target.CanonicalSelector(auth.FromContext(ctx), selector)
	call.Input = input
	return s.withLockedVersion(ctx, call, at, selector,
		func(tx *transaction, version *models.ArtifactVersion) error {
			var gone []string
			err := tx.Read(&gone, engine.SQL("DELETE FROM tags WHERE project_id = ? AND artifact_version_id = ? AND tag IN ?"+
				" RETURNING tag", version.ProjectID, version.ID, input.Tags))
			if err != nil {
				return err
			}
			return tx.recordTags(version, gone, false, tx.Dialect.Now(version.CreatedAt.UnixMicro()))
		})
}

// withLockedVersion runs change with a version whose artifact is locked, unless the call is a replay. It fails with
// NOT_FOUND and FORBIDDEN.
func (s *Store) withLockedVersion(
	ctx context.Context, call Call, at *models.Path, selector models.ArtifactVersionSelector,
	change func(tx *transaction, version *models.ArtifactVersion) error,
) (*models.ArtifactVersion, bool, error) {
	done, err := withIdempotency(ctx, s, call, snapshot.Pointer(snapshot.Version),
		func(tx *transaction) (models.ID, *models.ArtifactVersion, error) {
			version, err := tx.lockVersion(models.ApiKeyRoleWriter, at, selector)
			if err == nil {
				err = change(tx, version)
			}
			return version.ProjectID, version, err
		})
	return done.Value, done.Replayed, err
}

// moveAlias sets an alias to a version, from an instant on. It records nothing if the version has the alias.
func (tx *transaction) moveAlias(version *models.ArtifactVersion, alias string, at any) error {
	var moved []string
	err := tx.Read(&moved, engine.SQL(`INSERT INTO aliases (project_id, artifact_id, alias, artifact_version_id)
		VALUES (?, ?, ?, ?)
		ON CONFLICT (project_id, artifact_id, alias) DO UPDATE SET artifact_version_id = excluded.artifact_version_id
		WHERE aliases.artifact_version_id <> excluded.artifact_version_id RETURNING alias`,
		version.ProjectID, version.ArtifactID, alias, version.ID))
	if err != nil || len(moved) == 0 {
		return err
	}
	return tx.recordMove(version, alias, &version.ID, at)
}

// monotonicMoveTime is the time of a move: the present, but later than the move before it.
const monotonicMoveTime = "CASE WHEN m.previous >= m.moment THEN m.previous + 1 ELSE m.moment END"

// recordMove records the version of an alias from an instant on, nil for none.
func (tx *transaction) recordMove(version *models.ArtifactVersion, alias string, to *models.ID, at any) error {
	move := engine.SQL(`INSERT INTO alias_moves (project_id, artifact_id, alias, artifact_version_id, moved_by, moved_at)
		SELECT ?, ?, ?, ?, ?, `+monotonicMoveTime+`
		FROM (SELECT CAST(? AS bigint) AS moment, COALESCE((SELECT p.moved_at FROM alias_moves p
			WHERE p.project_id = ? AND p.artifact_id = ? AND p.alias = ? ORDER BY p.seq DESC LIMIT 1), 0) AS previous) m`,
		version.ProjectID, version.ArtifactID, alias, to, tx.mover(), at, version.ProjectID, version.ArtifactID, alias)
	action, kind := models.AuditActionAliasSet, models.TimelineEventAliasSet
	if to == nil {
		action, kind = models.AuditActionAliasRemoved, models.TimelineEventAliasRemoved
	}
	moved := versionEvent(kind, version)
	moved.details.Alias = alias
	noted, err := tx.insertEvents(version.ProjectID, at, moved)
	if err != nil {
		return err
	}
	return tx.touch(version, at, move, noted,
		tx.audited(version.ProjectID, action, version.ID, "alias %q of %s", alias, access.Describe(version)))
}

// mover returns the name of the caller for the moves of labels, empty without one.
func (tx *transaction) mover() string {
	if name := tx.Who.AuthorName(); name != nil {
		return *name
	}
	return ""
}

func (tx *transaction) addTags(version *models.ArtifactVersion, tags []string, at any) error {
	if len(tags) == 0 {
		return nil
	}
	var added []string
	err := tx.Read(&added, engine.SQL(`INSERT INTO tags (project_id, artifact_version_id, tag) SELECT ?, ?, tag FROM ?
		WHERE true ON CONFLICT DO NOTHING RETURNING tag`, version.ProjectID, version.ID, tx.tagRows(tags)))
	if err != nil {
		return err
	}
	return tx.recordTags(version, added, true, at)
}

// recordTags records the tags that a version gets or loses at an instant.
func (tx *transaction) recordTags(version *models.ArtifactVersion, tags []string, added bool, at any) error {
	if len(tags) == 0 {
		return nil
	}
	kind := models.TimelineEventTagAdded
	if !added {
		kind = models.TimelineEventTagRemoved
	}
	moved := versionEvent(kind, version)
	moved.details.Tags = slices.Sorted(slices.Values(tags))
	noted, err := tx.insertEvents(version.ProjectID, at, moved)
	if err != nil {
		return err
	}
	return tx.touch(version, at, noted, engine.SQL(
		`INSERT INTO tag_moves (project_id, artifact_version_id, tag, added, moved_by, moved_at)
		SELECT ?, ?, m.tag, ?, ?, `+monotonicMoveTime+`
		FROM (SELECT t.tag, CAST(? AS bigint) AS moment, COALESCE((SELECT p.moved_at FROM tag_moves p
			WHERE p.project_id = ? AND p.artifact_version_id = ? AND p.tag = t.tag
			ORDER BY p.seq DESC LIMIT 1), 0) AS previous FROM ?) m`,
		version.ProjectID, version.ID, added, tx.mover(), at, version.ProjectID, version.ID, tx.tagRows(tags)))
}

func (tx *transaction) tagRows(tags []string) engine.Expr {
	return access.ColumnRows(tx.Dialect, engine.TextColumn, "tag", tags)
}

// labelTable describes a table of labels of versions and the table of their moves.
type labelTable struct {
	name, moves string
	// label is the column of the label, and owner the column of the object that has each label at most once.
	label, owner string
	// set is the condition that a move l sets the label.
	set string
}

var aliasTable = labelTable{"aliases", "alias_moves", "alias", "artifact_id", "TRUE"}

// Aliases returns the aliases of each version by name, now or as of an instant, in one statement.
func (s *Store) Aliases(
	ctx context.Context, project models.ID, versions []models.ID, asOf *models.Time,
) (map[models.ID][]string, error) {
	return s.labels(ctx, aliasTable, project, versions, asOf)
}

// Tags returns the tags of each version by name, now or as of an instant, in one statement.
func (s *Store) Tags(
	ctx context.Context, project models.ID, versions []models.ID, asOf *models.Time,
) (map[models.ID][]string, error) {
	return s.labels(ctx, labelTable{"tags", "tag_moves", "tag", "artifact_version_id", "l.added"}, project, versions, asOf)
}

// lookUp returns the look-up of labels l by one of their columns, now or as of an instant. A label of the past is
// that of the last move up to the instant.
func (t labelTable) lookUp(project models.ID, column string, ids []models.ID, asOf *models.Time) engine.Lookup {
	attached := engine.Lookup{Table: t.name, Alias: "l", Column: column, IDs: ids,
		Where: engine.SQL("l.project_id = ?", project)}
	if asOf != nil {
		later := fmt.Sprintf(`SELECT TRUE FROM %s m WHERE m.project_id = ? AND m.%[2]s = l.%[2]s AND m.%[3]s = l.%[3]s
			AND m.seq > l.seq AND m.moved_at <= ? LIMIT 1`, t.moves, t.owner, t.label)
		attached.Table = t.moves
		attached.Where = attached.Where.And(engine.SQL(t.set+" AND l.moved_at <= ? AND ("+later+") IS NULL",
			*asOf, project, *asOf))
	}
	return attached
}

// labels returns the labels of each version by name.
func (s *Store) labels(
	ctx context.Context, t labelTable, project models.ID, versions []models.ID, asOf *models.Time,
) (map[models.ID][]string, error) {
	attached := t.lookUp(project, "artifact_version_id", versions, asOf)
	var rows []struct {
		ArtifactVersionID models.ID
		Label             string
	}
	err := s.db.Read(ctx).Scan(&rows, engine.SQL("SELECT l.artifact_version_id, l."+t.label+
		" AS label FROM ? ORDER BY label", s.db.Dialect().LookUp(attached)))
	labels := map[models.ID][]string{}
	for _, row := range rows {
		labels[row.ArtifactVersionID] = append(labels[row.ArtifactVersionID], row.Label)
	}
	return labels, s.db.TranslateError(err)
}
