// Package backup copies SQLite databases, also while a server uses them, and restores the copies.
package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/placard/placard/internal/atomicfile"
	"github.com/placard/placard/internal/progress"
	"github.com/placard/placard/internal/store/engine"
)

// Copy is a checked copy of an SQLite database.
type Copy struct {
	// From and To are absolute paths.
	From, To string
	Bytes    int64
	// Tables is the version of the tables.
	Tables int64
}

// Make copies an SQLite database at one instant to a file, and checks the copy before the file gets its name. It takes
// no lock, so that servers go on. It fails if the file exists, unless force is set. It writes its progress to notes.
func Make(ctx context.Context, databaseURL, file string, force bool, notes io.Writer) (*Copy, error) {
	from, err := sqlitePath(databaseURL)
	if err != nil {
		return nil, err
	}
	to, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	source, err := os.Stat(from)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &engine.MissingFileError{Path: from}
	case err != nil:
		return nil, fmt.Errorf("the database: %w", err)
	case to == from:
		return nil, errors.New("the backup must be another file than the database")
	}
	if _, err := os.Stat(to + ".lock"); err == nil {
		lock, err := acquireLock(to)
		if err != nil {
			return nil, err
		}
		defer func() { _ = lock.Unlock() }() // the end of the process unlocks, too
	}
	target, err := atomicfile.Create(to, force)
	if err != nil {
		return nil, err
	}
	stop := reportProgress(notes, target, source.Size())
	err = vacuumInto(ctx, from, target.Name())
	stop()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("copy the database: %w", err), target.Discard())
	}
	return commit(ctx, &Copy{From: from, To: to}, target, notes)
}

// vacuumInto copies a database to an empty file.
func vacuumInto(ctx context.Context, from, to string) error {
	pool, err := engine.OpenReadOnlyFile(from)
	if err != nil {
		return err
	}
	_, err = pool.ExecContext(ctx, "VACUUM INTO ?", to)
	return errors.Join(err, pool.Close())
}

// Restore replaces an SQLite database by a checked copy of a backup, with the same owner. It fails if a process uses
// the database, and if the database exists, unless force is set. It writes its progress to notes.
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
		return nil, errors.New("the backup must be another file than the database")
	}
	if log, err := os.Stat(from + "-wal"); err == nil && log.Size() > 0 {
		return nil, fmt.Errorf("%[1]s lacks the commits in %[1]s-wal: run `placard backup` on it and restore the copy", from)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return nil, fmt.Errorf("create the directory of the database: %w", err)
	}
	lock, err := acquireLock(to)
	if err != nil {
		return nil, err
	}
	defer func() { _ = lock.Unlock() }() // the end of the process unlocks, too
	target, err := atomicfile.Create(to, force)
	if err != nil {
		return nil, err
	}
	if err = copyFile(ctx, from, target, notes); err == nil {
		err = chownLike(to, target.Name(), lock.Path())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("copy the backup: %w", err), target.Discard())
	}
	return commit(ctx, &Copy{From: from, To: to}, target, notes)
}

// acquireLock takes the lock that a server holds on its database.
func acquireLock(database string) (*flock.Flock, error) {
	lock := flock.New(database + ".lock")
	if held, err := lock.TryLock(); err != nil || !held {
		return nil, errors.Join(fmt.Errorf("another process is serving %s: stop it first", database), err)
	}
	return lock, nil
}

// copyFile copies the file at path to target.
func copyFile(ctx context.Context, path string, target *atomicfile.File, notes io.Writer) error {
	source, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }() // it was only read
	info, err := source.Stat()
	if err != nil {
		return err
	}
	defer reportProgress(notes, target, info.Size())()
	for err == nil {
		if err = context.Cause(ctx); err == nil {
			_, err = io.CopyN(target, source, 4<<20)
		}
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// commit checks a copy and gives it its name. The file of that name is replaced as a whole or not at all.
func commit(ctx context.Context, c *Copy, target *atomicfile.File, notes io.Writer) (*Copy, error) {
	stop := progress.Start(notes, func(elapsed time.Duration) string {
		return fmt.Sprintf("checking the copy for %d s", int(elapsed.Seconds()))
	})
	tables, err := checkCopy(ctx, target.Name())
	stop()
	var info fs.FileInfo
	if err == nil {
		info, err = target.Stat()
	}
	if err != nil {
		return nil, errors.Join(err, target.Discard())
	}
	c.Tables, c.Bytes = tables, info.Size()
	return c, target.Commit(c.To+"-wal", c.To+"-shm") // the write-ahead log of the replaced database
}

// reportProgress writes the growing size of a copy to notes until stop is called.
func reportProgress(notes io.Writer, target *atomicfile.File, total int64) (stop func()) {
	return progress.Start(notes, func(time.Duration) string {
		info, err := target.Stat()
		if err != nil || total == 0 {
			return ""
		}
		return fmt.Sprintf("copied %d of about %d MB", info.Size()>>20, total>>20)
	})
}

// checkCopy checks the integrity of a database and returns the version of its tables.
func checkCopy(ctx context.Context, path string) (version int64, err error) {
	pool, err := engine.OpenReadOnlyFile(path)
	if err != nil {
		return 0, err
	}
	defer func() {
		err = errors.Join(err, pool.Close(), atomicfile.Remove(path+"-wal"), atomicfile.Remove(path+"-shm"))
	}()
	var verdict string
	if err := pool.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&verdict); err != nil || verdict != "ok" {
		return 0, errors.Join(fmt.Errorf("the copy is damaged: %s", verdict), err)
	}
	tables, err := engine.ReadSchema(ctx, "sqlite:"+path)
	if err != nil {
		return 0, err
	}
	if tables.Stored == 0 {
		return 0, errors.New("the file is not a database of Placard")
	}
	return tables.Stored, tables.Newer()
}

func sqlitePath(databaseURL string) (string, error) {
	path, ok := strings.CutPrefix(databaseURL, "sqlite:")
	if !ok || path == "" {
		return "", errors.New("the database URL must be sqlite: and the path of a file")
	}
	return filepath.Abs(path)
}
