package e2e

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/placard/placard/internal/store/storetest"
)

// TestTableOfValues logs the values in the table of reference/values.md in both forms, and compares kind and display.
func TestTableOfValues(t *testing.T) {
	t.Parallel()
	s := start(t, freeAddress(t), storetest.SQLite(t))
	var writes strings.Builder
	entries, want, code := map[string]any{}, map[string]string{}, regexp.MustCompile("`([^`]*)`")
	for line := range strings.Lines(documentPage(t, "reference/values.md")) {
		cells := strings.Split(line, " | ")
		if len(cells) != 5 || strings.Contains(line, "(extended JSON)") {
			continue
		}
		name, kind := fmt.Sprintf("k%d", len(want)), strings.TrimPrefix(cells[0], "| ")
		entries[name] = json.RawMessage(code.FindStringSubmatch(cells[1])[1])
		want[name] = kind + " " + code.FindStringSubmatch(cells[4])[1]
		if field := code.FindStringSubmatch(cells[2])[1]; strings.Contains(field, ":") {
			fmt.Fprintf(&writes, "{key: %q, card: \"typed\", value: {%s}}\n", name, field)
		}
	}
	if len(want) < 17 {
		t.Fatalf("the table has %d rows", len(want))
	}
	got := ask(s.addr, `mutation($m: JSONObject!) { createArtifactVersion(input: {artifact: "values", metadata: $m, entries: [`+writes.String()+`]}) {
		artifactVersion { metadata { key kind value { ... on DisplayValue { display } } } } } }`, map[string]any{"m": entries})
	if got.err != nil || got.code != "" {
		t.Fatalf("%v %s %s", got.err, got.code, got.message)
	}
	text, err := json.Marshal(got.data)
	if err != nil {
		t.Fatal(err)
	}
	var response struct {
		CreateArtifactVersion struct {
			ArtifactVersion struct {
				Metadata []struct {
					Key, Kind string
					Value     struct{ Display string }
				}
			}
		}
	}
	if err := json.Unmarshal(text, &response); err != nil {
		t.Fatal(err)
	}
	all := response.CreateArtifactVersion.ArtifactVersion.Metadata
	if len(all) != 2*len(want)-1 {
		t.Errorf("%d entries were logged from %d rows", len(all), len(want))
	}
	for _, entry := range all {
		if shown := entry.Kind + " " + entry.Value.Display; shown != want[entry.Key] {
			t.Errorf("%s is %q, and the table shows %q", entry.Key, shown, want[entry.Key])
		}
	}
}

// TestLinksOfDocuments checks that docs/README.md links to each page, and that each link to a heading leads to one.
func TestLinksOfDocuments(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("../docs/*/*.md")
	if err != nil {
		t.Fatal(err)
	}
	index, count := documentPage(t, "README.md"), 0
	for _, path := range append(paths, "../README.md", "../docs/coming-from.md") {
		page, err := filepath.Rel("../docs", path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(page, "adr") && !strings.Contains(index, "("+page+")") && page != "../README.md" {
			t.Errorf("docs/README.md does not link to %s", page)
		}
		for _, link := range regexp.MustCompile(`\]\(([^):#]*)#([^)]+)\)`).FindAllStringSubmatch(documentPage(t, page), -1) {
			target := page
			if link[1] != "" {
				target = filepath.Join(filepath.Dir(page), link[1])
			}
			if !slices.Contains(headings(documentPage(t, target)), link[2]) {
				t.Errorf("%s links to %s#%s, which is no heading", page, target, link[2])
			}
			count++
		}
	}
	if count < 30 {
		t.Errorf("only %d links to headings were found", count)
	}
}

// headings returns the anchors of the headings of a page, as GitHub makes them.
func headings(text string) []string {
	var anchors []string
	for _, match := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
		bare := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(match[1]), "")
		anchors = append(anchors, strings.ReplaceAll(bare, " ", "-"))
	}
	return anchors
}
