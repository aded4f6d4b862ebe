package store

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/placard/placard/models"
)

func (d *postgresDialect) below(parents []models.ID, sel func(parent condition) condition) condition {
	each := cond("SELECT page.* FROM unnest(CAST(? AS uuid[])) AS parent(id) CROSS JOIN LATERAL (", idArray(parents))
	return each.then(sel(cond("parent.id"))).then(cond(") AS page"))
}

// idArray returns IDs as the text of an array.
func idArray(ids []models.ID) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = id.String()
	}
	return "{" + strings.Join(texts, ",") + "}"
}

// behind makes the planner keep the order of the join by OFFSET 0.
func (d *postgresDialect) behind(table, alias string, on condition) condition {
	return lateral(table, alias, on, "")
}

// lateral returns a lateral join whose rows end locks, if it is not empty.
func lateral(table, alias string, on condition, lock string) condition {
	return condition{" CROSS JOIN LATERAL (SELECT * FROM " + table + " WHERE " + on.sql + " OFFSET 0" + lock + ") " + alias, on.args}
}

func (d *postgresDialect) leftJoin(table, alias string, on condition) condition {
	return condition{" LEFT JOIN LATERAL (SELECT * FROM " + table + " WHERE " + on.sql + " OFFSET 0) " + alias + " ON TRUE", on.args}
}

// lookUp needs the join: for `column = ANY(…)` PostgreSQL may read all rows of the project, and without statistics it does.
func (d *postgresDialect) lookUp(l lookup) condition {
	wanted := "wanted_" + l.alias
	each := cond("unnest(CAST(? AS uuid[])) AS "+wanted+"("+wanted+")", idArray(compactIDs(l.ids)))
	found := l.where.and(cond(l.alias + "." + l.column + " = " + wanted))
	if l.lock {
		return each.then(lateral(l.table+" "+l.alias, l.alias, found, d.lockRow()))
	}
	return each.then(d.behind(l.table+" "+l.alias, l.alias, found))
}

// compactIDs returns the different IDs in ascending order.
func compactIDs(ids []models.ID) []models.ID {
	sorted := slices.Clone(ids)
	slices.SortFunc(sorted, func(a, b models.ID) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(sorted)
}

// selectFirst reads an index along the first column of the order, and sorts the rows that are equal in it, where the columns have
// different directions. Without statistics PostgreSQL would sort all rows of the project.
func (d *postgresDialect) selectFirst(columns string, from condition, order []string, limit int) condition {
	mixed := len(order) > 1 && strings.HasSuffix(order[0], " DESC") != strings.HasSuffix(order[1], " DESC")
	if mixed && strings.HasPrefix(order[0], "q.") {
		from.sql = fmt.Sprintf("(SELECT * FROM %s ORDER BY %s FETCH FIRST %d ROWS WITH TIES) q", from.sql, order[0], limit)
	}
	return condition{fmt.Sprintf("SELECT %s FROM %s ORDER BY %s LIMIT %d", columns, from.sql, strings.Join(order, ", "), limit), from.args}
}

func (d *postgresDialect) inOrder(from condition, alias, order string) condition {
	return condition{"(SELECT " + alias + ".* FROM " + from.sql + " ORDER BY " + order + " OFFSET 0) " + alias, from.args}
}
