package search

import (
	"fmt"
	"slices"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// sortSegment is a part of the list that is read by a statement of its own: the objects with one rank in the first term
// of the order, or all objects.
type sortSegment struct {
	accessPath
	// rank is the rank of all its objects in the first term, anyRank if they have several.
	rank int
	// indexed is set if the index on values is walked, from its rows m0, in a range of sort keys.
	indexed  bool
	keyRange engine.Expr
	// subjects is set if the index of subjects by the time of their last entry is walked, from its rows m0.
	subjects bool
	// matches are the predicates on the key of the first term.
	matches []keyMatch
}

// anyRank is the rank of a segment whose objects have several.
const anyRank = -1

// keyMatch is a predicate on the key of the first term with its match in the index.
type keyMatch struct {
	filter *models.Filter
	match  indexMatch
}

// segments returns the segments of the list in their order. A selective access path is one segment, and so is an order
// by fields. An order by a metadata key walks the index on values: if the key itself is the most selective condition,
// too, because the index then reads only matching objects, and no more of them than the page needs.
func (s *searcher[T]) segments(p accessPath) []sortSegment {
	first := s.terms[0]
	ofFirstKey := first.key != nil && p.key != nil && p.key.Card == first.key.Card && p.key.Key == first.key.Key
	switch {
	case p.isSelective() && !ofFirstKey:
		return []sortSegment{{accessPath: p, rank: anyRank}}
	case first.lastLogged:
		return s.lastLoggedSegments()
	case first.key == nil:
		return []sortSegment{{rank: anyRank}}
	}
	matches, _, withMissing := s.matchFirstKey(false)
	segments := []sortSegment{{rank: rankUnordered, indexed: true, keyRange: engine.True, matches: matches}}
	matches, ranges, _ := s.matchFirstKey(true)
	if withMissing {
		segments = append(segments, sortSegment{rank: first.missing})
	}
	if first.descending {
		slices.Reverse(ranges)
	}
	for _, keyRange := range ranges {
		segments = append(segments, sortSegment{rank: rankOrdered, indexed: true, keyRange: keyRange, matches: matches})
	}
	slices.SortStableFunc(segments, func(a, b sortSegment) int { return a.rank - b.rank })
	return segments
}

// lastLoggedSegments returns the segments of an order by the time of the last entry. The conditions on it that all
// results pass bound the walk of its index.
func (s *searcher[T]) lastLoggedSegments() []sortSegment {
	missing := sortSegment{rank: s.terms[0].missing, subjects: true, keyRange: engine.SQL("m0.last_logged_at = 0")}
	ordered := sortSegment{rank: rankOrdered, subjects: true, keyRange: engine.SQL("m0.last_logged_at > 0")}
	segments := []sortSegment{ordered, missing}
	for _, part := range conjuncts(s.query.Filter) {
		for _, test := range part.Conditions {
			if part.Field == "lastLoggedAt" && isIndexable(test.Op) {
				ordered.keyRange = ordered.keyRange.And(s.compare(engine.SQL("m0.last_logged_at"), test))
				segments = []sortSegment{ordered}
			}
		}
	}
	slices.SortStableFunc(segments, func(a, b sortSegment) int { return a.rank - b.rank })
	return segments
}

// matchFirstKey matches the predicates that all results pass and that concern the key of the first term. With split it
// returns the ranges of one of them. withMissing reports whether objects without a value can pass all of them.
func (s *searcher[T]) matchFirstKey(split bool) (matches []keyMatch, ranges []engine.Expr, withMissing bool) {
	key := s.terms[0].key
	withMissing = true
	for _, part := range conjuncts(s.query.Filter) {
		p := part.Metadata
		if p == nil || p.Card != key.Card || p.Key != key.Key {
			continue
		}
		withMissing = withMissing && !excludesNull(p)
		match := matchIndex(p, "m0", split && ranges == nil)
		if match.ranges != nil {
			ranges = match.ranges
		}
		matches = append(matches, keyMatch{part, match})
	}
	if ranges == nil {
		ranges = []engine.Expr{engine.True}
	}
	return matches, ranges, withMissing
}

// candidateSelect returns the SELECT of the objects of a segment and of their sort columns s0, s1, … and tie, without
// an order.
func (s *searcher[T]) candidateSelect(segment sortSegment) engine.Expr {
	alias, tie := s.table.alias, "m0.object_id"
	from := engine.SQL("metadata_latest m0").Concat(s.joinByID("m0.object_id"))
	where := s.indexConditions(segment)
	switch {
	case segment.subjects:
		tie = loggedObject
		from = engine.SQL("subjects m0").Concat(s.joinByID(loggedObject))
		where = []engine.Expr{engine.SQL("m0.project_id = ? AND m0.about = ?", s.project, s.table.subjectKind),
			segment.keyRange, s.filterCondition()}
	case !segment.indexed:
		tie = alias + ".id"
		from = s.fromClause(segment.accessPath, 2*segment.size+100)
		if order, ok := s.fieldOrder(); ok && segment.ids != nil {
			from = s.dialect.SortFirst(from, alias, order)
		}
		where = []engine.Expr{s.projectCondition(segment.accessPath), s.residualFilter(segment.accessPath)}
		if segment.rank != anyRank {
			where = append(where, engine.SQL("(m0.sort_key IS NULL OR m0.sort_key >= ?)", models.SortKeyNull))
		}
	}
	columns := []engine.Expr{engine.SQL(engine.Qualify(alias, s.table.columns))}
	for n, term := range s.terms {
		if n == 0 && segment.subjects {
			term.value = engine.SQL("m0.last_logged_at")
		}
		columns = append(columns, engine.SQL(fmt.Sprintf("? AS s%d", n), term.value))
		if term.join.SQL != "" && (n > 0 || !segment.indexed) {
			from = from.Concat(term.join)
		}
	}
	columns = append(columns, engine.SQL(tie+" AS tie"))
	return engine.SQL("SELECT ? FROM ? WHERE ?", engine.Join(columns, ", "), from, engine.Join(where, " AND "))
}

// indexConditions returns the conditions on the rows m0 of the index on values and on the objects of a segment; nil for
// a segment that does not walk this index.
func (s *searcher[T]) indexConditions(segment sortSegment) []engine.Expr {
	if !segment.indexed {
		return nil
	}
	key, from, to := s.terms[0].key, "", models.SortKeyUnordered
	if segment.rank == rankUnordered {
		from, to = models.SortKeyUnordered, models.SortKeyNull
	}
	where := []engine.Expr{
		engine.SQL("m0.project_id = ? AND m0.about = ? AND m0.card = ? AND m0.key = ?", s.project, s.table.subjectKind,
			key.Card, key.Key),
		engine.SQL("m0.sort_key >= ? AND m0.sort_key < ?", from, to), segment.keyRange,
	}
	var satisfied []*models.Filter
	for _, m := range segment.matches {
		if m.match.exact {
			satisfied = append(satisfied, m.filter)
		}
		where = append(where, m.match.conditions...)
	}
	return append(where, s.filterCondition(satisfied...))
}

// fieldOrder returns the ORDER BY of an order by fields that are never null.
func (s *searcher[T]) fieldOrder() (order engine.Expr, ok bool) {
	columns := make([]engine.Expr, 0, len(s.terms)+1)
	for _, term := range append(s.terms[:len(s.terms):len(s.terms)], sortTerm{value: engine.SQL(s.table.alias + ".id")}) {
		if term.ranked {
			return engine.Expr{}, false
		}
		column := sortColumn{term.value.SQL, term.descending}.orderBy(s.query.Page.Backward)
		columns = append(columns, engine.Expr{SQL: column, Args: term.value.Args})
	}
	return engine.Join(columns, ", "), true
}
