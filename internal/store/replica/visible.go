package replica

import (
	"context"
	"slices"
	"time"

	"github.com/placard/placard/internal/consistency"
)

const (
	// maxVisibleWait bounds the wait for commits that are flushed and not visible yet.
	maxVisibleWait = 50 * time.Millisecond
	visiblePause   = time.Millisecond
)

// awaitVisible waits until the primary shows what a caller with a token has seen. A commit is flushed, sent to replicas
// and shown by them before the primary shows it, by the time that its session takes to continue. So a caller of a
// replica that goes to the primary could read an older state.
func (s *Set) awaitVisible(ctx context.Context, token consistency.Token) {
	newest := s.history.newest()
	if token.IsZero() || !newest.IsSameLog(token) {
		return
	}
	if visible := s.visible.Load(); visible != nil && visible.Covers(token) {
		return
	}
	if p, err := s.shows.after(ctx); err == nil {
		s.visible.Store(&p.shown)
	}
}

// readVisible returns a position up to which the primary shows all commits. It reads the position that is flushed, and
// waits until the transactions have ended that were running after that: all commits up to the position are by these, or
// visible. Transactions that take longer than maxVisibleWait have most likely not committed before.
func (s *Set) readVisible(ctx context.Context) (positions, error) {
	begin := time.Now()
	token, err := readFlushed(ctx, s.Primary, s.system)
	if err != nil {
		return positions{}, err
	}
	running, err := readRunning(ctx, s.Primary)
	for err == nil && len(running) > 0 && time.Since(begin) < maxVisibleWait {
		time.Sleep(visiblePause)
		var now []string
		now, err = readRunning(ctx, s.Primary)
		running = slices.DeleteFunc(running, func(id string) bool { return !slices.Contains(now, id) })
	}
	return positions{token, token}, err
}
