package store

import (
	"context"

	"github.com/placard/placard/models"
)

var versionColumns = []string{
	"id", "project_id", "artifact_id", "subject_id", "version", "number", "type", "created_at",
}

// ArtifactVersion is the version that ref means, nil when there is none. As of an instant, versions that were created
// later are not there, and an alias points where it pointed then.
func (s *Store) ArtifactVersion(ctx context.Context, ref models.ArtifactVersionRef, asOf *models.Time) (*models.ArtifactVersion, error) {
	var found []*models.ArtifactVersion
	from, args := "artifact_versions v WHERE v.id = ?", []any{models.ID{}}
	if ref.Named == nil {
		id, ok := models.ParseID(*ref.ID)
		if !ok {
			return nil, nil
		}
		args[0] = id
	} else {
		from, args = namedVersion(ref.Named, asOf)
	}
	if asOf != nil {
		from, args = from+" AND v.created_at <= ?", append(args, *asOf)
	}
	err := s.read(ctx).Raw("SELECT "+of("v", versionColumns)+" FROM "+from+" ORDER BY v.number DESC LIMIT 1", args...).
		Scan(&found).Error
	version := first(found)
	if version != nil {
		version.AsOf = asOf
	}
	return version, s.failure(err)
}

// namedVersion is what follows FROM for a version by name; of several rows the one with the greatest number is meant.
func namedVersion(name *models.ArtifactVersionName, asOf *models.Time) (string, []any) {
	from := `projects p
		JOIN artifacts a ON a.project_id = p.id
		JOIN artifact_versions v ON v.project_id = a.project_id AND v.artifact_id = a.id
		WHERE p.name = ? AND a.name = ?`
	args := []any{models.ProjectName(name.Project), name.Name}
	switch {
	case name.Version != nil:
		return from + " AND v.version = ?", append(args, *name.Version)
	case name.Alias == nil || *name.Alias == models.LatestAlias:
		return from, args
	case asOf == nil:
		return from + ` AND v.id = (SELECT l.artifact_version_id FROM aliases l
			WHERE l.project_id = a.project_id AND l.artifact_id = a.id AND l.alias = ?)`, append(args, *name.Alias)
	}
	return from + ` AND v.id = (SELECT m.artifact_version_id FROM alias_moves m
		WHERE m.project_id = a.project_id AND m.artifact_id = a.id AND m.alias = ? AND m.moved_at <= ?
		ORDER BY m.seq DESC LIMIT 1)`, append(args, *name.Alias, *asOf)
}

// Versions is the same page of the versions of each artifact, newest first.
func (s *Store) Versions(
	ctx context.Context, project models.ID, artifacts []models.ID, page models.Page,
) (map[models.ID]*models.ArtifactVersionConnection, error) {
	return pages(ctx, s, list[*models.ArtifactVersion]{
		name: "versions", columns: of("artifact_versions", versionColumns), table: "artifact_versions",
		where: "project_id = ?", args: []any{project}, parent: "artifact_id",
		order: []string{"number"}, descending: true, kinds: []positionKind{numberPosition},
		position: func(v *models.ArtifactVersion) models.Position { return models.Position{v.Number} },
		of:       func(v *models.ArtifactVersion) models.ID { return v.ArtifactID },
	}, artifacts, page)
}

// LatestVersions are the versions with the greatest number, by artifact.
func (s *Store) LatestVersions(
	ctx context.Context, project models.ID, artifacts []models.ID,
) (map[models.ID]*models.ArtifactVersion, error) {
	one := s.dialect.oneOf("a.id", artifacts)
	var found []*models.ArtifactVersion
	err := s.read(ctx).Raw("SELECT "+of("v", versionColumns)+` FROM artifacts a
		JOIN artifact_versions v ON v.project_id = a.project_id AND v.id = (SELECT w.id FROM artifact_versions w
			WHERE w.project_id = a.project_id AND w.artifact_id = a.id ORDER BY w.number DESC LIMIT 1)
		WHERE a.project_id = ? AND `+one.sql, append([]any{project}, one.args...)...).Scan(&found).Error
	return byKey(found, func(v *models.ArtifactVersion) models.ID { return v.ArtifactID }), s.failure(err)
}

var versionsByID = byIDs("artifact_versions", versionColumns, func(o *models.ArtifactVersion) models.ID { return o.ID })

// lockVersion is the version with that ID and keeps others from changing what belongs to its artifact. NOT_FOUND
// when there is none.
func (tx *transaction) lockVersion(at *models.Path, text string) (*models.ArtifactVersion, error) {
	missing := models.NotFound(at, "there is no artifact version with this ID")
	id, ok := models.ParseID(text)
	if !ok {
		return nil, missing
	}
	found, err := versionsByID(tx, []models.ID{id})
	if err != nil {
		return nil, err
	}
	if found[id] == nil {
		return nil, missing
	}
	if _, err := tx.lockArtifact(found[id].ArtifactID); err != nil {
		return nil, err
	}
	// Once more under the lock: it may have been deleted before the lock was ours.
	if found, err = versionsByID(tx, []models.ID{id}); err == nil && found[id] == nil {
		err = missing
	}
	return found[id], err
}

// DeleteArtifactVersion deletes a version with its metadata, aliases and tags. Its number is never given again.
// NOT_FOUND when there is none.
func (s *Store) DeleteArtifactVersion(ctx context.Context, at *models.Path, id string) (deleted models.ID, err error) {
	err = s.write(ctx, func(tx *transaction) error {
		version, err := tx.lockVersion(at, id)
		if err != nil {
			return err
		}
		deleted = version.ID
		versions := []*models.ArtifactVersion{version}
		if err := tx.release(version.ProjectID, versions); err != nil {
			return err
		}
		if err := tx.Exec("INSERT INTO retired_numbers (project_id, artifact_id, number) VALUES (?, ?, ?)",
			version.ProjectID, version.ArtifactID, version.Number).Error; err != nil {
			return err
		}
		if err := tx.Exec("DELETE FROM artifact_versions WHERE project_id = ? AND id = ?",
			version.ProjectID, version.ID).Error; err != nil {
			return err
		}
		return tx.deleteSubjects(version.ProjectID, versions)
	})
	return deleted, err
}
