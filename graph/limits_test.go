package graph_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/placard/placard/internal/apitest"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

// word is an enum value in an argument.
type word string

// text writes a value as a literal of GraphQL.
func text(value any) string {
	switch value := value.(type) {
	case []any:
		items := make([]string, len(value))
		for i, item := range value {
			items[i] = text(item)
		}
		return "[" + strings.Join(items, ",") + "]"
	case map[string]any:
		members := []string{}
		for key, member := range value {
			members = append(members, key+": "+text(member))
		}
		return "{" + strings.Join(members, ",") + "}"
	case word:
		return string(value)
	case nil:
		return "null"
	case string:
		return fmt.Sprintf("%q", value)
	}
	return fmt.Sprint(value)
}

// times returns a list of n items.
func times(n int, item func(i int) any) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = item(i)
	}
	return list
}

// keyed returns an object with n keys.
func keyed(n int) map[string]any {
	object := map[string]any{}
	for i := range n {
		object[fmt.Sprint("k", i)] = 1
	}
	return object
}

// within nests a value n times.
func within(n int, value any, around func(any) any) any {
	for range n {
		value = around(value)
	}
	return value
}

func long(n int) string { return strings.Repeat("é", n) }

func listOf(inside any) any { return []any{inside} }

type object = map[string]any

// argumentLimit is a limit of an argument.
type argumentLimit struct {
	name, typ, use string
	limit          int
	value          func(n int) any
}

// argumentLimits returns all limits of arguments. version, run and step are IDs.
func argumentLimits(version, run, step string) []argumentLimit {
	const (
		create   = `mutation%s { createArtifactVersion(input: %s) { deduplicated } }`
		log      = `mutation%s { logMetadata(input: %s) { deduplicated } }`
		batch    = `mutation%s { logMetadataBatch(input: %s) { deduplicated } }`
		retract  = `mutation%s { retractMetadata(input: %s) { deduplicated } }`
		start    = `mutation%s { startStepRun(input: %s) { deduplicated } }`
		versions = `query%s { artifactVersions(where: %s) { totalCount } }`
	)
	target := object{"artifactVersionId": version}
	logged := func(metadata any) any { return object{"target": target, "metadata": metadata} }
	entry := func(key string, card any, value object) any {
		return object{"target": target, "entries": []any{object{"key": key, "card": card, "value": value}}}
	}
	metadata := func(op string, value any) any { return object{"metadata": object{"key": "k", op: value}} }
	name := func(i int) any { return fmt.Sprint("n", i) }
	one := func(int) any { return 1 }
	return []argumentLimit{
		{"metadata keys", "Int", `query%s { metadataKeys(first: %s) { nodes { key } } }`, 100, func(n int) any { return n }},
		{"metadata keys of an artifact", "Int", `query%s { artifact(name: "a") { metadataKeys(first: %s) { nodes { key } } } }`, 100, func(n int) any { return n }},
		{"a search for keys", "String", `query%s { metadataKeys(search: %s) { nodes { key } } }`, 250, func(n int) any { return long(n) }},
		{"first", "Int", `query%s { artifacts(first: %s) { totalCount } }`, 100, func(n int) any { return n }},
		{"last", "Int", `query%s { artifacts(last: %s) { totalCount } }`, 100, func(n int) any { return n }},
		{"first below", "Int", `query%s { artifact(name: "a") { versions(first: %s) { totalCount } } }`, 100, func(n int) any { return n }},
		{"ids", "[ID!]!", `query%s { nodes(ids: %s) { id } }`, 100, func(n int) any { return times(n, name) }},
		{"columns", "[MetadataKeyInput!]!", `query%s { artifactVersion(ref: {id: "` + version + `"}) { columns(keys: %s) { key } } }`, 1000, func(n int) any {
			return times(n, func(i int) any { return object{"key": name(i)} })
		}},
		{"keys that are read", "[String!]", `query%s { artifactVersion(ref: {id: "` + version + `"}) { metadata(keys: %s) { key } } }`, 1000, func(n int) any { return times(n, name) }},
		{"entries as JSON", "LogMetadataInput!", log, 1000, func(n int) any { return logged(keyed(n)) }},
		{"entries on a card", "LogMetadataInput!", log, 1000, func(n int) any { return logged(object{"card": keyed(n)}) }},
		{"entries one by one", "LogMetadataInput!", log, 1000, func(n int) any {
			return object{"target": target, "entries": times(n, func(i int) any { return object{"key": name(i), "value": object{"integer": 1}} })}
		}},
		{"entries in two ways", "LogMetadataInput!", log, 1000, func(n int) any {
			return object{"target": target, "metadata": keyed(n - 1), "entries": []any{object{"key": "e", "value": object{"integer": 1}}}}
		}},
		{"entries of a new version", "CreateArtifactVersionInput!", create, 1000, func(n int) any { return object{"artifact": "a", "metadata": keyed(n)} }},
		{"writes of a batch", "LogMetadataBatchInput!", batch, 1000, func(n int) any {
			return object{"writes": times(n, func(i int) any { return logged(object{fmt.Sprint("k", i): 1}) })}
		}},
		{"entries of a batch", "LogMetadataBatchInput!", batch, 1000, func(n int) any {
			return object{"writes": []any{logged(keyed(500)), logged(keyed(n - 500))}}
		}},
		{"keys that are taken back", "RetractMetadataInput!", retract, 1000, func(n int) any {
			return object{"target": target, "keys": times(n, func(i int) any { return object{"key": fmt.Sprint("k", i)} })}
		}},
		{"a reason", "RetractMetadataInput!", retract, 1000, func(n int) any {
			return object{"target": target, "keys": []any{object{"key": "card"}}, "reason": long(n)}
		}},
		{"a description", "UpdateArtifactVersionInput!", `mutation%s { updateArtifactVersion(input: %s) { deduplicated } }`, 10_000, func(n int) any {
			return object{"artifactVersionId": version, "description": long(n)}
		}},
		{"a value", "LogMetadataInput!", log, 64 << 10, func(n int) any { return logged(object{"v": strings.Repeat("x", n-2)}) }},
		{"a value in bytes", "LogMetadataInput!", log, 64 << 10, func(n int) any { return logged(object{"v": strings.Repeat("x", n%2) + long(n/2-1)}) }},
		{"a list", "LogMetadataInput!", log, 64 << 10, func(n int) any { return logged(object{"v": []any{strings.Repeat("x", n-4)}}) }},
		{"a value of one kind", "LogMetadataInput!", log, 64 << 10, func(n int) any { return entry("v", nil, object{"string": strings.Repeat("x", n-2)}) }},
		{"a key", "LogMetadataInput!", log, 250, func(n int) any { return logged(object{strings.Repeat("k", n): 1}) }},
		{"a card", "LogMetadataInput!", log, 250, func(n int) any { return logged(object{strings.Repeat("c", n): object{"k": 1}}) }},
		{"a key of a dictionary", "LogMetadataInput!", log, 250, func(n int) any { return logged(object{"card": object{"d": object{strings.Repeat("k", n): 1}}}) }},
		{"a key of an entry", "LogMetadataInput!", log, 250, func(n int) any { return entry(long(n), nil, object{"integer": 1}) }},
		{"a card of an entry", "LogMetadataInput!", log, 250, func(n int) any { return entry("k", long(n), object{"integer": 1}) }},
		{"nesting", "LogMetadataInput!", log, 32, func(n int) any { return logged(object{"v": within(n, 1, listOf)}) }},
		{"nesting of dictionaries", "LogMetadataInput!", log, 32, func(n int) any {
			return logged(object{"card": object{"v": within(n, 1, func(inside any) any { return object{"k": inside} })}})
		}},
		{"nesting by kind", "LogMetadataInput!", log, 32, func(n int) any {
			return entry("v", nil, within(n, object{"integer": 1}, func(inside any) any { return object{"list": []any{inside}} }).(object))
		}},
		{"an idempotency key", "LogMetadataInput!", log, 250, func(n int) any {
			return object{"target": target, "metadata": object{"k": 1}, "idempotencyKey": long(n)}
		}},
		{"a name", "String!", `query%s { artifact(name: %s) { id } }`, 250, func(n int) any { return long(n) }},
		{"the name of a new version", "CreateArtifactVersionInput!", create, 250, func(n int) any { return object{"artifact": "a", "version": long(n)} }},
		{"tags", "CreateArtifactVersionInput!", create, 100, func(n int) any { return object{"artifact": "a", "tags": times(n, name)} }},
		{"aliases", "CreateArtifactVersionInput!", create, 100, func(n int) any { return object{"artifact": "a", "aliases": times(n, name)} }},
		{"inputs", "StartStepRunInput!", start, 1000, func(n int) any {
			return object{"pipelineRunId": run, "name": "s", "inputs": times(n, func(i int) any { return object{"name": name(i), "artifactVersionId": version} })}
		}},
		{"outputs", "StartStepRunInput!", start, 100, func(n int) any {
			return object{"pipelineRunId": run, "name": "s", "outputs": times(n, func(i int) any { return object{"name": name(i)} })}
		}},
		{"versions side by side", "[ArtifactVersionRef!]!", `query%s { compareArtifactVersions(refs: %s) { versions { id } } }`, 20, nil},
		{"steps of a lineage", "Int", `query%s { artifactVersion(ref: {id: "` + version + `"}) { upstream(depth: %s) { versions { id } } } }`, 100, func(n int) any { return n }},
		{"depth of a filter", "ArtifactVersionFilter", versions, 12, func(n int) any {
			return within(n-1, object{"artifact": object{"eq": "a"}}, func(inside any) any { return object{"not": inside} })
		}},
		{"breadth of a filter", "ArtifactVersionFilter", versions, 200, func(n int) any {
			return object{"or": times(n, func(int) any { return object{"artifact": object{"eq": "a"}} })}
		}},
		{"conditions of a filter", "ArtifactVersionFilter", versions, 200, func(n int) any {
			return object{"or": times(100, func(int) any { return metadata("eq", 1) }), "and": times(n-100, func(int) any { return metadata("eq", 1) })}
		}},
		{"a list in a filter", "ArtifactVersionFilter", versions, 1000, func(n int) any { return object{"artifact": object{"in": times(n, name)}} }},
		{"a list of values in a filter", "ArtifactVersionFilter", versions, 1000, func(n int) any { return metadata("notIn", times(n, one)) }},
		{"a text in a filter", "ArtifactVersionFilter", versions, 4000, func(n int) any { return object{"artifact": object{"contains": long(n)}} }},
		{"a text that a value holds", "ArtifactVersionFilter", versions, 4000, func(n int) any { return metadata("contains", long(n)) }},
		{"a text that a value begins with", "ArtifactVersionFilter", versions, 4000, func(n int) any { return metadata("startsWith", long(n)) }},
		{"a text that a value is", "ArtifactVersionFilter", versions, 4000, func(n int) any { return metadata("in", []any{long(n)}) }},
		{"a key in a filter", "ArtifactVersionFilter", versions, 250, func(n int) any { return object{"metadata": object{"key": long(n), "exists": true}} }},
		{"a path in a filter", "ArtifactVersionFilter", versions, 60, func(n int) any {
			return object{"metadata": object{"key": "k", "path": times(n, name), "exists": true}}
		}},
		{"terms of an order", "[ArtifactVersionOrder!]", `query%s { artifactVersions(orderBy: %s) { totalCount } }`, 10, func(n int) any {
			return times(n, func(i int) any { return object{"metadata": object{"key": fmt.Sprint("k", i)}} })
		}},
		{"terms of an order by fields", "[ArtifactOrder!]", `query%s { artifacts(orderBy: %s) { totalCount } }`, 10, func(n int) any {
			return times(n, func(int) any { return object{"field": word("NAME")} })
		}},
		{"points of a series", "Int", `query%s { artifact(name: "a") { metadataSeries(key: "k", first: %s) { missingCount } } }`, 1000, func(n int) any { return n }},
		{"the last points of a series", "Int", `query%s { stepRun(id: "` + step + `") { metadataSeries(key: "k", last: %s) { missingCount } } }`, 1000, func(n int) any { return n }},
	}
}

// checkLimit looks for LIMIT_EXCEEDED with its numbers, or for no error at all when the limit is kept.
func checkLimit(t *testing.T, what string, got map[string]any, limit, actual int) {
	t.Helper()
	errors, _ := got["errors"].([]any)
	if actual <= limit {
		if len(errors) > 0 {
			t.Errorf("%s at the limit: %.500v", what, errors)
		}
		return
	}
	if len(errors) != 1 {
		t.Errorf("%s above the limit: %.300v", what, got)
		return
	}
	extensions := errors[0].(map[string]any)["extensions"].(map[string]any)
	if extensions["code"] != "LIMIT_EXCEEDED" || fmt.Sprintf("%v %v", extensions["limit"], extensions["actual"]) != fmt.Sprintf("%d %d", limit, actual) {
		t.Errorf("%s above the limit: %.500v", what, errors[0])
	}
}

// TestArgumentLimits checks that each limit accepts an argument at the limit, and refuses the next one with both
// numbers, as a literal and as a variable.
func TestArgumentLimits(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) { checkArguments(t, open(t, url)) })
}

func checkArguments(t *testing.T, a *api) {
	limits := models.DefaultLimits()
	limits.QueryTokens, limits.ReadSeconds, limits.WriteSeconds = 100_000, 60, 60 // literals have many tokens
	a.configure(apitest.Options{Limits: &limits})
	id := func(query, field, of string) string {
		got, _ := a.do(query, "")
		return got["data"].(map[string]any)[field].(map[string]any)[of].(map[string]any)["id"].(string)
	}
	ids := make([]any, 21)
	for i := range ids {
		ids[i] = object{"id": id(`mutation { createArtifactVersion(input: {artifact: "a", metadata: {card: 1}}) { artifactVersion { id } } }`, "createArtifactVersion", "artifactVersion")}
	}
	version := ids[0].(object)["id"].(string)
	run := id(`mutation { startPipelineRun(input: {pipeline: "p"}) { pipelineRun { id } } }`, "startPipelineRun", "pipelineRun")
	step := id(`mutation { startStepRun(input: {pipelineRunId: "`+run+`", name: "s"}) { stepRun { id } } }`, "startStepRun", "stepRun")
	for _, c := range argumentLimits(version, run, step) {
		if c.value == nil {
			c.value = func(n int) any { return ids[:n] }
		}
		for _, n := range []int{c.limit, c.limit + 1} {
			value := c.value(n)
			variables, err := json.Marshal(object{"v": value})
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(c.name, "keys that are taken back") || c.name == "a reason" { // a key is taken back once
				a.do(`mutation($m: JSONObject) { logMetadata(input: {target: {artifactVersionId: "`+version+`"}, metadata: $m}) { deduplicated } }`, `{"m": `+encoded(t, keyed(1000))+`}`)
				a.do(`mutation { logMetadata(input: {target: {artifactVersionId: "`+version+`"}, metadata: {card: 1}}) { deduplicated } }`, "")
			}
			got, _ := a.do(fmt.Sprintf(c.use, "($v: "+c.typ+")", "$v"), string(variables))
			checkLimit(t, c.name+" in a variable", got, c.limit, n)
			switch c.name { // what can be done once only
			case "keys that are taken back", "a reason", "the name of a new version", "an idempotency key", "aliases":
				if n == c.limit {
					continue
				}
			}
			got, _ = a.do(fmt.Sprintf(c.use, "", text(value)), "")
			checkLimit(t, c.name+" in a literal", got, c.limit, n)
		}
	}
}

func encoded(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestRequestLimits checks the limits of a whole request in the same way.
func TestRequestLimits(t *testing.T) {
	t.Parallel()
	a := open(t, storetest.SQLite(t))
	deep := func(n int) string {
		query := "id"
		for i := range n - 2 {
			query = []string{"latestVersion", "artifact"}[(n-i+1)%2] + " { " + query + " }"
		}
		return `{ artifact(name: "a") { ` + query + " } }"
	}
	for _, c := range []struct {
		name, setting string
		limit         int
		query         func(n int) string
	}{
		{"tokens", "queryTokens", 2000, func(n int) string { return "{ serverInfo {" + strings.Repeat(" version", n-5) + " } }" }},
		{"tokens with comments", "queryTokens", 2000, func(n int) string {
			return "{ serverInfo {" + strings.Repeat(" version # { a b c\n", n-5) + " } }"
		}},
		{"depth", "queryDepth", 12, deep},
		{"depth through fragments", "queryDepth", 12, func(n int) string {
			query := "{ artifact(name: \"a\") { ...F0 } }"
			for i := range n - 2 {
				query += fmt.Sprintf(" fragment F%d on %s { %s { ...F%d } }", i, []string{"Artifact", "ArtifactVersion"}[i%2], []string{"latestVersion", "artifact"}[i%2], i+1)
			}
			return query + fmt.Sprintf(" fragment F%d on %s { id }", n-2, []string{"Artifact", "ArtifactVersion"}[n%2])
		}},
		{"aliases", "queryAliases", 100, func(n int) string {
			return "{ serverInfo {" + strings.ReplaceAll(aliases(n), "__typename", "version") + "} }"
		}},
		{"root fields", "queryRootFields", 20, func(n int) string { return "{" + aliases(n) + "}" }},
		{"root fields in fragments", "queryRootFields", 20, func(n int) string {
			return "{ ...F ... {" + aliases(n-1) + "} } fragment F on Query { __typename }"
		}},
		{"cost", "queryCost", 50_000, func(n int) string {
			var query strings.Builder
			page := func(alias string, first, fields int) {
				fmt.Fprintf(&query, " %s: artifacts(first: 100) { nodes { versions(first: %d) { nodes {%s } } } }", alias, first,
					strings.Repeat(" id", fields))
			}
			for i := range 4 {
				page(fmt.Sprint("p", i), 100, 11)
			}
			page("more", 10, 12)
			// The tenths of the pages and serverInfo.
			const others = 4*(1+10+100*(1+1+10+100*(1+11))) + 1 + 10 + 100*(1+1+10+10*(1+12)) + 1
			return "{" + query.String() + " serverInfo {" + strings.Repeat(" version", 10*n-others) + " } }"
		}},
	} {
		if c.setting == "queryCost" {
			limits := models.DefaultLimits()
			limits.QueryTokens = 1_000_000
			a.configure(apitest.Options{Limits: &limits})
		}
		got, _ := a.do("{ serverInfo { limits { "+c.setting+" } } }", "")
		if want := fmt.Sprintf("map[serverInfo:map[limits:map[%s:%d]]]", c.setting, c.limit); c.setting != "queryTokens" && fmt.Sprint(got["data"]) != want {
			t.Errorf("published is %v, not %s", got, want)
		}
		for _, n := range []int{c.limit, c.limit + 1} {
			got, statements := a.do(c.query(n), "")
			checkLimit(t, c.name, got, c.limit, n)
			if _, executed := got["data"]; executed != (n == c.limit) || n > c.limit && statements > 0 {
				t.Errorf("%s: %d of %d is executed: %v, after %d statements", c.name, n, c.limit, executed, statements)
			}
		}
	}
}

// TestBodyLimit checks that a body at the limit is read, and that one more byte is status 413.
func TestBodyLimit(t *testing.T) {
	t.Parallel()
	a := open(t, storetest.SQLite(t))
	const most = 2 << 20
	for n, status := range map[int]int{most: http.StatusOK, most + 1: http.StatusRequestEntityTooLarge} {
		body := `{"query": "{ __typename }", "extensions": {"x": ""}}`
		body = strings.Replace(body, `""`, `"`+strings.Repeat("x", n-len(body))+`"`, 1)
		w, _ := a.post(body)
		if w.Code != status {
			t.Errorf("%d bytes: %d %.300s", n, w.Code, w.Body)
		}
		checkLimit(t, "the body", decode(t, w.Body.Bytes()).(map[string]any), most, n)
	}
}

// TestErrorLimit checks that a response has ten errors and the number of the others.
func TestErrorLimit(t *testing.T) {
	t.Parallel()
	a := open(t, storetest.SQLite(t))
	for n, omitted := range map[int]string{10: "<nil>", 11: "1"} {
		got, _ := a.do("{"+strings.ReplaceAll(aliases(n), "__typename", "artifacts(first: -1) { totalCount }")+"}", "")
		if errors := got["errors"].([]any); len(errors) != 10 || fmt.Sprint(got["extensions"].(map[string]any)["errorsOmitted"]) != omitted {
			t.Errorf("%d errors: %d shown, %v", n, len(errors), got["extensions"])
		}
	}
}
