package operation

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/placard/placard/models"
)

// costSchema has a field of each form that costs.
const costSchema = `
directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!]) on FIELD_DEFINITION
directive @cost(weight: Int!, batched: Boolean, times: String, cheapFields: [String!]) on FIELD_DEFINITION
interface Node { id: ID }
type Leaf implements Node { id: ID twin: Leaf }
type Tree implements Node { id: ID heavy: Int @cost(weight: 7) page(first: Int): Page @listSize(slicingArguments: ["first"], sizedFields: ["nodes"]) }
type Page { nodes: [Tree] totalCount: Int }
type Query {
  tree: Tree
  node: Node
  page(first: Int, where: JSON): Page @listSize(slicingArguments: ["first"], sizedFields: ["nodes"])
  list(ids: [ID!]): [Leaf] @listSize(slicingArguments: ["ids"])
  assumed: [Leaf] @listSize(assumedSize: 4)
  defaulted(first: Int = 6): [Leaf] @listSize(slicingArguments: ["first"])
  trees: [Tree] @listSize(assumedSize: 3)
  times(n: Int = 2, ids: [ID!]): Leaf @cost(weight: 1, times: "n")
  each(ids: [ID!]): Leaf @cost(weight: 1, times: "ids")
  cheap: Leaf @cost(weight: 5, cheapFields: ["id"])
}
extend type Query { entries: [MetadataEntry] @listSize(assumedSize: 1000) }
type MetadataEntry { id: ID twin: Leaf value: MetadataValue }
union MetadataValue = TextValue | ListValue
interface DisplayValue { display: String }
type TextValue implements DisplayValue { display: String }
type ListValue { items: [MetadataValue] @listSize(assumedSize: 4) }
extend type Leaf { batched: Int @cost(weight: 9, batched: true) each: Int @cost(weight: 9) }
scalar JSON
type Mutation { save(input: JSON): Leaf }`

func TestEstimateCost(t *testing.T) {
	t.Parallel()
	schema := loadSchema(t, costSchema)
	limits := models.DefaultLimits()
	limits.PageSize = 100
	const page, scan, item, in = 10, 10_000, 10, 0.1
	n := func(text string) any { return json.Number(text) }
	for _, c := range []struct {
		name, query string
		arguments   map[string]any
		// tenths is the cost in tenths of a unit, which is rounded up to units.
		tenths float64
	}{
		{"fields", `{ tree { id } }`, nil, 2},
		{"introspection", `{ __schema { types { name } } }`, nil, 1},
		{"a weight", `{ tree { heavy } }`, nil, 2 + 70},
		{"a page", `query($n: Int) { page(first: $n) { nodes { id } } }`, map[string]any{"n": n("9")}, 1 + page + 9*2},
		{"a page above the limit", `query($n: Int) { page(first: $n) { nodes { id } } }`, map[string]any{"n": n("1000000")}, 1 + page + 100*2},
		{"a negative page", `query($n: Int) { page(first: $n) { nodes { id } } }`, map[string]any{"n": n("-5")}, 1 + page},
		{"a page without a size", `{ page { nodes { id } totalCount } }`, nil, 2 + page + models.DefaultPageSize*2},
		{"a page in a page", `query($n: Int) { page(first: $n) { nodes { page(first: $n) { nodes { id } } } } }`, map[string]any{"n": n("9")},
			1 + page + 9*(1+1+page+9*2)},
		{"a list by its argument", `query($l: [ID!]) { list(ids: $l) { id } }`, map[string]any{"l": []any{"a", "b", "c"}}, 3 * 2},
		{"an empty list", `query($l: [ID!]) { list(ids: $l) { id } }`, map[string]any{"l": []any{}}, 1},
		{"a list of an assumed size", `{ assumed { id } }`, nil, 4 * 2},
		{"a list with a default size", `{ defaulted { id } }`, nil, 6 * 2},
		{"a weight in a list", `{ assumed { each } }`, nil, 4 * (2 + 90)},
		{"a weight for all objects of a list", `{ assumed { batched } }`, nil, 4*2 + 90},
		{"a weight times a default", `{ times { id } }`, nil, 2 + 2*10},
		{"a weight times an argument", `query($n: Int) { times(n: $n) { id } }`, map[string]any{"n": n("5")}, 2 + 5*10},
		{"a weight times a negative argument", `query($n: Int) { times(n: $n) { id } }`, map[string]any{"n": n("-5")}, 2},
		{"a weight times the length of a list", `query($l: [ID!]) { each(ids: $l) { id } }`, map[string]any{"l": []any{"a", "b", "c"}}, 2 + 3*10},
		{"only cheap fields", `{ cheap { __typename id } }`, nil, 3},
		{"a field that is not cheap", `{ cheap { ... on Leaf { twin { id } } } }`, nil, 3 + 50},
		{"the costliest type of an interface", `{ node { id ... on Tree { heavy } ... on Leaf { twin { id } } } }`, nil, 2 + 1 + 70},
		{"a fragment for each spread", `{ assumed { ...F } tree { ...F } } fragment F on Node { id }`, nil, 4*2 + 2},
		{"a skipped field", `{ tree { id heavy @skip(if: true) } }`, nil, 2},
		{"a field that is not included", `query($n: Boolean!) { tree { id ... @include(if: $n) { heavy } } }`, map[string]any{"n": false}, 2},
		{"an included field", `query($n: Boolean!) { tree { id ... @include(if: $n) { heavy } } }`, map[string]any{"n": true}, 3 + 70},
		{"the input of a mutation", `mutation($n: JSON) { save(input: $n) { id } }`, map[string]any{"n": map[string]any{
			"tags": []any{"a", "b"}, "metadata": models.Object{{Key: "a", Value: 1}, {Key: "c", Value: models.Object{{Key: "d", Value: 1}, {Key: "e", Value: 1}}}},
		}}, 2 + 6*item},
		{"a filter", `query($w: JSON) { page(where: $w) { nodes { id } } }`, map[string]any{"w": map[string]any{"number": map[string]any{"gt": n("1")}}},
			1 + page + models.DefaultPageSize*2 + scan},
		{"a filter with a count", `query($w: JSON) { page(where: $w) { ...C } } fragment C on Page { totalCount }`,
			map[string]any{"w": map[string]any{"number": map[string]any{"gt": n("1")}}}, 2 + page + 2*scan},
		{"a field of an entry", `{ entries { id twin { id } } }`, nil, 1000 * (1 + in + in + 1)},
		{"a list of values", `{ entries { value { ... on ListValue { items { __typename ... on TextValue { display } } } } } }`, nil, 1000 * (1 + in + 4*3*in)},
		{"a field of an interface of values", `{ entries { value { ... on DisplayValue { display } } } }`, nil, 1000 * (1 + 2*in)},
	} {
		tree, problems := gqlparser.LoadQueryWithRules(schema, c.query, rules.NewDefaultRules())
		if len(problems) > 0 {
			t.Fatalf("%s: %v", c.name, problems)
		}
		got, err := estimateCost(schema, &limits, tree.Operations[0], c.arguments)
		if want := int64(math.Ceil(c.tenths / 10)); got != want || err != nil {
			t.Errorf("%s: got %d, %v, want %d", c.name, got, err, want)
		}
	}
}

// TestHugeCosts checks that the cost of nested pages stops at the greatest estimate instead of overflowing.
func TestHugeCosts(t *testing.T) {
	t.Parallel()
	schema := loadSchema(t, costSchema)
	limits := models.DefaultLimits()
	query := "{ tree { "
	for range 40 {
		query += "page(first: 100) { nodes { "
	}
	query += "id "
	for range 40 {
		query += "} } "
	}
	tree, problems := gqlparser.LoadQueryWithRules(schema, query+"} }", rules.NewDefaultRules())
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	got, err := estimateCost(schema, &limits, tree.Operations[0], nil)
	if want := int64(maxCost / pointsPerUnit); err != nil || got < want || got > want+1 {
		t.Errorf("got %d, %v, want %d", got, err, want)
	}
	for _, c := range [][3]int64{{3, 4, 12}, {0, 9, 0}, {9, 0, 0}, {maxCost, 1, maxCost}, {maxCost/2 + 1, 2, maxCost}, {math.MaxInt64, 9, maxCost}} {
		if got := saturatingMul(c[0], c[1]); got != c[2] {
			t.Errorf("%d times %d: got %d", c[0], c[1], got)
		}
	}
	if got := fmt.Sprint(saturatingAdd(maxCost, 1), saturatingAdd(1, 2)); got != fmt.Sprint(int64(maxCost), 3) {
		t.Errorf("sums: got %s", got)
	}
}

// TestScanLimit checks how many conditions without an index a filter may have.
func TestScanLimit(t *testing.T) {
	t.Parallel()
	schema := loadSchema(t, costSchema)
	limits := models.DefaultLimits()
	tree, problems := gqlparser.LoadQueryWithRules(schema, `query($w: JSON) { page(where: $w) { totalCount } }`, rules.NewDefaultRules())
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	scan, index := map[string]any{"number": map[string]any{"eq": 1}}, map[string]any{"tag": map[string]any{"eq": "a"}}
	for _, c := range []struct {
		scans   int
		indexed bool
		allowed bool
	}{{maxScans, false, true}, {maxScans + 1, false, false}, {maxScans + 1, true, true}} {
		var parts []any
		for range c.scans {
			parts = append(parts, scan)
		}
		if c.indexed {
			parts = append(parts, index)
		}
		_, err := estimateCost(schema, &limits, tree.Operations[0], map[string]any{"w": map[string]any{"and": parts}})
		if (err == nil) != c.allowed || err != nil && describe(nil, err) != "LIMIT_EXCEEDED [where]" {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
