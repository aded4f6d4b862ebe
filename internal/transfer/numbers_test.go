package transfer_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/bulk"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

// numbers is a test of the version numbers of artifacts in a database that files are imported into.
type numbers struct {
	testing.TB
	url string
	mu  sync.Mutex
	// owner is the version that each number of an artifact was first given to, here or by a line of a file.
	owner map[string]string
	// refused counts imports that were refused, and automatic counts creations.
	refused, automatic int
}

func place(artifact string, number int) string { return fmt.Sprint(artifact, " ", number) }

// given notes that a file or a creation gives a number to a version.
func (n *numbers) given(artifact string, number int, version string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.owner[place(artifact, number)] == "" {
		n.owner[place(artifact, number)] = version
	}
}

// read notes the numbers that a file gives.
func (n *numbers) read(file []byte) {
	for _, line := range lines(file) {
		var row struct {
			Record, ID, ArtifactID string
			Number                 int
		}
		must[any](n)(nil, json.Unmarshal([]byte(line), &row))
		if row.Record == "artifactVersion" || row.Record == "retiredNumber" {
			n.given(row.ArtifactID, row.Number, row.Record+" "+row.ID)
		}
	}
}

func (n *numbers) db() *sql.DB {
	driver, source := "pgx", n.url
	if path, ok := strings.CutPrefix(n.url, "sqlite:"); ok {
		driver, source = "sqlite", path
	}
	return must[*sql.DB](n)(sql.Open(driver, source))
}

// faults returns what contradicts the rules: each number up to the last one was given here or in a file, none is greater than
// the last one, and none is both a version and retired. unused counts the numbers of files that no row has.
func (n *numbers) faults() (faults []string, unused int) {
	db := n.db()
	defer func() { _ = db.Close() }()
	state := map[string]map[int]string{}
	for kind, query := range map[string]string{
		"last": "SELECT id, last_number FROM artifacts", "version": "SELECT artifact_id, number FROM artifact_versions",
		"retired": "SELECT artifact_id, number FROM retired_numbers",
	} {
		rows := must[*sql.Rows](n)(db.Query(query))
		for rows.Next() {
			var id models.ID
			var number int
			must[any](n)(nil, rows.Scan(&id, &number))
			if state[id.String()] == nil {
				state[id.String()] = map[int]string{}
			}
			state[id.String()][number] += kind + " "
		}
		must[any](n)(nil, rows.Err())
	}
	for artifact, kinds := range state {
		last := 0
		for number, kind := range kinds {
			if strings.Contains(kind, "last") {
				last = number
			}
			if strings.Contains(kind, "version") && strings.Contains(kind, "retired") {
				faults = append(faults, fmt.Sprintf("%s is a version and retired", place(artifact, number)))
			}
		}
		for number := range kinds {
			if number > last {
				faults = append(faults, fmt.Sprintf("%s is greater than the last number %d", place(artifact, number), last))
			}
		}
		for number := 1; number <= last; number++ {
			if kind := kinds[number]; kind != "" && kind != "last " {
				continue
			}
			if unused++; n.owner[place(artifact, number)] == "" {
				faults = append(faults, fmt.Sprintf("%s was never given", place(artifact, number)))
			}
		}
	}
	return faults, unused
}

// take imports a file, which lacks lines of a whole one or is it. A refusal or a loss against others is counted.
func (n *numbers) take(file, whole []byte) {
	n.Helper()
	_, err := importInto(context.Background(), n, n.url, file)
	n.read(whole)
	var refused *bulk.RowError
	var failure *models.Error
	switch {
	case errors.As(err, &refused), errors.As(err, &failure) && failure.Code == models.CodeConflict:
		n.refused++
	case err != nil:
		n.Error(err)
	}
}

// write creates at most max versions of the artifacts of the project, and deletes some of them.
func (n *numbers) write(s *source, r *rand.Rand, max int) {
	var made []*models.ArtifactVersion
	for range 1 + r.IntN(max) {
		version := s.version([]string{"model", "data"}[r.IntN(2)], nil)
		artifact := version.ArtifactID.String()
		n.mu.Lock()
		if owner := n.owner[place(artifact, int(version.Number))]; owner != "" {
			n.Errorf("%s was given to %s, and again to %s", place(artifact, int(version.Number)), owner, version.ID)
		}
		n.owner[place(artifact, int(version.Number))] = version.ID.String()
		n.automatic++
		n.mu.Unlock()
		made = append(made, version)
	}
	for _, version := range made {
		if r.IntN(3) == 0 {
			must[models.ID](s)(s.DeleteArtifactVersion(everyone, nil, version.ID.String()))
		}
	}
}

// damagedNumbers returns a file without some of its lines about versions, in a form that its last line fits.
func damagedNumbers(t testing.TB, file []byte, r *rand.Rand) []byte {
	var rest []string
	for _, line := range lines(file) {
		record := strings.HasPrefix(line, `{"record":"artifactVersion"`) || strings.HasPrefix(line, `{"record":"retiredNumber"`)
		if !record || r.IntN(4) > 0 {
			rest = append(rest, line)
		}
	}
	return forged(t, rest)
}

// TestNumbersBesideImports imports contradicting, older and incomplete files while versions are created and deleted. It checks
// that each number up to the last one was given, here or in the database of a file. So no automatic number repeats another one.
// The control forgets the numbers that were given.
func TestNumbersBesideImports(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		r := rand.New(rand.NewPCG(3, 4))
		origin := fill(t, storetest.SQLite(t))
		n := &numbers{TB: t, url: url, owner: map[string]string{}}
		files := [][]byte{export(t, origin.url)}
		n.take(files[0], files[0])
		for range 6 {
			there := &numbers{TB: t, url: origin.url, owner: map[string]string{}}
			there.read(files[len(files)-1])
			there.write(origin, r, 20)
			files = append(files, export(t, origin.url))
			whole := files[len(files)-1-r.IntN(2)]
			file := whole
			if r.IntN(2) == 0 {
				file = damagedNumbers(t, whole, r)
			}
			n.beside(file, whole, r)
			if faults, _ := n.faults(); faults != nil {
				t.Fatal(faults)
			}
		}
		_, unused := n.faults()
		if t.Logf("%d imports were refused, %d versions created, %d numbers of files are unused", n.refused, n.automatic, unused); n.refused < 3 || unused == 0 {
			t.Error("that proves nothing")
		}
		n.owner = map[string]string{}
		if faults, _ := n.faults(); len(faults) != unused {
			t.Errorf("control: without the owners, %d numbers are unused and %d are faults", unused, len(faults))
		}
	})
}

// beside imports a file and writes. PostgreSQL does both at once.
func (n *numbers) beside(file, whole []byte, r *rand.Rand) {
	write := func(r *rand.Rand) {
		s := &source{TB: n, url: n.url, Store: must[*store.Store](n)(store.Open(context.Background(), n.url, quiet))}
		n.write(s, r, 4)
		must[any](n)(nil, s.Close())
	}
	if strings.HasPrefix(n.url, "sqlite:") {
		write(r)
		n.take(file, whole)
		write(r)
		return
	}
	var writers sync.WaitGroup
	for range 2 {
		own := rand.New(rand.NewPCG(r.Uint64(), 1))
		writers.Go(func() { write(own) })
	}
	n.take(file, whole)
	writers.Wait()
}
