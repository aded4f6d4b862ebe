package config

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var write = flag.Bool("write", false, "write the table of settings into docs/operations.md")

const operations = "../../docs/operations.md"

// TestSettings compares the table of settings in docs/operations.md with the flags.
func TestSettings(t *testing.T) {
	t.Parallel()
	settings, err := Settings()
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	table.WriteString("\n| flag | variable | default | meaning |\n|---|---|---|---|\n")
	for _, s := range settings {
		value := s.Default
		if value != "" {
			value = "`" + value + "`"
		}
		fmt.Fprintf(&table, "| `--%s` | `%s` | %s | %s |\n", s.Flag, s.Variable, value, strings.ReplaceAll(s.Help, "|", "\\|"))
	}
	table.WriteString("\n")
	text, err := os.ReadFile(operations)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), "-write` -->\n")
	got, after, closed := strings.Cut(rest, "<!-- end of settings -->")
	if !ok || !closed {
		t.Fatal("the comments around the table are missing")
	}
	if *write {
		if err := os.WriteFile(operations, []byte(before+"-write` -->\n"+table.String()+"<!-- end of settings -->"+after), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if got != table.String() {
		t.Errorf("the table is outdated: run `go test ./internal/config -run TestSettings -write`\n%s", table.String())
	}
}

// TestVariables checks that each PLACARD_ variable in the documents and in deploy/ is a setting.
func TestVariables(t *testing.T) {
	t.Parallel()
	settings, err := Settings()
	if err != nil {
		t.Fatal(err)
	}
	// Variables of clients, and the placeholder PLACARD_NAME.
	known := []string{"PLACARD_API_KEY", "PLACARD_URL", "PLACARD_NAME", "PLACARD_PORT"}
	for _, s := range settings {
		known = append(known, s.Variable)
	}
	found := 0
	for _, pattern := range []string{"../../*.md", "../../docs/*.md", "../../deploy/*"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if strings.HasSuffix(path, ".go") {
				continue
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range regexp.MustCompile(`PLACARD_[A-Z0-9_]*[A-Z0-9]`).FindAllString(string(text), -1) {
				found++
				if !slices.Contains(known, name) && !strings.HasPrefix(name, "PLACARD_TEST_") && !strings.HasPrefix(name, "PLACARD_LIKE_") {
					t.Errorf("%s contains %s, which is not a setting", path, name)
				}
			}
		}
	}
	if found < 20 {
		t.Errorf("only %d variables were found", found)
	}
}
