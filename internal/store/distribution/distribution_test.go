package distribution_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/distribution"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

const (
	// doomedVariable holds the URL of the database that a process distributes until it kills itself.
	doomedVariable = "PLACARD_TEST_DOOMED_DISTRIBUTION"
	// doomedStepVariable holds the number of the step before which it does so.
	doomedStepVariable = "PLACARD_TEST_DOOMED_STEP"
)

func TestMain(m *testing.M) {
	if os.Getenv(doomedVariable) != "" {
		distributeUntilKilled()
	}
	storetest.Main(m)
}

// distributeUntilKilled exits with code 0 if there are fewer steps.
func distributeUntilKilled() {
	last, err := strconv.Atoi(os.Getenv(doomedStepVariable))
	if err == nil {
		n := 0
		_, err = distribution.Distribute(context.Background(), os.Getenv(doomedVariable), func(string) {
			if n++; n == last {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			}
		})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

var (
	quiet    = slog.New(slog.DiscardHandler)
	everyone = auth.NewContext(context.Background(), auth.Anonymous)
)

// openDatabase returns a pool on a database, which is closed when the test ends.
func openDatabase(t testing.TB, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func execute(t testing.TB, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.ExecContext(context.Background(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func query(t testing.TB, db *sql.DB, statement string) string {
	t.Helper()
	var text sql.NullString
	if err := db.QueryRowContext(context.Background(), statement).Scan(&text); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return text.String
}

// fill adds rows to most tables: two projects with a run, an output, versions, aliases, tags and a deleted version.
func fill(t testing.TB, url string) {
	t.Helper()
	s, err := store.Open(context.Background(), url, quiet)
	if err != nil {
		t.Fatal(err)
	}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, project := range []string{"one", "two"} {
		_, err := s.CreateProject(everyone, nil, project)
		check(err)
		run, _, err := s.StartPipelineRun(everyone, store.Call{}, nil, models.StartPipelineRunInput{Project: &project, Pipeline: "p"})
		check(err)
		step, _, err := s.StartStepRun(everyone, store.Call{}, nil, models.StartStepRunInput{PipelineRunID: run.ID.String(), Name: "s",
			Outputs: []models.StepOutputDeclaration{{Name: "saved"}, {Name: "waiting"}}})
		check(err)
		key, limits := "retry", models.DefaultLimits()
		facts, err := models.ReadFacts(&limits, nil, &models.Tree{Node: models.Object{{Key: "color", Value: "réd"}}}, nil)
		check(err)
		for _, artifact := range []string{"model", "data"} {
			version, _, err := s.CreateArtifactVersion(everyone, store.Call{Operation: "createArtifactVersion", Key: &key}, nil,
				models.CreateArtifactVersionInput{Project: &project, Artifact: artifact, Tags: []string{"t"}, Aliases: []string{"prod"}}, facts)
			check(err)
			key += "!"
			id := version.ID.String()
			_, _, err = s.LogMetadata(everyone, store.Call{}, []store.Write{{Target: models.MetadataTarget{ArtifactVersionID: &id}, Facts: facts}})
			check(err)
		}
		_, _, err = s.CreateArtifactVersion(everyone, store.Call{}, nil, models.CreateArtifactVersionInput{Project: &project, Artifact: "model",
			Output: &models.StepOutputRef{StepRunID: step.ID.String(), Name: "saved"}}, facts)
		check(err)
	}
	check(s.Close())
}

// fingerprint returns the number and a hash of the rows of each table.
func fingerprint(t testing.TB, db *sql.DB) string {
	t.Helper()
	names := query(t, db, `SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class c WHERE relkind = 'r'
		AND relnamespace = 'public'::regnamespace AND relname !~ '_[0-9]{6,}$' AND relname NOT LIKE 'citus%'`)
	var text strings.Builder
	for name := range strings.FieldsSeq(names) {
		fmt.Fprintf(&text, "%s %s\n", name, query(t, db,
			fmt.Sprintf("SELECT count(*) || ' ' || coalesce(md5(string_agg(x::text, '|' ORDER BY x::text)), '') FROM %s x", name)))
	}
	return text.String()
}

// foreignKeys returns the foreign keys of the tables, without those of shards.
func foreignKeys(t testing.TB, db *sql.DB) string {
	t.Helper()
	return query(t, db, `SELECT string_agg(conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid), E'\n'
		ORDER BY conrelid::regclass::text, conname) FROM pg_constraint WHERE contype = 'f' AND conname !~ '_[0-9]{6,}$'`)
}

// TestDistribute kills the process that distributes a filled database before each step. The last run moves all rows.
func TestDistribute(t *testing.T) {
	t.Parallel()
	url := storetest.UndistributedCitus(t)
	fill(t, url)
	db := openDatabase(t, url)
	before, keys := fingerprint(t, db), foreignKeys(t, db)
	var undistributed *distribution.UndistributedError
	if err := distribution.Check(t.Context(), url); !errors.As(err, &undistributed) || !strings.Contains(err.Error(), "placard distribute") {
		t.Errorf("before the distribution: %v", err)
	}
	committed, killed := false, 0
	for !committed {
		killed++
		command := harness.Command(t, harness.Limit, os.Args[0])
		command.Env = append(os.Environ(), doomedVariable+"="+url, doomedStepVariable+"="+strconv.Itoa(killed))
		out, err := command.CombinedOutput()
		if err == nil {
			t.Fatalf("the process was not killed before step %d: %s", killed, out)
		}
		if strings.TrimSpace(string(out)) != "" {
			t.Fatalf("step %d: %s", killed, out)
		}
		if got := fingerprint(t, db); got != before {
			t.Fatalf("killed before step %d:\n%s\nwant\n%s", killed, got, before)
		}
		if got := foreignKeys(t, db); got != keys {
			t.Fatalf("killed before step %d:\n%s\nwant\n%s", killed, got, keys)
		}
		committed = distribution.Check(t.Context(), url) == nil
	}
	if killed < 30 {
		t.Errorf("the process was killed %d times", killed)
	}
	for _, table := range []string{"subjects", "metadata_entries", "events"} {
		if got := query(t, db, "SELECT pg_relation_size('"+table+"')"); got != "0" {
			t.Errorf("the coordinator keeps %s bytes of %s", got, table)
		}
	}
	if done, err := distribution.Distribute(t.Context(), url, func(string) {}); err != nil || len(done) > 0 {
		t.Errorf("once more: %q, %v", done, err)
	}
}

// TestRefused checks databases that cannot be distributed.
func TestRefused(t *testing.T) {
	t.Parallel()
	expect := func(t *testing.T, url string, parts ...string) {
		t.Helper()
		_, err := distribution.Distribute(t.Context(), url, func(string) {})
		for _, part := range parts {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("wanted %q, got %v", part, err)
			}
		}
	}
	t.Run("without the extension", func(t *testing.T) {
		t.Parallel()
		url := storetest.Postgres(t)
		expect(t, url, "does not have the extension Citus", "CREATE EXTENSION citus")
		if err := distribution.Check(t.Context(), url); err != nil {
			t.Error(err)
		}
	})
	t.Run("without tables", func(t *testing.T) {
		t.Parallel()
		url := storetest.EmptyCitus(t)
		expect(t, url, "placard migrate up")
		var outdated *engine.SchemaOutdatedError
		if _, err := distribution.Distribute(t.Context(), url, func(string) {}); !errors.As(err, &outdated) {
			t.Error(err)
		}
	})
	t.Run("without workers", func(t *testing.T) {
		t.Parallel()
		url := storetest.UndistributedCitus(t)
		db := openDatabase(t, url)
		execute(t, db, "SELECT citus_remove_node(nodename, nodeport) FROM pg_dist_node WHERE groupid <> 0")
		expect(t, url, "citus_add_node")
	})
	t.Run("distributed by hand", func(t *testing.T) {
		t.Parallel()
		url := storetest.UndistributedCitus(t)
		execute(t, openDatabase(t, url), "SELECT create_distributed_table('events', 'id')")
		expect(t, url, "events", "undistribute_table")
	})
	t.Run("in use", func(t *testing.T) {
		t.Parallel()
		url := storetest.UndistributedCitus(t)
		tx, err := openDatabase(t, url).BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.ExecContext(t.Context(), "SELECT FROM tags"); err != nil {
			t.Fatal(err)
		}
		expect(t, url+"&lock_timeout=300ms", "stop the servers")
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
		if _, err := distribution.Distribute(t.Context(), url, func(string) {}); err != nil {
			t.Error(err)
		}
	})
}
