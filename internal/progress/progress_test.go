package progress_test

import (
	"bytes"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/progress"
)

func TestMain(m *testing.M) { harness.Main(m) }

// TestStart checks that short work writes nothing, and that long work writes a line per interval until stop.
func TestStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for duration, want := range map[time.Duration]string{
			progress.Interval - time.Second:   "",
			3*progress.Interval + time.Second: "checking for 3 s\nchecking for 9 s\n",
		} {
			var out bytes.Buffer
			stop := progress.Start(&out, func(elapsed time.Duration) string {
				if elapsed == 2*progress.Interval {
					return ""
				}
				return fmt.Sprintf("checking for %d s", int(elapsed.Seconds()))
			})
			time.Sleep(duration)
			stop()
			time.Sleep(progress.Interval)
			if out.String() != want {
				t.Errorf("after %s: %q, want %q", duration, out.String(), want)
			}
		}
	})
}
