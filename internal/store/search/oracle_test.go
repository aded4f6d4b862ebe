package search

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/placard/placard/models"
)

// question is a query with the instant of its values.
type question struct {
	filter *models.Filter
	order  []models.OrderTerm
	past   bool
}

// answer evaluates a question in Go.
func (w *world) answer(q question) []*version {
	found := slices.DeleteFunc(slices.Clone(w.versions), func(v *version) bool { return !q.passes(v, q.filter) })
	slices.SortFunc(found, func(a, b *version) int {
		for _, term := range q.order {
			if order := q.compare(a, b, term); order != 0 {
				return order
			}
		}
		return slices.Compare(a.ID[:], b.ID[:])
	})
	return found
}

func (q question) passes(v *version, f *models.Filter) bool {
	passes := func(part *models.Filter) bool { return q.passes(v, part) }
	switch {
	case f.Any:
		return slices.ContainsFunc(f.AnyOf, passes)
	case f.Not != nil:
		return !passes(f.Not)
	case f.Metadata != nil:
		value, exists := q.value(v, f.Metadata.MetadataKeyPath)
		return passesPredicate(f.Metadata, value, exists)
	case f.Related != "":
		return passes(f.RelatedFilter)
	case f.Field != "":
		values := q.field(v, f.Field)
		return !slices.ContainsFunc(f.Conditions, func(test models.FieldCondition) bool { return !passesTest(values, test) })
	}
	return !slices.ContainsFunc(f.All, func(part *models.Filter) bool { return !passes(part) })
}

// field returns the values of a field, none for null.
func (q question) field(v *version, name string) []any {
	switch name {
	case "createdBy":
		if v.CreatedBy != nil {
			return []any{*v.CreatedBy}
		}
	case "lastLoggedAt", "LAST_LOGGED_AT":
		switch {
		case q.past:
			return []any{int64(earlierTime)}
		case v.lastLogged > 0:
			return []any{v.lastLogged}
		}
	case "artifact", "ARTIFACT":
		return []any{v.artifact}
	case "version", "VERSION":
		return []any{v.Version}
	case "number", "NUMBER":
		return []any{int64(v.Number)}
	case "createdAt", "CREATED_AT":
		return []any{v.CreatedAt.UnixMicro()}
	case "type", "TYPE":
		if v.Type != nil {
			return []any{*v.Type}
		}
	case "pipeline":
		if v.pipeline != "" {
			return []any{v.pipeline}
		}
	case "tag":
		return anys(v.tags)
	case "alias":
		return anys(v.aliases)
	}
	return nil
}

func anys(texts []string) []any {
	values := make([]any, len(texts))
	for i, text := range texts {
		values[i] = text
	}
	return values
}

func passesTest(values []any, test models.FieldCondition) bool {
	if !slices.Contains([]string{"eq", "ne", "in", "notIn"}, test.Op) {
		values = slices.DeleteFunc(slices.Clone(values), func(value any) bool { return value == models.LatestAlias })
	}
	switch test.Op {
	case "exists":
		return (len(values) > 0) == test.Values[0].(bool)
	case "ne", "notIn":
		positive := map[string]string{"ne": "eq", "notIn": "in"}[test.Op]
		return !passesTest(values, models.FieldCondition{Op: positive, Values: test.Values, IgnoreCase: test.IgnoreCase})
	}
	return slices.ContainsFunc(values, func(value any) bool {
		if text, ok := value.(string); ok && test.IgnoreCase {
			value = models.Fold(text)
		}
		if test.Op == "in" || test.Op == "eq" {
			return slices.Contains(test.Values, value)
		}
		if test.Op == "between" {
			return compareOperand(value, test.Values[0]) >= 0 && compareOperand(value, test.Values[1]) <= 0
		}
		if text, ok := value.(string); ok && comparisons[test.Op] == "" {
			return passesText(text, models.TextCondition{Op: test.Op, Text: test.Values[0].(string)})
		}
		order := compareOperand(value, test.Values[0])
		return map[string]bool{"lt": order < 0, "lte": order <= 0, "gt": order > 0, "gte": order >= 0}[test.Op]
	})
}

func compareOperand(value, operand any) int {
	if text, ok := value.(string); ok {
		return strings.Compare(text, operand.(string))
	}
	return cmp.Compare(value.(int64), operand.(int64))
}

func passesText(text string, test models.TextCondition) bool {
	switch test.Op {
	case "contains":
		return strings.Contains(text, test.Text)
	case "startsWith":
		return strings.HasPrefix(text, test.Text)
	}
	return strings.HasSuffix(text, test.Text)
}

// value returns the value of a key at a path.
func (q question) value(v *version, at models.MetadataKeyPath) (value models.MetadataValue, exists bool) {
	if value, exists = v.values[at.Key]; q.past {
		value, exists = v.earlier[at.Key]
	}
	for _, step := range at.Path {
		items := members(value)
		if fields, ok := value.(models.DictValue); ok {
			i := slices.IndexFunc(fields.Fields, func(f models.MetadataField) bool { return f.Key == step })
			if i < 0 {
				return nil, false
			}
			value = fields.Fields[i].Value
			continue
		}
		_, isSet := value.(models.SetValue)
		n, err := strconv.Atoi(step)
		if err != nil || isSet || n >= len(items) {
			return nil, false
		}
		value = items[n]
	}
	return value, exists
}

func members(value models.MetadataValue) []models.MetadataValue {
	switch value := value.(type) {
	case models.ListValue:
		return value.Items
	case models.TupleValue:
		return value.Items
	case models.SetValue:
		return value.Items
	}
	return nil
}

// sortKey returns the sort key of a value, which the tables hold cut.
func sortKey(value models.MetadataValue) string {
	form := models.EncodeSearchKeys(value)
	if strings.HasPrefix(form.SortKey, models.SortKeyText) && form.PathKeys != "" {
		return models.SortKeyText + form.PathKeys
	}
	return form.SortKey
}

func passesPredicate(p *models.MetadataFilter, value models.MetadataValue, exists bool) bool {
	if p.Kind != nil && (!exists || value.Kind() != *p.Kind) {
		return false
	}
	return !slices.ContainsFunc(p.Conditions, func(test models.ValueCondition) bool {
		return (exists && passesValueTest(value, test)) == test.Not
	})
}

func passesValueTest(value models.MetadataValue, test models.ValueCondition) bool {
	key := sortKey(value)
	fold := func(key string) string {
		if text, isText := strings.CutPrefix(key, models.SortKeyText); isText && test.IgnoreCase {
			return models.SortKeyText + models.Fold(text)
		}
		return key
	}
	switch {
	case test.Exists:
		return true
	case test.Between != nil:
		return slices.ContainsFunc(test.Between, func(r models.SortKeyRange) bool {
			return (key > r.From || key == r.From && !r.FromOpen) && (key < r.To || key == r.To && !r.ToOpen)
		})
	case test.In != nil:
		return slices.Contains(test.In, fold(key))
	}
	text, isText := strings.CutPrefix(fold(key), models.SortKeyText)
	return test.Text != nil && isText && passesText(text, *test.Text) ||
		slices.ContainsFunc(members(value), func(m models.MetadataValue) bool { return slices.Contains(test.Member, fold(sortKey(m))) })
}

// compare compares two versions in one term of an order.
func (q question) compare(a, b *version, term models.OrderTerm) int {
	rankA, keyA := q.position(a, term)
	rankB, keyB := q.position(b, term)
	if rankA != rankB {
		return rankA - rankB
	}
	order := 0
	if number, ok := keyA.(int64); ok {
		order = cmp.Compare(number, keyB.(int64))
	} else {
		order = strings.Compare(keyA.(string), keyB.(string))
	}
	if term.Descending {
		return -order
	}
	return order
}

// position returns the rank of a version in a term, and its key within the rank.
func (q question) position(v *version, term models.OrderTerm) (rank int, key any) {
	missing := 3
	if term.MissingFirst {
		missing = 0
	}
	if term.Field != "" {
		if values := q.field(v, term.Field); len(values) > 0 {
			return 1, values[0]
		}
		if term.Field == "LAST_LOGGED_AT" {
			return missing, int64(0)
		}
		return missing, ""
	}
	value, exists := q.value(v, term.Metadata)
	switch text := ""; {
	case !exists || value.Kind() == models.MetadataKindNull:
		return missing, ""
	default:
		if text = sortKey(value); text >= models.SortKeyUnordered {
			return 2, ""
		}
		if len(term.Metadata.Path) == 0 {
			text = models.TruncateSortKey(text)
		}
		return 1, text
	}
}
