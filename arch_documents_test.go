package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	markdownLink = regexp.MustCompile(`\]\(([^)#\s]+)[^)]*\)`)
	testName     = regexp.MustCompile("`(Test[A-Za-z0-9]+)[^`]*`")
	caseName     = regexp.MustCompile(`"([a-z][^"]+)"`)
)

// TestStructureDocuments checks that relative links of documents have a target.
func TestStructureDocuments(t *testing.T) {
	t.Parallel()
	for path, text := range texts(t, ".md") {
		for _, link := range markdownLink.FindAllStringSubmatch(withoutCodeBlocks(text), -1) {
			if strings.Contains(link[1], ":") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), link[1])); err != nil {
				t.Errorf("%s links to %s, which does not exist", path, link[1])
			}
		}
	}
}

// TestStructureGuarantees checks that each guarantee of docs/guarantees.md names existing tests.
func TestStructureGuarantees(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("docs/guarantees.md")
	if err != nil {
		t.Fatal(err)
	}
	var tests strings.Builder
	for _, file := range sources(t) {
		if isTest(file.path) {
			tests.WriteString(file.text)
		}
	}
	guarantees, _, _ := strings.Cut(string(document), "## Not guaranteed")
	items := strings.Split(guarantees, "\n- ")
	if len(items) < 50 {
		t.Errorf("docs/guarantees.md has only %d guarantees", len(items))
	}
	for _, item := range items[1:] {
		item = strings.Join(strings.Fields(item), " ")
		_, names, ok := strings.Cut(item, "Tests: ")
		if !ok {
			t.Errorf("docs/guarantees.md: no test is named for %q", item)
		}
		for _, name := range testName.FindAllStringSubmatch(names, -1) {
			if !strings.Contains(tests.String(), "func "+name[1]+"(") {
				t.Errorf("docs/guarantees.md names %s, which does not exist", name[1])
			}
		}
		for _, name := range caseName.FindAllStringSubmatch(names, -1) {
			if !strings.Contains(tests.String(), `tests["`+name[1]+`"]`) {
				t.Errorf("docs/guarantees.md names the case %q, which internal/store/storetest does not have", name[1])
			}
		}
	}
}
