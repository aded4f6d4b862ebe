package models

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// FilterInput is a filter of the schema, such as ArtifactVersionFilter, as a map of the fields that the caller set.
type FilterInput = map[string]any

// Filter is a validated filter. Exactly one of its parts is set.
type Filter struct {
	// All is a conjunction; an empty one matches everything.
	All []*Filter
	// Any marks a disjunction of AnyOf; an empty one matches nothing.
	Any   bool
	AnyOf []*Filter
	// Not is a negated filter.
	Not *Filter
	// Field is the name of a field that must satisfy all Tests.
	Field      string
	Conditions []FieldCondition
	// Related is a field that leads to other objects, at least one of which must match Of.
	Related       string
	RelatedFilter *Filter
	// Metadata is a predicate on the latest value of a key.
	Metadata *MetadataFilter
}

// FieldCondition is one condition on a field.
type FieldCondition struct {
	// Op is the operator as the schema spells it: `exists`, `eq`, `ne`, `in`, `notIn`, `lt`, `lte`, `gt`, `gte`,
	// `between`, `contains`, `startsWith` or `endsWith`.
	Op string
	// Values are the operands: one, the list of `in` and `notIn`, or the minimum and the maximum of `between`. An operand
	// is a string, an int64, an ID, or an instant in microseconds since 1970 as an int64; that of `exists` is a bool. The
	// operand of `eq` and `ne` is nil if no stored value can equal it.
	Values []any
	// IgnoreCase compares folded strings. The operands are already folded.
	IgnoreCase bool
}

// filterReader validates a filter and counts its conditions.
type filterReader struct {
	limits     *ServerLimits
	predicates int
}

// ReadFilter validates a filter; nil matches everything. It returns BAD_INPUT for an invalid filter, and LIMIT_EXCEEDED
// for one that is too deep, has too many conditions, or a list or string that is too long.
func ReadFilter(limits *ServerLimits, at *Path, input FilterInput) (*Filter, error) {
	if input == nil {
		return &Filter{}, nil
	}
	if depth := measureDepth(input); depth > int(limits.QueryDepth) {
		return nil, LimitExceeded(at, "depth of a filter", int64(limits.QueryDepth), int64(depth))
	}
	r := filterReader{limits: limits}
	filter, err := r.readFilter(at, input)
	if err == nil && r.predicates > MaxFilterPredicates {
		err = LimitExceeded(at, "conditions of a filter", MaxFilterPredicates, int64(r.predicates))
	}
	return filter, err
}

// measureDepth returns the nesting depth of a filter.
func measureDepth(input FilterInput) int {
	deepest := 0
	for name, value := range input {
		switch value := value.(type) {
		case []FilterInput:
			for _, part := range value {
				deepest = max(deepest, measureDepth(part))
			}
		case FilterInput:
			if relatedFields[name] || name == "not" {
				deepest = max(deepest, measureDepth(value))
			}
		}
	}
	return deepest + 1
}

// relatedFields are the fields that lead to other objects.
var relatedFields = map[string]bool{
	"producedBy": true, "consumedBy": true, "latestVersion": true, "anyVersion": true,
}

func (r *filterReader) readFilter(at *Path, input FilterInput) (*Filter, error) {
	all := &Filter{All: []*Filter{}}
	for _, name := range slices.Sorted(maps.Keys(input)) {
		part, err := r.readPart(at.Child(name), name, input[name])
		if err != nil {
			return nil, err
		}
		all.All = append(all.All, part)
	}
	if len(all.All) == 1 {
		return all.All[0], nil
	}
	return all, nil
}

func (r *filterReader) readPart(at *Path, name string, value any) (*Filter, error) {
	switch value := value.(type) {
	case []FilterInput:
		if len(value) > MaxFilterPredicates {
			return nil, LimitExceeded(at, "conditions of a filter", MaxFilterPredicates, int64(len(value)))
		}
		parts := make([]*Filter, len(value))
		for i, input := range value {
			var err error
			if parts[i], err = r.readFilter(at.Child(i), input); err != nil {
				return nil, err
			}
		}
		if name == "or" {
			return &Filter{Any: true, AnyOf: parts}, nil
		}
		return &Filter{All: parts}, nil
	case FilterInput:
		return r.readObject(at, name, value)
	}
	r.predicates++
	return r.readScalar(at, name, value)
}

func (r *filterReader) readObject(at *Path, name string, input FilterInput) (*Filter, error) {
	switch {
	case name == "not":
		not, err := r.readFilter(at, input)
		return &Filter{Not: not}, err
	case relatedFields[name]:
		return r.readRelated(at, name, input)
	case name == "metadata":
		predicate, err := readPredicate(at, input)
		if err == nil {
			r.predicates += max(1, len(predicate.Conditions))
		}
		return &Filter{Metadata: predicate}, err
	}
	tests, err := readConditions(at, input, idFields[name])
	r.predicates += max(1, len(tests))
	return &Filter{Field: name, Conditions: tests}, err
}

// idFields are the fields whose conditions are an IDFilter.
var idFields = map[string]bool{"id": true, "objectId": true}

// readRelated validates a filter on related objects. That of producers or consumers may test whether there is one.
func (r *filterReader) readRelated(at *Path, name string, input FilterInput) (*Filter, error) {
	exists, hasExists := input["exists"].(*bool)
	rest := maps.Clone(input)
	delete(rest, "exists")
	isRun := name == "producedBy" || name == "consumedBy"
	if isRun && len(input) == 0 {
		return nil, BadInput(at, "must have a condition, such as exists: true")
	}
	of, err := r.readFilter(at, rest)
	if err == nil && hasExists {
		r.predicates++
		if name == "consumedBy" {
			return consumedBy(of, *exists, len(rest) > 0), nil
		}
		of = &Filter{All: []*Filter{of, {Field: "stepRunId", Conditions: []FieldCondition{{Op: "exists", Values: []any{*exists}}}}}}
	}
	return &Filter{Related: name, RelatedFilter: of}, err
}

// consumedBy returns the filter that a version has consumers or none and, with a condition, that one of them matches.
func consumedBy(of *Filter, exists, hasCondition bool) *Filter {
	const name = "consumedBy"
	existence := &Filter{Related: name, RelatedFilter: &Filter{}}
	if !exists {
		existence = &Filter{Not: existence}
	}
	if !hasCondition {
		return existence
	}
	return &Filter{All: []*Filter{existence, {Related: name, RelatedFilter: of}}}
}

// readScalar validates a field that is compared directly, such as `stepRunId`.
func (r *filterReader) readScalar(at *Path, name string, value any) (*Filter, error) {
	text, ok := value.(*string)
	if !ok {
		return nil, BadInput(at, "has a type that no condition supports")
	}
	id, isID := ParseID(*text)
	if !isID {
		return &Filter{Any: true}, nil // nothing has this ID
	}
	return &Filter{Field: name, Conditions: []FieldCondition{{Op: "eq", Values: []any{id}}}}, nil
}

// orderedOperators are the operators that compare by order.
var orderedOperators = map[string]bool{"lt": true, "lte": true, "gt": true, "gte": true, "between": true}

// readConditions validates the conditions on a field, such as a StringFilter. isID is set for an IDFilter.
func readConditions(at *Path, input FilterInput, isID bool) ([]FieldCondition, error) {
	ignoreCase := false
	if ignore, ok := input["ignoreCase"].(*bool); ok && ignore != nil {
		ignoreCase = *ignore
	}
	tests := []FieldCondition{}
	for _, op := range slices.Sorted(maps.Keys(input)) {
		if op == "ignoreCase" {
			continue
		}
		if ignoreCase && orderedOperators[op] {
			return nil, BadInput(at.Child(op), "cannot be combined with ignoreCase")
		}
		values, err := readOperands(at.Child(op), op, input[op], ignoreCase)
		if isID {
			values = toIDs(op, values)
		}
		if err != nil {
			return nil, err
		}
		tests = append(tests, FieldCondition{Op: op, Values: values, IgnoreCase: ignoreCase && op != "exists"})
	}
	if len(tests) == 0 {
		return nil, BadInput(at, "must have a condition, such as eq")
	}
	return tests, nil
}

// toIDs converts texts to IDs. It omits texts that are no ID from `in` and `notIn`.
func toIDs(op string, texts []any) []any {
	ids := make([]any, 0, len(texts))
	for _, text := range texts {
		if id, ok := ParseID(text.(string)); ok {
			ids = append(ids, id)
		} else if op == "eq" || op == "ne" {
			ids = append(ids, nil)
		}
	}
	return ids
}

// readOperands returns the operands of a condition on a field.
func readOperands(at *Path, op string, value any, ignoreCase bool) ([]any, error) {
	text := func(at *Path, text string) (any, error) {
		if ignoreCase {
			return Fold(text), CheckText(at, "a text in a filter", text, MaxFilterText)
		}
		return text, CheckText(at, "a text in a filter", text, MaxFilterText)
	}
	switch value := value.(type) {
	case *bool:
		return []any{*value}, nil
	case *string:
		one, err := text(at, *value)
		return []any{one}, err
	case []string:
		if op == "between" {
			if err := checkRange(at, value, strings.Compare); err != nil {
				return nil, err
			}
		}
		return readEach(at, value, text)
	case *int32:
		return []any{int64(*value)}, nil
	case []int32:
		if op == "between" {
			if err := checkRange(at, value, cmp.Compare[int32]); err != nil {
				return nil, err
			}
		}
		return readEach(at, value, func(_ *Path, n int32) (any, error) { return int64(n), nil })
	case *Time:
		return []any{microsOperand(op, *value)}, nil
	case []*Time:
		return readInstants(at, op, value)
	case *RunStatus:
		return []any{string(*value)}, nil
	case []RunStatus:
		return readEach(at, value, func(_ *Path, s RunStatus) (any, error) { return string(s), nil })
	case *AuditAction:
		return []any{string(*value)}, nil
	case []AuditAction:
		return readEach(at, value, func(_ *Path, a AuditAction) (any, error) { return string(a), nil })
	}
	return nil, BadInput(at, "has a type that no condition supports")
}

// checkRange validates the operands of `between`.
func checkRange[T any](at *Path, ends []T, compare func(a, b T) int) error {
	switch {
	case len(ends) != 2:
		return BadInput(at, rangeHasTwoEnds)
	case compare(ends[0], ends[1]) > 0:
		return BadInput(at, rangeIsReversed)
	}
	return nil
}

// The messages about the operands of `between`.
const (
	rangeHasTwoEnds = "must be two values, the minimum and the maximum"
	rangeIsReversed = "must have the smaller value first, but the first value is greater than the second"
)

// readInstants returns the operands of `in`, `notIn` or `between`. It omits instants that no stored value can equal.
func readInstants(at *Path, op string, list []*Time) ([]any, error) {
	if op == "between" {
		if err := checkRange(at, list, func(a, b *Time) int { return a.Compare(b.Time) }); err != nil {
			return nil, err
		}
		return []any{microsOperand("gte", *list[0]), microsOperand("lte", *list[1])}, nil
	}
	values, err := readEach(at, list, func(_ *Path, t *Time) (any, error) { return microsOperand("eq", *t), nil })
	return slices.DeleteFunc(values, func(value any) bool { return value == nil }), err
}

// microsOperand converts the operand t of a condition on an instant, which is stored in whole microseconds since 1970.
// The condition has the same result as with t; for nil nothing is equal.
func microsOperand(op string, t Time) any {
	micros, isFraction := t.UnixMicro(), t.Nanosecond()%1000 != 0
	switch {
	case isFraction && (op == "eq" || op == "ne"):
		return nil
	case isFraction && (op == "lt" || op == "gte"):
		return micros + 1
	}
	return micros
}

func readEach[T any](at *Path, list []T, read func(*Path, T) (any, error)) ([]any, error) {
	if len(list) > MaxFilterList {
		return nil, LimitExceeded(at, "items in a list of a filter", MaxFilterList, int64(len(list)))
	}
	values := make([]any, len(list))
	for i, item := range list {
		var err error
		if values[i], err = read(at.Child(i), item); err != nil {
			return nil, err
		}
	}
	return values, nil
}
