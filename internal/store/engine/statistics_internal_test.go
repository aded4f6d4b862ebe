package engine

import "testing"

// TestIsDue checks the numbers of rows at which a table is analyzed.
func TestIsDue(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rows, analyzed int64
		want           bool
	}{
		{0, 0, false}, {499, 0, false}, {500, 0, true}, {600, 600, false}, {1999, 600, false}, {2000, 1999, true}, {9000, 500,
			true},
		{8000, 2500, true}, {31_999, 8000, false}, {32_000, 8000, true}, {400, 2000, false},
	} {
		if got := (tableSize{rows: c.rows, analyzed: c.analyzed}).isDue(); got != c.want {
			t.Errorf("%d rows, %d at the last ANALYZE: %t", c.rows, c.analyzed, got)
		}
	}
}
