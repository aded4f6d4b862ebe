package search

import (
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/placard/placard/models"
)

// dice draws random filters and orders.
type dice struct{ *rand.Rand }

func newDice(seed uint64) dice { return dice{rand.New(rand.NewPCG(seed, 13))} }

func one[T any](d dice, items ...T) T { return items[d.IntN(len(items))] }

func some[T any](d dice, maximum int, draw func() T) []T {
	items := make([]T, d.IntN(maximum+1))
	for i := range items {
		items[i] = draw()
	}
	return items
}

func (d dice) chance(percent int) bool { return d.IntN(100) < percent }

func (d dice) question() question {
	q := question{filter: d.filter(2), past: d.chance(20)}
	q.order = append(some(d, 2, d.orderTerm), d.orderTerm())
	if key := q.order[0].Metadata; key.Key != "" && d.chance(60) {
		predicate := d.predicate()
		predicate.MetadataKeyPath = key
		q.filter = &models.Filter{All: []*models.Filter{{Metadata: predicate}, q.filter}}
	}
	return q
}

func (d dice) filter(depth int) *models.Filter {
	if depth > 0 && d.chance(60) {
		parts := some(d, 3, func() *models.Filter { return d.filter(depth - 1) })
		switch d.IntN(5) {
		case 0, 1:
			return &models.Filter{Any: true, AnyOf: parts}
		case 2:
			return &models.Filter{Not: d.filter(depth - 1)}
		}
		return &models.Filter{All: parts}
	}
	switch d.IntN(12) {
	case 0:
		return &models.Filter{Related: "producedBy", RelatedFilter: d.field("pipeline", "train", "evaluate", "none")}
	case 1:
		return d.field("artifact", "data", "model", "none")
	case 2:
		return d.field("type", "Big", "small", "none")
	case 3:
		return one(d, d.field("tag", "red", "Blue", "none"), d.field("alias", "prod", models.LatestAlias))
	case 4:
		return d.number("number", 30)
	case 5:
		return d.number("createdAt", firstCreated+10)
	case 6:
		return d.number("lastLoggedAt", latestTime)
	case 7:
		return d.field("createdBy", "Ann", "bob", "none")
	}
	return &models.Filter{Metadata: d.predicate()}
}

func (d dice) field(name string, operands ...string) *models.Filter {
	op := one(d, "eq", "ne", "in", "notIn", "exists", "contains", "startsWith", "endsWith",
		"lt", "lte", "gt", "gte", "between")
	isOrdered := op == "between" || comparisons[op] != ""
	test := models.FieldCondition{Op: op, IgnoreCase: op != "exists" && !isOrdered && d.chance(30)}
	draw := func() any {
		text := one(d, operands...)
		if strings.HasSuffix(op, "s") || strings.HasSuffix(op, "With") {
			text = text[d.IntN(len(text)):]
		}
		if test.IgnoreCase {
			text = models.Fold(text)
		}
		return text
	}
	switch op {
	case "in", "notIn":
		test.Values = some(d, 2, draw)
	case "exists":
		test.Values = []any{d.chance(50)}
	case "between":
		test.Values = []any{draw(), draw()}
	default:
		test.Values = []any{draw()}
	}
	return &models.Filter{Field: name, Conditions: []models.FieldCondition{test}}
}

func (d dice) number(name string, about int) *models.Filter {
	op := one(d, "eq", "ne", "lt", "lte", "gt", "gte", "in", "between")
	operand := func() any { return int64(about - 10 + d.IntN(20)) }
	values := []any{operand(), operand()}
	if op != "between" {
		values = values[:1]
	}
	return &models.Filter{Field: name, Conditions: []models.FieldCondition{{Op: op, Values: values}, {Op: "gte", Values: []any{int64(1)}}}[:1+d.IntN(2)]}
}

func (d dice) keyPath() models.MetadataKeyPath {
	return models.MetadataKeyPath{Key: one(d, "k", "k", "k", "n", "none"), Path: one(d, nil, nil, nil, []string{"d"}, []string{"0"}, []string{"d", "0"})}
}

func (d dice) orderTerm() models.OrderTerm {
	term := models.OrderTerm{Descending: d.chance(50), MissingFirst: d.chance(50)}
	if d.chance(40) {
		term.Field = one(d, "CREATED_AT", "NUMBER", "VERSION", "ARTIFACT", "TYPE", "LAST_LOGGED_AT", "LAST_LOGGED_AT")
	} else {
		term.Metadata = d.keyPath()
	}
	return term
}

func (d dice) predicate() *models.MetadataFilter {
	p := &models.MetadataFilter{MetadataKeyPath: d.keyPath(), Conditions: some(d, 2, d.valueTest)}
	if d.chance(20) || len(p.Conditions) == 0 {
		kind := one(d, sampleValues...).Kind()
		p.Kind = &kind
	}
	return p
}

func (d dice) valueTest() models.ValueCondition {
	test := models.ValueCondition{Not: d.chance(25)}
	switch d.IntN(6) {
	case 0:
		test.Exists = true
	case 1, 2:
		test.Between = append(some(d, 1, d.keyRange), d.keyRange())
	case 3:
		test.IgnoreCase = d.chance(30)
		test.In = append([]string{}, some(d, 3, func() string { return d.equalKey(test.IgnoreCase) })...)
	case 4:
		test.IgnoreCase = d.chance(30)
		test.Text = &models.TextCondition{Op: one(d, "contains", "startsWith", "endsWith"), Text: d.text(test.IgnoreCase)}
	default:
		test.IgnoreCase = d.chance(30)
		test.Member = []string{d.equalKey(test.IgnoreCase)}
		if text, isText := strings.CutPrefix(test.Member[0], models.SortKeyText); isText {
			test.Text = &models.TextCondition{Op: "contains", Text: text}
		}
	}
	return test
}

// equalKey returns a sort key that a value can equal: no value equals NaN.
func (d dice) equalKey(ignoreCase bool) string {
	for {
		key := sortKey(one(d, sampleValues...))
		if strings.HasPrefix(key, models.SortKeyUnordered) {
			continue
		}
		if text, isText := strings.CutPrefix(key, models.SortKeyText); isText && ignoreCase {
			return models.SortKeyText + models.Fold(text)
		}
		return key
	}
}

func (d dice) text(ignoreCase bool) string {
	text := one(d, "", "a", "A", "b", "%", long, long+"a", long+"b", "b%_")
	if ignoreCase {
		return models.Fold(text)
	}
	return text
}

// keyRange returns a range of numbers, instants or texts with one or two bounds.
func (d dice) keyRange() models.SortKeyRange {
	keys := []string{d.equalKey(false), d.equalKey(false)}
	slices.Sort(keys)
	r := models.SortKeyRange{From: keys[0], To: keys[1], FromOpen: d.chance(50), ToOpen: d.chance(50)}
	class := one(d, keys...)
	switch {
	case keys[0][0] == keys[1][0] && d.chance(50):
	case d.chance(50):
		r.From, r.FromOpen, r.To = class[:1], false, class
	default:
		r.From, r.To, r.ToOpen = class, string(class[0]+1), true
	}
	return r
}
