package entryjson

import (
	"strconv"
	"time"

	"github.com/placard/placard/models"
)

// entryFields are the fields of MetadataEntry without resolvers.
var entryFields = map[string]fieldSpec{
	"id":   {append: appendID},
	"key":  {append: appendKey, isText: true},
	"card": {append: appendCard, isText: true},
	"kind": {append: appendKind},

	"value":        {append: ofValue(appendUnion), hasValues: true},
	"display":      {append: ofValue(appendDisplay), isText: true},
	"json":         {append: ofValue(appendJSON), isText: true},
	"extendedJson": {append: ofValue(appendExtendedJSON), isText: true},

	"seq":       {append: appendSeq},
	"loggedAt":  {append: appendLoggedAt},
	"loggedBy":  {append: appendLoggedBy, isText: true},
	"retracted": {append: appendRetracted},
	"reason":    {append: appendReason, isText: true},
	"erased":    {append: appendErased},
}

func appendID(w *writer, _ *field, _ models.ValueText) bool {
	w.text = append(w.text, '"')
	w.text = append(w.text, w.entry.NodeID().String()...)
	w.text = append(w.text, '"')
	return true
}

func appendKey(w *writer, _ *field, _ models.ValueText) bool {
	w.appendQuoted(w.entry.Key)
	return true
}

func appendCard(w *writer, _ *field, _ models.ValueText) bool {
	if w.entry.CardName == "" {
		w.appendNull()
	} else {
		w.appendQuoted(w.entry.CardName)
	}
	return true
}

func appendKind(w *writer, _ *field, _ models.ValueText) bool {
	if w.entry.Kind == nil {
		w.appendNull()
		return true
	}
	w.text = append(w.text, '"')
	w.text = append(w.text, *w.entry.Kind...)
	w.text = append(w.text, '"')
	return true
}

func appendSeq(w *writer, _ *field, _ models.ValueText) bool {
	w.text = append(strconv.AppendInt(append(w.text, '"'), int64(w.entry.Seq), 10), '"')
	return true
}

func appendLoggedAt(w *writer, _ *field, _ models.ValueText) bool {
	w.text = append(w.entry.LoggedAt.UTC().AppendFormat(append(w.text, '"'), time.RFC3339Nano), '"')
	return true
}

func appendLoggedBy(w *writer, _ *field, _ models.ValueText) bool {
	return w.appendNullable(w.entry.LoggedBy)
}
func appendReason(w *writer, _ *field, _ models.ValueText) bool {
	return w.appendNullable(w.entry.Reason)
}

func (w *writer) appendNullable(text *string) bool {
	if text == nil {
		w.appendNull()
	} else {
		w.appendQuoted(*text)
	}
	return true
}

func appendRetracted(w *writer, _ *field, _ models.ValueText) bool {
	w.text = strconv.AppendBool(w.text, w.entry.Retracted)
	return true
}

func appendErased(w *writer, _ *field, _ models.ValueText) bool {
	w.text = strconv.AppendBool(w.text, w.entry.Erased)
	return true
}

// ofValue returns the appender of a field of an entry that depends on its value. It is null for an entry without one.
func ofValue(appendValue appender) appender {
	return func(w *writer, f *field, _ models.ValueText) bool {
		if w.entry.Kind == nil || w.entry.Text == nil {
			w.appendNull()
			return true
		}
		if !w.hasValue {
			if w.value, w.hasValue = w.entry.ValueText(); !w.hasValue {
				return false
			}
		}
		return appendValue(w, f, w.value)
	}
}
