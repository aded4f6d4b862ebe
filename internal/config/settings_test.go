package config

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/placard/placard/models"
)

var write = flag.Bool("write", false, "write the table of settings into docs/reference/settings.md")

// setting is a flag of `placard serve`.
type setting struct {
	flag, variable string
	// value is the default, empty without one or if it depends on the machine.
	value string
	help  string
}

// readSettings returns the flags of `placard serve` in the order of --help.
func readSettings(t *testing.T) []setting {
	t.Helper()
	parser, err := newParser(&CLI{}, "", io.Discard, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	var settings []setting
	for _, flag := range parser.Model.DefaultCmd.Flags {
		if len(flag.Envs) == 0 {
			t.Fatalf("--%s has no environment variable", flag.Name)
		}
		value := flag.Default
		if strings.HasPrefix(flag.Tag.Default, "${") {
			value = ""
		}
		settings = append(settings, setting{flag.Name, flag.Envs[0], value, flag.Help})
	}
	return settings
}

const settingsPage = "../../docs/reference/settings.md"

// TestSettings compares the table of settings in docs/reference/settings.md with the flags.
func TestSettings(t *testing.T) {
	t.Parallel()
	settings := readSettings(t)
	var table strings.Builder
	table.WriteString("\n| flag | variable | default | meaning |\n|---|---|---|---|\n")
	for _, s := range settings {
		value := s.value
		if value != "" {
			value = "`" + value + "`"
		}
		fmt.Fprintf(&table, "| `--%s` | `%s` | %s | %s |\n", s.flag, s.variable, value,
			strings.ReplaceAll(s.help, "|", "\\|"))
	}
	table.WriteString("\n")
	text, err := os.ReadFile(settingsPage)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), "-write` -->\n")
	got, after, closed := strings.Cut(rest, "<!-- end of settings -->")
	if !ok || !closed {
		t.Fatal("the comments around the table are missing")
	}
	if *write {
		if err := os.WriteFile(settingsPage, []byte(before+"-write` -->\n"+table.String()+"<!-- end of settings -->"+after), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if got != table.String() {
		t.Errorf("the table is outdated: run `go test ./internal/config -run TestSettings -write`\n%s", table.String())
	}
}

// TestVariables checks that each PLACARD_ variable in the documents and in deploy/ is a setting.
func TestVariables(t *testing.T) {
	t.Parallel()
	settings := readSettings(t)
	// Variables of clients, and the placeholder PLACARD_NAME.
	known := []string{"PLACARD_API_KEY", "PLACARD_URL", "PLACARD_NAME", "PLACARD_PORT", "PLACARD_PROJECT", "PLACARD_RUN_ID",
		"PLACARD_STEP_RUN_ID", "PLACARD_SPOOL_DIR", "PLACARD_TIMEOUT", "PLACARD_STRICT"}
	for _, s := range settings {
		known = append(known, s.variable)
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
				if !slices.Contains(known, name) && !strings.HasPrefix(name, "PLACARD_TEST_") &&
					!strings.HasPrefix(name, "PLACARD_LIKE_") {
					t.Errorf("%s contains %s, which is not a setting", path, name)
				}
			}
		}
	}
	if found < 20 {
		t.Errorf("only %d variables were found", found)
	}
}

// TestLimits checks that the schema publishes each limit, and that a document names its setting and its default.
func TestLimits(t *testing.T) {
	t.Parallel()
	schema, err := os.ReadFile("../../graph/schema/server.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	err = filepath.WalkDir("../../docs", func(path string, _ os.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".md" {
			return err
		}
		text, err := os.ReadFile(path)
		for _, row := range regexp.MustCompile("(?m)^\\| `([a-zA-Z]+)` \\| ([0-9,]*)[^|]* \\| `([a-z-]+)` \\|").FindAllStringSubmatch(string(text), -1) {
			rows[row[1]] = row[3] + " " + strings.ReplaceAll(row[2], ",", "")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	settings := readSettings(t)
	fields := slices.DeleteFunc(reflect.VisibleFields(reflect.TypeFor[models.ServerLimits]()),
		func(f reflect.StructField) bool { return f.Anonymous })
	limits := slices.DeleteFunc(settings, func(s setting) bool { return !strings.HasPrefix(s.flag, "limit-") })
	if len(fields) != len(limits) {
		t.Fatalf("%d limits have %d flags", len(fields), len(limits))
	}
	for i, limit := range limits {
		name := strings.ToLower(fields[i].Name[:1]) + fields[i].Name[1:]
		if !strings.Contains(string(schema), " "+name+": ") {
			t.Errorf("the schema has no limit %s", name)
		}
		value := cmp.Or(limit.value, "4") // of each core
		if want := strings.TrimPrefix(limit.flag, "limit-") + " " + value; rows[name] != want {
			t.Errorf("the documents have %q for %s, want %q", rows[name], name, want)
		}
	}
}
