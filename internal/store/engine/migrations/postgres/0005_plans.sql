-- Plans that do not depend on statistics of projects: see docs/adr/0026.

-- +goose Up
-- Without statistics PostgreSQL takes a project for one row in 200. With statistics it takes a project that it has not
-- seen for one row, and then every index that begins with project_id looks as good as any other. TYPE drops the statistics
-- that there are, and rewrites nothing.
-- +goose StatementBegin
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['artifacts', 'subjects', 'artifact_versions', 'retired_numbers', 'aliases', 'alias_moves', 'tags',
        'tag_moves', 'pipeline_runs', 'step_runs', 'step_inputs', 'step_outputs', 'metadata_entries', 'metadata_latest',
        'idempotency_keys', 'api_keys', 'audit_events'] LOOP
        EXECUTE format('ALTER TABLE %I ALTER COLUMN project_id TYPE uuid, ALTER COLUMN project_id SET STATISTICS 0', name);
    END LOOP;
END $$;
-- +goose StatementEnd

-- A statement that has no condition on sort_key cannot use the index on values.
DROP INDEX metadata_latest_by_value;
CREATE INDEX metadata_latest_by_value ON metadata_latest (project_id, about, card, key, sort_key, object_id) WHERE sort_key IS NOT NULL;

-- The alias of an artifact is one row in this index, too.
DROP INDEX aliases_by_alias;
CREATE INDEX aliases_by_alias ON aliases (project_id, alias, artifact_id, artifact_version_id);

CREATE INDEX alias_moves_by_version ON alias_moves (project_id, artifact_version_id);
