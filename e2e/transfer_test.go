//go:build integration

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/placard/placard/bench/load"
	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/storetest"
)

// exportVersions returns an exported project with a number of versions, each with twenty entries.
func exportVersions(t testing.TB, versions int) (path string, file []byte) {
	t.Helper()
	database := storetest.SQLite(t)
	expect(t, database, 0, "are at version", "migrate", "up")
	if err := load.Load(context.Background(), database, load.Options{Versions: versions}); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "project.jsonl")
	expect(t, database, 0, "exported project", "export", path)
	return path, contents(t, path)
}

func contents(t testing.TB, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// exportProject exports a project of a database. It returns nothing if the project or the tables do not exist.
func exportProject(t testing.TB, database, project string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "again.jsonl")
	if code, _ := run(t, database, "export", "--project="+project, path); code != 0 {
		return nil
	}
	return contents(t, path)
}

// TestImportIsKilled kills an import several times and starts it again. In the end each record is stored once.
func TestImportIsKilled(t *testing.T) {
	t.Parallel()
	path, file := exportVersions(t, 600)
	project := regexp.MustCompile(`"name":"default"`)
	moved := project.ReplaceAll(file, []byte(`"name":"moved"`)) // equal to an export from there except for the sum
	storetest.Each(t, func(t *testing.T, database string) {
		partly, kills := 0, 0
		patience := 100 * time.Millisecond // grows until enough partial imports occurred
		for done := false; !done; {
			command := program(t, "import", "--project=moved", path)
			command.Env = append(os.Environ(), "PLACARD_DATABASE_URL="+database)
			var said bytes.Buffer
			command.Stdout, command.Stderr = &said, &said
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- command.Wait() }()
			var alarm <-chan time.Time
			if partly < 3 {
				alarm = time.After(patience)
				patience += patience / 4
			}
			select {
			case err := <-ended:
				if err != nil {
					t.Fatalf("%v: %s", err, &said)
				}
				done = true
			case <-alarm:
				_ = command.Process.Kill()
				harness.Receive(t, "a killed import has ended", ended)
				kills++
				if n := len(exportProject(t, database, "moved")); n > 0 && n < len(file)*9/10 {
					partly++
				}
			}
		}
		if kills < 2 || partly < 1 {
			t.Errorf("%d kills, %d with a partial import: the test proves nothing", kills, partly)
		}
		got := exportProject(t, database, "moved")
		if !bytes.Equal(records(got), records(moved)) {
			t.Errorf("after %d kills the project differs: %d bytes, not %d", kills, len(got), len(moved))
		}
		// The control: the check detects a missing line and a duplicate line.
		lines := bytes.SplitAfter(got, []byte("\n"))
		for what, other := range map[string][][]byte{"lost": append(lines[:50:50], lines[51:]...), "twice": append(lines[:50:50], lines[49:]...)} {
			if bytes.Equal(records(bytes.Join(other, nil)), records(moved)) {
				t.Errorf("the check does not detect a line that is %s", what)
			}
		}
		expect(t, database, 0, "nothing new", "import", "--project=moved", path)
	})
}

// TestImportLosesTheDatabase kills PostgreSQL during an import, which fails. The next import continues.
func TestImportLosesTheDatabase(t *testing.T) {
	t.Parallel()
	path, file := exportVersions(t, 400)
	cluster, err := storetest.NewCluster()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Remove)
	database := cluster.URL.String()
	lost := 0
	for range 4 {
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			if code, out := run(t, database, "import", path); code != 0 {
				lost++
				if code != 1 || !strings.Contains(out, "placard: ") {
					t.Errorf("code %d: %s", code, out)
				}
			}
		}()
		time.Sleep(time.Duration(100+rand.IntN(500)) * time.Millisecond)
		if err := cluster.Kill(); err != nil {
			t.Error(err)
		}
		harness.Receive(t, "an import without a database has ended", ended)
		if err := cluster.Start(); err != nil {
			t.Fatal(err)
		}
	}
	if lost == 0 {
		t.Error("no import lost its database: the test proves nothing")
	}
	expect(t, database, 0, "imported project", "import", path)
	if got := exportProject(t, database, "default"); !bytes.Equal(got, file) {
		t.Errorf("the project differs: %d bytes, not %d", len(got), len(file))
	}
}

// TestImportIsInterrupted interrupts an import that waits for input. The next import continues.
func TestImportIsInterrupted(t *testing.T) {
	t.Parallel()
	path, file := exportVersions(t, 50)
	database := storetest.SQLite(t)
	command := program(t, "import", "-")
	command.Env = append(os.Environ(), "PLACARD_DATABASE_URL="+database)
	var said bytes.Buffer
	command.Stdout, command.Stderr = &said, &said
	in, err := command.StdinPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := in.Write(file[:len(file)*9/10]); err != nil {
		t.Fatal(err)
	}
	eventually(t, "something is written", func() bool { return len(exportProject(t, database, "default")) >= 1000 })
	if err := command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(); err == nil || command.ProcessState.ExitCode() != 1 || !strings.Contains(said.String(), "interrupted") {
		t.Errorf("%v: %s", err, &said)
	}
	expect(t, database, 0, "unchanged", "import", path)
	if got := exportProject(t, database, "default"); !bytes.Equal(got, file) {
		t.Error("the project has changed")
	}
}

// records returns the lines of a file between the first and the last.
func records(file []byte) []byte {
	_, rest, _ := bytes.Cut(file, []byte("\n"))
	return rest[:max(bytes.LastIndexByte(bytes.TrimRight(rest, "\n"), '\n'), 0)]
}

// TestTransferBesideServers exports from an SQLite file of a running server and imports into PostgreSQL during a
// running server. An import into an SQLite file of a running server is refused.
func TestTransferBesideServers(t *testing.T) {
	t.Parallel()
	path, loadedFile := exportVersions(t, 200)
	artifacts := bytes.Count(loadedFile, []byte(`{"record":"artifact",`))
	storetest.Each(t, func(t *testing.T, database string) {
		s := start(t, freeAddress(t), database)
		created := ask(s.addr, `mutation { createArtifactVersion(input: {artifact: "model"}) { artifactVersion { id } } }`, nil)
		if created.err != nil || created.code != "" {
			t.Fatal(created)
		}
		version := created.data["createArtifactVersion"].(map[string]any)["artifactVersion"].(map[string]any)["id"].(string)
		l := newLedger()
		writers := l.startWriters(t, []string{s.addr}, version, 2)
		eventually(t, "writes are acknowledged", func() bool { return l.writes() >= 20 })
		if engine.IsPostgres(database) {
			expect(t, database, 0, "created", "import", "--project=beside", path)
			expect(t, database, 0, "nothing new", "import", "--project=beside", path)
			if got := ask(s.addr, `{ artifacts(project: "beside") { totalCount } }`, nil); artifacts == 0 || fmt.Sprint(got.data) != fmt.Sprintf("map[artifacts:map[totalCount:%d]]", artifacts) {
				t.Errorf("the server got %+v", got)
			}
		} else {
			expect(t, database, 1, "another process is serving", "import", "--project=beside", path)
		}
		l.mu.Lock()
		before := map[string]int{}
		for value := range l.acked {
			before[value] = 1
		}
		l.mu.Unlock()
		snapshot := exportProject(t, database, "default")
		writers.stop(t)
		if bytes.Count(snapshot, []byte(`"key":"a"`)) != bytes.Count(snapshot, []byte(`"key":"b"`)) {
			t.Error("the export contains a part of a write")
		}
		exported := map[string]int{}
		for _, match := range regexp.MustCompile(`"value":"([^"]*)"`).FindAllSubmatch(snapshot, -1) {
			exported[string(match[1])]++
		}
		for value := range before {
			if exported[value] != 2 {
				t.Errorf("%s was acknowledged before the export, which lacks it", value)
			}
		}
		to := storetest.SQLite(t)
		file := filepath.Join(t.TempDir(), "snapshot.jsonl")
		if err := os.WriteFile(file, snapshot, 0o600); err != nil {
			t.Fatal(err)
		}
		expect(t, to, 0, "imported project", "import", file)
		if got := exportProject(t, to, "default"); !bytes.Equal(got, snapshot) {
			t.Error("the export during writes is incomplete")
		}
		if err := s.stop(t); err != nil {
			t.Error(err)
		}
	})
}

// TestTransferCodes checks the exit codes and messages of export and import.
func TestTransferCodes(t *testing.T) {
	t.Parallel()
	database, folder := storetest.SQLite(t), t.TempDir()
	file := filepath.Join(folder, "file")
	expect(t, database, 2, "there is no database file", "export", file)
	expect(t, storetest.EmptyPostgres(t), 3, "migrate up", "export", file)
	expect(t, database, 0, "are at version", "migrate", "up")
	expect(t, database, 1, `there is no project "nothing"`, "export", "--project=nothing", file)
	expect(t, database, 2, "expected", "export")
	expect(t, database, 2, "--project", "import", "--project= x", file)
	expect(t, database, 2, "--limit-value-bytes", "import", "--limit-value-bytes=0", file)
	expect(t, database, 1, "no such file", "import", file)
	expect(t, database, 0, "exported project", "export", file)
	expect(t, database, 1, "--force replaces it", "export", file)
	expect(t, database, 0, "exported project", "export", "--force", file)
	expect(t, database, 1, "is not a regular file", "export", "--force", folder)
	expect(t, database, 0, "nothing new", "import", file)
	if err := os.WriteFile(file, contents(t, file)[1:], 0o600); err != nil {
		t.Fatal(err)
	}
	expect(t, database, 1, "line 1: ", "import", file)
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	expect(t, database, 1, "only a part", "import", file)
}

// TestExportDocument runs the program of docs/reference/export-format.md on a file.
func TestExportDocument(t *testing.T) {
	t.Parallel()
	_, rest, _ := strings.Cut(documentPage(t, "reference/export-format.md"), "```python\n")
	program, _, _ := strings.Cut(rest, "```")
	path, file := exportVersions(t, 50)
	command := harness.Command(t, harness.Limit, "python3", "-c", program)
	command.Dir = filepath.Dir(path)
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	entries := bytes.Count(file, []byte(`{"record":"entry"`))
	if want := fmt.Sprintf("%d entries", entries); !strings.Contains(string(out), want) || entries < 1000 {
		t.Errorf("the program prints no %s:\n%.2000s", want, out)
	}
	// The control: the program detects a damaged file.
	if err := os.WriteFile(path, bytes.Replace(file, []byte(`"torch"`), []byte(`"other"`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	command = harness.Command(t, harness.Limit, "python3", "-c", program)
	command.Dir = filepath.Dir(path)
	if out, err := command.CombinedOutput(); err == nil {
		t.Errorf("the program accepts a damaged file: %s", out)
	}
}
