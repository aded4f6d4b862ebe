package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/placard/placard/models"
)

// compatibilityVersion is the first version of the tables with the table compatibility: see docs/adr/0029.
const compatibilityVersion = 7

// ProgramOutdatedError is the failure of a program that is older than the oldest one that the tables of a database
// allow.
type ProgramOutdatedError struct {
	// Stored is the version of the tables, Oldest that of the oldest program, and Program that of this program.
	Stored, Oldest, Program int64
}

func (e *ProgramOutdatedError) Error() string {
	return fmt.Sprintf("a newer program has written this database: its tables are at version %d and need a program of version %d or later; "+
		"this program has version %d: use the newer program, or restore a backup", e.Stored, e.Oldest, e.Program)
}

// readProgram returns the version of tables since compatibilityVersion and the version of the oldest program that may
// use them.
func readProgram(ctx context.Context, pool *sql.DB) (stored, oldest int64, err error) {
	err = pool.QueryRowContext(ctx, `SELECT oldest_program, (SELECT max(version_id) FROM goose_db_version WHERE is_applied)
		FROM compatibility`).Scan(&oldest, &stored)
	return stored, oldest, err
}

// checkProgram returns Outdated if the tables do not allow this program. They must have been migrated.
func checkProgram(ctx context.Context, pool *sql.DB) error {
	tables := Schema{Newest: TargetSchemaVersion()}
	var err error
	if tables.Stored, tables.Oldest, err = readProgram(ctx, pool); err != nil {
		return fmt.Errorf("read the oldest program that may use the tables: %w", stripDSN(err))
	}
	return tables.Newer()
}

// Newer returns Outdated if the tables do not allow this program.
func (t Schema) Newer() error {
	if t.Oldest > t.Newest {
		return &ProgramOutdatedError{Stored: t.Stored, Oldest: t.Oldest, Program: t.Newest}
	}
	return nil
}

// checkOutdated returns the failure of a statement that failed with cause if the tables do not allow this program, and
// nil otherwise. Statements that succeed are not checked: a migration leaves them right or makes them fail.
func (db *DB) checkOutdated(cause error) *models.Error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	var outdated *ProgramOutdatedError
	if !errors.As(db.backend.checkProgram(ctx), &outdated) {
		return nil
	}
	return outdatedProgramError(outdated, cause)
}

// outdatedProgramError returns a retryable failure: a newer server may answer the next request.
func outdatedProgramError(outdated *ProgramOutdatedError, cause error) *models.Error {
	return &models.Error{
		Code: models.CodeUnavailable, Message: "this server is older than the tables of the database; try again on a newer server", Retryable: true,
		Err: errors.Join(outdated, cause),
	}
}
