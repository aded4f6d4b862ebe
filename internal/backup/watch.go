package backup

import (
	"fmt"
	"io"
	"os"
	"time"
)

// between is the time between two lines about a copy that is being made; what takes less says nothing.
const between = 3 * time.Second

// watch says now and then how large the copy at path has become, until stop is called; total is how large it will be.
func watch(notes io.Writer, path string, total int64) (stop func()) {
	return every(between, func(time.Duration) {
		if info, err := os.Stat(path); err == nil && total > 0 {
			_, _ = fmt.Fprintf(notes, "copied %d of about %d MB\n", info.Size()>>20, total>>20) // nobody may read it
		}
	})
}

// wait says now and then for how long something has been done, until stop is called.
func wait(notes io.Writer, what string) (stop func()) {
	return every(between, func(took time.Duration) {
		_, _ = fmt.Fprintf(notes, "%s for %d s\n", what, int(took.Seconds()))
	})
}

// every calls say in the background until stop is called, which waits for it.
func every(interval time.Duration, say func(took time.Duration)) (stop func()) {
	end, ended := make(chan struct{}), make(chan struct{})
	begun, ticker := time.Now(), time.NewTicker(interval)
	go func() {
		defer close(ended)
		for {
			select {
			case <-end:
				return
			case <-ticker.C:
				say(time.Since(begun))
			}
		}
	}()
	return func() {
		ticker.Stop()
		close(end)
		<-ended
	}
}
