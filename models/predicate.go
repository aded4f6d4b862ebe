package models

import (
	"slices"
	"strings"
)

// MetadataPredicate is conditions on the latest value of one key, all of which must hold.
type MetadataPredicate struct {
	MetadataKeyPath
	// Kind is the kind that the value must be of; nil for any.
	Kind *MetadataKind
	// Tests are what else must hold.
	Tests []ValueTest
}

// MetadataKeyPath is a metadata key, and where in its value to look.
type MetadataKeyPath struct {
	// Card is empty for no card.
	Card, Key string
	// Path leads into dictionaries, by key, and into lists and tuples, by place; empty for the value itself.
	Path []string
}

// ValueTest is one condition on a value. Exactly one of its parts is there.
type ValueTest struct {
	// Not says that the condition must not hold, which is also so where there is no value.
	Not bool
	// Exists says that there is a value.
	Exists bool
	// In are sort keys; the value has one of them. It is nil where this is not the condition.
	In []string
	// Between are ranges of sort keys; the value lies in one of them.
	Between []SortKeyRange
	// Text is a condition on a text.
	Text *TextTest
	// Member are sort keys; the value is a list, tuple or set with a member that has one of them, or Text holds.
	Member []string
	// IgnoreCase says that texts are folded on both sides; those of the test are folded already.
	IgnoreCase bool
}

// SortKeyRange is from one sort key to another; the ends belong to it unless they are open.
type SortKeyRange struct {
	From, To         string
	FromOpen, ToOpen bool
}

// TextTest is a condition on a text.
type TextTest struct {
	// Op is `contains`, `startsWith` or `endsWith`.
	Op   string
	Text string
}

// predicateReader reads a MetadataPredicate.
type predicateReader struct {
	at         *Path
	fields     map[string]any
	ignoreCase bool
	// textKind says that the predicate asks for a kind of text, so that no text is taken for something else.
	textKind bool
}

// readPredicate reads the fields of a MetadataPredicate.
func readPredicate(at *Path, fields map[string]any) (*MetadataPredicate, error) {
	keyPath, err := ReadKeyPath(at, fields)
	if err != nil {
		return nil, err
	}
	p := &MetadataPredicate{MetadataKeyPath: keyPath}
	r := predicateReader{at: at, fields: fields}
	if kind, ok := fields["kind"].(*MetadataKind); ok && kind != nil {
		p.Kind = kind
		r.textKind = slices.Contains([]MetadataKind{MetadataKindString, MetadataKindURI, MetadataKindPath, MetadataKindDType,
			MetadataKindMarkdown}, *kind)
	}
	if ignore, ok := fields["ignoreCase"].(*bool); ok && ignore != nil {
		r.ignoreCase = *ignore
	}
	for _, field := range []struct {
		name string
		read func(name string) (ValueTest, error)
	}{
		{"exists", r.exists},
		{"eq", r.equal}, {"ne", r.equal}, {"in", r.oneOf}, {"notIn", r.oneOf},
		{"lt", r.ordered}, {"lte", r.ordered}, {"gt", r.ordered}, {"gte", r.ordered}, {"between", r.between},
		{"contains", r.contains}, {"startsWith", r.text}, {"endsWith", r.text},
	} {
		if _, given := fields[field.name]; !given {
			continue
		}
		test, err := field.read(field.name)
		if err != nil {
			return nil, err
		}
		test.Not = test.Not || field.name == "ne" || field.name == "notIn"
		p.Tests = append(p.Tests, test)
	}
	if p.Kind == nil && len(p.Tests) == 0 {
		return nil, BadInput(at, "must say what is asked of the value, such as exists: true")
	}
	return p, nil
}

// ReadKeyPath reads the card, the key and the path of a MetadataPredicate or a MetadataOrder.
func ReadKeyPath(at *Path, fields map[string]any) (MetadataKeyPath, error) {
	var p MetadataKeyPath
	p.Key, _ = fields["key"].(string)
	if err := checkSearchedKey(at.In("key"), "a key", p.Key); err != nil {
		return p, err
	}
	if card, ok := fields["card"].(*string); ok && card != nil {
		p.Card = *card
		if err := checkSearchedKey(at.In("card"), "a card", p.Card); err != nil {
			return p, err
		}
	}
	steps, _ := fields["path"].([]string)
	if len(steps) > maxPathSteps {
		return p, LimitExceeded(at.In("path"), "steps of a path", maxPathSteps, int64(len(steps)))
	}
	for i, step := range steps {
		if step == "" {
			return p, BadInput(at.In("path").In(i), "must not be empty")
		}
		if err := CheckText(at.In("path").In(i), "a step of a path", step, MaxFilterText); err != nil {
			return p, err
		}
	}
	p.Path = steps
	return p, nil
}

// maxPathSteps is deeper than values go by default. SQLite joins at most 64 tables, of which each step is one.
const maxPathSteps = 60

// checkSearchedKey refuses texts that no key or card can have. The noun names the text in messages. A key without entries
// is accepted.
func checkSearchedKey(at *Path, noun, text string) error {
	if text == "" {
		return BadInput(at, "%s must not be empty", noun)
	}
	return CheckText(at, noun, text, MaxNameCharacters)
}

func (r predicateReader) exists(name string) (ValueTest, error) {
	exists, _ := r.fields[name].(*bool)
	return ValueTest{Exists: true, Not: exists != nil && !*exists}, nil
}

func (r predicateReader) equal(name string) (ValueTest, error) {
	keys, err := r.equalKeys(r.at.In(name), r.fields[name])
	return ValueTest{In: keys, IgnoreCase: r.ignoreCase}, err
}

func (r predicateReader) oneOf(name string) (ValueTest, error) {
	list, _ := r.fields[name].([]*Tree)
	if len(list) > MaxFilterList {
		return ValueTest{}, LimitExceeded(r.at.In(name), "items in a list of a filter", MaxFilterList, int64(len(list)))
	}
	keys := []string{}
	for i, item := range list {
		more, err := r.equalKeys(r.at.In(name).In(i), item)
		if err != nil {
			return ValueTest{}, err
		}
		keys = append(keys, more...)
	}
	return ValueTest{In: keys, IgnoreCase: r.ignoreCase}, nil
}

// equalKeys are the sort keys of what is equal to an operand: none for NaN.
func (r predicateReader) equalKeys(at *Path, raw any) ([]string, error) {
	keys, err := r.readings(at, raw, false)
	keys = slices.DeleteFunc(keys, func(key string) bool { return key == classUnordered })
	if r.ignoreCase {
		for i, key := range keys {
			if strings.HasPrefix(key, classText) {
				keys[i] = classText + Fold(key[len(classText):])
			}
		}
	}
	return keys, err
}

// ordered reads lt, lte, gt and gte: from the operand to the end of its class, or from the beginning of it.
func (r predicateReader) ordered(name string) (ValueTest, error) {
	keys, err := r.orderedKeys(r.at.In(name), r.fields[name])
	if err != nil {
		return ValueTest{}, err
	}
	test := ValueTest{Between: []SortKeyRange{}}
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

// between reads a range. A text that is also a size, a duration or an instant has several readings: each pair of readings
// of one sort whose ends are in order is a range.
func (r predicateReader) between(name string) (ValueTest, error) {
	list, _ := r.fields[name].([]*Tree)
	if len(list) != 2 {
		return ValueTest{}, BadInput(r.at.In(name), "must be two values, the least and the greatest")
	}
	var ends [2][]string
	for i := range list {
		var err error
		if ends[i], err = r.orderedKeys(r.at.In(name).In(i), list[i]); err != nil {
			return ValueTest{}, err
		}
	}
	test, reversed := ValueTest{Between: []SortKeyRange{}}, false
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
		return ValueTest{}, BadInput(r.at.In(name), "must have the lesser value first: the first one is greater than the second")
	}
	return ValueTest{}, BadInput(r.at.In(name), "must be two values of one sort")
}

// orderedKeys are the sort keys of an operand that others are less or greater than; NaN has none.
func (r predicateReader) orderedKeys(at *Path, raw any) ([]string, error) {
	if r.ignoreCase {
		return nil, BadInput(at, "cannot be combined with ignoreCase")
	}
	keys, err := r.readings(at, raw, true)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		if class := key[:1]; class == classBoolean || class == classNull {
			return nil, BadInput(at, "must be a number, a text or an instant: only these are less or greater")
		}
	}
	return slices.DeleteFunc(keys, func(key string) bool { return key == classUnordered }), nil
}

func (r predicateReader) contains(name string) (ValueTest, error) {
	keys, err := r.equalKeys(r.at.In(name), r.fields[name])
	test := ValueTest{Member: keys, IgnoreCase: r.ignoreCase}
	for _, key := range keys {
		if text, ok := strings.CutPrefix(key, classText); ok {
			test.Text = &TextTest{"contains", text}
		}
	}
	return test, err
}

func (r predicateReader) text(name string) (ValueTest, error) {
	text, _ := r.fields[name].(*string)
	if err := CheckText(r.at.In(name), "a text in a filter", *text, MaxFilterText); err != nil {
		return ValueTest{}, err
	}
	test := ValueTest{Text: &TextTest{name, *text}, IgnoreCase: r.ignoreCase}
	if r.ignoreCase {
		test.Text.Text = Fold(*text)
	}
	return test, nil
}

// readings are the sort keys of what an operand may mean: itself and, for a text, the size or duration and the
// instant that it says. units says that a number with letters behind it must be one of these.
func (r predicateReader) readings(at *Path, raw any, units bool) ([]string, error) {
	tree, _ := raw.(*Tree)
	if tree == nil || tree.Node == nil {
		return []string{classNull}, nil
	}
	limits := ServerLimits{ValueLimits: ValueLimits{ValueNesting: 1, KeyCharacters: MaxNameCharacters}}
	value, err := reader{limits: &limits, at: at}.extended(tree.Node)
	if err != nil {
		return nil, err
	}
	switch value.(type) {
	case ListValue, TupleValue, SetValue, DictValue:
		return nil, BadInput(at, "must be one value: a number, a text, true, false, null or extended JSON of a scalar")
	}
	key := value.sortKey()
	text, isText := tree.Node.(string)
	if words, ok := strings.CutPrefix(key, classText); ok {
		if err := CheckText(at, "a text in a filter", words, MaxFilterText); err != nil {
			return nil, err
		}
	}
	keys := []string{key}
	if !isText || r.textKind {
		return keys, nil
	}
	number, looks, known := quantity(text)
	switch {
	case known:
		keys = append(keys, number)
	case looks && units:
		return nil, BadInput(at, "has an unknown unit: sizes are in B, kB, MB, GB, TB, PB, EB, KiB, MiB, GiB, TiB, PiB or EiB, "+
			"durations in ns, us, ms, s, m, min, h or d; for a text, ask for kind: STRING too")
	}
	if t, ok := ParseTime(text); ok {
		keys = append(keys, instantKey(Time{t}))
	}
	return keys, nil
}
