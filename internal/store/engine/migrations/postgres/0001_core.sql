-- The core: projects, artifacts and their versions, runs, and the entries about them.
-- project_id comes first in every key and stands in every condition. Instants are microseconds since 1970.
-- Text compares by code point (COLLATE "C"), as it does in SQLite.

-- +goose Up
CREATE TABLE projects (
    id         uuid PRIMARY KEY,
    name       text COLLATE "C" NOT NULL UNIQUE,
    created_at bigint NOT NULL
);
INSERT INTO projects (id, name, created_at)
VALUES ('00000000-0000-7000-8000-000000000001', 'default', (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);

CREATE TABLE artifacts (
    project_id  uuid NOT NULL REFERENCES projects (id),
    id          uuid NOT NULL,
    name        text COLLATE "C" NOT NULL,
    -- The greatest number ever given; the row is locked while a version is created.
    last_number integer NOT NULL,
    created_at  bigint NOT NULL,
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, name)
);
CREATE INDEX artifacts_by_id ON artifacts (id);

-- What entries are about. The row is locked while entries are written, so that the order of seq is the order of
-- commits. An output and the version that is saved from it are one subject.
CREATE TABLE subjects (
    project_id          uuid NOT NULL REFERENCES projects (id),
    id                  uuid NOT NULL,
    artifact_version_id uuid,
    -- The time of its latest entry: the next one is later, whatever the clock says.
    logged_at           bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (project_id, id)
) WITH (fillfactor = 80);
CREATE INDEX subjects_by_id ON subjects (id);

CREATE TABLE artifact_versions (
    project_id  uuid NOT NULL,
    id          uuid NOT NULL,
    artifact_id uuid NOT NULL,
    subject_id  uuid NOT NULL,
    version     text COLLATE "C" NOT NULL,
    number      integer NOT NULL,
    type        text COLLATE "C",
    created_at  bigint NOT NULL,
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, artifact_id, version),
    UNIQUE (project_id, artifact_id, number),
    UNIQUE (project_id, subject_id),
    FOREIGN KEY (project_id, artifact_id) REFERENCES artifacts (project_id, id) ON DELETE CASCADE,
    FOREIGN KEY (project_id, subject_id) REFERENCES subjects (project_id, id)
);
CREATE INDEX artifact_versions_by_id ON artifact_versions (id);

-- Numbers of deleted versions, which are never given again.
CREATE TABLE retired_numbers (
    project_id  uuid NOT NULL,
    artifact_id uuid NOT NULL,
    number      integer NOT NULL,
    PRIMARY KEY (project_id, artifact_id, number),
    FOREIGN KEY (project_id, artifact_id) REFERENCES artifacts (project_id, id) ON DELETE CASCADE
);

CREATE TABLE aliases (
    project_id          uuid NOT NULL,
    artifact_id         uuid NOT NULL,
    alias               text COLLATE "C" NOT NULL,
    artifact_version_id uuid NOT NULL,
    PRIMARY KEY (project_id, artifact_id, alias),
    FOREIGN KEY (project_id, artifact_version_id) REFERENCES artifact_versions (project_id, id) ON DELETE CASCADE
);
CREATE INDEX aliases_by_version ON aliases (project_id, artifact_version_id);

-- Where an alias pointed from when on; artifact_version_id is null where it was removed.
CREATE TABLE alias_moves (
    project_id          uuid NOT NULL,
    artifact_id         uuid NOT NULL,
    alias               text COLLATE "C" NOT NULL,
    seq                 bigint GENERATED ALWAYS AS IDENTITY,
    artifact_version_id uuid,
    moved_at            bigint NOT NULL,
    PRIMARY KEY (project_id, artifact_id, alias, seq),
    FOREIGN KEY (project_id, artifact_id) REFERENCES artifacts (project_id, id) ON DELETE CASCADE
);

CREATE TABLE tags (
    project_id          uuid NOT NULL,
    artifact_version_id uuid NOT NULL,
    tag                 text COLLATE "C" NOT NULL,
    PRIMARY KEY (project_id, artifact_version_id, tag),
    FOREIGN KEY (project_id, artifact_version_id) REFERENCES artifact_versions (project_id, id) ON DELETE CASCADE
);

CREATE TABLE pipeline_runs (
    project_id  uuid NOT NULL,
    id          uuid NOT NULL,
    pipeline    text COLLATE "C" NOT NULL,
    status      text NOT NULL,
    started_at  bigint NOT NULL,
    finished_at bigint,
    PRIMARY KEY (project_id, id),
    FOREIGN KEY (project_id, id) REFERENCES subjects (project_id, id)
);
CREATE INDEX pipeline_runs_by_id ON pipeline_runs (id);
CREATE INDEX pipeline_runs_by_start ON pipeline_runs (project_id, started_at, id);
CREATE INDEX pipeline_runs_by_pipeline ON pipeline_runs (project_id, pipeline, started_at, id);

CREATE TABLE step_runs (
    project_id      uuid NOT NULL,
    id              uuid NOT NULL,
    pipeline_run_id uuid NOT NULL,
    name            text COLLATE "C" NOT NULL,
    status          text NOT NULL,
    started_at      bigint NOT NULL,
    finished_at     bigint,
    PRIMARY KEY (project_id, id),
    FOREIGN KEY (project_id, id) REFERENCES subjects (project_id, id),
    FOREIGN KEY (project_id, pipeline_run_id) REFERENCES pipeline_runs (project_id, id)
);
CREATE INDEX step_runs_by_id ON step_runs (id);
CREATE INDEX step_runs_by_run ON step_runs (project_id, pipeline_run_id, started_at, id);

-- A version that is deleted leaves its ID here: the step did read it.
CREATE TABLE step_inputs (
    project_id          uuid NOT NULL,
    step_run_id         uuid NOT NULL,
    position            integer NOT NULL,
    name                text COLLATE "C" NOT NULL,
    artifact_version_id uuid NOT NULL,
    PRIMARY KEY (project_id, step_run_id, position),
    UNIQUE (project_id, step_run_id, name),
    FOREIGN KEY (project_id, step_run_id) REFERENCES step_runs (project_id, id)
);
CREATE INDEX step_inputs_by_version ON step_inputs (project_id, artifact_version_id);

-- bound_at stays when the version that was saved from the output is deleted: an output is saved once.
CREATE TABLE step_outputs (
    project_id          uuid NOT NULL,
    id                  uuid NOT NULL,
    step_run_id         uuid NOT NULL,
    position            integer NOT NULL,
    name                text COLLATE "C" NOT NULL,
    artifact_name       text COLLATE "C",
    artifact_version_id uuid,
    bound_at            bigint,
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, step_run_id, name),
    FOREIGN KEY (project_id, step_run_id) REFERENCES step_runs (project_id, id)
);
CREATE INDEX step_outputs_by_id ON step_outputs (id);
CREATE INDEX step_outputs_by_version ON step_outputs (project_id, artifact_version_id);

-- Everything ever logged. card is empty for an entry without a card; kind and value are null for a retraction; value
-- is extended JSON, exactly as it is shown.
CREATE TABLE metadata_entries (
    project_id  uuid NOT NULL,
    subject_id  uuid NOT NULL,
    seq         bigint GENERATED ALWAYS AS IDENTITY,
    id          uuid NOT NULL,
    card        text COLLATE "C" NOT NULL,
    key         text COLLATE "C" NOT NULL,
    kind        text,
    value       text COLLATE "C",
    retracted   boolean NOT NULL,
    reason      text,
    logged_at   bigint NOT NULL,
    logged_by   text,
    step_run_id uuid,
    PRIMARY KEY (project_id, subject_id, seq),
    FOREIGN KEY (project_id, subject_id) REFERENCES subjects (project_id, id) ON DELETE CASCADE
);
CREATE INDEX metadata_entries_by_id ON metadata_entries (id);
CREATE INDEX metadata_entries_by_key ON metadata_entries (project_id, subject_id, card, key, seq);

-- The latest entry of each key, written in the transaction of the entry, so that reading it costs the same however
-- long the history is. first_seq is the place of the key: that of its first entry. Pages keep room, so that a row that
-- changes stays where its index entry points.
CREATE TABLE metadata_latest (
    project_id  uuid NOT NULL,
    subject_id  uuid NOT NULL,
    card        text COLLATE "C" NOT NULL,
    key         text COLLATE "C" NOT NULL,
    first_seq   bigint NOT NULL,
    seq         bigint NOT NULL,
    id          uuid NOT NULL,
    kind        text,
    value       text COLLATE "C",
    retracted   boolean NOT NULL,
    reason      text,
    logged_at   bigint NOT NULL,
    logged_by   text,
    step_run_id uuid,
    PRIMARY KEY (project_id, subject_id, card, key),
    FOREIGN KEY (project_id, subject_id) REFERENCES subjects (project_id, id) ON DELETE CASCADE
) WITH (fillfactor = 80);

-- Answers of calls that may be sent again. answer is JSON.
CREATE TABLE idempotency_keys (
    project_id  uuid NOT NULL,
    caller      text COLLATE "C" NOT NULL,
    operation   text NOT NULL,
    key         text COLLATE "C" NOT NULL,
    fingerprint bytea NOT NULL,
    answer      text NOT NULL,
    created_at  bigint NOT NULL,
    PRIMARY KEY (project_id, caller, operation, key),
    FOREIGN KEY (project_id) REFERENCES projects (id)
);
CREATE INDEX idempotency_keys_by_key ON idempotency_keys (caller, operation, key);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
