// Package measure compares two sides in turns, and summarizes what their turns measured.
package measure

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Percentile returns the smallest duration that is not exceeded by a share of ascending durations (nearest rank). It
// returns 0 without durations.
func Percentile(ascending []time.Duration, share float64) time.Duration {
	if len(ascending) == 0 {
		return 0
	}
	rank := int(math.Ceil(share * float64(len(ascending))))
	return ascending[min(max(rank, 1), len(ascending))-1]
}

// Spread is the median of several measurements with the smallest and the greatest.
type Spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// NewSpread returns the spread of values. The median of an even number is the mean of the two in the middle.
func NewSpread(values []float64) Spread {
	if len(values) == 0 {
		return Spread{}
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return Spread{Median: (sorted[(n-1)/2] + sorted[n/2]) / 2, Min: sorted[0], Max: sorted[n-1]}
}

// String returns the median and the range.
func (s Spread) String() string {
	return fmt.Sprintf("%s (%s to %s)", Short(s.Median), Short(s.Min), Short(s.Max))
}

// Short returns a number with at least two significant digits, and with a separator of thousands.
func Short(f float64) string {
	switch abs := math.Abs(f); {
	case abs >= 999.5:
		text := fmt.Sprintf("%.0f", f)
		for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
			text = text[:i] + "," + text[i:]
		}
		return text
	case abs >= 99.5 || f == 0:
		return fmt.Sprintf("%.0f", f)
	case abs >= 9.95:
		return fmt.Sprintf("%.1f", f)
	case abs >= 0.095:
		return fmt.Sprintf("%.2f", f)
	}
	return fmt.Sprintf("%.3f", f)
}
