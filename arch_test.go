package main

import (
	"bufio"
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/placard/placard/internal/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

const module = "github.com/placard/placard"

// imports maps a package to the packages of this module that it may import: dependencies point down. Tests may import
// more.
var imports = map[string][]string{
	"":                         {"graph", "internal/admission", "internal/command", "internal/config", "internal/gqlhttp", "internal/httpd", "internal/operation", "internal/store", "internal/store/engine", "internal/telemetry"},
	"internal/jsontree":        {},
	"internal/near":            {},
	"models":                   {"internal/jsontree", "internal/near"},
	"graph/exec":               {"models", "internal/seqmarshal"},
	"graph":                    {"models", "graph/exec", "internal/auth", "internal/batch", "internal/operation", "internal/seqmarshal", "internal/store"},
	"internal/admission":       {},
	"internal/apitest":         {"models", "graph", "internal/admission", "internal/gqlhttp", "internal/operation", "internal/store"},
	"internal/batch":           {"models"},
	"internal/gqlhttp":         {"models", "internal/admission", "internal/auth", "internal/operation", "internal/requestid"},
	"internal/lru":             {},
	"internal/operation":       {"models", "internal/jsontree", "internal/lru", "internal/near", "internal/requestid"},
	"internal/requestid":       {},
	"internal/gen":             {},
	"internal/seqmarshal":      {},
	"internal/auth":            {"models"},
	"internal/store":           {"models", "internal/auth", "internal/store/access", "internal/store/engine", "internal/store/search", "internal/store/snapshot", "internal/store/target"},
	"internal/store/access":    {"models", "internal/auth", "internal/near", "internal/store/engine"},
	"internal/store/target":    {"models", "internal/auth", "internal/near", "internal/store/access", "internal/store/engine"},
	"internal/store/snapshot":  {"models"},
	"internal/store/engine":    {"models", "internal/admission"},
	"internal/store/search":    {"models", "internal/store/engine"},
	"internal/store/storetest": {"models", "internal/auth", "internal/harness", "internal/store", "internal/store/engine"},
	"internal/harness":         {},
	"internal/store/bulk":      {"models", "internal/store", "internal/store/engine"},
	"internal/transfer":        {"models", "internal/atomicfile", "internal/auth", "internal/jsontree", "internal/progress", "internal/store", "internal/store/bulk"},
	"internal/config":          {"models", "internal/near"},
	"internal/atomicfile":      {},
	"internal/progress":        {},
	"internal/backup":          {"internal/atomicfile", "internal/progress", "internal/store/engine"},
	"internal/command":         {"models", "internal/auth", "internal/backup", "internal/config", "internal/progress", "internal/store", "internal/store/engine", "internal/store/bulk", "internal/transfer"},
	"internal/httpd":           {"internal/gqlhttp", "internal/requestid", "internal/store", "internal/store/engine", "models", "web"},
	"internal/telemetry":       {"internal/admission", "internal/gqlhttp", "internal/requestid", "internal/store", "internal/store/engine", "models"},
	"web":                      {},
	"deploy":                   {},
	"e2e":                      {},
	"examples/penguins":        {},
	"bench":                    {"models", "internal/apitest", "internal/auth", "internal/gqlhttp", "internal/store", "internal/store/storetest", "bench/load"},
	"bench/load":               {"models"},
}

// only maps a foreign module to the packages that may import it, so that another module can replace it.
var only = map[string][]string{
	"gorm.io/":                    {"internal/store", "internal/store/access", "internal/store/engine", "internal/store/search"},
	"github.com/libtnb/":          {"internal/store/engine"},
	"modernc.org/":                {"internal/store/engine", "bench/load"},
	"github.com/jackc/":           {"internal/store/engine", "internal/store/storetest", "bench", "bench/load"},
	"github.com/99designs/gqlgen": {"graph", "graph/exec", "internal/gen", "internal/operation", "internal/seqmarshal"},
	"github.com/vektah/gqlparser": {"internal/operation", "graph/exec"},
	"github.com/alecthomas/kong":  {"internal/config", "bench"},
	"github.com/klauspost/":       {"internal/httpd"},
	"github.com/go-json-":         {"internal/jsontree"},
	"github.com/prometheus/":      {"internal/telemetry"},
	"net/http":                    {"", "internal/gqlhttp", "internal/httpd", "internal/telemetry", "web", "examples/penguins", "bench"},
	"database/sql":                {"models", "internal/store", "internal/store/bulk", "internal/store/engine", "internal/store/storetest", "bench/load"},
	"go.opentelemetry.io/":        {"internal/telemetry"},
	"github.com/goccy/go-yaml":    {},
	"github.com/Shopify/":         {},
	"github.com/rs/cors":          {"internal/httpd"},
	"github.com/rs/zerolog":       {},
}

// TestStructureImports holds the packages against the two tables.
func TestStructureImports(t *testing.T) {
	t.Parallel()
	out, err := harness.Command(t, 2*time.Minute, "go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		name := strings.TrimPrefix(strings.TrimPrefix(fields[0], module), "/")
		allowed, known := imports[name]
		if !known {
			t.Errorf("%s is not in the table of imports", name)
		}
		for _, imported := range fields[1:] {
			if ours, ok := strings.CutPrefix(imported, module+"/"); ok && !slices.Contains(allowed, ours) {
				t.Errorf("%q may not import %s", name, ours)
			}
			for outside, packages := range only {
				if strings.HasPrefix(imported, outside) && !slices.Contains(packages, name) && !strings.HasPrefix(imported, "database/sql/driver") {
					t.Errorf("%q may not import %s", name, imported)
				}
			}
			if name == "models" && strings.Contains(imported, ".") && !strings.HasPrefix(imported, module) && imported != "github.com/google/uuid" || name == "models" && imported == "context" {
				t.Errorf("models is pure and may not import %s", imported)
			}
		}
	}
}

// TestStructureSizes keeps files and functions short enough to be read at once, and leaves nothing unfinished.
func TestStructureSizes(t *testing.T) {
	t.Parallel()
	for _, path := range handWritten(t) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		lines := bytes.Count(text, []byte("\n"))
		if lines > 400 {
			t.Errorf("%s has %d lines, at most 400 are allowed", path, lines)
		}
		set := token.NewFileSet()
		tree, err := parser.ParseFile(set, path, text, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range tree.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "storetest") {
				continue
			}
			if n := set.Position(function.End()).Line - set.Position(function.Pos()).Line + 1; n > 60 {
				t.Errorf("%s: %s has %d lines, at most 60 are allowed", path, function.Name.Name, n)
			}
			if function.Name.IsExported() && function.Doc == nil && public(function) {
				t.Errorf("%s: %s has no comment", path, function.Name.Name)
			}
		}
		if strings.Contains(string(text), "not "+"implemented") || strings.Contains(string(text), "TO"+"DO") {
			t.Errorf("%s has something unfinished", path)
		}
	}
	if server, err := os.ReadFile("server.go"); err != nil || bytes.Count(server, []byte("\n")) > 150 {
		t.Errorf("server.go is for wiring only, at most 150 lines (%v)", err)
	}
}

// describedMethods are methods that an interface or a file describes, so that they need no comment of their own.
var describedMethods = []string{
	"Error", "Unwrap", "String", "IsNode", "NodeID", "MetadataRef", "Kind", "Display", "JSON", "ExtendedJSON", "Check",
}

// public reports whether a function needs a comment: it is exported, or a method of an exported type.
func public(function *ast.FuncDecl) bool {
	if function.Recv == nil {
		return true
	}
	receiver := function.Recv.List[0].Type
	if pointer, ok := receiver.(*ast.StarExpr); ok {
		receiver = pointer.X
	}
	name, ok := receiver.(*ast.Ident)
	return ok && name.IsExported() && !slices.Contains(describedMethods, function.Name.Name)
}

// TestStructureUnbound checks that each type of the schema has a hand-written Go type.
func TestStructureUnbound(t *testing.T) {
	t.Parallel()
	if text, err := os.ReadFile("graph/exec/unbound_gen.go"); err == nil {
		t.Errorf("these types of the schema have no Go type in models:\n%s", text)
	}
}

// handWritten returns the paths of the Go files that are not generated.
func handWritten(t *testing.T) []string {
	t.Helper()
	var paths []string
	err := filepath.WalkDir(".", func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (path == "graph/exec" || entry.Name() == "node_modules" || strings.HasPrefix(entry.Name(), ".") && path != ".") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, ".go") {
			paths = append(paths, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// TestStructureDocuments checks that the relative links of documents lead to existing files.
func TestStructureDocuments(t *testing.T) {
	t.Parallel()
	documents, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	decisions, err := filepath.Glob("docs/*/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(append(documents, decisions...), "README.md", "CONTRIBUTING.md") {
		file, err := os.Open(path)
		if err != nil {
			t.Error(err)
			continue
		}
		fenced := false
		for scanner := bufio.NewScanner(file); scanner.Scan(); {
			if strings.HasPrefix(strings.TrimSpace(scanner.Text()), "```") {
				fenced = !fenced
			}
			if fenced {
				continue
			}
			for _, part := range strings.Split(scanner.Text(), "](")[1:] {
				target, _, _ := strings.Cut(part, ")")
				target, _, _ = strings.Cut(target, "#")
				if target == "" || strings.Contains(target, "://") {
					continue
				}
				if _, err := os.Stat(filepath.Join(filepath.Dir(path), target)); err != nil {
					t.Errorf("%s leads to %s, which is not there", path, target)
				}
			}
		}
		_ = file.Close()
	}
}

var (
	testName = regexp.MustCompile("`(Test[A-Za-z0-9]+)[^`]*`")
	caseName = regexp.MustCompile(`"([a-z][^"]+)"`)
)

// TestStructureGuarantees checks that each guarantee of docs/guarantees.md names existing tests.
func TestStructureGuarantees(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("docs/guarantees.md")
	if err != nil {
		t.Fatal(err)
	}
	var tests strings.Builder
	for _, path := range handWritten(t) {
		if isTest(path) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			tests.Write(text)
		}
	}
	guarantees, _, _ := strings.Cut(string(document), "## Not guaranteed")
	items := strings.Split(strings.Join(strings.Fields(strings.ReplaceAll(guarantees, "\n- ", "\n@ ")), " "), " @ ")
	if len(items) < 50 {
		t.Errorf("docs/guarantees.md has only %d guarantees", len(items))
	}
	for _, item := range items[1:] {
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

// isTest reports whether a Go file contains tests or the suite of the store.
func isTest(path string) bool {
	return strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "internal/store/storetest/")
}
