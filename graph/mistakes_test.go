package graph_test

import (
	"strings"
	"testing"

	"github.com/placard/placard/internal/store/storetest"
)

// mutate returns the operation with a mutation whose input is the variable i.
func mutate(name string) string {
	return "mutation($i: " + strings.ToUpper(name[:1]) + name[1:] + "Input!) { " + name + "(input: $i) { __typename } }"
}

// TestMistakes sends what newcomers get wrong. Each message begins with the place of the mistake, and names the fault and
// what is allowed.
func TestMistakes(t *testing.T) {
	t.Parallel()
	a := open(t, storetest.SQLite(t))
	const find = "query($w: ArtifactVersionFilter) { artifactVersions(where: $w) { totalCount } }"
	log := func(members string) string {
		return `{"i": {"target": {"artifactVersionId": "<version>"}, ` + members + `}}`
	}
	target := func(member string) string { return `{"i": {"target": {` + member + `}, "metadata": {"a": 1}}}` }
	cases := []refusal{
		{"a field of Query", `{ artifcat(name: "a") { id } }`, "", "GRAPHQL_VALIDATION_FAILED", `null`,
			`Cannot query field "artifcat" on type "Query"; near are "artifact", "artifacts"`},
		{"a mutation that does not exist", `mutation { createArtifact(input: {name: "a"}) { __typename } }`, "", "GRAPHQL_VALIDATION_FAILED", `null`,
			`Cannot query field "createArtifact" on type "Mutation"; use "createArtifactVersion"`},
		{"a mutation with another verb", `mutation { createPipelineRun(input: {pipeline: "p"}) { __typename } }`, "", "GRAPHQL_VALIDATION_FAILED", `null`,
			`Cannot query field "createPipelineRun" on type "Mutation"; use "startPipelineRun"`},
		{"a mutation unlike any other", `mutation { purge(input: {id: "x"}) { __typename } }`, "", "GRAPHQL_VALIDATION_FAILED", `null`,
			`Cannot query field "purge" on type "Mutation"; its fields are "logMetadata", "logMetadataBatch", …`},
		{"the old name of a field", `{ artifact(name: "a") { metadataSeries(key: "k") { missing } } }`, "", "GRAPHQL_VALIDATION_FAILED", `null`,
			`Cannot query field "missing" on type "MetadataSeries"; use "missingCount"`},
		{"the old name of a type", `query($w: TextFilter) { artifacts(where: {name: $w}) { totalCount } }`, `{"w": {"eq": "a"}}`, "GRAPHQL_VALIDATION_FAILED", `null`,
			`Unknown type "TextFilter"; use "StringFilter"`},
		{"a field of the producer", `{ artifactVersion(ref: {id: "<version>"}) { stepRun { id } } }`, "", "GRAPHQL_VALIDATION_FAILED", `null`,
			`Cannot query field "stepRun" on type "ArtifactVersion"; use "producer { stepRun }"`},
		{"a condition as an argument", `{ artifactVersions(artifact: "a") { totalCount } }`, "", "GRAPHQL_VALIDATION_FAILED", `null`,
			`artifact: is not an argument of artifactVersions; use "where: {artifact: {eq: …}}"`},
		{"another name in a variable", find, `{"w": {"tags": {"eq": "a"}}}`, "BAD_INPUT", `["where","tags"]`,
			`where.tags: is not a field of ArtifactVersionFilter; use "tag"`},
		{"another name in a literal", `{ artifactVersions(where: {tags: {eq: "a"}}) { totalCount } }`, "", "GRAPHQL_VALIDATION_FAILED", `["where","tags"]`,
			`where.tags: is not a field of ArtifactVersionFilter; use "tag"`},
		{"a query as a mutation", `mutation { artifact(name: "a") { id } }`, "", "GRAPHQL_VALIDATION_FAILED", `null`,
			`Cannot query field "artifact" on type "Mutation"; it is a field of Query`},
		{"a field of a version", `{ artifactVersion(ref: {id: "<version>"}) { metadatas { key } } }`, "", "GRAPHQL_VALIDATION_FAILED", `null`,
			`Cannot query field "metadatas" on type "ArtifactVersion"; near are "metadata", "metadataJson"`},
		{"a field unlike any other", `{ artifactVersion(ref: {id: "<version>"}) { xyz } }`, "", "GRAPHQL_VALIDATION_FAILED", `null`,
			`Cannot query field "xyz" on type "ArtifactVersion"; its fields are "id", "asOf", …`},
		{"a field of a connection", `{ artifacts { items { id } } }`, "", "GRAPHQL_VALIDATION_FAILED", `null`,
			`Cannot query field "items" on type "ArtifactConnection"; its fields are "edges", "nodes", …`},
		{"a field of another type", `{ node(id: "<version>") { version } }`, "", "GRAPHQL_VALIDATION_FAILED", `null`,
			`Cannot query field "version" on type "Node". Did you mean to use an inline fragment on "ArtifactVersion"?`},
		{"no subfields", `{ artifact(name: "a") }`, "", "GRAPHQL_VALIDATION_FAILED", `null`,
			`Field "artifact" of type "Artifact" must have a selection of subfields. Did you mean "artifact { ... }"?`},
		{"subfields of text", `{ artifact(name: "a") { name { __typename } } }`, "", "GRAPHQL_VALIDATION_FAILED", `null`,
			`Field "name" must not have a selection since type "String" has no subfields.`},
		{"an argument", `{ artifacts(frist: 1) { totalCount } }`, "", "GRAPHQL_VALIDATION_FAILED", `null`,
			`frist: is not an argument of artifacts; its arguments are "first", "project", …`},
		{"no argument", `{ artifactVersion { id } }`, "", "GRAPHQL_VALIDATION_FAILED", `null`,
			`ref: is required by artifactVersion, as ArtifactVersionRef!`},
		{"an argument of a field without arguments", `{ artifact(name: "a") { name(first: 1) } }`, "", "GRAPHQL_VALIDATION_FAILED", `null`,
			`first: the field name has no arguments`},
		{"an unknown type", `{ node(id: "x") { ... on ArtefactVersion { id } } }`, "", "GRAPHQL_VALIDATION_FAILED", `null`,
			`Unknown type "ArtefactVersion"; near are "ArtifactVersion", "ArtifactVersionRef", "ArtifactVersionEdge", "ArtifactVersionName", "ArtifactVersionOrder", "ArtifactVersionFilter"`},
		{"a field of Query in a mutation", `mutation { artifacts { totalCount } }`, "", "GRAPHQL_VALIDATION_FAILED", `null`,
			`Cannot query field "artifacts" on type "Mutation"; it is a field of Query`},
		{"an undeclared variable", `{ artifact(name: $n) { id } }`, "", "GRAPHQL_VALIDATION_FAILED", `null`,
			`Variable "$n" is not defined.`},
		{"an unused variable", `query($n: String) { serverInfo { version } }`, "", "GRAPHQL_VALIDATION_FAILED", `null`,
			`Variable "$n" is never used.`},
		{"a variable of another type", `query($n: Int!) { artifact(name: $n) { id } }`, `{"n": 1}`, "GRAPHQL_VALIDATION_FAILED", `null`,
			`Variable "$n" of type "Int!" used in position expecting type "String".`},
		{"a brace too few", `{ artifact(name: "a") { id }`, "", "GRAPHQL_PARSE_FAILED", `null`,
			`Expected Name, found <EOF>`},
		{"single quotes", `{ artifact(name: 'a') { id } }`, "", "GRAPHQL_PARSE_FAILED", `null`,
			`Unexpected single quote character ('), did you mean to use a double quote (")?`},
		{"a subscription", `subscription { artifact(name: "a") { id } }`, "", "GRAPHQL_VALIDATION_FAILED", `null`,
			`Schema does not support operation type "subscription"`},
		{"a number for text", `{ artifact(name: 5) { id } }`, "", "GRAPHQL_VALIDATION_FAILED", `["name"]`,
			`name: must be text, in quotes`},
		{"text for a number", `{ artifacts(first: "10") { totalCount } }`, "", "GRAPHQL_VALIDATION_FAILED", `["first"]`,
			`first: must be an integer between -2147483648 and 2147483647`},
		{"a fraction", `{ artifacts(first: 1.5) { totalCount } }`, "", "GRAPHQL_VALIDATION_FAILED", `["first"]`,
			`first: must be an integer between -2147483648 and 2147483647`},
		{"a word for text", `{ artifact(name: model) { id } }`, "", "GRAPHQL_VALIDATION_FAILED", `["name"]`,
			`name: must be text, in quotes`},
		{"a quoted enum", `{ pipelineRuns(where: {status: {eq: "FAILED"}}) { totalCount } }`, "", "GRAPHQL_VALIDATION_FAILED", `["where","status","eq"]`,
			`where.status.eq: must be written without quotes, as one of the values of RunStatus: FAILED, RUNNING, COMPLETED, CANCELLED, CACHED`},
		{"a misspelled enum", `{ pipelineRuns(where: {status: {eq: FALED}}) { totalCount } }`, "", "GRAPHQL_VALIDATION_FAILED", `["where","status","eq"]`,
			`where.status.eq: must be one of the values of RunStatus: FAILED, RUNNING, COMPLETED, CANCELLED, CACHED`},
		{"a default of another type", `query($f: Int = "x") { artifacts(first: $f) { totalCount } }`, "", "GRAPHQL_VALIDATION_FAILED", `["variables","f"]`,
			`variables.f: must be an integer between -2147483648 and 2147483647`},
		{"two fields of a selector", `{ artifactVersion(ref: {id: "x", named: {name: "a"}}) { id } }`, "", "GRAPHQL_VALIDATION_FAILED", `["ref"]`,
			`ref: must have exactly one of the fields "id", "named", and it must not be null`},
		{"no field of a selector", `{ artifactVersion(ref: {}) { id } }`, "", "GRAPHQL_VALIDATION_FAILED", `["ref"]`,
			`ref: must have exactly one of the fields "id", "named", and it must not be null`},
		{"an unknown field of an input", `{ artifactVersion(ref: {name: "a"}) { id } }`, "", "GRAPHQL_VALIDATION_FAILED", `["ref","name"]`,
			`ref.name: is not a field of ArtifactVersionRef; its fields are "named", "id"`},
		{"a missing field of an input", `{ artifactVersion(ref: {named: {version: "1"}}) { id } }`, "", "GRAPHQL_VALIDATION_FAILED", `["ref","named","name"]`,
			`ref.named.name: is required, as String!`},
		{"null for a required field", `{ artifactVersion(ref: {named: {name: null}}) { id } }`, "", "GRAPHQL_VALIDATION_FAILED", `["ref","named","name"]`,
			`ref.named.name: must not be null`},
		{"a field twice", `{ artifactVersion(ref: {named: {name: "a", name: "b"}}) { id } }`, "", "GRAPHQL_VALIDATION_FAILED", `["ref","named","name"]`,
			`ref.named.name: occurs twice in the object; a field must occur once`},
		{"NaN in a literal", `mutation { logMetadata(input: {target: {artifactVersionId: "<version>"}, metadata: {a: NaN}}) { __typename } }`, "", "BAD_INPUT", `["input","metadata","a"]`,
			`input.metadata.a: NaN is not JSON; send {"$float": "NaN"} in a variable`},
		{"NaN as a float", `mutation { logMetadata(input: {target: {artifactVersionId: "<version>"}, entries: [{key: "a", value: {float: NaN}}]}) { __typename } }`, "", "GRAPHQL_VALIDATION_FAILED", `["input","entries",0,"value","float"]`,
			`input.entries[0].value.float: must be a number that a double can hold; NaN and infinities need json: {"$float": "NaN"}`},
		{"no variables", mutate("logMetadata"), "", "BAD_INPUT", `["variables","i"]`,
			`variables.i: is not given, but required as LogMetadataInput!`},
		{"a variable under another name", mutate("logMetadata"), `{"input": {}}`, "BAD_INPUT", `["variables","i"]`,
			`variables.i: is not given, but required as LogMetadataInput!; the request has variables that the operation does not declare: "input"`},
		{"an input as text", mutate("logMetadata"), `{"i": "x"}`, "BAD_INPUT", `["input"]`,
			`input: must be an object with fields of LogMetadataInput: "target", "metadata", "entries", "idempotencyKey"`},
		{"no target", mutate("logMetadata"), `{"i": {"metadata": {"a": 1}}}`, "BAD_INPUT", `["input","target"]`,
			`input.target: is required, as MetadataTarget!`},
		{"an unknown field", mutate("logMetadata"), log(`"metdata": {"a": 1}`), "BAD_INPUT", `["input","metdata"]`,
			`input.metdata: is not a field of LogMetadataInput; its fields are "metadata", "target", "entries", "idempotencyKey"`},
		{"metadata as text", mutate("logMetadata"), log(`"metadata": "{}"`), "BAD_INPUT", `["input","metadata"]`,
			`input.metadata: must be a JSON object with a key for each entry, not its text or a list`},
		{"metadata as a list", mutate("logMetadata"), log(`"metadata": [{"key": "a"}]`), "BAD_INPUT", `["input","metadata"]`,
			`input.metadata: must be a JSON object with a key for each entry, not its text or a list`},
		{"nothing to log", mutate("logMetadata"), log(`"metadata": {}`), "BAD_INPUT", `["input"]`,
			`input: must have metadata or entries to log`},
		{"an entry without a value", mutate("logMetadata"), log(`"entries": [{"key": "a", "value": {"integer": 1}}, {"key": "b"}]`), "BAD_INPUT", `["input","entries",1,"value"]`,
			`input.entries[1].value: is required, as MetadataValueInput!`},
		{"a value without a kind", mutate("logMetadata"), log(`"entries": [{"key": "a", "value": 1}]`), "BAD_INPUT", `["input","entries",0,"value"]`,
			`input.entries[0].value: must be an object with fields of MetadataValueInput: "string", "integer", …`},
		{"a value with another kind", mutate("logMetadata"), log(`"entries": [{"key": "a", "value": {"int": 1}}]`), "BAD_INPUT", `["input","entries",0,"value","int"]`,
			`input.entries[0].value.int: is not a field of MetadataValueInput; use "integer"`},
		{"a value with two kinds", mutate("logMetadata"), log(`"entries": [{"key": "a", "value": {"integer": 1, "string": "x"}}]`), "BAD_INPUT", `["input","entries",0,"value"]`,
			`input.entries[0].value: must have exactly one of the fields "string", "integer", …`},
		{"text for an integer", mutate("logMetadata"), log(`"entries": [{"key": "a", "value": {"integer": "x"}}]`), "BAD_INPUT", `["input","entries",0,"value","integer"]`,
			`input.entries[0].value.integer: must be an integer of 64 bits, as a number or as a string`},
		{"text for a float", mutate("logMetadata"), log(`"entries": [{"key": "a", "value": {"float": "NaN"}}]`), "BAD_INPUT", `["input","entries",0,"value","float"]`,
			`input.entries[0].value.float: must be a number that a double can hold; NaN and infinities need json: {"$float": "NaN"}`},
		{"text for a boolean", mutate("logMetadata"), log(`"entries": [{"key": "a", "value": {"boolean": "true"}}]`), "BAD_INPUT", `["input","entries",0,"value","boolean"]`,
			`input.entries[0].value.boolean: must be true or false`},
		{"a negative size", mutate("logMetadata"), log(`"entries": [{"key": "a", "value": {"storageSize": -1}}]`), "BAD_INPUT", `["input","entries",0,"value","storageSize"]`,
			`input.entries[0].value.storageSize: must be a number of bytes: a 64-bit integer, 0 or more`},
		{"a date for an instant", mutate("logMetadata"), log(`"entries": [{"key": "a", "value": {"timestamp": "2026-01-02"}}]`), "BAD_INPUT", `["input","entries",0,"value","timestamp"]`,
			`input.entries[0].value.timestamp: must be an instant such as 2026-01-02T03:04:05Z, with a zone and up to nine decimals`},
		{"an entry without a key", mutate("logMetadata"), log(`"entries": [{"key": "", "value": {"integer": 1}}]`), "BAD_INPUT", `["input","entries",0,"key"]`,
			`input.entries[0].key: must not be empty`},
		{"an empty card", mutate("logMetadata"), log(`"entries": [{"key": "a", "card": "", "value": {"integer": 1}}]`), "BAD_INPUT", `["input","entries",0,"card"]`,
			`input.entries[0].card: must not be empty`},
		{"an empty key", mutate("logMetadata"), log(`"metadata": {"": 1}`), "BAD_INPUT", `["input","metadata",""]`,
			`input.metadata[""]: a key must not be empty`},
		{"a misspelled mark", mutate("logMetadata"), log(`"metadata": {"a": {"$flaot": "NaN"}}`), "BAD_INPUT", `["input","metadata","a","$flaot"]`,
			`input.metadata.a.$flaot: a key that begins with $ must be the mark of a kind: "$float", "$dict", "$dtype", "$duration", "$markdown", "$path", "$set", "$storageSize", "$timestamp", "$tuple", "$uri"; {"$dict": {…}} accepts keys that begin with $`},
		{"a mark beside a key", mutate("logMetadata"), log(`"metadata": {"a": {"$uri": "x", "b": 1}}`), "BAD_INPUT", `["input","metadata","a","$uri"]`,
			`input.metadata.a.$uri: a mark must be the only key of its object, which is not a card; {"$dict": {…}} accepts keys that begin with $`},
		{"a mark at the top", mutate("logMetadata"), log(`"metadata": {"$uri": "x"}`), "BAD_INPUT", `["input","metadata","$uri"]`,
			`input.metadata.$uri: a key must not begin with $, which marks kinds`},
		{"a schema of JSON", mutate("logMetadata"), log(`"metadata": {"schema": {"$ref": "#"}}`), "BAD_INPUT", `["input","metadata","schema","$ref"]`,
			`input.metadata.schema.$ref: a key that begins with $ must be the mark of a kind: "$dict", "$dtype", "$duration", "$float", "$markdown", "$path", "$set", "$storageSize", "$timestamp", "$tuple", "$uri"; {"$dict": {…}} accepts keys that begin with $`},
		{"text for $float", mutate("logMetadata"), log(`"metadata": {"a": {"$float": "nan"}}`), "BAD_INPUT", `["input","metadata","a","$float"]`,
			`input.metadata.a.$float: must be "NaN", "Infinity" or "-Infinity"; other numbers need no $float`},
		{"a unit in $storageSize", mutate("logMetadata"), log(`"metadata": {"a": {"$storageSize": "1 parsec"}}`), "BAD_INPUT", `["input","metadata","a","$storageSize"]`,
			`input.metadata.a.$storageSize: must be a number of bytes: a 64-bit integer, 0 or more`},
		{"a number for $timestamp", mutate("logMetadata"), log(`"metadata": {"a": {"$timestamp": 1767225600}}`), "BAD_INPUT", `["input","metadata","a","$timestamp"]`,
			`input.metadata.a.$timestamp: must be an instant such as 2026-01-02T03:04:05Z, with a zone and up to nine decimals`},
		{"a number beyond the double", mutate("logMetadata"), log(`"metadata": {"a.b": [1e400]}`), "BAD_INPUT", `["input","metadata","a.b",0]`,
			`input.metadata["a.b"][0]: must fit a double: it is too large`},
		{"a number beyond 64 bits", mutate("logMetadata"), log(`"metadata": {"a": 9223372036854775808}`), "BAD_INPUT", `["input","metadata","a"]`,
			`input.metadata.a: must be between -9223372036854775808 and 9223372036854775807`},
		{"the same key twice", mutate("logMetadata"), log(`"metadata": {"a": 1, "a": 2}`), "BAD_INPUT", `["input","metadata","a"]`,
			`input.metadata.a: occurs twice in the object; a key must occur once`},
		{"the same key in both lists", mutate("logMetadata"), log(`"metadata": {"a": 1}, "entries": [{"key": "a", "value": {"integer": 1}}]`), "BAD_INPUT", `["input","entries",0,"key"]`,
			`input.entries[0].key: the key occurs twice in the same card; one write must name it once`},
		{"a repeated member of a set", mutate("logMetadata"), log(`"metadata": {"a": {"$set": [1, 1]}}`), "BAD_INPUT", `["input","metadata","a","$set",1]`,
			`input.metadata.a.$set[1]: must not repeat an earlier member of the set`},
		{"a long key", mutate("logMetadata"), log(`"metadata": {"` + strings.Repeat("k", 251) + `": 1}`), "LIMIT_EXCEEDED", `["input","metadata","` + strings.Repeat("k", 251) + `"]`,
			`input.metadata.` + strings.Repeat("k", 99) + `…: characters of a key: at most 250, got 251`},
		{"an empty idempotency key", mutate("logMetadata"), log(`"metadata": {"a": 1}, "idempotencyKey": ""`), "BAD_INPUT", `["input","idempotencyKey"]`,
			`input.idempotencyKey: must not be empty`},
		{"an ID of a step run for a version", mutate("logMetadata"), target(`"artifactVersionId": "<step>"`), "NOT_FOUND", `["input","target","artifactVersionId"]`,
			`input.target.artifactVersionId: must be the ID of an artifact version, but is that of a step run`},
		{"an ID of a version for a step run", mutate("logMetadata"), target(`"stepRunId": "<version>"`), "NOT_FOUND", `["input","target","stepRunId"]`,
			`input.target.stepRunId: must be the ID of a step run, but is that of an artifact version`},
		{"an ID of a step run for a run", mutate("logMetadata"), target(`"pipelineRunId": "<step>"`), "NOT_FOUND", `["input","target","pipelineRunId"]`,
			`input.target.pipelineRunId: must be the ID of a pipeline run, but is that of a step run`},
		{"a name for an ID", mutate("logMetadata"), target(`"artifactVersionId": "model"`), "NOT_FOUND", `["input","target","artifactVersionId"]`,
			`input.target.artifactVersionId: must be the ID of an artifact version, such as 01a2159e-ae50-7772-bf34-4eda708cc145`},
		{"an unknown ID", mutate("logMetadata"), target(`"artifactVersionId": "01a2159e-ae50-7772-bf34-4eda708cc145"`), "NOT_FOUND", `["input","target","artifactVersionId"]`,
			`input.target.artifactVersionId: there is no artifact version with this ID`},
		{"a view for a version", mutate("logMetadata"), target(`"artifactVersionId": "<version>@2026-01-02T03:04:05.000000Z"`), "BAD_INPUT", `["input","target","artifactVersionId"]`,
			`input.target.artifactVersionId: is a view of the past: use the ID of the object, which ends before the @`},
		{"no version and no alias", mutate("logMetadata"), target(`"artifactVersion": {"name": "model"}`), "BAD_INPUT", `["input","target","artifactVersion"]`,
			`input.target.artifactVersion: must have a version, an alias or a number: without them, a write could change a version that someone else has just created`},
		{"version and alias", mutate("logMetadata"), target(`"artifactVersion": {"name": "model", "version": "1", "alias": "prod"}`), "BAD_INPUT", `["input","target","artifactVersion"]`,
			`input.target.artifactVersion: must have at most one of version, alias and number`},
		{"a number as a version", mutate("logMetadata"), target(`"artifactVersion": {"name": "model", "version": 1}`), "BAD_INPUT", `["input","target","artifactVersion","version"]`,
			`input.target.artifactVersion.version: must be text, in quotes`},
		{"an unknown artifact", mutate("logMetadata"), target(`"artifactVersion": {"name": "modle", "version": "1"}`), "NOT_FOUND", `["input","target","artifactVersion","name"]`,
			`input.target.artifactVersion.name: there is no artifact "modle"; near is "model"`},
		{"an unknown version", mutate("logMetadata"), target(`"artifactVersion": {"name": "model", "version": "7"}`), "NOT_FOUND", `["input","target","artifactVersion","version"]`,
			`input.target.artifactVersion.version: the artifact "model" has no version "7"; its latest is "2"`},
		{"an unknown alias", mutate("logMetadata"), target(`"artifactVersion": {"name": "model", "alias": "production"}`), "NOT_FOUND", `["input","target","artifactVersion","alias"]`,
			`input.target.artifactVersion.alias: the artifact "model" has no alias "production"; its aliases are "prod"`},
		{"an unknown project", mutate("logMetadata"), target(`"artifactVersion": {"project": "defualt", "name": "model", "version": "1"}`), "NOT_FOUND", `["input","target","artifactVersion","project"]`,
			`input.target.artifactVersion.project: there is no project "defualt"; near is "default"`},
		{"an unknown output", mutate("logMetadata"), target(`"stepContext": {"stepRunId": "<step>", "artifactName": "modle"}`), "OUTPUT_NOT_FOUND", `["input","target","stepContext","artifactName"]`,
			`input.target.stepContext.artifactName: the step run has no output "modle"; its outputs are "model", "report"`},
		{"one of two outputs", mutate("logMetadata"), target(`"stepContext": {"stepRunId": "<step>"}`), "AMBIGUOUS_OUTPUT", `["input","target","stepContext"]`,
			`input.target.stepContext: the step run has 2 outputs: name one in artifactName; they are "report", "model"`},
		{"a step without outputs", mutate("logMetadata"), target(`"stepContext": {"stepRunId": "<bare>"}`), "NO_OUTPUTS", `["input","target","stepContext"]`,
			`input.target.stepContext: the step run has no outputs; startStepRun declares them`},
		{"a write of a batch", mutate("logMetadataBatch"), `{"i": {"writes": [{"target": {"artifactVersionId": "<version>"}, "metadata": {"a": 1}}, {"target": {"artifactVersionId": "<version>"}, "metadata": {"a": 1}, "idempotencyKey": "k"}]}}`, "BAD_INPUT", `["input","writes",1,"idempotencyKey"]`,
			`input.writes[1].idempotencyKey: must be absent: the batch has one key for all its writes`},
		{"no writes", mutate("logMetadataBatch"), `{"i": {"writes": []}}`, "BAD_INPUT", `["input","writes"]`,
			`input.writes: must have at least one write`},
		{"no keys to retract", mutate("retractMetadata"), log(`"keys": []`), "BAD_INPUT", `["input","keys"]`,
			`input.keys: must name at least one key`},
		{"a key without a value", mutate("retractMetadata"), log(`"keys": [{"key": "none"}]`), "NOT_FOUND", `["input","keys",0]`,
			`input.keys[0]: has no value that could be retracted`},
		{"an artifact without a name", mutate("createArtifactVersion"), `{"i": {"artifact": ""}}`, "BAD_INPUT", `["input","artifact"]`,
			`input.artifact: must not be empty`},
		{"a name with a space", mutate("createArtifactVersion"), `{"i": {"artifact": "model "}}`, "BAD_INPUT", `["input","artifact"]`,
			`input.artifact: must not begin or end with white space`},
		{"a used version", mutate("createArtifactVersion"), `{"i": {"artifact": "model", "version": "1"}}`, "CONFLICT", `["input","version"]`,
			`input.version: is taken: the artifact has a version of this name; without it, the version gets the next number`},
		{"the version latest", mutate("createArtifactVersion"), `{"i": {"artifact": "model", "version": "latest"}}`, "BAD_INPUT", `["input","version"]`,
			`input.version: must not be "latest", the computed alias of the version with the greatest number`},
		{"a tag as text", mutate("createArtifactVersion"), `{"i": {"artifact": "model", "tags": [""]}}`, "BAD_INPUT", `["input","tags",0]`,
			`input.tags[0]: must not be empty`},
		{"an undeclared output", mutate("createArtifactVersion"), `{"i": {"artifact": "model", "output": {"stepRunId": "<step>", "name": "Modle"}}}`, "OUTPUT_NOT_FOUND", `["input","output","name"]`,
			`input.output.name: the step run has no output "Modle"; its outputs are "model", "report"`},
		{"a status that is no end", mutate("finishStepRun"), `{"i": {"stepRunId": "<step>", "status": "RUNNING"}}`, "BAD_INPUT", `["input","status"]`,
			`input.status: must be COMPLETED, FAILED, CANCELLED or CACHED`},
		{"an unknown status", mutate("finishStepRun"), `{"i": {"stepRunId": "<step>", "status": "COMPLETE"}}`, "BAD_INPUT", `["input","status"]`,
			`input.status: must be one of the values of RunStatus: COMPLETED, RUNNING, FAILED, CANCELLED, CACHED`},
		{"a run for a step", mutate("finishStepRun"), `{"i": {"stepRunId": "<run>", "status": "FAILED"}}`, "NOT_FOUND", `["input","stepRunId"]`,
			`input.stepRunId: must be the ID of a step run, but is that of a pipeline run`},
		{"another status of an ended run", mutate("finishPipelineRun"), `{"i": {"pipelineRunId": "<ended>", "status": "FAILED"}}`, "CONFLICT", `["input","status"]`,
			`input.status: the run has ended as COMPLETED`},
		{"a step of an ended run", mutate("startStepRun"), `{"i": {"pipelineRunId": "<ended>", "name": "s"}}`, "CONFLICT", `["input","pipelineRunId"]`,
			`input.pipelineRunId: the pipeline run has ended as COMPLETED`},
		{"an artifact as the input of a step", mutate("startStepRun"), `{"i": {"pipelineRunId": "<run>", "name": "s", "inputs": [{"name": "x", "artifactVersionId": "<artifact>"}]}}`, "NOT_FOUND", `["input","inputs",0,"artifactVersionId"]`,
			`input.inputs[0].artifactVersionId: must be the ID of an artifact version, but is that of an artifact`},
		{"two outputs of a name", mutate("startStepRun"), `{"i": {"pipelineRunId": "<run>", "name": "s", "outputs": [{"name": "x"}, {"name": "x"}]}}`, "BAD_INPUT", `["input","outputs",1,"name"]`,
			`input.outputs[1].name: must not repeat a name of the step`},
		{"the alias latest", mutate("setAlias"), `{"i": {"artifactVersionId": "<version>", "alias": "latest"}}`, "BAD_INPUT", `["input","alias"]`,
			`input.alias: must not be "latest", the computed alias of the version with the greatest number`},
		{"an artifact for a version", mutate("setAlias"), `{"i": {"artifactVersionId": "<artifact>", "alias": "prod"}}`, "NOT_FOUND", `["input","artifactVersionId"]`,
			`input.artifactVersionId: must be the ID of an artifact version, but is that of an artifact`},
		{"an alias of another version", mutate("removeAlias"), `{"i": {"artifactVersionId": "<version>", "alias": "dev"}}`, "NOT_FOUND", `["input","alias"]`,
			`input.alias: does not point to this version`},
		{"no tags", mutate("tagArtifactVersion"), `{"i": {"artifactVersionId": "<version>", "tags": []}}`, "BAD_INPUT", `["input","tags"]`,
			`input.tags: must name at least one tag`},
		{"a version for an artifact", mutate("deleteArtifact"), `{"i": {"artifactId": "<version>"}}`, "NOT_FOUND", `["input","artifactId"]`,
			`input.artifactId: must be the ID of an artifact, but is that of an artifact version`},
		{"a used project", mutate("createProject"), `{"i": {"name": "default"}}`, "CONFLICT", `["input","name"]`,
			`input.name: there is a project of this name`},
		{"a negative page", `{ artifacts(first: -1) { totalCount } }`, "", "BAD_INPUT", `["first"]`,
			`first: must be 0 or more`},
		{"a large page", `{ artifacts(first: 1000) { totalCount } }`, "", "LIMIT_EXCEEDED", `["first"]`,
			`first: items in a page: at most 100, got 1000`},
		{"both directions", `{ artifacts(first: 1, last: 1) { totalCount } }`, "", "BAD_INPUT", `["last"]`,
			`last: must not be combined with first`},
		{"a cursor of nothing", `{ artifacts(after: "x") { totalCount } }`, "", "BAD_INPUT", `["after"]`,
			`after: must be a cursor of this list, with the same filter and order`},
		{"a depth of 0", `{ artifactVersion(ref: {id: "<version>"}) { upstream(depth: 0) { truncated } } }`, "", "BAD_INPUT", `["depth"]`,
			`depth: must be 1 or more`},
		{"a date for asOf", `query($t: DateTime) { artifactVersion(ref: {id: "<version>"}, asOf: $t) { id } }`, `{"t": "2026-01-02"}`, "BAD_INPUT", `["asOf"]`,
			`asOf: must be an instant such as 2026-01-02T03:04:05Z, with a zone and up to nine decimals`},
		{"a filter without a condition", `{ artifactVersions(where: {metadata: {key: "a"}}) { totalCount } }`, "", "BAD_INPUT", `["where","metadata"]`,
			`where.metadata: must have a condition on the value, such as exists: true`},
		{"an empty condition", `{ artifactVersions(where: {type: {}}) { totalCount } }`, "", "BAD_INPUT", `["where","type"]`,
			`where.type: must have a condition, such as eq`},
		{"an unknown operator", find, `{"w": {"metadata": {"key": "a", "gtt": 1}}}`, "BAD_INPUT", `["where","metadata","gtt"]`,
			`where.metadata.gtt: is not a field of MetadataFilter; its fields are "gt", "gte", …`},
		{"null in a filter", find, `{"w": {"type": null}}`, "BAD_INPUT", `["where","type"]`,
			`where.type: must not be null in a filter: leave it out`},
		{"an object in a filter", find, `{"w": {"metadata": {"key": "a", "eq": {"b": 1}}}}`, "BAD_INPUT", `["where","metadata","eq"]`,
			`where.metadata.eq: must be a scalar: a number, a string, true, false, null or the extended JSON of a scalar`},
		{"true has no order", find, `{"w": {"or": [{"metadata": {"key": "a", "gt": true}}]}}`, "BAD_INPUT", `["where","or",0,"metadata","gt"]`,
			`where.or[0].metadata.gt: must be a number, a string or an instant, because other values have no order`},
		{"an unknown unit", find, `{"w": {"metadata": {"key": "a", "gt": "5 parsec"}}}`, "BAD_INPUT", `["where","metadata","gt"]`,
			`where.metadata.gt: must have a known unit: B, kB, MB, GB, TB, PB, EB, KiB, MiB, GiB, TiB, PiB or EiB for a size, ns, us, ms, s, m, min, h or d for a duration; to compare strings, add kind: STRING`},
		{"a reversed range", find, `{"w": {"metadata": {"key": "a", "between": [2, 1]}}}`, "BAD_INPUT", `["where","metadata","between"]`,
			`where.metadata.between: must have the smaller value first, but the first value is greater than the second`},
		{"an order by two", `query($o: [ArtifactVersionOrder!]) { artifactVersions(orderBy: $o) { totalCount } }`, `{"o": [{"direction": "ASC"}]}`, "BAD_INPUT", `["orderBy",0]`,
			`orderBy[0]: must have exactly one of field and metadata`},
		{"an unknown direction", `query($o: [ArtifactVersionOrder!]) { artifactVersions(orderBy: $o) { totalCount } }`, `{"o": [{"field": "CREATED_AT", "direction": "DESCENDING"}]}`, "BAD_INPUT", `["orderBy",0,"direction"]`,
			`orderBy[0].direction: must be one of the values of OrderDirection: ASC, DESC`},
		{"an unknown order", `query($o: [ArtifactVersionOrder!]) { artifactVersions(orderBy: $o) { totalCount } }`, `{"o": [{"field": "CREATED"}]}`, "BAD_INPUT", `["orderBy",0,"field"]`,
			`orderBy[0].field: must be one of the values of ArtifactVersionOrderField: CREATED_AT, NUMBER, VERSION, ARTIFACT, TYPE, LAST_LOGGED_AT`},
		{"one version to compare", `{ compareArtifactVersions(refs: [{id: "<version>"}]) { rows { differs } } }`, "", "BAD_INPUT", `["refs"]`,
			`refs: must name at least 2 versions`},
		{"an ID of a run to compare", `{ compareArtifactVersions(refs: [{id: "<version>"}, {id: "<run>"}]) { rows { differs } } }`, "", "NOT_FOUND", `["refs",1]`,
			`refs[1]: must be the ID of an artifact version, but is that of a pipeline run`},
		{"no query", "", `{}`, "BAD_INPUT", `["query"]`,
			`query: is required, as the text of a GraphQL query`},
		{"a body that is a list", "", `[]`, "BAD_INPUT", `null`,
			`the body must be a JSON object with the member query`},
		{"NaN in a body", "", `{"query": "{ serverInfo { version } }", "variables": {"i": {"metadata": {"a": [1, NaN]}}}}`, "BAD_INPUT", `["variables","i","metadata","a",1]`,
			`variables.i.metadata.a[1]: NaN at byte 82 is not JSON; send {"$float": "NaN"}`},
		{"-Infinity in a body", "", `{"query": "{ serverInfo { version } }", "variables": {"i": -Infinity}}`, "BAD_INPUT", `["variables","i"]`,
			`variables.i: -Infinity at byte 59 is not JSON; send {"$float": "-Infinity"}`},
		{"a comma too many", "", `{"query": "{ serverInfo { version } }",}`, "BAD_INPUT", `null`,
			`the body must be valid JSON: invalid character ',' at start of value (at byte 38)`},
		{"variables as text", "", `{"query": "{ serverInfo { version } }", "variables": "{}"}`, "BAD_INPUT", `["variables"]`,
			`variables: must be a JSON object, not its text or a list`},
		{"an unknown operation", "", `{"query": "query A { serverInfo { version } } query B { serverInfo { version } }", "operationName": "C"}`, "BAD_INPUT", `["operationName"]`,
			`operationName: must be the name of an operation of the query: "A", "B"`},
		{"one of two operations", "", `{"query": "query A { serverInfo { version } } query B { serverInfo { version } }"}`, "BAD_INPUT", `["operationName"]`,
			`operationName: is required because the query has several operations: "A", "B"`},
	}
	a.refusesMistakes(cases)
}

// refusesMistakes creates objects, puts their IDs into the operations, and checks the refusals.
func (a *api) refusesMistakes(cases []refusal) {
	a.Helper()
	replacer := a.mistakenObjects()
	for i := range cases {
		cases[i].query = replacer.Replace(cases[i].query)
		cases[i].variables = replacer.Replace(cases[i].variables)
	}
	a.refuses(cases)
}

// mistakenObjects creates objects and returns a replacer of their names by their IDs.
func (a *api) mistakenObjects() *strings.Replacer {
	a.Helper()
	ids := []string{}
	make := func(name, query string, field ...string) {
		a.Helper()
		got, _ := a.do(strings.NewReplacer(ids...).Replace("mutation { made: "+query+" }"), "")
		node, _ := got["data"].(map[string]any)["made"].(map[string]any)
		for _, step := range field {
			node, _ = node[step].(map[string]any)
		}
		id, ok := node["id"].(string)
		if !ok {
			a.Fatalf("%s: %v", name, got)
		}
		ids = append(ids, "<"+name+">", id)
	}
	const version = `createArtifactVersion(input: {artifact: "model", aliases: ["prod"]}) { artifactVersion { id artifact { id } } }`
	make("version", version, "artifactVersion")
	make("artifact", version, "artifactVersion", "artifact")
	make("run", `startPipelineRun(input: {pipeline: "p"}) { pipelineRun { id } }`, "pipelineRun")
	make("ended", `startPipelineRun(input: {pipeline: "p"}) { pipelineRun { id } }`, "pipelineRun")
	make("ended", `finishPipelineRun(input: {pipelineRunId: "<ended>", status: COMPLETED}) { pipelineRun { id } }`, "pipelineRun")
	make("step", `startStepRun(input: {pipelineRunId: "<run>", name: "s", outputs: [{name: "report"}, {name: "model"}]}) {
		stepRun { id } }`, "stepRun")
	make("two", `startStepRun(input: {pipelineRunId: "<run>", name: "s", outputs: [{name: "model"}, {name: "report"}]}) {
		stepRun { id } }`, "stepRun")
	make("bare", `startStepRun(input: {pipelineRunId: "<run>", name: "s"}) { stepRun { id } }`, "stepRun")
	const saved = `startStepRun(input: {pipelineRunId: "<run>", name: "s", outputs: [{name: "model"}]}) { stepRun { id } }`
	make("saved", saved, "stepRun")
	make("output", `createArtifactVersion(input: {artifact: "saved", output: {stepRunId: "<saved>", name: "model"}}) {
		artifactVersion { id } }`, "artifactVersion")
	make("done", saved, "stepRun")
	make("done", `finishStepRun(input: {stepRunId: "<done>"}) { stepRun { id } }`, "stepRun")
	make("project", `createProject(input: {name: "team"}) { project { id } }`, "project")
	make("default", `createArtifactVersion(input: {artifact: "other"}) { artifactVersion { artifact { project { id } } } }`,
		"artifactVersion", "artifact", "project")
	make("entry", `logMetadata(input: {target: {artifactVersionId: "<version>"}, metadata: {loss: 1}}) {
		subject { metadataEntry(key: "loss") { id } } }`, "subject", "metadataEntry")
	ids = append(ids, "<long>", strings.Repeat("é", 10_001))
	return strings.NewReplacer(ids...)
}
