//go:build unix

package backup

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
)

// TestRestoredByRoot checks that files restored by root get the owner of the replaced database, or of its directory if
// there is none.
func TestRestoredByRoot(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		storetest.Lacks(t, "root")
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	source := storetest.SQLite(t)
	s, err := store.Open(t.Context(), source, slog.New(slog.DiscardHandler))
	must(err)
	must(s.Close())
	file := filepath.Join(t.TempDir(), "copy")
	_, err = Make(t.Context(), source, file, false, io.Discard)
	must(err)
	const owner, other = 65532, 65531
	folder := t.TempDir()
	must(os.Chown(folder, owner, owner))
	path := filepath.Join(folder, "placard.db")
	for _, want := range []uint32{owner, other} {
		_, err = Restore(t.Context(), "sqlite:"+path, file, true, io.Discard)
		must(err)
		for _, name := range []string{path, path + ".lock"} {
			info, err := os.Stat(name)
			must(err)
			if got := info.Sys().(*syscall.Stat_t); got.Uid != want || got.Gid != want {
				t.Errorf("%s belongs to %d:%d, want %d", name, got.Uid, got.Gid, want)
			}
		}
		must(os.Chown(path, other, other)) // the owner of the database has priority over that of the directory
	}
}
