package transfer

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// TestText checks that texts are escaped as in all files of version 1 of the format.
func TestText(t *testing.T) {
	t.Parallel()
	texts := []string{"", "\b\f", `\b\f\u0008`, "\\\b", `\\` + "\f", "<&>\u2028\u2029\x7f", "🦆é\"\\/"}
	for c := range rune(0x20) {
		texts = append(texts, "x"+string(c)+"u0008", `\`+string(c), strings.Repeat(string(c), 3))
	}
	for _, text := range texts {
		w := &writer{line: []byte("before:")}
		w.text(text)
		want, err := jsontext.AppendQuote([]byte("before:"), text)
		if err != nil || string(w.line) != string(want) {
			t.Errorf("%q is written as %s, want %s (%v)", text, w.line, want, err)
		}
	}
}
