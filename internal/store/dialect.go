package store

import (
	"time"

	"gorm.io/gorm"

	"github.com/placard/placard/models"
)

// dialect composes the SQL in which the engines differ.
type dialect interface {
	// now returns the present in microseconds since 1970, and at least floor, as an argument of a statement.
	now(floor int64) any
	// ago returns the present minus age, by the clock of the method now, as an argument of a statement.
	ago(age time.Duration) any
	// oneOf returns the condition that a column is one of the IDs.
	oneOf(column string, ids []models.ID) condition
	// below runs a SELECT once for each of the parents. sel receives the SQL of the ID of a parent.
	below(parents []models.ID, sel func(parent condition) condition) condition
	// rows returns the item t of FROM with a row for each object of a JSON array, which is its one argument.
	rows(columns ...column) string
	// behind returns the lateral join of a table: each row of the items before it, in their order, is joined with the rows
	// of the table for which a condition holds. The planner cannot change the order of the join.
	behind(table, alias string, on condition) condition
	// leftJoin is behind as a left join, which has nulls for a row without a match.
	leftJoin(table, alias string, on condition) condition
	// lookUp returns the item of FROM with the rows that a lookup finds. Each ID is looked up in an index by itself.
	lookUp(l lookup) condition
	// selectFirst returns the SELECT of the first rows of an item q of FROM in an order.
	selectFirst(columns string, from condition, order []string, limit int) condition
	// inOrder sorts the items of FROM, of which only one table matters, before the rest of the statement reads them. Then
	// the rest reads no more of them than a page needs. SQLite leaves the items as they are.
	inOrder(from condition, alias, order string) condition
	// by returns a table in FROM whose rows are read by an index. Without statistics SQLite would read all rows of a project.
	by(index, table, alias string) string
	// position returns the position of its one argument in a text, from 1 on, and 0 if the text does not contain it.
	position(text string) string
	// bytewise returns a text that is compared by its bytes.
	bytewise(text string) string
	// part returns the text at a path of a JSON text, which may be null: JSON for an array or an object, null for nothing.
	part(json string, path []string) condition
	// members returns the item of FROM, without a name, with the members of a JSON array as texts in the column value.
	members(array string) string
	// array returns the JSON array of values.
	array(values []string) string
	// distinct aggregates the different values of a group, separated by commas.
	distinct(value string) string
	// dated returns a text that sorts like seq: its 20 digits, followed by the ID in hexadecimal.
	dated(seq, id string) string
	// planEach returns a session of the transaction whose statements are planned for their arguments each time.
	planEach(tx *gorm.DB) *gorm.DB
	// hasOneWriter reports whether transactions run one after the other, so that no row needs a lock.
	hasOneWriter() bool
	// lockRow ends a SELECT that locks its rows.
	lockRow() string
	// lockBulk excludes other imports until the end of the transaction.
	lockBulk(tx *gorm.DB) error
}
