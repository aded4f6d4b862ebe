package backup

import (
	"bytes"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/placard/placard/internal/atomicfile"
	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/progress"
)

func TestMain(m *testing.M) { harness.Main(m) }

// TestReportProgress checks that a long copy writes its size every few seconds, and a short one nothing.
func TestReportProgress(t *testing.T) {
	t.Parallel()
	target, err := atomicfile.Create(filepath.Join(t.TempDir(), "copy"), false)
	if err == nil {
		err = target.Truncate(3 << 20)
	}
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		for duration, want := range map[time.Duration]string{
			progress.Interval - time.Second:   "",
			2*progress.Interval + time.Second: "copied 3 of about 7 MB\ncopied 3 of about 7 MB\n",
		} {
			var notes bytes.Buffer
			stop := reportProgress(&notes, target, 7<<20)
			time.Sleep(duration)
			stop()
			if notes.String() != want {
				t.Errorf("after %s: %q", duration, notes.String())
			}
		}
	})
	if err := target.Discard(); err != nil {
		t.Error(err)
	}
}
