package backup

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/placard/placard/internal/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// TestWatch: what is quick says nothing, and what takes long how far it is, until it is done.
func TestWatch(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "copy")
	if err := os.WriteFile(path, make([]byte, 3<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		for took, want := range map[time.Duration]string{
			between - time.Second:   "",
			2*between + time.Second: "copied 3 of about 7 MB\ncopied 3 of about 7 MB\nchecking for 3 s\nchecking for 6 s\n",
		} {
			var notes bytes.Buffer
			stop := watch(&notes, path, 7<<20)
			time.Sleep(took)
			stop()
			stop = wait(&notes, "checking")
			time.Sleep(took)
			stop()
			if notes.String() != want {
				t.Errorf("after %s: %q", took, notes.String())
			}
		}
	})
}
