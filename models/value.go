package models

import (
	"fmt"

	"github.com/placard/placard/internal/jsontree"
)

// MetadataKind says what a value is. It comes from the caller and is never guessed from the value.
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

// kindSpec is how one kind is written and read.
type kindSpec struct {
	kind MetadataKind
	// name is the field of MetadataValueInput.
	name string
	// letter is the kind in what the database keeps to search in lists and dictionaries. It never changes; empty for a
	// kind that holds members.
	letter string
	// read makes a value of what the field holds.
	read func(valueReader, any) (MetadataValue, error)
	// readMarked makes a value of what stands behind `$name` in extended JSON; nil where JSON says the kind itself.
	readMarked func(valueReader, any) (MetadataValue, error)
}

// kindTable is the table of kinds: a new kind is a line here, a file value_<kind>.go, and its lines in the schema. It is
// a function because the reading of a list comes back to the table.
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
)

// The two are filled here and not where they stand, because the functions in the table use them.
func init() {
	for _, spec := range kindTable() {
		specByName[spec.name] = spec
		specByKind[spec.kind] = spec
		if spec.readMarked != nil {
			specByMark["$"+spec.name] = spec
		}
	}
}

// Letter is the kind in what the database keeps to search in lists and dictionaries; empty for a kind that holds members.
func (k MetadataKind) Letter() string { return specByKind[k].letter }

// DisplayValue is what every value can do: see the GraphQL interface.
type DisplayValue interface {
	IsDisplayValue()
	// Display is the value for people.
	Display() string
	// JSON is the plain JSON value, nil for NULL.
	JSON() *RawJSON
	// ExtendedJSON keeps every kind at every depth, nil for NULL.
	ExtendedJSON() *RawJSON
}

// MetadataValue is a value of one kind.
type MetadataValue interface {
	DisplayValue
	IsMetadataValue()
	Kind() MetadataKind
	// appendJSON appends the value as JSON in the given form.
	appendJSON(b []byte, form encoding) []byte
	// sortKey is how the value compares with others, see sort_key.go.
	sortKey() string
}

// unionMember makes a value a member of the union and an implementation of the interface.
type unionMember struct{}

func (unionMember) IsMetadataValue() {}
func (unionMember) IsDisplayValue()  {}

// encoding is a way to spell a value as JSON.
type encoding int

const (
	// plain has no kinds: what a program without Placard would have logged.
	plain encoding = iota
	// extended has marks for what JSON does not have, and is what the database keeps.
	extended
	// canonical is extended with sets and dictionaries in a fixed order: equal text means the same value.
	canonical
)

func encode(v MetadataValue, form encoding) *RawJSON {
	text := RawJSON(v.appendJSON(nil, form))
	return &text
}

// DecodeValue is the value that the database keeps as kind and text.
func DecodeValue(kind MetadataKind, text string) (MetadataValue, error) {
	if kind == MetadataKindString {
		s, err := unquoteString(text)
		return StringValue{Text: s}, err
	}
	tree, err := jsontree.Parse([]byte(text))
	if err != nil {
		return nil, err
	}
	value, err := valueReader{}.readExtended(tree)
	if err == nil && value.Kind() != kind {
		err = fmt.Errorf("stored as %s, reads as %s", kind, value.Kind())
	}
	return value, err
}

// appendMarked appends text as it is in the plain form, and under its mark in the others.
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
