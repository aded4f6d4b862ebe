package store_test

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

// TestWritesOfPrograms sends the recorded writes of each program to the tables of this one. The tables refuse a write,
// or searches find its rows. SQLite needs this only for programs that may start, because one process has the file.
func TestWritesOfPrograms(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		newest := false
		for _, program := range recordedPrograms(t, engineOf(url)) {
			t.Run(fmt.Sprint(program), func(t *testing.T) {
				db := openMigrated(t, storetest.Engines[engineOf(url)](t))
				if engineOf(url) == "sqlite" && program < db.oldestProgram() {
					return
				}
				refused := db.replay(program)
				if program == 7 && len(refused) < recordedCalls-2 { // the ends of runs that were refused change nothing
					t.Errorf("%d of %d writes without events are refused: %v", len(refused), recordedCalls, refused)
				}
				for _, problem := range db.findProblems(db.open()) {
					t.Error(problem)
				}
				newest = newest || program == engine.TargetSchemaVersion()
				if program == engine.TargetSchemaVersion() && len(refused) > 0 {
					t.Errorf("writes of this program are refused; record them again: %v", refused)
				}
			})
		}
		if !newest {
			t.Errorf("the writes of this program are not recorded: see testdata/programs/README.md")
		}
	})
}

// TestRepair completes the rows of a program without searches in newer tables. Before that, searches do not find it.
func TestRepair(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		db := openMigrated(t, url)
		db.allowOldPrograms()
		if refused := db.replay(1); len(refused) > 0 {
			t.Fatal(refused)
		}
		if engineOf(url) == "postgres" {
			db.execute("ALTER TABLE subjects RENAME COLUMN logged_at TO last_logged_at")
		}
		s := db.open()
		if problems := db.findProblems(s); len(problems) < 10 { // the control
			t.Errorf("the writes of an old program are right without a repair: %v", problems)
		}
		told := 0
		done, err := s.Repair(context.Background(), func(p store.Progress) { told++ })
		if err != nil || done.Subjects == 0 || done.Entries == 0 || done.Latest == 0 || done.Moves == 0 || told == 0 {
			t.Fatalf("repaired %+v (%v)", done, err)
		}
		for _, problem := range db.findProblems(s) {
			t.Error(problem)
		}
		if done, err = s.Repair(context.Background(), func(store.Progress) {}); err != nil || done != (store.RepairCounts{}) {
			t.Errorf("the second time: %+v (%v)", done, err)
		}
	})
}

// recordedCalls is the number of calls of a recording.
const recordedCalls = 23

func engineOf(url string) string {
	if engine.IsPostgres(url) {
		return "postgres"
	}
	return "sqlite"
}

// recordedPrograms returns the versions of the programs whose writes are in testdata.
func recordedPrograms(t *testing.T, engine string) (programs []int64) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "programs", "*."+engine+".jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		program, err := strconv.ParseInt(filepath.Base(file)[:4], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		programs = append(programs, program)
	}
	return programs
}

// migrated is a database with the tables of this program.
type migrated struct {
	*testing.T
	*sql.DB
	url string
}

func openMigrated(t *testing.T, url string) *migrated {
	t.Helper()
	driver, name := "pgx", url
	if engineOf(url) == "sqlite" {
		driver, name = "sqlite", "file:"+strings.TrimPrefix(url, "sqlite:")+"?_pragma=foreign_keys(1)"
	}
	s, err := store.Open(context.Background(), url, quiet)
	if err == nil {
		err = s.Close()
	}
	db, opens := sql.Open(driver, name)
	if err := errors.Join(err, opens); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return &migrated{t, db, url}
}

func (db *migrated) open() *store.Store {
	db.Helper()
	s, err := store.Open(context.Background(), db.url, quiet)
	if err != nil {
		db.Fatal(err)
	}
	db.Cleanup(func() { _ = s.Close() })
	return s
}

func (db *migrated) execute(statements ...string) {
	db.Helper()
	for _, statement := range statements {
		if _, err := db.Exec(statement); err != nil {
			db.Fatalf("%s: %v", statement, err)
		}
	}
}

func (db *migrated) oldestProgram() (oldest int64) {
	db.Helper()
	if err := db.QueryRow("SELECT oldest_program FROM compatibility").Scan(&oldest); err != nil {
		db.Fatal(err)
	}
	return oldest
}

// allowOldPrograms reverts the refusals of migrations 6 to 8, as far as the recording of program 1 needs it.
func (db *migrated) allowOldPrograms() {
	if engineOf(db.url) == "postgres" {
		db.execute("ALTER TABLE subjects RENAME COLUMN last_logged_at TO logged_at",
			"ALTER TABLE subjects ALTER COLUMN revision SET DEFAULT 0", "ALTER TABLE artifacts ALTER COLUMN updated_at SET DEFAULT 0",
			"DROP FUNCTION placard_refuse_status CASCADE",
			"ALTER TABLE alias_moves ALTER COLUMN moved_by SET DEFAULT ''")
	}
	db.execute("DROP TABLE idempotency_keys", "ALTER TABLE idempotency_answers RENAME TO idempotency_keys")
	if engineOf(db.url) == "postgres" {
		db.execute("DROP TRIGGER subjects_about ON subjects", "ALTER TABLE subjects ALTER COLUMN about SET DEFAULT ''",
			"ALTER TABLE metadata_latest ALTER COLUMN about SET DEFAULT ''")
	}
}

// replay sends the recorded transactions of a program, and returns why some were refused.
func (db *migrated) replay(program int64) (refused []error) {
	db.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "programs",
		fmt.Sprintf("%04d.%s.jsonl", program, engineOf(db.url))))
	if err != nil {
		db.Fatal(err)
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	n := 0
	for lines.Buffer(nil, 1<<20); lines.Scan(); n++ {
		var sent transaction
		decoder := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		decoder.UseNumber()
		if err := decoder.Decode(&sent); err != nil {
			db.Fatal(err)
		}
		if err := db.send(sent); err != nil {
			refused = append(refused, fmt.Errorf("%s: %w", sent.Call, err))
		}
	}
	if err := lines.Err(); err != nil || n < 20 {
		db.Fatalf("the recording has %d calls (%v)", n, err)
	}
	return refused
}

func (db *migrated) send(sent transaction) (err error) {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	for _, one := range sent.Statements {
		args := slices.Clone(one.Args)
		for i, arg := range args {
			switch arg := arg.(type) {
			case json.Number:
				args[i], err = arg.Int64()
			case map[string]any:
				args[i], err = hex.DecodeString(arg["hex"].(string))
			}
			if err != nil {
				db.Fatal(err)
			}
		}
		rows, err := tx.Query(one.SQL, args...)
		if err != nil {
			return err
		}
		for rows.Next() {
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// TestRepairInPortions repairs more rows than one transaction does, while a server writes about the same run.
func TestRepairInPortions(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		db := openMigrated(t, url)
		s := db.open()
		run, _, err := s.StartPipelineRun(everyone, store.Call{}, nil, models.StartPipelineRunInput{Pipeline: "p"})
		if err != nil {
			t.Fatal(err)
		}
		newID := map[string]string{"sqlite": "randomblob(16)", "postgres": "gen_random_uuid()"}[engineOf(url)]
		db.execute(`INSERT INTO subjects (project_id, id, about, revision) WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1100)
			SELECT p.id, ` + newID + `, 'R', 0 FROM numbers, projects p`)
		id := run.ID.String()
		log := func(key string) error {
			var facts []models.Fact
			for i := range 600 {
				facts = append(facts, fact(t, fmt.Sprint(key, i), "1")...)
			}
			_, _, err := s.LogMetadata(everyone, store.Call{},
				[]store.Write{{Target: models.MetadataTarget{PipelineRunID: &id}, Facts: facts}})
			return err
		}
		if err := errors.Join(log("a"), log("b")); err != nil {
			t.Fatal(err)
		}
		db.execute("UPDATE subjects SET about = ''",
			"UPDATE metadata_latest SET about = '', object_id = NULL, sort_key = NULL",
			"UPDATE metadata_entries SET sort_key = NULL")
		began, stopped := make(chan struct{}), make(chan error)
		go func() {
			select {
			case <-began:
			case <-t.Context().Done():
				return
			}
			var err error
			for i := 0; i < 3 && err == nil; i++ {
				err = log("a")
			}
			stopped <- err
		}()
		portions := 0
		done, err := s.Repair(context.Background(), func(p store.Progress) {
			if portions++; portions == 1 {
				close(began)
			}
		})
		if err := errors.Join(err, harness.Receive(t, "the writer has stopped", stopped)); err != nil {
			t.Fatal(err)
		}
		if portions < 5 || done.Subjects != 1101 || done.Entries != 1200 {
			t.Errorf("repaired %+v in %d portions", done, portions)
		}
		if done, err = s.Repair(context.Background(), func(store.Progress) {}); err != nil || done != (store.RepairCounts{}) {
			t.Errorf("the second time: %+v (%v)", done, err)
		}
		for _, broken := range []string{"subjects WHERE about <> 'R'",
			"metadata_latest WHERE about <> 'R' OR object_id IS NULL OR sort_key IS NULL",
			"metadata_entries WHERE sort_key IS NULL"} {
			if n := db.count(broken); n > 0 {
				t.Errorf("%d rows are left of %s", n, broken)
			}
		}
	})
}
