package engine

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxLogBytes is the size of the write-ahead log above which the checkpointer empties it.
	maxLogBytes = 64 << 20
	// maxHold is the longest time for which new reads wait for one try.
	maxHold = time.Second
	// maxPause is the longest time for which writes wait for one try, apart from the fsync that ends it.
	maxPause = 150 * time.Millisecond
	// shortCheckpoint is the maximum duration of a passive checkpoint that may be followed by a pause.
	shortCheckpoint = 50 * time.Millisecond
	// retryCheckpoint is the time between two tries.
	retryCheckpoint = 4 * time.Second
	// pollReads is the interval between two checks for running reads.
	pollReads = 2 * time.Millisecond
)

// errLogInUse is the error of a try that may succeed a moment later.
var errLogInUse = errors.New("the write-ahead log is in use")

// readGate delays new reads while it is held.
type readGate struct {
	mu sync.Mutex
	// released is closed when the hold ends; nil while the gate is open.
	released chan struct{}
}

// hold makes new reads wait until release is called.
func (g *readGate) hold() (release func()) {
	released := make(chan struct{})
	g.mu.Lock()
	g.released = released
	g.mu.Unlock()
	return func() {
		g.mu.Lock()
		g.released = nil
		g.mu.Unlock()
		close(released)
	}
}

// wait returns when the gate is open, or with the error of ctx.
func (g *readGate) wait(ctx context.Context) error {
	g.mu.Lock()
	released := g.released
	g.mu.Unlock()
	if released == nil {
		return nil
	}
	select {
	case <-released:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// checkpointer empties the write-ahead log when the log is longer than limit, and after an erasure. SQLite reuses a log
// from its start only at a moment without reads, and reads that overlap leave no such moment. See docs/adr/0027.
type checkpointer struct {
	gate  readGate
	limit int64
	// trying is held during a try.
	trying sync.Mutex
	// required is set if the log must be emptied although it is short.
	required atomic.Bool
	// retry is the time between two tries.
	retry time.Duration
	log   *slog.Logger
	// file is the path of the write-ahead log.
	file string
	// reads are the pools whose connections are in use as long as their reads run.
	reads []*sql.DB
	// conn runs the checkpoints. Its busy_timeout is 0, so a checkpoint waits for no lock.
	conn   *sql.DB
	writer *writer
	// wake holds a value when the log must be emptied.
	wake chan struct{}
	stop context.CancelFunc
	done chan struct{}
}

// start starts the goroutine of the checkpointer, which close ends.
func (c *checkpointer) start(w *writer) {
	ctx, cancel := context.WithCancel(context.Background())
	c.writer, c.stop, c.done = w, cancel, make(chan struct{})
	go c.run(ctx)
}

// close ends the goroutine. It must be called before the writer is closed.
func (c *checkpointer) close() {
	c.stop()
	<-c.done
}

// size returns the number of bytes of the write-ahead log, 0 without a log.
func (c *checkpointer) size() (int64, error) {
	info, err := os.Stat(c.file)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// observe wakes the checkpointer if the log must be emptied. The writer calls it after each commit.
func (c *checkpointer) observe() {
	if size, err := c.size(); err != nil || size <= c.limit && !c.required.Load() {
		return // without the file there is nothing to empty; ping reports a lost file
	}
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *checkpointer) run(ctx context.Context) {
	defer close(c.done)
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.wake:
		}
		if err := c.empty(ctx); err == nil || ctx.Err() != nil {
			continue
		} else if size, statErr := c.size(); statErr == nil {
			c.log.DebugContext(ctx, "write-ahead log not emptied", "bytes", size, "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(c.retry):
			c.observe()
		}
	}
}

// emptyNow empties the log, even a short one. If reads prevent it, the goroutine tries again.
func (c *checkpointer) emptyNow(ctx context.Context) {
	if err := c.empty(ctx); err != nil {
		c.required.Store(true)
		c.observe()
	}
}

// empty holds new reads for at most maxHold and truncates the log. It returns an error if reads, a transaction or
// another process use the log all the time.
func (c *checkpointer) empty(ctx context.Context) error {
	c.trying.Lock()
	defer c.trying.Unlock()
	ctx, cancel := context.WithTimeout(ctx, maxHold)
	defer cancel()
	defer c.gate.hold()()
	for {
		err := c.truncate(ctx)
		if err == nil {
			c.required.Store(false)
			return nil
		}
		if !poll(ctx) {
			return err
		}
	}
}

// truncate copies the log into the database and truncates it to 0 bytes, if nothing reads meanwhile.
func (c *checkpointer) truncate(ctx context.Context) error {
	if slices.ContainsFunc(c.reads, func(pool *sql.DB) bool { return pool.Stats().InUse > 0 }) {
		return errLogInUse
	}
	// Writes go on during a passive checkpoint. A short one leaves little work for the pause.
	begin := time.Now()
	if err := c.checkpoint(ctx, "PASSIVE"); err != nil {
		return err
	}
	if time.Since(begin) > shortCheckpoint {
		return errLogInUse
	}
	return c.writer.pause(ctx, func() error {
		ctx, cancel := context.WithTimeout(ctx, maxPause)
		defer cancel()
		return c.checkpoint(ctx, "TRUNCATE")
	})
}

// poll waits for pollReads, and reports whether ctx goes on.
func poll(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(pollReads):
		return true
	}
}

// checkpoint runs one checkpoint, which ends early with ctx.
func (c *checkpointer) checkpoint(ctx context.Context, mode string) error {
	var busy, pages, copied int64
	err := c.conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint("+mode+")").Scan(&busy, &pages, &copied)
	if err == nil && busy != 0 {
		err = errLogInUse
	}
	return err
}
