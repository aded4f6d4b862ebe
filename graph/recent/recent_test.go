package recent

import (
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/placard/placard/internal/harness"
)

const values, most = 100, 10_000

func length(text string) int { return len(text) }

// TestMemoryIsBounded: by number and by weight; what is used stays.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	m := New(values, most, length)
	m.Add("used", "used")
	for i := range 3 * values {
		m.Add(strconv.Itoa(i), "text")
		if text, ok := m.Get("used"); !ok || text != "used" {
			t.Fatalf("a value that is used is gone after %d others", i)
		}
	}
	if _, ok := m.Get("0"); ok || m.lru.Len() != values || m.Weight() != 4*values {
		t.Errorf("the oldest value is there: %t; %d values, which weigh %d", ok, m.lru.Len(), m.Weight())
	}
	for i := range 50 {
		m.Add("long "+strconv.Itoa(i), strings.Repeat("x", most/10-i))
		if m.Weight() > most {
			t.Fatalf("what is kept weighs %d", m.Weight())
		}
	}
	kept := 0
	for _, text := range m.lru.Values() {
		kept += len(text)
	}
	if kept != m.Weight() || kept < most/2 {
		t.Errorf("what is kept weighs %d, and %d are counted", kept, m.Weight())
	}
	if m.Add("too long", strings.Repeat("x", most+1)); m.lru.Contains("too long") || m.Weight() > most {
		t.Error("what weighs too much is kept")
	}
}

// TestMemoryOfMany: many may use it at once, and a value twice counts once.
func TestMemoryOfMany(t *testing.T) {
	t.Parallel()
	m := New(500, most, length)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for i := range 500 {
				text := strconv.Itoa(i)
				m.Add(text, text)
				if got, ok := m.Get(text); !ok || got != text {
					t.Errorf("%q became %q", text, got)
				}
			}
		})
	}
	harness.Wait(t, "all goroutines have ended", &group)
	if m.lru.Len() != 500 || m.Weight() != 10+2*90+3*400 {
		t.Errorf("%d values, which weigh %d", m.lru.Len(), m.Weight())
	}
}
