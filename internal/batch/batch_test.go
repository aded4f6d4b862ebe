package batch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/models"
)

// fetches records the objects of each fetch. The value of an object is its ID and the argument; object 9 has none.
type fetches struct {
	mu      sync.Mutex
	fetched [][]models.ID
	err     error
}

func (f *fetches) fetch(_ context.Context, _ models.ID, ids []models.ID, arg string) (map[models.ID]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fetched = append(f.fetched, ids)
	values := map[models.ID]string{}
	for _, id := range ids {
		if id != object(9) {
			values[id] = fmt.Sprint(id[0], arg)
		}
	}
	return values, f.err
}

// object returns the ID of an object.
func object(n byte) models.ID { return models.ID{n} }

func newGroup(check error) *Group {
	return &Group{
		Check: func(context.Context, models.ID) error { return check },
		Start: func(ctx context.Context, _ int) (context.Context, func(error)) { return ctx, func(error) {} },
	}
}

// TestLoad checks which objects each Load fetches, and the values.
func TestLoad(t *testing.T) {
	t.Parallel()
	group, f := newGroup(nil), &fetches{}
	group.AddSiblings([]models.ID{object(1), object(2), object(2), {}})
	group.AddSiblings([]models.ID{object(2), object(3), object(9)})
	loader := NewLoader(f.fetch, func(_ context.Context, values map[models.ID]string) {
		if len(values) == 0 {
			t.Error("no values are loaded")
		}
	}, func(arg string) bool { return arg == "cursor" })
	ctx := WithGroup(t.Context(), group)
	loader.Prime(ctx, object(100), "a", map[models.ID]string{object(7): "primed"})
	for _, c := range []struct {
		id      byte
		arg     string
		want    string
		fetched []byte
	}{
		{1, "a", "1a", []byte{1, 2}},
		{2, "a", "2a", nil},
		{3, "a", "3a", []byte{3, 9}}, // 2 is loaded already
		{9, "a", "", nil},
		{2, "b", "2b", []byte{2, 3, 9}}, // the longer list
		{2, "cursor", "2cursor", []byte{2}},
		{4, "a", "4a", []byte{4}},
		{7, "a", "primed", nil},
	} {
		f.fetched = nil
		value, err := loader.Load(ctx, object(100), object(c.id), c.arg)
		var fetched []byte
		for _, ids := range f.fetched {
			for _, id := range ids {
				fetched = append(fetched, id[0])
			}
		}
		if value != c.want || err != nil || !slices.Equal(fetched, c.fetched) || len(f.fetched) > 1 {
			t.Errorf("%d with %s: got %q (%v) by fetching %v, want %q by %v", c.id, c.arg, value, err, fetched, c.want, c.fetched)
		}
	}
	loader.Prime(ctx, object(100), "a", map[models.ID]string{object(4): "other"})
	if value, _ := loader.Load(ctx, object(100), object(4), "a"); value != "4a" {
		t.Errorf("Prime replaces a value: %s", value)
	}
	f.fetched = nil
	other := WithGroup(t.Context(), newGroup(nil))
	if value, _ := loader.Load(other, object(100), object(7), "a"); value != "7a" || len(f.fetched) != 1 {
		t.Errorf("another group has a value of the first one: %s after %d fetches", value, len(f.fetched))
	}
}

// TestLoadErrors checks the errors of a fetch, of a fetch that panics, and of a project that the caller must not read.
func TestLoadErrors(t *testing.T) {
	t.Parallel()
	failed := errors.New("failed")
	f := &fetches{err: failed}
	loader := NewLoader(f.fetch, nil, nil)
	ctx := WithGroup(t.Context(), newGroup(nil))
	for range 2 {
		if _, err := loader.Load(ctx, models.ID{}, object(1), ""); !errors.Is(err, failed) || len(f.fetched) != 1 {
			t.Errorf("got %v after %d fetches", err, len(f.fetched))
		}
	}
	if _, err := loader.Load(WithGroup(ctx, newGroup(failed)), object(100), object(1), ""); !errors.Is(err, failed) || len(f.fetched) != 1 {
		t.Errorf("a forbidden project: got %v after %d fetches", err, len(f.fetched))
	}
	loader = NewLoader(func(context.Context, models.ID, []models.ID, string) (map[models.ID]string, error) {
		panic("as a test")
	}, nil, nil)
	func() {
		defer func() { _ = recover() }()
		_, _ = loader.Load(ctx, models.ID{}, object(1), "")
	}()
	if _, err := loader.Load(ctx, models.ID{}, object(1), ""); !errors.Is(err, errAborted) {
		t.Errorf("after a panic: got %v", err)
	}
}

// TestConcurrentLoads checks that siblings which are loaded at the same time share one fetch.
func TestConcurrentLoads(t *testing.T) {
	t.Parallel()
	group, f := newGroup(nil), &fetches{}
	var ids []models.ID
	for n := range byte(100) {
		ids = append(ids, object(n+10))
	}
	group.AddSiblings(ids)
	loader, ctx := NewLoader(f.fetch, nil, nil), WithGroup(t.Context(), group)
	var loads sync.WaitGroup
	for _, id := range ids {
		loads.Go(func() {
			if value, err := loader.Load(ctx, models.ID{}, id, "a"); value != fmt.Sprint(id[0], "a") || err != nil {
				t.Errorf("got %q (%v)", value, err)
			}
		})
	}
	harness.Wait(t, "all values are loaded", &loads)
	if len(f.fetched) != 1 {
		t.Errorf("%d fetches", len(f.fetched))
	}
}
