package sqllint

import (
	"strings"
	"testing"
)

var linter = New([]string{"artifacts", "artifact_versions", "subjects", "metadata_latest", "pipeline_runs", "aliases"})

// TestCheckAccepts checks statements that name one project for each table.
func TestCheckAccepts(t *testing.T) {
	t.Parallel()
	for name, statement := range map[string]string{
		"one table":            `SELECT id FROM artifacts WHERE project_id = $1 AND name = $2`,
		"a lock":               `SELECT a.id FROM artifacts a WHERE a.project_id = $1 AND a.id = $2 FOR UPDATE`,
		"a literal":            `SELECT id FROM artifacts WHERE project_id = '01a2159e-ae50-7772-bf34-4eda708cc145'::uuid`,
		"the constant first":   `SELECT id FROM artifacts WHERE $1 = artifacts.project_id`,
		"a cast":               `SELECT id FROM artifacts WHERE project_id = CAST($1 AS uuid)`,
		"transitive equations": `SELECT v.id FROM artifacts a JOIN artifact_versions v ON v.project_id = a.project_id AND v.artifact_id = a.id WHERE a.project_id = $1`,
		"a left join":          `SELECT v.id FROM artifacts a LEFT JOIN artifact_versions v ON v.project_id = a.project_id AND v.artifact_id = a.id WHERE a.project_id = $1`,
		"tables of no project": `SELECT p.name FROM projects p CROSS JOIN audit_events e`,
		"a lateral subquery":   `SELECT 1 FROM artifacts a CROSS JOIN LATERAL (SELECT * FROM artifact_versions v WHERE v.project_id = $1 AND v.artifact_id = a.id LIMIT 1) v WHERE a.project_id = $1`,
		"EXISTS":               `SELECT 1 FROM artifacts a WHERE a.project_id = $1 AND EXISTS (SELECT FROM aliases l WHERE l.project_id = $2 AND l.artifact_id = a.id)`,
		"NOT EXISTS":           `SELECT 1 FROM artifacts a WHERE a.project_id = $1 AND NOT EXISTS (SELECT FROM aliases l WHERE l.project_id = $1)`,
		"a CTE":                `WITH artifacts AS (SELECT id FROM artifact_versions WHERE project_id = $1) SELECT id FROM artifacts`,
		"a recursive CTE":      `WITH RECURSIVE r AS (SELECT id FROM subjects WHERE project_id = $1 UNION ALL SELECT s.id FROM r JOIN subjects s ON s.project_id = $1 AND s.id = r.id) SELECT id FROM r`,
		"UNION":                `SELECT id FROM artifacts WHERE project_id = $1 UNION ALL SELECT id FROM subjects WHERE project_id = $1`,
		"INSERT":               `INSERT INTO artifacts (id, project_id) VALUES ($1, $2), ($3, $4)`,
		"INSERT with SELECT":   `INSERT INTO subjects (project_id, id) SELECT $1, t.id FROM json_to_recordset(CAST($2 AS json)) AS t(id uuid)`,
		"INSERT from a table":  `INSERT INTO subjects (project_id, id) SELECT v.project_id, v.id FROM artifact_versions v WHERE v.project_id = $1 ON CONFLICT (project_id, id) DO UPDATE SET id = excluded.id RETURNING id`,
		"UPDATE":               `UPDATE subjects SET id = v.id FROM artifact_versions v WHERE subjects.project_id = $1 AND v.project_id = $1`,
		"DELETE":               `DELETE FROM aliases l USING artifacts a WHERE l.project_id = $1 AND a.project_id = l.project_id`,
		"writes in CTEs":       `WITH e AS (INSERT INTO subjects (project_id, id) VALUES ($1, $2) RETURNING id) UPDATE artifacts SET id = e.id FROM e WHERE project_id = $3`,
	} {
		found, err := linter.Check(statement)
		if err != nil || len(found.Problems) > 0 {
			t.Errorf("%s: %v %v", name, found.Problems, err)
		}
		if found.Differ([]string{"p", "p", "p", "p"}) {
			t.Errorf("%s: projects differ: %v", name, found.Projects)
		}
	}
}

// TestCheckRefuses plants statements with a violation each.
func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	const unrestricted, joined, locked = "not restricted to a constant", "joined without project_id", "FOR UPDATE or FOR SHARE"
	for name, c := range map[string]struct{ statement, want string }{
		"an ID alone":              {`SELECT * FROM artifacts WHERE id = $1`, unrestricted},
		"a lock by ID alone":       {`SELECT * FROM pipeline_runs WHERE id = $1 FOR UPDATE`, locked},
		"FOR SHARE":                {`SELECT * FROM pipeline_runs WHERE id = $1 FOR SHARE`, locked},
		"a lock in a subquery":     {`SELECT 1 FROM (SELECT id FROM subjects WHERE id = $1 FOR UPDATE) s`, locked},
		"several projects":         {`SELECT id FROM artifacts WHERE project_id IN ($1, $2)`, unrestricted},
		"ANY":                      {`SELECT id FROM artifacts WHERE project_id = ANY($1)`, unrestricted},
		"OR":                       {`SELECT id FROM artifacts WHERE project_id = $1 OR name = $2`, unrestricted},
		"NOT":                      {`SELECT id FROM artifacts WHERE NOT project_id = $1`, unrestricted},
		"another operator":         {`SELECT id FROM artifacts WHERE project_id <> $1`, unrestricted},
		"no condition":             {`SELECT count(*) FROM artifacts`, unrestricted},
		"a join by ID":             {`SELECT 1 FROM artifacts a JOIN artifact_versions v ON v.artifact_id = a.id WHERE a.project_id = $1`, joined},
		"a cross join":             {`SELECT 1 FROM artifacts a, artifact_versions v WHERE a.project_id = $1`, joined},
		"a left join by ID":        {`SELECT 1 FROM artifacts a LEFT JOIN aliases l ON l.artifact_id = a.id WHERE a.project_id = $1`, joined},
		"a constant of ON":         {`SELECT 1 FROM artifacts a LEFT JOIN aliases l ON a.project_id = $1 AND l.project_id = $1`, joined},
		"a join without constant":  {`SELECT 1 FROM artifacts a JOIN aliases l ON l.project_id = a.project_id`, unrestricted},
		"the project of projects":  {`SELECT 1 FROM projects p JOIN artifacts a ON a.project_id = p.id WHERE p.name = $1`, joined},
		"rows of an argument":      {`SELECT 1 FROM json_to_recordset($1) AS t(project_id uuid) JOIN artifacts a ON a.project_id = t.project_id`, joined},
		"a correlated subquery":    {`SELECT 1 FROM artifacts a WHERE a.project_id = $1 AND EXISTS (SELECT FROM aliases l WHERE l.project_id = a.project_id)`, unrestricted},
		"a lateral subquery":       {`SELECT 1 FROM artifacts a CROSS JOIN LATERAL (SELECT * FROM aliases l WHERE l.project_id = a.project_id OFFSET 0) l WHERE a.project_id = $1`, unrestricted},
		"a subquery of the result": {`SELECT (SELECT count(*) FROM aliases l WHERE l.artifact_id = a.id) FROM artifacts a WHERE a.project_id = $1`, unrestricted},
		"a subquery of the order":  {`SELECT id FROM artifacts a WHERE a.project_id = $1 ORDER BY (SELECT max(id) FROM aliases)`, unrestricted},
		"a scalar subquery":        {`SELECT id FROM artifacts WHERE project_id = (SELECT id FROM projects WHERE name = $1)`, unrestricted},
		"a subquery of VALUES":     {`INSERT INTO projects (id) VALUES ((SELECT id FROM artifacts LIMIT 1))`, unrestricted},
		"a CTE":                    {`WITH a AS (SELECT id FROM artifacts) SELECT id FROM a`, unrestricted},
		"the project of a CTE":     {`WITH a AS (SELECT * FROM artifacts WHERE project_id = $1) SELECT 1 FROM a JOIN aliases l ON l.project_id = a.project_id`, joined},
		"a name after its CTE":     {`SELECT id FROM artifacts WHERE id IN (WITH artifacts AS (SELECT 1 AS id) SELECT id FROM artifacts)`, unrestricted},
		"UNION":                    {`SELECT id FROM artifacts WHERE project_id = $1 UNION SELECT id FROM subjects`, unrestricted},
		"INSERT without project":   {`INSERT INTO artifacts (id) VALUES ($1)`, "no constant project"},
		"INSERT without columns":   {`INSERT INTO artifacts VALUES ($1)`, "no constant project"},
		"INSERT of a subquery":     {`INSERT INTO artifacts (project_id) VALUES ((SELECT id FROM projects))`, "no constant project"},
		"INSERT of rows":           {`INSERT INTO artifacts (project_id) SELECT t.project_id FROM json_to_recordset($1) AS t(project_id uuid)`, "no constant project"},
		"INSERT from a table":      {`INSERT INTO artifacts (project_id) SELECT v.project_id FROM artifact_versions v`, "no constant project"},
		"a subquery of DO UPDATE":  {`INSERT INTO artifacts (project_id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET id = (SELECT id FROM subjects)`, unrestricted},
		"UPDATE":                   {`UPDATE artifacts SET name = $1 WHERE id = $2`, unrestricted},
		"UPDATE with FROM":         {`UPDATE artifacts SET name = $1 FROM aliases l WHERE artifacts.project_id = $2 AND l.artifact_id = artifacts.id`, joined},
		"DELETE":                   {`DELETE FROM aliases WHERE artifact_version_id = $1`, unrestricted},
		"DELETE with USING":        {`DELETE FROM aliases l USING artifacts a WHERE a.id = l.artifact_id AND l.project_id = $1`, joined},
		"a bare column of two":     {`SELECT 1 FROM artifacts a JOIN aliases l ON l.project_id = a.project_id WHERE project_id = $1`, unrestricted},
		"another statement":        {`LOCK TABLE artifacts`, "names no project"},
		"EXPLAIN":                  {`EXPLAIN SELECT * FROM artifacts`, unrestricted},
		"the second statement":     {`SELECT 1; DELETE FROM public.aliases`, unrestricted},
	} {
		found, err := linter.Check(c.statement)
		if err != nil || !strings.Contains(strings.Join(found.Problems, "\n"), c.want) {
			t.Errorf("%s: wanted %q, got %q %v", name, c.want, found.Problems, err)
		}
	}
	if _, err := linter.Check("SELECT FROM WHERE"); err == nil {
		t.Error("an invalid statement has no error")
	}
}

// TestDiffer compares the projects of a statement for its arguments.
func TestDiffer(t *testing.T) {
	t.Parallel()
	found, err := linter.Check(`SELECT 1 FROM artifacts a JOIN subjects s ON s.project_id = $3 WHERE a.project_id = $1 AND a.name = $2`)
	if err != nil || found.Differ([]string{"p", "x", "P"}) || !found.Differ([]string{"p", "x", "q"}) {
		t.Error(found, err)
	}
	found, err = linter.Check(`SELECT 1 FROM artifacts a WHERE a.project_id = 'p' AND a.id IN (SELECT id FROM subjects WHERE project_id = $1)`)
	if err != nil || found.Differ([]string{"p"}) || !found.Differ([]string{"q"}) {
		t.Error(found, err)
	}
}

// TestIsLookUp checks that plain look-ups differ from other statements.
func TestIsLookUp(t *testing.T) {
	t.Parallel()
	for statement, want := range map[string]bool{
		`SELECT * FROM artifacts WHERE id = ANY($1)`:                                                        true,
		`SELECT id FROM artifacts WHERE id = $1 UNION ALL SELECT id FROM subjects WHERE id = $1`:            true,
		`SELECT * FROM artifacts WHERE id = $1 FOR UPDATE`:                                                  false,
		`SELECT * FROM artifacts a JOIN aliases l ON l.artifact_id = a.id`:                                  false,
		`SELECT * FROM artifacts WHERE id IN (SELECT artifact_id FROM aliases)`:                             false,
		`SELECT * FROM unnest($1::uuid[]) w(w) CROSS JOIN LATERAL (SELECT * FROM artifacts WHERE id = w) a`: false,
		`WITH a AS (SELECT * FROM artifacts) SELECT * FROM a`:                                               false,
		`DELETE FROM artifacts WHERE id = $1`:                                                               false,
		`INSERT INTO artifacts (id) VALUES ($1)`:                                                            false,
	} {
		if found, err := linter.Check(statement); err != nil || found.IsLookUp != want {
			t.Errorf("%s: got %v %v", statement, found.IsLookUp, err)
		}
	}
}
