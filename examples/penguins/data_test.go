package main

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"
)

// rawTable parses the embedded table.
func rawTable(t *testing.T) table {
	t.Helper()
	rows, err := parseTable(bytes.NewReader(rawCSV))
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestRawTable(t *testing.T) {
	t.Parallel()
	rows := rawTable(t)
	if len(rows) != 344 {
		t.Errorf("%d rows, want 344", len(rows))
	}
	if got, want := rows.speciesCounts(), []count{{"Adelie", 152}, {"Chinstrap", 68}, {"Gentoo", 124}}; !slices.Equal(got, want) {
		t.Errorf("species %v, want %v", got, want)
	}
	want := []count{{"species", 0}, {"island", 0}, {"bill_length_mm", 2}, {"bill_depth_mm", 2},
		{"flipper_length_mm", 2}, {"body_mass_g", 2}, {"sex", 11}, {"year", 0}}
	if got := rows.missingCounts(); !slices.Equal(got, want) {
		t.Errorf("missing %v, want %v", got, want)
	}
	if n, m := rows.incomplete(everyColumn), rows.incomplete(everyMeasure); n != 11 || m != 2 {
		t.Errorf("incomplete rows %d and %d, want 11 and 2", n, m)
	}
	if !bytes.Equal(rows.encode(), rawCSV) {
		t.Error("the table written again differs from the published one")
	}
}

func TestParseTableRefuses(t *testing.T) {
	t.Parallel()
	head := strings.Join(header(), ",") + "\n"
	for name, text := range map[string]string{
		"nothing":       "",
		"other columns": "a,b\n1,2\n",
		"short line":    head + "Adelie,Dream\n",
		"no number":     head + "Adelie,Dream,long,1,1,1,male,2007\n",
		"no year":       head + "Adelie,Dream,1,1,1,1,male,NA\n",
	} {
		if _, err := parseTable(strings.NewReader(text)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestGate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		g     gate
		drops bool
	}{
		{gate{344, 11, 0.95}, true},
		{gate{344, 11, 0.99}, false},
		{gate{344, 2, 0.99}, true},
		{gate{100, 1, 0.99}, true},
		{gate{100, 0, 1}, true},
	} {
		if got := c.g.drops(); got != c.drops {
			t.Errorf("%+v keeps %v: drops is %v", c.g, c.g.keepShare(), got)
		}
	}
}

func TestDropAndImpute(t *testing.T) {
	t.Parallel()
	rows := rawTable(t)
	if n, m := len(drop(rows, everyColumn)), len(drop(rows, everyMeasure)); n != 333 || m != 342 {
		t.Errorf("dropping keeps %d and %d rows, want 333 and 342", n, m)
	}
	filled, n := impute(rows)
	if n != 8 || len(filled) != 344 || filled.incomplete(everyMeasure) != 0 {
		t.Errorf("filled %d values, %d rows, %d incomplete", n, len(filled), filled.incomplete(everyMeasure))
	}
	// The medians of the 342 known values.
	if got, want := filled[3].measures, [4]float64{44.45, 17.3, 197, 4050}; got != want {
		t.Errorf("filled with %v, want %v", got, want)
	}
	if !math.IsNaN(rows[3].measures[0]) {
		t.Error("filling changed the table that it was given")
	}
	if filled[3].sex != "" {
		t.Error("filling invented a sex")
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	rows := drop(rawTable(t), everyColumn)
	train, test, err := split(rows, 0.3, 42)
	if err != nil {
		t.Fatal(err)
	}
	if len(train)+len(test) != len(rows) {
		t.Errorf("%d and %d rows of %d", len(train), len(test), len(rows))
	}
	// 0.3 of 146, 68 and 119 rows, rounded.
	if got, want := test.speciesCounts(), []count{{"Adelie", 44}, {"Chinstrap", 20}, {"Gentoo", 36}}; !slices.Equal(got, want) {
		t.Errorf("test set %v, want %v", got, want)
	}
	again, _, _ := split(rows, 0.3, 42)
	if !slices.Equal(train, again) {
		t.Error("the same seed gave another split")
	}
	other, _, _ := split(rows, 0.3, 43)
	if slices.Equal(train, other) {
		t.Error("another seed gave the same split")
	}
	if _, _, err := split(rows, 1, 42); err == nil {
		t.Error("a test share of 1 was accepted")
	}
}
