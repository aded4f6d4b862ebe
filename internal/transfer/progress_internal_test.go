package transfer

import (
	"strings"
	"testing"
	"time"
)

// TestProgress: quick work says nothing, and long work a line now and then.
func TestProgress(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	p := newProgress(&out, "imported", 1000)
	for n := range int64(1000) {
		p.tell(n, n)
	}
	if out.Len() > 0 {
		t.Errorf("quick work says %q", out.String())
	}
	p.last = time.Now().Add(-between)
	for n := range int64(1000) {
		p.tell(1000+n, 500)
	}
	if out.String() != "imported 1000 lines, 50 %\n" {
		t.Errorf("long work says %q", out.String())
	}
}
