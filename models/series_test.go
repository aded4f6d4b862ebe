package models

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/placard/placard/internal/jsontree"
)

// tally returns the statistics of values in extended JSON, in the given order; "retracted" is a retraction.
func tally(t testing.TB, values []string) (*SeriesSummary, *SeriesTally) {
	t.Helper()
	points := &SeriesTally{}
	for _, text := range values {
		if text == "retracted" {
			if err := points.Add(nil, nil); err != nil {
				t.Fatal(err)
			}
			continue
		}
		node, err := jsontree.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		value, err := valueReader{limits: defaults()}.readExtended(node)
		if err != nil {
			t.Fatal(err)
		}
		kind, stored := value.Kind(), string(value.appendJSON(nil, extended))
		if err := points.Add(&kind, &stored); err != nil {
			t.Fatal(err)
		}
	}
	return points.Summary(), points
}

func spelled(d *Double) string {
	if d == nil {
		return "-"
	}
	return formatFloat(float64(*d))
}

// TestStatistics compares with figures computed in fractions, and with percentiles of type 7.
func TestStatistics(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ values, want string }{
		"no points":     {``, "0 0 0 missing 0 min - max - mean - deviation - percentiles - - - from - to - by - relative -"},
		"one point":     {`3`, "1 0 0 missing 0 min 3.0 max 3.0 mean 3.0 deviation - percentiles 3.0 3.0 3.0 from 3.0 to 3.0 by 0.0 relative 0.0"},
		"two points":    {`0.5 0.75`, "2 0 0 missing 0 min 0.5 max 0.75 mean 0.625 deviation 0.1767766952966369 percentiles 0.625 0.725 0.7475 from 0.5 to 0.75 by 0.25 relative 0.5"},
		"order":         {`4 1 3 2`, "4 0 0 missing 0 min 1.0 max 4.0 mean 2.5 deviation 1.2909944487358056 percentiles 2.5 3.7 3.97 from 4.0 to 2.0 by -2.0 relative -0.5"},
		"odd":           {`15 20 35 40 50`, "5 0 0 missing 0 min 15.0 max 50.0 mean 32.0 deviation 14.404860290887934 percentiles 35.0 46.0 49.6 from 15.0 to 50.0 by 35.0 relative 2.3333333333333335"},
		"the same":      {`7 7 7`, "3 0 0 missing 0 min 7.0 max 7.0 mean 7.0 deviation 0.0 percentiles 7.0 7.0 7.0 from 7.0 to 7.0 by 0.0 relative 0.0"},
		"negative":      {`-4 -2`, "2 0 0 missing 0 min -4.0 max -2.0 mean -3.0 deviation 1.4142135623730951 percentiles -3.0 -2.2 -2.02 from -4.0 to -2.0 by 2.0 relative 0.5"},
		"from zero":     {`0 5`, "2 0 0 missing 0 min 0.0 max 5.0 mean 2.5 deviation 3.5355339059327378 percentiles 2.5 4.5 4.95 from 0.0 to 5.0 by 5.0 relative -"},
		"tenths":        {strings.Repeat("0.1 ", 10), "10 0 0 missing 0 min 0.1 max 0.1 mean 0.1 deviation 0.0 percentiles 0.1 0.1 0.1 from 0.1 to 0.1 by 0.0 relative 0.0"},
		"huge":          {`1e308 1e308`, "2 0 0 missing 0 min 1e+308 max 1e+308 mean 1e+308 deviation 0.0 percentiles 1e+308 1e+308 1e+308 from 1e+308 to 1e+308 by 0.0 relative 0.0"},
		"too far apart": {`-1.7e308 1.7e308`, "2 0 0 missing 0 min -1.7e+308 max 1.7e+308 mean 0.0 deviation - percentiles 0.0 1.36e+308 1.6659999999999999e+308 from -1.7e+308 to 1.7e+308 by - relative 2.0"},
		"tiny":          {`5e-324 5e-324 1e-323`, "3 0 0 missing 0 min 5e-324 max 1e-323 mean 5e-324 deviation 5e-324 percentiles 5e-324 1e-323 1e-323 from 5e-324 to 1e-323 by 5e-324 relative 1.0"},
		"cancelling":    {`1e308 1 -1e308`, "3 0 0 missing 0 min -1e+308 max 1e+308 mean 0.3333333333333333 deviation 1e+308 percentiles 1.0 8e+307 9.8e+307 from 1e+308 to -1e+308 by - relative -2.0"},
		"far from zero": {`1e15 1000000000000001 1000000000000002`, "3 0 0 missing 0 min 1000000000000000.0 max 1000000000000002.0 mean 1000000000000001.0 deviation 1.0 percentiles 1000000000000001.0 1000000000000001.8 1000000000000002.0 from 1000000000000000.0 to 1000000000000002.0 by 2.0 relative 2e-15"},
		"above 2^53":    {`9007199254740993 9007199254740992 9007199254740993`, "3 0 0 missing 0 min 9007199254740992.0 max 9007199254740992.0 mean 9007199254740992.0 deviation 0.5773502691896257 percentiles 9007199254740992.0 9007199254740992.0 9007199254740992.0 from 9007199254740992.0 to 9007199254740992.0 by 0.0 relative 0.0"},
		"the widest":    {`-9223372036854775808 9223372036854775807`, "2 0 0 missing 0 min -9.223372036854776e+18 max 9.223372036854776e+18 mean -0.5 deviation 1.3043817825332783e+19 percentiles -0.5 7.378697629483821e+18 9.03890459611768e+18 from -9.223372036854776e+18 to 9.223372036854776e+18 by 1.8446744073709552e+19 relative 2.0"},
		"not finite":    {`{"$float":"NaN"} 1 {"$float":"Infinity"} 2 {"$float":"-Infinity"}`, "2 3 0 missing 0 min 1.0 max 2.0 mean 1.5 deviation 0.7071067811865476 percentiles 1.5 1.9 1.99 from 1.0 to 2.0 by 1.0 relative 1.0"},
		"no numbers":    {`"x" true null [1] retracted`, "0 0 4 missing 1 min - max - mean - deviation - percentiles - - - from - to - by - relative -"},
		"all sorts":     {`{"$storageSize":1} 2 {"$duration":3} 4.0 "5"`, "4 0 1 missing 0 min 1.0 max 4.0 mean 2.5 deviation 1.2909944487358056 percentiles 2.5 3.7 3.97 from 1.0 to 4.0 by 3.0 relative 3.0"},
	} {
		summary, _ := tally(t, strings.Fields(c.values))
		s := summary.Statistics
		got := fmt.Sprint(s.Count, s.NonFiniteCount, s.NonNumericCount, " missing ", summary.MissingCount,
			" min ", spelled(s.Min), " max ", spelled(s.Max), " mean ", spelled(s.Mean), " deviation ", spelled(s.StandardDeviation),
			" percentiles ", spelled(s.P50), " ", spelled(s.P90), " ", spelled(s.P99), " from ", spelled(s.First), " to ", spelled(s.Last),
			" by ", spelled(s.Change), " relative ", spelled(s.RelativeChange))
		if got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, c.want)
		}
	}
}

// TestStatisticsOfIntegers checks that adjacent integers above 2^53 differ although their nearest doubles are equal.
func TestStatisticsOfIntegers(t *testing.T) {
	t.Parallel()
	for _, i := range []int64{0, -1, 1<<53 + 1, -1<<53 - 1, math.MaxInt64, math.MaxInt64 - 1, math.MaxInt64 - 513, math.MinInt64, math.MinInt64 + 1} {
		back, accuracy := integerToExact(i).big(sumBits).Int64()
		if back != i || accuracy != 0 {
			t.Errorf("%d comes back as %d", i, back)
		}
		if i < math.MaxInt64 && integerToExact(i).compare(integerToExact(i+1)) >= 0 {
			t.Errorf("%d does not come before the next", i)
		}
	}
	summary, _ := tally(t, []string{"9007199254740992", "9007199254740993"})
	if s := summary.Statistics; *s.Change != 1 || *s.Mean != 9007199254740992 || spelled(s.StandardDeviation) != "0.7071067811865476" {
		t.Errorf("change %v mean %v deviation %v", *s.Change, *s.Mean, *s.StandardDeviation)
	}
}

// TestStatisticsOfMany checks that the statistics of a long series are exact and fast.
func TestStatisticsOfMany(t *testing.T) {
	t.Parallel()
	values := make([]string, 100_000)
	for i := range values {
		values[i] = strconv.FormatFloat(float64((i*7919)%len(values))/10, 'f', 1, 64)
	}
	_, points := tally(t, values)
	begin := time.Now()
	s := points.Summary().Statistics
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
	if got := fmt.Sprint(s.Count, *s.Min, *s.Max, *s.Mean, *s.P50, *s.P90, *s.P99); got != "100000 0 9999.9 4999.95 4999.95 8999.91 9899.901" {
		t.Errorf("got %s", got)
	}
	// Of 0 to n-1 the variance is n * (n + 1) / 12.
	if want := math.Sqrt(1e5*(1e5+1)/12) / 10; math.Abs(float64(*s.StandardDeviation)-want) > 1e-11 {
		t.Errorf("deviation %v, want %v", *s.StandardDeviation, want)
	}
}

func BenchmarkStatistics(b *testing.B) {
	values := make([]string, 100_000)
	for i := range values {
		values[i] = strconv.FormatFloat(math.Exp(-float64(i)/1e4)+1/float64(i+3), 'g', -1, 64)
	}
	_, points := tally(b, values)
	for b.Loop() {
		points.Summary()
	}
}

func TestPointNumbers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`1`: "1.0", `0.5`: "0.5", `{"$storageSize":1500}`: "1500.0", `{"$duration":-1.5}`: "-1.5", `9007199254740993`: "9007199254740992.0",
		`{"$float":"NaN"}`: "-", `{"$float":"-Infinity"}`: "-", `"1"`: "-", `null`: "-", `true`: "-", `[1]`: "-", `{"$timestamp":"2026-01-02T03:04:05Z"}`: "-",
	} {
		point := &MetadataPoint{Entry: latest(t, `{"k": `+text+`}`)[0]}
		number, err := point.Number()
		if err != nil || spelled(number) != want {
			t.Errorf("%s: got %s, want %s (%v)", text, spelled(number), want, err)
		}
	}
}

func TestSeriesPage(t *testing.T) {
	t.Parallel()
	n := func(n int32) *int32 { return &n }
	for name, c := range map[string]struct {
		arguments PageArguments
		size      int
		code      Code
	}{
		"nothing":   {PageArguments{}, 1000, ""},
		"most":      {PageArguments{First: n(1000)}, 1000, ""},
		"last":      {PageArguments{Last: n(3)}, 3, ""},
		"none":      {PageArguments{First: n(0)}, 0, ""},
		"too many":  {PageArguments{First: n(1001)}, 0, CodeLimitExceeded},
		"negative":  {PageArguments{Last: n(-1)}, 0, CodeBadInput},
		"both ends": {PageArguments{First: n(1), Last: n(1)}, 0, CodeBadInput},
	} {
		page, err := c.arguments.SeriesPage()
		if c.code != "" && CodeOf(err) != c.code || c.code == "" && (err != nil || page.Size != c.size) {
			t.Errorf("%s: %+v %v", name, page, err)
		}
	}
}
