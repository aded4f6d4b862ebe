package models

import (
	"cmp"
	"math"
	"math/big"
	"slices"
)

// MetadataStatistics is what the numbers of a series come to. Each is worked out exactly and rounded to a double at the
// end. It is nil where it has no meaning or no double is as large.
type MetadataStatistics struct {
	// Count is how many numbers there are. NonFinite counts NaN and infinities, NotNumbers all other values; neither is
	// among the numbers.
	Count, NonFinite, NotNumbers int32
	Min, Max, Mean               *Double
	// StandardDeviation is that of a sample: with Count - 1 below the sum of squares. It is nil below two numbers.
	StandardDeviation *Double
	// P50, P90 and P99 are percentiles by Hyndman and Fan's definition 7, "Sample Quantiles in Statistical Packages",
	// The American Statistician 50 (1996).
	P50, P90, P99 *Double
	// First and Last are by the order of the series. RelativeChange is nil where First is 0.
	First, Last, Change, RelativeChange *Double
}

// exactNumber is a double or an integer of 64 bits without loss: the nearest double, and what is left of the integer.
type exactNumber struct{ near, rest float64 }

// toExactNumber is a value as a number: itself, bytes or seconds. False for NaN, infinities and what is no number.
func toExactNumber(value MetadataValue) (exactNumber, bool) {
	switch v := value.(type) {
	case IntegerValue:
		return integerToExact(int64(v.Integer)), true
	case StorageSizeValue:
		return integerToExact(int64(v.Bytes)), true
	case FloatValue:
		return exactNumber{near: v.Number}, v.Float() != nil
	case DurationValue:
		return exactNumber{near: float64(v.Seconds)}, true
	}
	return exactNumber{}, false
}

func integerToExact(i int64) exactNumber {
	near := float64(i)
	if near == 1<<63 { // no int64
		return exactNumber{near, float64(i - math.MaxInt64 - 1)}
	}
	return exactNumber{near, float64(i - int64(near))}
}

// compare is the order of numbers: the nearest double decides before what is left.
func (n exactNumber) compare(other exactNumber) int {
	return cmp.Or(cmp.Compare(n.near, other.near), cmp.Compare(n.rest, other.rest))
}

// big is the number in the given precision.
func (n exactNumber) big(bits uint) *big.Float {
	f := new(big.Float).SetPrec(bits).SetFloat64(n.near)
	if n.rest != 0 {
		f.Add(f, big.NewFloat(n.rest))
	}
	return f
}

// sumBits holds any sum of up to 2^40 doubles without loss, and squareBits any sum of their squares, and the square of
// their sum: the bits of doubles lie between 2^-1074 and 2^1023, those of their squares between 2^-2148 and 2^2047.
const (
	sumBits    = 2200
	squareBits = 4400
)

// computeStatistics are the statistics of numbers in the order of their series. The numbers are sorted in place afterwards.
func computeStatistics(numbers []exactNumber) *MetadataStatistics {
	n := len(numbers)
	s := &MetadataStatistics{Count: int32(min(n, math.MaxInt32))}
	if n == 0 {
		return s
	}
	first, last := numbers[0].big(sumBits), numbers[n-1].big(sumBits)
	s.First, s.Last = nearestDouble(first), nearestDouble(last)
	change := newExact().Sub(last, first)
	s.Change = nearestDouble(change)
	if first.Sign() != 0 {
		s.RelativeChange = nearestDouble(newExact().Quo(change, newExact().Abs(first)))
	}
	s.Mean, s.StandardDeviation = meanAndStdDev(numbers)
	slices.SortFunc(numbers, exactNumber.compare)
	s.Min, s.Max = nearestDouble(numbers[0].big(sumBits)), nearestDouble(numbers[n-1].big(sumBits))
	s.P50, s.P90, s.P99 = computePercentile(numbers, 50), computePercentile(numbers, 90), computePercentile(numbers, 99)
	return s
}

// meanAndStdDev are the mean and the standard deviation of a sample, by the textbook formula
// (n * sum of squares - square of sum) / (n * (n - 1)), which loses nothing in numbers that are exact.
func meanAndStdDev(numbers []exactNumber) (mean, deviation *Double) {
	sum, squares := new(big.Float).SetPrec(sumBits), new(big.Float).SetPrec(squareBits)
	x, square := new(big.Float).SetPrec(sumBits), new(big.Float).SetPrec(squareBits)
	rest := new(big.Float)
	for _, n := range numbers {
		x.SetFloat64(n.near)
		if n.rest != 0 {
			x.Add(x, rest.SetFloat64(n.rest))
		}
		sum.Add(sum, x)
		squares.Add(squares, square.Mul(x, x))
	}
	n := new(big.Float).SetPrec(sumBits).SetInt64(int64(len(numbers)))
	mean = nearestDouble(newExact().Quo(sum, n))
	if len(numbers) < 2 {
		return mean, nil
	}
	spread := new(big.Float).SetPrec(squareBits).Mul(n, squares)
	spread.Sub(spread, square.Mul(sum, sum))
	pairs := new(big.Float).SetPrec(squareBits).SetInt64(int64(len(numbers)) * int64(len(numbers)-1))
	variance := new(big.Float).SetPrec(sumBits).Quo(spread, pairs)
	return mean, nearestDouble(variance.Sqrt(variance))
}

// computePercentile is the p-th percentile of sorted numbers, interpolated linearly between the closest ranks.
func computePercentile(sorted []exactNumber, p int) *Double {
	rank, hundredths := (len(sorted)-1)*p/100, (len(sorted)-1)*p%100
	low := sorted[rank].big(sumBits)
	if hundredths == 0 {
		return nearestDouble(low)
	}
	step := newExact().Sub(sorted[rank+1].big(sumBits), low)
	step.Mul(step, newExact().SetInt64(int64(hundredths)))
	return nearestDouble(low.Add(low, step.Quo(step, newExact().SetInt64(100))))
}
