-- The oldest program that may use the tables: see docs/adr/0029. One process has the file, and a program before this version
-- does not start on newer tables. So its writes need no refusals, unlike those to PostgreSQL.

-- +goose Up
-- oldest_program is in one row: the newest version of the tables that the oldest program still makes. A migration raises it
-- when it makes statements of earlier programs fail.
CREATE TABLE compatibility (oldest_program INTEGER NOT NULL) STRICT;
INSERT INTO compatibility (oldest_program) VALUES (7);
