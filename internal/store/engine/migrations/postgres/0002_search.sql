-- Searching: each latest entry carries how its value is found and sorted, see models/sort_key.go. The entries carry it
-- too, for questions as of an instant. 0003 fills it in for what is there already, and makes the index.

-- +goose Up
ALTER TABLE metadata_entries
    ADD COLUMN sort_key text COLLATE "C",
    ADD COLUMN parts    text COLLATE "C";

-- What the subject is: V an artifact version, O an output, S a step run, R a pipeline run. An output that has been
-- saved counts as its version.
ALTER TABLE subjects ADD COLUMN about text COLLATE "C" NOT NULL DEFAULT '';
UPDATE subjects s SET about = CASE
    WHEN artifact_version_id IS NOT NULL THEN 'V'
    WHEN EXISTS (SELECT 1 FROM step_outputs o WHERE o.project_id = s.project_id AND o.id = s.id) THEN 'O'
    WHEN EXISTS (SELECT 1 FROM step_runs r WHERE r.project_id = s.project_id AND r.id = s.id) THEN 'S'
    ELSE 'R' END;

-- object_id is what the caller sees as the subject: the version where there is one.
ALTER TABLE metadata_latest
    ADD COLUMN about     text COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN object_id uuid,
    ADD COLUMN sort_key  text COLLATE "C",
    ADD COLUMN parts     text COLLATE "C";
UPDATE metadata_latest l SET about = s.about, object_id = coalesce(s.artifact_version_id, s.id)
FROM subjects s WHERE s.project_id = l.project_id AND s.id = l.subject_id;

-- When a tag was added to a version and when it was removed.
CREATE TABLE tag_moves (
    project_id          uuid NOT NULL,
    artifact_version_id uuid NOT NULL,
    tag                 text COLLATE "C" NOT NULL,
    seq                 bigint GENERATED ALWAYS AS IDENTITY,
    added               boolean NOT NULL,
    moved_at            bigint NOT NULL,
    PRIMARY KEY (project_id, artifact_version_id, tag, seq),
    FOREIGN KEY (project_id, artifact_version_id) REFERENCES artifact_versions (project_id, id) ON DELETE CASCADE
);
INSERT INTO tag_moves (project_id, artifact_version_id, tag, added, moved_at)
SELECT t.project_id, t.artifact_version_id, t.tag, true, v.created_at
FROM tags t JOIN artifact_versions v ON v.project_id = t.project_id AND v.id = t.artifact_version_id;

CREATE INDEX artifact_versions_by_time ON artifact_versions (project_id, created_at, id);
CREATE INDEX step_runs_by_start ON step_runs (project_id, started_at, id);
CREATE INDEX tags_by_tag ON tags (project_id, tag, artifact_version_id);
CREATE INDEX aliases_by_alias ON aliases (project_id, alias, artifact_version_id);
