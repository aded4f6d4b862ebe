package searches

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/placard/placard/bench/load"
)

// measuredQuery is a measured query.
type measuredQuery struct {
	name, about string
	// query has variables that ask sets to another value each time. versions is their number.
	query string
	ask   func(random *rand.Rand, versions int) map[string]any
	// page is the number of the measured page, 1 by default. The previous pages are read once and not measured.
	page int
	// scans marks a query that reads all rows. It is measured at one size only.
	scans bool
}

const nodes = `nodes { id version createdAt artifact { name } } pageInfo { hasNextPage endCursor }`

// listQuery returns a query of versions with one filter and one order.
func listQuery(order, extra string) string {
	return fmt.Sprintf(`query($where: ArtifactVersionFilter!, $after: String, $asOf: DateTime) {
  artifactVersions(where: $where, first: 50, after: $after, asOf: $asOf%s) { %s %s }
}`, order, nodes, extra)
}

const (
	newest     = `, orderBy: [{field: CREATED_AT, direction: DESC}]`
	byAccuracy = `, orderBy: [{metadata: {card: "metrics", key: "accuracy"}, direction: DESC}]`
	bySize     = `, orderBy: [{metadata: {key: "size"}, direction: DESC}]`
)

type object = map[string]any

func where(filter object) object { return object{"where": filter} }

func key(card any, name, op string, value any) object {
	return object{"metadata": object{"card": card, "key": name, op: value}}
}

func all(filters ...object) object { return object{"and": filters} }

func questions() []measuredQuery {
	return []measuredQuery{
		{name: "a", about: "the version with an alias, with its metadata",
			query: `query($name: String!) { artifactVersion(ref: {named: {name: $name, alias: "prod"}}) { id version metadataJson } }`,
			ask: func(random *rand.Rand, _ int) map[string]any {
				return object{"name": load.ArtifactName(random.IntN(20))}
			}},
		{name: "b", about: "the best hundred by accuracy, first 50", query: listQuery("", ""),
			ask: func(random *rand.Rand, versions int) map[string]any {
				return where(key("metrics", "accuracy", "gt", 1-(90+20*random.Float64())/float64(versions)))
			}},
		{name: "c", about: "of one artifact, accuracy > 0.95, size < 1 GiB, not prod, by accuracy", query: listQuery(byAccuracy, ""),
			ask: func(random *rand.Rand, _ int) map[string]any {
				return where(all(object{"artifact": object{"eq": load.ArtifactName(0)}},
					key("metrics", "accuracy", "gt", 0.95+0.01*random.Float64()), key(nil, "size", "lt", "1GiB"),
					object{"alias": object{"ne": "prod"}}))
			}},
		{name: "d", about: "of one owner, newest first", query: listQuery(newest, ""),
			ask: func(random *rand.Rand, _ int) map[string]any {
				return where(key(nil, "owner", "eq", load.OwnerName(random.IntN(load.Owners))))
			}},
		{name: "e", about: "a rare key, or a URI that begins with this", query: listQuery("", ""),
			ask: func(random *rand.Rand, versions int) map[string]any {
				prefix := load.URI(random.IntN(versions))
				return where(object{"or": []object{key(nil, "incident", "exists", true), key(nil, "uri", "startsWith", prefix[:len(prefix)-1])}})
			}},
		{name: "f", about: "all by size, the greatest first", query: listQuery(bySize, ""),
			ask: func(*rand.Rand, int) map[string]any { return where(object{}) }},
		{name: "f20", about: "the same, page 20", query: listQuery(bySize, ""), page: 20,
			ask: func(*rand.Rand, int) map[string]any { return where(object{}) }},
		{name: "g", about: "with a tag and of a framework, newest first", query: listQuery(newest, ""),
			ask: func(random *rand.Rand, _ int) map[string]any {
				return where(all(object{"tag": object{"eq": load.TagName(random.IntN(load.Tags))}}, key(nil, "framework", "eq", "torch")))
			}},
		{name: "h", about: "framework is not torch, first 50", query: listQuery("", ""),
			ask: func(*rand.Rand, int) map[string]any { return where(key(nil, "framework", "ne", "torch")) }},
		{name: "h#", about: "the same, with totalCount", query: listQuery("", "totalCount"),
			ask: func(*rand.Rand, int) map[string]any { return where(key(nil, "framework", "ne", "torch")) }},
		{name: "path", about: "config.train.loss < 0.01", query: listQuery("", ""), scans: true,
			ask: func(random *rand.Rand, _ int) map[string]any {
				return where(object{"metadata": object{"key": "config", "path": []string{"train", "loss"}, "lt": 0.01 + 0.01*random.Float64()}})
			}},
		{name: "contains", about: "a text in a commit, which none has", query: listQuery("", ""), scans: true,
			ask: func(random *rand.Rand, _ int) map[string]any {
				return where(key(nil, "commit", "contains", fmt.Sprintf("%016x", random.Uint64())))
			}},
		{name: "asOf", about: "accuracy > 0.999, as of the middle", query: listQuery("", ""), scans: true,
			ask: func(random *rand.Rand, versions int) map[string]any {
				q := where(key("metrics", "accuracy", "gt", 0.999))
				q["asOf"] = load.Start.Add(time.Duration(versions/2) * load.Spacing).Format(time.RFC3339)
				return q
			}},
	}
}
