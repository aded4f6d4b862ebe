package search

import (
	"fmt"
	"slices"
	"strings"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// sortField is a field that objects are sorted by.
type sortField struct {
	column           string
	number, nullable bool
	// asOf is the value as of the instant that is its one argument, for a field that changes; empty for other fields.
	asOf string
}

// sortTerm is one thing to sort by. An object stands by its rank first and by its key within the rank: without a value
// before or after all others, with a value that has no order behind those that have one.
type sortTerm struct {
	// raw is the sort key or the field, null where there is none; it is column sN of the inner SELECT. join is what it needs.
	raw, join engine.Expr
	// key is the metadata key, where the index on values may be followed.
	key *models.MetadataKeyPath
	// metadata says that raw is a sort key, number that it is a number, ranked that there may be no value.
	metadata, number, ranked bool
	// missing is the rank of what has no value.
	missing    int
	descending bool
}

// The ranks of what is sorted.
const (
	rankMissingFirst = 0
	rankOrdered      = 1
	rankUnordered    = 2
	rankMissingLast  = 3
)

// sortTerm makes the nth term of an order.
func (c compiler) sortTerm(t *Table, term models.OrderTerm, n int) sortTerm {
	made := sortTerm{descending: term.Descending, missing: rankMissingLast}
	if term.MissingFirst {
		made.missing = rankMissingFirst
	}
	if term.Field != "" {
		f := t.orders[term.Field]
		made.raw, made.number, made.ranked = engine.NewExpr(f.column), f.number, f.nullable
		if f.asOf != "" && c.asOf != 0 {
			made.raw = engine.NewExpr(f.asOf, c.asOf)
		}
		return made
	}
	made.metadata, made.ranked = true, true
	m := fmt.Sprintf("m%d", n)
	same := fmt.Sprintf("%[1]s.project_id = %[2]s.project_id AND %[1]s.subject_id = %[3]s AND %[1]s.card = ? AND %[1]s.key = ?",
		m, t.alias, t.subject)
	made.join = engine.NewExpr(" LEFT JOIN metadata_latest "+m+" ON "+same, term.Metadata.Card, term.Metadata.Key)
	if c.asOf != 0 {
		made.join = engine.NewExpr(" LEFT JOIN metadata_entries "+m+" ON "+same+fmt.Sprintf(` AND %s.seq = (SELECT max(e.seq) FROM metadata_entries e
			WHERE e.project_id = %s.project_id AND e.subject_id = %s AND e.card = ? AND e.key = ? AND e.logged_at <= ?)`, m, t.alias, t.subject),
			term.Metadata.Card, term.Metadata.Key, term.Metadata.Card, term.Metadata.Key, c.asOf)
	}
	if len(term.Metadata.Path) == 0 {
		made.raw = engine.NewExpr(m + ".sort_key")
		if c.asOf == 0 {
			made.key = &term.Metadata
		}
		return made
	}
	reached := c.dialect.JSONPath("CASE WHEN "+m+".sort_key = '5' THEN "+m+".parts END", term.Metadata.Path)
	// A text without a value of its own sorts after all others, null is no value.
	key := c.dialect.CollateBinary("(SELECT CASE WHEN x.p = '0' THEN NULL WHEN x.p LIKE '[%' OR x.p LIKE '{%' THEN '" +
		models.SortKeyUnordered + "' ELSE substr(x.p, 2) END FROM (SELECT ? AS p) x)")
	made.raw = engine.NewExpr(key, reached)
	return made
}

// rankSQL is the rank of the object of a row q, by the nth term.
func (t sortTerm) rankSQL(n int) string {
	if !t.metadata {
		return fmt.Sprintf("CASE WHEN q.s%d IS NULL THEN %d ELSE %d END", n, t.missing, rankOrdered)
	}
	key := fmt.Sprintf("q.s%d", n)
	return fmt.Sprintf("CASE WHEN %[1]s IS NULL OR %[1]s >= '%[2]s' THEN %[3]d WHEN %[1]s >= '%[4]s' THEN %[5]d ELSE %[6]d END",
		key, models.SortKeyNull, t.missing, models.SortKeyUnordered, rankUnordered, rankOrdered)
}

// keySQL is the key of the object of a row q within its rank, by the nth term.
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

// sortSegment is a part of the list that is read by itself: the objects of one rank by the first term, or all of them.
type sortSegment struct {
	accessPath
	// rank is that of all its objects by the first term; -1 where they have several.
	rank int
	// indexed says that the index on values is followed, from the rows m0 of it, where piece holds for m.sort_key.
	indexed bool
	piece   engine.Expr
	// cut is the test that is cut into pieces, nil for none.
	cut *models.ValueTest
}

// segments are the parts of the list in their order. Along a metadata key the index on values is followed, and what is
// not in it comes in a part of its own, unless a condition on the key leaves it out. Where the key itself leaves the
// fewest objects, following its index looks at none but these, and at no more of them than the page needs.
func (r *searchQuery[T]) segments(b accessPath) []sortSegment {
	first := r.terms[0]
	isKey := first.key != nil && b.key != nil && b.key.Card == first.key.Card && b.key.Key == first.key.Key
	switch {
	case b.isSelective() && !isKey:
		return []sortSegment{{accessPath: b, rank: -1}}
	case first.key == nil:
		return []sortSegment{{rank: -1}}
	}
	segments := []sortSegment{{rank: rankUnordered, indexed: true, piece: engine.True}}
	ordered, missing := []engine.Expr{engine.True}, true
	var cut *models.ValueTest
	for _, part := range r.onFirstKey() {
		missing = missing && !excludesNull(part.Metadata)
		if cut == nil {
			ordered, cut = rangeConditions(part.Metadata)
		}
	}
	if missing {
		segments = append(segments, sortSegment{rank: first.missing})
	}
	if first.descending {
		slices.Reverse(ordered)
	}
	for _, piece := range ordered {
		segments = append(segments, sortSegment{rank: rankOrdered, indexed: true, piece: piece, cut: cut})
	}
	slices.SortStableFunc(segments, func(a, b sortSegment) int { return a.rank - b.rank })
	return segments
}

// onFirstKey are the parts of the filter that must hold and are about the metadata key that comes first in the order.
func (r *searchQuery[T]) onFirstKey() (found []*models.Filter) {
	for _, part := range conjuncts(r.question.Filter) {
		if p := part.Metadata; p != nil && p.Card == r.terms[0].key.Card && p.Key == r.terms[0].key.Key {
			found = append(found, part)
		}
	}
	return found
}

// excludesNull says that what fits has a value other than NULL.
func excludesNull(p *models.MetadataPredicate) bool {
	return len(p.Path) > 0 && requiresValue(p) || len(p.Path) == 0 && slices.ContainsFunc(p.Tests, func(test models.ValueTest) bool {
		isNull := func(key string) bool { return key >= models.SortKeyNull }
		return !test.Not && !test.Exists && !slices.ContainsFunc(test.In, isNull)
	})
}

// sortColumn is a column of the order.
type sortColumn struct {
	sql        string
	descending bool
}

// columns are what a segment is ordered by, and what a position in it consists of, which is the same for all segments.
func (r *searchQuery[T]) columns(s sortSegment) (order []sortColumn, position []string) {
	for n, term := range r.terms {
		rank, key := term.rankSQL(n), term.keySQL(n)
		if n == 0 && s.rank >= 0 {
			rank = fmt.Sprint(s.rank)
			if s.rank == rankOrdered {
				key = "q.s0"
				order = append(order, sortColumn{key, term.descending})
			} else {
				key = "''"
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

// positionInSegment is the part of a position that a segment is ordered by. inside says that the position lies in the segment,
// relation is otherwise whether the segment comes before (-1) or after (1) it.
func (r *searchQuery[T]) positionInSegment(s sortSegment, position []any) (values []any, relation int) {
	if s.rank < 0 {
		return position, 0
	}
	rank := int(position[0].(int64))
	switch {
	case rank != s.rank:
		return nil, s.rank - rank
	case rank == rankOrdered:
		return position[1:], 0
	}
	return position[2:], 0
}

// statement is the SELECT of the objects of a segment between two positions, nil for none; some is false where none of
// them can lie there.
func (r *searchQuery[T]) statement(s sortSegment, after, before []any, limit int) (query engine.Expr, some bool) {
	order, position := r.columns(s)
	where := []engine.Expr{}
	for _, bound := range []struct {
		position []any
		later    bool
	}{{after, true}, {before, false}} {
		if bound.position == nil {
			continue
		}
		values, relation := r.positionInSegment(s, bound.position)
		switch {
		case relation == 0:
			where = append(where, keysetCondition(order, values, bound.later))
		case (relation > 0) != bound.later:
			return engine.Expr{}, false
		}
	}
	by := make([]string, len(order))
	for i, column := range order {
		by[i] = column.sql
		if column.descending != r.page.Backward {
			by[i] += " DESC"
		}
	}
	columns := engine.Qualify("q", r.table.columns) + ", " + r.dialect.JSONArray(position) + " AS position"
	return r.dialect.SelectFirst(columns, engine.Wrap("(%s) q WHERE ", r.candidateSelect(s)).Concat(engine.All(where)), by, limit), true
}

// candidateSelect selects the objects of a segment with what they are sorted by, in no order.
func (r *searchQuery[T]) candidateSelect(s sortSegment) engine.Expr {
	alias := r.table.alias
	selected := []engine.Expr{engine.NewExpr(engine.Qualify(alias, r.table.columns))}
	from, here := r.from(s.accessPath, 2*s.size+100), r.projectCondition(s.accessPath)
	tie := alias + ".id AS tie"
	if order, ok := r.fieldOrder(); ok && s.ids != nil {
		from = r.dialect.SortFirst(from, alias, order)
	}
	joins, where := []engine.Expr{}, []engine.Expr{here, r.residualFilter(s.accessPath)}
	for n, term := range r.terms {
		selected = append(selected, engine.Wrap("%s"+fmt.Sprintf(" AS s%d", n), term.raw))
		if term.join.SQL != "" && (n > 0 || !s.indexed) {
			joins = append(joins, term.join)
		}
	}
	switch {
	case s.indexed:
		tie = "m0.object_id AS tie"
		from = engine.NewExpr("metadata_latest m0").Concat(r.joinByID("m0.object_id"))
		where = r.segmentConditions(s)
	case s.rank >= 0:
		where = append(where, engine.NewExpr("(m0.sort_key IS NULL OR m0.sort_key >= ?)", models.SortKeyNull))
	}
	selected = append(selected, engine.NewExpr(tie))
	whole := engine.NewExpr("SELECT ")
	add := func(parts []engine.Expr, separator string) {
		for i, part := range parts {
			if i > 0 {
				whole.SQL += separator
			}
			whole.SQL, whole.Args = whole.SQL+part.SQL, append(whole.Args, part.Args...)
		}
	}
	add(selected, ", ")
	whole.SQL += " FROM "
	add(append([]engine.Expr{from}, joins...), "")
	whole.SQL += " WHERE "
	add(where, " AND ")
	return whole
}

// from is the table, behind the IDs to begin with if there are any. most is how many these are at most; 0 if that is
// not known.
func (r *searchQuery[T]) from(b accessPath, most int) engine.Expr {
	if b.ids == nil {
		return engine.NewExpr(r.table.table)
	}
	distinct, limit := "", ""
	if len(b.ids) > 1 {
		distinct = "DISTINCT "
	}
	if most > 0 {
		limit = fmt.Sprintf(" LIMIT %d", most)
	}
	return engine.Wrap("(SELECT "+distinct+"id FROM (%s) e"+limit+") d", union(b.ids)).Concat(r.joinByID("d.id"))
}

// joinByID is the table in FROM, where each row of what stands before it leads to the one object with an ID.
func (r *searchQuery[T]) joinByID(id string) engine.Expr {
	return r.dialect.LateralJoin(r.table.table, r.table.alias, engine.NewExpr(r.table.alias+".project_id = ? AND "+r.table.alias+".id = "+id, r.project))
}

// projectCondition is what makes a row of the table one of the project, where it is not behind something.
func (r *searchQuery[T]) projectCondition(b accessPath) engine.Expr {
	if b.ids != nil {
		return engine.True
	}
	return engine.NewExpr(r.table.alias+".project_id = ?", r.project)
}

// fieldOrder is the order where it needs nothing but fields of the object that are always there.
func (r *searchQuery[T]) fieldOrder() (order string, ok bool) {
	by := make([]string, 0, len(r.terms)+1)
	for _, term := range append(r.terms[:len(r.terms):len(r.terms)], sortTerm{raw: engine.NewExpr(r.table.alias + ".id")}) {
		if term.ranked {
			return "", false
		}
		if term.descending != r.page.Backward {
			term.raw.SQL += " DESC"
		}
		by = append(by, term.raw.SQL)
	}
	return strings.Join(by, ", "), true
}

// segmentConditions are the rows m0 of the index on values that belong to the segment, with what the filter says about the same key,
// and what else the filter says.
func (r *searchQuery[T]) segmentConditions(s sortSegment) []engine.Expr {
	key := r.terms[0].key
	from, to := "", models.SortKeyUnordered
	if s.rank == rankUnordered {
		from, to = models.SortKeyUnordered, models.SortKeyNull
	}
	where := []engine.Expr{
		engine.NewExpr("m0.project_id = ? AND m0.about = ? AND m0.card = ? AND m0.key = ?", r.project, r.table.about, key.Card, key.Key),
		engine.NewExpr("m0.sort_key >= ? AND m0.sort_key < ?", from, to), ofFirst(s.piece),
	}
	var held []*models.Filter
	for _, part := range r.onFirstKey() {
		known, exact := r.indexConditions(part.Metadata, s.cut)
		if exact {
			held = append(held, part)
		}
		for _, is := range known {
			where = append(where, ofFirst(is))
		}
	}
	return append(where, r.where(held...))
}

// ofFirst is a condition on a row m as one on the row m0.
func ofFirst(is engine.Expr) engine.Expr {
	return engine.Expr{SQL: strings.ReplaceAll(is.SQL, "m.", "m0."), Args: is.Args}
}

// keysetCondition is the condition that a row comes after a position, or before it.
func keysetCondition(order []sortColumn, position []any, after bool) engine.Expr {
	ways := make([]engine.Expr, len(order))
	for i, column := range order {
		same := []engine.Expr{}
		for j := range i {
			same = append(same, engine.NewExpr(order[j].sql+" = ?", position[j]))
		}
		ways[i] = engine.All(append(same, engine.NewExpr(column.sql+comparisonOperator(column, after, "")+" ?", position[i])))
	}
	// The first column by itself, for the index.
	return engine.Any(ways).And(engine.NewExpr(order[0].sql+comparisonOperator(order[0], after, "=")+" ?", position[0]))
}

func comparisonOperator(column sortColumn, after bool, orEqual string) string {
	if after == column.descending {
		return " <" + orEqual
	}
	return " >" + orEqual
}
