package main

import (
	"math"
	"reflect"
	"strings"
	"testing"
)

func TestEvaluate(t *testing.T) {
	t.Parallel()
	truth := strings.Fields("A A A A B B B C C C")
	predicted := strings.Fields("A A A B B B C C C A")
	e := evaluate(truth, predicted, []string{"A", "B", "C"})

	// By hand: A is called 4 times and 3 are A, of 4; B is called 3 times and 2 are B, of 3; so is C.
	want := []score{
		{"A", 3.0 / 4, 3.0 / 4, 6.0 / 8, 4},
		{"B", 2.0 / 3, 2.0 / 3, 4.0 / 6, 3},
		{"C", 2.0 / 3, 2.0 / 3, 4.0 / 6, 3},
	}
	if !reflect.DeepEqual(e.scores, want) {
		t.Errorf("scores %+v, want %+v", e.scores, want)
	}
	if matrix := [][]int{{3, 1, 0}, {0, 2, 1}, {1, 0, 2}}; !reflect.DeepEqual(e.confusion, matrix) {
		t.Errorf("confusion %v, want %v", e.confusion, matrix)
	}
	if e.accuracy != 0.7 || math.Abs(e.macroF1-(0.75+2.0/3+2.0/3)/3) > 1e-12 {
		t.Errorf("accuracy %v and macro f1 %v", e.accuracy, e.macroF1)
	}
}

func TestEvaluateUneven(t *testing.T) {
	t.Parallel()
	// Precision and recall differ, and B is never called.
	e := evaluate(strings.Fields("A A B"), strings.Fields("A A A"), []string{"A", "B"})
	want := []score{{"A", 2.0 / 3, 1, 4.0 / 5, 2}, {"B", 0, 0, 0, 1}}
	if !reflect.DeepEqual(e.scores, want) {
		t.Errorf("scores %+v, want %+v", e.scores, want)
	}
}

func TestClasses(t *testing.T) {
	t.Parallel()
	got := classes([]string{"B", "A", "B"}, []string{"C", "A", "A"})
	if !reflect.DeepEqual(got, []string{"A", "B", "C"}) {
		t.Errorf("classes %v", got)
	}
}
