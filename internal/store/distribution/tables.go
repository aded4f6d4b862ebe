package distribution

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strings"
)

// placement is the way in which Citus stores a table.
type placement string

const (
	// local is the placement of a table of the coordinator.
	local placement = "local"
	// reference is the placement of a table with a copy on each node.
	reference placement = "reference"
	// distributed is the placement of a table whose rows are on the node of their project.
	distributed placement = "distributed"
)

// anchor is the table that all distributed tables are colocated with.
const anchor = "subjects"

// referenceTables are the tables that statements about several projects read and write.
var referenceTables = []string{"projects", "api_keys", "audit_events"}

// table is a table with rows of projects.
type table struct {
	// Name is the name without the schema, and Quoted the quoted name with it.
	Name, Quoted string
	Bytes        int64
	// Is is the present placement. It is empty for a table that was distributed in another way.
	Is placement
}

// wanted returns the placement of the table in the distributed form.
func (t table) wanted() placement {
	if slices.Contains(referenceTables, t.Name) {
		return reference
	}
	return distributed
}

// rank orders the tables: the anchor follows the reference tables and precedes the tables that are colocated with it.
func (t table) rank() int {
	switch {
	case t.wanted() == reference:
		return 0
	case t.Name == anchor:
		return 1
	}
	return 2
}

// querier is a pool, a connection or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// readTables returns the tables of the program, in the order in which they are distributed. A database without tables
// has none.
func readTables(ctx context.Context, db querier) ([]table, error) {
	rows, err := db.QueryContext(ctx, `SELECT c.relname, format('%I.%I', n.nspname, c.relname), pg_total_relation_size(c.oid),
		CASE WHEN p.logicalrelid IS NULL OR p.partmethod = 'n' AND p.repmodel <> 't' AND p.colocationid = 0 THEN 'local'
			WHEN p.partmethod = 'n' AND p.repmodel = 't' THEN 'reference'
			WHEN p.partmethod = 'h' AND column_to_column_name(p.logicalrelid, p.partkey) = 'project_id'
				AND p.colocationid = (SELECT a.colocationid FROM pg_dist_partition a
					WHERE a.logicalrelid = to_regclass(format('%I.%I', n.nspname, $1::text))) THEN 'distributed'
			ELSE '' END
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		JOIN pg_class home ON home.oid = to_regclass('goose_db_version') AND home.relnamespace = c.relnamespace
		LEFT JOIN pg_dist_partition p ON p.logicalrelid = c.oid
		WHERE c.relkind = 'r' AND (c.relname = 'projects' OR EXISTS (SELECT 1 FROM pg_attribute a
			WHERE a.attrelid = c.oid AND a.attname = 'project_id' AND NOT a.attisdropped))
		ORDER BY c.relname`, anchor)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // rows.Err returns its error
	var tables []table
	for rows.Next() {
		var t table
		if err := rows.Scan(&t.Name, &t.Quoted, &t.Bytes, &t.Is); err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	slices.SortStableFunc(tables, func(a, b table) int { return cmp.Compare(a.rank(), b.rank()) })
	return tables, rows.Err()
}

// readPending returns the tables that are not in their placement.
func readPending(ctx context.Context, db querier) ([]table, error) {
	tables, err := readTables(ctx, db)
	return slices.DeleteFunc(tables, func(t table) bool { return t.Is == t.wanted() }), err
}

// foreignKey is a foreign key of a table of the program.
type foreignKey struct{ Table, Name, Definition string }

// readForeignKeys returns the foreign keys of tables, and those of other tables that refer to them.
func readForeignKeys(ctx context.Context, db querier, tables []table) ([]foreignKey, error) {
	rows, err := db.QueryContext(ctx, `SELECT format('%I.%I', n.nspname, c.relname), quote_ident(k.conname), pg_get_constraintdef(k.oid)
		FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE k.contype = 'f' AND EXISTS (SELECT 1 FROM unnest(string_to_array($1, E'\n')) t(name)
			WHERE k.conrelid = to_regclass(t.name) OR k.confrelid = to_regclass(t.name))
		ORDER BY c.relname, k.conname`, strings.Join(quotedNames(tables), "\n"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // rows.Err returns its error
	var keys []foreignKey
	for rows.Next() {
		var key foreignKey
		if err := rows.Scan(&key.Table, &key.Name, &key.Definition); err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, rows.Err()
}

// names returns the names of tables without their schema.
func names(tables []table) []string {
	found := make([]string, len(tables))
	for i, t := range tables {
		found[i] = t.Name
	}
	return found
}

// quotedNames returns the quoted names of tables.
func quotedNames(tables []table) []string {
	quoted := make([]string, len(tables))
	for i, t := range tables {
		quoted[i] = t.Quoted
	}
	return quoted
}
