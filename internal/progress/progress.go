// Package progress writes a line about long work every few seconds.
package progress

import (
	"io"
	"time"
)

// Interval is the time between two lines. Shorter work writes none.
const Interval = 3 * time.Second

// Start calls line every Interval in a goroutine and writes its result to out, with a line feed; an empty result writes
// nothing. elapsed is the time since Start. stop ends this and waits for a running call of line.
func Start(out io.Writer, line func(elapsed time.Duration) string) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	started, ticker := time.Now(), time.NewTicker(Interval)
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				if text := line(time.Since(started)); text != "" {
					_, _ = io.WriteString(out, text+"\n") // the work does not depend on a reader of its progress
				}
			}
		}
	}()
	return func() {
		ticker.Stop()
		close(done)
		<-ended
	}
}
