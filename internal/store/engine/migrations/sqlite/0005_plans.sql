-- The indexes that PostgreSQL has: see 0005_plans.sql of PostgreSQL.

-- +goose Up
DROP INDEX metadata_latest_by_value;
CREATE INDEX metadata_latest_by_value ON metadata_latest (project_id, about, card, key, sort_key, object_id) WHERE sort_key IS NOT NULL;

DROP INDEX aliases_by_alias;
CREATE INDEX aliases_by_alias ON aliases (project_id, alias, artifact_id, artifact_version_id);

CREATE INDEX alias_moves_by_version ON alias_moves (project_id, artifact_version_id);
