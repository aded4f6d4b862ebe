package models

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
)

// Connection is a page of a list as in the Relay specification.
type Connection[T any] struct {
	Edges    []Edge[T]
	PageInfo PageInfo
	// TotalCount is at most MaxTotalCount. It is set only if the query requests it.
	TotalCount int32
	// TotalCountCapped reports that the list has more than TotalCount items.
	TotalCountCapped bool
}

// MaxTotalCount is the maximum number of items that are counted.
const MaxTotalCount = 10_000

// SetTotalCount sets the size of the list; n counts up to MaxTotalCount + 1 at least.
func (c *Connection[T]) SetTotalCount(n int) {
	c.TotalCount, c.TotalCountCapped = int32(min(n, MaxTotalCount)), n > MaxTotalCount
}

// Edge is an item of a page.
type Edge[T any] struct {
	Cursor string
	Node   T
}

// Nodes returns the items of the page.
func (c *Connection[T]) Nodes() []T {
	nodes := make([]T, len(c.Edges))
	for i, edge := range c.Edges {
		nodes[i] = edge.Node
	}
	return nodes
}

// MapConnection converts the nodes of a connection and copies all other fields. It is the only function that converts
// connections, so that a new field needs to be copied only here.
func MapConnection[T, U any](c *Connection[T], node func(T) U) *Connection[U] {
	mapped := &Connection[U]{
		Edges: make([]Edge[U], len(c.Edges)), PageInfo: c.PageInfo,
		TotalCount: c.TotalCount, TotalCountCapped: c.TotalCountCapped,
	}
	for i, edge := range c.Edges {
		mapped.Edges[i] = Edge[U]{Cursor: edge.Cursor, Node: node(edge.Node)}
	}
	return mapped
}

// PageInfo describes the position of a page in its list.
type PageInfo struct {
	HasNextPage     bool
	HasPreviousPage bool
	StartCursor     *string
	EndCursor       *string
}

// The connections of the schema.
type (
	ProjectConnection         = Connection[*Project]
	ProjectEdge               = Edge[*Project]
	ArtifactConnection        = Connection[*Artifact]
	ArtifactEdge              = Edge[*Artifact]
	ArtifactVersionConnection = Connection[*ArtifactVersion]
	ArtifactVersionEdge       = Edge[*ArtifactVersion]
	PipelineRunConnection     = Connection[*PipelineRun]
	PipelineRunEdge           = Edge[*PipelineRun]
	StepRunConnection         = Connection[*StepRun]
	StepRunEdge               = Edge[*StepRun]
	MetadataEntryConnection   = Connection[*MetadataEntry]
	MetadataEntryEdge         = Edge[*MetadataEntry]
	ApiKeyConnection          = Connection[*ApiKey]
	ApiKeyEdge                = Edge[*ApiKey]
	AuditEventConnection      = Connection[*AuditEvent]
	AuditEventEdge            = Edge[*AuditEvent]
	TimelineEventConnection   = Connection[*TimelineEvent]
	TimelineEventEdge         = Edge[*TimelineEvent]

	MetadataKeyUsageConnection   = Connection[*MetadataKeyUsage]
	MetadataKeyUsageEdge         = Edge[*MetadataKeyUsage]
	MetadataValueUsageConnection = Connection[*MetadataValueUsage]
	MetadataValueUsageEdge       = Edge[*MetadataValueUsage]
	TagUsageConnection           = Connection[*TagUsage]
	TagUsageEdge                 = Edge[*TagUsage]
	TypeUsageConnection          = Connection[*TypeUsage]
	TypeUsageEdge                = Edge[*TypeUsage]
	AliasUsageConnection         = Connection[*AliasUsage]
	AliasUsageEdge               = Edge[*AliasUsage]
	PipelineUsageConnection      = Connection[*PipelineUsage]
	PipelineUsageEdge            = Edge[*PipelineUsage]
)

// Position is the sort key of an item in its list. The last value is unique.
type Position []any

// Page selects a part of a list. It is comparable, so that the same page of several lists is read at once.
type Page struct {
	// Size is the maximum number of items.
	Size int
	// Backward selects the last Size items before Before instead of the first Size items after After.
	Backward bool
	// After and Before are cursors, empty for none.
	After, Before string
	// Count requests the size of the whole list.
	Count bool
}

// HasCursor reports whether the page begins or ends at a cursor, which belongs to one list.
func (p Page) HasCursor() bool { return p.After != "" || p.Before != "" }

// PageArguments are the arguments of a connection.
type PageArguments struct {
	First, Last   *int32
	After, Before *string
}

// Page validates the arguments. It returns BAD_INPUT for a negative size and for both directions together, and
// LIMIT_EXCEEDED for a size over the limit. ParseCursor validates the cursors, because that requires the list.
func (a PageArguments) Page(limit int32, count bool) (Page, error) {
	page := Page{Size: int(min(limit, DefaultPageSize)), Count: count}
	if a.First != nil && a.Last != nil {
		return page, BadInput(NewPath("last"), "must not be combined with first")
	}
	for _, size := range []struct {
		name  string
		value *int32
	}{{"first", a.First}, {"last", a.Last}} {
		switch {
		case size.value == nil:
			continue
		case *size.value < 0:
			return page, BadInput(NewPath(size.name), "must be 0 or more")
		case *size.value > limit:
			return page, LimitExceeded(NewPath(size.name), "items in a page", int64(limit), int64(*size.value))
		}
		page.Size = int(*size.value)
	}
	page.Backward = a.Last != nil
	for _, cursor := range []struct {
		name string
		from *string
		to   *string
	}{{"after", a.After, &page.After}, {"before", a.Before, &page.Before}} {
		if cursor.from == nil {
			continue
		}
		if *cursor.from == "" {
			return page, badCursor(cursor.name)
		}
		*cursor.to = *cursor.from
	}
	return page, nil
}

func badCursor(argument string) error {
	return BadInput(NewPath(argument), "must be a cursor of this list, with the same filter and order")
}

const fingerprintBytes = 6

// EncodeCursor encodes a position in a list. It is opaque and valid for this list only: list must contain everything
// that the order of the items depends on.
func EncodeCursor(list string, position Position) string {
	text, err := json.Marshal(position)
	if err != nil {
		panic(err) // positions are texts and numbers
	}
	fingerprint := sha256.Sum256([]byte(list + "\x00" + string(text)))
	return base64.RawURLEncoding.EncodeToString(append(fingerprint[:fingerprintBytes], text...))
}

// ParseCursor decodes a cursor of the list; an empty cursor becomes nil. It returns BAD_INPUT at the argument for a
// cursor that is not of this list.
func ParseCursor(argument, list, cursor string) (Position, error) {
	if cursor == "" {
		return nil, nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(raw) <= fingerprintBytes || strings.ContainsAny(cursor, "\r\n") {
		return nil, badCursor(argument)
	}
	text := raw[fingerprintBytes:]
	fingerprint := sha256.Sum256([]byte(list + "\x00" + string(text)))
	if !bytes.Equal(raw[:fingerprintBytes], fingerprint[:fingerprintBytes]) {
		return nil, badCursor(argument)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var position Position
	if err := decoder.Decode(&position); err != nil || len(position) == 0 {
		return nil, badCursor(argument)
	}
	for i, value := range position {
		if number, ok := value.(json.Number); ok {
			if position[i], err = number.Int64(); err != nil {
				return nil, badCursor(argument)
			}
		}
	}
	return position, nil
}

// NewConnection returns a page of the items that were read for it. If the list continues, items has one more than the
// size of the page. A backward page has its items in reverse order.
func NewConnection[T any](list string, page Page, items []T, position func(T) Position) *Connection[T] {
	more := len(items) > page.Size
	items = items[:min(len(items), page.Size)]
	edges := make([]Edge[T], len(items))
	for i, item := range items {
		at := i
		if page.Backward {
			at = len(items) - 1 - i
		}
		edges[at] = Edge[T]{EncodeCursor(list, position(item)), item}
	}
	info := PageInfo{HasNextPage: more, HasPreviousPage: page.After != ""}
	if page.Backward {
		info = PageInfo{HasNextPage: page.Before != "", HasPreviousPage: more}
	}
	if len(edges) > 0 {
		info.StartCursor, info.EndCursor = &edges[0].Cursor, &edges[len(edges)-1].Cursor
	}
	return &Connection[T]{Edges: edges, PageInfo: info}
}

// ViewsOfPages replaces the items of pages, all of which existed at an instant, with their views.
func ViewsOfPages[K comparable, T View[T]](pages map[K]*Connection[T], asOf *Time) map[K]*Connection[T] {
	for _, page := range pages {
		ViewsOfPage(page, asOf)
	}
	return pages
}

// ViewsOfPage replaces the items of a page, all of which existed at an instant, with their views.
func ViewsOfPage[T View[T]](page *Connection[T], asOf *Time) *Connection[T] {
	if page != nil {
		for i := range page.Edges {
			page.Edges[i].Node = page.Edges[i].Node.ViewAt(asOf)
		}
	}
	return page
}
