package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/placard/placard/internal/apitest"
	"github.com/placard/placard/internal/gqlhttp"
	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
)

func TestMain(m *testing.M) {
	harness.Parallel(4)
	storetest.Main(m)
}

// api is the GraphQL handler of a database that belongs to one test.
type api struct {
	testing.TB
	*gqlhttp.Handler
	store   *store.Store
	options apitest.Options
}

func newAPI(t testing.TB, s *store.Store, o apitest.Options) *api {
	t.Helper()
	a := &api{TB: t, store: s}
	a.configure(o)
	return a
}

// configure replaces the handler by one with other options.
func (a *api) configure(o apitest.Options) {
	a.Helper()
	handler, err := apitest.New(a.store, o)
	if err != nil {
		a.Fatal(err)
	}
	a.Handler, a.options = handler, o
}

func open(t testing.TB, url string) *api {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	s, err := store.Open(context.Background(), url, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return newAPI(t, s, apitest.Options{})
}

// post sends a body and returns the answer, with the number of SQL statements that it cost.
func (a *api) post(body string, headers ...string) (*httptest.ResponseRecorder, int64) {
	meter := &storetest.Meter{}
	return a.postMetered(context.Background(), meter, body, headers...), meter.Statements()
}

// postMetered sends a body in a context, with a meter for its statements.
func (a *api) postMetered(ctx context.Context, meter *storetest.Meter, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(storetest.WithMeter(ctx, meter), http.MethodPost, "/graphql", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	return w
}

// bodyOf returns the body of a request with a query and no variables. Any goroutine may call it.
func bodyOf(t testing.TB, query string) string {
	t.Helper()
	text, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		t.Error(err)
	}
	return string(text)
}

// do sends a query with variables as JSON text, and decodes the answer with its numbers as they are.
func (a *api) do(query, variables string) (map[string]any, int64) {
	a.Helper()
	text, err := json.Marshal(query)
	if err != nil {
		a.Fatal(err)
	}
	if variables == "" {
		variables = "null"
	}
	w, statements := a.post(`{"query": ` + string(text) + `, "variables": ` + variables + `}`)
	return decode(a, w.Body.Bytes()).(map[string]any), statements
}

func decode(t testing.TB, text []byte) any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return value
}

// TestScenarios runs testdata/*.txtar on each engine. A file has steps in order, each of up to three parts:
//
//	-- NAME query --       the query; a first line `# statements: N` allows at most N SQL statements
//	-- NAME variables --   the variables, if any
//	-- NAME want --        the response, without extensions.cost unless it is wanted; errors and warnings have at least
//	                       the listed members
//
// A text <x> in a wanted response matches any text. Further occurrences of <x>, also in queries and variables, are the
// same text. <_> matches any text each time.
func TestScenarios(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios (%v)", err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, func(t *testing.T, url string) { play(open(t, url), archive.Files) })
		})
	}
}

var allowed = regexp.MustCompile(`^# statements: (\d+)(?:, sqlite: (\d+))?\n`)

func play(a *api, parts []txtar.File) {
	known := map[string]string{}
	put := func(text []byte) string {
		replaced := string(text)
		for name, value := range known {
			replaced = strings.ReplaceAll(replaced, "<"+name+">", value)
		}
		return replaced
	}
	var query, variables string
	for _, part := range parts {
		name, kind, _ := strings.Cut(part.Name, " ")
		switch kind {
		case "query":
			query, variables = put(part.Data), ""
		case "variables":
			variables = put(part.Data)
		case "want":
			got, statements := a.do(query, variables)
			want := decode(a, part.Data)
			withoutCost(got, want)
			if err := fits(got, want, known); err != nil {
				text, _ := json.MarshalIndent(got, "", " ")
				a.Fatalf("%s: %v\n%s", name, err, text)
			}
			if most := allowed.FindStringSubmatch(query); most != nil {
				limit := most[1]
				if most[2] != "" && strings.HasSuffix(a.Name(), "/sqlite") {
					limit = most[2]
				}
				if n, _ := strconv.ParseInt(limit, 10, 64); statements > n {
					a.Errorf("%s: %d SQL statements, %d are allowed", name, statements, n)
				}
			}
		default:
			a.Fatalf("%s is no query, variables or want", part.Name)
		}
	}
}

// withoutCost takes extensions.cost out of an answer, unless it is wanted.
func withoutCost(got map[string]any, want any) {
	extensions, ok := got["extensions"].(map[string]any)
	wanted, _ := want.(map[string]any)["extensions"].(map[string]any)
	if _, isWanted := wanted["cost"]; !ok || isWanted {
		return
	}
	if delete(extensions, "cost"); len(extensions) == 0 {
		delete(got, "extensions")
	}
}

// fits returns an error that describes how got differs from want.
func fits(got, want any, known map[string]string) error {
	switch want := want.(type) {
	case string:
		text, _ := got.(string)
		if name, ok := strings.CutPrefix(want, "<"); ok && strings.HasSuffix(name, ">") {
			name = strings.TrimSuffix(name, ">")
			if value, ok := known[name]; ok {
				want = value
			} else if name != "_" {
				if text == "" {
					return fmt.Errorf("got %v, want a text", got)
				}
				known[name] = text
				return nil
			} else {
				return nil
			}
		}
		if text != want {
			return fmt.Errorf("got %v, want %v", got, want)
		}
		return nil
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return fmt.Errorf("got %v, want %v", got, want)
		}
		for i := range want {
			if err := fits(list[i], want[i], known); err != nil {
				return fmt.Errorf("%d: %w", i, err)
			}
		}
		return nil
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			return fmt.Errorf("got %v, want %v", got, want)
		}
		_, isError := object["message"]
		_, isExtensions := object["code"]
		for key := range object {
			if _, wanted := want[key]; !wanted && !isError && !isExtensions {
				return fmt.Errorf("%s: not wanted", key)
			}
		}
		for key := range want {
			if err := fits(object[key], want[key], known); err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
		}
		return nil
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		return fmt.Errorf("got %v, want %v", got, want)
	}
	return nil
}
