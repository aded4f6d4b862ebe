package graph_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/placard/placard/internal/apitest"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

// warnings returns the warnings of a query of a caller, and the number of its statements.
func (w *world) warnings(caller, query string) ([]any, int64) {
	w.Helper()
	recorder, statements := w.post(bodyOf(w, query), "Authorization", "Bearer "+w.keys[caller])
	answer := decode(w, recorder.Body.Bytes()).(map[string]any)
	if answer["errors"] != nil {
		w.Fatal(answer)
	}
	list, _ := answer["extensions"].(map[string]any)["warnings"].([]any)
	return list, statements
}

// TestWarningsDiscloseNothing checks that no warning names a key or a project that the caller may not read, and that a
// project of others is like none.
func TestWarningsDiscloseNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		w := emptyWorld(t, url)
		w.fill(alpha, 1)
		w.fill(beta, 1)
		w.owner(w.put(beta, beta, `mutation { logMetadata(input: {target: {artifactVersionId: "{ArtifactVersion}"}, metadata: {secret_key: 1, waitz: 2, cardBETAMARK: {inside: 1}}}) { deduplicated } }`))
		w.configure(apitest.Options{RequireAPIKey: true})
		questions := []string{
			`{ artifactVersions(where: {or: [{metadata: {key: "secret_kez", exists: true}}, {metadata: {card: "cardBETAMARK", key: "insid", exists: true}}, {metadata: {key: "wait", exists: true}}]}) { nodes { id } } }`,
			w.put(alpha, alpha, `{ artifactVersion(ref: {id: "{ArtifactVersion}"}) { metadata(keys: ["secret_key", "waitz", "insido"]) { key } metadataSeries(key: "waitz") { points { number } } } }`),
		}
		for _, caller := range []string{"reader", "admin"} {
			for _, question := range questions {
				got, _ := w.warnings(caller, question)
				if len(got) < 3 {
					t.Errorf("%s: only %v", question, got)
				}
				for _, warning := range got {
					text := fmt.Sprint(warning.(map[string]any)["candidates"])
					if strings.Contains(text, "secret") || strings.Contains(text, "BETA") || strings.Contains(text, "waitz") {
						t.Errorf("%s gets %v", caller, warning)
					}
				}
			}
			foreign, n := w.warnings(caller, `{ artifacts(project: "`+beta+`") { nodes { id } } }`)
			none, m := w.warnings(caller, `{ artifacts(project: "`+ghost+`") { nodes { id } } }`)
			if a, b := fmt.Sprint(foreign), fmt.Sprint(none); strings.ReplaceAll(a, beta, ghost) != b || n != m || len(none) != 1 {
				t.Errorf("%s gets %s by %d statements, and %s by %d", caller, a, n, b, m)
			}
		}
		for caller, want := range map[string]string{"reader": "[]", "owner": "[" + beta + "]"} {
			got, _ := w.warnings(caller, `{ artifacts(project: "`+beta+`s") { nodes { id } } }`)
			if text := fmt.Sprint(got[0].(map[string]any)["candidates"]); text != want {
				t.Errorf("%s gets %s, want %s", caller, text, want)
			}
		}
	})
}

// TestManyWarnings checks that a query with many unknown keys has at most 10 warnings, and a bounded number of look-ups.
func TestManyWarnings(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		w := emptyWorld(t, url)
		var conditions, keys []string
		for i := range models.MaxFilterPredicates {
			conditions = append(conditions, fmt.Sprintf(`{metadata: {key: "unknown%d", lt: "a"}}`, i))
		}
		for i := range 1000 {
			keys = append(keys, fmt.Sprintf(`"unknown%d"`, i))
		}
		w.owner(`mutation { createArtifactVersion(input: {artifact: "a", metadata: {unknown: 1}}) { artifactVersion { id } } }`)
		filter := `artifactVersions(where: {or: [` + strings.Join(conditions, ",") + `]}) { nodes { id } }`
		list := `artifact(name: "a") { latestVersion { metadata(keys: [` + strings.Join(keys, ",") + `]) { key } } }`
		for _, c := range []struct {
			query string
			most  int64
		}{{"{ " + filter + " }", 4}, {"{ " + list + " }", 6}, {"{ a: " + filter + " b: " + filter + list + " }", 10}} {
			got, statements := w.warnings("owner", c.query)
			if len(got) != models.MaxWarnings || statements > c.most {
				t.Errorf("%d warnings, %d statements, at most %d are allowed", len(got), statements, c.most)
			}
			for i, warning := range got {
				if want := fmt.Sprintf(`no key "unknown%d"`, i); !strings.Contains(fmt.Sprint(warning), want) {
					t.Errorf("%d: got %v, want %s", i, warning, want)
				}
			}
		}
		var lists []string
		for i := range 20 {
			name := fmt.Sprintf("project %d", i)
			w.owner(`mutation { createProject(input: {name: "` + name + `"}) { project { id } } }`)
			lists = append(lists, fmt.Sprintf(`a%d: artifactVersions(project: %q, where: {metadata: {key: "nope", exists: true}}) { nodes { id } }`, i, name))
		}
		// One statement finds the API key, one each project, and two search it. Two look up the key and its candidates in
		// ten projects.
		if _, statements := w.warnings("owner", "{"+strings.Join(lists, " ")+"}"); statements > 1+20+2*20+2*10 {
			t.Errorf("%d statements", statements)
		}
	})
}

// TestWarningsFail checks that a failing look-up leaves the response as it is, and is logged for debugging only.
func TestWarningsFail(t *testing.T) {
	t.Parallel()
	url := storetest.SQLite(t)
	w := emptyWorld(t, url)
	w.sql(url, "DROP INDEX metadata_latest_retracted")
	var log bytes.Buffer
	s, err := reopened(t, w.store, url, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		t.Fatal(err)
	}
	a := newAPI(t, s, apitest.Options{})
	got, _ := a.do(`{ artifactVersions(where: {metadata: {key: "nope", exists: true}}) { nodes { id } } }`, "")
	want := map[string]any{"artifactVersions": map[string]any{"nodes": []any{}}}
	extensions := got["extensions"].(map[string]any)
	if !reflect.DeepEqual(got["data"], any(want)) || got["errors"] != nil || extensions["warnings"] != nil {
		t.Error(got)
	}
	if text := log.String(); !strings.Contains(text, "level=DEBUG msg=\"cannot look up the keys of warnings\"") ||
		strings.Contains(text, "level=ERROR") || strings.Contains(text, "level=WARN") {
		t.Error(text)
	}
}

// reopened closes a store, and opens its database with another log.
func reopened(t *testing.T, s *store.Store, url string, log *slog.Logger) (*store.Store, error) {
	if err := s.Close(); err != nil {
		return nil, err
	}
	again, err := store.Open(context.Background(), url, log)
	if err == nil {
		t.Cleanup(func() { _ = again.Close() })
	}
	return again, err
}

// TestWarningsDocument compares docs/reference/warnings.md with the warnings of its queries, and checks that it
// describes each code.
func TestWarningsDocument(t *testing.T) {
	t.Parallel()
	a := open(t, storetest.SQLite(t))
	text, err := os.ReadFile("../docs/reference/warnings.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	for _, code := range []models.WarningCode{
		models.WarningUnknownKey, models.WarningUnknownProject, models.WarningTextComparedWithNumber,
	} {
		if !strings.Contains(page, "| `"+string(code)+"` |") {
			t.Errorf("%s is not described", code)
		}
	}
	blocks := regexp.MustCompile("(?s)```(graphql|json)\n(.*?)```").FindAllStringSubmatch(page, -1)
	var got map[string]any
	for _, block := range blocks {
		if block[1] == "graphql" {
			got, _ = a.do(block[2], "")
			continue
		}
		want := decode(t, []byte(block[2])).(map[string]any)
		withoutCost(got, want)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %v\nwant %v", got, want)
		}
	}
	if !slices.ContainsFunc(blocks, func(block []string) bool { return block[1] == "json" }) {
		t.Error("the page has no example")
	}
}
