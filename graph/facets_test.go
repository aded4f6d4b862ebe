package graph_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/placard/placard/internal/apitest"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

// facetValue is a value as the API returns it.
type facetValue struct{ kind, extended string }

// faceted is a database with its oracle and the values of its versions.
type faceted struct {
	*searched
	values map[string]map[oraclePlace]facetValue
}

// facet is a question with the same meaning in each database.
type facet struct {
	filter   map[string]any
	artifact string
	place    oraclePlace
	search   string
	kinds    []string
	pageSize int
}

var allKinds = []string{
	"STRING", "INTEGER", "FLOAT", "BOOLEAN", "NULL", "LIST", "TUPLE", "SET", "DICT", "URI", "PATH", "DTYPE", "STORAGE_SIZE",
	"TIMESTAMP", "DURATION", "MARKDOWN",
}

// TestFacetsAgree compares facets over random filters, page by page, with counts in plain Go on both engines.
func TestFacetsAgree(t *testing.T) {
	t.Parallel()
	var databases []*faceted
	for _, engine := range []string{"sqlite", "postgres"} {
		a := open(t, storetest.Engines[engine](t))
		world := load(a)
		limits := models.DefaultLimits()
		limits.QueryCost = math.MaxInt32
		a.configure(apitest.Options{Limits: &limits})
		f := &faceted{newSearched(a, engine, world), map[string]map[oraclePlace]facetValue{}}
		f.readValues()
		databases = append(databases, f)
	}
	p := newPool()
	places, searches := samplePlaces(), []string{"", "", "a", "É", "9", "$dict", "GS:", "Straße", "%", "1.0", "nothing has this"}
	rapid.Check(t, func(t *rapid.T) {
		names := slices.Concat([]string{"metadata", "metadata"}, fieldNames)
		q := facet{filter: theme{p, names, 2}.drawFilter(t, 0), pageSize: 1 + drawIndex(t, 40, "size"),
			place: drawFrom(t, places, "place").oraclePlace, search: drawFrom(t, searches, "search"),
			artifact: drawFrom(t, slices.Concat([]string{"", "", "none"}, sampleArtifacts), "artifact")}
		if rapid.Bool().Draw(t, "ofKinds") {
			q.kinds = rapid.SliceOfN(rapid.SampledFrom(allKinds), 0, 3).Draw(t, "kinds")
		}
		for _, database := range databases {
			if difference := database.differs(q); difference != "" {
				t.Fatalf("%s, %+v: %s", database.engine, q, difference)
			}
		}
	})
}

// readValues reads the values of all versions.
func (f *faceted) readValues() {
	for _, version := range f.world.versions {
		answer, _ := f.post(bodyOf(f, fmt.Sprintf(`{ artifactVersion(ref: {id: %q}) { metadata { card key kind extendedJson } } }`, version.id)))
		var got struct {
			Data struct {
				ArtifactVersion struct {
					Metadata []struct {
						Card, Key, Kind string
						ExtendedJSON    json.RawMessage
					}
				}
			}
		}
		if err := json.Unmarshal(answer.Body.Bytes(), &got); err != nil {
			f.Fatal(err)
		}
		f.values[version.id] = map[oraclePlace]facetValue{}
		for _, entry := range got.Data.ArtifactVersion.Metadata {
			f.values[version.id][oraclePlace{entry.Card, entry.Key}] = facetValue{entry.Kind, compact(entry.ExtendedJSON)}
		}
	}
}

func compact(text json.RawMessage) string {
	var to bytes.Buffer
	if err := json.Compact(&to, text); err != nil {
		panic(err)
	}
	return to.String()
}

// tally counts objects by name, and the different owners of each name.
type tally struct {
	counts map[string]int
	owners map[string]map[string]bool
}

func (t *tally) add(name, owner string) {
	if t.counts == nil {
		t.counts, t.owners = map[string]int{}, map[string]map[string]bool{}
	}
	if t.counts[name]++; t.owners[name] == nil {
		t.owners[name] = map[string]bool{}
	}
	t.owners[name][owner] = true
}

// list returns the names with their counts and owners, the most frequent first.
func (t *tally) list() []string {
	names := slices.SortedFunc(maps.Keys(t.counts), func(a, b string) int {
		return cmp.Or(t.counts[b]-t.counts[a], strings.Compare(a, b))
	})
	for i, name := range names {
		names[i] = fmt.Sprint(name, " ", t.counts[name], " ", len(t.owners[name]))
	}
	return names
}

// differs describes how an answer differs from the oracle, empty if none does.
func (f *faceted) differs(q facet) string {
	filter, _ := there(q.filter, f.world).(map[string]any)
	standing := oracleSearch(f.standing[0], filter, nil)
	var tags, types, values tally
	isText := func(kind string) bool {
		return slices.Contains([]string{"STRING", "URI", "PATH", "DTYPE", "MARKDOWN"}, kind)
	}
	for _, s := range standing {
		for _, tag := range s.tags {
			tags.add(tag, s.artifact)
		}
		if s.kind != nil {
			types.add(*s.kind, s.artifact)
		}
		value, ok := f.values[s.id][q.place]
		text := value.extended
		if isText(value.kind) {
			text = s.values[q.place].text
		}
		if ok && (q.artifact == "" || q.artifact == s.artifact) && strings.Contains(oracleFold(text), oracleFold(q.search)) {
			values.add(value.kind+" "+value.extended, "")
		}
	}
	const counts = "versionCount artifactCount"
	variables := map[string]any{"where": filter, "card": q.place.card, "key": q.place.key, "search": q.search}
	if q.place.card == "" {
		delete(variables, "card")
	}
	of := ""
	if q.artifact != "" {
		of = fmt.Sprintf("artifact: %q, ", q.artifact)
	}
	wantedValues := slices.SortedFunc(maps.Keys(values.counts), func(a, b string) int {
		_, textA, _ := strings.Cut(a, " ")
		_, textB, _ := strings.Cut(b, " ")
		return cmp.Or(values.counts[b]-values.counts[a], strings.Compare(textA, textB))
	})
	for i, name := range wantedValues {
		wantedValues[i] = fmt.Sprint(name, " ", values.counts[name])
	}
	return cmp.Or(
		f.list("tagUsage", "where: $where, ", "tag "+counts, variables, q.pageSize, tags.list()),
		f.list("typeUsage", "where: $where, ", "type "+counts, variables, q.pageSize, types.list()),
		f.list("metadataValues", of+"where: $where, card: $card, key: $key, search: $search, ", "kind extendedJson count", variables, q.pageSize, wantedValues),
		f.keysDiffer(q))
}

// keysDiffer compares the keys of an artifact or of the project.
func (f *faceted) keysDiffer(q facet) string {
	counts, kinds := map[oraclePlace]int{}, map[oraclePlace]map[string]bool{}
	for _, s := range f.standing[0] {
		for place, value := range f.values[s.id] {
			found := strings.Contains(oracleFold(place.key), oracleFold(q.search)) || strings.Contains(oracleFold(place.card), oracleFold(q.search))
			if !found || q.artifact != "" && q.artifact != s.artifact {
				continue
			}
			if counts[place]++; kinds[place] == nil {
				kinds[place] = map[string]bool{}
			}
			kinds[place][value.kind] = true
		}
	}
	var want []string
	for _, place := range slices.SortedFunc(maps.Keys(counts), func(a, b oraclePlace) int {
		return cmp.Or(strings.Compare(a.card, b.card), strings.Compare(a.key, b.key))
	}) {
		if q.kinds != nil && !slices.ContainsFunc(q.kinds, func(kind string) bool { return kinds[place][kind] }) {
			continue
		}
		var names []string
		for _, kind := range allKinds {
			if kinds[place][kind] {
				names = append(names, `"`+kind+`"`)
			}
		}
		card := "null"
		if place.card != "" {
			card = place.card
		}
		want = append(want, fmt.Sprintf("%s %s [%s] %d", card, place.key, strings.Join(names, ","), counts[place]))
	}
	variables := map[string]any{"search": q.search}
	if q.kinds != nil {
		variables["kinds"] = q.kinds
	}
	of := ""
	if q.artifact != "" {
		of = fmt.Sprintf("artifact: %q, ", q.artifact)
	}
	return f.list("metadataKeys", of+"search: $search, kinds: $kinds, ", "card key kinds versionCount", variables, q.pageSize, want)
}

// list reads a facet page by page and compares the selected fields of its nodes.
func (f *faceted) list(field, arguments, selection string, variables map[string]any, size int, want []string) string {
	declared := map[string]string{
		"where": "ArtifactVersionFilter", "card": "String", "key": "String!", "search": "String", "kinds": "[MetadataKind!]",
	}
	header := "$first: Int, $after: String"
	sent := map[string]any{"first": size}
	for name, kind := range declared {
		if strings.Contains(arguments, "$"+name+",") {
			header += ", $" + name + ": " + kind
			if value, ok := variables[name]; ok {
				sent[name] = value
			}
		}
	}
	query := "query(" + header + ") { list: " + field + "(" + arguments + "first: $first, after: $after) { totalCount nodes { " + selection +
		" } pageInfo { hasNextPage endCursor } } }"
	var got []string
	for {
		body, err := json.Marshal(map[string]any{"query": query, "variables": sent})
		if err != nil {
			return err.Error()
		}
		answer, _ := f.post(string(body))
		var page struct {
			Errors []any
			Data   struct {
				List struct {
					TotalCount int
					Nodes      []map[string]json.RawMessage
					PageInfo   struct {
						HasNextPage bool
						EndCursor   *string
					}
				}
			}
		}
		if err := json.Unmarshal(answer.Body.Bytes(), &page); err != nil || page.Errors != nil {
			if strings.Contains(fmt.Sprint(page.Errors), "conditions that no index answers") {
				return ""
			}
			return fmt.Sprint(field, ": ", err, page.Errors)
		}
		for _, node := range page.Data.List.Nodes {
			var parts []string
			for _, name := range strings.Fields(selection) {
				text := compact(node[name])
				if name != "extendedJson" {
					if plain := ""; json.Unmarshal(node[name], &plain) == nil && text != "null" {
						text = plain
					}
				}
				parts = append(parts, text)
			}
			got = append(got, strings.Join(parts, " "))
		}
		if page.Data.List.TotalCount != len(want) {
			return fmt.Sprintf("%s: totalCount is %d, want %d", field, page.Data.List.TotalCount, len(want))
		}
		if !page.Data.List.PageInfo.HasNextPage || len(got) > len(want) {
			break
		}
		sent["after"] = page.Data.List.PageInfo.EndCursor
	}
	if !slices.Equal(got, want) {
		return fmt.Sprintf("%s: got %.1000q, want %.1000q", field, got, want)
	}
	return ""
}
