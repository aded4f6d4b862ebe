package main

import (
	"math"
	"testing"
)

// seen is a penguin of which only the bill is known.
func seen(species string, length, depth float64) penguin {
	return penguin{species: species, measures: [4]float64{length, depth, math.NaN(), math.NaN()}}
}

func TestPredict(t *testing.T) {
	t.Parallel()
	bill := []string{"bill_length_mm", "bill_depth_mm"}
	// Two groups that the length alone tells apart.
	known := table{seen("Adelie", 38, 18), seen("Adelie", 39, 19), seen("Adelie", 40, 18),
		seen("Gentoo", 48, 14), seen("Gentoo", 49, 15), seen("Gentoo", 50, 14)}
	m, err := train(known, bill, 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []penguin{seen("Adelie", 37, 18), seen("Gentoo", 51, 15)} {
		if got, err := m.predict(p); err != nil || got != p.species {
			t.Errorf("%v is called %s (%v)", p, got, err)
		}
	}
	if m.Means[0] != 44 || math.Abs(m.Deviations[0]-math.Sqrt(154.0/6)) > 1e-12 {
		t.Errorf("mean %v and deviation %v, want 44 and %v", m.Means[0], m.Deviations[0], math.Sqrt(154.0/6))
	}
}

func TestPredictScales(t *testing.T) {
	t.Parallel()
	// Unscaled, the grams would decide and call this one a Gentoo.
	known := table{
		{species: "Adelie", measures: [4]float64{38, 18, 190, 3000}},
		{species: "Gentoo", measures: [4]float64{50, 14, 220, 4000}},
	}
	m, err := train(known, []string{"bill_length_mm", "flipper_length_mm", "body_mass_g"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.predict(penguin{measures: [4]float64{38, 18, 190, 3600}})
	if err != nil || got != "Adelie" {
		t.Errorf("called %q (%v)", got, err)
	}
}

func TestPredictTie(t *testing.T) {
	t.Parallel()
	known := table{seen("Gentoo", 50, 15), seen("Adelie", 40, 15)}
	m, err := train(known, []string{"bill_length_mm", "bill_depth_mm"}, 2)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := m.predict(seen("", 42, 15)); got != "Adelie" {
		t.Errorf("one vote each: called %s, not by the nearest", got)
	}
	if got, _ := m.predict(seen("", 45, 15)); got != "Gentoo" {
		t.Errorf("one vote each, equally near: called %s, not by the earlier row", got)
	}
}

func TestTrainRefuses(t *testing.T) {
	t.Parallel()
	known := table{seen("Adelie", 38, 18), seen("Gentoo", 50, 14)}
	for name, c := range map[string]struct {
		feature string
		k       int
	}{
		"no neighbours":       {"bill_length_mm", 0},
		"too many neighbours": {"bill_length_mm", 3},
		"no such measure":     {"wing_span_mm", 1},
		"unknown value":       {"body_mass_g", 1},
	} {
		if _, err := train(known, []string{c.feature}, c.k); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
