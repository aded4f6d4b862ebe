package engine

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/placard/placard/models"
)

func (d *postgresDialect) PerParent(parents []models.ID, sel func(parent Expr) Expr) Expr {
	each := SQL("SELECT page.* FROM unnest(CAST(? AS uuid[])) AS parent(id) CROSS JOIN LATERAL (", idArray(parents))
	return each.Concat(sel(SQL("parent.id"))).Concat(SQL(") AS page"))
}

// idArray returns IDs as the text of an array.
func idArray(ids []models.ID) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = id.String()
	}
	return "{" + strings.Join(texts, ",") + "}"
}

// LateralJoin makes the planner keep the order of the join by OFFSET 0.
func (d *postgresDialect) LateralJoin(table, alias string, on Expr) Expr {
	return lateral(table, alias, on, "")
}

func (d *postgresDialect) LockedJoin(table, alias string, on Expr) Expr {
	return lateral(table, alias, on, d.ForUpdate()+" SKIP LOCKED")
}

// lateral returns a lateral join whose rows end locks, if it is not empty.
func lateral(table, alias string, on Expr, lock string) Expr {
	return Expr{" CROSS JOIN LATERAL (SELECT * FROM " + table + " WHERE " + on.SQL + " OFFSET 0" + lock + ") " + alias,
		on.Args}
}

func (d *postgresDialect) LeftLateralJoin(table, alias string, on Expr) Expr {
	return Expr{" LEFT JOIN LATERAL (SELECT * FROM " + table + " WHERE " + on.SQL + " OFFSET 0) " + alias + " ON TRUE",
		on.Args}
}

// LookUp needs the join: for `column = ANY(…)` PostgreSQL may read all rows of the project, and without statistics it
// does.
func (d *postgresDialect) LookUp(l Lookup) Expr {
	wanted := "wanted_" + l.Alias
	each := SQL("unnest(CAST(? AS uuid[])) AS "+wanted+"("+wanted+")", idArray(compactIDs(l.IDs)))
	found := l.Where.And(SQL(l.Alias + "." + l.Column + " = " + wanted))
	if l.ForUpdate {
		return each.Concat(lateral(l.Table+" "+l.Alias, l.Alias, found, d.ForUpdate()))
	}
	return each.Concat(d.LateralJoin(l.Table+" "+l.Alias, l.Alias, found))
}

// FindByID adds a range, which the planner considers selective. Without statistics it would read all rows of the table,
// or of the project, because an index on the project has the same cost as that on the ID.
func (d *postgresDialect) FindByID(table, alias string, ids []models.ID, project *models.ID) Expr {
	sorted := compactIDs(ids)
	switch {
	case len(sorted) == 0:
		return Expr{table + " " + alias + " WHERE FALSE", nil}
	case project != nil:
		where := SQL(fmt.Sprintf("%[1]s.project_id = ? AND %[1]s.id >= wanted_%[1]s AND %[1]s.id <= wanted_%[1]s", alias), *project)
		return d.LookUp(Lookup{Table: table, Alias: alias, Column: "id", IDs: sorted, Where: where}).Concat(SQL(" WHERE TRUE"))
	}
	return Expr{fmt.Sprintf("%[1]s %[2]s WHERE %[2]s.id >= ? AND %[2]s.id <= ? AND %[2]s.id = ANY(CAST(? AS uuid[]))", table, alias),
		[]any{sorted[0], sorted[len(sorted)-1], idArray(sorted)}}
}

// compactIDs returns the different IDs in ascending order.
func compactIDs(ids []models.ID) []models.ID {
	sorted := slices.Clone(ids)
	slices.SortFunc(sorted, func(a, b models.ID) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(sorted)
}

// SelectFirst reads an index along the first column of the order, and sorts the rows that are equal in it, where the
// columns have different directions. Without statistics PostgreSQL would sort all rows of the project.
func (d *postgresDialect) SelectFirst(columns string, from Expr, order []string, limit int) Expr {
	mixed := len(order) > 1 && strings.HasSuffix(order[0], " DESC") != strings.HasSuffix(order[1], " DESC")
	if mixed && strings.HasPrefix(order[0], "q.") {
		from.SQL = fmt.Sprintf("(SELECT * FROM %s ORDER BY %s FETCH FIRST %d ROWS WITH TIES) q", from.SQL, order[0], limit)
	}
	return Expr{fmt.Sprintf("SELECT %s FROM %s ORDER BY %s LIMIT %d", columns, from.SQL, strings.Join(order, ", "), limit),
		from.Args}
}

func (d *postgresDialect) SortFirst(from Expr, alias string, order Expr) Expr {
	return SQL("(SELECT "+alias+".* FROM ? ORDER BY ? OFFSET 0) "+alias, from, order)
}
