package models

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"

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

// TestCardWriter compares the object that CardWriter writes from rows in any order with the one of decoded values in
// the order of their cards. Names are few, so that cards and keys often have the same one.
func TestCardWriter(t *testing.T) {
	t.Parallel()
	values := []string{`1`, `-2`, `1.5`, `1.50`, `"text \\ \" é"`, `true`, `null`, `[1,[2]]`, `{"$tuple":[1]}`, `{"$uri":"s3://a"}`,
		`{"a":{"$storageSize":1}}`, `{"$dict":{"$x":1}}`, `{"$float":"NaN"}`, `{"$timestamp":"2026-01-02T03:04:05Z"}`, `{"$duration":1.5}`}
	names := rapid.SampledFrom([]string{"a", "b", "c", "d\"\n", "é"})
	replaced := 0
	rapid.Check(t, func(t *rapid.T) {
		type row struct {
			*MetadataEntry
			first Int64
		}
		var rows []row
		seen := map[MetadataKey]bool{}
		for range rapid.IntRange(0, 12).Draw(t, "rows") {
			key := MetadataKey{Card: rapid.OneOf(rapid.Just(""), names).Draw(t, "card"), Key: names.Draw(t, "key")}
			if seen[key] {
				continue
			}
			seen[key] = true
			e := &MetadataEntry{CardName: key.Card, Key: key.Key, Seq: Int64(rapid.IntRange(0, 1000).Draw(t, "seq"))}
			if text := rapid.SampledFrom(append(values, "")).Draw(t, "value"); text != "" {
				value, err := valueReader{}.readExtended(mustNode(t, text))
				if err != nil {
					t.Fatal(err)
				}
				kind := value.Kind()
				e.Kind, e.Text = &kind, &text
			}
			rows = append(rows, row{e, Int64(len(rows))})
		}
		var w CardWriter
		for _, r := range rapid.Permutation(rows).Draw(t, "order") {
			kind, text := MetadataKind(""), ""
			if r.Kind != nil {
				kind, text = *r.Kind, *r.Text
			}
			if err := w.Add(MetadataKey{r.CardName, r.Key}, kind, text, r.first, r.Seq); err != nil {
				t.Fatal(err)
			}
		}
		places := map[string]Int64{"": -1}
		for _, r := range slices.Backward(rows) {
			if r.CardName != "" {
				places[r.CardName] = r.first
			}
		}
		slices.SortFunc(rows, func(x, y row) int {
			return cmp.Or(cmp.Compare(places[x.CardName], places[y.CardName]), cmp.Compare(x.first, y.first))
		})
		var latest []*MetadataEntry
		for _, r := range rows {
			if r.Kind != nil {
				latest = append(latest, r.MetadataEntry)
			}
		}
		want, err := encodeCards(latest, plain)
		if err != nil {
			t.Fatal(err)
		}
		if got := w.AppendJSON(nil); string(got) != string(want) {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
		if got, err := MetadataJSON(latest); err != nil || string(got) != string(want) {
			t.Fatalf("MetadataJSON: got  %s (%v)\nwant %s", got, err, want)
		}
		for _, card := range GroupByCard(latest) {
			if card.Name != nil && seen[MetadataKey{"", *card.Name}] {
				replaced++
			}
		}
	})
	if replaced == 0 {
		t.Error("no card had the name of a key")
	}
}
