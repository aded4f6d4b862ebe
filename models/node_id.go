package models

import (
	"io"
	"strconv"
	"strings"
)

// NodeID is the ID of an object in the API. A view, which is an object as of an instant, has another ID than the
// present object, because clients cache fields by ID.
type NodeID struct {
	ID ID
	// AsOf is the instant of a view in whole microseconds, nil for the present state.
	AsOf *Time
}

// viewInstant is the format of the instant in the ID of a view: UTC with microseconds.
const viewInstant = "2006-01-02T15:04:05.000000Z"

// String returns the text that MarshalGQL writes: the ID, for a view followed by "@" and the instant.
func (n NodeID) String() string {
	if n.AsOf == nil {
		return n.ID.String()
	}
	return n.ID.String() + "@" + n.AsOf.UTC().Format(viewInstant)
}

// ParseNodeID parses the output of String. It returns false for other text, which identifies no object.
func ParseNodeID(text string) (NodeID, bool) {
	plain, instant, isView := strings.Cut(text, "@")
	id, ok := ParseID(plain)
	if !ok || !isView {
		return NodeID{ID: id}, ok
	}
	at, ok := ParseTime(instant)
	node := NodeID{id, &Time{at}}
	return node, ok && node.String() == text
}

// MarshalGQL writes the ID as a GraphQL ID.
func (n NodeID) MarshalGQL(w io.Writer) { _, _ = io.WriteString(w, strconv.Quote(n.String())) } // w is a buffer

// UnmarshalGQL always fails: arguments take IDs as strings. gqlgen requires the method.
func (n *NodeID) UnmarshalGQL(any) error { return BadInput(nil, "must be a string") }
