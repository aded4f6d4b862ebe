// Package backup copies SQLite databases, also while a server uses them, and puts copies back.
package backup

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/gofrs/flock"

	"github.com/placard/placard/internal/store"
)

// Copy is a copy of an SQLite database that was checked.
type Copy struct {
	// From and To are absolute paths.
	From, To string
	Bytes    int64
	// Tables is the version of its tables.
	Tables int64
}

// errEngine is a call about SQLite for another database.
var errEngine = errors.New("the database is not an SQLite file")

// Make copies an SQLite database to a file, as it is at one instant. A server may go on meanwhile: it is neither
// stopped nor slowed down beyond the reading, and no lock of it is taken. The copy is checked before it gets its name.
// It fails when the file is there, unless force is set. What takes long says to notes how far it is.
func Make(ctx context.Context, databaseURL, file string, force bool, notes io.Writer) (*Copy, error) {
	from, err := sqlitePath(databaseURL)
	if err != nil {
		return nil, err
	}
	to, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) {
		return nil, &store.Missing{Path: from}
	} else if err != nil {
		return nil, fmt.Errorf("the database: %w", err)
	}
	if to == from {
		return nil, errors.New("a backup needs a file of its own, beside the database")
	}
	if _, err := os.Stat(to + ".lock"); err == nil {
		lock := flock.New(to + ".lock")
		if held, err := lock.TryLock(); err != nil || !held {
			return nil, errors.Join(fmt.Errorf("%s is the database of another process", to), err)
		}
		defer func() { _ = lock.Unlock() }() // the end of the process unlocks, too
	}
	if err := free(to, force); err != nil {
		return nil, err
	}
	pool, err := connect(from)
	if err != nil {
		return nil, err
	}
	partial := to + ".partial"
	if err = discard(partial); err == nil {
		stop := watch(notes, partial, size(from))
		err = vacuumInto(ctx, pool, partial)
		stop()
	}
	if err = errors.Join(err, pool.Close()); err != nil {
		return nil, errors.Join(fmt.Errorf("copy the database: %w", err), discard(partial))
	}
	return settle(ctx, &Copy{From: from, To: to}, partial, force, notes)
}

// size is how many bytes a file has, 0 when it is not there.
func size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// vacuumInto makes the copy, which only its owner may read.
func vacuumInto(ctx context.Context, pool *sql.DB, path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // VACUUM INTO takes an empty file
	if err == nil {
		err = file.Close()
	}
	if err == nil {
		_, err = pool.ExecContext(ctx, "VACUUM INTO ?", path)
	}
	return err
}

// Restore puts a backup in the place of an SQLite database. The backup is checked first. It fails when a process uses
// the database, and when there is one, unless force is set. What was there is replaced; its owner stays the same.
func Restore(ctx context.Context, databaseURL, file string, force bool, notes io.Writer) (*Copy, error) {
	to, err := sqlitePath(databaseURL)
	if err != nil {
		return nil, err
	}
	from, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	if from == to {
		return nil, errors.New("the backup is the database itself")
	}
	if log, err := os.Stat(from + "-wal"); err == nil && log.Size() > 0 {
		return nil, fmt.Errorf("%s is half a database: the rest is in %s-wal; make a backup of it first", from, from)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the database: %w", err)
	}
	lock := flock.New(to + ".lock")
	if held, err := lock.TryLock(); err != nil || !held {
		return nil, errors.Join(fmt.Errorf("another process is serving %s: stop it first", to), err)
	}
	defer func() { _ = lock.Unlock() }() // the end of the process unlocks, too
	if err := free(to, force); err != nil {
		return nil, err
	}
	partial := to + ".partial"
	stop := watch(notes, partial, size(from))
	err = copyFile(ctx, from, partial)
	stop()
	if err == nil {
		err = giveTo(to, partial, to+".lock")
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("copy the backup: %w", err), discard(partial))
	}
	return settle(ctx, &Copy{From: from, To: to}, partial, force, notes)
}

// settle checks a copy and gives it its name. Whatever happens, there is either what was there before or the whole copy.
func settle(ctx context.Context, c *Copy, partial string, force bool, notes io.Writer) (*Copy, error) {
	stop := wait(notes, "checking the copy")
	var err error
	if c.Tables, err = checkCopy(ctx, partial); err == nil {
		err = syncFile(partial)
	}
	stop()
	if err == nil {
		err = free(c.To, force)
	}
	if err != nil {
		return nil, errors.Join(err, discard(partial))
	}
	info, err := os.Stat(partial)
	if err != nil {
		return nil, err
	}
	c.Bytes = info.Size()
	// The log of what was there does not belong to the copy.
	for _, name := range []string{c.To + "-wal", c.To + "-shm"} {
		if err := discard(name); err != nil {
			return nil, err
		}
	}
	if err := os.Rename(partial, c.To); err != nil {
		return nil, err
	}
	if runtime.GOOS == "windows" { // which has no such thing for folders
		return c, nil
	}
	return c, syncFile(filepath.Dir(c.To))
}

// checkCopy looks through a whole copy, and returns the version of its tables.
func checkCopy(ctx context.Context, path string) (version int64, err error) {
	pool, err := connect(path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, pool.Close(), discard(path+"-wal"), discard(path+"-shm")) }()
	var verdict string
	if err := pool.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&verdict); err != nil || verdict != "ok" {
		return 0, errors.Join(fmt.Errorf("the copy is damaged: %s", verdict), err)
	}
	tables, err := store.ReadTables(ctx, "sqlite:"+path)
	if err != nil {
		return 0, err
	}
	if tables.Stored == 0 {
		return 0, errors.New("the file is no database of Placard")
	}
	return tables.Stored, tables.Newer()
}

// free says whether a path may be written.
func free(path string, force bool) error {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) || err == nil && force {
		return nil
	} else if err != nil {
		return err
	}
	return fmt.Errorf("%s is there already: --force replaces it", path)
}

func sqlitePath(databaseURL string) (string, error) {
	path, ok := strings.CutPrefix(databaseURL, "sqlite:")
	if !ok || path == "" {
		return "", errEngine
	}
	return filepath.Abs(path)
}

// connect is a pool that cannot change the database file and takes no lock that a writer would wait for.
func connect(path string) (*sql.DB, error) {
	name := (&url.URL{Scheme: "file", Path: path, RawQuery: "mode=ro&_pragma=busy_timeout(10000)&_dqs=0"}).String()
	return sql.Open("sqlite", name)
}

func copyFile(ctx context.Context, from, to string) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }() // it was only read
	if err := discard(to); err != nil {
		return err
	}
	target, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // and never through a link that somebody has put there
	if err != nil {
		return err
	}
	for err == nil && ctx.Err() == nil {
		_, err = io.CopyN(target, source, copiedAtOnce)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	} else if err == nil {
		err = context.Cause(ctx)
	}
	return errors.Join(err, target.Close())
}

// copiedAtOnce is how many bytes are copied before somebody may end it.
const copiedAtOnce = 4 << 20

// syncFile waits until a file or the names in a folder are on the disk.
func syncFile(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// discard deletes a file that may not be there.
func discard(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
