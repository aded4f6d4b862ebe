package graph_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"pgregory.net/rapid"

	"github.com/placard/placard/internal/apitest"
	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

// searchesVariable names the environment variable with the number of random searches of TestSearchAgrees.
const searchesVariable = "PLACARD_TEST_SEARCHES"

const searchThemes = 5

// The flags of rapid are set before those of the command line are read, which may say otherwise.
func init() {
	searches, err := strconv.Atoi(os.Getenv(searchesVariable))
	if err != nil {
		searches = harness.Amount(100, 500)
	}
	if err := flag.Set("rapid.checks", strconv.Itoa(max(1, searches/searchThemes))); err != nil {
		panic(err)
	}
}

// searched is a database with its oracle.
type searched struct {
	*api
	engine string
	world  *oracleWorld
	// standing is the versions now, and then at each instant that a search may ask for.
	standing [][]*oracleStanding
}

// search is a query with the same meaning in each database.
type search struct {
	filter map[string]any
	// order is nil for none.
	order []any
	// asOf is 0 for none, else the number of an instant.
	asOf  int
	pages paging
}

// paging is the number of pages of a list, and the direction.
type paging struct {
	pages    int
	backward bool
}

// TestSearchAgrees loads the same data into both engines and holds random searches, read page by page, against the
// oracle. PLACARD_TEST_SEARCHES is their number. A failure is shrunk to a small filter.
func TestSearchAgrees(t *testing.T) {
	t.Parallel()
	var databases []*searched
	for _, engine := range []string{"sqlite", "postgres"} {
		a := open(t, storetest.Engines[engine](t))
		world := load(a)
		limits := models.DefaultLimits()
		limits.QueryCost = math.MaxInt32
		a.configure(apitest.Options{Limits: &limits})
		databases = append(databases, newSearched(a, engine, world))
	}
	p := newPool()
	for name, draw := range map[string]func(t *rapid.T) search{
		"fields": func(t *rapid.T) search {
			return search{filter: theme{p, fieldNames, 4}.drawFilter(t, 0), asOf: drawAsOf(t, 9)}
		},
		"predicates": func(t *rapid.T) search {
			return search{filter: p.drawPredicates(t), asOf: drawAsOf(t, 9)}
		},
		"metadata": func(t *rapid.T) search {
			return search{filter: theme{p, []string{"metadata"}, 4}.drawFilter(t, 0), asOf: drawAsOf(t, 9)}
		},
		"order": func(t *rapid.T) search {
			filter := theme{p, []string{"artifact", "type", "producedBy"}, 0}.drawFilter(t, 0)
			return search{filter: filter, order: p.drawOrder(t), asOf: drawAsOf(t, 6)}
		},
		"all": func(t *rapid.T) search {
			names := slices.Concat([]string{"metadata", "metadata"}, fieldNames)
			return search{filter: theme{p, names, 5}.drawFilter(t, 0), order: p.drawOrder(t), asOf: drawAsOf(t, 3)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				s := draw(t)
				s.pages = paging{1 + drawIndex(t, 4, "pages"), rapid.Bool().Draw(t, "backward")}
				for _, database := range databases {
					if difference := database.differs(s); difference != "" {
						t.Fatal(difference)
					}
				}
			})
		})
	}
}

// drawAsOf draws an instant in one of `often` searches.
func drawAsOf(t *rapid.T, often int) int {
	if drawIndex(t, often+1, "asOf") < often {
		return 0
	}
	return 1 + drawIndex(t, 5, "instant")
}

func newSearched(a *api, engine string, world *oracleWorld) *searched {
	d := &searched{api: a, engine: engine, world: world}
	d.standing = append(d.standing, world.at(d.instant(5)))
	for n := 1; n <= 5; n++ {
		d.standing = append(d.standing, world.at(d.instant(n)))
	}
	return d
}

// instant returns the n-th instant to read as of: the marks, an instant long before them, and one long after.
func (d *searched) instant(n int) time.Time {
	switch n {
	case 4:
		return time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
	case 5:
		return time.Date(2999, 12, 31, 23, 59, 59, 999999999, time.UTC)
	}
	return d.world.marks[n-1]
}

const searchQuery = `query($where: ArtifactVersionFilter, $orderBy: [ArtifactVersionOrder!], $asOf: DateTime,
	$first: Int, $after: String, $last: Int, $before: String) {
	artifactVersions(where: $where, orderBy: $orderBy, asOf: $asOf, first: $first, after: $after, last: $last, before: $before) {
		totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
	}
}`

// differs describes how the response of the database differs from that of the oracle. It returns an empty text if it
// does not.
func (d *searched) differs(s search) string {
	filter, _ := there(s.filter, d.world).(map[string]any)
	want := oracleSearch(d.standing[s.asOf], filter, s.order)
	variables := map[string]any{"where": filter}
	if len(filter) == 0 {
		delete(variables, "where")
	}
	if s.order != nil {
		variables["orderBy"] = s.order
	}
	if s.asOf != 0 {
		variables["asOf"] = d.instant(s.asOf).Format(time.RFC3339Nano)
	}
	asked, err := json.Marshal(variables)
	if err != nil {
		return err.Error()
	}
	got, failure := d.read(variables, s.pages, len(want))
	if strings.Contains(failure, "conditions that no index answers") {
		return "" // the search is refused before it is executed
	}
	if failure == "" {
		failure = d.compare(s, got, want)
	}
	if failure == "" {
		return ""
	}
	return fmt.Sprintf("%s, variables %s, backward %v: %s", d.engine, inASCII(asked), s.pages.backward, failure)
}

// inASCII escapes all other characters of JSON, because many of them look alike.
func inASCII(text []byte) string {
	var ascii strings.Builder
	for _, unit := range utf16.Encode([]rune(string(text))) {
		if unit < 127 {
			ascii.WriteByte(byte(unit))
		} else {
			fmt.Fprintf(&ascii, `\u%04x`, unit)
		}
	}
	return ascii.String()
}

// read reads the whole list, in the given number of pages if it has the expected size. It describes the first fault of
// a page.
func (d *searched) read(variables map[string]any, p paging, size int) (ids []string, failure string) {
	length := min(100, max(1, (size+p.pages-1)/p.pages))
	more, less, cursor, from, to := "hasNextPage", "hasPreviousPage", "endCursor", "first", "after"
	if p.backward {
		more, less, cursor, from, to = "hasPreviousPage", "hasNextPage", "startCursor", "last", "before"
	}
	variables[from] = length
	wrong := ""
	for {
		page, failure := d.page(variables)
		if failure != "" {
			return nil, failure
		}
		var these []string
		for _, node := range page.Nodes {
			id, _, isView := strings.Cut(node.ID, "@")
			if isView != d.isPast(variables) {
				wrong = fmt.Sprintf("the ID %s does not fit the instant", node.ID)
			}
			these = append(these, id)
		}
		before := len(ids) > 0
		if p.backward {
			ids = append(these, ids...)
		} else {
			ids = append(ids, these...)
		}
		switch {
		case page.TotalCount != size:
			wrong = fmt.Sprintf("totalCount is %d, want %d", page.TotalCount, size)
		case page.PageInfo[less] != before:
			wrong = fmt.Sprintf("%s is %v after %d versions", less, page.PageInfo[less], len(ids)-len(these))
		}
		switch {
		case page.PageInfo[more] == false && len(ids) == size:
			return ids, wrong
		case page.PageInfo[more] == false:
			return ids, "" // which are missing says more
		case len(these) != length:
			return ids, fmt.Sprintf("a page of %d has %d versions, and there are more", length, len(these))
		case len(ids) > 2*len(d.world.versions):
			return ids, "the pages do not end"
		}
		variables[to] = page.PageInfo[cursor]
	}
}

// isPast reports whether variables ask for the past. An instant in the future means now.
func (d *searched) isPast(variables map[string]any) bool {
	asOf, ok := variables["asOf"]
	return ok && asOf != d.instant(5).Format(time.RFC3339Nano)
}

// searchedPage is a page of a response.
type searchedPage struct {
	TotalCount int
	Nodes      []struct{ ID string }
	PageInfo   map[string]any
}

// page asks for one page.
func (d *searched) page(variables map[string]any) (*searchedPage, string) {
	text, err := json.Marshal(map[string]any{"query": searchQuery, "variables": variables})
	if err != nil {
		return nil, err.Error()
	}
	w, _ := d.post(string(text))
	var answer struct {
		Data   struct{ ArtifactVersions *searchedPage }
		Errors []any
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.Errors != nil || answer.Data.ArtifactVersions == nil {
		return nil, fmt.Sprintf("the answer is %.1000s", w.Body)
	}
	return answer.Data.ArtifactVersions, ""
}

// compare describes the versions that are missing, unexpected or at the wrong position.
func (d *searched) compare(s search, got []string, want []*oracleStanding) string {
	var wanted []string
	for _, standing := range want {
		wanted = append(wanted, standing.id)
	}
	if slices.Equal(got, wanted) {
		return ""
	}
	var report strings.Builder
	fmt.Fprintf(&report, "%d versions, want %d", len(got), len(wanted))
	places := placesIn(s.filter, placesIn(s.order, nil))
	show := func(what string, ids, others []string) (differ bool) {
		shown := 0
		for _, id := range ids {
			if !slices.Contains(others, id) && shown < 4 {
				shown++
				fmt.Fprintf(&report, "\n%s: %s", what, d.describe(s.asOf, id, places))
			}
		}
		return shown > 0
	}
	missing, unwanted := show("missing", wanted, got), show("not wanted", got, wanted)
	if missing || unwanted {
		return report.String()
	}
	for i := range min(len(got), len(wanted)) {
		if got[i] != wanted[i] {
			fmt.Fprintf(&report, "\nat %d: %s\n want: %s", i, d.describe(s.asOf, got[i], places), d.describe(s.asOf, wanted[i], places))
			break
		}
	}
	return report.String()
}

// placesIn returns the keys in a filter or an order.
func placesIn(node any, places []oraclePlace) []oraclePlace {
	switch node := node.(type) {
	case []any:
		for _, item := range node {
			places = placesIn(item, places)
		}
	case map[string]any:
		if key, ok := node["key"].(string); ok {
			card, _ := node["card"].(string)
			return append(places, oraclePlace{card, key})
		}
		for _, inside := range node {
			places = placesIn(inside, places)
		}
	}
	slices.SortFunc(places, func(a, b oraclePlace) int { return strings.Compare(a.card+"\x00"+a.key, b.card+"\x00"+b.key) })
	return slices.Compact(places)
}

// describe returns a version as of an instant, with its values of the keys.
func (d *searched) describe(asOf int, id string, places []oraclePlace) string {
	for _, s := range d.standing[asOf] {
		if s.id != id {
			continue
		}
		text := fmt.Sprintf("%s/%s, number %d, id %s, created %s, tags %+q, aliases %+q, latest %v", s.artifact, s.version, s.number, s.id,
			s.createdAt.Format(time.RFC3339Nano), s.tags, s.aliases, s.latest)
		if s.kind != nil {
			text += ", type " + *s.kind
		}
		if s.producer != nil {
			text += fmt.Sprintf(", produced by %+v", *s.producer)
		}
		for _, place := range places {
			value, ok := s.values[place]
			if !ok {
				text += fmt.Sprintf(", %q has no value", place)
				continue
			}
			text += fmt.Sprintf(", %q is %s", place, value)
		}
		return text
	}
	return "a version that is not there: " + id
}
