package models

import (
	"fmt"
	"strings"

	"github.com/placard/placard/internal/jsontree"
)

// MetadataKind is the type of a value. The client sets it; the server never guesses it from the value.
type MetadataKind string

// The kinds of the API.
const (
	MetadataKindString      MetadataKind = "STRING"
	MetadataKindInteger     MetadataKind = "INTEGER"
	MetadataKindFloat       MetadataKind = "FLOAT"
	MetadataKindBoolean     MetadataKind = "BOOLEAN"
	MetadataKindNull        MetadataKind = "NULL"
	MetadataKindList        MetadataKind = "LIST"
	MetadataKindTuple       MetadataKind = "TUPLE"
	MetadataKindSet         MetadataKind = "SET"
	MetadataKindDict        MetadataKind = "DICT"
	MetadataKindURI         MetadataKind = "URI"
	MetadataKindPath        MetadataKind = "PATH"
	MetadataKindDType       MetadataKind = "DTYPE"
	MetadataKindStorageSize MetadataKind = "STORAGE_SIZE"
	MetadataKindTimestamp   MetadataKind = "TIMESTAMP"
	MetadataKindDuration    MetadataKind = "DURATION"
	MetadataKindMarkdown    MetadataKind = "MARKDOWN"
)

// kindSpec defines how values of one kind are written and read.
type kindSpec struct {
	kind MetadataKind
	// name is the field of MetadataValueInput.
	name string
	// letter identifies the kind in stored search keys and never changes. It is empty for a kind with members.
	letter string
	// read creates a value from the field of MetadataValueInput.
	read func(valueReader, any) (MetadataValue, error)
	// readMarked creates a value from the member `$name` of extended JSON; nil for kinds that JSON has itself.
	readMarked func(valueReader, any) (MetadataValue, error)
}

// kindTable returns the table of kinds. A new kind is a line here, a file value_<kind>.go, and its lines in the schema.
// A variable would be an initialization cycle, because reading a list uses the table.
func kindTable() []kindSpec {
	return []kindSpec{
		{MetadataKindString, "string", "S", readString, nil},
		{MetadataKindInteger, "integer", "I", readInteger, nil},
		{MetadataKindFloat, "float", "F", readFloat, readFloatName},
		{MetadataKindBoolean, "boolean", "B", readBoolean, nil},
		{MetadataKindNull, "null", "N", readNull, nil},
		{MetadataKindList, "list", "", readList, nil},
		{MetadataKindTuple, "tuple", "", readTuple, readTuple},
		{MetadataKindSet, "set", "", readSet, readSet},
		{MetadataKindDict, "dict", "", readDict, readMarkedDict},
		{MetadataKindURI, "uri", "U", readURI, readURI},
		{MetadataKindPath, "path", "P", readPath, readPath},
		{MetadataKindDType, "dtype", "D", readDType, readDType},
		{MetadataKindStorageSize, "storageSize", "Z", readStorageSize, readStorageSize},
		{MetadataKindTimestamp, "timestamp", "T", readTimestamp, readTimestamp},
		{MetadataKindDuration, "duration", "R", readDuration, readDuration},
		{MetadataKindMarkdown, "markdown", "M", readMarkdown, readMarkdown},
	}
}

var (
	specByName = map[string]kindSpec{}
	specByMark = map[string]kindSpec{}
	specByKind = map[MetadataKind]kindSpec{}
	kindByName = map[string]*MetadataKind{}
)

// init fills the maps, because an initializer would be an initialization cycle.
func init() {
	for _, spec := range kindTable() {
		specByName[spec.name] = spec
		specByKind[spec.kind] = spec
		kindByName[string(spec.kind)] = &spec.kind
		if spec.readMarked != nil {
			specByMark["$"+spec.name] = spec
		}
	}
}

// KindNamed returns the kind of a stored name, nil for an empty name. All callers share the kinds of the table.
func KindNamed(name string) *MetadataKind {
	if kind, ok := kindByName[name]; ok || name == "" {
		return kind
	}
	kind := MetadataKind(strings.Clone(name))
	return &kind
}

// Letter identifies the kind in stored search keys; empty for a kind with members.
func (k MetadataKind) Letter() string { return specByKind[k].letter }

// DisplayValue is the GraphQL interface of all values.
type DisplayValue interface {
	IsDisplayValue()
	// Display returns the value as text for people.
	Display() string
	// JSON returns the plain JSON value, nil for NULL.
	JSON() *RawJSON
	// ExtendedJSON returns JSON that preserves all kinds at all depths, nil for NULL.
	ExtendedJSON() *RawJSON
}

// MetadataValue is a value of one kind.
type MetadataValue interface {
	DisplayValue
	IsMetadataValue()
	// Kind returns the kind of the value.
	Kind() MetadataKind
	// appendJSON appends the value as JSON in the given encoding.
	appendJSON(b []byte, form encoding) []byte
	// sortKey returns the sort key of the value, see sort_key.go.
	sortKey() string
}

// unionMember makes a type a member of the GraphQL union and interface.
type unionMember struct{}

func (unionMember) IsMetadataValue() {}
func (unionMember) IsDisplayValue()  {}

// encoding is a form of JSON text.
type encoding int

const (
	// plain has no marks of kinds.
	plain encoding = iota
	// extended marks kinds that JSON lacks. It is the stored form.
	extended
	// canonical is extended with sorted sets and dictionaries: equal values have equal text.
	canonical
)

func encode(v MetadataValue, form encoding) *RawJSON {
	text := RawJSON(v.appendJSON(nil, form))
	return &text
}

// DecodeValue decodes a stored value.
func DecodeValue(kind MetadataKind, text string) (MetadataValue, error) {
	if kind == MetadataKindString && !strings.Contains(text, `\`) && len(text) >= 2 && text[0] == '"' {
		return StringValue{Text: text[1 : len(text)-1]}, nil // fast path: no escapes
	}
	tree, err := jsontree.Parse([]byte(text))
	if err != nil {
		return nil, err
	}
	value, err := valueReader{}.readExtended(tree)
	if err == nil && value.Kind() != kind {
		err = fmt.Errorf("stored kind is %s, but the value has the kind %s", kind, value.Kind())
	}
	return value, err
}

// appendEach appends items with a function, separated by commas.
func appendEach[T any](b []byte, items []T, appendItem func([]byte, T) []byte) []byte {
	for i, item := range items {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendItem(b, item)
	}
	return b
}

// appendMarked appends text, inside an object with the mark unless the encoding is plain.
func appendMarked(b []byte, form encoding, mark string, text []byte) []byte {
	if form == plain {
		return append(b, text...)
	}
	b = append(b, `{"`...)
	b = append(b, mark...)
	b = append(b, `":`...)
	b = append(b, text...)
	return append(b, '}')
}
