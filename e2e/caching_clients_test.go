//go:build integration

package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/placard/placard/internal/store/storetest"
)

// settingsFile matches a file of a page: its path, and a block with its text.
var settingsFile = regexp.MustCompile("(?ms)^`([^`\n]+)`:\n\n```[a-z]+\n(.*?)^```$")

// cachingProject returns a project with the sources of clients/caching except some, the schema, and the files of
// how-to/clients.md.
func cachingProject(t *testing.T, except ...string) string {
	t.Helper()
	folder := copyFiles(t, nodePackages(t, "caching"), "clients/caching/tsconfig.json")
	for target, source := range map[string]string{
		"src": "clients/caching/src", "placard": "../clients/typescript", "schema": "../graph/schema",
	} {
		if err := os.CopyFS(filepath.Join(folder, target), os.DirFS(source)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range except {
		if err := os.Remove(filepath.Join(folder, "src", name)); err != nil {
			t.Fatal(err)
		}
	}
	schema, err := os.ReadFile("../schema.graphqls")
	files := map[string]string{"schema/schema.graphqls": string(schema)}
	for _, match := range settingsFile.FindAllStringSubmatch(documentPage(t, "how-to/clients.md"), -1) {
		files[match[1]] = match[2]
	}
	if err != nil || len(files) != 7 {
		t.Fatalf("how-to/clients.md has %d files of 6 (%v)", len(files)-1, err)
	}
	for path, text := range files {
		if err := os.WriteFile(filepath.Join(folder, path), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// TestCachingClients runs clients with normalised caches and the settings of how-to/clients.md. Each client reads pages,
// changes a version, and reads the past and lineages again from its cache. clients/caching/src/scenario.ts has the steps
// and the controls.
func TestCachingClients(t *testing.T) {
	t.Parallel()
	const bin = "../node_modules/.bin/"
	typed := [][]string{{bin + "graphql-codegen", "--config", "codegen.ts"}}
	compiled := [][]string{{"node", "merge-schema.mjs"}, {bin + "relay-compiler", "--noWatchman", "relay.config.json"}}
	for _, client := range []struct {
		name     string
		except   []string
		generate [][]string
	}{
		{"urql", []string{"relay.ts"}, typed},
		{"apollo", []string{"relay.ts"}, typed},
		{"relay", []string{"documents.ts", "urql.ts", "apollo.ts"}, compiled},
	} {
		t.Run(client.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, freeAddress(t), storetest.SQLite(t))
			folder := cachingProject(t, client.except...)
			for _, command := range append(client.generate, []string{bin + "tsc"}) {
				tool(t, folder, nil, command[0], command[1:]...)
			}
			// The caches print warnings if a setting is missing.
			out := tool(t, folder, nil, "node", "out/src/"+client.name+".js", "http://"+s.addr+"/graphql")
			if out != client.name+" keeps pages, changes, the past and distances\n" {
				t.Error(out)
			}
		})
	}
}
