package models

import (
	"testing"

	"github.com/placard/placard/internal/jsontree"
)

func latestOf(entries ...*MetadataEntry) []*MetadataEntry { return entries }

func entry(seq int64, card, key, text string) *MetadataEntry {
	kind := MetadataKindInteger
	return &MetadataEntry{Seq: Int64(seq), CardName: card, Key: key, Kind: &kind, Text: &text}
}

func TestMetadataJSON(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		latest []*MetadataEntry
		want   string
	}{
		"nothing":               {nil, `{}`},
		"cards are objects":     {latestOf(entry(2, "", "a", "1"), entry(1, "m", "b", "2"), entry(3, "m", "c", "3")), `{"a":1,"m":{"b":2,"c":3}}`},
		"entry logged last":     {latestOf(entry(9, "", "m", "1"), entry(1, "m", "b", "2")), `{"m":1}`},
		"card logged last":      {latestOf(entry(1, "", "m", "1"), entry(0, "m", "a", "0"), entry(2, "m", "b", "2")), `{"m":{"a":0,"b":2}}`},
		"keys are quoted right": {latestOf(entry(1, "", "a\"\n", "1")), `{"a\"\n":1}`},
	} {
		got, err := MetadataJSON(c.latest)
		if err != nil || string(got) != c.want {
			t.Errorf("%s: got %s, want %s (%v)", name, got, c.want, err)
		}
	}
}

// TestMetadataExtendedJSON checks that extended JSON, logged again, gives the same facts.
func TestMetadataExtendedJSON(t *testing.T) {
	t.Parallel()
	const text = `{"z":1.0,"size":{"$storageSize":1500000},"none":null,"d":{"$dict":{"a":{"$uri":"gs://b"}}},"e":{"$dict":{}},` +
		`"f":{"$float":"NaN"},"m":{"d":{"a":{"$set":[1,1.0]}},"mark":{"$dict":{"$x":1}},"empty":{}}}`
	tree, err := jsontree.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	limits := DefaultLimits()
	facts, err := ReadFacts(&limits, NewPath("input"), &Tree{tree}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var entries []*MetadataEntry
	for i, fact := range facts {
		entries = append(entries, &MetadataEntry{Seq: Int64(i), CardName: fact.Card, Key: fact.Key, Kind: &fact.Kind, Text: &fact.Text})
	}
	if got, err := MetadataExtendedJSON(entries); err != nil || string(got) != text {
		t.Errorf("got %s, want %s (%v)", got, text, err)
	}
}

func TestCards(t *testing.T) {
	t.Parallel()
	cards := GroupByCard(latestOf(entry(1, "", "a", "1"), entry(2, "m", "b", "2"), entry(3, "m", "c", "3"), entry(4, "n", "d", "4")))
	if len(cards) != 3 || cards[0].Name != nil || *cards[1].Name != "m" || len(cards[1].Entries) != 2 || *cards[2].Name != "n" {
		t.Errorf("got %+v", cards)
	}
}
