package search

import (
	"slices"
	"strings"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// maxIndexScans is the largest number of index scans that are counted for a search.
const maxIndexScans = 8

// indexScan selects candidates, all objects that pass a part of a filter, by an index.
type indexScan struct {
	// ids are statements that select the `id` of candidates.
	ids []engine.Expr
	// filter is the part of the filter. exact is set if all candidates pass it.
	filter *models.Filter
	exact  bool
	// key is the metadata key whose values the index contains, nil for other indexes.
	key *models.MetadataKeyPath
}

// indexScans returns index scans for a filter. The indexes contain the present only.
func (c compiler) indexScans(t *Table, f *models.Filter) []indexScan {
	switch {
	case c.asOf != 0:
		return nil
	case f.Any:
		return c.unionScan(t, f)
	case f.Metadata != nil:
		if scan, ok := c.predicateScan(t, f); ok {
			return []indexScan{scan}
		}
	case f.Field != "" && t.fields[f.Field].indexScan != nil:
		for _, test := range f.Conditions {
			if ids, ok := t.fields[f.Field].indexScan(c, test); ok && !test.IgnoreCase {
				return []indexScan{{ids: []engine.Expr{ids}, filter: f, exact: len(f.Conditions) == 1}}
			}
		}
	case f.Related == "producedBy", f.Related == "consumedBy":
		table := outputVersions
		if f.Related == "consumedBy" {
			table = inputVersions
		}
		if ids, ok := c.runScan(table, f.RelatedFilter); ok {
			return []indexScan{{ids: []engine.Expr{ids}, filter: f}}
		}
	}
	var scans []indexScan
	for _, part := range f.All {
		scans = append(scans, c.indexScans(t, part)...)
	}
	return scans[:min(len(scans), maxIndexScans)]
}

// unionScan returns the union of one index scan for each alternative of a filter, nil if one of them has none.
func (c compiler) unionScan(t *Table, f *models.Filter) []indexScan {
	union := indexScan{filter: f, exact: true}
	for _, alternative := range f.AnyOf {
		scans := c.indexScans(t, alternative)
		if len(scans) == 0 {
			return nil
		}
		union.ids = append(union.ids, scans[0].ids...)
		union.exact = union.exact && scans[0].exact && scans[0].filter == alternative
	}
	if len(union.ids) == 0 || len(union.ids) > 2*maxIndexScans {
		return nil
	}
	return []indexScan{union}
}

// predicateScan returns the scan of the index on values for a predicate. Each range is a statement of its own, so that
// the index is read for this range only.
func (c compiler) predicateScan(t *Table, f *models.Filter) (indexScan, bool) {
	p := f.Metadata
	match := matchIndex(p, "m", true)
	if len(match.conditions) == 0 && match.ranges == nil {
		return indexScan{}, false
	}
	scan := indexScan{filter: f, exact: match.exact, key: &p.MetadataKeyPath}
	for _, r := range match.scanRanges() {
		scan.ids = append(scan.ids,
			engine.SQL("SELECT m.object_id AS id FROM metadata_latest m WHERE m.project_id = ? AND m.about = ?"+
				" AND m.card = ? AND m.key = ? AND m.sort_key IS NOT NULL AND ?",
				c.project, t.subjectKind, p.Card, p.Key, engine.All(append([]engine.Expr{r}, match.conditions...))))
	}
	return scan, true
}

// indexMatch is the part of a predicate that the index on values can decide, as conditions on a sort key.
type indexMatch struct {
	// ranges are disjoint ranges in ascending order, one of which contains each match; nil for any sort key.
	ranges []engine.Expr
	// conditions hold for each match.
	conditions []engine.Expr
	// exact is set if all sort keys that are in a range and pass the conditions match.
	exact bool
}

// scanRanges returns the ranges, or TRUE for any sort key.
func (m indexMatch) scanRanges() []engine.Expr {
	if m.ranges == nil {
		return []engine.Expr{engine.True}
	}
	return m.ranges
}

// matchIndex returns the match of a predicate with the index entries of an alias. With split, the first condition of
// the predicate that consists of several ranges is left out of the conditions and becomes the ranges.
func matchIndex(p *models.MetadataFilter, alias string, split bool) indexMatch {
	key := alias + ".sort_key"
	if len(p.Path) > 0 {
		if !requiresValue(p) {
			return indexMatch{}
		}
		// Only a value with members has paths.
		return indexMatch{conditions: []engine.Expr{engine.SQL(key+" = ?", models.SortKeyUnordered)}}
	}
	match, ranged := indexMatch{exact: p.Kind == nil}, -1
	if split {
		match.ranges, ranged = splitRanges(p, key)
	}
	for i, test := range p.Conditions {
		if i == ranged {
			continue
		}
		condition, exact := indexCondition(test, key)
		match.exact = match.exact && exact
		if condition.SQL != "" {
			match.conditions = append(match.conditions, condition)
		}
	}
	if match.conditions == nil && match.ranges == nil && p.Kind != nil {
		match.conditions = []engine.Expr{engine.SQL(key + " IS NOT NULL")}
	}
	return match
}

// splitRanges returns the ranges of the first condition of a predicate that consists of several disjoint ranges, and
// its index; nil and -1 for none.
func splitRanges(p *models.MetadataFilter, key string) (conditions []engine.Expr, index int) {
	for i, test := range p.Conditions {
		ranges := slices.Clone(test.Between)
		if test.Between == nil && !test.IgnoreCase && len(test.In) <= maxIndexScans {
			for _, key := range test.In {
				ranges = append(ranges, models.SortKeyRange{From: key, To: key})
			}
		}
		if test.Not || len(ranges) < 2 || slices.ContainsFunc(ranges, isLongRange) {
			continue
		}
		slices.SortFunc(ranges, func(a, b models.SortKeyRange) int { return strings.Compare(a.From, b.From) })
		for i, r := range ranges {
			if i > 0 && ranges[i-1].To >= r.From {
				return nil, -1 // they overlap
			}
			from, to := keyBounds(key, r)
			conditions = append(conditions, from.And(to))
		}
		return conditions, i
	}
	return nil, -1
}

func isLongRange(r models.SortKeyRange) bool {
	return models.IsLongSortKey(r.From) || models.IsLongSortKey(r.To)
}

// indexCondition returns a condition on a sort key that holds for each value that passes a condition, empty for none.
// exact is set if it holds for no other value. Stored sort keys are cut, so a longer one is compared by its beginning.
func indexCondition(test models.ValueCondition, key string) (condition engine.Expr, exact bool) {
	switch {
	case test.Not, test.IgnoreCase:
	case test.Exists:
		return engine.SQL(key + " IS NOT NULL"), true
	case test.Between != nil:
		ranges, exact := make([]engine.Expr, len(test.Between)), true
		for i, r := range test.Between {
			if models.IsLongSortKey(r.From) {
				r.From, r.FromOpen, exact = models.LowerSortKey(r.From), false, false
			}
			if models.IsLongSortKey(r.To) {
				r.To, r.ToOpen, exact = models.UpperSortKey(r.To), true, false
			}
			from, to := keyBounds(key, r)
			ranges[i] = from.And(to)
		}
		return engine.Any(ranges), exact
	case test.In != nil:
		keys := make([]any, len(test.In))
		for i, key := range test.In {
			keys[i] = models.TruncateSortKey(key)
		}
		return valueIn(engine.SQL(key), keys), !slices.ContainsFunc(test.In, models.IsLongSortKey)
	case test.Text != nil && test.Member == nil && test.Text.Op == "startsWith":
		prefix := models.SortKeyText + test.Text.Text
		from := models.TruncateSortKey(prefix)
		return engine.SQL(key+" >= ? AND "+key+" < ?", from, models.PrefixEnd(from)), !models.IsLongSortKey(prefix)
	}
	return engine.Expr{}, false
}

// requiresValue reports whether only subjects with a value pass a predicate.
func requiresValue(p *models.MetadataFilter) bool {
	return p.Kind != nil || slices.ContainsFunc(p.Conditions, func(test models.ValueCondition) bool { return !test.Not })
}

// excludesNull reports whether only subjects with a value other than null pass a predicate.
func excludesNull(p *models.MetadataFilter) bool {
	if len(p.Path) > 0 {
		return requiresValue(p)
	}
	return slices.ContainsFunc(p.Conditions, func(test models.ValueCondition) bool {
		isNull := func(key string) bool { return key >= models.SortKeyNull }
		return !test.Not && !test.Exists && !slices.ContainsFunc(test.In, isNull)
	})
}
