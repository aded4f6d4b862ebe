package measure

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"time"
)

// scripted is a side whose nth turn has a given number of operations in a second.
type scripted struct {
	name       string
	operations []int
	turns      int
	calls      *[]string
	err        error
}

func (s *scripted) Name() string { return s.name }

func (s *scripted) Turn(_ context.Context, _ int, duration time.Duration) (Turn, error) {
	*s.calls = append(*s.calls, s.name)
	n := s.operations[s.turns]
	s.turns++
	return Turn{Operations: n, Elapsed: duration, Server: time.Duration(n) * 2 * time.Millisecond}, s.err
}

func TestCompare(t *testing.T) {
	t.Parallel()
	var calls []string
	// The first turn of each side is not measured.
	first := &scripted{name: "a", operations: []int{999, 100, 300, 200}, calls: &calls}
	second := &scripted{name: "b", operations: []int{999, 200, 400, 400}, calls: &calls}
	c, err := Schedule{Turns: 3, Duration: time.Second}.Compare(t.Context(), first, second, 8)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"b", "a", "a", "b", "b", "a", "a", "b"}; !slices.Equal(calls, want) {
		t.Errorf("the sides took turns in the order %v, want %v", calls, want)
	}
	if want := (Spread{Median: 0.5, Min: 0.5, Max: 0.75}); c.Ratio != want {
		t.Errorf("the ratio is %v, want %v", c.Ratio, want)
	}
	if want := (Spread{Median: 200, Min: 100, Max: 300}); c.First.Rate != want {
		t.Errorf("the rate of the first side is %v, want %v", c.First.Rate, want)
	}
	if c.TotalCPURatio.Median != 1 {
		t.Errorf("the ratio of all CPU times is %v, want 1", c.TotalCPURatio)
	}
	if math.Abs(c.First.ServerCPU.Median-2) > 1e-9 || c.CPURatio.Median != 1 {
		t.Errorf("the CPU time is %v ms per operation with a ratio of %v, want 2 and 1", c.First.ServerCPU, c.CPURatio)
	}
}

func TestCompareFails(t *testing.T) {
	t.Parallel()
	var calls []string
	side := &scripted{name: "a", operations: []int{1}, calls: &calls, err: errors.New("refused")}
	if _, err := (Schedule{Turns: 1, Duration: time.Second}).Compare(t.Context(), side, side, 1); err == nil || err.Error() != "a: refused" {
		t.Errorf("Compare returns %v", err)
	}
}
