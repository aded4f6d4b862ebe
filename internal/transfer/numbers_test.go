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

// numbers checks the version numbers of artifacts in a database into which files are imported.
type numbers struct {
	testing.TB
	url string
	mu  sync.Mutex
	// owner is the first version with a number of an artifact, created here or read from a file.
	owner map[string]string
	// refused counts refused imports, and automatic counts created versions.
	refused, automatic int
}

func numberKey(artifact string, number int) string { return fmt.Sprint(artifact, " ", number) }

// recordNumber records the owner of a number.
func (n *numbers) recordNumber(artifact string, number int, version string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.owner[numberKey(artifact, number)] == "" {
		n.owner[numberKey(artifact, number)] = version
	}
}

// recordFile records the owners of the numbers in a file.
func (n *numbers) recordFile(file []byte) {
	for _, line := range lines(file) {
		var row struct {
			Record, ID, ArtifactID string
			Number                 int
		}
		must[any](n)(nil, json.Unmarshal([]byte(line), &row))
		if row.Record == "artifactVersion" || row.Record == "retiredNumber" {
			n.recordNumber(row.ArtifactID, row.Number, row.Record+" "+row.ID)
		}
	}
}

func (n *numbers) db() *sql.DB { return openDB(n, n.url) }

// faults returns the violations of these rules: each number up to the last one has an owner, no number is greater than
// the last one, and no number is both used and retired. unused counts the numbers of files without a row.
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
				faults = append(faults, fmt.Sprintf("%s is a version and retired", numberKey(artifact, number)))
			}
		}
		for number := range kinds {
			if number > last {
				faults = append(faults, fmt.Sprintf("%s is greater than the last number %d", numberKey(artifact, number), last))
			}
		}
		for number := 1; number <= last; number++ {
			if kind := kinds[number]; kind != "" && kind != "last " {
				continue
			}
			if unused++; n.owner[numberKey(artifact, number)] == "" {
				faults = append(faults, fmt.Sprintf("%s has no owner", numberKey(artifact, number)))
			}
		}
	}
	return faults, unused
}

// importFile imports a file, which may lack lines of the whole file, and again after a conflict with a transaction. It
// counts refusals.
func (n *numbers) importFile(file, whole []byte) {
	n.Helper()
	_, err := importInto(context.Background(), n, n.url, file)
	for models.CodeOf(err) == models.CodeConflict { // it may have written nothing
		_, err = importInto(context.Background(), n, n.url, file)
	}
	n.recordFile(whole)
	var refused *bulk.RowError
	switch {
	case errors.As(err, &refused):
		n.refused++
	case err != nil:
		n.Error(err)
	}
}

// createVersions creates up to max versions and deletes some of them.
func (n *numbers) createVersions(s *source, r *rand.Rand, max int) {
	var made []*models.ArtifactVersion
	for range 1 + r.IntN(max) {
		version := s.version([]string{"model", "data"}[r.IntN(2)], nil)
		artifact := version.ArtifactID.String()
		n.mu.Lock()
		if owner := n.owner[numberKey(artifact, int(version.Number))]; owner != "" {
			n.Errorf("%s was given to %s, and again to %s", numberKey(artifact, int(version.Number)), owner, version.ID)
		}
		n.owner[numberKey(artifact, int(version.Number))] = version.ID.String()
		n.automatic++
		n.mu.Unlock()
		made = append(made, version)
	}
	for _, version := range made {
		if r.IntN(3) == 0 {
			deleteVersion(s, s.Store, storetest.Select(version.ID))
		}
	}
}

// damagedNumbers returns a file without some lines of versions and retired numbers, and with a correct last line.
func damagedNumbers(t testing.TB, file []byte, r *rand.Rand) []byte {
	var rest []string
	for _, line := range lines(file) {
		record := strings.HasPrefix(line, `{"record":"artifactVersion"`) ||
			strings.HasPrefix(line, `{"record":"retiredNumber"`)
		if !record || r.IntN(4) > 0 {
			rest = append(rest, line)
		}
	}
	return withTrailer(t, rest)
}

// TestNumbersBesideImports imports contradicting, older and incomplete files while it creates and deletes versions. It
// checks that each number up to the last one has an owner, so that no automatic number is used twice. The control
// removes the owners.
func TestNumbersBesideImports(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		r := rand.New(rand.NewPCG(3, 4))
		origin := fill(t, storetest.SQLite(t))
		n := &numbers{TB: t, url: url, owner: map[string]string{}}
		files := [][]byte{export(t, origin.url)}
		n.importFile(files[0], files[0])
		for range 6 {
			there := &numbers{TB: t, url: origin.url, owner: map[string]string{}}
			there.recordFile(files[len(files)-1])
			there.createVersions(origin, r, 20)
			files = append(files, export(t, origin.url))
			whole := files[len(files)-1-r.IntN(2)]
			file := whole
			if r.IntN(2) == 0 {
				file = damagedNumbers(t, whole, r)
			}
			n.importWhileWriting(file, whole, r)
			if faults, _ := n.faults(); faults != nil {
				t.Fatal(faults)
			}
		}
		_, unused := n.faults()
		if t.Logf("%d imports were refused, %d versions created, %d numbers of files are unused", n.refused, n.automatic,
			unused); n.refused < 3 || unused == 0 {
			t.Error("too few to prove anything")
		}
		n.owner = map[string]string{}
		if faults, _ := n.faults(); len(faults) != unused {
			t.Errorf("control: without the owners, %d numbers are unused and %d are faults", unused, len(faults))
		}
	})
}

// importWhileWriting imports a file and creates versions, on PostgreSQL at the same time.
func (n *numbers) importWhileWriting(file, whole []byte, r *rand.Rand) {
	write := func(r *rand.Rand) {
		s := &source{TB: n, url: n.url, Store: must[*store.Store](n)(store.Open(context.Background(), n.url, quiet))}
		n.createVersions(s, r, 4)
		must[any](n)(nil, s.Close())
	}
	if strings.HasPrefix(n.url, "sqlite:") {
		write(r)
		n.importFile(file, whole)
		write(r)
		return
	}
	var writers sync.WaitGroup
	for range 2 {
		own := rand.New(rand.NewPCG(r.Uint64(), 1))
		writers.Go(func() { write(own) })
	}
	n.importFile(file, whole)
	writers.Wait()
}
