package engine

import (
	"time"

	"gorm.io/gorm"

	"github.com/placard/placard/models"
)

// Dialect composes the SQL in which the engines differ.
type Dialect interface {
	// Now returns the present in microseconds since 1970, and at least floor, as an argument of a statement.
	Now(floor int64) any
	// NowMinus returns the present minus age, by the clock of the method now, as an argument of a statement.
	NowMinus(age time.Duration) any
	// IDIn returns the condition that a column is one of the IDs.
	IDIn(column string, ids []models.ID) Expr
	// TypedID is an ID in the columns of a SELECT over tables. Citus would not infer its type.
	TypedID(id models.ID) Expr
	// PerParent runs a SELECT once for each of the parents. sel receives the SQL of the ID of a parent.
	PerParent(parents []models.ID, sel func(parent Expr) Expr) Expr
	// JSONRows returns the item t of FROM with a row for each element of a slice, whose JSON is an object with a member
	// for each column. All rows are one argument.
	JSONRows(rows any, columns ...Column) Expr
	// LateralJoin returns the lateral join of a table: each row of the items before it, in their order, is joined with the
	// rows of the table for which a condition holds. The planner cannot change the order of the join.
	LateralJoin(table, alias string, on Expr) Expr
	// LeftLateralJoin is LateralJoin as a left join, which has nulls for a row without a match.
	LeftLateralJoin(table, alias string, on Expr) Expr
	// LockedJoin is LateralJoin, and locks the rows of the table. It leaves out rows that another transaction has locked.
	LockedJoin(table, alias string, on Expr) Expr
	// FindByID returns the end of a SELECT, from the items of FROM on, that finds the rows of a table by their IDs: those
	// of a project, or of all projects (nil). More conditions can follow. For all projects it has no join, so that it can
	// be sent to several nodes.
	FindByID(table, alias string, ids []models.ID, project *models.ID) Expr
	// LookUp returns the item of FROM with the rows that a lookup finds. Each ID is looked up in an index by itself.
	LookUp(l Lookup) Expr
	// SelectFirst returns the SELECT of the first rows of an item q of FROM in an order.
	SelectFirst(columns string, from Expr, order []string, limit int) Expr
	// SortFirst sorts the items of FROM before the rest of the statement reads them, so that the rest reads no more of
	// them than a page needs. The result has the columns of one table. SQLite leaves the items as they are.
	SortFirst(from Expr, alias string, order Expr) Expr
	// IndexedBy returns a table in FROM whose rows are read by an index. Without statistics SQLite would read all rows of
	// a project.
	IndexedBy(index, table, alias string) string
	// Strpos returns the position of its argument in a text, from 1 on, and 0 if the text does not contain it. The
	// arguments of the text are before it.
	Strpos(text string) string
	// CollateBinary returns a text that is compared by its bytes.
	CollateBinary(text string) string
	// JSONPath returns the text at a path of a JSON text, which may be null: JSON for an array or an object, null for
	// nothing.
	JSONPath(json string, path []string) Expr
	// JSONElements returns the item of FROM, without a name, with the members of a JSON array as texts in the column
	// value.
	JSONElements(array string) string
	// JSONArray returns the JSON array of values.
	JSONArray(values []string) string
	// AggDistinct aggregates the different values of a group, separated by commas.
	AggDistinct(value string) string
	// SeqAndID returns a text that sorts like seq: its 20 digits, followed by the ID in hexadecimal.
	SeqAndID(seq, id string) string
	// KeyGroups returns a SELECT that groups the rows m of metadata, items of FROM with conditions, by an owner, card, key
	// and kind: the columns owner, card, key, kind, size, the least and the greatest sort key for which a condition
	// holds, and the last SeqAndID. SQLite would sort all rows; it groups them in a function.
	KeyGroups(from Expr, owner string, ranged Expr) Expr
	// IsClustered reports whether metadata_latest is stored in the order of its primary key, so that rows are read faster
	// along this key than by another index.
	IsClustered() bool
	// CustomPlans returns a session of the transaction whose statements are planned for their arguments each time.
	CustomPlans(tx *gorm.DB) *gorm.DB
	// HasOneWriter reports whether transactions run one after the other, so that no row needs a lock.
	HasOneWriter() bool
	// ForUpdate ends a SELECT that locks its rows.
	ForUpdate() string
	// LockNumber excludes other transactions with the same number until the end of the transaction.
	LockNumber(tx *gorm.DB, number int64) error
}
