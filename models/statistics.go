package models

import (
	"cmp"
	"math"
	"math/big"
	"slices"
)

// MetadataStatistics describes the numbers of a series. Each figure is computed exactly and rounded once to a double,
// as the schema promises. It is nil if it is undefined or beyond the range of doubles.
type MetadataStatistics struct {
	// Count is the number of finite numbers. NonFinite counts NaN and infinities, NotNumbers all other values; both are
	// excluded from the other figures.
	Count, NonFiniteCount, NonNumericCount int32
	Min, Max, Mean                         *Double
	// StandardDeviation is the sample standard deviation, which divides by Count - 1. It is nil below two numbers.
	StandardDeviation *Double
	// P50, P90 and P99 are percentiles by Hyndman and Fan's definition 7, "Sample Quantiles in Statistical Packages",
	// The American Statistician 50 (1996).
	P50, P90, P99 *Double
	// First and Last are in the order of the series. RelativeChange is nil if First is 0.
	First, Last, Change, RelativeChange *Double
}

// exactNumber is a double or 64-bit integer without rounding: the nearest double and the difference to it.
type exactNumber struct{ near, rest float64 }

// toExactNumber returns a finite number and its unit as a kind: FLOAT for a plain number, STORAGE_SIZE for bytes or
// DURATION for seconds. The unit is empty for other values. Numbers of different units have no difference.
func toExactNumber(value MetadataValue) (n exactNumber, unit MetadataKind) {
	switch v := value.(type) {
	case IntegerValue:
		return integerToExact(int64(v.Integer)), MetadataKindFloat
	case FloatValue:
		if v.Float() != nil {
			return exactNumber{near: v.Number}, MetadataKindFloat
		}
	case StorageSizeValue:
		return integerToExact(int64(v.Bytes)), MetadataKindStorageSize
	case DurationValue:
		return exactNumber{near: float64(v.Seconds)}, MetadataKindDuration
	}
	return exactNumber{}, ""
}

func integerToExact(i int64) exactNumber {
	near := float64(i)
	if near == 1<<63 { // no int64
		return exactNumber{near, float64(i - math.MaxInt64 - 1)}
	}
	return exactNumber{near, float64(i - int64(near))}
}

// compare orders numbers by near and then by rest.
func (n exactNumber) compare(other exactNumber) int {
	return cmp.Or(cmp.Compare(n.near, other.near), cmp.Compare(n.rest, other.rest))
}

// big returns the number with the given precision.
func (n exactNumber) big(bits uint) *big.Float {
	f := new(big.Float).SetPrec(bits).SetFloat64(n.near)
	if n.rest != 0 {
		f.Add(f, big.NewFloat(n.rest))
	}
	return f
}

// sumBits is enough for an exact sum of up to 2^40 doubles, squareBits for a sum of their squares and the square of
// their sum. Bits of doubles range from 2^-1074 to 2^1023, those of their squares from 2^-2148 to 2^2047.
const (
	sumBits    = 2200
	squareBits = 4400
)

// computeStatistics returns the statistics of numbers in the order of their series. It sorts the numbers in place.
func computeStatistics(numbers []exactNumber) *MetadataStatistics {
	n := len(numbers)
	s := &MetadataStatistics{Count: int32(min(n, math.MaxInt32))}
	if n == 0 {
		return s
	}
	first, last := numbers[0].big(sumBits), numbers[n-1].big(sumBits)
	s.First, s.Last = nearestDouble(first), nearestDouble(last)
	s.Change, s.RelativeChange = computeDelta(first, last)
	s.Mean, s.StandardDeviation = meanAndStdDev(numbers)
	slices.SortFunc(numbers, exactNumber.compare)
	s.Min, s.Max = nearestDouble(numbers[0].big(sumBits)), nearestDouble(numbers[n-1].big(sumBits))
	s.P50, s.P90, s.P99 = computePercentile(numbers, 50), computePercentile(numbers, 90), computePercentile(numbers, 99)
	return s
}

// meanAndStdDev returns the mean and the sample standard deviation by the textbook formula (n * sum of squares - square
// of sum) / (n * (n - 1)), which is exact for exact numbers.
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

// computePercentile returns the p-th percentile of sorted numbers, interpolated linearly between the closest ranks.
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
