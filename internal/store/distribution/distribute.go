package distribution

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/placard/placard/internal/store/engine"
)

// Distribute distributes the tables of the PostgreSQL database at url that are not distributed yet, and returns their
// names. It fails with engine.SchemaOutdatedError for an outdated schema. It locks all tables until its end, and fails
// if it does not get the locks in time. report is called with the name of each step before it.
func Distribute(ctx context.Context, url string, report func(step string)) (distributed []string, err error) {
	schema, err := engine.ReadSchema(ctx, url) // it explains why a database cannot be used
	if err != nil {
		return nil, err
	}
	pool, err := openPool(url)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	if err := checkCluster(ctx, pool); err != nil {
		return nil, err
	}
	if len(schema.Pending) > 0 {
		return nil, &engine.SchemaOutdatedError{Stored: schema.Stored, Newest: schema.Newest}
	}
	if err := schema.Newer(); err != nil {
		return nil, err
	}
	pending, err := readPending(ctx, pool)
	if err != nil {
		return nil, err
	}
	if len(pending) == 0 {
		return nil, configure(ctx, pool) // a worker may be new
	}
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	d := distributor{tx, report}
	if pending, err = d.distribute(ctx); err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	report("committing on all nodes")
	if err := tx.Commit(); err != nil {
		return nil, err
	}
	for _, t := range pending {
		report("running ANALYZE on " + t.Name)
		if _, err := pool.ExecContext(ctx, "ANALYZE "+t.Quoted); err != nil {
			return nil, fmt.Errorf("the tables are distributed, but ANALYZE failed: %w", err)
		}
	}
	return names(pending), nil
}

// distributor distributes tables in one transaction.
type distributor struct {
	tx     *sql.Tx
	report func(step string)
}

// transactionSettings are the settings of the transaction. Citus moves all rows and changes foreign keys through one
// connection to each worker, and accepts the triggers of the tables, which refuse rows and write none. PostgreSQL ends
// the transaction soon after the process was killed. The database URL can have another lock_timeout.
const transactionSettings = `SET LOCAL citus.multi_shard_modify_mode = 'sequential';
SET LOCAL citus.enable_unsafe_triggers = on;
SET LOCAL idle_in_transaction_session_timeout = 0;
SET LOCAL statement_timeout = 0;
SET LOCAL client_connection_check_interval = '2s';
SET LOCAL client_min_messages = warning;
SELECT set_config('lock_timeout', '10s', true) WHERE current_setting('lock_timeout') = '0'`

func (d distributor) distribute(ctx context.Context) ([]table, error) {
	for _, statement := range strings.Split(transactionSettings, ";\n") {
		if _, err := d.tx.ExecContext(ctx, statement); err != nil {
			return nil, err
		}
	}
	pending, err := d.lock(ctx)
	if err != nil || len(pending) == 0 {
		return nil, err
	}
	for _, t := range pending {
		if t.Is != local {
			return nil, fmt.Errorf("the table %s is distributed in another way than Placard does it: run "+
				"SELECT undistribute_table('%s', cascade_via_foreign_keys => true), and then this command again", t.Name, t.Quoted)
		}
	}
	d.report("dropping the foreign keys")
	keys, err := readForeignKeys(ctx, d.tx, pending)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		if err := d.exec(ctx, "ALTER TABLE "+key.Table+" DROP CONSTRAINT "+key.Name); err != nil {
			return nil, err
		}
	}
	if err := d.move(ctx, pending); err != nil {
		return nil, err
	}
	for _, key := range keys {
		d.report("adding the foreign key " + key.Name)
		if err := d.exec(ctx, "ALTER TABLE "+key.Table+" ADD CONSTRAINT "+key.Name+" "+key.Definition); err != nil {
			return nil, err
		}
	}
	return pending, configure(ctx, d.tx)
}

// configure sets the settings of the database on all nodes.
func configure(ctx context.Context, db querier) error {
	var database string
	if err := db.QueryRowContext(ctx, "SELECT quote_ident(current_database())").Scan(&database); err != nil {
		return err
	}
	settings := Settings()
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		_, err := db.ExecContext(ctx, "ALTER DATABASE "+database+" SET "+name+" = '"+settings[name]+"'")
		if err != nil {
			return fmt.Errorf("set %s for the database: %w", name, err)
		}
	}
	return nil
}

// lock locks all tables of the program and returns the pending ones. The table of versions excludes migrations, and
// the table compatibility makes /readyz fail.
func (d distributor) lock(ctx context.Context) ([]table, error) {
	d.report("waiting for the locks of all tables")
	all, err := readTables(ctx, d.tx)
	if err != nil {
		return nil, err
	}
	locked := append([]string{"goose_db_version", "compatibility"}, quotedNames(all)...)
	if err := d.exec(ctx, "LOCK TABLE "+strings.Join(locked, ", ")+" IN ACCESS EXCLUSIVE MODE"); err != nil {
		if isLockFailure(err) {
			err = fmt.Errorf("other programs use the tables: stop the servers and run this command again: %w", err)
		}
		return nil, err
	}
	var stored int64
	err = d.tx.QueryRowContext(ctx, "SELECT max(version_id) FROM goose_db_version WHERE is_applied").Scan(&stored)
	if err != nil {
		return nil, err
	}
	if newest := engine.TargetSchemaVersion(); stored < newest {
		return nil, &engine.SchemaOutdatedError{Stored: stored, Newest: newest}
	}
	return readPending(ctx, d.tx)
}

// move brings tables to their placements and removes the rows that Citus leaves on the coordinator.
func (d distributor) move(ctx context.Context, tables []table) error {
	var done, total int64
	for _, t := range tables {
		total += t.Bytes
	}
	for i, t := range tables {
		d.report(fmt.Sprintf("distributing %s: table %d of %d, %d of %d MB are done", t.Name, i+1, len(tables), done>>20, total>>20))
		statement := "SELECT create_reference_table($1)"
		switch {
		case t.Name == anchor:
			statement = "SELECT create_distributed_table($1, 'project_id', colocate_with => 'none')"
		case t.wanted() == distributed:
			statement = "SELECT create_distributed_table($1, 'project_id', colocate_with => '" + anchor + "')"
		}
		if err := d.exec(ctx, statement, t.Quoted); err != nil {
			return fmt.Errorf("distribute the table %s: %w", t.Name, err)
		}
		if err := d.exec(ctx, "SELECT truncate_local_data_after_distributing_table($1)", t.Quoted); err != nil {
			return fmt.Errorf("remove the rows of the table %s from the coordinator: %w", t.Name, err)
		}
		done += t.Bytes
	}
	return nil
}

func (d distributor) exec(ctx context.Context, statement string, args ...any) error {
	_, err := d.tx.ExecContext(ctx, statement, args...)
	return err
}

// isLockFailure reports whether a statement did not get a lock in time, or was chosen to end a deadlock.
func isLockFailure(err error) bool {
	var failed interface{ SQLState() string }
	return errors.As(err, &failed) && (failed.SQLState() == "55P03" || failed.SQLState() == "40P01")
}
