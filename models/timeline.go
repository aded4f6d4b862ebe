package models

import (
	"encoding/json"
	"fmt"
)

// TimelineEvent is a change of an artifact, a version or a pipeline run.
type TimelineEvent struct {
	ID        ID `gorm:"primaryKey"`
	ProjectID ID `gorm:"primaryKey"`
	Kind      TimelineEventKind
	CreatedAt Time
	// CreatedBy is the name of the API key, nil without one.
	CreatedBy *string
	// The IDs of the objects are zero for events of others. A version or a run may be deleted.
	ArtifactID, ArtifactVersionID, PipelineRunID ID
	Details                                      EventDetails `gorm:"type:text"`
	// AsOf is the instant of the view with the timeline, nil for the present state.
	AsOf *Time `gorm:"-"`
}

// NodeID returns the ID that clients see. An event in a view has another ID than the event, because its objects differ.
func (e *TimelineEvent) NodeID() NodeID { return NodeID{e.ID, e.AsOf} }

// TableName returns the name of the table of events.
func (TimelineEvent) TableName() string { return "events" }

// ViewAt returns the event in a view, nil if it is later.
func (e *TimelineEvent) ViewAt(asOf *Time) *TimelineEvent {
	return viewAt(e, asOf, func(view *TimelineEvent) (start Time) {
		view.AsOf = asOf
		return view.CreatedAt
	})
}

// Version returns the name of the version, nil for an event of something else.
func (e *TimelineEvent) Version() *string { return nameOrNil(e.Details.Version) }

// Number returns the number of the version, nil for an event of something else.
func (e *TimelineEvent) Number() *int32 { return positiveOrNil(e.Details.Number) }

// Alias returns the alias, nil for other events.
func (e *TimelineEvent) Alias() *string { return nameOrNil(e.Details.Alias) }

// Tags returns the tags, an empty list for other events.
func (e *TimelineEvent) Tags() []string { return append([]string{}, e.Details.Tags...) }

// EntryCount returns the number of entries, nil for other events.
func (e *TimelineEvent) EntryCount() *int32 { return positiveOrNil(int32(e.Details.EntryCount)) }

// Keys returns the keys of the entries, an empty list for other events.
func (e *TimelineEvent) Keys() []TimelineEventKey {
	return append([]TimelineEventKey{}, e.Details.Keys...)
}

// Reason returns the reason of a retraction or an erasure, nil without one.
func (e *TimelineEvent) Reason() *string { return e.Details.Reason }

// Pipeline returns the name of the pipeline of a run, nil for an event of something else.
func (e *TimelineEvent) Pipeline() *string { return nameOrNil(e.Details.Pipeline) }

// Status returns the final status of a run, nil for other events.
func (e *TimelineEvent) Status() *RunStatus {
	if e.Details.Status == "" {
		return nil
	}
	return &e.Details.Status
}

func positiveOrNil(number int32) *int32 {
	if number <= 0 {
		return nil
	}
	return &number
}

// TimelineEventKind is the kind of an event.
type TimelineEventKind string

// The kinds of events.
const (
	TimelineEventVersionCreated      TimelineEventKind = "VERSION_CREATED"
	TimelineEventAliasSet            TimelineEventKind = "ALIAS_SET"
	TimelineEventAliasRemoved        TimelineEventKind = "ALIAS_REMOVED"
	TimelineEventTagAdded            TimelineEventKind = "TAG_ADDED"
	TimelineEventTagRemoved          TimelineEventKind = "TAG_REMOVED"
	TimelineEventMetadataLogged      TimelineEventKind = "METADATA_LOGGED"
	TimelineEventMetadataRetracted   TimelineEventKind = "METADATA_RETRACTED"
	TimelineEventMetadataErased      TimelineEventKind = "METADATA_ERASED"
	TimelineEventVersionDeleted      TimelineEventKind = "VERSION_DELETED"
	TimelineEventArtifactDeleted     TimelineEventKind = "ARTIFACT_DELETED"
	TimelineEventPipelineRunStarted  TimelineEventKind = "PIPELINE_RUN_STARTED"
	TimelineEventPipelineRunFinished TimelineEventKind = "PIPELINE_RUN_FINISHED"
	TimelineEventPipelineRunDeleted  TimelineEventKind = "PIPELINE_RUN_DELETED"
)

// TimelineEventKinds are all kinds of events.
var TimelineEventKinds = []TimelineEventKind{
	TimelineEventVersionCreated, TimelineEventAliasSet, TimelineEventAliasRemoved, TimelineEventTagAdded,
	TimelineEventTagRemoved, TimelineEventMetadataLogged, TimelineEventMetadataRetracted, TimelineEventMetadataErased,
	TimelineEventVersionDeleted, TimelineEventArtifactDeleted, TimelineEventPipelineRunStarted,
	TimelineEventPipelineRunFinished, TimelineEventPipelineRunDeleted,
}

// MaxEventKeys is the maximum number of keys that an event lists.
const MaxEventKeys = 100

// EventDetails are the fields of an event that depend on its kind. They keep the names of objects that are deleted
// later.
type EventDetails struct {
	// Artifact is the name of a deleted artifact. Version and Number are those of an artifact version.
	Artifact string `json:"artifact,omitempty"`
	Version  string `json:"version,omitempty"`
	Number   int32  `json:"number,omitempty"`
	// Alias is the alias that was set or removed, and Tags are the added or removed tags.
	Alias string   `json:"alias,omitempty"`
	Tags  []string `json:"tags,omitempty"`
	// EntryCount is the number of entries of the call. Keys are their first MaxEventKeys keys, each once.
	EntryCount int                `json:"entries,omitempty"`
	Keys       []TimelineEventKey `json:"keys,omitempty"`
	Reason     *string            `json:"reason,omitempty"`
	// Pipeline is the name of the pipeline of a run, and Status its final status.
	Pipeline string    `json:"pipeline,omitempty"`
	Status   RunStatus `json:"status,omitempty"`
}

// TimelineEventKey is a key of an event. CardName is empty without a card.
type TimelineEventKey struct {
	CardName string `json:"card,omitempty"`
	Key      string `json:"key"`
}

// Card returns the name of the card, nil for a key without one.
func (k *TimelineEventKey) Card() *string { return nameOrNil(k.CardName) }

// Scan reads the JSON of the details from the database.
func (d *EventDetails) Scan(stored any) error {
	switch stored := stored.(type) {
	case string:
		return json.Unmarshal([]byte(stored), d)
	case []byte:
		return json.Unmarshal(stored, d)
	}
	return fmt.Errorf("the details of an event are %T, not text", stored)
}

// AddKey counts an entry and adds its key, unless the details have it or have MaxEventKeys keys.
func (d *EventDetails) AddKey(card, key string) {
	d.EntryCount++
	added := TimelineEventKey{card, key}
	if len(d.Keys) >= MaxEventKeys {
		return
	}
	for _, known := range d.Keys {
		if known == added {
			return
		}
	}
	d.Keys = append(d.Keys, added)
}
