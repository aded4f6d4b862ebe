package transfer

import (
	"fmt"
	"io"
	"time"
)

// between is the time between two lines of progress; work that takes less says nothing.
const between = 3 * time.Second

// progress says now and then how far something is.
type progress struct {
	out  io.Writer
	what string
	// total is how many bytes there are, 0 where nobody knows.
	total int64
	last  time.Time
	lines int64
}

func newProgress(out io.Writer, what string, total int64) *progress {
	return &progress{out: out, what: what, total: total, last: time.Now()}
}

// tell hears how many lines and bytes there were.
func (p *progress) tell(lines, bytes int64) {
	if lines < p.lines+100 { // the clock costs more than a line
		return
	}
	p.lines = lines
	now := time.Now()
	if now.Sub(p.last) < between {
		return
	}
	p.last = now
	if p.total > 0 {
		_, _ = fmt.Fprintf(p.out, "%s %d lines, %d %%\n", p.what, lines, 100*bytes/p.total) // nobody may read it
		return
	}
	_, _ = fmt.Fprintf(p.out, "%s %d lines, %d MB\n", p.what, lines, bytes>>20)
}
