-- The core: projects, artifacts and their versions, runs, and the entries about them.
-- project_id comes first in every key and stands in every condition. Instants are microseconds since 1970.
-- IDs are the 16 bytes of a UUID. seq is the rowid, which AUTOINCREMENT never gives twice.

-- +goose Up
CREATE TABLE projects (
    id         BLOB PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
) STRICT;
INSERT INTO projects (id, name, created_at)
VALUES (x'00000000000070008000000000000001', 'default', CAST(unixepoch('subsec') * 1000000 AS INTEGER));

CREATE TABLE artifacts (
    project_id  BLOB NOT NULL REFERENCES projects (id),
    id          BLOB NOT NULL,
    name        TEXT NOT NULL,
    -- The greatest number ever given.
    last_number INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, name)
) STRICT;
CREATE INDEX artifacts_by_id ON artifacts (id);

-- What entries are about. An output and the version that is saved from it are one subject. There is one writer, so
-- nothing has to be locked, and its clock only goes forward.
CREATE TABLE subjects (
    project_id          BLOB NOT NULL REFERENCES projects (id),
    id                  BLOB NOT NULL,
    artifact_version_id BLOB,
    PRIMARY KEY (project_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX subjects_by_id ON subjects (id);

CREATE TABLE artifact_versions (
    project_id  BLOB NOT NULL,
    id          BLOB NOT NULL,
    artifact_id BLOB NOT NULL,
    subject_id  BLOB NOT NULL,
    version     TEXT NOT NULL,
    number      INTEGER NOT NULL,
    type        TEXT,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, artifact_id, version),
    UNIQUE (project_id, artifact_id, number),
    UNIQUE (project_id, subject_id),
    FOREIGN KEY (project_id, artifact_id) REFERENCES artifacts (project_id, id) ON DELETE CASCADE,
    FOREIGN KEY (project_id, subject_id) REFERENCES subjects (project_id, id)
) STRICT;
CREATE INDEX artifact_versions_by_id ON artifact_versions (id);

-- Numbers of deleted versions, which are never given again.
CREATE TABLE retired_numbers (
    project_id  BLOB NOT NULL,
    artifact_id BLOB NOT NULL,
    number      INTEGER NOT NULL,
    PRIMARY KEY (project_id, artifact_id, number),
    FOREIGN KEY (project_id, artifact_id) REFERENCES artifacts (project_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE aliases (
    project_id          BLOB NOT NULL,
    artifact_id         BLOB NOT NULL,
    alias               TEXT NOT NULL,
    artifact_version_id BLOB NOT NULL,
    PRIMARY KEY (project_id, artifact_id, alias),
    FOREIGN KEY (project_id, artifact_version_id) REFERENCES artifact_versions (project_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX aliases_by_version ON aliases (project_id, artifact_version_id);

-- Where an alias pointed from when on; artifact_version_id is null where it was removed.
CREATE TABLE alias_moves (
    project_id          BLOB NOT NULL,
    artifact_id         BLOB NOT NULL,
    alias               TEXT NOT NULL,
    seq                 INTEGER PRIMARY KEY AUTOINCREMENT,
    artifact_version_id BLOB,
    moved_at            INTEGER NOT NULL,
    FOREIGN KEY (project_id, artifact_id) REFERENCES artifacts (project_id, id) ON DELETE CASCADE
) STRICT;

CREATE INDEX alias_moves_by_alias ON alias_moves (project_id, artifact_id, alias, seq);

CREATE TABLE tags (
    project_id          BLOB NOT NULL,
    artifact_version_id BLOB NOT NULL,
    tag                 TEXT NOT NULL,
    PRIMARY KEY (project_id, artifact_version_id, tag),
    FOREIGN KEY (project_id, artifact_version_id) REFERENCES artifact_versions (project_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE pipeline_runs (
    project_id  BLOB NOT NULL,
    id          BLOB NOT NULL,
    pipeline    TEXT NOT NULL,
    status      TEXT NOT NULL,
    started_at  INTEGER NOT NULL,
    finished_at INTEGER,
    PRIMARY KEY (project_id, id),
    FOREIGN KEY (project_id, id) REFERENCES subjects (project_id, id)
) STRICT;
CREATE INDEX pipeline_runs_by_id ON pipeline_runs (id);
CREATE INDEX pipeline_runs_by_start ON pipeline_runs (project_id, started_at, id);
CREATE INDEX pipeline_runs_by_pipeline ON pipeline_runs (project_id, pipeline, started_at, id);

CREATE TABLE step_runs (
    project_id      BLOB NOT NULL,
    id              BLOB NOT NULL,
    pipeline_run_id BLOB NOT NULL,
    name            TEXT NOT NULL,
    status          TEXT NOT NULL,
    started_at      INTEGER NOT NULL,
    finished_at     INTEGER,
    PRIMARY KEY (project_id, id),
    FOREIGN KEY (project_id, id) REFERENCES subjects (project_id, id),
    FOREIGN KEY (project_id, pipeline_run_id) REFERENCES pipeline_runs (project_id, id)
) STRICT;
CREATE INDEX step_runs_by_id ON step_runs (id);
CREATE INDEX step_runs_by_run ON step_runs (project_id, pipeline_run_id, started_at, id);

-- A version that is deleted leaves its ID here: the step did read it.
CREATE TABLE step_inputs (
    project_id          BLOB NOT NULL,
    step_run_id         BLOB NOT NULL,
    position            INTEGER NOT NULL,
    name                TEXT NOT NULL,
    artifact_version_id BLOB NOT NULL,
    PRIMARY KEY (project_id, step_run_id, position),
    UNIQUE (project_id, step_run_id, name),
    FOREIGN KEY (project_id, step_run_id) REFERENCES step_runs (project_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX step_inputs_by_version ON step_inputs (project_id, artifact_version_id);

-- bound_at stays when the version that was saved from the output is deleted: an output is saved once.
CREATE TABLE step_outputs (
    project_id          BLOB NOT NULL,
    id                  BLOB NOT NULL,
    step_run_id         BLOB NOT NULL,
    position            INTEGER NOT NULL,
    name                TEXT NOT NULL,
    artifact_name       TEXT,
    artifact_version_id BLOB,
    bound_at            INTEGER,
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, step_run_id, name),
    FOREIGN KEY (project_id, step_run_id) REFERENCES step_runs (project_id, id)
) STRICT;
CREATE INDEX step_outputs_by_id ON step_outputs (id);
CREATE INDEX step_outputs_by_version ON step_outputs (project_id, artifact_version_id);

-- Everything ever logged. card is empty for an entry without a card; kind and value are null for a retraction; value
-- is extended JSON, exactly as it is shown.
CREATE TABLE metadata_entries (
    project_id  BLOB NOT NULL,
    subject_id  BLOB NOT NULL,
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    id          BLOB NOT NULL,
    card        TEXT NOT NULL,
    key         TEXT NOT NULL,
    kind        TEXT,
    value       TEXT,
    retracted   INTEGER NOT NULL,
    reason      TEXT,
    logged_at   INTEGER NOT NULL,
    logged_by   TEXT,
    step_run_id BLOB,
    FOREIGN KEY (project_id, subject_id) REFERENCES subjects (project_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX metadata_entries_by_subject ON metadata_entries (project_id, subject_id, seq);
CREATE INDEX metadata_entries_by_id ON metadata_entries (id);
CREATE INDEX metadata_entries_by_key ON metadata_entries (project_id, subject_id, card, key, seq);

-- The latest entry of each key, written in the transaction of the entry, so that reading it costs the same however
-- long the history is. first_seq is the place of the key: that of its first entry.
CREATE TABLE metadata_latest (
    project_id  BLOB NOT NULL,
    subject_id  BLOB NOT NULL,
    card        TEXT NOT NULL,
    key         TEXT NOT NULL,
    first_seq   INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    id          BLOB NOT NULL,
    kind        TEXT,
    value       TEXT,
    retracted   INTEGER NOT NULL,
    reason      TEXT,
    logged_at   INTEGER NOT NULL,
    logged_by   TEXT,
    step_run_id BLOB,
    PRIMARY KEY (project_id, subject_id, card, key),
    FOREIGN KEY (project_id, subject_id) REFERENCES subjects (project_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Answers of calls that may be sent again. answer is JSON.
CREATE TABLE idempotency_keys (
    project_id  BLOB NOT NULL,
    caller      TEXT NOT NULL,
    operation   TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    answer      TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (project_id, caller, operation, key),
    FOREIGN KEY (project_id) REFERENCES projects (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_by_key ON idempotency_keys (caller, operation, key);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
