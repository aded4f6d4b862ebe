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

// openStore opens the database into which files are imported.
func openStore(t testing.TB, url string) *source {
	return &source{TB: t, url: url, Store: must[*store.Store](t)(store.Open(context.Background(), url, quiet))}
}

// TestRefusedImportKeepsNumbers checks that versions created here do not get the numbers of versions in a refused file,
// so that a corrected file can import these versions.
func TestRefusedImportKeepsNumbers(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		origin := fill(t, storetest.SQLite(t))
		n := &numbers{TB: t, url: url, owner: map[string]string{}}
		n.importFile(export(t, origin.url), export(t, origin.url))
		for range 5 {
			origin.version("model", nil)
		}
		there := origin.version("data", nil)
		target := openStore(t, url)
		target.version("data", nil)
		must[any](t)(nil, target.Close())

		file := export(t, origin.url)
		_, err := importInto(context.Background(), t, url, file)
		if refused := (*bulk.RowError)(nil); !errors.As(err, &refused) || !strings.Contains(refused.Text, "version") {
			t.Fatalf("the number %d is taken, and the import is not refused: %v", there.Number, err)
		}
		n.recordFile(file)
		if faults, unused := n.faults(); faults != nil || unused != 5 {
			t.Errorf("%d numbers are unused, faults %v", unused, faults)
		}
		target = openStore(t, url)
		if got := target.version("model", nil); got.Number != 9 {
			t.Errorf("the next automatic number is %d, want 9: 8 is the last one of the file", got.Number)
		}
		must[any](t)(nil, target.Close())

		fits := slices.DeleteFunc(lines(file), func(line string) bool { return strings.Contains(line, there.ID.String()) })
		must[transfer.Imported](t)(importInto(context.Background(), t, url, withTrailer(t, fits)))
		if faults, unused := n.faults(); unused != 0 {
			t.Errorf("after the corrected file, %d numbers are unused, faults %v", unused, faults)
		}
	})
}

// TestNumbersRunOut checks that an artifact with the greatest last number accepts only versions with an explicit
// number.
func TestNumbersRunOut(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		file := lines(export(t, fill(t, storetest.SQLite(t)).url))
		file = editFirst("artifact", `"lastNumber":\d+`, fmt.Sprintf(`"lastNumber":%d`, math.MaxInt32))(t, file)
		must[transfer.Imported](t)(importInto(context.Background(), t, url, withTrailer(t, file)))
		s := openStore(t, url)
		refused := 0
		for _, artifact := range []string{"model", "data"} {
			for _, version := range []*string{nil, ref("named")} {
				made, _, err := s.CreateArtifactVersion(everyone, store.Call{}, models.NewPath("input"),
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
		made, _, err := s.CreateArtifactVersion(everyone, store.Call{}, models.NewPath("input"),
			models.CreateArtifactVersionInput{Project: ref(project), Artifact: "model", Version: ref("44")}, nil)
		if refused != 2 || err != nil || made.Number != 44 {
			t.Errorf("%d creations were refused; a free number is %+v (%v)", refused, made, err)
		}
		must[any](t)(nil, s.Close())
	})
}

// TestRetiredNumberBesideCreation imports a file with a retired number while a transaction creates a version with it.
// The version keeps the number and can be deleted. The control is that the import waits. SQLite has one writer.
func TestRetiredNumberBesideCreation(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	origin := fill(t, storetest.SQLite(t))
	n := &numbers{TB: t, url: url, owner: map[string]string{}}
	before := export(t, origin.url)
	n.importFile(before, before)
	gone := origin.version("model", nil)
	deleteVersion(t, origin.Store, storetest.Select(gone.ID))
	target := openStore(t, url)
	defer func() { _ = target.Close() }()
	version := target.version("other", nil)
	_, _, err := target.CreateArtifactVersion(everyone, store.Call{}, nil,
		models.CreateArtifactVersionInput{Project: ref(project), Artifact: "model", Version: ref("9")}, nil)
	must[any](t)(nil, err) // the counter is greater than in the file, so the import does not wait to update it

	db := n.db()
	defer func() { _ = db.Close() }()
	tx := must[*sql.Tx](t)(db.Begin())
	defer func() { _ = tx.Rollback() }()
	// Like the creation of version "4": lock the artifact and use the number.
	for _, statement := range []string{"UPDATE artifacts SET last_number = last_number WHERE id = $2 OR id = $1",
		fmt.Sprintf("UPDATE artifact_versions SET artifact_id = $2, number = %d, version = '%d' WHERE id = $1", gone.Number,
			gone.Number)} {
		must[sql.Result](t)(tx.Exec(statement, version.ID.String(), gone.ArtifactID.String()))
	}
	done := make(chan error, 1)
	go func() {
		_, err := importInto(context.Background(), t, url, export(t, origin.url))
		done <- err
	}()
	for deadline, waiting := time.Now().Add(30*time.Second), 0; waiting == 0; {
		must[any](t)(nil,
			db.QueryRow(`SELECT count(*) FROM pg_stat_activity
				WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting))
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
	deleteVersion(t, target.Store, storetest.Select(version.ID))
}
