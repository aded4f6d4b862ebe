package models

import (
	"fmt"
	"testing"

	"github.com/placard/placard/internal/jsontree"
)

// latest returns the latest entries of a subject whose metadata is the given JSON.
func latest(t *testing.T, text string) []*MetadataEntry {
	t.Helper()
	node, err := jsontree.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	facts, err := ReadFacts(defaults(), nil, &Tree{Node: node}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var entries []*MetadataEntry
	for _, card := range []bool{false, true} { // the entries without a card come first
		for _, fact := range facts {
			if (fact.Card != "") == card {
				entries = append(entries, entryOf(fact))
			}
		}
	}
	return entries
}

// latestSide returns the side of a version whose metadata is the given JSON.
func latestSide(t *testing.T, text string) ComparisonSide {
	t.Helper()
	return ComparisonSide{Version: &ArtifactVersion{}, Entries: latest(t, text)}
}

func TestCompareValues(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ a, b, want string }{
		"the same":               {`1.5`, `1.5`, "differs false delta 0.0 relative 0.0"},
		"floats":                 {`0.5`, `0.75`, "differs true delta 0.25 relative 0.5"},
		"an integer and a float": {`1`, `1.0`, "differs true delta 0.0 relative 0.0"},
		"from a negative":        {`-2`, `-1`, "differs true delta 1.0 relative 0.5"},
		"from zero":              {`0`, `3`, "differs true delta 3.0 relative none"},
		"above 2^53":             {`9007199254740992`, `9007199254740993`, "differs true delta 1.0 relative 1.1102230246251565e-16"},
		"the widest":             {`-9223372036854775808`, `9223372036854775807`, "differs true delta 1.8446744073709552e+19 relative 2.0"},
		"out of range":           {`-1.7e308`, `1.7e308`, "differs true delta none relative 2.0"},
		"not a number":           {`{"$float": "NaN"}`, `{"$float": "NaN"}`, "differs false delta none relative none"},
		"infinity":               {`1.0`, `{"$float": "Infinity"}`, "differs true delta none relative none"},
		"sizes":                  {`{"$storageSize": 1000}`, `{"$storageSize": 1500}`, "differs true delta 500.0 relative 0.5"},
		"a size and a number":    {`{"$storageSize": 1000}`, `1500`, "differs true delta none relative none"},
		"durations":              {`{"$duration": 90}`, `{"$duration": 90.5}`, "differs true delta 0.5 relative 0.005555555555555556"},
		"text":                   {`"a"`, `"b"`, "differs true delta none relative none"},
		"text and path":          {`"a"`, `{"$path": "a"}`, "differs true delta none relative none"},
		"sets in another order":  {`{"$set": [1, 2]}`, `{"$set": [2, 1]}`, "differs false delta none relative none"},
		"members":                {`["a", "b", "b"]`, `["b", "c"]`, "differs true delta none relative none added [c] removed [a b]"},
		"null":                   {`null`, `0`, "differs true delta none relative none"},
	} {
		rows, err := Compare([]ComparisonSide{latestSide(t, `{"k": `+c.a+`}`), latestSide(t, `{"k": `+c.b+`}`)}, 0)
		if err != nil || len(rows) != 1 {
			t.Fatalf("%s: %v %v", name, rows, err)
		}
		spell := func(d *Double) string {
			if d == nil {
				return "none"
			}
			return formatFloat(float64(*d))
		}
		cell := rows[0].Cells[1]
		got := fmt.Sprintf("differs %v delta %s relative %s", rows[0].Differs, spell(cell.Delta), spell(cell.RelativeDelta))
		if len(cell.Added)+len(cell.Removed) > 0 {
			got += fmt.Sprintf(" added %v removed %v", displays(cell.Added), displays(cell.Removed))
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

func displays(values []MetadataValue) []string {
	var texts []string
	for _, value := range values {
		texts = append(texts, value.Display())
	}
	return texts
}

func TestCompareRows(t *testing.T) {
	t.Parallel()
	sides := []ComparisonSide{
		latestSide(t, `{"m": {"b": 1, "a": 1}, "z": 1}`),
		latestSide(t, `{"n": {"x": 1}, "y": 1, "m": {"c": 1, "a": 2}}`),
		latestSide(t, `{"m": {"b": 1, "a": 1}}`),
	}
	rows, err := Compare(sides, 2)
	if err != nil {
		t.Fatal(err)
	}
	var got string
	for _, row := range rows {
		got += fmt.Sprintf("%s.%s", row.CardName, row.Key)
		for i, cell := range row.Cells {
			if cell.Entry == nil {
				got += "-"
			} else {
				got += *cell.Entry.Text
			}
			if cell.Version != sides[i].Version {
				t.Errorf("cell %d of %s has another version", i, row.Key)
			}
		}
		got += " "
	}
	if want := ".z1-- .y-1- m.b1-1 m.a121 m.c-1- n.x-1- "; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if c := rows[3].Cells; c[1].Delta == nil || *c[1].Delta != 1 || *c[2].Delta != 0 {
		t.Errorf("against the last as the baseline: %+v", c)
	}
}
