package models

import (
	"encoding/json"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/placard/placard/internal/jsontree"
)

// TestSortKeyOrder checks that sort keys have the exact order of the numbers, across kinds.
func TestSortKeyOrder(t *testing.T) {
	t.Parallel()
	values := []MetadataValue{
		FloatValue{Number: math.Copysign(0, -1)}, FloatValue{Number: 0}, IntegerValue{Integer: 0},
		FloatValue{Number: math.Inf(1)}, FloatValue{Number: math.Inf(-1)}, FloatValue{Number: math.SmallestNonzeroFloat64},
		FloatValue{Number: -math.SmallestNonzeroFloat64}, FloatValue{Number: math.MaxFloat64},
		IntegerValue{Integer: math.MaxInt64}, IntegerValue{Integer: math.MinInt64}, FloatValue{Number: 1 << 63}, FloatValue{Number: -1 << 63},
		StorageSizeValue{Bytes: math.MaxInt64}, DurationValue{Seconds: -90.5}, DurationValue{Seconds: Double(math.Copysign(0, -1))},
	}
	for _, around := range []int64{1 << 53, -1 << 53, 1 << 60, -1 << 60, math.MaxInt64 - 1030, 1, 256} {
		for near := around - 3; near <= around+3; near++ {
			values = append(values, IntegerValue{Integer: Int64(near)}, FloatValue{Number: float64(near)})
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		values = append(values, IntegerValue{Integer: Int64(random.Uint64())}, FloatValue{Number: math.Float64frombits(random.Uint64())})
	}
	values = slices.DeleteFunc(values, func(v MetadataValue) bool { return v.sortKey() == SortKeyUnordered })
	for _, a := range values {
		for _, b := range values {
			if got, want := strings.Compare(a.sortKey(), b.sortKey()), sizeOf(a).Cmp(sizeOf(b)); got != want {
				t.Fatalf("%s and %s compare as %d, want %d (%s, %s)", a.Display(), b.Display(), got, want, a.sortKey(), b.sortKey())
			}
		}
		if f, ok := ParseNumberKey(a.sortKey()); !ok || big.NewFloat(f).Cmp(nearest(a)) != 0 {
			t.Errorf("the sort key of %s says %v", a.Display(), f)
		}
	}
}

func sizeOf(v MetadataValue) *big.Float {
	switch v := v.(type) {
	case IntegerValue:
		return new(big.Float).SetInt64(int64(v.Integer))
	case StorageSizeValue:
		return new(big.Float).SetInt64(int64(v.Bytes))
	case DurationValue:
		return big.NewFloat(float64(v.Seconds))
	}
	return big.NewFloat(v.(FloatValue).Number)
}

func nearest(v MetadataValue) *big.Float {
	f, _ := sizeOf(v).Float64()
	return big.NewFloat(f)
}

// TestSortKeyClasses checks the order of the classes, and that of instants and strings.
func TestSortKeyClasses(t *testing.T) {
	t.Parallel()
	at := func(text string) MetadataValue {
		parsed, ok := ParseTime(text)
		if !ok {
			t.Fatal(text)
		}
		return TimestampValue{Timestamp: Time{parsed}}
	}
	sorted := []MetadataValue{
		BooleanValue{Boolean: false}, BooleanValue{Boolean: true}, FloatValue{Number: math.Inf(-1)}, IntegerValue{Integer: 3},
		FloatValue{Number: math.Inf(1)}, at("0001-01-01T00:00:00Z"), at("2026-01-02T03:04:05Z"), at("2026-01-02T03:04:05.000000001Z"),
		at("2026-01-02T03:04:05.5Z"), at("9999-12-31T23:59:59.999999999Z"), StringValue{}, StringValue{Text: "%"}, StringValue{Text: "A"},
		UriValue{Uri: "a"}, PathValue{Path: "a "}, StringValue{Text: "é"}, StringValue{Text: "\U0001F600"}, FloatValue{Number: math.NaN()}, NullValue{},
	}
	for i := range sorted[1:] {
		if sorted[i].sortKey() >= sorted[i+1].sortKey() {
			t.Errorf("%q does not come before %q", sorted[i].Display(), sorted[i+1].Display())
		}
	}
	later := TimestampValue{Timestamp: Time{time.Date(2026, 1, 2, 4, 4, 5, 0, time.FixedZone("", 3600))}}
	if later.sortKey() != at("2026-01-02T03:04:05Z").sortKey() {
		t.Error("the zone of an instant matters")
	}
}

func TestSearchForm(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 300)
	form := EncodeSearchKeys(MarkdownValue{Markdown: long})
	if len(form.SortKey) > SortKeyBytes || !strings.HasPrefix(SortKeyText+long, form.SortKey) || len(form.SortKey) < SortKeyBytes-3 || form.PathKeys != long {
		t.Errorf("a long string has a sort key of %d bytes and parts of %d bytes", len(form.SortKey), len(form.PathKeys))
	}
	if !IsLongSortKey(SortKeyText+long) || IsLongSortKey(SortKeyText+long[:300]) {
		t.Error("IsLongSortKey is wrong about truncation")
	}
	for text, parts := range map[string]string{
		`[1,"a",[]]`:        `["I2bff","S4a",[]]`,
		`{"$tuple":[]}`:     `[0]`,
		`{"$tuple":[true]}`: `["B11",0]`,
		`{"$set":[null]}`:   `{"":["N6"]}`,
		`{"k":{"$storageSize":0},"0":{"d":{"$float":"NaN"}}}`: `{"k":"Z28","0":{"d":"F5"}}`,
	} {
		tree, err := jsontree.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		value, err := valueReader{}.readExtended(tree)
		if err != nil {
			t.Fatal(err)
		}
		if form := EncodeSearchKeys(value); form != (SearchKeys{SortKeyUnordered, parts}) {
			t.Errorf("%s: got %+v, want %s", text, form, parts)
		}
	}
	for _, spec := range kindTable() {
		if len(spec.letter) > 1 || spec.letter != "" && slices.ContainsFunc(kindTable(), func(other kindSpec) bool {
			return other.kind != spec.kind && other.letter == spec.letter
		}) {
			t.Errorf("%s has the letter %q", spec.kind, spec.letter)
		}
	}
}

// TestSortKeyBounds draws texts with common prefixes at the truncation. Stored sort keys must be within the bounds of
// each operand that matches the full text.
func TestSortKeyBounds(t *testing.T) {
	t.Parallel()
	start := rapid.SampledFrom([]string{strings.Repeat("x", 390), strings.Repeat("é", 196)})
	end := rapid.StringOfN(rapid.SampledFrom([]rune("xxxaé日🦆\ud7ff\ue000\U0010ffff")), 0, 12, -1)
	rapid.Check(t, func(t *rapid.T) {
		begin := start.Draw(t, "start")
		text, operand := encodeTextKey(begin+end.Draw(t, "text")), encodeTextKey(begin+end.Draw(t, "operand"))
		stored := TruncateSortKey(text)
		if text >= operand && stored < LowerSortKey(operand) {
			t.Errorf("%q is stored as %q, below the lower bound %q of %q", text, stored, LowerSortKey(operand), operand)
		}
		if text <= operand && stored >= UpperSortKey(operand) {
			t.Errorf("%q is stored as %q, above the upper bound %q of %q", text, stored, UpperSortKey(operand), operand)
		}
		if !IsLongSortKey(operand) && (text < operand) != (stored < operand) {
			t.Errorf("%q compares with %q as its stored key does not", text, operand)
		}
	})
}

func TestQuantity(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"1GB": "1000000000", "1.5GiB": "1610612736", "200 MB": "200000000", "1kB": "1000", "1KB": "1000", "1KiB": "1024", "7B": "7",
		"90s": "90", "1.5h": "5400", "2 min": "120", "-3m": "-180", "1d": "86400", "+1s": "1", "9007199254740993B": "9007199254740993",
	} {
		n, _ := new(big.Int).SetString(want, 10)
		if key, _, known := parseQuantity(text); !known || key != encodeIntegerKey(n.Int64()) {
			t.Errorf("%q is not %s", text, want)
		}
	}
	for text, below := range map[string]float64{"-9223372036854775809B": -1<<63 - 2048, "9223372036854775809B": 1 << 63, "18446744073709551617B": 1 << 64} {
		key, _, known := parseQuantity(text)
		if above := math.Nextafter(below, math.Inf(1)); !known || key <= encodeDoubleKey(below, 0) || key >= encodeDoubleKey(above, 0) {
			t.Errorf("%q does not lie between %g and %g", text, below, above)
		}
	}
	for text, want := range map[string]float64{"0.1s": 0.1, "1ms": 0.001, "2.5us": 2.5e-6, "3 µs": 3e-6, "16EiB": 1 << 64} {
		if key, _, known := parseQuantity(text); !known || key != encodeDoubleKey(want, 0) {
			t.Errorf("%q is not %g", text, want)
		}
	}
	for text, wantLooks := range map[string]bool{
		"5 parsecs": true, "1.5gb": true, "3b": true, "": false, "GB": false, "1": false, "1 2s": false, "1.s": false, "2024-01": false,
		"1e3s": false, strings.Repeat("9", 5000) + "s": false,
	} {
		if _, looks, known := parseQuantity(text); known || looks != wantLooks {
			t.Errorf("%.20q: has a unit: %v, a known one: %v", text, looks, known)
		}
	}
}

// TestPredicateRefusals checks the code and the path of the error of each invalid predicate.
func TestPredicateRefusals(t *testing.T) {
	t.Parallel()
	tree := func(text string) *Tree {
		node, err := jsontree.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return &Tree{node}
	}
	kind, yes, long := MetadataKindString, true, strings.Repeat("x", 64<<10)
	for _, c := range []struct {
		name   string
		fields map[string]any
		code   Code
		path   []any
	}{
		{"no condition", map[string]any{}, CodeBadInput, []any{"metadata"}},
		{"a boolean is not greater", map[string]any{"gt": tree("true")}, CodeBadInput, []any{"metadata", "gt"}},
		{"null is not less", map[string]any{"lte": (*Tree)(nil)}, CodeBadInput, []any{"metadata", "lte"}},
		{"an unknown unit", map[string]any{"gte": tree(`"5 parsecs"`)}, CodeBadInput, []any{"metadata", "gte"}},
		{"a list is not compared", map[string]any{"eq": tree(`[1]`)}, CodeBadInput, []any{"metadata", "eq"}},
		{"an unknown mark", map[string]any{"in": []*Tree{tree(`1`), tree(`{"$x":1}`)}}, CodeBadInput, []any{"metadata", "in", 1, "$x"}},
		{"one end", map[string]any{"between": []*Tree{tree(`1`)}}, CodeBadInput, []any{"metadata", "between"}},
		{"numbers in reverse", map[string]any{"between": []*Tree{tree(`2`), tree(`1`)}}, CodeBadInput, []any{"metadata", "between"}},
		{"numbers of two kinds in reverse", map[string]any{"between": []*Tree{tree(`{"$storageSize": 91}`), tree(`"90s"`)}}, CodeBadInput, []any{"metadata", "between"}},
		{"neighbours in reverse", map[string]any{"between": []*Tree{tree(`9007199254740993`), tree(`9007199254740992`)}}, CodeBadInput, []any{"metadata", "between"}},
		{"infinities in reverse", map[string]any{"between": []*Tree{tree(`{"$float": "Infinity"}`), tree(`{"$float": "-Infinity"}`)}}, CodeBadInput, []any{"metadata", "between"}},
		{"texts in reverse", map[string]any{"between": []*Tree{tree(`"b"`), tree(`"a"`)}}, CodeBadInput, []any{"metadata", "between"}},
		{"long texts in reverse", map[string]any{"between": []*Tree{{strings.Repeat("x", 500) + "b"}, {strings.Repeat("x", 500) + "a"}}}, CodeBadInput, []any{"metadata", "between"}},
		{"sizes in reverse, also as texts", map[string]any{"between": []*Tree{tree(`"2GB"`), tree(`"1GB"`)}}, CodeBadInput, []any{"metadata", "between"}},
		{"instants in reverse", map[string]any{"between": []*Tree{tree(`"2026-01-02T00:00:00Z"`), tree(`{"$timestamp": "2026-01-01T00:00:00Z"}`)}}, CodeBadInput, []any{"metadata", "between"}},
		{"ends of two sorts", map[string]any{"between": []*Tree{tree(`1`), tree(`"a"`)}}, CodeBadInput, []any{"metadata", "between"}},
		{"a pattern of 64 KiB", map[string]any{"startsWith": &long}, CodeLimitExceeded, []any{"metadata", "startsWith"}},
		{"a text of 64 KiB", map[string]any{"eq": &Tree{long}}, CodeLimitExceeded, []any{"metadata", "eq"}},
		{"an empty step", map[string]any{"path": []string{"a", ""}, "exists": &yes}, CodeBadInput, []any{"metadata", "path", 1}},
		{"an order without case", map[string]any{"ignoreCase": &yes, "lt": tree(`"a"`)}, CodeBadInput, []any{"metadata", "lt"}},
		{"an integer of more than 64 bits", map[string]any{"eq": &Tree{json.Number("9223372036854775808")}}, CodeBadInput, []any{"metadata", "eq"}},
	} {
		c.fields["key"] = "k"
		_, err := ReadFilter(defaults(), nil, FilterInput{"metadata": c.fields})
		var failure *Error
		if CodeOf(err) != c.code {
			t.Errorf("%s: %v", c.name, err)
		} else if failure, _ = err.(*Error); !slices.Equal(failure.Path, c.path) {
			t.Errorf("%s: at %v, want %v", c.name, failure.Path, c.path)
		}
	}
	if _, err := ReadFilter(defaults(), nil, FilterInput{"metadata": map[string]any{"key": "k", "kind": &kind, "gt": tree(`"5 parsecs"`)}}); err != nil {
		t.Errorf("a string in the form of a quantity with kind STRING: %v", err)
	}
}

// TestBetween checks that a range is accepted if its ends are in order in at least one reading, or have no order, and
// that only ordered readings remain.
func TestBetween(t *testing.T) {
	t.Parallel()
	for ends, want := range map[string]int{
		`[1, 2]`: 1, `[1, 1]`: 1, `[0, -0.0]`: 1, `[1, 1.0]`: 1, `["a", "a"]`: 1, `[{"$float": "-Infinity"}, {"$float": "Infinity"}]`: 1,
		`["1GB", "2GB"]`: 2, `["200 MB", "1 GB"]`: 1, `["1.5GiB", "200 MB"]`: 1, `["9s", {"$duration": 10}]`: 1, `["10s", "9s"]`: 1,
		`["2026-01-02T03:04:05Z", "2026-01-02T02:04:05-05:00"]`: 1,
		`[{"$float": "NaN"}, 1]`:                                0, `[1, {"$float": "NaN"}]`: 0, `[{"$float": "NaN"}, {"$float": "NaN"}]`: 0,
	} {
		node, err := jsontree.Parse([]byte(ends))
		if err != nil {
			t.Fatal(err)
		}
		var list []*Tree
		for _, end := range node.([]any) {
			list = append(list, &Tree{end})
		}
		filter, err := ReadFilter(defaults(), nil, FilterInput{"metadata": map[string]any{"key": "k", "between": list}})
		if err != nil {
			t.Errorf("%s: %v", ends, err)
		} else if got := len(filter.Metadata.Conditions[0].Between); got != want {
			t.Errorf("%s has %d ranges, want %d", ends, got, want)
		}
	}
}

// TestFilterLimits checks that the deepest and the broadest filter are accepted, and that one more level or condition
// is refused.
func TestFilterLimits(t *testing.T) {
	t.Parallel()
	name := "x"
	leaf := func() FilterInput { return FilterInput{"artifact": map[string]any{"eq": &name}} }
	deep := func(n int) FilterInput {
		f := leaf()
		for range n - 1 {
			f = FilterInput{"not": f}
		}
		return f
	}
	broad := func(n int) FilterInput {
		var parts []FilterInput
		for range n {
			parts = append(parts, leaf())
		}
		return FilterInput{"or": parts}
	}
	for what, c := range map[string]struct {
		filter FilterInput
		fits   bool
	}{
		"12 deep": {deep(12), true}, "13 deep": {deep(13), false}, "200 conditions": {broad(200), true}, "201 conditions": {broad(201), false},
		"1,000 conditions": {broad(1000), false}, "1,000 names": {FilterInput{"artifact": map[string]any{"in": make([]string, 1000)}}, true},
		"1,001 names": {FilterInput{"artifact": map[string]any{"in": make([]string, 1001)}}, false},
	} {
		_, err := ReadFilter(defaults(), nil, c.filter)
		if c.fits && err != nil || !c.fits && CodeOf(err) != CodeLimitExceeded {
			t.Errorf("%s: %v", what, err)
		}
	}
}
