// Package entryjson marshals metadata entries and their values by hand. They are the most frequent objects of a
// response, and gqlgen needs a closure, a context and several allocations for each of their fields.
//
// `make generate` installs Marshal and MarshalList in graph/exec in place of the functions that gqlgen generates. They
// compile a selection set once per document, and append each entry from its stored text to a buffer, without decoding
// the value. What they cannot marshal is left to the generated code: fields with resolvers, stored text that is damaged
// or spelled differently, and an operation that reaches a limit. So errors and limits are those of the generated code.
// docs/adr/0037 has the measurements.
package entryjson

import (
	"context"
	"io"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/placard/placard/internal/jsontree"
	"github.com/placard/placard/internal/meter"
	"github.com/placard/placard/models"
)

// Generated is the function that gqlgen generates for entries.
type Generated func(ctx context.Context, set ast.SelectionSet, entry *models.MetadataEntry) graphql.Marshaler

// Marshal marshals an entry.
func Marshal(
	ctx context.Context, set ast.SelectionSet, entry *models.MetadataEntry, generated Generated,
) graphql.Marshaler {
	w := newWriter(ctx, set)
	if !w.append(entry) {
		return generated(ctx, set, entry)
	}
	return rendered(w.text)
}

// MarshalList marshals a list. An entry may be nil; if the items of the list are not nullable, this is an error and the
// list is null.
func MarshalList(
	ctx context.Context, set ast.SelectionSet, entries []*models.MetadataEntry, nonNull bool, generated Generated,
) graphql.Marshaler {
	w := newWriter(ctx, set)
	w.text = append(w.text, '[')
	hasNull := false
	for i, entry := range entries {
		if i > 0 {
			w.text = append(w.text, ',')
		}
		if entry == nil || !w.append(entry) {
			item := w.generate(ctx, set, entries, i, nonNull, generated)
			hasNull = hasNull || item == graphql.Null
			item.MarshalGQL(w)
		}
		if i == 0 {
			w.text = slices.Grow(w.text, len(entries)*len(w.text)) // entries of a list have similar sizes
		}
	}
	if hasNull && nonNull {
		return graphql.Null
	}
	return rendered(append(w.text, ']'))
}

// generate marshals an item of a list by the generated code.
func (w *writer) generate(
	ctx context.Context, set ast.SelectionSet, entries []*models.MetadataEntry, i int, nonNull bool, generated Generated,
) graphql.Marshaler {
	if w.meter.HasEnded() {
		return graphql.Null
	}
	ctx = graphql.WithFieldContext(ctx, &graphql.FieldContext{Index: &i, Result: &entries[i]})
	if entries[i] != nil {
		return generated(ctx, set, entries[i])
	}
	if nonNull {
		graphql.AddInvalidNullError(ctx, "MetadataEntry!")
	}
	return graphql.Null
}

// rendered is JSON.
type rendered []byte

// MarshalGQL writes the JSON.
func (r rendered) MarshalGQL(w io.Writer) { _, _ = w.Write(r) }

// writer appends entries with one selection set to a text.
type writer struct {
	text      []byte
	meter     *meter.Meter
	operation *graphql.OperationContext
	// object is the compiled selection set, nil if only the generated code can marshal it.
	object *object
	// fields and bytes are the counts of the meter for the entry in progress.
	fields, bytes int
	maxBytes      int
	entry         *models.MetadataEntry
	// value is the value of the entry if hasValue is set.
	value    models.ValueText
	hasValue bool
}

func newWriter(ctx context.Context, set ast.SelectionSet) *writer {
	m, operation := meter.From(ctx), graphql.GetOperationContext(ctx)
	return &writer{meter: m, maxBytes: m.MaxBytes(), operation: operation, object: compileEntries(ctx, operation, set)}
}

// Write appends text. It implements io.Writer.
func (w *writer) Write(text []byte) (int, error) {
	w.text = append(w.text, text...)
	return len(text), nil
}

// append appends an entry. It returns false, and appends and counts nothing, if the generated code must marshal it.
func (w *writer) append(entry *models.MetadataEntry) bool {
	if w.object == nil {
		return false
	}
	start := len(w.text)
	w.entry, w.hasValue, w.fields, w.bytes = entry, false, 0, 0
	if w.appendObject(w.object, models.ValueText{}) && w.meter.Reserve(w.fields, w.bytes) {
		return true
	}
	w.text = w.text[:start]
	return false
}

// appendObject appends the fields of the entry, of a value of it, or of a member of a dictionary.
func (w *writer) appendObject(o *object, value models.ValueText) bool {
	w.fields += o.counted
	w.bytes += o.bytes
	w.text = append(w.text, '{')
	for i := range o.fields {
		f := &o.fields[i]
		w.text = append(w.text, f.prefix...)
		if f.append != nil && !f.append(w, f, value) || w.bytes > w.maxBytes {
			return false
		}
	}
	w.text = append(w.text, '}')
	return true
}

// appendQuoted appends a string and counts it.
func (w *writer) appendQuoted(text string) {
	start := len(w.text)
	w.text = jsontree.AppendUpperString(w.text, text)
	w.bytes += len(w.text) - start
}

// appendCounted appends JSON and counts it.
func (w *writer) appendCounted(json string) {
	w.text = append(w.text, json...)
	w.bytes += len(json)
}

// appendNull appends null, which counts nothing for a string or JSON.
func (w *writer) appendNull() { w.text = append(w.text, "null"...) }
