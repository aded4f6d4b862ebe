package models

import (
	"math"
	"math/big"
)

// ArtifactVersionComparison is what several versions have in common and in what they differ.
type ArtifactVersionComparison struct {
	Versions []*ArtifactVersion
	Baseline *ArtifactVersion
	Rows     []*ComparisonRow
}

// ComparisonRow is one key of the versions that are compared.
type ComparisonRow struct {
	CardName string
	Key      string
	// Entries are the latest entries of the key, one per version, nil where the version has none.
	Entries []*MetadataEntry
	Differs bool
	// Changes say for each version how its value came from that of the baseline.
	Changes []*ComparisonChange
}

// Card is the name of the card, nil for a key without one.
func (r *ComparisonRow) Card() *string { return nameOrNil(r.CardName) }

// Delta is by how much the last version differs from the baseline, nil where that has no meaning.
func (r *ComparisonRow) Delta() *Double { return r.Changes[len(r.Changes)-1].Delta }

// RelativeDelta is Delta as a share of the baseline.
func (r *ComparisonRow) RelativeDelta() *Double { return r.Changes[len(r.Changes)-1].RelativeDelta }

// ComparisonChange is how a value came from that of the baseline.
type ComparisonChange struct {
	// Delta is the difference of two finite numbers of one sort, rounded to a double once; nil for all else.
	Delta *Double
	// RelativeDelta is Delta divided by the size of the baseline's number; nil where that is 0.
	RelativeDelta *Double
	// Added and Removed are the members of a list, tuple or set that only one of the two has.
	Added, Removed []MetadataValue
}

// Compare lines up the latest entries of several subjects, given in the order of their cards, against those of the
// baseline. Rows come in the order of cards and keys of the first subject that has them.
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
	a, sortA := toNumber(from)
	b, sortB := toNumber(to)
	if a == nil || b == nil || sortA != sortB {
		return c
	}
	difference := newExact().Sub(b, a)
	c.Delta = nearestDouble(difference)
	if a.Sign() != 0 {
		c.RelativeDelta = nearestDouble(newExact().Quo(difference, newExact().Abs(a)))
	}
	return c
}

// newExact is a number with room for the difference of any two doubles and 64-bit integers that matter: it is rounded
// once, when it becomes a double.
func newExact() *big.Float { return new(big.Float).SetPrec(2200) }

// nearestDouble is the nearest double, nil when there is none.
func nearestDouble(f *big.Float) *Double {
	rounded, _ := f.Float64()
	if math.IsInf(rounded, 0) {
		return nil
	}
	d := Double(rounded)
	return &d
}

// toNumber is a finite number with its sort: plain, bytes or seconds. Numbers of different sorts have no difference.
func toNumber(value MetadataValue) (*big.Float, MetadataKind) {
	switch v := value.(type) {
	case IntegerValue:
		return newExact().SetInt64(int64(v.Integer)), MetadataKindFloat
	case FloatValue:
		if v.Float() != nil {
			return newExact().SetFloat64(v.Number), MetadataKindFloat
		}
	case StorageSizeValue:
		return newExact().SetInt64(int64(v.Bytes)), MetadataKindStorageSize
	case DurationValue:
		return newExact().SetFloat64(float64(v.Seconds)), MetadataKindDuration
	}
	return nil, ""
}

// membersOnlyIn are the members of `to` that `from` does not have, as often as they are missing; nothing unless both hold
// members.
func membersOnlyIn(from, to MetadataValue) []MetadataValue {
	had, wereMembers := extractItems(from)
	have, areMembers := extractItems(to)
	found := []MetadataValue{}
	if !wereMembers || !areMembers {
		return found
	}
	counts := map[string]int{}
	for _, member := range had {
		counts[string(member.appendJSON(nil, canonical))]++
	}
	for _, member := range have {
		text := string(member.appendJSON(nil, canonical))
		if counts[text]--; counts[text] < 0 {
			found = append(found, member)
		}
	}
	return found
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
