-- Latest entries without a value by key, for warnings about unknown keys: a key is known while an entry of it exists, be it a
-- retraction. metadata_latest_by_value has those with a value.

-- +goose Up
CREATE INDEX metadata_latest_retracted ON metadata_latest (project_id, key, card) WHERE sort_key IS NULL;
