-- Who may call, and who changed what. project_id is null for the keys of owners, which belong to no project.

-- +goose Up
-- hash is SHA-256 of the secret, which is kept nowhere; role is null for an owner.
CREATE TABLE api_keys (
    project_id   BLOB REFERENCES projects (id),
    id           BLOB PRIMARY KEY,
    name         TEXT NOT NULL,
    prefix       TEXT NOT NULL,
    hash         BLOB NOT NULL UNIQUE,
    role         TEXT,
    created_at   INTEGER NOT NULL,
    created_by   TEXT,
    last_used_at INTEGER,
    expires_at   INTEGER,
    revoked_at   INTEGER,
    CHECK ((project_id IS NULL) = (role IS NULL))
) STRICT;
-- A name says who did something, so it is never used again.
CREATE UNIQUE INDEX api_keys_by_name ON api_keys (coalesce(project_id, x'00000000000000000000000000000000'), name);
CREATE INDEX api_keys_by_time ON api_keys (project_id, created_at, id);

-- There is no number that all projects share: it would tell how much is done elsewhere. subject is in words, because
-- what it names may be gone; actor_id is the API key, null for what was done without one.
CREATE TABLE audit_events (
    project_id BLOB REFERENCES projects (id),
    id         BLOB PRIMARY KEY,
    at         INTEGER NOT NULL,
    actor      TEXT,
    actor_id   BLOB,
    action     TEXT NOT NULL,
    subject    TEXT NOT NULL,
    subject_id BLOB NOT NULL
) STRICT;
CREATE INDEX audit_events_by_project ON audit_events (project_id, at, id);
CREATE INDEX audit_events_by_time ON audit_events (at, id);
