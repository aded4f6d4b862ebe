-- The oldest program that may use the tables, and refusals of what programs before version 2 write: see docs/adr/0029.
-- Each statement is a transaction of its own and may run twice, so that no two tables are locked at once.

-- +goose NO TRANSACTION
-- +goose Up
-- oldest_program is in one row: the newest version of the tables that the oldest program still makes. A migration raises it
-- when it makes statements of earlier programs fail.
CREATE TABLE IF NOT EXISTS compatibility (oldest_program bigint NOT NULL);
INSERT INTO compatibility (oldest_program) SELECT 7 WHERE NOT EXISTS (SELECT 1 FROM compatibility);

-- An INSERT without this column fails. That takes no scan.
ALTER TABLE subjects ALTER COLUMN about DROP DEFAULT;
ALTER TABLE metadata_latest ALTER COLUMN about DROP DEFAULT;

-- An UPDATE that saves an output as a version and leaves `about` as it was fails.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION placard_refuse_subject() RETURNS trigger LANGUAGE plpgsql AS $refuse$
BEGIN
    RAISE EXCEPTION 'the program is older than the tables: searches would not find what it writes';
END $refuse$;
-- +goose StatementEnd
DROP TRIGGER IF EXISTS subjects_about ON subjects;
CREATE TRIGGER subjects_about BEFORE INSERT OR UPDATE OF artifact_version_id, about ON subjects FOR EACH ROW
    WHEN (NEW.artifact_version_id IS NOT NULL AND NEW.about <> 'V') EXECUTE FUNCTION placard_refuse_subject();
