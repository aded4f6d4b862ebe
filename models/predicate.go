package models

import (
	"slices"
	"strings"
)

// MetadataFilter is a conjunction of conditions on the latest value of one key.
type MetadataFilter struct {
	MetadataKeyPath
	// Kind is the required kind of the value; nil for any.
	Kind *MetadataKind
	// Conditions are the other conditions.
	Conditions []ValueCondition
	// At is the place in the arguments.
	At *Path
}

// MetadataKeyPath identifies a metadata key and a value inside its value.
type MetadataKeyPath struct {
	// Card is empty for no card.
	Card, Key string
	// Path leads into dictionaries by key and into lists and tuples by index; empty for the whole value.
	Path []string
}

// ValueCondition is one condition on a value. Exactly one of Exists, In, Between, Text and Member is set; Member may
// have Text as an alternative.
type ValueCondition struct {
	// Not negates the condition. A missing value satisfies a negated condition.
	Not bool
	// Exists requires a value.
	Exists bool
	// In requires one of these sort keys; nil if the condition is another one.
	In []string
	// Between requires a sort key in one of these ranges.
	Between []SortKeyRange
	// Text is a condition on a string.
	Text *TextCondition
	// Member requires a list, tuple or set with a member that has one of these sort keys.
	Member []string
	// IgnoreCase compares folded strings. The operands are already folded.
	IgnoreCase bool
	// At is the place in the arguments.
	At *Path
}

// SortKeyRange is a range of sort keys that includes its ends unless they are open.
type SortKeyRange struct {
	From, To         string
	FromOpen, ToOpen bool
}

// TextCondition is a condition on a string.
type TextCondition struct {
	// Op is `contains`, `startsWith` or `endsWith`.
	Op   string
	Text string
}

// predicateReader validates a MetadataFilter.
type predicateReader struct {
	at         *Path
	fields     map[string]any
	ignoreCase bool
	// textOnly is set if the required kind is a string kind, so that no string operand is read as a quantity or an
	// instant.
	textOnly bool
}

// readPredicate validates the fields of a MetadataFilter.
func readPredicate(at *Path, fields map[string]any) (*MetadataFilter, error) {
	keyPath, err := ReadKeyPath(at, fields)
	if err != nil {
		return nil, err
	}
	p := &MetadataFilter{MetadataKeyPath: keyPath, At: at}
	r := predicateReader{at: at, fields: fields}
	if kind, ok := fields["kind"].(*MetadataKind); ok && kind != nil {
		p.Kind = kind
		r.textOnly = slices.Contains([]MetadataKind{MetadataKindString, MetadataKindURI, MetadataKindPath, MetadataKindDType,
			MetadataKindMarkdown}, *kind)
	}
	if ignore, ok := fields["ignoreCase"].(*bool); ok && ignore != nil {
		r.ignoreCase = *ignore
	}
	for _, field := range []struct {
		name string
		read func(name string) (ValueCondition, error)
	}{
		{"exists", r.readExists},
		{"eq", r.readEqual}, {"ne", r.readEqual}, {"in", r.readOneOf}, {"notIn", r.readOneOf},
		{"lt", r.readOrdered}, {"lte", r.readOrdered}, {"gt", r.readOrdered}, {"gte", r.readOrdered},
		{"between", r.readBetween},
		{"contains", r.readContains}, {"startsWith", r.readText}, {"endsWith", r.readText},
	} {
		if _, isSet := fields[field.name]; !isSet {
			continue
		}
		test, err := field.read(field.name)
		if err != nil {
			return nil, err
		}
		test.At, test.Not = at.Child(field.name), test.Not || field.name == "ne" || field.name == "notIn"
		p.Conditions = append(p.Conditions, test)
	}
	if p.Kind == nil && len(p.Conditions) == 0 {
		return nil, BadInput(at, "must have a condition on the value, such as exists: true")
	}
	return p, nil
}

// ReadKeyPath validates the card, the key and the path of a MetadataFilter or a MetadataOrder.
func ReadKeyPath(at *Path, fields map[string]any) (MetadataKeyPath, error) {
	var p MetadataKeyPath
	p.Key, _ = fields["key"].(string)
	if err := checkSearchedKey(at.Child("key"), "a key", p.Key); err != nil {
		return p, err
	}
	if card, ok := fields["card"].(*string); ok && card != nil {
		p.Card = *card
		if err := checkSearchedKey(at.Child("card"), "a card", p.Card); err != nil {
			return p, err
		}
	}
	steps, _ := fields["path"].([]string)
	if len(steps) > maxPathSteps {
		return p, LimitExceeded(at.Child("path"), "steps of a path", maxPathSteps, int64(len(steps)))
	}
	for i, step := range steps {
		if step == "" {
			return p, BadInput(at.Child("path").Child(i), "must not be empty")
		}
		if err := CheckText(at.Child("path").Child(i), "a step of a path", step, MaxFilterText); err != nil {
			return p, err
		}
	}
	p.Path = steps
	return p, nil
}

// maxPathSteps exceeds the default nesting of values. SQLite joins at most 64 tables, and each step is one.
const maxPathSteps = 60

// checkSearchedKey validates a key or card of a condition; noun names it in messages. The key may be unused.
func checkSearchedKey(at *Path, noun, text string) error {
	if text == "" {
		return BadInput(at, "%smust not be empty", at.nounPrefix(noun))
	}
	return CheckText(at, noun, text, MaxNameCharacters)
}

func (r predicateReader) readExists(name string) (ValueCondition, error) {
	exists, _ := r.fields[name].(*bool)
	return ValueCondition{Exists: true, Not: exists != nil && !*exists}, nil
}

func (r predicateReader) readEqual(name string) (ValueCondition, error) {
	keys, err := r.equalKeys(r.at.Child(name), r.fields[name])
	return ValueCondition{In: keys, IgnoreCase: r.ignoreCase}, err
}

func (r predicateReader) readOneOf(name string) (ValueCondition, error) {
	list, _ := r.fields[name].([]*Tree)
	if len(list) > MaxFilterList {
		return ValueCondition{}, LimitExceeded(r.at.Child(name), "items in a list of a filter", MaxFilterList, int64(len(list)))
	}
	keys := []string{}
	for i, item := range list {
		more, err := r.equalKeys(r.at.Child(name).Child(i), item)
		if err != nil {
			return ValueCondition{}, err
		}
		keys = append(keys, more...)
	}
	return ValueCondition{In: keys, IgnoreCase: r.ignoreCase}, nil
}

// equalKeys returns the sort keys that equal an operand: none for NaN.
func (r predicateReader) equalKeys(at *Path, raw any) ([]string, error) {
	keys, err := r.operandKeys(at, raw, false)
	keys = slices.DeleteFunc(keys, func(key string) bool { return key == SortKeyUnordered })
	if r.ignoreCase {
		for i, key := range keys {
			if strings.HasPrefix(key, SortKeyText) {
				keys[i] = SortKeyText + Fold(key[len(SortKeyText):])
			}
		}
	}
	return keys, err
}

// readOrdered reads lt, lte, gt and gte as a range that ends at the last or begins at the first sort key of the
// operand's class.
func (r predicateReader) readOrdered(name string) (ValueCondition, error) {
	keys, err := r.orderedKeys(r.at.Child(name), r.fields[name])
	if err != nil {
		return ValueCondition{}, err
	}
	test := ValueCondition{Between: []SortKeyRange{}}
	for _, key := range keys {
		ends := SortKeyRange{From: key[:1], To: string(key[0] + 1), ToOpen: true}
		switch name {
		case "lt", "lte":
			ends.To, ends.ToOpen = key, name == "lt"
		default:
			ends.From, ends.FromOpen = key, name == "gt"
		}
		test.Between = append(test.Between, ends)
	}
	return test, nil
}

// readBetween reads a range. A string can also be a size, a duration or an instant: each pair of ends of one class that
// is in order becomes a range.
func (r predicateReader) readBetween(name string) (ValueCondition, error) {
	list, _ := r.fields[name].([]*Tree)
	if len(list) != 2 {
		return ValueCondition{}, BadInput(r.at.Child(name), rangeHasTwoEnds)
	}
	var ends [2][]string
	for i := range list {
		var err error
		if ends[i], err = r.orderedKeys(r.at.Child(name).Child(i), list[i]); err != nil {
			return ValueCondition{}, err
		}
	}
	test, reversed := ValueCondition{Between: []SortKeyRange{}}, false
	for _, from := range ends[0] {
		for _, to := range ends[1] {
			switch {
			case from[0] != to[0]:
			case from > to:
				reversed = true
			default:
				test.Between = append(test.Between, SortKeyRange{From: from, To: to})
			}
		}
	}
	switch {
	case len(test.Between) > 0 || len(ends[0]) == 0 || len(ends[1]) == 0: // NaN has no order
		return test, nil
	case reversed:
		return ValueCondition{}, BadInput(r.at.Child(name), rangeIsReversed)
	}
	return ValueCondition{}, BadInput(r.at.Child(name),
		"must be two values of the same type: two numbers, two strings or two instants")
}

// orderedKeys returns the sort keys of an operand that has an order: none for NaN.
func (r predicateReader) orderedKeys(at *Path, raw any) ([]string, error) {
	if r.ignoreCase {
		return nil, BadInput(at, "cannot be combined with ignoreCase")
	}
	keys, err := r.operandKeys(at, raw, true)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		if class := key[:1]; class == classBoolean || class == SortKeyNull {
			return nil, BadInput(at, "must be a number, a string or an instant, because other values have no order")
		}
	}
	return slices.DeleteFunc(keys, func(key string) bool { return key == SortKeyUnordered }), nil
}

func (r predicateReader) readContains(name string) (ValueCondition, error) {
	keys, err := r.equalKeys(r.at.Child(name), r.fields[name])
	test := ValueCondition{Member: keys, IgnoreCase: r.ignoreCase}
	for _, key := range keys {
		if text, ok := strings.CutPrefix(key, SortKeyText); ok {
			test.Text = &TextCondition{"contains", text}
		}
	}
	return test, err
}

func (r predicateReader) readText(name string) (ValueCondition, error) {
	text, _ := r.fields[name].(*string)
	if err := CheckText(r.at.Child(name), "a text in a filter", *text, MaxFilterText); err != nil {
		return ValueCondition{}, err
	}
	test := ValueCondition{Text: &TextCondition{name, *text}, IgnoreCase: r.ignoreCase}
	if r.ignoreCase {
		test.Text.Text = Fold(*text)
	}
	return test, nil
}

// operandKeys returns the possible sort keys of an operand: that of the value and, for a string, also those of the
// quantity and of the instant that it spells. If units is set, a number followed by letters must be a known quantity.
func (r predicateReader) operandKeys(at *Path, raw any, units bool) ([]string, error) {
	tree, _ := raw.(*Tree)
	if tree == nil || tree.Node == nil {
		return []string{SortKeyNull}, nil
	}
	limits := ServerLimits{ValueLimits: ValueLimits{ValueNesting: 1, KeyCharacters: MaxNameCharacters}}
	value, err := valueReader{limits: &limits, at: at}.readExtended(tree.Node)
	if err != nil {
		return nil, err
	}
	switch value.(type) {
	case ListValue, TupleValue, SetValue, DictValue:
		return nil, BadInput(at, "must be a scalar: a number, a string, true, false, null or the extended JSON of a scalar")
	}
	key := value.sortKey()
	text, isText := tree.Node.(string)
	if words, ok := strings.CutPrefix(key, SortKeyText); ok {
		if err := CheckText(at, "a text in a filter", words, MaxFilterText); err != nil {
			return nil, err
		}
	}
	keys := []string{key}
	if !isText || r.textOnly {
		return keys, nil
	}
	number, hasUnit, knownUnit := parseQuantity(text)
	switch {
	case knownUnit:
		keys = append(keys, number)
	case hasUnit && units:
		return nil, BadInput(at, "must have a known unit: %s for a size, %s for a duration; "+
			"to compare strings, add kind: STRING", sizeUnits, durationUnits)
	}
	if t, ok := ParseTime(text); ok {
		keys = append(keys, encodeInstantKey(Time{t}))
	}
	return keys, nil
}
