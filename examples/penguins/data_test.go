package main

import (
	"math"
	"slices"
	"strconv"
	"testing"
)

// loadRaw returns the published table.
func loadRaw(t *testing.T) table {
	t.Helper()
	_, c := newFake(t)
	r := &run{client: c}
	if _, err := r.load(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	return r.raw
}

// countSpecies returns the number of rows of each species, in order of name.
func (t table) countSpecies() (counts []int) {
	for _, species := range t.species() {
		n := 0
		for _, row := range t {
			if row[0] == species {
				n++
			}
		}
		counts = append(counts, n)
	}
	return counts
}

func TestRawTable(t *testing.T) {
	t.Parallel()
	raw := loadRaw(t)
	if got, want := raw.countSpecies(), []int{152, 68, 124}; len(raw) != 344 || !slices.Equal(got, want) {
		t.Errorf("%d rows, species %v; want 344 rows, species %v", len(raw), got, want)
	}
	if n := len(raw.complete()); n != 342 {
		t.Errorf("%d complete rows, want 342", n)
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	rows := loadRaw(t).complete()
	train, test := rows.split(0.3, 42)
	// 0.3 of 151, 68 and 123 rows, rounded.
	got, want := test.countSpecies(), []int{45, 20, 37}
	if len(train)+len(test) != len(rows) || !slices.Equal(got, want) {
		t.Errorf("%d rows in the training set, species %v in the test set, want %v", len(train), got, want)
	}
	if same, _ := rows.split(0.3, 42); !slices.EqualFunc(train, same, slices.Equal) {
		t.Error("the same seed gives another split")
	}
	if other, _ := rows.split(0.3, 43); slices.EqualFunc(train, other, slices.Equal) {
		t.Error("another seed gives the same split")
	}
}

// penguin returns a row with numbers in the columns of the measures.
func penguin(species string, numbers ...float64) []string {
	row := []string{species, "Dream", "NA", "NA", "NA", "NA", "NA", "2007"}
	for i, number := range numbers {
		row[2+i] = strconv.FormatFloat(number, 'f', -1, 64)
	}
	return row
}

func TestPredict(t *testing.T) {
	t.Parallel()
	bill := []string{"bill_length_mm", "bill_depth_mm"}
	groups := table{penguin("Adelie", 38, 18), penguin("Adelie", 39, 19), penguin("Adelie", 40, 18),
		penguin("Gentoo", 48, 14), penguin("Gentoo", 49, 15), penguin("Gentoo", 50, 14)}
	pair := table{penguin("Adelie", 38, 18, 190, 3000), penguin("Gentoo", 50, 14, 220, 4000)}
	tie := table{penguin("Gentoo", 50, 14), penguin("Adelie", 40, 16)}
	for _, c := range []struct {
		name     string
		known    table
		features []string
		k        int
		row      []string
		want     string
	}{
		{"first group", groups, bill, 3, penguin("", 37, 18), "Adelie"},
		{"second group", groups, bill, 3, penguin("", 51, 15), "Gentoo"},
		{"grams do not outweigh millimetres", pair, []string{"bill_length_mm", "body_mass_g"}, 1,
			penguin("", 38, 18, 190, 3600), "Adelie"},
		{"one vote each, the nearest wins", tie, bill, 2, penguin("", 42, 15), "Adelie"},
		{"one vote each, equally near, the earlier row wins", tie, bill, 2, penguin("", 45, 15), "Gentoo"},
	} {
		m, err := train(c.known, c.features, c.k)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := m.predict(c.row); err != nil || got != c.want {
			t.Errorf("%s: got %s (%v), want %s", c.name, got, err, c.want)
		}
	}
	m, err := train(groups, bill, 3)
	if err != nil || math.Abs(m.deviations[0]-math.Sqrt(154.0/6)) > 1e-12 {
		t.Errorf("deviation %v (%v), want %v", m.deviations[0], err, math.Sqrt(154.0/6))
	}
	if _, err := train(groups, []string{"body_mass_g"}, 1); err == nil {
		t.Error("a row without a value of a feature is accepted")
	}
}
