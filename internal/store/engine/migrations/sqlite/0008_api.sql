-- The data of API 1.0: see 0008_api.sql of PostgreSQL. A program before this version does not start on these tables, so no
-- writes have to be refused.

-- +goose Up
ALTER TABLE projects ADD COLUMN description TEXT;
ALTER TABLE projects ADD COLUMN deleted_at INTEGER;

ALTER TABLE artifacts ADD COLUMN description TEXT;
ALTER TABLE artifacts ADD COLUMN created_by TEXT;
ALTER TABLE artifacts ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0;
UPDATE artifacts AS a SET updated_at = max(a.created_at, coalesce((SELECT max(v.created_at) FROM artifact_versions v
    WHERE v.project_id = a.project_id AND v.artifact_id = a.id), 0));
CREATE INDEX artifacts_by_update ON artifacts (project_id, updated_at, id);

ALTER TABLE artifact_versions ADD COLUMN description TEXT;
ALTER TABLE artifact_versions ADD COLUMN created_by TEXT;

-- updated_at is null until the first change after the start.
ALTER TABLE pipeline_runs ADD COLUMN created_by TEXT;
ALTER TABLE pipeline_runs ADD COLUMN updated_at INTEGER;
ALTER TABLE step_runs ADD COLUMN created_by TEXT;
ALTER TABLE step_runs ADD COLUMN updated_at INTEGER;

-- The subject of the version that an output re-uses, null for an output that a version was saved from.
ALTER TABLE step_outputs ADD COLUMN reused_subject_id BLOB;
-- True for the subject of such an output: entries go to the version.
ALTER TABLE subjects ADD COLUMN reuses INTEGER NOT NULL DEFAULT 0;
CREATE INDEX step_outputs_by_reuse ON step_outputs (project_id, reused_subject_id) WHERE reused_subject_id IS NOT NULL;

-- kind and value are null for an erased entry.
ALTER TABLE metadata_entries ADD COLUMN erased INTEGER NOT NULL DEFAULT 0;
ALTER TABLE metadata_latest ADD COLUMN erased INTEGER NOT NULL DEFAULT 0;

-- last_logged_at is 0 without entries. revision is a new random number with each change of what the subject shows.
ALTER TABLE subjects ADD COLUMN last_logged_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subjects ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
UPDATE subjects AS s SET last_logged_at = coalesce((SELECT max(l.logged_at) FROM metadata_latest l
    WHERE l.project_id = s.project_id AND l.subject_id = s.id), 0);
CREATE INDEX subjects_by_last_logged ON subjects (project_id, about, last_logged_at, coalesce(artifact_version_id, id));

-- The name of the key that moved a label, empty without one.
ALTER TABLE alias_moves ADD COLUMN moved_by TEXT NOT NULL DEFAULT '';
ALTER TABLE tag_moves ADD COLUMN moved_by TEXT NOT NULL DEFAULT '';

ALTER TABLE audit_events RENAME COLUMN at TO created_at;
ALTER TABLE audit_events RENAME COLUMN actor TO created_by;
ALTER TABLE audit_events RENAME COLUMN actor_id TO created_by_id;
ALTER TABLE audit_events RENAME COLUMN subject TO description;
ALTER TABLE audit_events RENAME COLUMN subject_id TO object_id;

-- What happened to artifacts, versions and runs: one row per call, version and kind. details is JSON with the names, which
-- stay when the object is deleted. artifact_id is null once the artifact is deleted.
CREATE TABLE events (
    project_id          BLOB NOT NULL,
    id                  BLOB NOT NULL,
    kind                TEXT NOT NULL,
    created_at          INTEGER NOT NULL,
    created_by          TEXT,
    artifact_id         BLOB,
    artifact_version_id BLOB,
    pipeline_run_id     BLOB,
    details             TEXT NOT NULL,
    PRIMARY KEY (project_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX events_by_project ON events (project_id, kind, created_at, id);
CREATE INDEX events_by_artifact ON events (project_id, artifact_id, kind, created_at, id) WHERE artifact_id IS NOT NULL;
CREATE INDEX events_by_version ON events (project_id, artifact_version_id, kind, created_at, id)
    WHERE artifact_version_id IS NOT NULL;

UPDATE compatibility SET oldest_program = 8;
