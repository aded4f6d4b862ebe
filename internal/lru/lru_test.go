package lru

import (
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/placard/placard/internal/harness"
)

const maxValues, maxSize = 100, 10_000

func length(text string) int { return len(text) }

// TestMemoryIsBounded checks the bounds on the number and the size of values, and that used values stay.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	c := New[string](maxValues, maxSize, length)
	c.Add("used", "used")
	for i := range 3 * maxValues {
		c.Add(strconv.Itoa(i), "text")
		if text, ok := c.Get("used"); !ok || text != "used" {
			t.Fatalf("a used value is gone after %d others", i)
		}
	}
	if _, ok := c.Get("0"); ok || c.lru.Len() != maxValues || c.Size() != 4*maxValues {
		t.Errorf("the oldest value is there: %t; %d values of size %d", ok, c.lru.Len(), c.Size())
	}
	for i := range 50 {
		c.Add("long "+strconv.Itoa(i), strings.Repeat("x", maxSize/10-i))
		if c.Size() > maxSize {
			t.Fatalf("the cache has size %d", c.Size())
		}
	}
	size := 0
	for _, text := range c.lru.Values() {
		size += len(text)
	}
	if size != c.Size() || size < maxSize/2 {
		t.Errorf("the values have size %d, and %d is counted", size, c.Size())
	}
	if c.Add("too long", strings.Repeat("x", maxSize+1)); c.lru.Contains("too long") || c.Size() != size {
		t.Error("a value above the size of the cache is stored, or has evicted others")
	}
}

// TestReplace checks that Replace stores the later value and its size, and that Add keeps the earlier one.
func TestReplace(t *testing.T) {
	t.Parallel()
	c := New[string](maxValues, maxSize, length)
	c.Add("key", "first")
	c.Add("key", "not stored")
	if text, _ := c.Get("key"); text != "first" || c.Size() != len("first") {
		t.Errorf("the value is %q, and the size %d", text, c.Size())
	}
	c.Replace("key", "second value")
	if text, _ := c.Get("key"); text != "second value" || c.Size() != len(text) || c.lru.Len() != 1 {
		t.Errorf("the value is %q, and the size %d", text, c.Size())
	}
	if c.Replace("key", strings.Repeat("x", maxSize+1)); c.lru.Contains("key") || c.Size() != 0 {
		t.Errorf("a value above the size of the cache leaves the earlier one, and the size is %d", c.Size())
	}
}

// TestConcurrentUse checks that goroutines can share a cache, and that a value added twice counts once.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	c := New[string](500, maxSize, length)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for i := range 500 {
				text := strconv.Itoa(i)
				c.Add(text, text)
				if got, ok := c.Get(text); !ok || got != text {
					t.Errorf("%q became %q", text, got)
				}
			}
		})
	}
	harness.Wait(t, "all goroutines have ended", &group)
	if c.lru.Len() != 500 || c.Size() != 10+2*90+3*400 {
		t.Errorf("%d values of size %d", c.lru.Len(), c.Size())
	}
}
