package consistency

import (
	"strings"
	"testing"
)

// TestParse checks that a token has one spelling, and that other texts are refused without being repeated.
func TestParse(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"7461905551215482932:1:0/16B3748", "1:0:0/0", "18446744073709551615:4294967295:FFFFFFFF/FFFFFFFF"} {
		token, err := Parse(text)
		if err != nil || token.String() != text {
			t.Errorf("%s: got %s (%v)", text, token, err)
		}
	}
	for _, text := range []string{
		"", "x", "1", "1:1", "1:1:", "1:1:0", "1:1:0/", "1:1:/0", "0:1:0/0", "-1:1:0/0", "+1:1:0/0", "1_0:1:0/0", "1:-1:0/0",
		"1:4294967296:0/0", "18446744073709551616:1:0/0", "1:1:100000000/0", "1:1:0/G", "1:1:0/0:", "1:1:0/0 ", " 1:1:0/0",
		"1:1:0x1/0", "1:1:0/1_0", "1:1:0/0/0", strings.Repeat("1", 10_000),
	} {
		token, err := Parse(text)
		if err == nil || !token.IsZero() || len(err.Error()) > 250 {
			t.Errorf("%.50q is accepted as %s (%v)", text, token, err)
		}
	}
}

// TestLater checks which of two tokens a caller keeps.
func TestLater(t *testing.T) {
	t.Parallel()
	none, low, high := Token{}, Token{1, 1, 5}, Token{1, 1, 1 << 33}
	promoted, foreign, unknown := Token{1, 2, 6}, Token{2, 1, 1}, Token{1, 0, 0}
	for _, c := range []struct{ kept, next, want Token }{
		{none, low, low}, {low, none, low}, {low, high, high}, {high, low, high}, {high, high, high},
		{high, promoted, promoted}, {promoted, high, high}, {high, foreign, foreign}, {high, unknown, unknown},
		{unknown, low, low},
	} {
		if got := c.kept.Later(c.next); got != c.want {
			t.Errorf("%s, then %s: got %s, want %s", c.kept, c.next, got, c.want)
		}
	}
	if !high.Covers(low) || low.Covers(high) || high.Covers(foreign) || promoted.Covers(low) {
		t.Error("a log covers a token of another log, or not one of its own")
	}
}
