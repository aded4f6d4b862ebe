package search

import (
	"fmt"
	"slices"
	"strings"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// valueSQL is how the parts of a latest value are said.
type valueSQL struct {
	// key is its sort key, text the whole of a text, array the members of a list, tuple or set as a JSON array.
	key, text, array string
	exists           string
	kind             func(models.MetadataKind) engine.Expr
	// cut says that key may be cut.
	cut bool
}

// latestValueSQL is the value of a row m of metadata_latest or metadata_entries.
var latestValueSQL = valueSQL{
	key: "m.sort_key", text: "COALESCE(m.parts, substr(m.sort_key, 2))", exists: "m.sort_key IS NOT NULL",
	array: "CASE WHEN m.sort_key <> '5' THEN '[]' " + arrayOf("m.parts"),
	kind:  func(kind models.MetadataKind) engine.Expr { return engine.NewExpr("m.kind = ?", kind) },
	cut:   true,
}

// pathValueSQL is the value that a path leads to, which m.part has as models.appendParts writes it, or null.
var pathValueSQL = valueSQL{
	key: "substr(m.part, 2)", text: "substr(m.part, 3)", exists: "m.part <> '0'",
	array: "CASE " + arrayOf("m.part"),
	kind:  func(kind models.MetadataKind) engine.Expr { return partKind(kind) },
}

// arrayOf ends a CASE: the members of a list, tuple or set, as models.appendParts writes them; none of all else.
func arrayOf(parts string) string {
	return strings.ReplaceAll(`WHEN @ LIKE '{"":%' THEN substr(@, 5, length(@) - 5) WHEN @ LIKE '[%' THEN @ ELSE '[]' END`, "@", parts)
}

func partKind(kind models.MetadataKind) engine.Expr {
	switch kind {
	case models.MetadataKindList:
		return engine.NewExpr("(m.part LIKE '[%' AND m.part NOT LIKE '%0]')")
	case models.MetadataKindTuple:
		return engine.NewExpr("(m.part LIKE '[%' AND m.part LIKE '%0]')")
	case models.MetadataKindSet:
		return engine.NewExpr(`m.part LIKE '{"":%'`)
	case models.MetadataKindDict:
		return engine.NewExpr(`(m.part LIKE '{%' AND m.part NOT LIKE '{"":%')`)
	}
	return engine.NewExpr("substr(m.part, 1, 1) = ?", kind.Letter())
}

// latestRow is what follows FROM for the row m of a key of a subject: the latest, or that as of an instant.
func (c compiler) latestRow(t *Table, at models.MetadataKeyPath) engine.Expr {
	same := fmt.Sprintf("m.project_id = %s.project_id AND m.subject_id = %s AND m.card = ? AND m.key = ?", t.alias, t.subject)
	from := engine.NewExpr("metadata_latest m WHERE "+same, at.Card, at.Key)
	if c.asOf != 0 {
		from = engine.NewExpr("metadata_entries m WHERE "+same+` AND m.seq = (SELECT max(e.seq) FROM metadata_entries e
			WHERE e.project_id = m.project_id AND e.subject_id = m.subject_id AND e.card = m.card AND e.key = m.key
			AND e.logged_at <= ?)`, at.Card, at.Key, c.asOf)
	}
	if len(at.Path) == 0 {
		return from
	}
	reached := c.dialect.JSONPath("CASE WHEN m.sort_key = '5' THEN m.parts END", at.Path)
	return engine.NewExpr("(SELECT ? AS part FROM ?) m WHERE TRUE", reached, from)
}

// predicate looks at the one row of the key, by its primary key, so that what is not there costs as little as what is.
// It is a value and not an EXISTS, which PostgreSQL would turn into a join with all rows of the key.
func (c compiler) predicate(t *Table, p *models.MetadataPredicate) engine.Expr {
	v := latestValueSQL
	if len(p.Path) > 0 {
		v = pathValueSQL
		v.key = c.dialect.CollateBinary(v.key)
	}
	row := c.latestRow(t, p.MetadataKeyPath)
	of := func(tests []engine.Expr) engine.Expr {
		return engine.NewExpr("(SELECT ? FROM ?)", engine.All(tests), row)
	}
	var hold, fail []engine.Expr
	if p.Kind != nil {
		hold = append(hold, v.kind(*p.Kind))
	}
	for _, test := range p.Tests {
		if test.Not {
			fail = append(fail, c.valueTest(v, test))
		} else {
			hold = append(hold, c.valueTest(v, test))
		}
	}
	var parts []engine.Expr
	if len(hold) > 0 {
		parts = append(parts, of(hold))
	}
	for _, test := range fail {
		parts = append(parts, engine.Not(of([]engine.Expr{test})))
	}
	return engine.All(parts)
}

// valueTest is a test on a value, as if it did not say Not.
func (c compiler) valueTest(v valueSQL, test models.ValueTest) engine.Expr {
	switch {
	case test.Exists:
		return engine.NewExpr(v.exists)
	case test.Between != nil:
		ranges := make([]engine.Expr, len(test.Between))
		for i, r := range test.Between {
			ranges[i] = v.between(r)
		}
		return engine.Any(ranges)
	case test.In != nil:
		return v.keyIn(test.In, test.IgnoreCase)
	}
	var ways []engine.Expr
	if test.Text != nil {
		text := v.text
		if test.IgnoreCase {
			text = "placard_fold(" + text + ")"
		}
		ways = append(ways, v.isText().And(c.textTest(text, *test.Text)))
	}
	if len(test.Member) > 0 {
		ways = append(ways, c.member(v, test.Member, test.IgnoreCase))
	}
	return engine.Any(ways)
}

func (v valueSQL) isText() engine.Expr {
	return engine.NewExpr(v.key+" >= ? AND "+v.key+" < ?", models.SortKeyText, models.SortKeyUnordered)
}

// between returns the condition that the value is in a range. An end above the length of stored sort keys is compared with
// the whole text.
func (v valueSQL) between(r models.SortKeyRange) engine.Expr {
	from, to := v.keyEnds(r)
	operators := endOperators(r)
	if v.cut && models.LongSortKey(r.From) {
		from = v.isText().And(engine.NewExpr(v.text+operators[0], r.From[1:]))
	}
	if v.cut && models.LongSortKey(r.To) {
		to = v.isText().And(engine.NewExpr(v.text+operators[1], r.To[1:]))
	}
	return from.And(to)
}

// keyEnds returns the conditions that the sort key is not below a range and not above it.
func (v valueSQL) keyEnds(r models.SortKeyRange) (from, to engine.Expr) {
	operators := endOperators(r)
	return engine.NewExpr(v.key+operators[0], r.From), engine.NewExpr(v.key+operators[1], r.To)
}

// endOperators returns the comparisons with the two ends of a range.
func endOperators(r models.SortKeyRange) [2]string {
	operators := [2]string{" >= ?", " <= ?"}
	if r.FromOpen {
		operators[0] = " > ?"
	}
	if r.ToOpen {
		operators[1] = " < ?"
	}
	return operators
}

// keyIn says that the value has one of the sort keys.
func (v valueSQL) keyIn(keys []string, ignoreCase bool) engine.Expr {
	var exact, texts []any
	for _, key := range keys {
		text, isText := strings.CutPrefix(key, models.SortKeyText)
		if isText && (ignoreCase || v.cut && models.LongSortKey(key)) {
			texts = append(texts, text)
		} else {
			exact = append(exact, key)
		}
	}
	var ways []engine.Expr
	if len(exact) > 0 {
		ways = append(ways, engine.ValueIn(v.key, exact))
	}
	if len(texts) > 0 {
		text := v.text
		if ignoreCase {
			text = "placard_fold(" + text + ")"
		}
		ways = append(ways, v.isText().And(engine.ValueIn(text, texts)))
	}
	return engine.Any(ways)
}

// member says that a list, tuple or set has a member with one of the sort keys.
func (c compiler) member(v valueSQL, keys []string, ignoreCase bool) engine.Expr {
	inside := valueSQL{key: c.dialect.CollateBinary("substr(n.value, 2)"), text: "substr(n.value, 3)"}
	return engine.NewExpr("(SELECT TRUE FROM "+c.dialect.JSONElements(v.array)+" n WHERE ? LIMIT 1)", inside.keyIn(keys, ignoreCase))
}

// predicateOption selects what fits the predicate as far as the index on values knows. A range is a statement of its own,
// so that the index is asked for nothing but the range.
func (c compiler) predicateOption(t *Table, f *models.Filter) (indexScan, bool) {
	p := f.Metadata
	some, cut := rangeConditions(p)
	known, exact := c.indexConditions(p, cut)
	if len(known) == 0 && cut == nil {
		return indexScan{}, false
	}
	made := indexScan{of: f, exact: exact, key: &p.MetadataKeyPath}
	for _, piece := range some {
		from := engine.NewExpr("SELECT m.object_id AS id FROM metadata_latest m WHERE m.project_id = ? AND m.about = ? AND m.card = ? AND m.key = ? AND m.sort_key IS NOT NULL AND ",
			c.project, t.about, p.Card, p.Key)
		made.ids = append(made.ids, from.Concat(engine.All(append([]engine.Expr{piece}, known...))))
	}
	return made, true
}

// rangeConditions are conditions on m.sort_key, in their order, of which one holds for what fits a test of the predicate, and which
// an index follows one by one. They say what the test says; it is nil where there is no such test.
func rangeConditions(p *models.MetadataPredicate) (conditions []engine.Expr, of *models.ValueTest) {
	for i, test := range p.Tests {
		ranges := slices.Clone(test.Between)
		if test.Between == nil && !test.IgnoreCase && len(test.In) <= maxIndexCandidates {
			for _, key := range test.In {
				ranges = append(ranges, models.SortKeyRange{From: key, To: key})
			}
		}
		long := func(r models.SortKeyRange) bool { return models.LongSortKey(r.From) || models.LongSortKey(r.To) }
		if test.Not || len(p.Path) > 0 || len(ranges) < 2 || slices.ContainsFunc(ranges, long) {
			continue
		}
		slices.SortFunc(ranges, func(a, b models.SortKeyRange) int { return strings.Compare(a.From, b.From) })
		for i, r := range ranges {
			if i > 0 && ranges[i-1].To >= r.From {
				return []engine.Expr{engine.True}, nil // they touch
			}
			conditions = append(conditions, latestValueSQL.between(r))
		}
		return conditions, &p.Tests[i]
	}
	return []engine.Expr{engine.True}, nil
}

// indexConditions are conditions on m.sort_key that hold for all that fits the predicate, but for one test that is looked after
// already; exact says that nothing else fits them.
func (c compiler) indexConditions(p *models.MetadataPredicate, but *models.ValueTest) (known []engine.Expr, exact bool) {
	if len(p.Path) > 0 {
		if !requiresValue(p) {
			return nil, false
		}
		return []engine.Expr{engine.NewExpr("m.sort_key = ?", models.SortKeyUnordered)}, false // only what has members has parts
	}
	exact = p.Kind == nil
	for i, test := range p.Tests {
		if but == &p.Tests[i] {
			continue
		}
		is, all := indexedTest(test)
		exact = exact && all
		if is.SQL != "" {
			known = append(known, is)
		}
	}
	if known == nil && but == nil && p.Kind != nil {
		known = append(known, engine.NewExpr("m.sort_key IS NOT NULL"))
	}
	return known, exact
}

// indexedTest is a condition on m.sort_key that holds for all that fits the test, without SQL where there is none; exact
// says that nothing else fits it.
func indexedTest(test models.ValueTest) (is engine.Expr, exact bool) {
	switch {
	case test.Not, test.IgnoreCase:
	case test.Exists:
		return engine.NewExpr("m.sort_key IS NOT NULL"), true
	case test.Between != nil:
		cut, exact := make([]engine.Expr, len(test.Between)), true
		for i, r := range test.Between {
			if models.LongSortKey(r.From) {
				r.From, r.FromOpen, exact = models.LowerSortKey(r.From), false, false
			}
			if models.LongSortKey(r.To) {
				r.To, r.ToOpen, exact = models.UpperSortKey(r.To), true, false
			}
			from, to := latestValueSQL.keyEnds(r)
			cut[i] = from.And(to)
		}
		return engine.Any(cut), exact
	case test.In != nil:
		cut := make([]any, len(test.In))
		for i, key := range test.In {
			cut[i] = models.CutSortKey(key)
		}
		return engine.ValueIn("m.sort_key", cut), !slices.ContainsFunc(test.In, models.LongSortKey)
	case test.Text != nil && test.Member == nil && test.Text.Op == "startsWith":
		from := models.CutSortKey(models.SortKeyText + test.Text.Text)
		return engine.NewExpr("m.sort_key >= ? AND m.sort_key < ?", from, models.PrefixEnd(from)), !models.LongSortKey(models.SortKeyText + test.Text.Text)
	}
	return engine.Expr{}, false
}

// requiresValue says that what fits has a value.
func requiresValue(p *models.MetadataPredicate) bool {
	return p.Kind != nil || slices.ContainsFunc(p.Tests, func(test models.ValueTest) bool { return !test.Not })
}
