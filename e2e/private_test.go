package e2e

import (
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/placard/placard/internal/harness"
)

// TestFilesArePrivate checks that only the owner can read the files of a new SQLite database, regardless of the umask.
// The mode of an existing file stays, and the log warns if others can read it. The control is another file, which has
// the mode of the umask.
func TestFilesArePrivate(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	database := filepath.Join(folder, "placard.db")
	serve := func() (*server, func()) {
		s := &server{addr: freeAddress(t)}
		log, err := os.Create(filepath.Join(t.TempDir(), "log"))
		if err != nil {
			t.Fatal(err)
		}
		s.Cmd = harness.Command(t, harness.Limit, "sh", "-c", `umask 000; : > "$1/control"; exec "$0" --database-url=sqlite:"$1/placard.db" --addr="$2"`,
			filepath.Join(programs, "placard"), folder, s.addr)
		s.Stderr = log
		if err := s.Start(); err != nil {
			t.Fatal(err)
		}
		waitForStatus(t, s.addr, "/readyz", http.StatusOK, "ok")
		return s, func() {
			if err := s.Process.Signal(os.Interrupt); err != nil {
				t.Error(err)
			}
			if err := s.Wait(); err != nil {
				t.Error(err)
			}
		}
	}
	mode := func(name string) fs.FileMode {
		info, err := os.Stat(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		return info.Mode().Perm()
	}
	s, stop := serve()
	if got := ask(s.addr, `mutation { createArtifactVersion(input: {artifact: "a"}) { deduplicated } }`, nil); got.code != "" || got.err != nil {
		t.Errorf("a write: %v %s", got.err, got.code)
	}
	for _, name := range []string{"placard.db", "placard.db-wal", "placard.db-shm", "placard.db.lock"} {
		if got := mode(name); got != 0o600 {
			t.Errorf("%s has the rights %o", name, got)
		}
	}
	if got := mode("control"); got != 0o666 {
		t.Errorf("the control has the rights %o", got)
	}
	stop()
	for _, c := range []struct {
		folder   fs.FileMode
		warnings int
	}{{0o700, 0}, {0o755, 1}} {
		for path, rights := range map[string]fs.FileMode{database: 0o644, folder: c.folder} {
			if err := os.Chmod(path, rights); err != nil {
				t.Fatal(err)
			}
		}
		s, stop := serve()
		stop()
		text, err := os.ReadFile(s.Stderr.(*os.File).Name())
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(string(text), "all users of this machine can read the database"); got != c.warnings || mode("placard.db") != 0o644 {
			t.Errorf("the folder has the rights %o: %d warnings, and the file has the rights %o", c.folder, got, mode("placard.db"))
		}
	}
}
