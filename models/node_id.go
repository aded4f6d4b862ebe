package models

import (
	"io"
	"strconv"
	"strings"
)

// NodeID is the ID of an object as a client sees it. A view, which is an object read as of an instant, has another ID than
// the object has now: clients that cache fields by ID would otherwise show the past as the present.
type NodeID struct {
	ID ID
	// AsOf is the instant of a view in whole microseconds, nil for the object as it is now.
	AsOf *Time
}

// viewInstant is the one spelling of an instant in the ID of a view: UTC to the microsecond.
const viewInstant = "2006-01-02T15:04:05.000000Z"

// String returns the text that MarshalGQL writes: the ID, for a view followed by "@" and the instant.
func (n NodeID) String() string {
	if n.AsOf == nil {
		return n.ID.String()
	}
	return n.ID.String() + "@" + n.AsOf.UTC().Format(viewInstant)
}

// ParseNodeID reads an ID as the server writes it. It returns false for any other text, which identifies no object.
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

// UnmarshalGQL is never called: arguments take IDs as text. gqlgen requires it of every scalar.
func (n *NodeID) UnmarshalGQL(any) error { return BadInput(nil, "is not read as a NodeID") }

// View is an object that can be read as of an instant.
type View[T any] interface {
	comparable
	// At returns the object as it was at an instant, or the zero value if it did not exist then. For nil, which means now, it
	// returns the object itself.
	At(asOf *Time) T
}

// Views returns the objects as they were at an instant, without those that did not exist then.
func Views[T View[T]](objects []T, asOf *Time) []T {
	var none T
	views := make([]T, 0, len(objects))
	for _, object := range objects {
		if view := object.At(asOf); view != none {
			views = append(views, view)
		}
	}
	return views
}

// startedAfter reports whether an object that exists since start did not exist at an instant.
func startedAfter(start Time, asOf *Time) bool { return start.After(asOf.Time) }

// NodeAt returns a node as it was at an instant, nil if it did not exist then. Projects have no past and are never a view.
func NodeAt(node Node, asOf *Time) Node {
	if asOf == nil {
		return node
	}
	switch node := node.(type) {
	case *Artifact:
		return toNode(node.At(asOf))
	case *ArtifactVersion:
		return toNode(node.At(asOf))
	case *PipelineRun:
		return toNode(node.At(asOf))
	case *StepRun:
		return toNode(node.At(asOf))
	case *StepOutput:
		return toNode(node.At(asOf))
	case *MetadataEntry:
		return toNode(node.At(asOf))
	}
	return nil
}

// toNode returns a node, nil without a type for a nil pointer.
func toNode[T any, P interface {
	*T
	Node
}](node P) Node {
	if node == nil {
		return nil
	}
	return node
}
