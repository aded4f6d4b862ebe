package operation

import (
	"encoding/json"
	"testing"
)

// TestFilterPrice checks which conditions of a coerced filter have an index, and the price of each.
func TestFilterPrice(t *testing.T) {
	t.Parallel()
	type object = map[string]any
	n := func(text string) any { return json.Number(text) }
	key := func(conditions object) object { return object{"metadata": conditions} }
	list := func(n int) []any { return make([]any, n) }
	for name, c := range map[string]struct {
		filter  object
		scan    bool
		points  int64
		scans   int
		indexed bool
	}{
		"no filter":                     {nil, false, 0, 0, false},
		"a range of a key":              {key(object{"key": "a", "gt": n("1"), "lt": n("2")}), false, 2 * indexPoints, 0, true},
		"between and startsWith":        {key(object{"key": "a", "between": list(2), "startsWith": "b"}), false, 2 * indexPoints, 0, true},
		"a kind":                        {key(object{"key": "a", "kind": "FLOAT"}), false, indexPoints, 0, true},
		"a value":                       {key(object{"key": "a", "exists": true}), false, indexPoints, 0, true},
		"no value":                      {key(object{"key": "a", "exists": false}), false, scanPoints, 1, false},
		"text inside":                   {key(object{"key": "a", "contains": "b"}), false, scanPoints, 1, false},
		"another value":                 {key(object{"key": "a", "ne": n("1")}), false, scanPoints, 1, false},
		"without case":                  {key(object{"key": "a", "eq": "b", "ignoreCase": true}), false, scanPoints, 1, false},
		"a path":                        {key(object{"key": "a", "path": []any{"b"}, "eq": n("1")}), false, scanPoints, 1, false},
		"a list":                        {key(object{"key": "a", "in": list(50)}), false, indexPoints + scanPoints, 0, true},
		"a field with an index":         {object{"artifact": object{"eq": "a"}}, false, indexPoints, 0, true},
		"a range of a field":            {object{"createdAt": object{"between": list(2)}}, false, indexPoints, 0, true},
		"a text of a field":             {object{"artifact": object{"startsWith": "a"}}, false, scanPoints, 1, false},
		"a field without an index":      {object{"number": object{"gt": n("1")}}, false, scanPoints, 1, false},
		"a producer":                    {object{"producedBy": object{"stepRunId": "x"}}, false, indexPoints, 0, true},
		"a producer by its step":        {object{"producedBy": object{"step": object{"eq": "x"}}}, false, scanPoints, 1, false},
		"not":                           {object{"not": object{"tag": object{"eq": "a"}}}, false, scanPoints, 1, false},
		"the past":                      {object{"tag": object{"eq": "a"}}, true, scanPoints, 1, false},
		"or, of which one has an index": {object{"or": []any{object{"tag": object{"eq": "a"}}, object{"number": object{"eq": n("1")}}}}, false, indexPoints + scanPoints, 1, false},
		"or, of which all have one":     {object{"or": []any{object{"tag": object{"eq": "a"}}, object{"alias": object{"eq": "b"}}}}, false, 2 * indexPoints, 0, true},
		"and, of which one has one":     {object{"and": []any{object{"tag": object{"eq": "a"}}, object{"number": object{"eq": n("1")}}}}, false, indexPoints + scanPoints, 1, true},
		"a related version":             {object{"anyVersion": object{"tag": object{"eq": "a"}}}, false, scanPoints, 1, false},
	} {
		got := prices{limit: 1 << 40, scan: scanPoints}.filter(c.filter, c.scan)
		if want := (filterPrice{c.points, c.scans, c.indexed}); got != want {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
	}
	if got := (prices{limit: 7, scan: scanPoints}).filter(key(object{"key": "a", "in": list(1000)}), false); got.points != 7 {
		t.Errorf("one condition costs %d points, above the limit", got.points)
	}
	path := object{"metadata": object{"key": "a", "path": []any{"b"}}}
	for _, c := range []struct {
		order any
		scan  bool
		want  int64
	}{
		{nil, false, 0}, {[]any{}, false, 0}, {[]any{path, object{"field": "NAME"}}, false, scanPoints + indexPoints},
		{object{"field": "NAME"}, false, indexPoints}, {object{"field": "NAME"}, true, scanPoints},
	} {
		if got := (prices{limit: 1 << 40, scan: scanPoints}).orders(c.order, c.scan); got != c.want {
			t.Errorf("%v: got %d points, want %d", c.order, got, c.want)
		}
	}
}
