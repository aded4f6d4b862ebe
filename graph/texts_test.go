package graph_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/storetest"
)

// roughTexts returns texts that have a meaning in some format, that look like other texts, or that are invisible.
func roughTexts() []string {
	texts := []string{
		// To SQL, and to what writes it.
		`'`, `''`, `"`, "`", `\`, `\\`, `\'`, `';--`, `' OR '1'='1`, `x' UNION SELECT hash FROM api_keys --`, `1; DROP TABLE projects`,
		`$1`, `$$`, `$tag$x$tag$`, `?`, `??`, `?::text`, `@project`, `@name`, `:name`, `%`, `%%`, `_`, `\%`, `*`, `[a-z]`, `/**/`, `E'\x00'`,
		`NULL`, `null`, `true`, `NaN`, `Infinity`, `-0`, `1e400`, `0x10`, `9223372036854775808`, `{}`, `[]`, `{"$set":[]}`, `$set`, `\N`,
		`pg_sleep(9)`, `randomblob(1000000000)`, `load_extension('x')`, `ATTACH DATABASE 'x' AS y`,
		// To pages, shells, templates, paths and formats.
		`<script>alert(1)</script>`, `" onmouseover="alert(1)`, `javascript:alert(1)`, `&lt;&#0;&amp;`, `{{7*7}}`, `${7*7}`, `#{7*7}`, `%s%n%x`,
		`$(reboot)`, "`reboot`", `| cat /etc/passwd`, `../../../../etc/passwd`, `..\..\windows`, `C:\CON`, `file:///etc/passwd`, `=1+1`, `%00`, `%u0000`,
		`\u0000`, `\x00`, "a\r\nX-Header: b", "a\tb", "a\vb", `# comment`, `"""`, `...on Query{__typename}`, `__typename`,
		// To Unicode.
		"é", "e\u0301", "ﬁ", "ß", "ẞ", "İ", "ı", "ǅ", "Å", "Å", "Ⅷ", "𝔘𝔫𝔦", "👩‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "\u202Eevil\u202C", "\u200B", "\u2060", "a\u00ADb", "\uFEFFx", "\uFFFD",
		"\uFFFE", "\uFFFF", "\U0010FFFF", "\uE000", "\u2028", "\u2029", "\u0085", "\u00A0", "\u3000x", "\u0001", "\u001F", "\u007F", "z̸̢̛̖̬͈͉͖͇͈", "日本語", "ישראל", "عربي", "ﷺ",
		" ", " x", "x ", "\n", "", "latest", "Latest", "default", "007", "7", "00000000-0000-4000-8000-000000000001",
	}
	for _, length := range []int{249, 250, 251} {
		texts = append(texts, strings.Repeat("𝔘", length), strings.Repeat("'", length))
	}
	return texts
}

// roughUses are operations that use each text as a variable.
var roughUses = []string{
	`mutation($t: String!) { createArtifactVersion(input: {artifact: $t, version: $t, aliases: [$t], tags: [$t], type: $t}) {
		artifactVersion { version number type aliases tags artifact { name } } } }`,
	`mutation($m: JSONObject) { logMetadata(input: {target: {artifactVersion: {name: "rough", version: "1"}}, metadata: $m}) {
		entries { card key kind value { ... on DisplayValue { display json extendedJson } } } } }`,
	`mutation($k: JSONObject) { logMetadata(input: {target: {artifactVersion: {name: "rough", version: "1"}}, metadata: $k}) { entries { card key } } }`,
	`mutation($t: String!) { logMetadata(input: {target: {artifactVersion: {name: "rough", version: "1"}}, idempotencyKey: $t, entries: [
		{key: "uri", value: {uri: $t}}, {key: "path", value: {path: $t}}, {key: "dtype", value: {dtype: $t}}, {key: "markdown", value: {markdown: $t}},
		{key: $t, card: $t, value: {set: [{string: $t}, {dict: [{key: $t, value: {string: $t}}]}]}}]}) { deduplicated entries { key card } } }`,
	`mutation($t: String!) { logMetadata(input: {target: {artifactVersion: {name: $t, version: $t}}, metadata: {a: 1}}) { deduplicated } }`,
	`mutation($t: String!) { logMetadata(input: {target: {artifactVersion: {name: "rough", alias: $t}}, metadata: {a: 1}}) { deduplicated } }`,
	`mutation($t: String!) { retractMetadata(input: {target: {artifactVersion: {name: "rough", version: "1"}}, keys: [{key: $t, card: $t}], reason: $t}) { deduplicated } }`,
	`mutation($t: String!) { startPipelineRun(input: {pipeline: $t}) { pipelineRun { pipeline } } }`,
	`mutation($t: String!) { createProject(input: {name: $t}) { project { name } } }`,
	`mutation($t: String!) { updateArtifactVersion(input: {artifactVersion: {named: {name: "rough", version: "1"}}, description: $t}) { artifactVersion { description } } }`,
	`query($t: String!) { artifact(name: $t, project: $t) { name } artifactVersion(ref: {named: {name: $t, alias: $t}}) { version } }`,
	`query($t: ID!) { node(id: $t) { id } nodes(ids: [$t, $t]) { id } stepRun(id: $t) { id } pipelineRun(id: $t) { id } }`,
	`query($t: String!) { artifactVersions(where: {or: [{artifact: {eq: $t}}, {version: {contains: $t}}, {tag: {startsWith: $t}}, {alias: {eq: $t}}, {type: {endsWith: $t}}]},
		orderBy: [{field: VERSION}, {field: ARTIFACT}]) { totalCount nodes { version artifact { name } } } }`,
	`query($t: String!) { artifactVersions(where: {metadata: {key: "text", contains: $t, ignoreCase: true}}) { totalCount } }`,
	`query($t: String!) { artifactVersions(where: {metadata: {key: $t, card: $t, exists: true}}, orderBy: [{metadata: {key: $t}}]) { totalCount } }`,
	`query($j: JSON) { artifactVersions(where: {metadata: {key: "text", eq: $j}}) { totalCount } }`,
	`query($t: String!) { metadataKeys(search: $t) { nodes { key card } } }`,
	`query($t: String!) { artifacts(after: $t) { totalCount } }`,
	`query($t: DateTime) { artifactVersion(ref: {named: {name: "rough"}}, asOf: $t) { version } }`,
}

// made matches the parts of responses that differ between two databases.
var made = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`)

// TestRoughTexts checks that texts with a meaning in SQL, HTML, other formats or Unicode are stored unchanged. Both
// engines return the same, for variables and literals.
func TestRoughTexts(t *testing.T) {
	t.Parallel()
	engines := []*api{open(t, storetest.SQLite(t)), open(t, storetest.Postgres(t))}
	both := func(query string, variables any) string {
		var answers [2]string
		for i, a := range engines {
			got, _ := a.do(query, encoded(t, variables))
			answers[i] = made.ReplaceAllString(encoded(t, got), "ID")
		}
		if answers[0] != answers[1] {
			t.Errorf("%s %q:\n%s\n%s", query, variables, answers[0], answers[1])
		}
		if strings.Contains(answers[0], `"INTERNAL"`) || strings.Contains(answers[0], `"UNAVAILABLE"`) {
			t.Errorf("%s %q: %s", query, variables, answers[0])
		}
		return answers[0]
	}
	both(`mutation { createArtifactVersion(input: {artifact: "rough"}) { artifactVersion { version } } }`, nil)
	variable := regexp.MustCompile(`\(\$[tj]: \S+\)`)
	for n, text := range roughTexts() {
		if !harness.Integration && n%3 > 0 {
			continue
		}
		values := map[string]any{"t": text, "j": text, "m": map[string]any{"text": text, "list": []any{text}},
			"k": map[string]any{fmt.Sprint(text, n): text, "card " + text: map[string]any{text + "k": text}}}
		for _, use := range roughUses {
			both(use, values)
			if literal, err := json.Marshal(text); err == nil && variable.MatchString(use) {
				both(strings.NewReplacer("$t", string(literal), "$j", string(literal)).Replace(variable.ReplaceAllString(use, "")), nil)
			}
		}
		answer := both(`{ artifactVersion(ref: {named: {name: "rough", version: "1"}}) { metadataEntry(key: "text") { value { ... on StringValue { text } } } } }`, nil)
		if !strings.Contains(answer, `{"text":`+encoded(t, text)+`}`) {
			t.Errorf("%q comes back as %s", text, answer)
		}
	}
	for _, all := range []string{
		`{ artifactVersion(ref: {named: {name: "rough", version: "1"}}) { metadataJson cards { name entries { key value { ... on DisplayValue { display extendedJson } } } } } }`,
		`{ artifacts(first: 100, orderBy: [{field: NAME}]) { totalCount nodes { name } } }`, `{ projects(first: 100) { totalCount } }`,
		`{ artifactVersions(first: 100, orderBy: [{field: VERSION, direction: DESC}]) { nodes { version tags aliases } } }`,
	} {
		if answer := both(all, nil); strings.Contains(answer, `"errors"`) || len(answer) < 30 {
			t.Errorf("%s: %.300s", all, answer)
		}
	}
}
