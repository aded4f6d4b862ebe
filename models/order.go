package models

// OrderTerm is one thing that a list is sorted by.
type OrderTerm struct {
	// Field is the name of a field in the schema; empty for a metadata key.
	Field string
	// Metadata is the key whose latest value counts.
	Metadata MetadataKeyPath
	// Descending says that the greatest comes first.
	Descending bool
	// MissingFirst says that what has nothing to sort by comes before all else, and not after it.
	MissingFirst bool
}

// OrderInput is a term of `orderBy`, such as ArtifactVersionOrder: a map with what the caller gave.
type OrderInput = map[string]any

// ReadOrder reads `orderBy`. BAD_INPUT for a term that has not exactly one of `field` and `metadata`, LIMIT_EXCEEDED for
// too many terms.
func ReadOrder(at *Path, terms []OrderInput) ([]OrderTerm, error) {
	if len(terms) > MaxOrderTerms {
		return nil, LimitExceeded(at, "terms of an order", MaxOrderTerms, int64(len(terms)))
	}
	order := make([]OrderTerm, len(terms))
	for i, input := range terms {
		at := at.In(i)
		field := enumName(input["field"])
		metadata, _ := input["metadata"].(map[string]any)
		if (field != "") == (metadata != nil) {
			return nil, BadInput(at, "must have exactly one of field and metadata")
		}
		term := OrderTerm{
			Field: field, Descending: enumName(input["direction"]) == "DESC", MissingFirst: enumName(input["nulls"]) == "FIRST",
		}
		if metadata != nil {
			var err error
			if term.Metadata, err = ReadKeyPath(at.In("metadata"), metadata); err != nil {
				return nil, err
			}
		}
		order[i] = term
	}
	return order, nil
}

// enumName is the name of an enum value, empty for none.
func enumName(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case *string:
		if value != nil {
			return *value
		}
	}
	return ""
}

// Question is what a list is asked: which objects, in which order, as of when.
type Question struct {
	Filter *Filter
	// Order is what to sort by; empty for the order that the list has by itself.
	Order []OrderTerm
	// AsOf is the instant to answer as of, nil for now.
	AsOf *Time
}
