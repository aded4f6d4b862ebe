package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"gorm.io/gorm"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/placard/placard/models"
)

// ErrReadOnly is in the chain of each failure of a database that can be read and not written.
var ErrReadOnly = errors.New("the database cannot be written")

// unwritableError is the failure to open an SQLite database that this process may not write.
type unwritableError struct {
	// Path is the absolute path of the database file.
	Path string
	// Cause is the error of the system, or that of SQLite where the system reports none.
	Cause error
}

func (e *unwritableError) Error() string {
	remedy := fmt.Sprintf("give the file and its folder to the user of this process (UID %d)", os.Geteuid())
	if errors.Is(e.Cause, syscall.EROFS) {
		remedy = "mount its file system read-write"
	}
	return fmt.Sprintf("the database file %s cannot be written: %v; %s, or set --database-url to another file", e.Path,
		e.Cause, remedy)
}

func (e *unwritableError) Unwrap() error { return e.Cause }

// MissingFileError is the failure of a call that needs an SQLite file and finds none. Such a call does not make one.
type MissingFileError struct {
	// Path is the absolute path of the file.
	Path string
}

func (e *MissingFileError) Error() string {
	return fmt.Sprintf("there is no database file %s: correct --database-url (PLACARD_DATABASE_URL), or run `placard migrate up` to make it", e.Path)
}

// checkFile returns a MissingFileError if url names an SQLite file that does not exist.
func checkFile(url string) error {
	path, ok := strings.CutPrefix(url, "sqlite:")
	if !ok || path == "" {
		return nil
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	return &MissingFileError{path}
}

// explainOpening returns err as Unwritable where the database at path could not be opened because it cannot be written.
func explainOpening(path string, err error) error {
	if isRefusal(err) {
		return &unwritableError{path, err}
	}
	if refused, cause := isWriteRefused(path, err); refused {
		return &unwritableError{path, cause}
	}
	return err
}

// isWriteRefused reports whether SQLite failed with err because the database at path cannot be written, and returns the
// cause. A full or broken disk is not such a failure.
func isWriteRefused(path string, err error) (bool, error) {
	var failed *sqlite.Error
	if !errors.As(err, &failed) {
		return false, nil
	}
	switch failed.Code() & 0xff {
	case sqlite3.SQLITE_READONLY:
		if cause := findRefusal(path); cause != nil {
			return true, fmt.Errorf("%w (%w)", cause, err)
		}
		return true, err
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PERM:
		// SQLite reports a file system that has become read-only as an I/O error.
		if cause := findRefusal(path); cause != nil {
			return true, fmt.Errorf("%w (%w)", cause, err)
		}
	}
	return false, nil
}

// findRefusal returns the error of the system for writing the files of the database at path or its folder, or nil. It
// does not open the files: closing one would drop the locks of SQLite on it.
func findRefusal(path string) error {
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		if err := checkWritable(name); isRefusal(err) {
			return err
		}
	}
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".try-*")
	if err == nil {
		err = errors.Join(file.Close(), os.Remove(file.Name()))
	}
	if isRefusal(err) {
		return err
	}
	return nil
}

// isRefusal reports whether the system failed with err because of rights or of a read-only file system.
func isRefusal(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)
}

// openForWriting opens the file at path for writing and closes it. It makes a missing file that only its owner can
// read; SQLite gives its log files the same rights. This process must have no connection open. SQLite would fall back
// to reading, and create log files that nobody can write either.
func openForWriting(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return file.Close()
}

// warnIfWorldReadable logs a warning where all users of the machine can read a file of the database at path. It changes
// no rights: an operator may have given them.
func warnIfWorldReadable(ctx context.Context, path string, log *slog.Logger) {
	folder, err := os.Stat(filepath.Dir(path))
	if err != nil || !isOpenToAll(folder) {
		return // nobody else reaches the files
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		if file, err := os.Stat(name); err == nil && isReadableByAll(file) {
			log.WarnContext(ctx, "all users of this machine can read the database: remove that right by chmod o-r", "file", name)
			return
		}
	}
}

// probeWrite writes to the database and takes it back.
func probeWrite(ctx context.Context, pool *sql.DB) (err error) {
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tx.Rollback()) }()
	var version int
	if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, rewriteVersion(version))
	return err
}

// rewrite commits a write that changes nothing.
func (d *sqliteDialect) rewrite(ctx context.Context) error {
	return d.write(ctx, func(tx *gorm.DB) error {
		var version int
		if err := tx.Raw("PRAGMA user_version").Scan(&version).Error; err != nil {
			return err
		}
		return tx.Exec(rewriteVersion(version)).Error
	})
}

// rewriteVersion returns a statement that writes the first page of the file as it is. The program does not use the
// number.
func rewriteVersion(version int) string { return fmt.Sprintf("PRAGMA user_version = %d", version) }

// checkWrites returns the failure of an SQLite database that refused a write and still does. A server without ready
// probes gets no writes, so this writes itself instead of waiting for one.
func (d *sqliteDialect) checkWrites(ctx context.Context) error {
	if !d.refused.Load() {
		return nil
	}
	if err := d.rewrite(ctx); errors.Is(err, ErrReadOnly) || ctx.Err() != nil {
		return err
	}
	d.refused.Store(false)
	return nil
}

// write runs fn in the next transaction of the writer, and records a refusal for checkWrites.
func (d *sqliteDialect) write(ctx context.Context, fn func(tx *gorm.DB) error) error {
	err := d.writer.write(ctx, fn)
	if refused, cause := isWriteRefused(d.path, err); refused {
		d.refused.Store(true)
		return &models.Error{Code: models.CodeUnavailable,
			Message: "the database cannot be written until an operator repairs it; reads go on",
			Err:     fmt.Errorf("%w: %w", ErrReadOnly, cause)}
	}
	return err
}
