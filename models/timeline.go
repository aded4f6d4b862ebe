package models

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
	EntryCount int        `json:"entries,omitempty"`
	Keys       []EventKey `json:"keys,omitempty"`
	Reason     *string    `json:"reason,omitempty"`
	// Pipeline is the name of the pipeline of a run, and Status its final status.
	Pipeline string    `json:"pipeline,omitempty"`
	Status   RunStatus `json:"status,omitempty"`
}

// EventKey is a key of an event. Card is empty without a card.
type EventKey struct {
	Card string `json:"card,omitempty"`
	Key  string `json:"key"`
}

// AddKey counts an entry and adds its key, unless the details have it or have MaxEventKeys keys.
func (d *EventDetails) AddKey(card, key string) {
	d.EntryCount++
	added := EventKey{card, key}
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
