package searches

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/placard/placard/bench/load"
	"github.com/placard/placard/bench/measure"
	"github.com/placard/placard/bench/process"
)

// priced is an operation whose price is compared with its CPU time.
type priced struct {
	name, query string
	variables   object
}

// repeated returns a selection n times under different aliases.
func repeated(n int, selection string) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, " f%d: %s", i, selection)
	}
	return "{" + text.String() + " }"
}

// branches returns an `or` of n conditions on the text `uri`.
func branches(n int, condition string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = fmt.Sprintf(`{metadata: {key: "uri", %s}}`, fmt.Sprintf(condition, i))
	}
	return "{or: [" + strings.Join(parts, ", ") + "]}"
}

// texts are the long parts of the corpus.
type texts struct {
	// refs, logs and statistics each have a field for each of twenty versions.
	refs, logs, statistics string
	// uris has a thousand values, paths ten orders.
	uris, paths string
	facts       object
}

func newTexts() texts {
	x := texts{facts: object{}}
	for i := range 1000 {
		x.facts[fmt.Sprint("k", i)] = i
		x.uris += strconv.Quote(load.URI(i)) + ", "
	}
	for i := range 20 {
		name := load.ArtifactName(i)
		x.logs += fmt.Sprintf(` l%d: logMetadata(input: {target: {artifactVersion: {name: %q, alias: "latest"}}, metadata: $m}) { deduplicated }`, i, name)
		x.statistics += fmt.Sprintf(` s%d: artifact(name: %q) { metadataSeries(key: "accuracy", card: "metrics", first: 0) { statistics { mean } } }`, i, name)
		x.refs += fmt.Sprintf(`{named: {name: %q, alias: "latest"}}, `, name)
	}
	for i := range 10 {
		x.paths += fmt.Sprintf(`{metadata: {key: "config", path: ["train", "p%d"]}}, `, i)
	}
	return x
}

// operations returns the corpus: queries of a dashboard, mutations of a pipeline, and the most expensive operations
// that are allowed.
func operations() []priced {
	const version = `artifactVersion(ref: {named: {name: "model-000", alias: "prod"}})`
	const values = `metadata { key card kind value { ... on DisplayValue { display extendedJson } ... on FloatValue { float repr } ... on ListValue { items { __typename } } } }`
	find := func(where, rest string) string {
		return fmt.Sprintf(`artifactVersions(where: %s, first: 50%s) { nodes { id } }`, where, rest)
	}
	x := newTexts()
	const keys = `metadataKeys(first: 100) { nodes { card key kinds versionCount coverage min max lastEntry { id } } }`
	compare := `compareArtifactVersions(refs: [` + x.refs + `]) { rows { key differs cells { entry { display } } } }`
	return []priced{
		{name: "a version as JSON", query: "{" + version + " { metadataJson } }"},
		{name: "a version with values", query: "{" + version + " { " + values + " } }"},
		{name: "20 versions with values", query: repeated(20, version+" { "+values+" }")},
		{name: "a page as JSON", query: "{ artifactVersions(first: 100) { nodes { metadataJson } } }"},
		{name: "a page with values", query: "{ artifactVersions(first: 100) { nodes { " + values + " } } }"},
		{name: "5 pages with values", query: repeated(5, "artifactVersions(first: 100) { nodes { "+values+" } }")},
		{name: "20 pages as JSON", query: repeated(20, "artifactVersions(first: 100) { nodes { metadataJson } }")},
		{name: "artifacts with versions", query: "{ artifacts(first: 100) { nodes { name versions(first: 20) { nodes { id version tags aliases metadataJson } } } } }"},
		{name: "artifacts with latest", query: "{ artifacts(first: 100) { nodes { name latestVersion { " + values + " } } } }"},
		{name: "histories", query: "{ artifactVersions(first: 100) { nodes { metadataHistory(first: 20) { nodes { key seq } } } } }"},
		{name: "an index", query: "{" + find(`{metadata: {card: "metrics", key: "accuracy", gt: 0.99}}`, "") + "}"},
		{name: "20 indexes", query: repeated(20, find(`{metadata: {card: "metrics", key: "accuracy", gt: 0.9}}`, ""))},
		{name: "an order by a key", query: "{" + find("{}", `, orderBy: [{metadata: {card: "metrics", key: "accuracy"}}]`) + "}"},
		{name: "a count", query: `{ artifactVersions(where: {metadata: {key: "framework", eq: "torch"}}, first: 0) { totalCount } }`},
		{name: "contains", query: "{" + find(branches(1, `contains: "x%d"`), "") + "}"},
		{name: "contains with a count", query: `{ artifactVersions(where: ` + branches(1, `contains: "x%d"`) + `, first: 0) { totalCount } }`},
		{name: "or of 20 contains", query: "{" + find(branches(20, `contains: "x%d"`), "") + "}"},
		{name: "or of 20 without case", query: "{" + find(branches(20, `contains: "x%d", ignoreCase: true`), "") + "}"},
		{name: "the same with a count", query: `{ artifactVersions(where: ` +
			branches(20, `contains: "x%d", ignoreCase: true`) + `, first: 0) { totalCount } }`},
		{name: "2 × or of 20 without case", query: repeated(2, find(branches(20, `contains: "x%d", ignoreCase: true`), ""))},
		{name: "or of 20 endsWith", query: "{" + find(branches(20, `endsWith: "x%d"`), "") + "}"},
		{name: "a negation", query: "{" + find(`{not: {metadata: {key: "uri", startsWith: "gs"}}}`, "") + "}"},
		{name: "20 negations", query: repeated(20, find(`{metadata: {key: "uri", ne: "x"}, not: {metadata: {key: "owner", exists: true}}}`, ""))},
		{name: "a path", query: "{" + find(`{metadata: {key: "config", path: ["train", "lr"], gt: 100}}`, "") + "}"},
		{name: "an order by 10 paths", query: "{" + find("{}", ", orderBy: ["+x.paths+"]") + "}"},
		{name: "in of 1,000", query: "{" + find(`{metadata: {key: "uri", in: [`+x.uris+`]}}`, "") + "}"},
		{name: "notIn of 1,000", query: "{" + find(`{metadata: {key: "uri", notIn: [`+x.uris+`]}}`, "") + "}"},
		{name: "the past of a page", query: `{ artifactVersions(first: 100, asOf: "2026-06-01T00:00:00Z") { nodes { id metadataJson } } }`},
		{name: "a question about the past", query: `{ artifactVersions(where: {metadata: {card: "metrics", key: "accuracy", gt: 0.99}}, first: 50, asOf: "2026-06-01T00:00:00Z") { nodes { id } } }`},
		{name: "names of keys", query: "{ metadataKeys(first: 100) { nodes { card key } } }"},
		{name: "keys", query: "{" + keys + "}"},
		{name: "3 × keys", query: repeated(3, keys)},
		{name: "keys of an artifact", query: `{ artifact(name: "model-000") { ` + keys + ` } }`},
		{name: "a series", query: `{ artifact(name: "model-000") { metadataSeries(key: "accuracy", card: "metrics") { points { number version { number } } statistics { mean p50 } missingCount } } }`},
		{name: "statistics", query: `{ artifact(name: "model-000") { metadataSeries(key: "accuracy", card: "metrics", first: 0) { statistics { mean } } } }`},
		{name: "20 × statistics", query: "{" + x.statistics + " }"},
		{name: "a lineage", query: "{" + version + " { upstream(depth: 100) { versions { id } } downstream(depth: 100) { versions { id } } } }"},
		{name: "log 1,000 entries", query: `mutation($m: JSONObject) { logMetadata(input: {target: {artifactVersion: {name: "model-000", alias: "latest"}}, metadata: $m}) { deduplicated } }`, variables: object{"m": x.facts}},
		{name: "20 × log 1,000 entries", query: "mutation($m: JSONObject) {" + x.logs + " }", variables: object{"m": x.facts}},
		{name: "compare 20", query: "{" + compare + "}"},
		{name: "10 × compare 20", query: repeated(10, `compareArtifactVersions(refs: [`+x.refs+`]) { rows { key differs } }`)},
	}
}

// minCompared is the minimum CPU time of a compared operation. Below it the cost of the request itself dominates.
const minCompared = 50 * time.Millisecond

// minTurn is the minimum CPU time of a turn of an operation. The CPU time of other processes is known to 10 ms.
const minTurn = 250 * time.Millisecond

// printPrices prints the price and the CPU time of each operation, and their ratio in units of cost per second. The
// CPU time is the median of the turns. server is the process of PostgreSQL, 0 for SQLite.
func (s *service) printPrices(ctx context.Context, engine string, server, turns int) error {
	fmt.Printf("\n%s, %d versions\n\n| operation | price | CPU ms | price per CPU second |\n|---|---|---|---|\n", engine, s.versions)
	least, greatest := 0.0, 0.0
	for _, operation := range operations() {
		var times []float64
		var price float64
		for range turns {
			used, estimated, err := s.cost(ctx, operation, server)
			if err != nil {
				return fmt.Errorf("%s: %w", operation.name, err)
			}
			times, price = append(times, used.Seconds()), estimated
		}
		seconds := measure.NewSpread(times).Median
		ratio := price / seconds
		fmt.Printf("| %s | %.0f | %.2f | %.0f |\n", operation.name, price, seconds*1000, ratio)
		if seconds < minCompared.Seconds() {
			continue
		}
		if least == 0 || ratio < least {
			least = ratio
		}
		greatest = max(greatest, ratio)
	}
	fmt.Printf("\nabove %s of CPU time: %.0f to %.0f units per second, a factor of %.1f\n", minCompared, least, greatest, greatest/least)
	return nil
}

// cost executes an operation for minTurn of CPU time. It returns the mean CPU time of an execution, with that of
// PostgreSQL, and the price.
func (s *service) cost(ctx context.Context, operation priced, server int) (used time.Duration, price float64, err error) {
	// The first execution warms up.
	response, _, err := s.send(ctx, operation.query, operation.variables)
	if err != nil {
		return 0, 0, err
	}
	before, err := cpuTime(server)
	if err != nil {
		return 0, 0, err
	}
	runs := time.Duration(0)
	for step := time.Duration(1); used < minTurn; step *= 2 {
		for range step {
			if response, _, err = s.send(ctx, operation.query, operation.variables); err != nil {
				return 0, 0, err
			}
		}
		runs += step
		now, err := cpuTime(server)
		if err != nil {
			return 0, 0, err
		}
		used = now - before
	}
	price, err = priceOf(response.Body.Bytes())
	return used / runs, price, err
}

// priceOf returns the price in a response without errors.
func priceOf(body []byte) (float64, error) {
	var response struct {
		Errors     []any
		Extensions struct{ Cost struct{ Estimated float64 } }
	}
	if err := json.Unmarshal(body, &response); err != nil {
		return 0, err
	}
	if len(response.Errors) > 0 {
		return 0, fmt.Errorf("%v", response.Errors)
	}
	return response.Extensions.Cost.Estimated, nil
}

// cpuTime returns the CPU time of this process and of the processes of a PostgreSQL server, if there is one.
func cpuTime(server int) (time.Duration, error) {
	own, err := process.OwnCPU()
	if err != nil {
		return 0, err
	}
	database, err := process.FamilyCPU(server)
	return own + database, err
}
