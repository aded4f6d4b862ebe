package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/placard/placard/internal/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

const module = "github.com/placard/placard"

// allowedImports maps each package of the module to the packages of the module that its non-test files may import.
// Imports point down. ADR 0032 explains the layout.
var allowedImports = map[string][]string{
	"": {
		"graph", "internal/admission", "internal/command", "internal/config", "internal/gcpace", "internal/gqlhttp",
		"internal/httpd", "internal/operation", "internal/store", "internal/store/engine", "internal/telemetry", "web",
	},
	"models": {"internal/jsontree", "internal/near"},
	"graph": {
		"models", "graph/exec", "internal/auth", "internal/batch", "internal/consistency", "internal/operation", "internal/store",
	},
	"graph/exec": {"models", "internal/entryjson", "internal/seqmarshal"},
	"web":        {},

	"internal/httpd": {"models", "internal/consistency", "internal/gqlhttp", "internal/requestid", "internal/store", "internal/store/engine", "web"},
	"internal/gqlhttp": {
		"models", "internal/admission", "internal/auth", "internal/consistency", "internal/operation", "internal/requestid",
	},
	"internal/operation": {
		"models", "internal/admission", "internal/consistency", "internal/entryjson", "internal/jsontree", "internal/lru", "internal/meter",
		"internal/near", "internal/requestid",
	},
	"internal/entryjson":  {"models", "internal/jsontree", "internal/meter"},
	"internal/meter":      {"models"},
	"internal/seqmarshal": {"internal/meter"},
	"internal/telemetry": {
		"models", "internal/admission", "internal/gqlhttp", "internal/operation", "internal/requestid",
		"internal/store", "internal/store/engine",
	},

	"internal/store": {
		"models", "internal/auth", "internal/store/access", "internal/store/apikey", "internal/store/catalogue",
		"internal/consistency", "internal/store/clientid", "internal/store/expiry",
		"internal/store/deletion", "internal/store/engine", "internal/store/entries", "internal/store/erasure",
		"internal/store/facet", "internal/store/group", "internal/store/lineage", "internal/store/outputs",
		"internal/store/repair", "internal/store/replica", "internal/store/search", "internal/store/snapshot",
		"internal/store/target",
		"internal/store/timeline", "internal/store/versions",
	},
	"internal/store/group":     {"internal/admission"},
	"internal/store/apikey":    {"models", "internal/auth", "internal/store/access", "internal/store/engine"},
	"internal/store/expiry":    {"internal/store/access", "internal/store/engine"},
	"internal/store/catalogue": {"models", "internal/near", "internal/store/engine"},
	"internal/store/access":    {"models", "internal/auth", "internal/near", "internal/store/engine"},
	"internal/store/target": {
		"models", "internal/auth", "internal/near", "internal/store/access", "internal/store/engine",
	},
	"internal/store/deletion": {
		"models", "internal/auth", "internal/near", "internal/store/access", "internal/store/engine",
	},
	"internal/store/erasure":  {"models", "internal/store/access", "internal/store/engine"},
	"internal/store/snapshot": {"models"},
	"internal/store/search":   {"models", "internal/store/engine", "internal/store/versions"},
	"internal/store/versions": {"models", "internal/store/engine"},
	"internal/store/outputs": {
		"models", "internal/store/access", "internal/store/clientid", "internal/store/engine", "internal/store/target",
	},
	"internal/store/repair":   {"models", "internal/store/access", "internal/store/engine"},
	"internal/store/clientid": {"models", "internal/store/access", "internal/store/engine"},
	"internal/store/timeline": {"models", "internal/store/engine", "internal/store/search"},
	"internal/store/facet":    {"models", "internal/store/engine", "internal/store/search"},
	"internal/store/entries": {
		"models", "internal/lru", "internal/store/access", "internal/store/engine", "internal/store/search",
	},
	"internal/store/lineage": {"models", "internal/store/engine", "internal/store/search"},
	"internal/store/engine": {
		"models", "internal/admission", "internal/consistency", "internal/store/backfill", "internal/store/failover",
		"internal/store/pooler", "internal/store/rawrow", "internal/store/replica",
	},
	"internal/store/backfill":     {"models"},
	"internal/store/failover":     {"models"},
	"internal/store/pooler":       {},
	"internal/store/replica":      {"models", "internal/consistency"},
	"internal/store/rawrow":       {"models"},
	"internal/store/distribution": {"internal/store/engine"},
	"internal/store/bulk":         {"models", "internal/store", "internal/store/engine", "internal/store/erasure"},
	"internal/store/sqllint":      {},
	"internal/store/storetest": {
		"models", "internal/auth", "internal/harness", "internal/store", "internal/store/distribution",
		"internal/store/engine", "internal/store/sqllint",
	},

	"internal/command": {
		"models", "internal/auth", "internal/backup", "internal/config", "internal/progress", "internal/store",
		"internal/store/bulk", "internal/store/distribution", "internal/store/engine", "internal/store/replica",
		"internal/transfer",
	},
	"internal/config": {"models", "internal/near"},
	"internal/backup": {"internal/atomicfile", "internal/progress", "internal/store/engine"},
	"internal/transfer": {
		"models", "internal/atomicfile", "internal/auth", "internal/jsontree", "internal/progress", "internal/store",
		"internal/store/bulk",
	},

	"internal/auth":        {"models"},
	"internal/batch":       {"models"},
	"internal/admission":   {},
	"internal/atomicfile":  {},
	"internal/consistency": {},
	"internal/gcpace":      {},
	"internal/harness":     {},
	"internal/jsontree":    {},
	"internal/lru":         {},
	"internal/near":        {},
	"internal/progress":    {},
	"internal/requestid":   {},

	"internal/apitest": {
		"models", "graph", "internal/admission", "internal/gqlhttp", "internal/operation", "internal/store",
	},
	"internal/gen": {},
	"bench": {
		"bench/baseline", "bench/client", "bench/load", "bench/measure", "bench/peers", "bench/process", "bench/report",
		"bench/searches", "bench/workload", "internal/store/storetest",
	},
	"bench/baseline": {"models", "bench/measure", "bench/process", "bench/workload", "internal/harness"},
	"bench/client":   {},
	"bench/measure":  {},
	"bench/peers":    {"models", "bench/client", "bench/process", "bench/workload"},
	"bench/process":  {"bench/client", "internal/harness"},
	"bench/report":   {"bench/measure"},
	"bench/searches": {
		"models", "bench/load", "bench/measure", "bench/process", "internal/apitest", "internal/auth", "internal/gqlhttp", "internal/store",
		"internal/store/storetest",
	},
	"bench/workload":    {"bench/client"},
	"bench/load":        {"models"},
	"deploy":            {},
	"e2e":               {},
	"examples/penguins": {},
}

// importers maps prefixes of import paths to the packages that may import them, so that a dependency stays replaceable.
var importers = map[string][]string{
	"database/sql": {
		"bench/baseline", "bench/load", "internal/backup", "internal/store", "internal/store/access", "internal/store/bulk",
		"internal/store/backfill", "internal/store/distribution", "internal/store/engine", "internal/store/failover",
		"internal/store/pooler", "internal/store/rawrow",
		"internal/store/replica", "internal/store/storetest", "internal/telemetry", "models",
	},
	"net/http": {
		"", "bench/client", "bench/process", "bench/searches", "bench/workload", "examples/penguins", "internal/gqlhttp", "internal/httpd", "internal/telemetry", "web",
	},
	"github.com/99designs/gqlgen": {
		"graph", "graph/exec", "internal/entryjson", "internal/gen", "internal/gqlhttp", "internal/meter",
		"internal/operation", "internal/seqmarshal",
	},
	"github.com/vektah/gqlparser": {
		"graph", "graph/exec", "internal/entryjson", "internal/gqlhttp", "internal/operation",
	},
	"gorm.io/": {
		"internal/store", "internal/store/access", "internal/store/apikey", "internal/store/deletion",
		"internal/store/engine", "internal/store/entries", "internal/store/expiry", "internal/store/rawrow",
		"internal/store/repair", "internal/store/search",
	},
	"gorm.io/driver/":                {"internal/store/engine"},
	"github.com/libtnb/":             {"internal/store/engine"},
	"modernc.org/":                   {"bench/baseline", "bench/load", "internal/store/engine"},
	"github.com/jackc/":              {"bench", "bench/baseline", "bench/load", "bench/searches", "internal/store/engine", "internal/store/failover", "internal/store/pooler", "internal/store/rawrow", "internal/store/sqllint", "internal/store/storetest"},
	"github.com/pressly/goose":       {"internal/store/backfill", "internal/store/engine"},
	"github.com/go-json-experiment/": {"internal/jsontree"},
	"github.com/hashicorp/":          {"internal/lru"},
	"github.com/alecthomas/kong":     {"bench", "internal/config"},
	"github.com/klauspost/":          {"internal/httpd"},
	"github.com/rs/cors":             {"internal/httpd"},
	"github.com/prometheus/":         {"internal/telemetry"},
	"go.opentelemetry.io/":           {"internal/telemetry"},
	"github.com/Shopify/":            {},
	"github.com/goccy/go-yaml":       {},
	"github.com/rs/zerolog":          {},
	"github.com/wasilibs/":           {"internal/store/sqllint"},
	"github.com/pganalyze/":          {"internal/store/sqllint"},
}

// forbiddenImports maps packages without I/O to prefixes of import paths that they must not import.
var forbiddenImports = map[string][]string{
	"models": {"context", "log", "net/", "os"},
}

// pureModules maps packages to the modules outside the standard library that they may import.
var pureModules = map[string][]string{
	"models":               {"github.com/google/uuid"},
	"internal/admission":   {},
	"internal/batch":       {},
	"internal/consistency": {},
}

// vaguePackageNames are names that do not describe the content of a package.
var vaguePackageNames = []string{
	"cmd", "common", "helpers", "impl", "interfaces", "manager", "mocks", "pkg", "service", "types", "utils",
}

// TestStructureImports checks the imports of each package against the tables.
func TestStructureImports(t *testing.T) {
	t.Parallel()
	const format = `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`
	list := harness.Command(t, 2*time.Minute, "go", "list", "-tags", "integration", "-f", format, "./...")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	existing := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		name := strings.TrimPrefix(strings.TrimPrefix(fields[0], module), "/")
		existing[name] = true
		if _, ok := allowedImports[name]; !ok {
			t.Errorf("package %q has no entry in allowedImports", name)
		}
		if slices.Contains(vaguePackageNames, filepath.Base(name)) {
			t.Errorf("package %q needs a name that describes its content", name)
		}
		for _, imported := range fields[1:] {
			checkImport(t, name, imported)
		}
	}
	for name := range allowedImports {
		if !existing[name] {
			t.Errorf("allowedImports has an entry for package %q, which does not exist", name)
		}
	}
}

// checkImport checks one import of a package.
func checkImport(t *testing.T, name, imported string) {
	t.Helper()
	hasPrefix := func(prefix string) bool { return strings.HasPrefix(imported, prefix) }
	if internal, ok := strings.CutPrefix(imported, module+"/"); ok {
		if !slices.Contains(allowedImports[name], internal) {
			t.Errorf("package %q must not import %s: allowedImports does not contain it", name, internal)
		}
		return
	}
	for prefix, packages := range importers {
		if hasPrefix(prefix) && !slices.Contains(packages, name) && imported != "database/sql/driver" {
			t.Errorf("package %q must not import %s: only %q may", name, imported, packages)
		}
	}
	if slices.ContainsFunc(forbiddenImports[name], hasPrefix) {
		t.Errorf("package %q must not import %s: it does no I/O", name, imported)
	}
	if modules, ok := pureModules[name]; ok && strings.Contains(imported, ".") && !slices.Contains(modules, imported) {
		t.Errorf("package %q must not import %s: its only modules are %q", name, imported, modules)
	}
}

// TestStructureUnbound checks that every type of the schema has a hand-written Go type.
func TestStructureUnbound(t *testing.T) {
	t.Parallel()
	if text, err := os.ReadFile("graph/exec/unbound_gen.go"); err == nil {
		t.Errorf("these types of the schema have no Go type in models:\n%s", text)
	}
}

// TestStructureLists checks that the generated code marshals lists sequentially, see ADR 0015.
func TestStructureLists(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("graph/exec/*.generated.go")
	if err != nil {
		t.Fatal(err)
	}
	sequential := false
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sequential = sequential || bytes.Contains(text, []byte("seqmarshal.Slice("))
		if bytes.Contains(text, []byte("MarshalSliceConcurrently(")) {
			t.Errorf("%s marshals lists concurrently", path)
		}
	}
	if !sequential {
		t.Error("graph/exec does not use seqmarshal.Slice: gqlgen may have renamed its function, see internal/gen")
	}
}

// sourceFile is a parsed, hand-written Go file.
type sourceFile struct {
	path string
	text string
	set  *token.FileSet
	tree *ast.File
}

// position returns the file and line of a node.
func (f sourceFile) position(node ast.Node) token.Position { return f.set.Position(node.Pos()) }

// dir returns the directory of the file, which is "." for the package main of the program.
func (f sourceFile) dir() string { return filepath.ToSlash(filepath.Dir(f.path)) }

var parseSources = sync.OnceValues(func() ([]sourceFile, error) {
	paths, err := repositoryFiles(".go")
	if err != nil {
		return nil, err
	}
	var files []sourceFile
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		set := token.NewFileSet()
		tree, err := parser.ParseFile(set, path, text, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		files = append(files, sourceFile{path, string(text), set, tree})
	}
	return files, nil
})

// sources returns all hand-written Go files.
func sources(t *testing.T) []sourceFile {
	t.Helper()
	files, err := parseSources()
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// repositoryFiles returns the paths of the hand-written files of the module with an extension.
func repositoryFiles(extension string) (paths []string, err error) {
	skipped := []string{"dist", "node_modules", "testdata"}
	err = filepath.WalkDir(".", func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && path != "." {
			_, statErr := os.Stat(filepath.Join(path, "go.mod"))
			hidden, otherModule := strings.HasPrefix(entry.Name(), "."), statErr == nil
			if hidden || otherModule || path == "graph/exec" || slices.Contains(skipped, entry.Name()) {
				return filepath.SkipDir
			}
		}
		if filepath.Ext(path) == extension {
			paths = append(paths, filepath.ToSlash(path))
		}
		return nil
	})
	return paths, err
}

// isTest reports whether a Go file contains tests or the suite of the store.
func isTest(path string) bool {
	return strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "internal/store/storetest/")
}
