package graph_test

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestOraclePredicates holds the oracle against cases that were worked out by hand: a value (nothing for no value), a
// predicate about it, and whether it holds.
func TestOraclePredicates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value, predicate string
		want             bool
	}{
		{`1`, `{"eq": 1.0}`, true},
		{`1.0`, `{"in": [2, 1]}`, true},
		{`1`, `{"eq": "1"}`, false},
		{`"1"`, `{"eq": 1}`, false},
		{`-0.0`, `{"eq": 0}`, true},
		{`9007199254740993`, `{"eq": 9007199254740992.0}`, false},
		{`9007199254740993`, `{"gt": 9007199254740992}`, true},
		{`9007199254740993.0`, `{"eq": 9007199254740992}`, true},
		{`9223372036854775807`, `{"lt": 9223372036854775807.0}`, true},
		{`9223372036854775807`, `{"lt": {"$float": "Infinity"}}`, true},
		{`{"$float": "Infinity"}`, `{"gte": {"$float": "Infinity"}}`, true},
		{`{"$float": "-Infinity"}`, `{"lt": -1e308}`, true},
		{`{"$float": "NaN"}`, `{"eq": {"$float": "NaN"}}`, false},
		{`{"$float": "NaN"}`, `{"ne": {"$float": "NaN"}}`, true},
		{`1`, `{"ne": {"$float": "NaN"}}`, true},
		{`{"$float": "NaN"}`, `{"gte": 0}`, false},
		{`1`, `{"lte": {"$float": "NaN"}}`, false},
		{`{"$float": "NaN"}`, `{"exists": true, "kind": "FLOAT"}`, true},
		{`5e-324`, `{"gt": 0}`, true},
		{`{"$storageSize": 1610612736}`, `{"eq": "1.5GiB"}`, true},
		{`1610612736`, `{"eq": "1.5 GiB"}`, true},
		{`{"$storageSize": 200000000}`, `{"between": ["199 MB", "200MB"]}`, true},
		{`"1.5GiB"`, `{"eq": "1.5GiB"}`, true},
		{`"1.5GiB"`, `{"eq": "1536MiB"}`, false},
		{`"1.5GiB"`, `{"gte": "1.5GiB"}`, true},
		{`{"$duration": 90.5}`, `{"eq": "90500 ms"}`, true},
		{`{"$duration": -180}`, `{"eq": "-3 m"}`, true},
		{`{"$duration": 5400}`, `{"eq": "1.5h"}`, true},
		{`{"$duration": 0.1}`, `{"eq": "0.1s"}`, true},
		{`0.1`, `{"eq": "100ms"}`, true},
		{`0.1`, `{"eq": 0.1}`, true},
		{`0.3`, `{"eq": 0.30000000000000004}`, false},
		{`90`, `{"eq": "90  s"}`, false},
		{`90`, `{"eq": "90 S"}`, false},
		{`90`, `{"eq": {"$uri": "90s"}}`, false},
		{`"a"`, `{"eq": {"$uri": "a"}}`, true},
		{`{"$markdown": "a"}`, `{"eq": "a"}`, true},
		{`{"$dtype": "a"}`, `{"kind": "STRING"}`, false},
		{`{"$timestamp": "2026-01-02T03:04:05.000000001Z"}`, `{"eq": "2026-01-02T04:04:05.000000001+01:00"}`, true},
		{`{"$timestamp": "2026-01-02T03:04:05.000000001Z"}`, `{"gt": {"$timestamp": "2026-01-02T03:04:05Z"}}`, true},
		{`"2026-01-02T03:04:05Z"`, `{"eq": {"$timestamp": "2026-01-02T03:04:05Z"}}`, false},
		{`{"$timestamp": "2026-01-02T03:04:05Z"}`, `{"eq": "2026-01-02 03:04:05Z"}`, false},
		{`true`, `{"eq": true}`, true},
		{`true`, `{"eq": 1}`, false},
		{`1`, `{"eq": true}`, false},
		{`null`, `{"eq": null}`, true},
		{`null`, `{"ne": null}`, false},
		{`null`, `{"exists": true, "kind": "NULL"}`, true},
		{``, `{"eq": null}`, false},
		{``, `{"ne": null}`, true},
		{``, `{"notIn": [1]}`, true},
		{``, `{"exists": false}`, true},
		{``, `{"exists": true}`, false},
		{``, `{"lt": 1}`, false},
		{``, `{}`, true},
		{`1`, `{"in": []}`, false},
		{`1`, `{"notIn": []}`, true},
		{`"b"`, `{"gt": "a", "lt": "c"}`, true},
		{`"b"`, `{"gt": 1}`, false},
		{`"\uffff"`, `{"lt": "🦆"}`, true},
		{`"Z"`, `{"lt": "a"}`, true},
		{`"100%"`, `{"contains": "%"}`, true},
		{`"100"`, `{"contains": "%"}`, false},
		{`"a_b"`, `{"startsWith": "a_", "endsWith": "_b"}`, true},
		{`"acb"`, `{"startsWith": "a_"}`, false},
		{`"x"`, `{"contains": "", "startsWith": "", "endsWith": ""}`, true},
		{`1`, `{"contains": ""}`, false},
		{`10`, `{"contains": "1"}`, false},
		{`"ΌΣΟΣ"`, `{"eq": "όσος", "ignoreCase": true}`, true},
		{`"Straße"`, `{"eq": "STRASSE", "ignoreCase": true}`, false},
		{`"Straße"`, `{"eq": "STRAẞE", "ignoreCase": true}`, true},
		{`"İ"`, `{"in": ["i", "I", "ı"], "ignoreCase": true}`, false},
		{`"\u212a"`, `{"contains": "k", "ignoreCase": true}`, true},
		{`"A"`, `{"ne": "a", "ignoreCase": true}`, false},
		{`"A"`, `{"eq": "a"}`, false},
		{`[1, 2.0, "x"]`, `{"contains": 2}`, true},
		{`[1, 2.0, "x"]`, `{"contains": "X", "ignoreCase": true}`, true},
		{`[1, "xy"]`, `{"contains": "x"}`, false},
		{`{"$set": [{"$duration": 90}]}`, `{"contains": "1.5 min"}`, true},
		{`{"$tuple": [[1]]}`, `{"contains": 1}`, false},
		{`[true]`, `{"contains": true}`, true},
		{`{"$dict": {"a": 1}}`, `{"contains": 1}`, false},
		{`[1]`, `{"ne": 1}`, true},
		{`{"a": {"b": [1, 2]}}`, `{"path": ["a", "b", "1"], "eq": 2}`, true},
		{`{"a": {"b": [1, 2]}}`, `{"path": ["a", "b", "01"], "exists": true}`, false},
		{`{"a": {"b": [1, 2]}}`, `{"path": ["a", "b", "-1"], "exists": true}`, false},
		{`{"a": {"b": [1, 2]}}`, `{"path": ["a", "b"], "kind": "LIST"}`, true},
		{`{"a": null}`, `{"path": ["a"], "exists": true}`, true},
		{`{"0": 1, "a.b": 2}`, `{"path": ["0"], "eq": 1}`, true},
		{`{"0": 1, "a.b": 2}`, `{"path": ["a.b"], "eq": 2}`, true},
		{`{"$set": [1]}`, `{"path": ["0"], "exists": true}`, false},
		{`{"$set": [1]}`, `{"path": ["$set"], "exists": true}`, false},
		{`{"$tuple": [1]}`, `{"path": ["0"], "eq": 1}`, true},
		{`[{"$dict": {"$uri": "x"}}]`, `{"path": ["0", "$uri"], "eq": "x", "kind": "STRING"}`, true},
		{`1`, `{"path": [], "eq": 1}`, true},
	} {
		s := &oracleStanding{values: map[oraclePlace]oracleValue{}}
		if c.value != "" {
			s.values[oraclePlace{"", "k"}] = oracleDecode(oracleJSON(c.value))
		}
		predicate := oracleJSON(c.predicate).(map[string]any)
		predicate["key"] = "k"
		if got := oraclePredicate(predicate)(s); got != c.want {
			t.Errorf("%s of %s: got %v", c.predicate, c.value, got)
		}
	}
}

// oracleSample returns five versions, a to e. At second 2, b has no tag yet, a has the alias prod and the value 5, and
// e does not exist.
func oracleSample() *oracleWorld {
	second := func(n int64) time.Time { return time.Unix(n, 0) }
	model, data := "Model", "Data_set"
	entry := func(at int64, card, key, text string) oracleEntry {
		e := oracleEntry{oraclePlace{card, key}, second(at), nil}
		if text != "" {
			value := oracleDecode(oracleJSON(text))
			e.value = &value
		}
		return e
	}
	producer := &oracleProducer{"training", "fit", "s1", "p1"}
	fit := oracleConsumer{oracleProducer{"training", "fit", "s2", "p2"}, second(3)}
	test := oracleConsumer{oracleProducer{"eval", "test", "s3", "p3"}, second(3)}
	later := oracleConsumer{oracleProducer{"eval", "fit", "s4", "p3"}, second(4)}
	return &oracleWorld{
		marks: []time.Time{second(2), second(9)},
		versions: []*oracleVersion{
			{
				id: "3", artifact: "x", version: "a", number: 1, kind: &model, createdAt: second(1), producer: producer,
				consumers: []oracleConsumer{fit, test},
				tags:      [][]string{{"red", "Green"}, {"red", "Green"}}, aliases: [][]string{{"prod"}, nil},
				entries: []oracleEntry{entry(0, "", "k", `5`), entry(3, "", "k", ``), entry(1, "c", "k", `"t"`)},
			},
			{
				id: "2", artifact: "x", version: "b", number: 3, kind: &data, createdAt: second(2), producer: producer, consumers: []oracleConsumer{later},
				tags: [][]string{nil, {"blue"}}, aliases: [][]string{nil, {"prod"}},
				entries: []oracleEntry{entry(2, "", "k", `"z"`), entry(4, "", "k", `[1]`), entry(5, "", "k", `2.0`)},
			},
			{
				id: "1", artifact: "x", version: "c", number: 2, createdAt: second(2),
				tags: make([][]string, 2), aliases: make([][]string, 2), entries: []oracleEntry{entry(2, "", "k", `null`)},
			},
			{
				id: "5", artifact: "y", version: "d", number: 1, createdAt: second(2),
				tags: make([][]string, 2), aliases: make([][]string, 2), entries: []oracleEntry{entry(2, "", "k", `true`)},
			},
			{
				id: "4", artifact: "y", version: "e", number: 2, createdAt: second(5),
				tags: make([][]string, 2), aliases: make([][]string, 2), entries: []oracleEntry{entry(5, "", "k", `{"$set": [1]}`)},
			},
		},
	}
}

// TestOracleSearches holds filters and orders of the oracle against answers that were worked out by hand.
func TestOracleSearches(t *testing.T) {
	t.Parallel()
	world := oracleSample()
	for _, c := range []struct {
		filter, order string
		at            int64
		want          string
	}{
		{`{}`, ``, 9, "e c b d a"},
		{`{}`, ``, 2, "c b d a"},
		{`{}`, ``, 0, ""},
		{`{"and": []}`, ``, 1, "a"},
		{`{"or": []}`, ``, 9, ""},
		{`{"not": {"or": []}}`, ``, 1, "a"},
		{`{"or": [{"version": {"eq": "a"}}, {"artifact": {"eq": "y"}}]}`, ``, 9, "e d a"},
		{`{"artifact": {"eq": "x"}, "number": {"gt": 1, "lte": 3}}`, ``, 9, "c b"},
		{`{"number": {"in": [1, 7]}}`, ``, 9, "d a"},
		{`{"number": {"notIn": [1], "ne": 2}}`, ``, 9, "b"},
		{`{"type": {"exists": false}}`, ``, 9, "e c d"},
		{`{"type": {"ne": "Model"}}`, ``, 9, "e c b d"},
		{`{"type": {"contains": "_"}}`, ``, 9, "b"},
		{`{"tag": {"eq": "red", "startsWith": "G"}}`, ``, 9, "a"},
		{`{"tag": {"eq": "red", "ne": "Green"}}`, ``, 9, ""},
		{`{"tag": {"in": ["green", "blue"], "ignoreCase": true}}`, ``, 9, "b a"},
		{`{"tag": {"exists": true}}`, ``, 2, "a"},
		{`{"alias": {"eq": "prod"}}`, ``, 9, "b"},
		{`{"alias": {"eq": "prod"}}`, ``, 2, "a"},
		{`{"alias": {"eq": "latest"}}`, ``, 9, "e b"},
		{`{"alias": {"eq": "latest"}}`, ``, 2, "b d"},
		{`{"alias": {"notIn": ["latest", "prod"]}}`, ``, 2, "c"},
		{`{"alias": {"startsWith": "l"}}`, ``, 9, ""},
		{`{"alias": {"exists": false}}`, ``, 9, "e c d a"},
		{`{"createdAt": {"lt": "1970-01-01T00:00:02Z"}}`, ``, 9, "a"},
		{`{"createdAt": {"gte": "1970-01-01T00:00:02Z", "exists": true}}`, ``, 9, "e c b d"},
		{`{"createdAt": {"exists": false}}`, ``, 9, ""},
		{`{"lastLoggedAt": {"gte": "1970-01-01T00:00:05Z"}}`, ``, 9, "e b"},
		{`{"lastLoggedAt": {"lt": "1970-01-01T00:00:05Z", "exists": true}}`, ``, 9, "c d a"},
		{`{"createdBy": {"exists": true}}`, ``, 9, ""},
		{`{"producedBy": {"exists": true}}`, ``, 9, "b a"},
		{`{"producedBy": {"pipeline": {"startsWith": "train"}, "stepRunId": "s1"}}`, ``, 9, "b a"},
		{`{"producedBy": {"step": {"ne": "fit"}}}`, ``, 9, "e c d"},
		{`{"producedBy": {"pipelineRunId": "p2"}}`, ``, 9, ""},
		{`{"producedBy": {"exists": false, "stepRunId": "s1"}}`, ``, 9, ""},
		{`{"consumedBy": {"exists": true}}`, ``, 9, "b a"},
		{`{"consumedBy": {"exists": true}}`, ``, 3, "a"},
		{`{"consumedBy": {"exists": false}}`, ``, 3, "c b d"},
		{`{"consumedBy": {"pipeline": {"eq": "eval"}, "step": {"eq": "fit"}}}`, ``, 9, "b"},
		{`{"consumedBy": {"step": {"ne": "fit"}}}`, ``, 9, "a"},
		{`{"not": {"consumedBy": {"step": {"eq": "fit"}}}}`, ``, 9, "e c d"},
		{`{"consumedBy": {"exists": false, "stepRunId": "s2"}}`, ``, 9, ""},
		{`{"id": {"in": ["1", "5", "no ID"], "ne": "1"}}`, ``, 9, "d"},
		{`{"id": {"notIn": ["1", "2", "no ID"]}}`, ``, 9, "e d a"},
		{`{"metadata": {"key": "k", "card": "c", "eq": "t"}}`, ``, 9, "a"},
		{`{"metadata": {"key": "k", "exists": true}}`, ``, 9, "e c b d"},
		{`{"metadata": {"key": "k", "card": null, "eq": 5}}`, ``, 2, "a"},
		{`{"metadata": {"key": "k", "eq": "z"}}`, ``, 2, "b"},
		{`{}`, `[{"metadata": {"key": "k"}}]`, 9, "d b e c a"},
		{`{}`, `[{"metadata": {"key": "k"}, "direction": "DESC"}]`, 9, "b d e c a"},
		{`{}`, `[{"metadata": {"key": "k"}, "direction": "DESC", "nulls": "FIRST"}]`, 9, "c a b d e"},
		{`{}`, `[{"metadata": {"key": "k"}}]`, 2, "d a b c"},
		{`{}`, `[{"field": "TYPE"}]`, 9, "b a c e d"},
		{`{}`, `[{"field": "TYPE", "direction": "DESC", "nulls": "FIRST"}]`, 9, "c e d a b"},
		{`{}`, `[{"field": "LAST_LOGGED_AT", "direction": "DESC"}]`, 9, "b e a c d"},
		{`{}`, `[{"field": "ARTIFACT", "direction": "DESC"}, {"field": "NUMBER"}]`, 9, "d e a c b"},
		{`{}`, `[{"field": "VERSION", "direction": "DESC"}]`, 9, "e d c b a"},
	} {
		var order []any
		if c.order != "" {
			order = oracleJSON(c.order).([]any)
		}
		found := oracleSearch(world.at(time.Unix(c.at, 0)), oracleJSON(c.filter).(map[string]any), order)
		var names []string
		for _, s := range found {
			names = append(names, s.version)
		}
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("%s %s at %d: got %s, want %s", c.filter, c.order, c.at, got, c.want)
		}
	}
}

// TestOracleOrder sorts values of all sorts in both directions, with nulls first and last.
func TestOracleOrder(t *testing.T) {
	t.Parallel()
	ordered := []string{
		`false`, `true`, `{"$float": "-Infinity"}`, `-9223372036854775808`, `-1.5`, `0`, `5e-324`, `{"$duration": 0.1}`,
		`{"$storageSize": 9007199254740992}`, `9007199254740993`, `1e308`, `{"$float": "Infinity"}`,
		`{"$timestamp": "0001-01-01T00:00:00Z"}`, `{"$timestamp": "2026-01-01T00:30:00+01:00"}`, `{"$timestamp": "2026-01-01T00:00:00Z"}`,
		`""`, `"A"`, `{"$uri": "a"}`, `"a "`, `"é"`, `{"$markdown": "σ"}`, `"\uffff"`, `"🦆"`,
	}
	reversed := slices.Clone(ordered)
	slices.Reverse(reversed)
	unordered := []string{`{"$float": "NaN"}`, `[]`, `{"$tuple": [1]}`, `{"$set": []}`, `{"$dict": {}}`}
	missing := []string{`null`, ``}
	for order, want := range map[string][]string{
		`[{"metadata": {"key": "k"}}]`:                                            slices.Concat(ordered, unordered, missing),
		`[{"metadata": {"key": "k"}, "direction": "DESC"}]`:                       slices.Concat(reversed, unordered, missing),
		`[{"metadata": {"key": "k"}, "nulls": "FIRST"}]`:                          slices.Concat(missing, ordered, unordered),
		`[{"metadata": {"key": "k"}, "direction": "DESC", "nulls": "FIRST"}]`:     slices.Concat(missing, reversed, unordered),
		`[{"metadata": {"key": "k", "path": []}, "direction": "ASC"}]`:            slices.Concat(ordered, unordered, missing),
		`[{"metadata": {"key": "k", "path": ["x"]}}, {"metadata": {"key": "k"}}]`: slices.Concat(ordered, unordered, missing),
	} {
		var standing []*oracleStanding
		for i, text := range want {
			s := &oracleStanding{oracleVersion: &oracleVersion{id: string(rune('a' + i)), version: text}, values: map[oraclePlace]oracleValue{}}
			if text != "" {
				s.values[oraclePlace{"", "k"}] = oracleDecode(oracleJSON(text))
			}
			standing = append(standing, s)
		}
		slices.Reverse(standing)
		for i, s := range oracleSearch(standing, nil, oracleJSON(order).([]any)) {
			if s.version != want[i] {
				t.Errorf("%s: %s stands at %d, want %s", order, s.version, i, want[i])
			}
		}
	}
}
