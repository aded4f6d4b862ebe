package main

import (
	_ "embed"
	"math"
	"math/rand/v2"
	"slices"
)

// rawCSV is the Palmer Penguins table as published; data/README.md names its source.
//
//go:embed data/penguins.csv
var rawCSV []byte

const sourceURI = "https://doi.org/10.5281/zenodo.3960218"

var (
	columns = []string{"species", "island", "bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g",
		"sex", "year"}
	dtypes = []string{"string", "string", "float64", "float64", "float64", "float64", "string", "int64"}
	// measures are the columns that a model may learn from.
	measures = columns[2:6]
)

// A table is the rows of a CSV file with these columns.
type table [][]string

// species returns the species in order of name.
func (t table) species() []string {
	var names []string
	for _, row := range t {
		names = append(names, row[0])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// complete returns the rows with all measures.
func (t table) complete() table {
	return slices.DeleteFunc(slices.Clone(t), func(row []string) bool { return slices.Contains(row[2:6], "NA") })
}

// split returns a training and a test set. Each species gives the same share of its rows to the test set; the seed
// determines which rows.
func (t table) split(testShare float64, seed uint64) (train, test table) {
	random := rand.New(rand.NewPCG(seed, 0))
	inTest := make([]bool, len(t))
	for _, species := range t.species() {
		var rows []int
		for i, row := range t {
			if row[0] == species {
				rows = append(rows, i)
			}
		}
		random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		for _, i := range rows[:int(math.Round(testShare*float64(len(rows))))] {
			inTest[i] = true
		}
	}
	for i, row := range t {
		if inTest[i] {
			test = append(test, row)
		} else {
			train = append(train, row)
		}
	}
	return train, test
}
