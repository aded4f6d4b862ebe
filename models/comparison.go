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
}

// ComparisonRow is one metadata key of the compared versions.
type ComparisonRow struct {
	CardName string
	Key      string
	// Entries are the latest entries of the key, one per version, nil for a version without the key.
	Entries []*MetadataEntry
	Differs bool
	// Changes contains one change per version, relative to the baseline.
	Changes []*ComparisonChange
}

// Card returns the name of the card, nil for a key without one.
func (r *ComparisonRow) Card() *string { return nameOrNil(r.CardName) }

// Delta returns the difference of the last version to the baseline, nil if it is undefined.
func (r *ComparisonRow) Delta() *Double { return r.Changes[len(r.Changes)-1].Delta }

// RelativeDelta returns Delta divided by the absolute value of the baseline.
func (r *ComparisonRow) RelativeDelta() *Double { return r.Changes[len(r.Changes)-1].RelativeDelta }

// ComparisonChange is the difference of a value to the value of the baseline.
type ComparisonChange struct {
	// Delta is the difference of two finite numbers of the same unit, computed exactly and rounded once to a double;
	// else nil.
	Delta *Double
	// RelativeDelta is Delta divided by the absolute value of the baseline, nil if that is 0.
	RelativeDelta *Double
	// Added and Removed are the members that a list, tuple or set has in only one of the two values.
	Added, Removed []MetadataValue
}

// Compare returns one row per key of the latest entries of several subjects, which are sorted by card. Rows are in the
// order of the cards and keys of the first subject that has them.
func Compare(subjects [][]*MetadataEntry, baseline int) ([]*ComparisonRow, error) {
	type name struct{ card, key string }
	rows := map[name]*ComparisonRow{}
	var cards []string
	byCard := map[string][]*ComparisonRow{"": nil}
	for i, entries := range subjects {
		for _, entry := range entries {
			n := name{entry.CardName, entry.Key}
			if rows[n] == nil {
				rows[n] = &ComparisonRow{CardName: entry.CardName, Key: entry.Key, Entries: make([]*MetadataEntry, len(subjects))}
				if _, known := byCard[entry.CardName]; !known {
					cards = append(cards, entry.CardName)
				}
				byCard[entry.CardName] = append(byCard[entry.CardName], rows[n])
			}
			rows[n].Entries[i] = entry
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

func (r *ComparisonRow) compare(baseline int) error {
	values := make([]MetadataValue, len(r.Entries))
	texts := make([]string, len(r.Entries))
	for i, entry := range r.Entries {
		if entry == nil {
			continue
		}
		value, err := entry.Value()
		if err != nil {
			return err
		}
		values[i], texts[i] = value, string(value.Kind())+string(value.appendJSON(nil, canonical))
	}
	for i := range values {
		r.Differs = r.Differs || texts[i] != texts[0]
		r.Changes = append(r.Changes, computeChange(values[baseline], values[i]))
	}
	return nil
}

func computeChange(from, to MetadataValue) *ComparisonChange {
	c := &ComparisonChange{Added: membersOnlyIn(from, to), Removed: membersOnlyIn(to, from)}
	x, unit := toExactNumber(from)
	y, otherUnit := toExactNumber(to)
	if unit == "" || unit != otherUnit {
		return c
	}
	a, b := x.big(sumBits), y.big(sumBits)
	c.Delta, c.RelativeDelta = computeDelta(a, b)
	return c
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
