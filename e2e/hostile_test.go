package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/placard/placard/internal/store/storetest"
)

// usage returns the CPU time of the server, and its peak memory since forget.
func (s *server) usage(t testing.TB) (cpu time.Duration, peak int) {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.Process.Pid))
	if err != nil {
		return 0, 0 // not on this system
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+2:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.Process.Pid))
	if err != nil {
		return 0, 0
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	peak, _ = strconv.Atoi(strings.Fields(rest)[0])
	return time.Duration(user+system) * 10 * time.Millisecond, peak >> 10
}

// resetPeak resets the peak memory.
func (s *server) resetPeak() {
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", s.Process.Pid), []byte("5"), 0)
}

// marker is part of each hostile request. No response may contain it.
const marker = "s3cr3t"

// hostile is an abusive body with the expected response.
type hostile struct {
	name, body string
	status     int
	want       string
}

// queryBody returns a body with a query.
func queryBody(query, variables string) string {
	encoded, _ := json.Marshal(query)
	return `{"query":` + string(encoded) + `,"variables":` + variables + `}`
}

func flood(n int, part string) string { return strings.Repeat(part, n) }

// repeatNumbered repeats a format with the numbers below n.
func repeatNumbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(format, "#", strconv.Itoa(i)))
	}
	return b.String()
}

func hostileBodies() []hostile {
	const ask = `query($w: ArtifactVersionFilter) { artifactVersions(where: $w) { totalCount } }`
	const log = `mutation($m: JSONObject) { logMetadata(input: {target: {pipelineRunId: "x"}, metadata: $m}) { deduplicated } }`
	const nodes = `query($v: [ID!]!) { nodes(ids: $v) { id } }`
	const limit, invalid, unparsed, bad = `"LIMIT_EXCEEDED"`, `"GRAPHQL_VALIDATION_FAILED"`, `"GRAPHQL_PARSE_FAILED"`, `"BAD_INPUT"`
	bomb := "{ ...F0 }" + repeatNumbered(98, " fragment F# on Query { ...G# ...G# } fragment G# on Query { ...F# ...F# }")
	return []hostile{
		{"a flood of tokens", queryBody("{"+flood(900_000, "a ")+"}", "{}"), 200, limit},
		{"a flood of punctuation", queryBody(flood(1_900_000, "{"), "{}"), 200, limit},
		{"a flood of comments", queryBody("{ __typename }"+flood(220_000, "#"+marker+"\n"), "{}"), 200, `"data"`},
		{"a flood of commas", queryBody("{ __typename "+flood(1_900_000, ",")+" }", "{}"), 200, `"data"`},
		{"nested selections", queryBody(flood(650, "{a")+flood(650, "}"), "{}"), 200, invalid},
		{"nested inline fragments", queryBody("{"+flood(380, "... on Query {")+" __typename"+flood(381, "}"), "{}"), 200, `"data"`},
		{"nested lists", queryBody("{ artifact(name: "+flood(950, "[")+flood(950, "]")+") { id } }", "{}"), 200, invalid},
		{"nested objects", queryBody("{ artifactVersions(where: "+flood(480, "{not:")+"{}"+flood(480, "}")+") { totalCount } }", "{}"), 200, limit},
		{"fragments that double", queryBody(bomb, "{}"), 200, invalid},
		{"fragments that double and fit", queryBody("{ ...F0 }"+doublingFragments(108), "{}"), 200, limit},
		{"fragments in a circle", queryBody("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }", "{}"), 200, invalid},
		{"fragments that meet", queryBody("{ artifact(name: \"a\") {"+repeatNumbered(60, " ...F#")+" }}"+repeatNumbered(60, " fragment F# on Artifact { id name latestVersion { id version artifact { id } } }"), "{}"), 200, `"data"`},
		{"fragments that differ", queryBody("{ artifact(name: \"a\") {"+repeatNumbered(110, " ...F#")+" }}"+repeatNumbered(110, " fragment F# on Artifact { x: latestVersion { id x#: version } }"), "{}"), 200, limit},
		{"unused fragments", queryBody("{ __typename }"+repeatNumbered(280, " fragment F# on Query { __typename }"), "{}"), 200, invalid},
		{"a field many times", queryBody("{ serverInfo {"+flood(1990, " version")+" } }", "{}"), 200, `"data"`},
		{"a field with arguments many times", queryBody("{"+flood(220, " artifact(name: \"a\") { id }")+" }", "{}"), 200, limit},
		{"fields that conflict", queryBody("{ serverInfo {"+repeatNumbered(330, " a: version a: limits")+" } }", "{}"), 200, limit},
		{"fields that conflict by arguments", queryBody("{ artifact(name: \"a\") {"+repeatNumbered(320, " versions(first: #)")+" } }", "{}"), 200, invalid},
		{"one field in fragments inside each other", queryBody("{"+flood(232, "...{")+flood(1300, "__typename ")+flood(232, "}")+"}", "{}"), 200, limit},
		{"one field below in fragments inside each other", queryBody("{serverInfo{"+flood(220, "...{")+flood(1300, "version ")+flood(220, "}")+"}}", "{}"), 200, limit},
		{"one field in many operations", queryBody("fragment F on Query {serverInfo{"+flood(1300, "version ")+"}} "+repeatNumbered(114, "query a# {...F} "), "{}"), 200, limit},
		{"one field in operations and fragments", queryBody("fragment F on Query {"+flood(160, "...{")+flood(1000, "__typename ")+flood(160, "}")+"} "+repeatNumbered(83, "query a# {...F} "), "{}"), 200, limit},
		{"one variable many times", queryBody(`query($w: ArtifactVersionFilter) { artifact(name: "a") {`+flood(180, " versions(where: $w) { totalCount }")+` } }`, `{"w":{"and":[`+flood(33, `{"and":[`+flood(19_000, "{},")+`{}]},`)+`{}]}}`), 200, limit},
		{"one variable of JSON many times", queryBody(`mutation($m: JSONObject) {`+repeatNumbered(20, ` a#: logMetadata(input: {target: {pipelineRunId: "x"}, metadata: $m}) { deduplicated }`)+` }`, `{"m":{"v":[`+flood(900_000, "1,")+`1]}}`), 200, limit},
		{"surrogates without end", queryBody(`{ artifact(name: "`+flood(130_000, `\uD83D\uDE00`)+`\uD83D") { id } }`, "{}"), 200, unparsed},
		{"a flood of aliases", queryBody("{"+repeatNumbered(600, " a#: __typename")+" }", "{}"), 200, limit},
		{"a flood of directives", queryBody("{ __typename"+flood(280, " @skip(if: false)")+" }", "{}"), 200, invalid},
		{"a flood of unknown directives", queryBody("{ __typename"+flood(990, " @nothing")+" }", "{}"), 200, invalid},
		{"a flood of operations", queryBody(repeatNumbered(330, " query Q# { __typename }"), "{}"), 200, bad},
		{"a flood of variables", queryBody("query("+repeatNumbered(400, " $v#: Int")+") { __typename }", "{}"), 200, invalid},
		{"a long name", queryBody("{ "+flood(300_000, marker)+" }", "{}"), 200, limit},
		{"long names", queryBody("{"+repeatNumbered(900, " x#"+flood(200, marker))+" }", "{}"), 200, limit},
		{"long arguments", queryBody("{ artifact("+repeatNumbered(400, " x#"+flood(600, marker)+": 1")+") { id } }", "{}"), 200, limit},
		{"long names of types", queryBody("query("+repeatNumbered(400, " $v#: X"+flood(600, marker))+") { __typename }", "{}"), 200, limit},
		{"names at their limit", queryBody("{"+repeatNumbered(900, " x#"+flood(240, "y"))+" }", "{}"), 200, invalid},
		{"a long string", queryBody(`{ artifact(name: "`+flood(340_000, marker)+`") { id } }`, "{}"), 200, limit},
		{"a long block string", queryBody(`{ artifact(name: """`+flood(200_000, "\n"+marker)+`""") { id } }`, "{}"), 200, limit},
		{"a string of escapes", queryBody(`{ artifact(name: "`+flood(160_000, `\u0073\\`)+`") { id } }`, "{}"), 200, limit},
		{"a variable of escapes", `{"query":"query($n: String!) { artifact(name: $n) { id } }","variables":{"n":"` + flood(300_000, `\u0073`) + `"}}`, 200, limit},
		{"a variable of escapes and letters", `{"query":"query($n: String!) { artifact(name: $n) { id } }","variables":{"n":"` + flood(290_000, `x\u0073`) + `"}}`, 200, limit},
		{"half an escape and letters", `{"query":"query($n: String!) { artifact(name: $n) { id } }","variables":{"n":"\u0073` + flood(2_000_000, `x`) + `"}}`, 200, limit},
		{"a number of a million digits", queryBody("{ artifacts(first: "+flood(1_000_000, "9")+") { totalCount } }", "{}"), 200, bad},
		{"a float of a million digits", queryBody("mutation { logMetadata(input: {target: {pipelineRunId: \"x\"}, metadata: {v: 1."+flood(1_000_000, "7")+"e999999999}}) { deduplicated } }", "{}"), 200, bad},
		{"a number of a million digits in a variable", queryBody("query($n: Int) { artifacts(first: $n) { totalCount } }", `{"n":`+flood(1_000_000, "9")+`}`), 200, bad},
		{"a float of a million digits in a variable", queryBody(log, `{"m":{"v":1.`+flood(1_000_000, "7")+`e-300}}`), 200, ""},
		{"a number of a million digits in a filter", queryBody(ask, `{"w":{"metadata":{"key":"k","eq":`+flood(1_000_000, "9")+`}}}`), 200, bad},
		{"a text of a million digits in a filter", queryBody(ask, `{"w":{"metadata":{"key":"k","eq":"`+flood(1_000_000, "9")+`"}}}`), 200, limit},
		{"a float with an exponent in a filter", queryBody(ask, `{"w":{"metadata":{"key":"k","gt":1e999999999}}}`), 200, bad},
		{"a quantity with an exponent in a filter", queryBody(ask, `{"w":{"metadata":{"key":"k","gt":"1e999999999 GB"}}}`), 200, ""},
		{"a float with an exponent", queryBody(log, `{"m":{"v":1e-999999999}}`), 200, ""},
		{"deep JSON", queryBody(log, `{"m":{"v":`+flood(100_000, "[")+flood(100_000, "]")+`}}`), 400, bad},
		{"deep JSON that is read", queryBody(log, `{"m":{"v":`+flood(9_000, "[")+flood(9_000, "]")+`}}`), 200, limit},
		{"deep JSON of kinds", queryBody(log, `{"m":{"v":`+flood(4_500, `{"$tuple":[`)+flood(4_500, "]}")+`}}`), 200, limit},
		{"deep filters", queryBody(ask, `{"w":`+flood(9_000, `{"not":`)+"{}"+flood(9_000, "}")+`}`), 200, limit},
		{"deep JSON that nobody reads", `{"query":"{ __typename }","extensions":{"v":` + flood(9_000, "[") + flood(9_000, "]") + `}}`, 200, `"data"`},
		{"a key many times", queryBody(log, `{"m":{`+flood(150_000, `"`+marker+`":1,`)+`"x":1}}`), 200, limit},
		{"many keys", queryBody(log, `{"m":{`+repeatNumbered(120_000, `"k#":1,`)+`"x":1}}`), 200, limit},
		{"many variables", queryBody("{ __typename }", `{`+repeatNumbered(120_000, `"k#":1,`)+`"x":1}`), 200, `"data"`},
		{"many members", `{"query":"{ __typename }",` + repeatNumbered(120_000, `"k#":1,`) + `"x":1}`, 200, `"data"`},
		{"a huge list", queryBody(nodes, `{"v":[`+flood(1_000_000, "1,")+`1]}`), 200, limit},
		{"a huge list of nothing", queryBody(nodes, `{"v":[`+flood(650_000, "[],")+`1]}`), 200, limit},
		{"a huge list of objects", queryBody(nodes, `{"v":[`+flood(650_000, "{},")+`1]}`), 200, limit},
		{"a huge list of values", queryBody(log, `{"m":{"v":[`+flood(650_000, "{},")+`1]}}`), 200, limit},
		{"a huge set", queryBody(log, `{"m":{"v":{"$set":[`+repeatNumbered(200_000, "#,")+`1]}}}`), 200, limit},
		{"a huge batch", queryBody(`mutation($w: [LogMetadataInput!]!) { logMetadataBatch(input: {writes: $w}) { deduplicated } }`, `{"w":[`+flood(40_000, `{"target":{"pipelineRunId":"x"}},`)+`{"target":{"pipelineRunId":"x"}}]}`), 200, limit},
		{"a huge filter", queryBody(ask, `{"w":{"and":[`+flood(60_000, `{"artifact":{"eq":"x"}},`)+`{"artifact":{"eq":"x"}}]}}`), 200, limit},
		{"a huge list in a filter", queryBody(ask, `{"w":{"artifact":{"in":[`+flood(400_000, `"a",`)+`"x"]}}}`), 200, limit},
		{"a broad and deep filter", queryBody(ask, `{"w":`+flood(11, `{"or":[`)+flood(199, `{"metadata":{"key":"k","contains":"x","ignoreCase":true}},`)+`{"artifact":{"eq":"x"}}`+flood(11, "]}")+`}`), 200, ""},
		{"introspection in a circle", queryBody("{ __schema { types {"+flood(90, " fields { type { ofType {")+" name"+flood(90, " } } }")+" } } }", "{}"), 200, ""},
		{"introspection of everything", queryBody("{ __schema { types { ...T } } } fragment T on __Type { name fields { type { fields { type { fields { type { name fields { name } } } } } } } }", "{}"), 200, ""},
		{"introspection many times", queryBody("{"+flood(20, " __schema { types { fields { args { type { name } } type { name } } } }")+" }", "{}"), 200, ""},
		{"invalid UTF-8", "{\"query\":\"{ __typename }\xff" + marker + "\"}", 400, bad},
		{"overlong UTF-8", "{\"query\":\"\xc0\xae\"}", 400, bad},
		{"a lone surrogate", `{"query":"query($n: String!) { artifact(name: $n) { id } }","variables":{"n":"` + marker + `\ud800"}}`, 200, bad},
		{"NUL", `{"query":"query($n: String!) { artifact(name: $n) { id } }","variables":{"n":"` + marker + `\u0000"}}`, 200, bad},
		{"NUL in a query", queryBody("{ __typename \x00 }", "{}"), 200, unparsed},
		{"an array of requests", `[` + flood(1000, `{"query":"{ __typename }"},`) + `{"query":"{ __typename }"}]`, 400, bad},
		{"no JSON", flood(1_000_000, "{"), 400, bad},
		{"only white space", flood(2_000_000, " "), 400, bad},
		{"too much", flood(3<<20, "x"), 413, limit},
	}
}

// doublingFragments returns fragments that select 2 to the n fields.
func doublingFragments(n int) string {
	var b strings.Builder
	for i := range n {
		next := "__typename"
		if i+1 < n {
			next = fmt.Sprintf("...F%d ...F%[1]d", i+1)
		}
		fmt.Fprintf(&b, " fragment F%d on Query { ...X%[1]d } fragment X%[1]d on Query { %s }", i, next)
	}
	return b.String()
}

// These bounds leave a margin for slow machines; the expected values are 0.3 seconds of one core and 64 MiB.
const (
	maxCPU      = 3 * time.Second
	maxMemory   = 192 // MiB
	maxResponse = 64 << 10
)

// TestHostileBodies sends abusive bodies. Each response is short, has the expected error and repeats no value. CPU time
// and memory are bounded, and the server keeps serving.
func TestHostileBodies(t *testing.T) {
	s := start(t, freeAddress(t), storetest.SQLite(t))
	for _, c := range hostileBodies() {
		s.resetPeak()
		before, low := s.usage(t)
		response, err := client.Post("http://"+s.addr+"/graphql", "application/json", strings.NewReader(c.body))
		if err != nil {
			t.Errorf("%s: %v\n%.2000s", c.name, err, s.log)
			continue
		}
		answer, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		after, peak := s.usage(t)
		t.Logf("%4d ms %3d MiB %6d bytes: %s", (after - before).Milliseconds(), peak-low, len(answer), c.name)
		if err != nil || response.StatusCode != c.status || !strings.Contains(string(answer), c.want) {
			t.Errorf("%s: got %d %.300s (%v)", c.name, response.StatusCode, answer, err)
		}
		if len(answer) > maxResponse || strings.Contains(string(answer), marker) {
			t.Errorf("%s: a response of %d bytes: %.300s", c.name, len(answer), answer)
		}
		if after-before > maxCPU || peak-low > maxMemory {
			t.Errorf("%s costs %s and %d MiB", c.name, after-before, peak-low)
		}
		if got := ask(s.addr, "{ __typename }", nil); got.err != nil || got.code != "" {
			t.Fatalf("after %s: %v %s\n%s", c.name, got.err, got.code, s.log)
		}
	}
}
