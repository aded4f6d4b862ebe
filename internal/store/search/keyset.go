package search

import (
	"fmt"
	"slices"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/versions"
	"github.com/placard/placard/models"
)

// sortField is a field that objects are sorted by.
type sortField struct {
	// column is the SQL of the value. Its arguments are the project.
	column           string
	number, nullable bool
	// asOf is the SQL of the value as of an instant, its last argument after the project; empty for a field that does not
	// change.
	asOf string
	// lastLogged is set for the time of the last entry, which the index of subjects contains.
	lastLogged bool
}

// sortTerm is a term of an order. It sorts objects by their rank, and by their key within a rank: objects without a
// value come before or after all others, those with a value that has no order after those with an ordered one.
type sortTerm struct {
	// value is the sort key or the field, null for none; it is column sN of the candidate SELECT. join is the join that it
	// needs.
	value, join engine.Expr
	// key is a metadata key whose index can be walked, nil for other terms.
	key *models.MetadataKeyPath
	// lastLogged is set if the index of subjects by the time of their last entry can be walked.
	lastLogged bool
	// metadata is set if value is a sort key, number if it is a number, ranked if it may be null.
	metadata, number, ranked bool
	// missing is the rank of objects without a value.
	missing    int
	descending bool
}

// The ranks of objects.
const (
	rankMissingFirst = 0
	rankOrdered      = 1
	rankUnordered    = 2
	rankMissingLast  = 3
)

// sortTerm compiles the nth term of an order.
func (c compiler) sortTerm(t *Table, term models.OrderTerm, n int) sortTerm {
	compiled := sortTerm{descending: term.Descending, missing: rankMissingLast}
	if term.MissingFirst {
		compiled.missing = rankMissingFirst
	}
	if term.Field != "" {
		f := t.orders[term.Field]
		compiled.value, compiled.number, compiled.ranked = c.value(f.column), f.number, f.nullable
		compiled.lastLogged = f.lastLogged && c.asOf == 0
		if f.asOf != "" && c.asOf != 0 {
			compiled.value = c.value(f.asOf, c.asOf)
		}
		return compiled
	}
	key, m := term.Metadata, fmt.Sprintf("m%d", n)
	compiled.metadata, compiled.ranked = true, true
	same := fmt.Sprintf("%[1]s.project_id = ? AND %[1]s.subject_id = %[2]s AND %[1]s.card = ? AND %[1]s.key = ?", m, t.subject)
	compiled.join = engine.SQL(" LEFT JOIN metadata_latest "+m+" ON "+same, c.project, key.Card, key.Key)
	if c.asOf != 0 {
		compiled.join = engine.SQL(" LEFT JOIN metadata_entries "+m+" ON "+
			same+fmt.Sprintf(` AND %s.seq = (SELECT max(e.seq) FROM metadata_entries e
			WHERE e.project_id = ? AND e.subject_id = %s AND e.card = ? AND e.key = ? AND e.logged_at <= ?)`, m, t.subject),
			c.project, key.Card, key.Key, c.project, key.Card, key.Key, c.asOf)
	}
	switch {
	case len(key.Path) > 0:
		// At a path, null has no sort key, and arrays and objects have no order.
		value := c.dialect.JSONPath("CASE WHEN "+m+".sort_key = '5' THEN "+m+".parts END", key.Path)
		compiled.value = engine.SQL(c.dialect.CollateBinary("(SELECT CASE WHEN x.p = '0' THEN NULL WHEN x.p LIKE '[%' OR x.p LIKE '{%' THEN '"+
			models.SortKeyUnordered+"' ELSE substr(x.p, 2) END FROM (SELECT ? AS p) x)"), value)
	case c.asOf == 0:
		compiled.key = &key
		fallthrough
	default:
		compiled.value = engine.SQL(m + ".sort_key")
	}
	return compiled
}

// rankSQL returns the rank of the object of a row q in the nth term.
func (t sortTerm) rankSQL(n int) string {
	if !t.metadata {
		return fmt.Sprintf("CASE WHEN q.s%d IS NULL THEN %d ELSE %d END", n, t.missing, rankOrdered)
	}
	key := fmt.Sprintf("q.s%d", n)
	return fmt.Sprintf("CASE WHEN %[1]s IS NULL OR %[1]s >= '%[2]s' THEN %[3]d WHEN %[1]s >= '%[4]s' THEN %[5]d ELSE %[6]d END",
		key, models.SortKeyNull, t.missing, models.SortKeyUnordered, rankUnordered, rankOrdered)
}

// keySQL returns the key of the object of a row q within its rank in the nth term.
func (t sortTerm) keySQL(n int) string {
	switch {
	case t.metadata:
		return fmt.Sprintf("CASE WHEN q.s%[1]d < '%[2]s' THEN q.s%[1]d ELSE '' END", n, models.SortKeyUnordered)
	case t.ranked && t.number:
		return fmt.Sprintf("COALESCE(q.s%d, 0)", n)
	case t.ranked:
		return fmt.Sprintf("COALESCE(q.s%d, '')", n)
	}
	return fmt.Sprintf("q.s%d", n)
}

// sortColumn is a column of an ORDER BY.
type sortColumn struct {
	sql        string
	descending bool
}

// orderBy returns the column for a list in its order, or backward.
func (c sortColumn) orderBy(backward bool) string {
	if c.descending != backward {
		return c.sql + " DESC"
	}
	return c.sql
}

// operator returns the comparison of the column with a position for the rows after the position, or before it.
func (c sortColumn) operator(after bool) string {
	if after == c.descending {
		return " <"
	}
	return " >"
}

// columns returns the columns by which a segment is sorted, and the values of a position, which are the same for all
// segments.
func (s *searcher[T]) columns(segment sortSegment) (order []sortColumn, position []string) {
	for n, term := range s.terms {
		rank, key := term.rankSQL(n), term.keySQL(n)
		if n == 0 && segment.rank != anyRank {
			rank = fmt.Sprint(segment.rank)
			if segment.rank == rankOrdered {
				key = "q.s0"
				order = append(order, sortColumn{key, term.descending})
			} else if key = "''"; term.number {
				key = "0"
			}
			position = append(position, rank, key)
			continue
		}
		if term.ranked {
			order = append(order, sortColumn{rank, false})
			position = append(position, rank)
		}
		order = append(order, sortColumn{key, term.descending})
		position = append(position, key)
	}
	return append(order, sortColumn{"q.tie", false}), position
}

// positionInSegment returns the values of a position for the columns by which a segment is sorted. If the position is
// in another segment, order is -1 for an earlier segment and 1 for a later one than this.
func (s *searcher[T]) positionInSegment(segment sortSegment, position []any) (values []any, order int) {
	if segment.rank == anyRank {
		return position, 0
	}
	rank := int(position[0].(int64))
	switch {
	case rank < segment.rank:
		return nil, -1
	case rank > segment.rank:
		return nil, 1
	case rank == rankOrdered:
		return position[1:], 0
	}
	return position[2:], 0
}

// selectSegment returns the SELECT of the objects of a segment between two positions, nil for no bound. ok is false if
// no object of the segment can be between them.
func (s *searcher[T]) selectSegment(segment sortSegment, after, before []any, limit int) (query engine.Expr, ok bool) {
	order, position := s.columns(segment)
	bounds := []engine.Expr{}
	for _, bound := range []struct {
		position []any
		after    bool
	}{{after, true}, {before, false}} {
		if bound.position == nil {
			continue
		}
		values, relation := s.positionInSegment(segment, bound.position)
		switch {
		case relation == 0:
			bounds = append(bounds, keysetCondition(order, values, bound.after))
		case (relation < 0) != bound.after:
			return engine.Expr{}, false
		}
	}
	orderBy := make([]string, len(order))
	for i, column := range order {
		orderBy[i] = column.orderBy(s.query.Page.Backward)
	}
	columns := engine.Qualify("q", s.table.columns) + ", " + s.dialect.JSONArray(position) + " AS position"
	from := engine.SQL("(?) q WHERE ?", s.candidateSelect(segment), engine.All(bounds))
	query = s.dialect.SelectFirst(columns, from, orderBy, limit)
	if s.table.revised { // outside, so that the revisions are read for the page only; both engines keep its order
		query = engine.SQL("SELECT page.*, ? AS revision FROM (?) page", versions.Revision("page", s.project), query)
	}
	return query, true
}

// keysetCondition returns the condition that a row is after a position, or before it.
func keysetCondition(order []sortColumn, position []any, after bool) engine.Expr {
	alternatives := make([]engine.Expr, len(order))
	var equal []engine.Expr
	for i, column := range order {
		beyond := engine.SQL(column.sql+column.operator(after)+" ?", position[i])
		alternatives[i] = engine.All(append(slices.Clone(equal), beyond))
		equal = append(equal, engine.SQL(column.sql+" = ?", position[i]))
	}
	// The first column alone is a bound for the index.
	return engine.Any(alternatives).And(engine.SQL(order[0].sql+order[0].operator(after)+"= ?", position[0]))
}
