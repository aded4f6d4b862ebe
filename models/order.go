package models

// OrderTerm is one sort key of a list.
type OrderTerm struct {
	// Field is a field of the schema; empty if the list is sorted by Metadata.
	Field string
	// Metadata is the key whose latest value is compared.
	Metadata MetadataKeyPath
	// Descending sorts the greatest value first.
	Descending bool
	// MissingFirst sorts objects without a value first instead of last.
	MissingFirst bool
}

// OrderInput is a term of `orderBy`, such as ArtifactVersionOrder, as a map of the fields that the caller set.
type OrderInput = map[string]any

// ReadOrder validates `orderBy`. It returns BAD_INPUT for a term without exactly one of `field` and `metadata`, and
// LIMIT_EXCEEDED for too many terms.
func ReadOrder(at *Path, terms []OrderInput) ([]OrderTerm, error) {
	if len(terms) > MaxOrderTerms {
		return nil, LimitExceeded(at, "terms of an order", MaxOrderTerms, int64(len(terms)))
	}
	order := make([]OrderTerm, len(terms))
	for i, input := range terms {
		at := at.Child(i)
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
			if term.Metadata, err = ReadKeyPath(at.Child("metadata"), metadata); err != nil {
				return nil, err
			}
		}
		order[i] = term
	}
	return order, nil
}

// enumName returns the name of an enum value, empty for none.
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

// ListQuery selects and sorts the objects of a list.
type ListQuery struct {
	Filter *Filter
	// Order is the requested order; empty for the default order of the list.
	Order []OrderTerm
	// AsOf is the instant to read as of, nil for now.
	AsOf *Time
}
