package models

import "strconv"

// MetadataSeries is a page of the values of one metadata key: over the versions of an artifact by number, or over the
// history of a subject by seq.
type MetadataSeries struct {
	Points   []*MetadataPoint
	PageInfo PageInfo
	// MissingCount and Statistics describe the whole series. They are set only if the query requests one of them.
	MissingCount int32
	Statistics   *MetadataStatistics
}

// MetadataPoint is one value of a series.
type MetadataPoint struct {
	// Version is nil in a history, except that of an artifact version.
	Version *ArtifactVersion
	Entry   *MetadataEntry
	Cursor  string
}

// Number returns a finite number, a size in bytes or a duration in seconds as a double; nil for other values. Integers
// beyond 2^53 are rounded. An error means that the stored text is damaged.
func (p *MetadataPoint) Number() (*Double, error) {
	value, err := p.Entry.Value()
	if err != nil {
		return nil, err
	}
	n, unit := toExactNumber(value)
	if unit == "" {
		return nil, nil
	}
	return (*Double)(&n.near), nil
}

// NewMetadataSeries converts a page of a list to a page of a series; point converts an item.
func NewMetadataSeries[T any](page *Connection[T], point func(T) *MetadataPoint) *MetadataSeries {
	series := &MetadataSeries{Points: make([]*MetadataPoint, len(page.Edges)), PageInfo: page.PageInfo}
	for i, edge := range page.Edges {
		series.Points[i] = point(edge.Node)
		series.Points[i].Cursor = edge.Cursor
	}
	return series
}

// SeriesPage validates the arguments of a series like Page, with MaxSeriesPoints as the maximum and default size.
func (a PageArguments) SeriesPage() (Page, error) {
	page, err := a.Page(MaxSeriesPoints, false)
	if a.First == nil && a.Last == nil {
		page.Size = MaxSeriesPoints
	}
	return page, err
}

// SeriesSummary describes a whole series.
type SeriesSummary struct {
	// MissingCount is the number of versions without the key, or of retractions in a history.
	MissingCount int32
	Statistics   *MetadataStatistics
}

// SeriesTally accumulates the points of a series in their order. The zero value is empty.
type SeriesTally struct {
	missing, nonFinite, nonNumeric int32
	numbers                        []exactNumber
}

// Add adds the entry of a point. kind is nil for a retraction or a missing entry. text is used only for numeric kinds.
// An error means that the stored text is damaged.
func (t *SeriesTally) Add(kind *MetadataKind, text *string) error {
	if kind == nil {
		t.missing++
		return nil
	}
	switch *kind {
	case MetadataKindInteger, MetadataKindFloat, MetadataKindStorageSize, MetadataKindDuration:
	default:
		t.nonNumeric++
		return nil
	}
	n, finite, err := readNumber(*kind, *text)
	if err != nil {
		return err
	}
	if finite {
		t.numbers = append(t.numbers, n)
	} else {
		t.nonFinite++
	}
	return nil
}

// readNumber decodes a stored value of a numeric kind. It parses integers and floats directly, which is ten times as
// fast as DecodeValue.
func readNumber(kind MetadataKind, text string) (n exactNumber, finite bool, err error) {
	switch kind {
	case MetadataKindInteger:
		if i, err := strconv.ParseInt(text, 10, 64); err == nil {
			return integerToExact(i), true, nil
		}
	case MetadataKindFloat:
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			return exactNumber{near: f}, true, nil
		}
	}
	value, err := DecodeValue(kind, text)
	if err != nil {
		return exactNumber{}, false, err
	}
	n, unit := toExactNumber(value)
	return n, unit != "", nil
}

// Summary returns the summary of all points.
func (t *SeriesTally) Summary() *SeriesSummary {
	statistics := computeStatistics(t.numbers)
	statistics.NonFiniteCount, statistics.NonNumericCount = t.nonFinite, t.nonNumeric
	return &SeriesSummary{MissingCount: t.missing, Statistics: statistics}
}
