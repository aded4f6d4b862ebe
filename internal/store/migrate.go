package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"unicode"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/placard/placard/models"
)

//go:embed migrations
var migrations embed.FS

// migrateSQLite runs the migrations that are missing. The lock on the file keeps other processes away.
func migrateSQLite(ctx context.Context, pool *sql.DB, log *slog.Logger) error {
	return migrate(ctx, goose.DialectSQLite3, pool, "migrations/sqlite", log, goose.WithGoMigrations(searchMigration()))
}

// migratePostgres runs the migrations that are missing, under a lock that other processes wait for.
func migratePostgres(ctx context.Context, pool *sql.DB, log *slog.Logger) error {
	// A second between tries, for five minutes.
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return err
	}
	return migrate(ctx, goose.DialectPostgres, pool, "migrations/postgres", log, goose.WithSessionLocker(locker),
		goose.WithGoMigrations(searchMigration(foldFunction())))
}

func migrate(
	ctx context.Context, dialect goose.Dialect, pool *sql.DB, folder string, log *slog.Logger, options ...goose.ProviderOption,
) error {
	files, err := fs.Sub(migrations, folder)
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(dialect, pool, files, append(options, goose.WithDisableGlobalRegistry(true))...)
	if err != nil {
		return err
	}
	sources := provider.ListSources()
	newest := sources[len(sources)-1].Version
	done, err := provider.Up(ctx)
	for _, step := range done {
		log.InfoContext(ctx, "migrated the database", "version", step.Source.Version, "took", step.Duration)
	}
	if err != nil {
		return err
	}
	stored, err := provider.GetDBVersion(ctx)
	if err == nil && stored > newest {
		err = fmt.Errorf("a newer program has written this database: it is at version %d, this program knows %d; "+
			"use the newer program, or restore a backup", stored, newest)
	}
	return err
}

// searchMigration is migration 3: it fills in how values are found and sorted, which only Go knows to say, and then
// makes the index. statements come before the index.
func searchMigration(statements ...string) *goose.Migration {
	up := func(ctx context.Context, tx *sql.Tx) error {
		for _, table := range []string{"metadata_entries", "metadata_latest"} {
			if err := fillSortKeys(ctx, tx, table); err != nil {
				return fmt.Errorf("fill in the sort keys of %s: %w", table, err)
			}
		}
		return run(ctx, tx, append(statements,
			"CREATE INDEX metadata_latest_by_value ON metadata_latest (project_id, about, card, key, sort_key, object_id)"))
	}
	return goose.NewGoMigration(3, &goose.GoFunc{RunTx: up}, nil)
}

func run(ctx context.Context, tx *sql.Tx, statements []string) error {
	for _, statement := range statements {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// filledAtOnce is how many rows are held in memory.
const filledAtOnce = 1000

// fillSortKeys goes through the rows in order of seq, which is unique in both tables.
func fillSortKeys(ctx context.Context, tx *sql.Tx, table string) error {
	if err := run(ctx, tx, []string{"CREATE INDEX filling ON " + table + " (seq)"}); err != nil {
		return err
	}
	for last, n := int64(0), filledAtOnce; n == filledAtOnce; {
		var err error
		if last, n, err = fillSome(ctx, tx, table, last); err != nil {
			return err
		}
	}
	return run(ctx, tx, []string{"DROP INDEX filling"})
}

// fillSome fills in the rows that come after last, and returns the last of them and how many there were.
func fillSome(ctx context.Context, tx *sql.Tx, table string, last int64) (int64, int, error) {
	rows, err := tx.QueryContext(ctx, fmt.Sprintf(
		"SELECT seq, kind, value FROM %s WHERE seq > $1 AND NOT retracted ORDER BY seq LIMIT %d", table, filledAtOnce), last)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = rows.Close() }() // an error of the rows is that of rows.Err
	type row struct {
		seq  int64
		form models.SearchForm
	}
	var some []row
	for rows.Next() {
		var kind models.MetadataKind
		var text string
		var r row
		if err := rows.Scan(&r.seq, &kind, &text); err != nil {
			return 0, 0, err
		}
		if r.form, err = models.DecodeSearchForm(kind, text); err != nil {
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
			r.form.SortKey, textOrNull(r.form.Parts), r.seq); err != nil {
			return 0, 0, err
		}
	}
	return last, len(some), nil
}

// foldFunction makes models.Fold a function of PostgreSQL, whose own way to change case depends on how the database was
// made. Text without anything but ASCII, which is most, is quick.
func foldFunction() string {
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
