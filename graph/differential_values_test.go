package graph_test

import (
	"math/rand/v2"
	"strings"
)

// The values that the data set of the differential test is made of, as extended JSON.

var (
	sampleNumbers = []string{
		`0`, `1`, `-1`, `1.0`, `0.0`, `-0.0`, `0.1`, `0.3`, `0.30000000000000004`, `2`, `3`, `90`, `90.0`, `90.5`, `-0.5`, `1000`,
		`1500000`, `1610612736`, `1610612736.0`, `9007199254740992`, `9007199254740993`, `-9007199254740993`, `9007199254740992.0`,
		`9.007199254740993e15`, `9007199254740994.0`, `9223372036854775807`, `-9223372036854775808`, `9223372036854775807.0`,
		`-9.223372036854775808e18`, `9223372036854774784.0`, `1e22`, `1e308`, `-1e308`, `1.7976931348623157e308`, `5e-324`, `-5e-324`,
		`2.2250738585072014e-308`, `1e-7`, `{"$float": "NaN"}`, `{"$float": "Infinity"}`, `{"$float": "-Infinity"}`,
	}
	sampleSizes = []string{
		`{"$storageSize": 0}`, `{"$storageSize": 1}`, `{"$storageSize": 90}`, `{"$storageSize": 1000}`, `{"$storageSize": 1500000}`,
		`{"$storageSize": 1610612736}`, `{"$storageSize": 1610612737}`, `{"$storageSize": 9007199254740993}`,
		`{"$storageSize": 9223372036854775807}`, `{"$storageSize": 200000000}`,
	}
	sampleDurations = []string{
		`{"$duration": 0}`, `{"$duration": -0.0}`, `{"$duration": 1}`, `{"$duration": 1.0}`, `{"$duration": 90}`, `{"$duration": 90.5}`,
		`{"$duration": -180}`, `{"$duration": -90061.25}`, `{"$duration": 0.1}`, `{"$duration": 1e-9}`, `{"$duration": 5400.0}`,
		`{"$duration": 86400}`, `{"$duration": 1000}`, `{"$duration": 9007199254740992}`, `{"$duration": 1e308}`,
	}
	sampleInstants = []string{
		`{"$timestamp": "2026-01-02T03:04:05Z"}`, `{"$timestamp": "2026-01-02T03:04:05.000000001Z"}`,
		`{"$timestamp": "2026-01-02T03:04:05.123456789Z"}`, `{"$timestamp": "2026-01-02T03:04:05.123456788Z"}`,
		`{"$timestamp": "2026-01-02T04:04:05+01:00"}`, `{"$timestamp": "2026-01-01T21:34:05.1-05:30"}`,
		`{"$timestamp": "1969-12-31T23:59:59.999999999Z"}`, `{"$timestamp": "1970-01-01T00:00:00Z"}`,
		`{"$timestamp": "1969-12-31T23:59:59.9999999Z"}`, `{"$timestamp": "0001-01-01T00:00:00Z"}`, `{"$timestamp": "0000-01-01T00:00:00Z"}`,
		`{"$timestamp": "1583-01-01T00:00:00.000000001Z"}`, `{"$timestamp": "2300-06-01T12:00:00.999999999Z"}`,
		`{"$timestamp": "9999-12-31T23:59:59.999999999Z"}`, `{"$timestamp": "2026-01-02t03:04:05.12z"}`,
	}
	sampleScalars = []string{`true`, `false`, `null`}
	sampleTexts   = []string{
		`""`, `"a"`, `"A"`, `"b"`, `"ab"`, `"aB"`, `"abc"`, `"b a"`, `" a"`, `"a "`, `"%"`, `"_"`, `"a%"`, `"a_c"`, `"100%"`, `"\\"`, `"a\\%b"`,
		`"\\_"`, `"\""`, `"it's"`, `"'; --"`, `"a*"`, `"[a-c]"`, `"?"`, `"a?c"`, `"\n"`, `"a\nb"`, `"\t"`, `"\u0001"`, `"\u007f"`, `"$"`, `"{}"`, `"[1]"`,
		`"null"`, `"true"`, `"1"`, `"1.0"`, `"01"`, `"-1"`, `"NaN"`, `"Infinity"`, `"1e3"`, `"straße"`, `"STRASSE"`, `"STRAẞE"`, `"İstanbul"`,
		`"istanbul"`, `"Istanbul"`, `"ıstanbul"`, `"ΣΊΣΥΦΟΣ"`, `"Σίσυφος"`, `"σίσυφοσ"`, `"\u212a"`, `"K"`, `"k"`, `"ſ"`, `"s"`, `"S"`, `"\u212b"`, `"Å"`, `"å"`, `"A\u030a"`,
		`"é"`, `"e\u0301"`, `"E\u0301"`, `"É"`, `"e"`, `"🦆"`, `"👩‍👩‍👧"`, `"👩"`, `"\uffff"`, `"ﬁ"`, `"fi"`, `"Ǆ"`, `"ǅ"`, `"ǆ"`, `"日本語"`, `"ꙁ"`, `"Ꙁ"`, `"𐐀"`, `"𐐨"`, `"\u2126"`, `"Ω"`, `"ω"`, `"µ"`, `"μ"`,
		`"1.5GiB"`, `"200 MB"`, `"1 kB"`, `"1000B"`, `"90s"`, `"1.5 h"`, `"-3 m"`, `"90500 ms"`, `"100ms"`, `"0.1 s"`, `"1d"`, `"1 KB"`, `"3 apples"`,
		`"2026-01-02T03:04:05Z"`, `"2026-01-02T04:04:05+01:00"`, `"2026-01-02T03:04:05.000000001Z"`, `"2026-01-02"`, `"2026-01-02T03:04:05"`,
		`{"$uri": "gs://b/x"}`, `{"$uri": "a"}`, `{"$uri": "GS://B/x"}`, `{"$uri": "90s"}`, `{"$path": "/data/x"}`, `{"$path": "C:\\data\\x"}`, `{"$path": ""}`,
		`{"$dtype": "float32"}`, `{"$dtype": "Float32"}`, `{"$markdown": "**a**"}`, `{"$markdown": "# é\n"}`,
	}
	sampleLists = []string{
		`[]`, `[1, 2, 3]`, `[1.0]`, `[0.1, "a"]`, `[null]`, `["a", "A", "é"]`, `[true, false]`, `[1, [2.5, {"$uri": "gs://b/x"}], null]`,
		`[{"$float": "NaN"}, {"$duration": 90}]`, `["90s", "a%", "_", "1.5GiB", {"$timestamp": "2026-01-02T03:04:05Z"}]`, `[[[1]], []]`,
		`[{"a": {"b": 1.0}}, {"a": 1}]`, `{"$tuple": [3, 224, 224]}`, `{"$tuple": []}`, `{"$tuple": ["straße", {"$dict": {"$uri": "x"}}]}`,
		`{"$tuple": [{"$storageSize": 1500000}, {"$set": [1, 1.0]}]}`, `{"$set": [1, 1.0, "1"]}`, `{"$set": []}`, `{"$set": ["a", {"$uri": "a"}]}`,
		`{"$set": [[1, 2], null, 9007199254740993]}`, `[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]`,
		`["\"", "\\", "a,b", "]", {"$path": "a"}, {"$markdown": "σ"}]`,
	}
	sampleDicts = []string{
		`{}`, `{"0": 1, "a.b": 2.5, "\"": "q", "-1": true, "é": "x"}`, `{"train": {"loss": 0.1, "steps": [1, 2, {"lr": 0.001}]}}`,
		`{"train": {"loss": 90.5, "steps": {"$tuple": ["a", "b"]}}, "a": 1}`, `{"train": {"loss": "a"}}`, `{"train": {"loss": null}, "a": null}`,
		`{"train": {"loss": {"$duration": 90}}, "a": {"$storageSize": 1000}}`, `{"train": 1, "a": "A"}`, `{"train": {"Loss": 1, "loss": {"$float": "NaN"}}}`,
		`{"a\\b": {"$storageSize": 1000}, "a": {"b": "c"}, "*": 1, "[0]": 2, "length": 3, "#": 4}`, `{"$dict": {"$uri": "x", "$tuple": [1]}}`,
		`{"$dict": {"$dict": {"a": 1}, "a": false}}`, `{"a": {"0": [{"$timestamp": "2026-01-02T03:04:05Z"}]}, "train": {"steps": {"$set": [1, 2]}}}`,
		`{"a": [{"b": "x"}, {"b": 1}], "train": {"loss": true}}`, `{"key": 1, "value": 2, "type": 3, "a": {"$uri": "a"}}`,
	}
	sampleLongs = longTexts()
)

// longTexts differ only after a long beginning, or not even there but by case.
func longTexts() []string {
	var texts []string
	for _, start := range []string{strings.Repeat("é", 210), "a" + strings.Repeat("é", 210), strings.Repeat("x", 420)} {
		for _, end := range []string{"", strings.Repeat("z", 40), strings.Repeat("z", 39) + "Z", strings.Repeat("z", 40) + "a", "🦆" + strings.Repeat("%", 40)} {
			texts = append(texts, `"`+start+end+`"`)
		}
	}
	return append(texts, `"`+strings.Repeat("É", 210)+`"`, `{"$uri": "`+strings.Repeat("x", 420)+`"}`)
}

// cutEnds follow a beginning of about 399 bytes, which is all that a sort key keeps. Some have a character of several
// bytes at the cut. U+D7FF is the last character before the surrogates.
var cutEnds = []string{"", "a", "b", "aa1", "aa2", "é", "日", "🦆", "🦆z", "\ud7ff", "\ue000", "\U0010ffff"}

// cutTexts returns texts with common beginnings that end near the cut of a sort key.
func cutTexts() []string {
	var texts []string
	for _, start := range []string{strings.Repeat("x", 398), strings.Repeat("x", 397), strings.Repeat("x", 399), strings.Repeat("é", 199)} {
		for _, end := range cutEnds {
			texts = append(texts, `"`+start+end+`"`)
		}
	}
	return texts
}

// nestedCutTexts returns lists and dictionaries of the same texts. A path leads to the whole text.
func nestedCutTexts() []string {
	var values []string
	for _, text := range cutTexts() {
		values = append(values, `[`+text+`]`, `{"a": `+text+`}`)
	}
	return values
}

// samplePlace is a key with its values, and the percentage of versions that have one.
type samplePlace struct {
	oraclePlace
	values []string
	share  int
}

// samplePlaces returns all keys. The simplest ones come first.
func samplePlaces() []samplePlace {
	join := func(lists ...[]string) (all []string) {
		for _, list := range lists {
			all = append(all, list...)
		}
		return all
	}
	close := []string{ // by the digits that a double loses
		`0.1`, `{"$duration": 0.1}`, `0.3`, `0.001`, `{"$duration": 1e-9}`, `90.7`, `1234.567`,
		`9007199254740992`, `9007199254740993`, `9007199254740992.0`, `-9007199254740993`, `-9007199254740992`, `9007199254740994.0`,
		`{"$storageSize": 9007199254740993}`, `{"$duration": 9007199254740992}`, `9223372036854775807`, `9223372036854775807.0`, `-0.0`, `0`,
	}
	folded := []string{ // differently by different ideas of case
		`"ς"`, `"Σ"`, `"σ"`, `"\u212a"`, `"k"`, `"K"`, `"ſ"`, `"S"`, `"ß"`, `"ẞ"`, `"ss"`, `"İ"`, `"i"`, `"I"`, `"ı"`, `"ǅ"`, `"Ǆ"`, `"\u2126"`, `"ω"`,
		`{"$path": "aΣς"}`, `{"$uri": "ASς"}`, `"µ"`, `"Μ"`, `"μ"`,
	}
	numbers := join(sampleNumbers, sampleSizes, sampleDurations, close, close)
	texts := join(sampleTexts, folded)
	every := join(numbers, sampleInstants, sampleScalars, sampleTexts, sampleLists, sampleDicts)
	return []samplePlace{
		{oraclePlace{"", "number"}, numbers, 70},
		{oraclePlace{"", "text"}, texts, 80},
		{oraclePlace{"", "flag"}, join(sampleScalars, []string{`0`, `1`, `"true"`, `true`}), 50},
		{oraclePlace{"", "when"}, join(sampleInstants, []string{`"2026-01-02T03:04:05Z"`, `1767323045`}), 50},
		{oraclePlace{"", "list"}, sampleLists, 50},
		{oraclePlace{"", "dict"}, sampleDicts, 50},
		{oraclePlace{"", "any"}, every, 70},
		{oraclePlace{"train", "any"}, every, 40},
		{oraclePlace{"train", "number"}, numbers[:20], 40},
		{oraclePlace{"", "train"}, every, 20},
		{oraclePlace{"", "Text"}, join(folded, []string{`"a_c"`, `"axc"`, `"a%"`, `"ab"`}), 60},
		{oraclePlace{"é\"\\", "a.b \"c\\%'"}, every, 30},
		{oraclePlace{"", "0"}, close, 60},
		{oraclePlace{"", "long"}, sampleLongs, 30},
		{oraclePlace{"", "cut"}, cutTexts(), 60},
		{oraclePlace{"", "cut inside"}, nestedCutTexts(), 40},
	}
}

// drawEntries draws the entries of one call, each key at most once.
func drawEntries(rng *rand.Rand, percent int) []sampleEntry {
	var entries []sampleEntry
	for _, place := range samplePlaces() {
		if rng.IntN(100) < place.share*percent/100 {
			entries = append(entries, sampleEntry{place.oraclePlace, place.values[rng.IntN(len(place.values))]})
		}
	}
	return entries
}

// sampleEntry is an entry to log, with its value as extended JSON.
type sampleEntry struct {
	oraclePlace
	text string
}

// input returns the entry as a MetadataEntryInput.
func (e sampleEntry) input() map[string]any {
	value := map[string]any{"json": oracleJSON(e.text)}
	if e.text == `null` {
		value = map[string]any{"null": true}
	}
	input := map[string]any{"key": e.key, "value": value}
	if e.card != "" {
		input["card"] = e.card
	}
	return input
}

// written returns the entry of the oracle.
func (e sampleEntry) written() oracleEntry {
	value := oracleDecode(oracleJSON(e.text))
	return oracleEntry{oraclePlace: e.oraclePlace, value: &value}
}
