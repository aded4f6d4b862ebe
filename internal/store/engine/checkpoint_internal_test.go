package engine

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"math"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/models"
)

// openSQLiteStore opens a new database whose log is emptied above limit bytes.
func openSQLiteStore(t *testing.T, limit int64) *sqliteDialect {
	t.Helper()
	s, err := Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "placard.db"), slog.New(slog.DiscardHandler), true, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	d := s.backend.(*sqliteDialect)
	d.checkpoints.close()
	d.checkpoints.limit, d.checkpoints.retry = limit, time.Millisecond
	d.checkpoints.start(d.writer)
	return d
}

// write100 commits a transaction that writes 100 KiB, and returns the size of the log afterwards.
func (d *sqliteDialect) write100(t *testing.T) int64 {
	t.Helper()
	err := d.write(context.Background(), func(tx *gorm.DB) error {
		return tx.Exec("INSERT INTO audit_events (id, created_at, action, description, object_id) VALUES (?, 0, 'TEST', ?, ?)",
			models.NewID(), strings.Repeat("x", 100<<10), models.ID{}).Error
	})
	if err != nil {
		t.Fatal(err)
	}
	size, err := d.checkpoints.size()
	if err != nil {
		t.Fatal(err)
	}
	return size
}

// openRead starts a read, which lasts until its rows are closed.
func openRead(t *testing.T, db *gorm.DB) *sql.Rows {
	rows, err := db.WithContext(context.Background()).Raw("SELECT id FROM projects").Rows()
	if err != nil {
		t.Error(err)
		return nil
	}
	return rows
}

// commits counts transactions, and lets reads last for a number of them.
type commits struct {
	sync.Mutex
	changed *sync.Cond
	n       int
	stopped bool
}

func (c *commits) add(stopped bool) {
	c.Lock()
	defer c.Unlock()
	c.n, c.stopped = c.n+1, stopped
	c.changed.Broadcast()
}

// waitFor waits for n commits, and reports whether more will follow.
func (c *commits) waitFor(n int) bool {
	c.Lock()
	defer c.Unlock()
	for end := c.n + n; c.n < end && !c.stopped; {
		c.changed.Wait()
	}
	return !c.stopped
}

// TestEmptyLog checks that a short log is emptied at once, or after the end of a read that prevents it.
func TestEmptyLog(t *testing.T) {
	t.Parallel()
	d := openSQLiteStore(t, math.MaxInt64)
	size := func() int64 {
		bytes, err := d.checkpoints.size()
		if err != nil {
			t.Fatal(err)
		}
		return bytes
	}
	d.write100(t)
	if d.emptyLog(t.Context()); size() != 0 {
		t.Errorf("the log has %d bytes", size())
	}
	d.write100(t)
	rows := openRead(t, d.lane.reads.db)
	if d.emptyLog(t.Context()); size() == 0 {
		t.Error("control: the log was emptied during a read")
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	harness.Eventually(t, "the log is empty", func() bool { return size() == 0 })
}

// TestLogIsBounded writes 24 MiB during six reads that overlap, each of which lasts for several commits. Its control is
// the same without a limit, where the log has almost all of it.
func TestLogIsBounded(t *testing.T) {
	t.Parallel()
	longest := func(limit int64) (size int64) {
		d := openSQLiteStore(t, limit)
		c := &commits{}
		c.changed = sync.NewCond(c)
		var readers sync.WaitGroup
		for i := range 6 {
			readers.Go(func() {
				db := []*gorm.DB{d.lane.reads.db, d.lane.unbounded.customPlans}[i%2] // with and without prepared statements
				for more := true; more; {
					rows := openRead(t, db)
					if rows == nil {
						return
					}
					more = c.waitFor(5 + i)
					if err := rows.Close(); err != nil {
						t.Error(err)
					}
				}
			})
		}
		for n := range 240 {
			size = max(size, d.write100(t))
			c.add(n == 239)
		}
		harness.Wait(t, "the readers have stopped", &readers)
		return size
	}
	if size := longest(1 << 20); size > 8<<20 {
		t.Errorf("the log has up to %d bytes", size)
	}
	if size := longest(math.MaxInt64); size < 16<<20 {
		t.Errorf("control: without a limit the log has no more than %d bytes", size)
	}
}

// TestLogInUse holds the log with a read that needs another read, and then from outside, as an export does: reads and
// writes go on, and the log is emptied after both have ended.
func TestLogInUse(t *testing.T) {
	t.Parallel()
	d := openSQLiteStore(t, 1<<20)
	outer := openRead(t, d.lane.reads.db)
	for range 20 {
		d.write100(t)
	}
	inner := openRead(t, d.lane.unbounded.customPlans) // at most one hold later
	if outer == nil || inner == nil {
		t.Fatal("a read fails")
	}
	outside, err := OpenReadOnlyFile(d.path)
	if err != nil {
		t.Fatal(err)
	}
	export, err := outside.Query("SELECT id FROM projects")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(inner.Close(), outer.Close()); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if size := d.write100(t); size < 1<<20 {
			t.Fatalf("the log has %d bytes while another process reads it", size)
		}
	}
	if rows := openRead(t, d.lane.reads.db); rows == nil || rows.Close() != nil {
		t.Fatal("a read fails beside another process")
	}
	if err := errors.Join(export.Close(), outside.Close()); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(time.Minute)
	for size := int64(math.MaxInt64); size > 1<<20; size = d.write100(t) {
		if time.Now().After(deadline) {
			t.Fatalf("the log still has %d bytes", size)
		}
	}
}

// TestReadGate lets a read that waits for the gate end with its context, and the others when the hold ends.
func TestReadGate(t *testing.T) {
	t.Parallel()
	var gate readGate
	if err := gate.wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	release := gate.hold()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := gate.wait(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("a read passes the gate: %v", err)
	}
	passed := make(chan error)
	go func() { passed <- gate.wait(t.Context()) }()
	release()
	if err := harness.Receive(t, "the read passes the gate", passed); err != nil {
		t.Error(err)
	}
}

// TestPauseOfWriter: a pause that the writer cannot begin in time does not run, and none runs inside a transaction.
func TestPauseOfWriter(t *testing.T) {
	t.Parallel()
	d := openSQLiteStore(t, math.MaxInt64)
	begun, proceed, written := make(chan bool), make(chan bool), make(chan error)
	inside := false
	go func() {
		written <- d.write(context.Background(), func(*gorm.DB) error {
			inside = true
			begun <- true
			select {
			case <-proceed:
			case <-t.Context().Done():
			}
			inside = false
			return nil
		})
	}()
	harness.Receive(t, "the transaction has begun", begun)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.writer.pause(ended, func() error { t.Error("a pause that has ended runs"); return nil }); !errors.Is(err,
		context.Canceled) {
		t.Error(err)
	}
	paused := make(chan error)
	go func() {
		paused <- d.writer.pause(t.Context(), func() error {
			if inside {
				t.Error("a pause runs inside a transaction")
			}
			return nil
		})
	}()
	close(proceed)
	if err := errors.Join(harness.Receive(t, "the write has ended", written),
		harness.Receive(t, "the pause has ended", paused)); err != nil {
		t.Error(err)
	}
}
