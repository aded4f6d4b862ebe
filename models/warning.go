package models

import "strings"

// WarningCode is the stable identifier of a Warning.
type WarningCode string

// The warning codes; docs/reference/warnings.md describes each.
const (
	WarningUnknownKey             WarningCode = "UNKNOWN_KEY"
	WarningUnknownProject         WarningCode = "UNKNOWN_PROJECT"
	WarningTextComparedWithNumber WarningCode = "TEXT_COMPARED_WITH_NUMBER"
)

// MaxWarnings is the maximum number of warnings of a response.
const MaxWarnings = 10

// Warning describes a probable mistake in a query that succeeded. It never changes the data of the response.
type Warning struct {
	Code WarningCode
	// Message contains names that the caller sent or may read, each cut to 100 characters.
	Message string
	// Path leads to a value of the arguments, as Error.Path does.
	Path []any
	// Candidates are names that the caller may have meant, the nearest first.
	Candidates []string
}

// NamedKey is a metadata key that an argument names.
type NamedKey struct {
	MetadataKey
	// AnyCard means the key in all cards. Card is empty then.
	AnyCard bool
	// ComparesText is set if the argument compares the order of the values with a text.
	ComparesText bool
}

// KeyUse is a place in the arguments of a field that names a metadata key.
type KeyUse struct {
	NamedKey
	At *Path
	// Proven is set if the field has a result only if the key exists, and has a text if ComparesText is set.
	Proven bool
}

// KeyUses returns the uses of metadata keys in the filter and the order, in the order of the arguments. Instants in the
// past may have had values of other kinds, so the uses of a list as of an instant do not compare texts.
func (q ListQuery) KeyUses() []KeyUse {
	uses := q.Filter.appendKeyUses(nil, true, q.AsOf == nil)
	for i, term := range q.Order {
		if term.Field == "" {
			uses = append(uses, term.Metadata.use(NewPath("orderBy", i, "metadata")))
		}
	}
	return uses
}

// use returns the use of a key in a filter or an order at a place.
func (p MetadataKeyPath) use(at *Path) KeyUse {
	return KeyUse{NamedKey: NamedKey{MetadataKey: MetadataKey{p.Card, p.Key}}, At: at.Child("key")}
}

// appendKeyUses appends the uses of a filter. required is set if each result matches the filter.
func (f *Filter) appendKeyUses(uses []KeyUse, required, texts bool) []KeyUse {
	if f == nil {
		return uses
	}
	for _, part := range f.All {
		uses = part.appendKeyUses(uses, required, texts)
	}
	for _, part := range f.AnyOf {
		uses = part.appendKeyUses(uses, required && len(f.AnyOf) == 1, texts)
	}
	uses = f.Not.appendKeyUses(uses, false, texts)
	uses = f.RelatedFilter.appendKeyUses(uses, required, texts)
	if f.Metadata == nil {
		return uses
	}
	use := f.Metadata.use(f.Metadata.At)
	at := len(uses)
	uses = append(uses, use)
	use.Proven = required && f.Metadata.Kind != nil
	for _, condition := range f.Metadata.Conditions {
		proven := required && !condition.Not
		use.Proven = use.Proven || proven
		if texts && len(f.Metadata.Path) == 0 && condition.comparesText() {
			compared := KeyUse{NamedKey: use.NamedKey, At: condition.At, Proven: proven}
			compared.ComparesText = true
			uses = append(uses, compared)
		}
	}
	uses[at] = use
	return uses
}

// comparesText reports whether the condition compares the order of the values with texts only. A text that is also a
// quantity or an instant has a range of their class, too.
func (c ValueCondition) comparesText() bool {
	for _, ends := range c.Between {
		if !strings.HasPrefix(ends.From, SortKeyText) {
			return false
		}
	}
	return len(c.Between) > 0
}
