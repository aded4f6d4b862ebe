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

var write = flag.Bool("write", false, "write the table of settings into docs/reference/settings.md")

const settingsPage = "../../docs/reference/settings.md"

// TestSettings checks that docs/reference/settings.md has the settings and the texts of --help.
func TestSettings(t *testing.T) {
	t.Parallel()
	settings, err := Settings()
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	table.WriteString("\n| flag | variable | default | what it is |\n|---|---|---|---|\n")
	for _, s := range settings {
		value := s.Default
		if value != "" {
			value = "`" + value + "`"
		}
		fmt.Fprintf(&table, "| `--%s` | `%s` | %s | %s |\n", s.Flag, s.Variable, value, strings.ReplaceAll(s.Help, "|", "\\|"))
	}
	table.WriteString("\n")
	text, err := os.ReadFile(settingsPage)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), "-write` -->\n")
	got, after, closed := strings.Cut(rest, "<!-- end of settings -->")
	if !ok || !closed {
		t.Fatal("the table has no marks around it")
	}
	if *write {
		if err := os.WriteFile(settingsPage, []byte(before+"-write` -->\n"+table.String()+"<!-- end of settings -->"+after), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if got != table.String() {
		t.Errorf("the settings have changed: run `go test ./internal/config -run TestSettings -write`\n%s", table.String())
	}
}

// TestVariables: each PLACARD_ variable that the documents and deploy/ name is a setting.
func TestVariables(t *testing.T) {
	t.Parallel()
	settings, err := Settings()
	if err != nil {
		t.Fatal(err)
	}
	// Of clients; and what PLACARD_NAME stands for.
	known := []string{"PLACARD_API_KEY", "PLACARD_URL", "PLACARD_NAME", "PLACARD_PORT"}
	for _, s := range settings {
		known = append(known, s.Variable)
	}
	found := 0
	for _, pattern := range []string{"../../*.md", "../../docs/*.md", "../../docs/*/*.md", "../../deploy/*"} {
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
					t.Errorf("%s names %s, which is no setting", path, name)
				}
			}
		}
	}
	if found < 20 {
		t.Errorf("only %d variables were found", found)
	}
}
