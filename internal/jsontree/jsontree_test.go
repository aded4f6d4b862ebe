package jsontree

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]any{
		` null `:                         nil,
		`true`:                           true,
		`false`:                          false,
		`9007199254740993`:               json.Number("9007199254740993"),
		`-0.0`:                           json.Number("-0.0"),
		`1E2`:                            json.Number("1E2"),
		`"\u00e9\n\ud83d\ude00"`:         "é\n😀",
		`"�"`:                            "�",
		`[]`:                             []any{},
		`{}`:                             Object{},
		`{"z":1,"a":[{"b":null},"x"]}`:   Object{{"z", json.Number("1")}, {"a", []any{Object{{"b", nil}}, "x"}}},
		"[1,\n\t2]":                      []any{json.Number("1"), json.Number("2")},
		`{"a":{"k":1},"b":{"k":1}}`:      Object{{"a", Object{{"k", json.Number("1")}}}, {"b", Object{{"k", json.Number("1")}}}},
		`"\ufffd \u0000 \u001f \\ud800"`: "\ufffd \x00 \x1f \\ud800",
	} {
		for _, parse := range []func([]byte) (any, error){Parse, ParseUnchecked} {
			if got, err := parse([]byte(text)); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: got %#v (%v), want %#v", text, got, err, want)
			}
		}
		if err := Check(want); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestParseRefuses also compares Parse with ParseUnchecked followed by Check.
func TestParseRefuses(t *testing.T) {
	t.Parallel()
	many := make([]string, 100)
	for i := range many {
		many[i] = fmt.Sprintf(`"k%d":%d`, i, i)
	}
	for _, c := range []struct {
		text, path string
		offset     int64
		fault      string
	}{
		{``, "[]", 0, "must be valid JSON: unexpected end"},
		{`{"a":[1,`, "[a 1]", 8, "must be valid JSON: unexpected end"},
		{`{"a":[1,}`, "[a 1]", 7, "must be valid JSON: "},
		{`{"a" 1}`, "[a]", 5, "must be valid JSON: "},
		{`{1:2}`, "[]", 1, "must be valid JSON: "},
		{`{"a":1,}`, "[]", 6, "must be valid JSON: "},
		{`01`, "[]", 1, faultTrailing},
		{`1 2`, "[]", 1, faultTrailing},
		{`{} x`, "[]", 2, faultTrailing},
		{`NaN`, "[]", 0, "must be valid JSON: "},
		{"\"a\x01\"", "[]", 2, "must be valid JSON: "},
		{`"\x"`, "[]", 1, "must be valid JSON: "},
		{"[\"\xff\"]", "[]", 2, faultUTF8},
		{"[\"\ufffd\", \xed\xa0\x80]", "[]", 8, faultUTF8},
		{`{"a":1,"b":2,"a":3}`, "[a]", 16, faultRepeated},
		{`[{"x":{"a":1,"\u0061":3}}]`, "[0 x a]", 21, faultRepeated},
		{`{` + strings.Join(many, ",") + `,"k3":1}`, "[k3]", 885, faultRepeated},
		{`["a",{"b":"\ud800"}]`, "[1 b]", 18, faultSurrogate},
		{`["\ude00\ud83d"]`, "[0]", 15, faultSurrogate},
		{`["\ud83d\\ude00"]`, "[0]", 16, faultSurrogate},
		{strings.Repeat("[", MaxDepth+1), "", MaxDepth, faultDepth},
	} {
		_, err := Parse([]byte(c.text))
		var fault *Error
		if !errors.As(err, &fault) || !strings.HasPrefix(fault.Fault, c.fault) || fault.Offset != c.offset ||
			c.path != "" && fmt.Sprint(fault.Path) != c.path {
			t.Errorf("%.40s: got %#v, want %s %d %s", c.text, err, c.path, c.offset, c.fault)
			continue
		}
		node, err := ParseUnchecked([]byte(c.text))
		if unchecked := c.fault == faultRepeated || c.fault == faultSurrogate; unchecked != (err == nil) {
			t.Errorf("%.40s: unchecked %v", c.text, err)
		} else if unchecked {
			want := &Error{Path: fault.Path, Offset: -1, Fault: c.fault}
			if err := Check(node); !reflect.DeepEqual(err, error(want)) {
				t.Errorf("%.40s: checked %#v, want %#v", c.text, err, want)
			}
		}
	}
	if _, err := Parse([]byte(strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth))); err != nil {
		t.Error(err)
	}
	err := &Error{Path: []any{"a", 0}, Offset: 7, Fault: faultRepeated}
	if text := err.Error(); text != "JSON /a/0 at byte 7 must not repeat a key of its object" {
		t.Error(text)
	}
}

func TestAppendString(t *testing.T) {
	t.Parallel()
	text := "é\"\\\n\r\t\b\x1f/<>"
	got := string(AppendString(nil, text))
	if want := `"é\"\\\n\r\t\u0008\u001f/<>"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if node, err := Parse([]byte(got)); err != nil || node != text {
		t.Errorf("%s is read as %q (%v)", got, node, err)
	}
}
