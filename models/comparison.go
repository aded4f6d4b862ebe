package models

import (
	"math"
	"math/big"
)

// ArtifactVersionComparison compares the latest metadata of several versions with that of a baseline.
type ArtifactVersionComparison struct {
	Versions []*ArtifactVersion
	Baseline *ArtifactVersion
	Rows     []*ComparisonRow
	// OnlyDiffering omits the inputs that are the same in all versions.
	OnlyDiffering bool
}

// ComparisonSide is one of the compared states: the latest entries of a subject, sorted by card, and the version that
// the subject is, nil for another subject.
type ComparisonSide struct {
	Version *ArtifactVersion
	Entries []*MetadataEntry
}

// ComparisonRow is one metadata key of the compared states.
type ComparisonRow struct {
	CardName string
	Key      string
	Differs  bool
	// Cells contains one cell per side, in their order.
	Cells []*ComparisonCell
}

// Card returns the name of the card, nil for a key without one.
func (r *ComparisonRow) Card() *string { return nameOrNil(r.CardName) }

// ComparisonCell is the value of a key on one side, and how it differs from that of the baseline.
type ComparisonCell struct {
	Version *ArtifactVersion
	// Entry is the latest entry of the key, nil for none.
	Entry *MetadataEntry
	// Delta is the difference of two finite numbers of the same unit, computed exactly and rounded once to a double;
	// else nil.
	Delta *Double
	// RelativeDelta is Delta divided by the absolute value of the baseline, nil if that is 0.
	RelativeDelta *Double
	// Added and Removed are the members that a list, tuple or set has in only one of the two values.
	Added, Removed []MetadataValue
}

// ComparisonInput is the input of one name of the steps that produced the compared versions.
type ComparisonInput struct {
	Name    string
	Differs bool
	// Versions contains one version per compared version, nil for none.
	Versions []*ArtifactVersion
}

// Compare returns one row per key of the sides. Rows are in the order of the cards and keys of the first side that has
// them.
func Compare(sides []ComparisonSide, baseline int) ([]*ComparisonRow, error) {
	type name struct{ card, key string }
	rows := map[name]*ComparisonRow{}
	var cards []string
	byCard := map[string][]*ComparisonRow{"": nil}
	for i, side := range sides {
		for _, entry := range side.Entries {
			n := name{entry.CardName, entry.Key}
			if rows[n] == nil {
				rows[n] = newComparisonRow(entry, sides)
				if _, known := byCard[entry.CardName]; !known {
					cards = append(cards, entry.CardName)
				}
				byCard[entry.CardName] = append(byCard[entry.CardName], rows[n])
			}
			rows[n].Cells[i].Entry = entry
		}
	}
	ordered := []*ComparisonRow{}
	for _, card := range append([]string{""}, cards...) { // the entries without a card come first
		for _, row := range byCard[card] {
			if err := row.compare(baseline); err != nil {
				return nil, err
			}
			ordered = append(ordered, row)
		}
	}
	return ordered, nil
}

// newComparisonRow returns the row of the key of an entry, without entries.
func newComparisonRow(entry *MetadataEntry, sides []ComparisonSide) *ComparisonRow {
	row := &ComparisonRow{CardName: entry.CardName, Key: entry.Key, Cells: make([]*ComparisonCell, len(sides))}
	for i, side := range sides {
		row.Cells[i] = &ComparisonCell{Version: side.Version}
	}
	return row
}

func (r *ComparisonRow) compare(baseline int) error {
	values := make([]MetadataValue, len(r.Cells))
	texts := make([]string, len(r.Cells))
	for i, cell := range r.Cells {
		if cell.Entry == nil {
			continue
		}
		value, err := cell.Entry.Value()
		if err != nil {
			return err
		}
		values[i], texts[i] = value, string(value.Kind())+string(value.appendJSON(nil, canonical))
	}
	for i, cell := range r.Cells {
		r.Differs = r.Differs || texts[i] != texts[0]
		cell.compare(values[baseline], values[i])
	}
	return nil
}

// compare sets how the value to of the cell differs from the value from of the baseline. Both are nil for no entry.
func (c *ComparisonCell) compare(from, to MetadataValue) {
	c.Added, c.Removed = membersOnlyIn(from, to), membersOnlyIn(to, from)
	x, unit := toExactNumber(from)
	y, otherUnit := toExactNumber(to)
	if unit != "" && unit == otherUnit {
		c.Delta, c.RelativeDelta = computeDelta(x.big(sumBits), y.big(sumBits))
	}
}

// computeDelta returns b - a, and that divided by the absolute value of a, which is nil if a is 0.
func computeDelta(a, b *big.Float) (delta, relative *Double) {
	difference := newExact().Sub(b, a)
	if a.Sign() != 0 {
		relative = nearestDouble(newExact().Quo(difference, newExact().Abs(a)))
	}
	return nearestDouble(difference), relative
}

// newExact returns a number that holds the difference of any two doubles or 64-bit integers without rounding.
func newExact() *big.Float { return new(big.Float).SetPrec(2200) }

// nearestDouble returns the nearest double, nil beyond the range of doubles.
func nearestDouble(f *big.Float) *Double {
	rounded, _ := f.Float64()
	if math.IsInf(rounded, 0) {
		return nil
	}
	d := Double(rounded)
	return &d
}

// membersOnlyIn returns the members of to that from lacks, counting repeated members. It returns an empty list unless
// both values have members.
func membersOnlyIn(from, to MetadataValue) []MetadataValue {
	fromItems, wereMembers := extractItems(from)
	toItems, areMembers := extractItems(to)
	only := []MetadataValue{}
	if !wereMembers || !areMembers {
		return only
	}
	counts := map[string]int{}
	for _, member := range fromItems {
		counts[string(member.appendJSON(nil, canonical))]++
	}
	for _, member := range toItems {
		text := string(member.appendJSON(nil, canonical))
		if counts[text]--; counts[text] < 0 {
			only = append(only, member)
		}
	}
	return only
}

func extractItems(value MetadataValue) ([]MetadataValue, bool) {
	switch v := value.(type) {
	case ListValue:
		return v.Items, true
	case TupleValue:
		return v.Items, true
	case SetValue:
		return v.Items, true
	}
	return nil, false
}
