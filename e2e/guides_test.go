//go:build integration

package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/placard/placard/internal/store/storetest"
)

// guideOutput is the output of the programs of how-to/go.md and how-to/typescript.md.
const guideOutput = "size 1.5 MB\nreviewed true\naccuracy 0.95\n"

// writeGuide writes the files of a page into a folder.
func writeGuide(t *testing.T, folder, page string, count int) {
	t.Helper()
	files := settingsFile.FindAllStringSubmatch(documentPage(t, page), -1)
	if len(files) != count {
		t.Fatalf("%s has %d files of %d", page, len(files), count)
	}
	for _, file := range files {
		path := filepath.Join(folder, file[1])
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if err == nil {
			err = os.WriteFile(path, []byte(file[2]), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestGoGuide generates and runs the program of how-to/go.md.
func TestGoGuide(t *testing.T) {
	t.Parallel()
	s := start(t, freeAddress(t), storetest.SQLite(t))
	folder := copyFiles(t, "", "clients/go/go.mod", "clients/go/go.sum", "../schema.graphqls", "../graph/schema/*.graphqls")
	writeGuide(t, folder, "how-to/go.md", 3)
	tool(t, folder, nil, "go", "tool", "genqlient")
	if out := tool(t, folder, nil, "go", "run", ".", "http://"+s.addr+"/graphql"); out != guideOutput {
		t.Error(out)
	}
}

// TestTypeScriptGuide generates types for the program of how-to/typescript.md, compiles it and runs it.
func TestTypeScriptGuide(t *testing.T) {
	t.Parallel()
	s := start(t, freeAddress(t), storetest.SQLite(t))
	folder := copyFiles(t, nodePackages(t, "caching"), "clients/caching/tsconfig.json")
	writeGuide(t, folder, "how-to/typescript.md", 3)
	if err := os.CopyFS(filepath.Join(folder, "schema"), os.DirFS("../graph/schema")); err != nil {
		t.Fatal(err)
	}
	schema, err := os.ReadFile("../schema.graphqls")
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, "schema", "schema.graphqls"), schema, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	tool(t, folder, nil, "../node_modules/.bin/graphql-codegen", "--config", "codegen.ts")
	tool(t, folder, nil, "../node_modules/.bin/tsc")
	if out := tool(t, folder, nil, "node", "out/src/log.js", "http://"+s.addr+"/graphql"); out != guideOutput {
		t.Error(out)
	}
}
