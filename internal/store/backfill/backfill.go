// Package backfill has the migration in Go: it computes the sort keys of the values of programs without searches.
package backfill

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode"

	"github.com/pressly/goose/v3"

	"github.com/placard/placard/models"
)

// SearchVersion is the number of SearchMigration.
const SearchVersion = 3

// SearchMigration is a migration in Go: it runs statements, computes the sort keys of all values and creates their
// index.
func SearchMigration(log *slog.Logger, statements ...string) *goose.Migration {
	up := func(ctx context.Context, tx *sql.Tx) error {
		for _, table := range []string{"metadata_entries", "metadata_latest"} {
			if err := fillSortKeys(ctx, tx, table, log); err != nil {
				return fmt.Errorf("fill in the sort keys of %s: %w", table, err)
			}
		}
		return execAll(ctx, tx, append(statements,
			"CREATE INDEX metadata_latest_by_value ON metadata_latest (project_id, about, card, key, sort_key, object_id)"))
	}
	return goose.NewGoMigration(SearchVersion, &goose.GoFunc{RunTx: up}, nil)
}

func execAll(ctx context.Context, tx *sql.Tx, statements []string) error {
	for _, statement := range statements {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

const (
	// fillBatchSize is the number of rows in memory, and progressInterval the time between two log messages.
	fillBatchSize    = 1000
	progressInterval = 3 * time.Second
)

// fillSortKeys updates the rows in order of seq, which is unique in both tables.
func fillSortKeys(ctx context.Context, tx *sql.Tx, table string, log *slog.Logger) error {
	var rows int64
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM "+table).Scan(&rows); err != nil {
		return err
	}
	if err := execAll(ctx, tx, []string{"CREATE INDEX filling ON " + table + " (seq)"}); err != nil {
		return err
	}
	done, told := int64(0), time.Now()
	for last, n := int64(0), fillBatchSize; n == fillBatchSize; done += int64(n) {
		if time.Since(told) >= progressInterval {
			told = time.Now()
			log.InfoContext(ctx, "filling in sort keys", "table", table, "rows", done, "of", rows)
		}
		var err error
		if last, n, err = fillBatch(ctx, tx, table, last); err != nil {
			return err
		}
	}
	return execAll(ctx, tx, []string{"DROP INDEX filling"})
}

// fillBatch updates the rows after last, and returns the last one and their number.
func fillBatch(ctx context.Context, tx *sql.Tx, table string, last int64) (int64, int, error) {
	rows, err := tx.QueryContext(ctx, fmt.Sprintf(
		"SELECT seq, kind, value FROM %s WHERE seq > $1 AND NOT retracted ORDER BY seq LIMIT %d", table, fillBatchSize), last)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = rows.Close() }() // an error of the rows is that of rows.Err
	type row struct {
		seq  int64
		form models.SearchKeys
	}
	var some []row
	for rows.Next() {
		var kind models.MetadataKind
		var text string
		var r row
		if err := rows.Scan(&r.seq, &kind, &text); err != nil {
			return 0, 0, err
		}
		if r.form, err = models.DecodeSearchKeys(kind, text); err != nil {
			return 0, 0, fmt.Errorf("entry %d: %w", r.seq, err)
		}
		some = append(some, r)
	}
	if err := rows.Err(); err != nil {
		return 0, 0, err
	}
	for _, r := range some {
		last = r.seq
		if _, err := tx.ExecContext(ctx, "UPDATE "+table+" SET sort_key = $1, parts = $2 WHERE seq = $3",
			r.form.SortKey, sql.NullString{String: r.form.PathKeys, Valid: r.form.PathKeys != ""}, r.seq); err != nil {
			return 0, 0, err
		}
	}
	return last, len(some), nil
}

// FoldFunction returns models.Fold as a function of PostgreSQL, whose own case mapping depends on the locale of the
// database. It is fast for ASCII text.
func FoldFunction() string {
	var from, to strings.Builder
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if folded := models.FoldRune(r); folded != r {
			from.WriteRune(r)
			to.WriteRune(folded)
		}
	}
	return fmt.Sprintf(`CREATE OR REPLACE FUNCTION placard_fold(t text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $fold$
SELECT CASE WHEN octet_length(t) = length(t) THEN upper(t COLLATE "C") ELSE translate(t, '%s', '%s') COLLATE "C" END
$fold$`, from.String(), to.String())
}
