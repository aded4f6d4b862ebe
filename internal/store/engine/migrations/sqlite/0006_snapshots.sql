-- Snapshots of answers instead of whole answers for calls that are repeated. Programs before this migration find no column
-- `answer` in idempotency_keys, so their calls with a key fail.

-- +goose Up
-- Whole answers that are given until they expire. Nothing is added.
ALTER TABLE idempotency_keys RENAME TO idempotency_answers;

-- caller is the ID of the API key, zero without one. A call is found by its key before its project is known, so the project
-- comes last. Rows expire, so they do not refer to their project.
CREATE TABLE idempotency_keys (
    project_id  BLOB NOT NULL,
    caller      BLOB NOT NULL,
    operation   TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    snapshot    BLOB NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (caller, operation, key, project_id)
) STRICT;
CREATE INDEX idempotency_keys_by_time ON idempotency_keys (created_at);
