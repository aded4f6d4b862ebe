package models

// MetadataEntry is one fact about a subject: appended, never overwritten.
type MetadataEntry struct {
	ID        ID
	ProjectID ID    `gorm:"primaryKey"`
	SubjectID ID    `gorm:"primaryKey"`
	Seq       Int64 `gorm:"primaryKey"`
	// CardName is empty for an entry without a card.
	CardName string `gorm:"column:card"`
	Key      string
	// Kind and Text are nil for a retraction. Text is extended JSON.
	Kind      *MetadataKind
	Text      *string `gorm:"column:value"`
	Retracted bool
	Reason    *string
	LoggedAt  Time
	LoggedBy  *string
	// StepRunID is zero where the target did not name a step run.
	StepRunID ID
	// AsOf is the instant of the view that the entry belongs to, nil for an entry of the present.
	AsOf *Time `gorm:"-"`
}

// NodeID returns the ID that clients see.
func (e *MetadataEntry) NodeID() NodeID { return NodeID{e.ID, e.AsOf} }

// At returns the entry as a part of a view, nil if it was logged later.
func (e *MetadataEntry) At(asOf *Time) *MetadataEntry {
	if asOf == nil || e == nil {
		return e
	}
	if startedAfter(e.LoggedAt, asOf) {
		return nil
	}
	view := *e
	view.AsOf = asOf
	return &view
}

// IsNode makes it a Node.
func (MetadataEntry) IsNode() {}

// Card is the name of the card, nil for an entry without one.
func (e *MetadataEntry) Card() *string { return nameOrNil(e.CardName) }

// nameOrNil is the name of a card as clients see it, nil for no card.
func nameOrNil(name string) *string {
	if name == "" {
		return nil
	}
	return &name
}

// Value is the value, nil for a retraction. An error means that the database holds what Placard did not write.
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

// CardFilter chooses entries by their card: all of them, or those of one card, where an empty name is no card.
type CardFilter struct {
	Only bool
	Name string
}

// Choose are the entries that the filter chooses, in their order.
func (f CardFilter) Choose(entries []*MetadataEntry) []*MetadataEntry {
	chosen := make([]*MetadataEntry, 0, len(entries))
	for _, entry := range entries {
		if !f.Only || f.Name == entry.CardName {
			chosen = append(chosen, entry)
		}
	}
	return chosen
}
