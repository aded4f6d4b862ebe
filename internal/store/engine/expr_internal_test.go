package engine

import (
	"fmt"
	"testing"
)

// TestSQL checks that expressions replace their question marks, and that arguments keep their order.
func TestSQL(t *testing.T) {
	t.Parallel()
	inner := SQL("b = ? OR c = ?", 2, 3)
	for _, c := range []struct {
		got  Expr
		want string
	}{
		{SQL("a"), "{a []}"},
		{SQL("a = ?", 1), "{a = ? [1]}"},
		{SQL("a = ? AND (?) AND d = ?", 1, inner, 4), "{a = ? AND (b = ? OR c = ?) AND d = ? [1 2 3 4]}"},
		{SQL("??", SQL("x"), SQL("y = ?", 1)), "{xy = ? [1]}"},
		{SQL("a").Concat(inner), "{ab = ? OR c = ? [2 3]}"},
		{SQL("a").And(inner), "{(a AND b = ? OR c = ?) [2 3]}"},
		{All(nil), "{TRUE []}"},
		{Any(nil), "{FALSE []}"},
		{Any([]Expr{SQL("a = ?", 1), SQL("b")}), "{(a = ? OR b) [1]}"},
		{SQL("a = ?", 1).Not(), "{NOT COALESCE(a = ?, FALSE) [1]}"},
	} {
		if got := fmt.Sprint(c.got); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}
