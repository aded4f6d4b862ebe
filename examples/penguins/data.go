package main

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
)

// rawCSV is the Palmer Penguins table as published; data/README.md says where it comes from.
//
//go:embed data/penguins.csv
var rawCSV []byte

// sourceURI identifies the published data set.
const sourceURI = "https://doi.org/10.5281/zenodo.3960218"

// missing is how the table writes a value that is not known.
const missing = "NA"

// measures are the numeric columns that a model may learn from, in the order of penguin.measures.
var measures = []string{"bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"}

// columns are all columns of the table with the type that this program reads them as.
var columns = []struct{ name, dtype string }{
	{"species", "string"},
	{"island", "string"},
	{measures[0], "float64"},
	{measures[1], "float64"},
	{measures[2], "float64"},
	{measures[3], "float64"},
	{"sex", "string"},
	{"year", "int64"},
}

// A penguin is one row. A measure that is not known is NaN, a sex that is not known is empty.
type penguin struct {
	species, island string
	measures        [4]float64
	sex             string
	year            int
}

// measured says whether every measure is known.
func (p penguin) measured() bool {
	return !slices.ContainsFunc(p.measures[:], math.IsNaN)
}

// complete says whether every column is known.
func (p penguin) complete() bool {
	return p.measured() && p.sex != ""
}

// A table is penguins in the order of their file.
type table []penguin

// readTable reads a CSV file with the columns of the published table.
func readTable(path string) (table, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parseTable(bytes.NewReader(data))
}

// parseTable reads CSV with the columns of the published table, in their order.
func parseTable(r io.Reader) (table, error) {
	lines, err := csv.NewReader(r).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(lines) == 0 || !slices.Equal(lines[0], header()) {
		return nil, fmt.Errorf("the first line must name the columns %v", header())
	}
	rows := make(table, 0, len(lines)-1)
	for i, cells := range lines[1:] {
		p, err := parsePenguin(cells)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+2, err)
		}
		rows = append(rows, p)
	}
	return rows, nil
}

// parsePenguin reads the cells of one line.
func parsePenguin(cells []string) (penguin, error) {
	p := penguin{species: cells[0], island: cells[1]}
	for i := range measures {
		cell := cells[2+i]
		if cell == missing {
			p.measures[i] = math.NaN()
			continue
		}
		value, err := strconv.ParseFloat(cell, 64)
		if err != nil {
			return p, fmt.Errorf("%s: %w", measures[i], err)
		}
		p.measures[i] = value
	}
	if cells[6] != missing {
		p.sex = cells[6]
	}
	year, err := strconv.Atoi(cells[7])
	if err != nil {
		return p, fmt.Errorf("year: %w", err)
	}
	p.year = year
	return p, nil
}

// header is the first line of the file.
func header() []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	return names
}

// cells is the line of one penguin in the file.
func (p penguin) cells() []string {
	line := []string{p.species, p.island}
	for _, value := range p.measures {
		if math.IsNaN(value) {
			line = append(line, missing)
		} else {
			line = append(line, strconv.FormatFloat(value, 'f', -1, 64))
		}
	}
	sex := p.sex
	if sex == "" {
		sex = missing
	}
	return append(line, sex, strconv.Itoa(p.year))
}

// encode writes the table as CSV; encode of the published table gives its own bytes.
func (t table) encode() []byte {
	lines := [][]string{header()}
	for _, p := range t {
		lines = append(lines, p.cells())
	}
	return encodeCSV(lines)
}

// encodeCSV writes lines as CSV. It cannot fail, because a buffer takes everything.
func encodeCSV(lines [][]string) []byte {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	_ = w.WriteAll(lines)
	return out.Bytes()
}

// A count is how often a name occurs.
type count struct {
	name string
	n    int
}

// speciesCounts counts the penguins of each species, in order of name.
func (t table) speciesCounts() []count {
	names := make([]string, len(t))
	for i, p := range t {
		names[i] = p.species
	}
	slices.Sort(names)
	var counts []count
	for _, name := range names {
		if len(counts) == 0 || counts[len(counts)-1].name != name {
			counts = append(counts, count{name: name})
		}
		counts[len(counts)-1].n++
	}
	return counts
}

// species lists the species in order of name.
func (t table) species() []string {
	var names []string
	for _, c := range t.speciesCounts() {
		names = append(names, c.name)
	}
	return names
}

// missingCounts counts the missing values of each column, in order of column.
func (t table) missingCounts() []count {
	counts := make([]count, len(columns))
	for i, c := range columns {
		counts[i].name = c.name
	}
	for _, p := range t {
		for i, cell := range p.cells() {
			if cell == missing {
				counts[i].n++
			}
		}
	}
	return counts
}
