package transfer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/bulk"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/internal/transfer"
	"github.com/placard/placard/models"
)

// TestLaterExport checks that a later export of a project adds its new rows, and that the earlier file changes nothing.
func TestLaterExport(t *testing.T) {
	t.Parallel()
	eachPair(t, func(t *testing.T, url, to string) {
		s := fill(t, url)
		before := export(t, url)
		must[transfer.Imported](t)(importInto(context.Background(), t, to, before))
		v := s.version("model", ref("waiting"), "prod", "new")
		s.version("third", nil)
		s.log(s.output("waiting"), `{"rows": 4}`)
		s.log(models.MetadataTarget{PipelineRunID: ref(s.run.ID.String())}, `{"done": true}`)
		s.finish(models.RunStatusCompleted, models.RunStatusFailed)
		mustChange[*models.ArtifactVersion](t)(s.RemoveAlias(everyone, store.Call{}, nil,
			models.RemoveAliasInput{ArtifactVersionSelector: storetest.Select(v.ID), Alias: "new"}))
		after := export(t, url)
		done := must[transfer.Imported](t)(importInto(context.Background(), t, to, after))
		if done.Updated != 4 || done.Records["artifactVersion"] != 2 || done.Records["aliasMove"] != 3 || done.Skipped != 0 {
			t.Errorf("imported %+v", done)
		}
		if got := export(t, to); !bytes.Equal(got, after) {
			t.Errorf("the project has changed:\n%s\nwant\n%s", got, after)
		}
		if got, want := derivedRows(t, to), derivedRows(t, url); got != want {
			t.Errorf("the database has\n%s\nwant\n%s", got, want)
		}
		for _, file := range [][]byte{before, after} {
			if done := must[transfer.Imported](t)(importInto(context.Background(), t, to,
				file)); done.Inserted+done.Updated > 0 {
				t.Errorf("imported again %+v", done)
			}
		}
		if got := export(t, to); !bytes.Equal(got, after) {
			t.Error("the older file has changed the project")
		}
	})
}

// TestDeletedElsewhere checks that an import deletes nothing and counts the versions that the source has deleted.
func TestDeletedElsewhere(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		s, to := fill(t, url), storetest.SQLite(t)
		v := s.version("model", ref("waiting"))
		before := export(t, url)
		must[transfer.Imported](t)(importInto(context.Background(), t, to, before))
		deleteVersion(t, s.Store, storetest.Select(v.ID))
		s.version("model", nil)
		after := export(t, url)
		if done := must[transfer.Imported](t)(importInto(context.Background(), t, to, after)); done.Skipped != 1 {
			t.Errorf("imported %+v", done)
		}
		both := export(t, to)
		for _, line := range append(lines(before), lines(after)...) {
			if !bytes.Contains(both, []byte(line)) && !strings.Contains(line, "retiredNumber") &&
				!strings.Contains(line, `"lastNumber"`) {
				t.Errorf("this is lost: %s", line)
			}
		}
		// A version that was deleted here is refused.
		here := must[*store.Store](t)(store.Open(context.Background(), to, quiet))
		deleteVersion(t, here, storetest.Select(v.ID))
		must[any](t)(nil, here.Close())
		_, err := importInto(context.Background(), t, to, before)
		if refused := (*bulk.RowError)(nil); !errors.As(err, &refused) ||
			!strings.Contains(refused.Text, "has been deleted") {
			t.Errorf("the import of a version that was deleted here: %v", err)
		}
	})
}

// TestInterrupted fails each statement of an import once and repeats the import.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	s := fill(t, storetest.SQLite(t))
	file, want := export(t, s.url), derivedRows(t, s.url)
	steps := map[string]int64{"sqlite": int64(harness.Amount(5, 1)), "postgres": 12} // a new PostgreSQL database takes longer
	for name, step := range steps {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			partly := 0
			n := int64(1)
			for ; ; n += int64(step) {
				url := storetest.Engines[name](t)
				_, err := importInto(storetest.WithMeter(context.Background(), &storetest.Meter{FailAt: n}), t, url, file)
				if err == nil {
					break
				}
				if part, err := exportProject(url, project); err == nil && !bytes.Equal(part, file) {
					partly++
				}
				must[transfer.Imported](t)(importInto(context.Background(), t, url, file))
				if got := export(t, url); !bytes.Equal(got, file) {
					t.Errorf("after a fault of statement %d, the project has changed:\n%s\nwant\n%s", n, got, file)
				}
				if got := derivedRows(t, url); got != want {
					t.Errorf("after a fault of statement %d, the database has\n%s\nwant\n%s", n, got, want)
				}
			}
			if n < 50 || partly < 5 {
				t.Errorf("%d statements with %d incomplete imports: too few to prove anything", n, partly)
			}
		})
	}
}

// TestDamagedFiles checks that an import refuses a changed file before it writes anything.
func TestDamagedFiles(t *testing.T) {
	t.Parallel()
	file := export(t, fill(t, storetest.SQLite(t)).url)
	all := strings.SplitAfter(strings.TrimSuffix(string(file), "\n"), "\n")
	damaged := map[string][]byte{"empty": nil, "text": []byte("hello\n"), "more": append(slices.Clone(file), "{}\n"...),
		"more white":   append(slices.Clone(file), ' '),
		"an end alone": []byte(all[len(all)-1]), "twice": append(slices.Clone(file), file...)}
	for n := range all {
		damaged[fmt.Sprint("without line ", n)] = []byte(strings.Join(slices.Delete(slices.Clone(all), n, n+1), ""))
		damaged[fmt.Sprint("up to line ", n)] = []byte(strings.Join(all[:n], ""))
		damaged[fmt.Sprint("twice line ", n)] = []byte(strings.Join(slices.Insert(slices.Clone(all), n, all[n]), ""))
		if n > 0 {
			other := slices.Clone(all)
			other[n-1], other[n] = other[n], other[n-1]
			damaged[fmt.Sprint("line before line ", n)] = []byte(strings.Join(other, ""))
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		at := random.IntN(len(file) - 1)
		flipped := slices.Clone(file)
		flipped[at] ^= 1 << random.IntN(8)
		damaged[fmt.Sprint("byte ", at)] = flipped
		damaged[fmt.Sprint("up to byte ", at)] = file[:at]
	}
	storetest.Each(t, func(t *testing.T, url string) {
		for what, text := range damaged {
			if _, err := importInto(context.Background(), t, url, text); err == nil {
				t.Errorf("%s is not refused", what)
			}
		}
		if tables := must[engine.Schema](t)(engine.ReadSchema(context.Background(), url)); strings.HasPrefix(url, "sqlite") &&
			tables.Stored != 0 {
			t.Error("there is a database")
		}
		must[transfer.Imported](t)(importInto(context.Background(), t, url, file)) // control
	})
}

// TestStream checks that an incomplete stream is refused at its end, and that the complete one can be imported later.
func TestStream(t *testing.T) {
	t.Parallel()
	file := export(t, fill(t, storetest.SQLite(t)).url)
	storetest.Each(t, func(t *testing.T, url string) {
		take := func(text []byte) error {
			_, err := transfer.Import(context.Background(), url, transfer.ImportOptions{
				File: transfer.Stdio, Limits: limits, Log: quiet, Stdin: bytes.NewReader(text), Notes: io.Discard,
			})
			return err
		}
		if err := take(file[:len(file)*2/3]); err == nil || !strings.Contains(err.Error(), "only a part") ||
			!strings.Contains(err.Error(), "earlier batches stay") {
			t.Errorf("a part of a stream: %v", err)
		}
		must[any](t)(nil, take(file))
		if got := export(t, url); !bytes.Equal(got, file) {
			t.Error("the project has changed")
		}
	})
}

// TestExportFiles checks that only Overwrite replaces a file, and only by a complete one.
func TestExportFiles(t *testing.T) {
	t.Parallel()
	s := fill(t, storetest.SQLite(t))
	path := filepath.Join(t.TempDir(), "file")
	to := func(project string, force bool) error {
		_, err := transfer.Export(context.Background(), s.url,
			transfer.ExportOptions{Project: project, File: path, Overwrite: force, Notes: io.Discard})
		return err
	}
	must[any](t)(nil, os.WriteFile(path+".partial", []byte("left behind"), 0o600))
	must[any](t)(nil, to(project, false))
	first := must[[]byte](t)(os.ReadFile(path))
	if err := to(project, false); err == nil || !strings.Contains(err.Error(), "--force") {
		t.Errorf("an existing file: %v", err)
	}
	if err := to("nobody has made it", true); err == nil || !strings.Contains(err.Error(), "there is no project") {
		t.Errorf("an unknown project: %v", err)
	}
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := transfer.Export(canceled, s.url,
		transfer.ExportOptions{Project: project, File: path, Overwrite: true, Notes: io.Discard}); err == nil {
		t.Error("an interrupted export returns no error")
	}
	if now := must[[]byte](t)(os.ReadFile(path)); !bytes.Equal(now, first) {
		t.Error("an interrupted export has changed the file")
	}
	must[any](t)(nil, to(project, true))
	names := must[[]string](t)(filepath.Glob(path + "*"))
	if info := must[os.FileInfo](t)(os.Stat(path)); len(names) != 1 || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", names, info.Mode())
	}
}

// TestDeletedRun checks that the versions of a deleted pipeline run are exported and imported with their metadata.
func TestDeletedRun(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		s, to := fill(t, url), storetest.SQLite(t)
		mustChange[models.ID](t)(s.DeletePipelineRun(everyone, store.Call{}, models.NewPath("input"),
			models.DeletePipelineRunInput{PipelineRunID: s.run.ID.String()}))
		file := export(t, url)
		must[transfer.Imported](t)(importInto(context.Background(), t, to, file))
		if got := export(t, to); !bytes.Equal(got, file) || !bytes.Contains(file, []byte(`"outputId"`)) {
			t.Errorf("got\n%s\nwant\n%s", got, file)
		}
	})
}

// TestProjectDeletedDuringImport checks that an import writes nothing into a project that was deleted after its start.
func TestProjectDeletedDuringImport(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		s := must[*store.Store](t)(store.Open(context.Background(), url, quiet))
		defer func() { must[any](t)(nil, s.Close()) }()
		importer := bulk.NewImporter(s, models.Project{ID: models.NewID(), Name: "doomed"}, 2)
		must[bulk.Result](t)(importer.Write(everyone, bulk.Tables[0], nil))
		project := must[*models.Project](t)(s.Project(everyone, "doomed"))
		must[models.ID](t)(s.DeleteProject(everyone, models.NewPath("input"),
			models.DeleteProjectInput{ProjectID: project.ID.String(), Name: "doomed"}))
		_, err := importer.Write(everyone, bulk.Tables[0], nil)
		if models.CodeOf(err) != models.CodeNotFound || !strings.Contains(err.Error(), "deleted during the import") {
			t.Errorf("got %v", err)
		}
	})
}
