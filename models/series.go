package models

import "strconv"

// MetadataSeries is one metadata key as a line: over the versions of an artifact, in ascending order of number, or over
// the history of a subject, in ascending order of seq.
type MetadataSeries struct {
	Points   []*MetadataPoint
	PageInfo PageInfo
	// Missing and Statistics are about the whole series; they are only set when the query asks for one of them.
	Missing    int32
	Statistics *MetadataStatistics
}

// MetadataPoint is one point of a series.
type MetadataPoint struct {
	// Version is nil in the history of anything but an artifact version.
	Version *ArtifactVersion
	Entry   *MetadataEntry
	Cursor  string
}

// Number is the value as a double where it is a finite number, a size in bytes or a duration in seconds; nil for all
// else. An integer beyond 2^53 is rounded. An error means that the database holds what Placard did not write.
func (p *MetadataPoint) Number() (*Double, error) {
	value, err := p.Entry.Value()
	if err != nil {
		return nil, err
	}
	found, _ := toNumber(value)
	if found == nil {
		return nil, nil
	}
	return nearestDouble(found), nil
}

// NewMetadataSeries makes a page of a series of a page of a list, whose items become points.
func NewMetadataSeries[T any](page *Connection[T], point func(T) *MetadataPoint) *MetadataSeries {
	series := &MetadataSeries{Points: make([]*MetadataPoint, len(page.Edges)), PageInfo: page.PageInfo}
	for i, edge := range page.Edges {
		series.Points[i] = point(edge.Node)
		series.Points[i].Cursor = edge.Cursor
	}
	return series
}

// SeriesPage checks the arguments of a series as Page does. A series is drawn as a line, so that its page may have up
// to MaxSeriesPoints points, and has them when no size is given.
func (a PageArguments) SeriesPage() (Page, error) {
	page, err := a.Page(MaxSeriesPoints, false)
	if a.First == nil && a.Last == nil {
		page.Size = MaxSeriesPoints
	}
	return page, err
}

// SeriesSummary is what is said of a series as a whole.
type SeriesSummary struct {
	// Missing is how many versions lack the key, or how many entries of a history are retractions.
	Missing    int32
	Statistics *MetadataStatistics
}

// SeriesTally takes the points of a series one after the other, in the order of the series, and sums them up. The zero
// value is the tally of no points.
type SeriesTally struct {
	missing, nonFinite, notNumbers int32
	numbers                        []exactNumber
}

// Add takes the entry of a point. Its kind is nil for a retraction, or where there is no entry. The text is only looked
// at for the kinds that are numbers. An error means that the database holds what Placard did not write.
func (t *SeriesTally) Add(kind *MetadataKind, text *string) error {
	if kind == nil {
		t.missing++
		return nil
	}
	switch *kind {
	case MetadataKindInteger, MetadataKindFloat, MetadataKindStorageSize, MetadataKindDuration:
	default:
		t.notNumbers++
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

// readNumber reads a stored value of a kind that is a number. Integers and floats are read without a tree of JSON,
// which takes ten times as long.
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
	n, finite = toExactNumber(value)
	return n, finite, nil
}

// Summary is what all points come to.
func (t *SeriesTally) Summary() *SeriesSummary {
	statistics := computeStatistics(t.numbers)
	statistics.NonFinite, statistics.NotNumbers = t.nonFinite, t.notNumbers
	return &SeriesSummary{Missing: t.missing, Statistics: statistics}
}
