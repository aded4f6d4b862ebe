package models

// MetadataValueUsage is one value of a metadata key, with the number of artifact versions that have it.
type MetadataValueUsage struct {
	// entry is the value, without an entry that logged it.
	entry MetadataEntry
	Count int32
}

// NewMetadataValueUsage returns the usage of a value, stored as extended JSON, of a key of a card.
func NewMetadataValueUsage(card string, kind MetadataKind, text string, count int32) *MetadataValueUsage {
	return &MetadataValueUsage{entry: MetadataEntry{CardName: card, Kind: &kind, Text: &text}, Count: count}
}

// Kind returns the kind of the value.
func (u *MetadataValueUsage) Kind() MetadataKind { return *u.entry.Kind }

// Value decodes the value. An error means that the stored text is damaged.
func (u *MetadataValueUsage) Value() (MetadataValue, error) { return u.entry.Value() }

// Display returns the value as text for people.
func (u *MetadataValueUsage) Display() (*string, error) { return u.entry.Display() }

// JSON returns the plain JSON value, nil for NULL.
func (u *MetadataValueUsage) JSON() (*RawJSON, error) { return u.entry.JSON() }

// ExtendedJSON returns JSON that preserves all kinds, nil for NULL.
func (u *MetadataValueUsage) ExtendedJSON() (*RawJSON, error) { return u.entry.ExtendedJSON() }

// TagUsage is a tag, with the numbers of versions that have it and of their artifacts.
type TagUsage struct {
	Tag                         string
	VersionCount, ArtifactCount int32
}

// TypeUsage is a type of artifact versions, with the numbers of versions that have it and of their artifacts.
type TypeUsage struct {
	Type                        string
	VersionCount, ArtifactCount int32
}

// AliasUsage is an alias, with the number of artifacts that have it.
type AliasUsage struct {
	Alias         string
	ArtifactCount int32
}

// PipelineUsage is the name of a pipeline, with the number of its runs.
type PipelineUsage struct {
	Pipeline string
	RunCount int32
}
