package measure

import (
	"testing"
	"time"
)

func TestPercentile(t *testing.T) {
	t.Parallel()
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(i + 1)
	}
	for _, test := range []struct {
		durations []time.Duration
		share     float64
		want      time.Duration
	}{
		{hundred, 0.5, 50}, {hundred, 0.99, 99}, {hundred, 1, 100}, {hundred, 0, 1},
		{hundred[:3], 0.5, 2}, {hundred[:3], 0.99, 3}, {hundred[:1], 0.5, 1}, {nil, 0.5, 0},
	} {
		if got := Percentile(test.durations, test.share); got != test.want {
			t.Errorf("Percentile of %d durations at %v is %d, want %d", len(test.durations), test.share, got, test.want)
		}
	}
}

func TestSpread(t *testing.T) {
	t.Parallel()
	values := []float64{9, 1, 4, 2}
	if got, want := NewSpread(values), (Spread{Median: 3, Min: 1, Max: 9}); got != want {
		t.Errorf("NewSpread is %v, want %v", got, want)
	}
	if values[0] != 9 {
		t.Error("NewSpread changed its argument")
	}
	if got := NewSpread([]float64{5, 7, 6}).Median; got != 6 {
		t.Errorf("the median of three values is %v", got)
	}
	if got := NewSpread(nil); got != (Spread{}) {
		t.Errorf("the spread of nothing is %v", got)
	}
}

func TestShort(t *testing.T) {
	t.Parallel()
	for f, want := range map[float64]string{
		0: "0", 0.0312: "0.031", 0.15: "0.15", 9.949: "9.95", 9.96: "10.0", 99.6: "100", 999.4: "999", 999.6: "1,000",
		28800: "28,800", 1234567: "1,234,567", -1500: "-1,500",
	} {
		if got := Short(f); got != want {
			t.Errorf("Short(%v) is %q, want %q", f, got, want)
		}
	}
}
