package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// A requirement says which rows count as complete.
type requirement string

const (
	// everyColumn wants all eight columns, sex too.
	everyColumn requirement = "every column"
	// everyMeasure wants the four measures and does not look at sex, which no model here learns from.
	everyMeasure requirement = "every measure"
)

// accepts says whether the row is complete in the sense of the requirement.
func (q requirement) accepts(p penguin) bool {
	if q == everyMeasure {
		return p.measured()
	}
	return p.complete()
}

// incomplete counts the rows that the requirement does not accept.
func (t table) incomplete(q requirement) int {
	n := 0
	for _, p := range t {
		if !q.accepts(p) {
			n++
		}
	}
	return n
}

// A gate decides how to clean, from what is known about the raw version and before any row is read.
type gate struct {
	rows, incomplete int64
	minKeep          float64
}

// keepShare is the share of the rows that dropping would keep.
func (g gate) keepShare() float64 {
	return float64(g.rows-g.incomplete) / float64(g.rows)
}

// drops says whether dropping keeps enough rows; if not, the gaps are filled.
func (g gate) drops() bool {
	return g.keepShare() >= g.minKeep
}

// drop returns the rows that the requirement accepts.
func drop(t table, q requirement) table {
	var kept table
	for _, p := range t {
		if q.accepts(p) {
			kept = append(kept, p)
		}
	}
	return kept
}

// impute fills each missing measure with the median of the known ones, and says how many it filled. The median is
// taken over all species, because a median per species would tell the model the answer. Sex stays unknown:
// no number stands for it.
func impute(t table) (table, int) {
	filled := slices.Clone(t)
	n := 0
	for m := range measures {
		var known []float64
		for _, p := range t {
			if !math.IsNaN(p.measures[m]) {
				known = append(known, p.measures[m])
			}
		}
		middle := median(known)
		for i := range filled {
			if math.IsNaN(filled[i].measures[m]) {
				filled[i].measures[m] = middle
				n++
			}
		}
	}
	return filled, n
}

// median is the middle value, or the mean of the two middle values; NaN for none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// split parts the table into a training and a test set. Each species gives the same share of its rows to the test set,
// and the same seed always chooses the same rows.
func split(t table, testShare float64, seed uint64) (train, test table, err error) {
	if testShare <= 0 || testShare >= 1 {
		return nil, nil, fmt.Errorf("the test share is %v, not between 0 and 1", testShare)
	}
	random := rand.New(rand.NewPCG(seed, 0))
	inTest := make([]bool, len(t))
	for _, species := range t.species() {
		var rows []int
		for i, p := range t {
			if p.species == species {
				rows = append(rows, i)
			}
		}
		random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		for _, i := range rows[:int(math.Round(testShare*float64(len(rows))))] {
			inTest[i] = true
		}
	}
	for i, p := range t {
		if inTest[i] {
			test = append(test, p)
		} else {
			train = append(train, p)
		}
	}
	return train, test, nil
}
