-- Who may call, and who changed what. project_id is null for the keys of owners, which belong to no project.

-- +goose Up
-- hash is SHA-256 of the secret, which is kept nowhere; role is null for an owner.
CREATE TABLE api_keys (
    project_id   uuid REFERENCES projects (id),
    id           uuid PRIMARY KEY,
    name         text COLLATE "C" NOT NULL,
    prefix       text COLLATE "C" NOT NULL,
    hash         bytea NOT NULL UNIQUE,
    role         text COLLATE "C",
    created_at   bigint NOT NULL,
    created_by   text COLLATE "C",
    last_used_at bigint,
    expires_at   bigint,
    revoked_at   bigint,
    CHECK ((project_id IS NULL) = (role IS NULL))
);
-- A name says who did something, so it is never used again.
CREATE UNIQUE INDEX api_keys_by_name ON api_keys (coalesce(project_id, '00000000-0000-0000-0000-000000000000'), name);
CREATE INDEX api_keys_by_time ON api_keys (project_id, created_at, id);

-- There is no number that all projects share: it would tell how much is done elsewhere. subject is in words, because
-- what it names may be gone; actor_id is the API key, null for what was done without one.
CREATE TABLE audit_events (
    project_id uuid REFERENCES projects (id),
    id         uuid PRIMARY KEY,
    at         bigint NOT NULL,
    actor      text COLLATE "C",
    actor_id   uuid,
    action     text COLLATE "C" NOT NULL,
    subject    text COLLATE "C" NOT NULL,
    subject_id uuid NOT NULL
);
CREATE INDEX audit_events_by_project ON audit_events (project_id, at, id);
CREATE INDEX audit_events_by_time ON audit_events (at, id);
