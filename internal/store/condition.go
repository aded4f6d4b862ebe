package store

import "github.com/placard/placard/models"

// condition is a piece of SQL with its arguments.
type condition struct {
	sql  string
	args []any
}

// lookup is the rows of a table that have one of the IDs in a column, and for which a condition holds.
type lookup struct {
	table, alias, column string
	ids                  []models.ID
	// where uses the alias. It names the project, and no column that another index has after project_id.
	where condition
}

// column is the name and the kind of a column of rows.
type column struct {
	name string
	kind columnKind
}

type columnKind int

const (
	textColumn columnKind = iota
	numberColumn
	idColumn
)

// lookUpByID returns the end of a SELECT, from the items of FROM on, of the rows with certain IDs that the caller may reach.
// The project is compared after the lookup: PostgreSQL might use an index by project otherwise.
func (tx *transaction) lookUpByID(table, alias string, ids []models.ID) condition {
	return tx.dialect.lookUp(lookup{table, alias, "id", ids, always}).
		then(cond(" WHERE TRUE").reachedBy(tx.who, alias+"."+projectOfRow(table)))
}
