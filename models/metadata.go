package models

// MetadataEntry is one fact about a subject. Entries are appended and never overwritten.
type MetadataEntry struct {
	ID        ID
	ProjectID ID    `gorm:"primaryKey"`
	SubjectID ID    `gorm:"primaryKey"`
	Seq       Int64 `gorm:"primaryKey"`
	// CardName is empty for an entry without a card.
	CardName string `gorm:"column:card"`
	Key      string
	// Kind and Text are nil for a retraction and for an erased entry. Text is extended JSON.
	Kind      *MetadataKind
	Text      *string `gorm:"column:value"`
	Retracted bool
	Reason    *string
	LoggedAt  Time
	LoggedBy  *string
	// Erased is true if the value, or the reason of a retraction, was erased. Kind, Text and Reason are nil then.
	Erased bool
	// StepRunID is the step run that the target named, else zero.
	StepRunID ID
	// AsOf is the instant of the view that contains the entry, nil for the present state.
	AsOf *Time `gorm:"-"`
}

// ViewAt returns the entry in a view, nil if it was logged later.
func (e *MetadataEntry) ViewAt(asOf *Time) *MetadataEntry {
	return viewAt(e, asOf, func(view *MetadataEntry) (start Time) {
		view.AsOf = asOf
		return view.LoggedAt
	})
}

// Card returns the name of the card, nil for an entry without one.
func (e *MetadataEntry) Card() *string { return nameOrNil(e.CardName) }

// nameOrNil returns the name of a card as clients see it, nil for no card.
func nameOrNil(name string) *string {
	if name == "" {
		return nil
	}
	return &name
}

// Value decodes the value, nil for an entry without one. An error means that the stored text is damaged.
func (e *MetadataEntry) Value() (MetadataValue, error) {
	if e.Kind == nil || e.Text == nil {
		return nil, nil
	}
	value, err := DecodeValue(*e.Kind, *e.Text)
	if err != nil {
		return nil, err
	}
	return escapeDict(value, e.CardName), nil
}

// Display returns the value as text for people, nil for an entry without one.
func (e *MetadataEntry) Display() (*string, error) {
	value, err := e.Value()
	if value == nil {
		return nil, err
	}
	text := value.Display()
	return &text, nil
}

// JSON returns the plain JSON value, nil for NULL and for an entry without a value.
func (e *MetadataEntry) JSON() (*RawJSON, error) {
	value, err := e.Value()
	if value == nil {
		return nil, err
	}
	return value.JSON(), nil
}

// ExtendedJSON returns JSON that preserves all kinds at all depths, nil for NULL and for an entry without a
// value.
func (e *MetadataEntry) ExtendedJSON() (*RawJSON, error) {
	value, err := e.Value()
	if value == nil {
		return nil, err
	}
	return value.ExtendedJSON(), nil
}

// MetadataKey is a key of a card. Card is empty for an entry without a card.
type MetadataKey struct{ Card, Key string }

// CardFilter selects entries by card: all of them, or with Only those of the card Name, where an empty name means no
// card.
type CardFilter struct {
	Only bool
	Name string
}

// Apply returns the entries that match the filter, in their order.
func (f CardFilter) Apply(entries []*MetadataEntry) []*MetadataEntry {
	chosen := make([]*MetadataEntry, 0, len(entries))
	for _, entry := range entries {
		if !f.Only || f.Name == entry.CardName {
			chosen = append(chosen, entry)
		}
	}
	return chosen
}
