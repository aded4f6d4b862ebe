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

// View is an object that can be read as of an instant.
type View[T any] interface {
	comparable
	// ViewAt returns the object as of an instant, or the zero value if it did not exist then. For nil, which means now, it
	// returns the object itself.
	ViewAt(asOf *Time) T
}

// ViewsAt returns the objects as of an instant, without those that did not exist then.
func ViewsAt[T View[T]](objects []T, asOf *Time) []T {
	var none T
	views := make([]T, 0, len(objects))
	for _, object := range objects {
		if view := object.ViewAt(asOf); view != none {
			views = append(views, view)
		}
	}
	return views
}

// viewAt returns a copy of object that change converts to its view as of an instant. It returns nil if the start of the
// object, which change returns, is later. For nil, which means now, it returns object.
func viewAt[T any](object *T, asOf *Time, change func(view *T) (start Time)) *T {
	if asOf == nil || object == nil {
		return object
	}
	view := *object
	if start := change(&view); start.After(asOf.Time) {
		return nil
	}
	return &view
}

// NodeAt returns a node as of an instant, nil if it did not exist then. A project is never a view.
func NodeAt(node Node, asOf *Time) Node {
	if asOf == nil {
		return node
	}
	switch node := node.(type) {
	case *Artifact:
		return toNode(node.ViewAt(asOf))
	case *ArtifactVersion:
		return toNode(node.ViewAt(asOf))
	case *PipelineRun:
		return toNode(node.ViewAt(asOf))
	case *StepRun:
		return toNode(node.ViewAt(asOf))
	case *StepOutput:
		return toNode(node.ViewAt(asOf))
	case *MetadataEntry:
		return toNode(node.ViewAt(asOf))
	}
	return nil
}

// toNode converts a pointer to a Node; a nil pointer becomes a nil Node.
func toNode[T any, P interface {
	*T
	Node
}](node P) Node {
	if node == nil {
		return nil
	}
	return node
}
