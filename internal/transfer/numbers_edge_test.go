package transfer_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/bulk"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/internal/transfer"
	"github.com/placard/placard/models"
)

// here opens the database that files are imported into.
func here(t testing.TB, url string) *source {
	return &source{TB: t, url: url, Store: must[*store.Store](t)(store.Open(context.Background(), url, quiet))}
}

// TestRefusedImportKeepsNumbers checks that the numbers of versions in a refused file are not given to others, and that a
// file that fits brings these versions later.
func TestRefusedImportKeepsNumbers(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		origin := fill(t, storetest.SQLite(t))
		n := &numbers{TB: t, url: url, owner: map[string]string{}}
		n.take(export(t, origin.url), export(t, origin.url))
		for range 5 {
			origin.version("model", nil)
		}
		there := origin.version("data", nil)
		target := here(t, url)
		target.version("data", nil)
		must[any](t)(nil, target.Close())

		file := export(t, origin.url)
		_, err := importInto(context.Background(), t, url, file)
		if refused := (*bulk.RowError)(nil); !errors.As(err, &refused) || !strings.Contains(refused.Text, "version") {
			t.Fatalf("the number %d is taken, and the import is not refused: %v", there.Number, err)
		}
		n.read(file)
		if faults, unused := n.faults(); faults != nil || unused != 5 {
			t.Errorf("%d numbers are unused, faults %v", unused, faults)
		}
		target = here(t, url)
		if got := target.version("model", nil); got.Number != 9 {
			t.Errorf("the next automatic number is %d, want 9: 8 is the last one of the file", got.Number)
		}
		must[any](t)(nil, target.Close())

		fits := slices.DeleteFunc(lines(file), func(line string) bool { return strings.Contains(line, there.ID.String()) })
		must[transfer.Imported](t)(importInto(context.Background(), t, url, forged(t, fits)))
		if faults, unused := n.faults(); unused != 0 {
			t.Errorf("after the file that fits, %d numbers are unused, faults %v", unused, faults)
		}
	})
}

// TestNumbersRunOut checks that an artifact whose last number is the greatest one gets no version without a number of its own.
func TestNumbersRunOut(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		file := lines(export(t, fill(t, storetest.SQLite(t)).url))
		file = edit("artifact", `"lastNumber":\d+`, fmt.Sprintf(`"lastNumber":%d`, math.MaxInt32))(t, file)
		must[transfer.Imported](t)(importInto(context.Background(), t, url, forged(t, file)))
		s := here(t, url)
		refused := 0
		for _, artifact := range []string{"model", "data"} {
			for _, version := range []*string{nil, ref("named")} {
				made, _, err := s.CreateArtifactVersion(everyone, store.Call{}, models.At("input"),
					models.CreateArtifactVersionInput{Project: ref(project), Artifact: artifact, Version: version}, nil)
				var failure *models.Error
				switch {
				case errors.As(err, &failure) && failure.Code == models.CodeLimitExceeded:
					refused++
				case err != nil || made.Number < 1:
					t.Errorf("%s: %+v (%v)", artifact, made, err)
				}
			}
		}
		made, _, err := s.CreateArtifactVersion(everyone, store.Call{}, models.At("input"),
			models.CreateArtifactVersionInput{Project: ref(project), Artifact: "model", Version: ref("44")}, nil)
		if refused != 2 || err != nil || made.Number != 44 {
			t.Errorf("%d creations were refused; a free number is %+v (%v)", refused, made, err)
		}
		must[any](t)(nil, s.Close())
	})
}

// TestRetiredNumberBesideCreation imports a file with a retired number while a transaction gives that number to a version: the
// version keeps it, and can be deleted (PostgreSQL; SQLite has one writer). The control is that the import waits.
func TestRetiredNumberBesideCreation(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	origin := fill(t, storetest.SQLite(t))
	n := &numbers{TB: t, url: url, owner: map[string]string{}}
	before := export(t, origin.url)
	n.take(before, before)
	gone := origin.version("model", nil)
	must[models.ID](t)(origin.DeleteArtifactVersion(everyone, nil, gone.ID.String()))
	target := here(t, url)
	defer func() { _ = target.Close() }()
	version := target.version("other", nil)
	_, _, err := target.CreateArtifactVersion(everyone, store.Call{}, nil,
		models.CreateArtifactVersionInput{Project: ref(project), Artifact: "model", Version: ref("9")}, nil)
	must[any](t)(nil, err) // the counter is further than that of the file, which need not wait for it

	db := n.db()
	defer func() { _ = db.Close() }()
	tx := must[*sql.Tx](t)(db.Begin())
	defer func() { _ = tx.Rollback() }()
	// As a creation of the version "4" does: it locks the artifact, and gives the number.
	for _, statement := range []string{"UPDATE artifacts SET last_number = last_number WHERE id = $2 OR id = $1",
		fmt.Sprintf("UPDATE artifact_versions SET artifact_id = $2, number = %d, version = '%d' WHERE id = $1", gone.Number, gone.Number)} {
		must[sql.Result](t)(tx.Exec(statement, version.ID.String(), gone.ArtifactID.String()))
	}
	done := make(chan error, 1)
	go func() {
		_, err := importInto(context.Background(), t, url, export(t, origin.url))
		done <- err
	}()
	for deadline, waiting := time.Now().Add(30*time.Second), 0; waiting == 0; {
		must[any](t)(nil, db.QueryRow("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&waiting))
		select {
		case err := <-done:
			t.Fatalf("the import did not wait for the creation: %v", err)
		default:
		}
		if time.Now().After(deadline) {
			t.Fatal("the import neither ends nor waits")
		}
	}
	must[any](t)(nil, tx.Commit())
	must[any](t)(nil, harness.Receive(t, "the import has ended", done))
	if faults, _ := n.faults(); strings.Contains(fmt.Sprint(faults), "is a version and retired") {
		t.Error(faults)
	}
	must[models.ID](t)(target.DeleteArtifactVersion(everyone, nil, version.ID.String()))
}
