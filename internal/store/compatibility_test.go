package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

// TestNewerDatabase starts a program on tables of a newer one: it starts if they allow it, and otherwise fails with
// Outdated.
func TestNewerDatabase(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		db := openMigrated(t, url)
		db.execute("INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, true)")
		for name, open := range map[string]func() (*store.Store, error){
			"Open":                 func() (*store.Store, error) { return store.Open(everyone, url, quiet) },
			"OpenWithoutMigrating": func() (*store.Store, error) { return store.OpenWithoutMigrating(everyone, url, quiet) },
		} {
			db.execute("UPDATE compatibility SET oldest_program = 7") // the control
			s, err := open()
			if err != nil {
				t.Fatalf("%s on newer tables that allow the program: %v", name, err)
			}
			if _, _, err := s.StartPipelineRun(everyone, store.Call{}, nil,
				models.StartPipelineRunInput{Pipeline: "p"}); err != nil {
				t.Error(err)
			}
			if err := errors.Join(s.Ping(everyone), s.Close()); err != nil {
				t.Error(err)
			}
			db.execute("UPDATE compatibility SET oldest_program = 998")
			var outdated *engine.ProgramOutdatedError
			if _, err := open(); !errors.As(err, &outdated) || outdated.Oldest != 998 || outdated.Stored != 999 ||
				!strings.Contains(err.Error(), "a newer program has written this database") {
				t.Errorf("%s: %v", name, err)
			}
		}
		if tables, err := engine.ReadSchema(everyone, url); err != nil || tables.Oldest != 998 || tables.Newer() == nil {
			t.Errorf("ReadSchema returns %+v (%v)", tables, err)
		}
	})
}

// TestOutdatedServer migrates the tables under a server, which then is not ready, answers reads, and answers writes
// that fail with UNAVAILABLE.
func TestOutdatedServer(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		db := openMigrated(t, url)
		s := db.open()
		write := func() error {
			_, _, err := s.StartPipelineRun(everyone, store.Call{}, nil, models.StartPipelineRunInput{Pipeline: "p"})
			return err
		}
		if err := errors.Join(s.Ping(everyone), write()); err != nil {
			t.Fatal(err)
		}
		db.execute("ALTER TABLE pipeline_runs RENAME TO renamed_runs")
		if failure := (*models.Error)(nil); errors.As(write(), &failure) { // the control: another cause keeps its code
			t.Errorf("a write to tables that allow the program: %v", failure)
		}
		db.execute("UPDATE compatibility SET oldest_program = 998")
		for name, err := range map[string]error{"Ping": s.Ping(context.Background()), "StartPipelineRun": write()} {
			var failure *models.Error
			var outdated *engine.ProgramOutdatedError
			if !errors.As(err, &failure) || failure.Code != models.CodeUnavailable || !failure.Retryable ||
				!errors.As(err, &outdated) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := write(); !strings.Contains(err.Error(), "a newer program has written this database") ||
			!strings.Contains(err.Error(), "pipeline_runs") {
			t.Errorf("the log does not tell the reason: %v", err)
		}
		if _, err := s.Artifact(everyone, "default", "a"); err != nil {
			t.Errorf("a read: %v", err)
		}
	})
}
