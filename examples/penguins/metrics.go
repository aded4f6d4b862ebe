package main

import "slices"

// A score says how well one class was recognised.
type score struct {
	class string
	// precision is the share of the rows called this class that are of it; 0 when no row was called so.
	precision float64
	// recall is the share of the rows of this class that were called so; 0 when there are none.
	recall float64
	// f1 is the harmonic mean of precision and recall; 0 when both are 0.
	f1 float64
	// support is the number of rows of this class.
	support int
}

// An evaluation compares predictions with the truth.
type evaluation struct {
	accuracy float64
	// macroF1 is the mean of the classes' f1, each class counting the same however rare it is.
	macroF1 float64
	scores  []score
	// confusion counts the rows by true class (outer) and predicted class (inner), in the order of scores.
	confusion [][]int
}

// evaluate scores predictions. Both slices hold one of the classes per row.
func evaluate(truth, predicted, classes []string) evaluation {
	e := evaluation{confusion: make([][]int, len(classes))}
	for i := range e.confusion {
		e.confusion[i] = make([]int, len(classes))
	}
	for i := range truth {
		e.confusion[slices.Index(classes, truth[i])][slices.Index(classes, predicted[i])]++
	}
	right := 0
	for c, class := range classes {
		hits, called, support := e.confusion[c][c], 0, 0
		for other := range classes {
			called += e.confusion[other][c]
			support += e.confusion[c][other]
		}
		s := score{class: class, support: support}
		s.precision = ratio(hits, called)
		s.recall = ratio(hits, support)
		s.f1 = ratio(2*hits, called+support)
		right += hits
		e.macroF1 += s.f1 / float64(len(classes))
		e.scores = append(e.scores, s)
	}
	e.accuracy = ratio(right, len(truth))
	return e
}

// classes lists the classes that occur, in order of name.
func classes(truth, predicted []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(slices.Concat(truth, predicted))))
}

// ratio divides, and calls a share of nothing 0.
func ratio(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}
