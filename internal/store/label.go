package store

import (
	"context"
	"encoding/json"

	"github.com/placard/placard/models"
)

// SetAlias points an alias of an artifact at a version. NOT_FOUND when there is no such version.
func (s *Store) SetAlias(ctx context.Context, at *models.Path, input models.SetAliasInput) (*models.ArtifactVersion, error) {
	return s.label(ctx, at, input.ArtifactVersionID, func(tx *transaction, version *models.ArtifactVersion) error {
		return tx.moveAlias(version, input.Alias, tx.dialect.now(version.CreatedAt.UnixMicro()))
	})
}

// RemoveAlias removes an alias from a version. NOT_FOUND when there is no such version or the alias is not on it.
func (s *Store) RemoveAlias(ctx context.Context, at *models.Path, input models.RemoveAliasInput) (*models.ArtifactVersion, error) {
	return s.label(ctx, at, input.ArtifactVersionID, func(tx *transaction, version *models.ArtifactVersion) error {
		gone := tx.Exec("DELETE FROM aliases WHERE project_id = ? AND artifact_id = ? AND alias = ? AND artifact_version_id = ?",
			version.ProjectID, version.ArtifactID, input.Alias, version.ID)
		if gone.Error == nil && gone.RowsAffected == 0 {
			return models.NotFound(at.In("alias"), "the alias does not point to this version")
		}
		if gone.Error != nil {
			return gone.Error
		}
		return tx.recordMove(version, input.Alias, nil, tx.dialect.now(version.CreatedAt.UnixMicro()))
	})
}

// TagArtifactVersion adds tags to a version. NOT_FOUND when there is no such version.
func (s *Store) TagArtifactVersion(
	ctx context.Context, at *models.Path, input models.TagArtifactVersionInput,
) (*models.ArtifactVersion, error) {
	return s.label(ctx, at, input.ArtifactVersionID, func(tx *transaction, version *models.ArtifactVersion) error {
		return tx.addTags(version, input.Tags, tx.dialect.now(version.CreatedAt.UnixMicro()))
	})
}

// UntagArtifactVersion removes tags from a version. NOT_FOUND when there is no such version.
func (s *Store) UntagArtifactVersion(
	ctx context.Context, at *models.Path, input models.UntagArtifactVersionInput,
) (*models.ArtifactVersion, error) {
	return s.label(ctx, at, input.ArtifactVersionID, func(tx *transaction, version *models.ArtifactVersion) error {
		var gone []string
		err := tx.Raw("DELETE FROM tags WHERE project_id = ? AND artifact_version_id = ? AND tag IN ? RETURNING tag",
			version.ProjectID, version.ID, input.Tags).Scan(&gone).Error
		if err != nil {
			return err
		}
		return tx.recordTags(version, gone, false, tx.dialect.now(version.CreatedAt.UnixMicro()))
	})
}

// label changes what is attached to a version, one change of an artifact after the other.
func (s *Store) label(
	ctx context.Context, at *models.Path, id string, change func(tx *transaction, version *models.ArtifactVersion) error,
) (version *models.ArtifactVersion, err error) {
	err = s.write(ctx, func(tx *transaction) (err error) {
		if version, err = tx.lockVersion(at.In("artifactVersionId"), id); err != nil {
			return err
		}
		return change(tx, version)
	})
	return version, err
}

// moveAlias points an alias at the version, from an instant on; one that is there already stays, without a trace in its history.
func (tx *transaction) moveAlias(version *models.ArtifactVersion, alias string, at any) error {
	var moved []string
	err := tx.Raw(`INSERT INTO aliases (project_id, artifact_id, alias, artifact_version_id) VALUES (?, ?, ?, ?)
		ON CONFLICT (project_id, artifact_id, alias) DO UPDATE SET artifact_version_id = excluded.artifact_version_id
		WHERE aliases.artifact_version_id <> excluded.artifact_version_id RETURNING alias`,
		version.ProjectID, version.ArtifactID, alias, version.ID).Scan(&moved).Error
	if err != nil || len(moved) == 0 {
		return err
	}
	return tx.recordMove(version, alias, &version.ID, at)
}

// recordMove writes where an alias points from an instant on, nil for nowhere.
func (tx *transaction) recordMove(version *models.ArtifactVersion, alias string, to *models.ID, at any) error {
	return tx.Exec("INSERT INTO alias_moves (project_id, artifact_id, alias, artifact_version_id, moved_at) VALUES (?, ?, ?, ?, ?)",
		version.ProjectID, version.ArtifactID, alias, to, at).Error
}

func (tx *transaction) addTags(version *models.ArtifactVersion, tags []string, at any) error {
	if len(tags) == 0 {
		return nil
	}
	text, err := tagRows(tags)
	if err != nil {
		return err
	}
	var added []string
	err = tx.Raw("INSERT INTO tags (project_id, artifact_version_id, tag) SELECT ?, ?, tag FROM "+
		tx.dialect.rows(column{"tag", textColumn})+" WHERE true ON CONFLICT DO NOTHING RETURNING tag",
		version.ProjectID, version.ID, text).Scan(&added).Error
	if err != nil {
		return err
	}
	return tx.recordTags(version, added, true, at)
}

// recordTags writes which tags a version has got, or has lost, from an instant on.
func (tx *transaction) recordTags(version *models.ArtifactVersion, tags []string, added bool, at any) error {
	if len(tags) == 0 {
		return nil
	}
	text, err := tagRows(tags)
	if err != nil {
		return err
	}
	return tx.Exec("INSERT INTO tag_moves (project_id, artifact_version_id, tag, added, moved_at) SELECT ?, ?, tag, ?, ? FROM "+
		tx.dialect.rows(column{"tag", textColumn}), version.ProjectID, version.ID, added, at, text).Error
}

func tagRows(tags []string) (string, error) {
	text, err := json.Marshal(objects(tags, func(tag string) any { return map[string]any{"tag": tag} }))
	return string(text), err
}

type labelRow struct {
	ArtifactVersionID models.ID
	Label             string
}

// Aliases are the aliases of each version, in order of name, as of an instant or now (nil). One statement.
func (s *Store) Aliases(
	ctx context.Context, project models.ID, versions []models.ID, asOf *models.Time,
) (map[models.ID][]string, error) {
	one := s.dialect.oneOf("l.artifact_version_id", versions)
	sql := "SELECT l.artifact_version_id, l.alias AS label FROM aliases l WHERE l.project_id = ? AND " + one.sql
	args := append([]any{project}, one.args...)
	if asOf != nil {
		sql = "SELECT l.artifact_version_id, l.alias AS label FROM alias_moves l WHERE l.project_id = ? AND " + one.sql + `
			AND l.moved_at <= ? AND NOT EXISTS (SELECT 1 FROM alias_moves m WHERE m.project_id = l.project_id
				AND m.artifact_id = l.artifact_id AND m.alias = l.alias AND m.seq > l.seq AND m.moved_at <= ?)`
		args = append(args, *asOf, *asOf)
	}
	return s.labels(ctx, sql, args)
}

// Tags are the tags of each version, in order of name. One statement.
func (s *Store) Tags(ctx context.Context, project models.ID, versions []models.ID) (map[models.ID][]string, error) {
	one := s.dialect.oneOf("artifact_version_id", versions)
	return s.labels(ctx, "SELECT artifact_version_id, tag AS label FROM tags WHERE project_id = ? AND "+one.sql,
		append([]any{project}, one.args...))
}

func (s *Store) labels(ctx context.Context, sql string, args []any) (map[models.ID][]string, error) {
	var rows []labelRow
	err := s.read(ctx).Raw(sql+" ORDER BY label", args...).Scan(&rows).Error
	labels := map[models.ID][]string{}
	for _, row := range rows {
		labels[row.ArtifactVersionID] = append(labels[row.ArtifactVersionID], row.Label)
	}
	return labels, s.failure(err)
}
