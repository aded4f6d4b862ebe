package graph_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/storetest"
)

// searchData is the metadata of the versions 1, 2, 3 … of the artifact `model`.
var searchData = []string{
	`{"metrics": {"accuracy": 0.91, "loss": 0}, "size": {"$storageSize": 0}, "name": "50% off", "big": 9007199254740992,
	  "config": {"$dict": {"train": {"loss": 0.5, "lr": [0.1, 0.01]}, "0": "zero"}}, "tags": ["a", "B", 1], "took": {"$duration": 90}}`,
	`{"metrics": {"accuracy": 0.97, "loss": -1.5}, "size": {"$storageSize": 1000000000}, "name": "50x off", "big": 9007199254740993,
	  "config": {"$dict": {"train": {"loss": 0.25, "lr": [0.01]}}}, "tags": {"$set": ["b", 2.0]}, "took": {"$duration": 90.5}}`,
	`{"metrics": {"accuracy": 0, "loss": 0.0}, "size": {"$storageSize": 2000000000}, "name": "a_b", "big": 9007199254740992.0,
	  "config": {"$dict": {"train": {"loss": "none"}}}, "tags": {"$tuple": ["a", ["b"]]}, "at": {"$timestamp": "2026-01-02T03:04:05Z"}}`,
	`{}`,
	`{"metrics": {"accuracy": {"$float": "NaN"}}, "name": "STRASSE", "big": {"$float": "Infinity"}, "config": "flat", "tags": "a b",
	  "at": {"$timestamp": "2026-01-02T03:04:05.000000001Z"}}`,
	`{"metrics": {"accuracy": "0.95"}, "name": {"$uri": "gs://b/x"}, "size": 1000000000, "note": null, "seen": false, "at": "2026-01-02T03:04:05Z"}`,
}

// searches are filters of metadata with the matching versions.
var searches = []struct{ where, want string }{
	{`{"card": "metrics", "key": "accuracy", "gt": 0.9}`, "1 2"},
	{`{"card": "metrics", "key": "accuracy", "lte": 0}`, "3"},
	{`{"card": "metrics", "key": "accuracy", "eq": 0}`, "3"},
	{`{"card": "metrics", "key": "accuracy", "exists": false}`, "4"},
	{`{"card": "metrics", "key": "accuracy", "ne": 0.97}`, "1 3 4 5 6"},
	{`{"card": "metrics", "key": "accuracy", "eq": {"$float": "NaN"}}`, ""},
	{`{"card": "metrics", "key": "accuracy", "ne": {"$float": "NaN"}}`, "1 2 3 4 5 6"},
	{`{"card": "metrics", "key": "accuracy", "in": [0.97, "0.95", {"$float": "NaN"}]}`, "2 6"},
	{`{"card": "metrics", "key": "accuracy", "in": []}`, ""},
	{`{"card": "metrics", "key": "accuracy", "notIn": []}`, "1 2 3 4 5 6"},
	{`{"card": "metrics", "key": "accuracy", "notIn": [0, 0.91]}`, "2 4 5 6"},
	{`{"card": "metrics", "key": "loss", "between": [-2, 0]}`, "1 2 3"},
	{`{"card": "metrics", "key": "loss", "lt": 0}`, "2"},
	{`{"card": null, "key": "accuracy", "exists": true}`, ""},
	{`{"key": "size", "gte": "1GB"}`, "2 3 6"},
	{`{"key": "size", "gte": "1GB", "kind": "STORAGE_SIZE"}`, "2 3"},
	{`{"key": "size", "eq": {"$storageSize": 0}}`, "1"},
	{`{"key": "size", "lt": "1GiB", "gt": 0}`, "2 6"},
	{`{"key": "big", "eq": 9007199254740992}`, "1 3"},
	{`{"key": "big", "gt": 9007199254740992}`, "2 5"},
	{`{"key": "big", "eq": 9007199254740993}`, "2"},
	{`{"key": "took", "eq": "90s"}`, "1"},
	{`{"key": "took", "gt": "1.5m"}`, "2"},
	{`{"key": "name", "contains": "%"}`, "1"},
	{`{"key": "name", "contains": "_"}`, "3"},
	{`{"key": "name", "startsWith": "50"}`, "1 2"},
	{`{"key": "name", "endsWith": " off"}`, "1 2"},
	{`{"key": "name", "startsWith": ""}`, "1 2 3 5 6"},
	{`{"key": "name", "eq": "strasse", "ignoreCase": true}`, "5"},
	{`{"key": "name", "contains": "RASS", "ignoreCase": true}`, "5"},
	{`{"key": "name", "eq": "gs://b/x"}`, "6"},
	{`{"key": "name", "gt": "S"}`, "3 5 6"},
	{`{"key": "config", "path": ["train", "loss"], "lt": 0.3}`, "2"},
	{`{"key": "config", "path": ["train", "loss"], "exists": false}`, "4 5 6"},
	{`{"key": "config", "path": ["train", "loss"], "ne": 0.5}`, "2 3 4 5 6"},
	{`{"key": "config", "path": ["train", "loss"], "kind": "STRING"}`, "3"},
	{`{"key": "config", "path": ["train", "lr", "1"], "eq": 0.01}`, "1"},
	{`{"key": "config", "path": ["train", "lr", "-1"], "exists": true}`, ""},
	{`{"key": "config", "path": ["0"], "eq": "zero"}`, "1"},
	{`{"key": "config", "path": ["train"], "kind": "DICT"}`, "1 2 3"},
	{`{"key": "config", "path": ["train", "lr"], "contains": 0.01}`, "1 2"},
	{`{"key": "tags", "contains": "a"}`, "1 3 5"},
	{`{"key": "tags", "contains": "b", "ignoreCase": true}`, "1 2 5"},
	{`{"key": "tags", "contains": 2}`, "2"},
	{`{"key": "tags", "path": ["0"], "eq": "a"}`, "1 3"},
	{`{"key": "tags", "path": ["1", "0"], "eq": "b"}`, "3"},
	{`{"key": "tags", "path": ["2"], "exists": true}`, "1"},
	{`{"key": "at", "gt": "2026-01-02T04:04:05+01:00", "kind": "TIMESTAMP"}`, "5"},
	{`{"key": "at", "eq": "2026-01-02T03:04:05Z"}`, "3 6"},
	{`{"key": "at", "lt": {"$timestamp": "2026-01-02T03:04:05.000000001Z"}}`, "3"},
	{`{"key": "note", "eq": null}`, "6"},
	{`{"key": "note", "exists": true}`, "6"},
	{`{"key": "note", "ne": null}`, "1 2 3 4 5"},
	{`{"key": "seen", "eq": false}`, "6"},
	{`{"key": "seen", "kind": "BOOLEAN"}`, "6"},
	{`{"key": "unknown", "exists": false}`, "1 2 3 4 5 6"},
}

// orders are orders of versions with the expected results.
var orders = []struct{ orderBy, want string }{
	{`[{"metadata": {"card": "metrics", "key": "accuracy"}}]`, "3 1 2 6 5 4"},
	{`[{"metadata": {"card": "metrics", "key": "accuracy"}, "direction": "DESC"}]`, "6 2 1 3 5 4"},
	{`[{"metadata": {"card": "metrics", "key": "accuracy"}, "direction": "DESC", "nulls": "FIRST"}]`, "4 6 2 1 3 5"},
	{`[{"metadata": {"key": "size"}, "direction": "DESC"}, {"field": "NUMBER", "direction": "DESC"}]`, "3 6 2 1 5 4"},
	{`[{"metadata": {"key": "config", "path": ["train", "loss"]}}]`, "2 1 3 4 5 6"},
	{`[{"metadata": {"key": "config", "path": ["train"]}, "nulls": "FIRST"}, {"field": "NUMBER", "direction": "DESC"}]`, "6 5 4 3 2 1"},
	{`[{"metadata": {"key": "big"}}, {"metadata": {"card": "metrics", "key": "accuracy"}}]`, "3 1 2 5 6 4"},
	{`[{"field": "TYPE"}, {"field": "NUMBER", "direction": "DESC"}]`, "5 3 1 6 4 2"},
	{`[{"field": "TYPE", "direction": "DESC", "nulls": "FIRST"}, {"field": "VERSION"}]`, "2 4 6 1 3 5"},
	{`[{"field": "ARTIFACT"}, {"field": "CREATED_AT", "direction": "DESC"}]`, "6 5 4 3 2 1"},
}

// TestSearch asks each question of an artifact and of the project, in pages of two forward and backward, with the one
// answer that is right.
func TestSearch(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		a := open(t, url)
		for i, metadata := range searchData {
			kind := map[bool]string{true: `, type: "Model"`, false: ""}[i%2 == 0]
			got, _ := a.do(`mutation($m: JSONObject) { createArtifactVersion(input: {artifact: "model", metadata: $m`+kind+`}) { deduplicated } }`,
				`{"m": `+metadata+`}`)
			if got["errors"] != nil {
				t.Fatal(got)
			}
		}
		if got, _ := a.do(`mutation { createArtifactVersion(input: {artifact: "other", metadata: {unknown: 1}}) { deduplicated } }`, ""); got["errors"] != nil {
			t.Fatal(got)
		}
		for _, c := range searches {
			a.asks(`{"artifact": {"eq": "model"}, "metadata": `+c.where+`}`, `[{"field": "NUMBER"}]`, c.want)
			a.asks(`{"and": [{"not": {"not": {"metadata": `+c.where+`}}}, {"artifact": {"ne": "other"}}]}`, `[{"field": "NUMBER"}]`, c.want)
		}
		for _, c := range orders {
			a.asks(`{"artifact": {"eq": "model"}}`, c.orderBy, c.want)
			a.asks(`{"artifact": {"startsWith": "mod"}}`, c.orderBy, c.want)
		}
	})
}

// TestSearchLongTexts compares texts that are longer than their sort keys. A character of several bytes that does not
// fit into the 399 bytes of a sort key is left out of it as a whole.
func TestSearchLongTexts(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 398)
	values := []string{"🦆", "日", "b", "aa2", "é", "", "a", "\ud7ffb", "\U0010ffff", "\U0010ffffz"}
	storetest.Each(t, func(t *testing.T, url string) {
		a := open(t, url)
		for _, end := range values {
			got, _ := a.do(`mutation($m: JSONObject) { createArtifactVersion(input: {artifact: "model", metadata: $m}) { deduplicated } }`,
				`{"m": {"text": "`+long+end+`"}}`)
			if got["errors"] != nil {
				t.Fatal(got)
			}
		}
		for _, c := range []struct{ where, want string }{
			{`"gt": "@aa1"`, "1 2 3 4 5 8 9 10"},
			{`"lt": "@🦆"`, "2 3 4 5 6 7 8"},
			{`"lte": "@🦆"`, "1 2 3 4 5 6 7 8"},
			{`"gte": "@🦆"`, "1 9 10"},
			{`"lt": "@b"`, "4 6 7"},
			{`"gt": "@\ud7ff"`, "1 8 9 10"},
			{`"lt": "@\ue000"`, "2 3 4 5 6 7 8"},
			{`"gt": "@\udbff\udfff"`, "10"},
			{`"gt": "@"`, "1 2 3 4 5 7 8 9 10"},
			{`"lte": "@"`, "6"},
			{`"gte": "@a", "lt": "@aa2"`, "7"},
			{`"between": ["@aa1", "@\udbff\udfff"]`, "1 2 3 4 5 8 9"},
			{`"between": ["@é", "@日"]`, "2 5"},
			{`"between": ["a", "@é"]`, "3 4 5 6 7"},
			{`"eq": "@日"`, "2"},
			{`"in": ["@日", "@é", "@aa1"]`, "2 5"},
			{`"startsWith": "@\ud7ff"`, "8"},
			{`"startsWith": "@"`, "1 2 3 4 5 6 7 8 9 10"},
		} {
			where := `{"key": "text", ` + strings.ReplaceAll(c.where, "@", long) + `}`
			a.asks(`{"metadata": `+where+`}`, `[{"field": "NUMBER"}]`, c.want)
			a.asks(`{"not": {"not": {"metadata": `+where+`}}}`, `[{"field": "NUMBER"}]`, c.want)
			rest := slices.DeleteFunc(strings.Fields("1 2 3 4 5 6 7 8 9 10"), func(number string) bool {
				return slices.Contains(strings.Fields(c.want), number)
			})
			a.asks(`{"not": {"metadata": `+where+`}}`, `[{"field": "NUMBER"}]`, strings.Join(rest, " "))
		}
		// This follows the index in the order of the key. Texts with equal sort keys are in order of ID.
		a.asks(`{"metadata": {"key": "text", "gt": "`+long+`aa1"}}`, `[{"metadata": {"key": "text"}}, {"field": "NUMBER"}]`, "1 2 5 8 9 10 4 3")
	})
}

// asks holds the answer to a question against the numbers that are wanted: whole, and in pages from both ends.
func (a *api) asks(where, orderBy, want string) {
	a.Helper()
	for _, way := range []struct{ size, cursor, next, has string }{
		{"first", "after", "endCursor", "hasNextPage"}, {"last", "before", "startCursor", "hasPreviousPage"},
	} {
		for _, size := range []int{100, 2} {
			var numbers []string
			for cursor := "null"; ; {
				got, statements := a.do(`query($w: ArtifactVersionFilter, $o: [ArtifactVersionOrder!], $c: String) { artifactVersions(where: $w, orderBy: $o, `+
					way.size+`: `+fmt.Sprint(size)+`, `+way.cursor+`: $c) { totalCount nodes { number } pageInfo { `+way.next+` `+way.has+` } } }`,
					`{"w": `+where+`, "o": `+orderBy+`, "c": `+cursor+`}`)
				if got["errors"] != nil {
					a.Fatalf("%s %s: %v", where, orderBy, got)
				}
				page := got["data"].(map[string]any)["artifactVersions"].(map[string]any)
				var some []string
				for _, node := range page["nodes"].([]any) {
					some = append(some, fmt.Sprint(node.(map[string]any)["number"]))
				}
				if way.size == "last" {
					numbers = append(some, numbers...)
				} else {
					numbers = append(numbers, some...)
				}
				if n := len(strings.Fields(want)); fmt.Sprint(page["totalCount"]) != fmt.Sprint(n) || statements > 6 {
					a.Errorf("%s: %v in all, want %d; %d statements", where, page["totalCount"], n, statements)
				}
				info := page["pageInfo"].(map[string]any)
				if info[way.has] == false {
					break
				}
				text, _ := json.Marshal(info[way.next])
				cursor = string(text)
			}
			if got := strings.Join(numbers, " "); got != want {
				a.Errorf("%s %s, %s %d: got %s, want %s", where, orderBy, way.size, size, got, want)
			}
		}
	}
}

// TestSearchRefusals checks that invalid searches are refused with a code and a path, before anything is read.
func TestSearchRefusals(t *testing.T) {
	t.Parallel()
	a := open(t, storetest.SQLite(t))
	deep := strings.Repeat(`{"not": `, 12) + `{"artifact": {"eq": "x"}}` + strings.Repeat("}", 12)
	many := strings.TrimSuffix(strings.Repeat(`{"metadata": {"key": "k", "gt": 1}},`, 1000), ",")
	cursor := func(variables string) string {
		got, _ := a.do(`query($w: ArtifactVersionFilter, $o: [ArtifactVersionOrder!], $p: String) {
			artifactVersions(where: $w, orderBy: $o, project: $p, first: 1) { pageInfo { endCursor } } }`, variables)
		return got["data"].(map[string]any)["artifactVersions"].(map[string]any)["pageInfo"].(map[string]any)["endCursor"].(string)
	}
	for range 2 {
		if got, _ := a.do(`mutation { createArtifactVersion(input: {artifact: "a"}) { deduplicated } }`, ""); got["errors"] != nil {
			t.Fatal(got)
		}
	}
	if got, _ := a.do(`mutation { createProject(input: {name: "p"}) { project { id } } createArtifactVersion(input: {project: "p", artifact: "a"}) { deduplicated } }`, ""); got["errors"] != nil {
		t.Fatal(got)
	}
	byNumber := `"o": [{"field": "NUMBER"}]`
	for _, c := range []struct{ name, variables, code, path string }{
		{"13 deep", `{"w": ` + deep + `}`, "LIMIT_EXCEEDED", "[where]"},
		{"1,000 predicates", `{"w": {"or": [` + many + `]}}`, "LIMIT_EXCEEDED", "<nil>"},
		{"a pattern of 64 KiB", `{"w": {"artifact": {"contains": "` + strings.Repeat("x", 64<<10) + `"}}}`, "LIMIT_EXCEEDED", "[where artifact contains]"},
		{"a page beyond the limit", `{"f": 101}`, "LIMIT_EXCEEDED", "[first]"},
		{"a negative page", `{"f": -1}`, "BAD_INPUT", "[first]"},
		{"garbage for a cursor", `{"c": "bm90IGEgY3Vyc29y"}`, "BAD_INPUT", "[after]"},
		{"the cursor of another order", `{"c": "` + cursor(`{}`) + `", ` + byNumber + `}`, "BAD_INPUT", "[after]"},
		{"the cursor of another filter", `{"c": "` + cursor(`{"w": {"number": {"lt": 9}}}`) + `"}`, "BAD_INPUT", "[after]"},
		{"the cursor of another project", `{"c": "` + cursor(`{"p": "p", `+byNumber+`}`) + `", ` + byNumber + `}`, "BAD_INPUT", "[after]"},
		{"null in a filter", `{"w": {"artifact": {"eq": null}}}`, "BAD_INPUT", "[variables w artifact eq]"},
		{"null for a filter", `{"w": {"and": [null]}}`, "BAD_INPUT", "[variables w and 0]"},
		{"a filter that asks nothing", `{"w": {"artifact": {}}}`, "BAD_INPUT", "[where artifact]"},
		{"an unknown field", `{"w": {"colour": {"eq": "red"}}}`, "BAD_INPUT", "[variables w colour]"},
		{"greater than true", `{"w": {"metadata": {"key": "k", "gt": true}}}`, "BAD_INPUT", "[where metadata gt]"},
		{"an unknown unit", `{"w": {"not": {"metadata": {"key": "k", "lt": "1.5 parsecs"}}}}`, "BAD_INPUT", "[where not metadata lt]"},
		{"an order of nothing", `{"o": [{"direction": "ASC"}]}`, "BAD_INPUT", "[orderBy 0]"},
		{"an order of two things", `{"o": [{"field": "NUMBER"}, {"field": "NUMBER", "metadata": {"key": "k"}}]}`, "BAD_INPUT", "[orderBy 1]"},
		{"an order of eleven things", `{"o": [` + strings.TrimSuffix(strings.Repeat(`{"field": "NUMBER"},`, 11), ",") + `]}`, "LIMIT_EXCEEDED", "[orderBy]"},
	} {
		got, statements := a.do(`query($w: ArtifactVersionFilter, $o: [ArtifactVersionOrder!], $f: Int, $c: String) {
			artifactVersions(where: $w, orderBy: $o, first: $f, after: $c) { nodes { id } } }`, c.variables)
		errors, _ := got["errors"].([]any)
		if len(errors) != 1 {
			t.Errorf("%s: %v", c.name, got)
			continue
		}
		extensions := errors[0].(map[string]any)["extensions"].(map[string]any)
		path := strings.ReplaceAll(fmt.Sprint(extensions["path"]), "[variables w", "[where")
		want := strings.ReplaceAll(c.path, "[variables w", "[where")
		if extensions["code"] != c.code || path != want || statements > 0 {
			t.Errorf("%s: %s at %s after %d statements, want %s at %s", c.name, extensions["code"], path, statements, c.code, want)
		}
	}
}

// TestPagesWhileWriting reads the pages of a list while other clients add versions and change sort keys. Each version
// that keeps its position occurs once.
func TestPagesWhileWriting(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		a := open(t, url)
		write := func(query, variables string) {
			if got, _ := a.do(query, variables); got["errors"] != nil {
				t.Error(got)
			}
		}
		const create = `mutation($m: JSONObject) { createArtifactVersion(input: {artifact: "a", metadata: $m}) { deduplicated } }`
		for i := range 60 {
			write(create, fmt.Sprintf(`{"m": {"score": %d}}`, i/2))
		}
		stop := make(chan struct{})
		var writing sync.WaitGroup
		writing.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				// Of the first sixty versions, every third one moves.
				target := fmt.Sprintf(`{"target": {"artifactVersion": {"name": "a", "version": "%d"}}`, 3*(i%20)+3)
				write(create, fmt.Sprintf(`{"m": {"score": %d}}`, i%30))
				write(`mutation($i: LogMetadataInput!) { logMetadata(input: $i) { deduplicated } }`, fmt.Sprintf(`{"i": %s, "metadata": {"score": %d}}}`, target, (7*i)%30))
				if i%5 == 0 {
					write(`mutation($i: RetractMetadataInput!) { retractMetadata(input: $i) { deduplicated } }`, `{"i": `+target+`, "keys": [{"key": "score"}]}}`)
				}
			}
		})
		for _, orderBy := range []string{`[{"metadata": {"key": "score"}}]`, `[{"metadata": {"key": "score"}, "direction": "DESC"}]`, `[]`} {
			seen := map[string]int{}
			for cursor := "null"; ; {
				got, _ := a.do(`query($o: [ArtifactVersionOrder!], $c: String) { artifactVersions(orderBy: $o, first: 7, after: $c) {
					nodes { number } pageInfo { hasNextPage endCursor } } }`, `{"o": `+orderBy+`, "c": `+cursor+`}`)
				page := got["data"].(map[string]any)["artifactVersions"].(map[string]any)
				for _, node := range page["nodes"].([]any) {
					seen[fmt.Sprint(node.(map[string]any)["number"])]++
				}
				info := page["pageInfo"].(map[string]any)
				if info["hasNextPage"] == false {
					break
				}
				text, _ := json.Marshal(info["endCursor"])
				cursor = string(text)
			}
			for number := 1; number <= 60; number++ {
				if n := seen[fmt.Sprint(number)]; n != 1 && (number%3 != 0 || orderBy == "[]") {
					t.Errorf("%s: version %d is seen %d times", orderBy, number, n)
				}
			}
		}
		close(stop)
		harness.Wait(t, "the writer has stopped", &writing)
	})
}
