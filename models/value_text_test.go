package models

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/placard/placard/internal/jsontree"
)

// checkPlainJSON compares AppendPlainJSON with the decoded value. It returns whether the text was not decoded.
func checkPlainJSON(t interface{ Fatalf(string, ...any) }, kind MetadataKind, text string) bool {
	got, err := AppendPlainJSON([]byte("x"), kind, text)
	want := []byte("x")
	value, wantErr := DecodeValue(kind, text)
	if wantErr == nil {
		want = value.appendJSON(want, plain)
	}
	if string(got) != string(want) || fmt.Sprint(err) != fmt.Sprint(wantErr) {
		t.Fatalf("%s %q: got %s (%v), want %s (%v)", kind, text, got, err, want, wantErr)
	}
	s := textScanner{text: text}
	scanned, ok := s.value()
	isScanned := ok && scanned == kind && s.pos == len(text)
	if !isScanned {
		return false
	}
	value, err = valueReader{}.readExtended(mustNode(t, text))
	if err != nil || string(value.appendJSON(nil, extended)) != text {
		t.Fatalf("%s %q: the scanner accepts it, but it decodes to %v (%v)", kind, text, value, err)
	}
	return true
}

func mustNode(t interface{ Fatalf(string, ...any) }, text string) any {
	tree, err := jsontree.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return tree
}

// TestPlainJSONGolden checks that the golden values need no decoding.
func TestPlainJSONGolden(t *testing.T) {
	t.Parallel()
	for _, c := range goldens(t) {
		fact, err := one(c.in)
		if err != nil {
			t.Fatal(err)
		}
		if !checkPlainJSON(t, fact.Kind, fact.Text) {
			t.Errorf("%s: %s was decoded", c.name, fact.Text)
		}
	}
}

// TestPlainJSONSpellings checks text that must be decoded, because it is damaged or spelled differently.
func TestPlainJSONSpellings(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		``, ` 1`, `1 `, `01`, `-0`, `+1`, `--1`, `1-`, `9223372036854775808`, `-9223372036854775809`, `1.`, `.5`, `1.50`, `00.5`,
		`1e5`, `1.0e5`, `1E22`, `0.00001`, `1e400`, `1e-400`, `1.7976931348623159e308`, `12345678901234567.0`, `NaN`, `0.1000000000000000055`,
		`tru`, `truex`, `nul`, `"`, `"a`, `"a"b"`, `"\u0041"`, `"\/"`, `"\b"`, `"\u001F"`, `"\u000a"`, `"\u0000"`, `"\ud800"`, `"\u00`,
		"\"\x01\"", "\"a\x00\"", "\"\xff\"", "\"abcdefgh\xffabcdefgh\"", `[`, `[1`, `[1,`, `[1,]`, `[1 ,2]`, `[,1]`, `[]]`,
		`{`, `{"a"}`, `{"a":1,}`, `{"a":1,"a":2}`, `{"a": 1}`, `{"$a":1}`, `{"a":1,"$b":2}`, `{"$uri":"a","b":1}`, `{"$uri":1}`,
		`{"$uri":"a"`, `{"$uri" :"a"}`, `{"$u`, `{"$dict":{"a":1}}`, `{"$dict":{}}`, `{"$dict":1}`, `{"$float":"nan"}`, `{"$float":1.5}`,
		`{"$storageSize":-1}`, `{"$storageSize":1.5}`, `{"$storageSize":"1"}`, `{"$storageSize":}`, `{"$duration":"1"}`,
		`{"$duration":-0}`, `{"$duration":9007199254740993}`, `{"$duration":1e400}`, `{"$duration":}`,
		`{"$timestamp":"2026-02-29T00:00:00Z"}`, `{"$timestamp":"2026-01-01T00:00:00.10Z"}`, `{"$timestamp":"2026-01-01T00:00:00+00:00"}`,
		`{"$timestamp":"2026-01-01T00:00:60Z"}`, `{"$timestamp":"2026-01-01T24:00:00Z"}`, `{"$timestamp":"2026-13-01T00:00:00Z"}`,
		`{"$timestamp":"2026-01-01t00:00:00z"}`, `{"$timestamp":"2026-01-01T00:00:00.Z"}`, `{"$timestamp":"2026-01-01T00:00:00.1234567891Z"}`,
		`{"$timestamp":1}`, `{"$tuple":1}`, `{"$set":{}}`, `{"$string":"a"}`, `{"$list":[1]}`,
		strings.Repeat("[", 101) + strings.Repeat("]", 101), `{` + repeatedKeys(20) + `}`,
	} {
		for _, spec := range kindTable() {
			if checkPlainJSON(t, spec.kind, text) {
				t.Errorf("%s %q was not decoded", spec.kind, text)
			}
		}
	}
}

// repeatedKeys returns n members with different keys, and the last one again.
func repeatedKeys(n int) string {
	var members []string
	for i := range n {
		members = append(members, fmt.Sprintf(`"k%d":1`, i))
	}
	return strings.Join(append(members, members[n-1]), ",")
}

// drawNode draws extended JSON.
func drawNode(t *rapid.T, depth int) any {
	kinds := 14
	if depth == 0 {
		kinds = 10
	}
	mark := func(name string, node any) any { return Object{{Key: "$" + name, Value: node}} }
	text := rapid.OneOf(rapid.StringOfN(rapid.RuneFrom([]rune("ab \"\\\n\t\x01\x1f/é🦆�")), 0, 20, -1), rapid.String()).
		Filter(func(s string) bool { return CheckCharacters(nil, s) == nil })
	items := func() []any {
		list := []any{}
		for range rapid.IntRange(0, 4).Draw(t, "items") {
			list = append(list, drawNode(t, depth-1))
		}
		return list
	}
	switch rapid.IntRange(0, kinds).Draw(t, "kind") {
	case 0:
		return nil
	case 1:
		return rapid.Bool().Draw(t, "boolean")
	case 2:
		return json.Number(fmt.Sprint(rapid.Int64().Draw(t, "integer")))
	case 3:
		return json.Number(formatFloat(drawFloat(t)))
	case 4:
		return mark(rapid.SampledFrom([]string{"uri", "path", "dtype", "markdown"}).Draw(t, "mark"), text.Draw(t, "text"))
	case 5:
		return mark("storageSize", json.Number(fmt.Sprint(rapid.Int64Min(0).Draw(t, "size"))))
	case 6:
		return mark("duration", json.Number(formatFloat(drawFloat(t))))
	case 7:
		return mark("duration", json.Number(fmt.Sprint(rapid.Int64Range(-1<<53, 1<<53).Draw(t, "seconds"))))
	case 8:
		at := time.Unix(rapid.Int64Range(-62167219200, 253402300799).Draw(t, "at"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns"))
		return mark("timestamp", at.UTC().Format(time.RFC3339Nano))
	case 11:
		return items()
	case 12:
		return mark(rapid.SampledFrom([]string{"tuple", "set"}).Draw(t, "mark"), items())
	case 13, 14:
		object := Object{}
		for i := range rapid.IntRange(0, 12).Draw(t, "members") {
			object = append(object, Member{Key: fmt.Sprint(text.Draw(t, "key"), i), Value: drawNode(t, depth-1)})
		}
		return object
	}
	return text.Draw(t, "text")
}

func drawFloat(t *rapid.T) float64 {
	return rapid.OneOf(
		rapid.Float64Range(-math.MaxFloat64, math.MaxFloat64), rapid.Float64Range(-10, 10),
		rapid.Map(rapid.IntRange(-1_000_000, 1_000_000), func(n int) float64 { return float64(n) / 10_000 }),
	).Draw(t, "float")
}

// TestPlainJSONDrawn compares AppendPlainJSON with the decoded value for drawn values, and for the same text with a
// changed byte.
func TestPlainJSONDrawn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		fact, err := one(drawNode(t, 3))
		if err != nil {
			t.Skip()
		}
		if !checkPlainJSON(t, fact.Kind, fact.Text) {
			t.Fatalf("%s %q was decoded", fact.Kind, fact.Text)
		}
		damaged := []byte(fact.Text)
		for range rapid.IntRange(1, 3).Draw(t, "changes") {
			at := rapid.IntRange(0, len(damaged)-1).Draw(t, "at")
			damaged[at] = rapid.SampledFrom([]byte(`"\{}[]:,.-+0123456789eEabcdefnrtuZT$ `)).Draw(t, "byte")
		}
		checkPlainJSON(t, fact.Kind, string(damaged))
	})
}

func BenchmarkAppendPlainJSON(b *testing.B) {
	for _, text := range []string{
		`"a text of thirty-two characters."`, `0.9512`, `0.9512345678901234`, `{"$uri":"gs://bucket/folder/object.bin"}`,
		`{"$timestamp":"2026-01-02T03:04:05.123Z"}`, `{"a":[1,2,{"$tuple":[1,2.5]}],"b":{"c":"d"}}`,
	} {
		s := textScanner{text: text}
		kind, _ := s.value()
		b.Run(text, func(b *testing.B) {
			var buffer []byte
			for b.Loop() {
				buffer, _ = AppendPlainJSON(buffer[:0], kind, text)
			}
		})
	}
}
