-- +goose NO TRANSACTION
-- The data of API 1.0: descriptions, authors, times of the last change and the last entry, revisions, erased values, re-used
-- outputs, deleted projects, and events.
--
-- Writes of earlier programs fail: subjects.last_logged_at and the columns of audit_events have new names, subjects.revision and
-- moved_by have no default, and a trigger refuses a change of a status without updated_at.
--
-- As in migration 7, each statement locks one table and may run twice. subjects comes first, so that earlier programs add no
-- rows that later statements miss.

-- +goose Up
-- last_logged_at is 0 without entries. It was also the time of an import, which is later than the imported entries.
-- revision is a new random number with each change of what the subject shows.
-- +goose StatementBegin
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = 'subjects'::regclass AND attname = 'logged_at') THEN
        ALTER TABLE subjects RENAME COLUMN logged_at TO last_logged_at;
    END IF;
END $$;
-- +goose StatementEnd
ALTER TABLE subjects ADD COLUMN IF NOT EXISTS revision bigint NOT NULL DEFAULT 0;
ALTER TABLE subjects ALTER COLUMN revision DROP DEFAULT;
UPDATE subjects s SET last_logged_at = l.logged_at
FROM (SELECT project_id, subject_id, max(logged_at) AS logged_at FROM metadata_latest GROUP BY project_id, subject_id) l
WHERE s.project_id = l.project_id AND s.id = l.subject_id AND s.last_logged_at <> l.logged_at;
CREATE INDEX IF NOT EXISTS subjects_by_last_logged
    ON subjects (project_id, about, last_logged_at, coalesce(artifact_version_id, id));

-- +goose StatementBegin
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = 'audit_events'::regclass AND attname = 'at') THEN
        ALTER TABLE audit_events RENAME COLUMN at TO created_at;
        ALTER TABLE audit_events RENAME COLUMN actor TO created_by;
        ALTER TABLE audit_events RENAME COLUMN actor_id TO created_by_id;
        ALTER TABLE audit_events RENAME COLUMN subject TO description;
        ALTER TABLE audit_events RENAME COLUMN subject_id TO object_id;
    END IF;
END $$;
-- +goose StatementEnd

-- The name of the key that moved a label, empty without one.
ALTER TABLE alias_moves ADD COLUMN IF NOT EXISTS moved_by text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE alias_moves ALTER COLUMN moved_by DROP DEFAULT;
ALTER TABLE tag_moves ADD COLUMN IF NOT EXISTS moved_by text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE tag_moves ALTER COLUMN moved_by DROP DEFAULT;

-- updated_at is null until the first change after the start.
ALTER TABLE pipeline_runs ADD COLUMN IF NOT EXISTS created_by text COLLATE "C", ADD COLUMN IF NOT EXISTS updated_at bigint;
ALTER TABLE step_runs ADD COLUMN IF NOT EXISTS created_by text COLLATE "C", ADD COLUMN IF NOT EXISTS updated_at bigint;

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION placard_refuse_status() RETURNS trigger LANGUAGE plpgsql AS $refuse$
BEGIN
    RAISE EXCEPTION 'the program is older than the tables: a change of a status sets updated_at';
END $refuse$;
-- +goose StatementEnd
DROP TRIGGER IF EXISTS pipeline_runs_status ON pipeline_runs;
CREATE TRIGGER pipeline_runs_status BEFORE UPDATE OF status ON pipeline_runs FOR EACH ROW
    WHEN (NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at) EXECUTE FUNCTION placard_refuse_status();
DROP TRIGGER IF EXISTS step_runs_status ON step_runs;
CREATE TRIGGER step_runs_status BEFORE UPDATE OF status ON step_runs FOR EACH ROW
    WHEN (NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at) EXECUTE FUNCTION placard_refuse_status();

-- The rows of a deleted project are purged in portions. Until then the project has deleted_at.
ALTER TABLE projects ADD COLUMN IF NOT EXISTS description text, ADD COLUMN IF NOT EXISTS deleted_at bigint;

ALTER TABLE artifacts
    ADD COLUMN IF NOT EXISTS description text,
    ADD COLUMN IF NOT EXISTS created_by  text COLLATE "C",
    ADD COLUMN IF NOT EXISTS updated_at  bigint;
UPDATE artifacts a SET updated_at = greatest(a.created_at, (SELECT max(v.created_at) FROM artifact_versions v
    WHERE v.project_id = a.project_id AND v.artifact_id = a.id)) WHERE a.updated_at IS NULL;
ALTER TABLE artifacts ALTER COLUMN updated_at SET NOT NULL;
CREATE INDEX IF NOT EXISTS artifacts_by_update ON artifacts (project_id, updated_at, id);

ALTER TABLE artifact_versions
    ADD COLUMN IF NOT EXISTS description text,
    ADD COLUMN IF NOT EXISTS created_by  text COLLATE "C";

-- The subject of the version that an output re-uses, null for an output that a version was saved from.
ALTER TABLE step_outputs ADD COLUMN IF NOT EXISTS reused_subject_id uuid;
-- True for the subject of such an output: a writer that waits for the row finds that entries go to the version.
ALTER TABLE subjects ADD COLUMN IF NOT EXISTS reuses boolean NOT NULL DEFAULT false;
CREATE INDEX IF NOT EXISTS step_outputs_by_reuse ON step_outputs (project_id, reused_subject_id)
    WHERE reused_subject_id IS NOT NULL;

-- kind and value are null for an erased entry.
ALTER TABLE metadata_entries ADD COLUMN IF NOT EXISTS erased boolean NOT NULL DEFAULT false;
ALTER TABLE metadata_latest ADD COLUMN IF NOT EXISTS erased boolean NOT NULL DEFAULT false;

-- What happened to artifacts, versions and runs: one row per call, version and kind. details is JSON with the names, which
-- stay when the object is deleted. artifact_id is null once the artifact is deleted.
CREATE TABLE IF NOT EXISTS events (
    project_id          uuid NOT NULL,
    id                  uuid NOT NULL,
    kind                text COLLATE "C" NOT NULL,
    created_at          bigint NOT NULL,
    created_by          text COLLATE "C",
    artifact_id         uuid,
    artifact_version_id uuid,
    pipeline_run_id     uuid,
    details             text NOT NULL,
    PRIMARY KEY (project_id, id)
);
ALTER TABLE events ALTER COLUMN project_id SET STATISTICS 0;
CREATE INDEX IF NOT EXISTS events_by_project ON events (project_id, kind, created_at, id);
CREATE INDEX IF NOT EXISTS events_by_artifact ON events (project_id, artifact_id, kind, created_at, id)
    WHERE artifact_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS events_by_version ON events (project_id, artifact_version_id, kind, created_at, id)
    WHERE artifact_version_id IS NOT NULL;

UPDATE compatibility SET oldest_program = 8;
