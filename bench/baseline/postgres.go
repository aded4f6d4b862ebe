package baseline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/placard/placard/bench/measure"
	"github.com/placard/placard/bench/process"
	"github.com/placard/placard/bench/workload"
	"github.com/placard/placard/internal/harness"
)

// Cluster is the PostgreSQL server that pgbench uses.
type Cluster struct {
	// URL is that of the database of the server.
	URL string
	// Programs is the folder of pgbench.
	Programs string
	// PID is the process of PostgreSQL, 0 on another machine.
	PID int
	// Folder is for scripts.
	Folder string
}

// pgbench is the side that executes a script.
type pgbench struct {
	Cluster
	script string
}

// sessionSettings are those of the server for its sessions that change plans.
const sessionSettings = "-c jit=off -c max_parallel_workers_per_gather=0 -c random_page_cost=1.1"

// Read returns the side that executes a statement with random arguments.
func (c Cluster) Read(ctx context.Context, s Statement) (measure.Side, error) {
	text := func(artifact, version string) string {
		return s.text(expressions{project: "'" + project + "'", version: version, join: "JOIN",
			artifact: fmt.Sprintf("'%s-' || %s::text", s.Data.Name, artifact)})
	}
	if err := c.checkRows(ctx, text("0", "'1'"), s.Rows()); err != nil {
		return nil, err
	}
	return c.newScript(chooseVersion(s.Data) + text(":a", ":v::text") + ";\n")
}

// chooseVersion returns the commands of pgbench that set the number of an artifact and of a version.
func chooseVersion(data workload.Dataset) string {
	return fmt.Sprintf("\\set a random(0, %d)\n\\set v random(1, %d)\n", data.Artifacts-1, workload.VersionsPerArtifact)
}

// checkRows requires that a statement returns a number of rows.
func (c Cluster) checkRows(ctx context.Context, statement string, want int) error {
	var n int
	err := c.query(ctx, "SELECT count(*) FROM ("+statement+") s", &n)
	if err == nil && n != want {
		err = fmt.Errorf("%d rows instead of %d: %s", n, want, statement)
	}
	return err
}

// query executes statements, the last of which returns one value into result.
func (c Cluster) query(ctx context.Context, statement string, result any) (err error) {
	conn, err := pgx.Connect(ctx, c.URL)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	return conn.QueryRow(ctx, statement).Scan(result)
}

// copyTables creates tables and indexes as those of the server in the schema limits.
const copyTables = `CREATE SCHEMA IF NOT EXISTS limits;
CREATE TABLE IF NOT EXISTS limits.metadata_entries (LIKE metadata_entries INCLUDING ALL);
CREATE TABLE IF NOT EXISTS limits.metadata_latest (LIKE metadata_latest INCLUDING ALL);`

// logStatement appends entries and upserts latest rows on the copied tables. It has no locks, events or revisions.
const logStatement = `WITH subject AS (
    SELECT v.subject_id, v.id AS object_id FROM artifacts a
    JOIN artifact_versions v ON v.project_id = '%[1]s' AND v.artifact_id = a.id
    WHERE a.project_id = '%[1]s' AND a.name = '%[2]s-' || :a::text AND v.version = :v::text
), stored AS (
    INSERT INTO limits.metadata_entries (project_id, subject_id, id, card, key, kind, value, retracted, logged_at, sort_key)
    SELECT '%[1]s', s.subject_id, gen_random_uuid(), '', 'metric_' || k, 'INTEGER', :stamp::text, false,
        (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, '%[3]s'
    FROM subject s, generate_series(0, %[4]d) AS k
    RETURNING *
)
INSERT INTO limits.metadata_latest (project_id, subject_id, card, key, first_seq, seq, id, kind, value, retracted, logged_at,
    sort_key, about, object_id)
SELECT e.project_id, e.subject_id, e.card, e.key, e.seq, e.seq, e.id, e.kind, e.value, e.retracted, e.logged_at, e.sort_key,
    'V', s.object_id
FROM stored e, subject s
ON CONFLICT (project_id, subject_id, card, key) DO UPDATE SET
    seq = excluded.seq, id = excluded.id, kind = excluded.kind, value = excluded.value, retracted = excluded.retracted,
    logged_at = excluded.logged_at, sort_key = excluded.sort_key, about = excluded.about, object_id = excluded.object_id;
`

// Log returns the side that logs entries of random versions by one statement, on copies of the tables.
func (c Cluster) Log(ctx context.Context, data workload.Dataset) (_ measure.Side, err error) {
	conn, err := pgx.Connect(ctx, c.URL)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	if _, err := conn.Exec(ctx, copyTables); err != nil {
		return nil, err
	}
	var sortKey string
	err = conn.QueryRow(ctx, "SELECT sort_key FROM metadata_latest WHERE key = 'metric_0' LIMIT 1").Scan(&sortKey)
	if err != nil {
		return nil, err
	}
	return c.newScript(chooseVersion(data) + "\\set stamp random(1000000000, 9999999999)\n" +
		fmt.Sprintf(logStatement, project, data.Name, sortKey, workload.EntriesPerLog-1))
}

// newScript returns the side that executes a script.
func (c Cluster) newScript(text string) (measure.Side, error) {
	file, err := os.CreateTemp(c.Folder, "*.sql")
	if err != nil {
		return nil, err
	}
	_, err = file.WriteString(text)
	return &pgbench{c, file.Name()}, errors.Join(err, file.Close())
}

// Name returns the name of the side.
func (p *pgbench) Name() string { return "pgbench " + filepath.Base(p.script) }

// Turn runs pgbench, for a whole number of seconds.
func (p *pgbench) Turn(ctx context.Context, clients int, duration time.Duration) (measure.Turn, error) {
	seconds := max(int(duration.Round(time.Second)/time.Second), 1)
	command := exec.CommandContext(ctx, filepath.Join(p.Programs, "pgbench"), "-n", "-M", "prepared", "-f", p.script,
		"-c", strconv.Itoa(clients), "-j", strconv.Itoa(min(clients, 2)), "-T", strconv.Itoa(seconds), p.URL)
	command.Env = append(os.Environ(), "PGOPTIONS="+sessionSettings)
	if err := harness.EndWithProcess(command); err != nil {
		return measure.Turn{}, err
	}
	before, err := process.FamilyCPU(p.PID)
	if err != nil {
		return measure.Turn{}, err
	}
	out, err := command.CombinedOutput()
	if err != nil {
		return measure.Turn{}, fmt.Errorf("%w: %s", err, out)
	}
	after, err := process.FamilyCPU(p.PID)
	if err != nil {
		return measure.Turn{}, err
	}
	result, err := parseResult(string(out))
	result.Database = after - before
	result.Client = command.ProcessState.UserTime() + command.ProcessState.SystemTime()
	return result, err
}

var (
	processed  = regexp.MustCompile(`number of transactions actually processed: (\d+)`)
	failed     = regexp.MustCompile(`number of failed transactions: (\d+)`)
	throughput = regexp.MustCompile(`tps = ([0-9.]+)`)
)

// parseResult parses the output of pgbench. Its rate does not contain the time to connect.
func parseResult(out string) (measure.Turn, error) {
	count, rate := processed.FindStringSubmatch(out), throughput.FindStringSubmatch(out)
	if count == nil || rate == nil {
		return measure.Turn{}, fmt.Errorf("pgbench printed no result: %s", out)
	}
	if f := failed.FindStringSubmatch(out); f != nil && f[1] != "0" {
		return measure.Turn{}, fmt.Errorf("%s transactions of pgbench failed: %s", f[1], out)
	}
	n, err := strconv.Atoi(count[1])
	if err != nil {
		return measure.Turn{}, err
	}
	perSecond, err := strconv.ParseFloat(rate[1], 64)
	if err != nil || n == 0 || perSecond == 0 {
		return measure.Turn{}, fmt.Errorf("pgbench executed nothing: %s", out)
	}
	return measure.Turn{Operations: n, Elapsed: time.Duration(float64(n) / perSecond * float64(time.Second))}, nil
}

// PostgreSQLVersion returns the version of the server at a URL.
func PostgreSQLVersion(ctx context.Context, url string) (version string, err error) {
	err = Cluster{URL: url}.query(ctx, "SHOW server_version", &version)
	return version, err
}
