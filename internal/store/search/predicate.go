package search

import (
	"fmt"
	"strings"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// valueSQL is the SQL of the parts of a metadata value in a row m.
type valueSQL struct {
	// key is the sort key, text a text without its prefix, array the members of a list, tuple or set as a JSON array.
	key, text, array string
	exists           string
	kind             func(models.MetadataKind) engine.Expr
	// keyIsCut is set if long sort keys are cut.
	keyIsCut bool
}

// latestValue is the value of a row m of metadata_latest or metadata_entries.
var latestValue = valueSQL{
	key: "m.sort_key", text: "COALESCE(m.parts, substr(m.sort_key, 2))", exists: "m.sort_key IS NOT NULL",
	array:    "CASE WHEN m.sort_key <> '5' THEN '[]' " + arrayCases("m.parts"),
	kind:     func(kind models.MetadataKind) engine.Expr { return engine.SQL("m.kind = ?", kind) },
	keyIsCut: true,
}

// pathValue is the value at a path, in the column part, as models.appendParts encodes it; null for none.
var pathValue = valueSQL{
	key: "substr(m.part, 2)", text: "substr(m.part, 3)", exists: "m.part <> '0'",
	array: "CASE " + arrayCases("m.part"),
	kind:  pathKindCondition,
}

// arrayCases returns the end of a CASE: the members of a list, tuple or set, as models.appendParts encodes them, and an
// empty array for other values.
func arrayCases(parts string) string {
	return fmt.Sprintf(`WHEN %[1]s LIKE '{"":%%' THEN substr(%[1]s, 5, length(%[1]s) - 5) WHEN %[1]s LIKE '[%%' THEN %[1]s ELSE '[]' END`, parts)
}

func pathKindCondition(kind models.MetadataKind) engine.Expr {
	switch kind {
	case models.MetadataKindList:
		return engine.SQL("(m.part LIKE '[%' AND m.part NOT LIKE '%0]')")
	case models.MetadataKindTuple:
		return engine.SQL("(m.part LIKE '[%' AND m.part LIKE '%0]')")
	case models.MetadataKindSet:
		return engine.SQL(`m.part LIKE '{"":%'`)
	case models.MetadataKindDict:
		return engine.SQL(`(m.part LIKE '{%' AND m.part NOT LIKE '{"":%')`)
	}
	return engine.SQL("substr(m.part, 1, 1) = ?", kind.Letter())
}

// latestRow returns the SQL after FROM that selects the row m of a key of a subject: the latest row, or the latest as
// of an instant.
func (c compiler) latestRow(t *Table, key models.MetadataKeyPath) engine.Expr {
	same := "m.project_id = ? AND m.subject_id = " + t.subject + " AND m.card = ? AND m.key = ?"
	from := engine.SQL("metadata_latest m WHERE "+same, c.project, key.Card, key.Key)
	if c.asOf != 0 {
		from = engine.SQL("metadata_entries m WHERE "+same+` AND m.seq = (SELECT max(e.seq) FROM metadata_entries e
			WHERE e.project_id = ? AND e.subject_id = m.subject_id AND e.card = m.card AND e.key = m.key
			AND e.logged_at <= ?)`, c.project, key.Card, key.Key, c.project, c.asOf)
	}
	if len(key.Path) == 0 {
		return from
	}
	value := c.dialect.JSONPath("CASE WHEN m.sort_key = '5' THEN m.parts END", key.Path)
	return engine.SQL("(SELECT ? AS part FROM ?) m WHERE TRUE", value, from)
}

// predicate returns the condition that the row of the key passes a predicate. It reads the row by its primary key, so
// that a missing value costs no more than an existing one. It is a scalar subquery, because PostgreSQL turns an
// EXISTS into a join with all rows of the key.
func (c compiler) predicate(t *Table, p *models.MetadataFilter) engine.Expr {
	v := latestValue
	if len(p.Path) > 0 {
		v = pathValue
		v.key = c.dialect.CollateBinary(v.key)
	}
	row := c.latestRow(t, p.MetadataKeyPath)
	ofRow := func(conditions ...engine.Expr) engine.Expr {
		return engine.SQL("(SELECT ? FROM ?)", engine.All(conditions), row)
	}
	var positive, negated []engine.Expr
	if p.Kind != nil {
		positive = append(positive, v.kind(*p.Kind))
	}
	for _, test := range p.Conditions {
		if test.Not {
			negated = append(negated, ofRow(c.valueCondition(v, test)).Not())
		} else {
			positive = append(positive, c.valueCondition(v, test))
		}
	}
	if len(positive) == 0 {
		return engine.All(negated)
	}
	return engine.All(append([]engine.Expr{ofRow(positive...)}, negated...))
}

// valueCondition returns the condition that a value passes a condition, without its negation.
func (c compiler) valueCondition(v valueSQL, test models.ValueCondition) engine.Expr {
	switch {
	case test.Exists:
		return engine.SQL(v.exists)
	case test.Between != nil:
		ranges := make([]engine.Expr, len(test.Between))
		for i, r := range test.Between {
			ranges[i] = v.between(r)
		}
		return engine.Any(ranges)
	case test.In != nil:
		return v.keyIn(test.In, test.IgnoreCase)
	}
	var alternatives []engine.Expr
	if test.Text != nil {
		alternatives = append(alternatives, v.isText().And(c.textCondition(engine.SQL(v.foldedText(test.IgnoreCase)), *test.Text)))
	}
	if len(test.Member) > 0 {
		alternatives = append(alternatives, c.member(v, test.Member, test.IgnoreCase))
	}
	return engine.Any(alternatives)
}

func (v valueSQL) foldedText(ignoreCase bool) string {
	if ignoreCase {
		return "placard_fold(" + v.text + ")"
	}
	return v.text
}

func (v valueSQL) isText() engine.Expr {
	return engine.SQL(v.key+" >= ? AND "+v.key+" < ?", models.SortKeyText, models.SortKeyUnordered)
}

// between returns the condition that the value is in a range. A bound that is longer than stored sort keys is compared
// with the whole text.
func (v valueSQL) between(r models.SortKeyRange) engine.Expr {
	from, to := keyBounds(v.key, r)
	operators := boundOperators(r)
	if v.keyIsCut && models.IsLongSortKey(r.From) {
		from = v.isText().And(engine.SQL(v.text+operators[0], r.From[1:]))
	}
	if v.keyIsCut && models.IsLongSortKey(r.To) {
		to = v.isText().And(engine.SQL(v.text+operators[1], r.To[1:]))
	}
	return from.And(to)
}

// keyBounds returns the conditions that a sort key is not below a range and not above it.
func keyBounds(key string, r models.SortKeyRange) (from, to engine.Expr) {
	operators := boundOperators(r)
	return engine.SQL(key+operators[0], r.From), engine.SQL(key+operators[1], r.To)
}

// boundOperators returns the comparisons with the two bounds of a range.
func boundOperators(r models.SortKeyRange) [2]string {
	operators := [2]string{" >= ?", " <= ?"}
	if r.FromOpen {
		operators[0] = " > ?"
	}
	if r.ToOpen {
		operators[1] = " < ?"
	}
	return operators
}

// keyIn returns the condition that the value has one of the sort keys.
func (v valueSQL) keyIn(keys []string, ignoreCase bool) engine.Expr {
	var exact, texts []any
	for _, key := range keys {
		text, isText := strings.CutPrefix(key, models.SortKeyText)
		if isText && (ignoreCase || v.keyIsCut && models.IsLongSortKey(key)) {
			texts = append(texts, text)
		} else {
			exact = append(exact, key)
		}
	}
	var alternatives []engine.Expr
	if len(exact) > 0 {
		alternatives = append(alternatives, valueIn(engine.SQL(v.key), exact))
	}
	if len(texts) > 0 {
		alternatives = append(alternatives, v.isText().And(valueIn(engine.SQL(v.foldedText(ignoreCase)), texts)))
	}
	return engine.Any(alternatives)
}

// member returns the condition that a list, tuple or set has a member with one of the sort keys.
func (c compiler) member(v valueSQL, keys []string, ignoreCase bool) engine.Expr {
	member := valueSQL{key: c.dialect.CollateBinary("substr(n.value, 2)"), text: "substr(n.value, 3)"}
	return engine.SQL("(SELECT TRUE FROM "+c.dialect.JSONElements(v.array)+" n WHERE ? LIMIT 1)",
		member.keyIn(keys, ignoreCase))
}
