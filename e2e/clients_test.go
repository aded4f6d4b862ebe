//go:build integration

package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/placard/placard/internal/harness"
	"github.com/placard/placard/internal/store/storetest"
)

// These tests run GraphQL clients of other projects. They install missing packages from the lock files in clients/ to
// clients/.cache, and fail if this is not possible.

// tool runs a program in a folder with additional variables and returns its output.
func tool(t testing.TB, folder string, env []string, name string, args ...string) string {
	t.Helper()
	command := harness.Command(t, 5*time.Minute, name, args...)
	command.Dir, command.Env = folder, append(os.Environ(), env...)
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

var installing sync.Mutex

// installPackages returns a folder with the packages of a folder of clients. It calls install if the returned folder does
// not exist. The name is a hash of the lock files and the version of the language.
func installPackages(t testing.TB, clients, version string, files []string, install func(folder string)) string {
	t.Helper()
	installing.Lock()
	defer installing.Unlock()
	cache, err := filepath.Abs("clients/.cache")
	if err == nil {
		err = os.MkdirAll(cache, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	key := sha256.New()
	key.Write([]byte(version))
	fresh, err := os.MkdirTemp(cache, "new-")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(fresh) }()
	for _, name := range files {
		text, err := os.ReadFile(filepath.Join("clients", clients, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(fresh, name), text, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		key.Write(text)
	}
	folder := filepath.Join(cache, clients+"-"+hex.EncodeToString(key.Sum(nil)[:8]))
	if _, err := os.Stat(folder); err == nil {
		return folder
	}
	install(fresh)
	// Another test process may have installed the same packages first.
	if err := os.Rename(fresh, folder); err != nil && !errors.Is(err, fs.ErrExist) {
		t.Fatal(err)
	}
	return folder
}

// nodePackages returns a folder with the packages of a folder of clients.
func nodePackages(t testing.TB, clients string) string {
	t.Helper()
	return installPackages(t, clients, tool(t, ".", nil, "node", "--version"), []string{"package.json", "package-lock.json", ".npmrc"}, func(folder string) {
		tool(t, folder, nil, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	})
}

// pythonInterpreter returns the interpreter of an environment with the packages of clients/python.
func pythonInterpreter(t testing.TB) string {
	t.Helper()
	version := tool(t, ".", nil, "python3", "-c", "import sys; print(sys.version, sys.prefix)")
	folder := installPackages(t, "python", version, []string{"requirements.txt"}, func(folder string) {
		tool(t, folder, nil, "python3", "-m", "venv", "environment")
		tool(t, folder, nil, "environment/bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
			"--require-hashes", "--only-binary", ":all:", "--requirement", "requirements.txt")
	})
	return filepath.Join(folder, "environment", "bin", "python")
}

// copyFiles copies files to a new folder in parent, and returns the folder.
func copyFiles(t testing.TB, parent string, patterns ...string) string {
	t.Helper()
	folder, err := os.MkdirTemp(parent, "run-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	for _, pattern := range patterns {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: no file (%v)", pattern, err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err == nil {
				err = os.WriteFile(filepath.Join(folder, filepath.Base(path)), text, 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return folder
}

// TestAudit runs the audit suite of the package graphql-http.
func TestAudit(t *testing.T) {
	t.Parallel()
	s := start(t, freeAddress(t), storetest.SQLite(t))
	folder := copyFiles(t, nodePackages(t, "node"), "clients/node/*.mjs")
	out := tool(t, folder, nil, "node", "audit.mjs", "http://"+s.addr+"/graphql")
	t.Log(out)
	if !strings.HasSuffix(out, "\n61 of 61 audits\n") || strings.Count(out, "\nok ") != 60 {
		t.Error("an audit fails")
	}
}

// TestClients runs clients that log values and read them back. The operations have variables of each scalar. Each
// client has its own server without persisted queries.
func TestClients(t *testing.T) {
	t.Parallel()
	serve := func(t *testing.T) (url string) {
		t.Helper()
		t.Parallel()
		return "http://" + start(t, freeAddress(t), storetest.SQLite(t)).addr + "/graphql"
	}
	says := func(t *testing.T, out, client string) {
		t.Helper()
		if !strings.HasSuffix(out, client+" reads what it has logged\n") {
			t.Errorf("%s: %s", client, out)
		}
	}
	for _, client := range []string{"graphql-request", "urql", "urql, persisted by GET", "urql, persisted by POST"} {
		t.Run(client, func(t *testing.T) {
			url := serve(t)
			folder := copyFiles(t, nodePackages(t, "node"), "clients/node/*.mjs", "clients/operations.graphql")
			says(t, tool(t, folder, nil, "node", "values.mjs", url, client, "operations.graphql"), client)
		})
	}
	t.Run("gql", func(t *testing.T) {
		url := serve(t)
		folder := copyFiles(t, "", "clients/python/*.py", "clients/operations.graphql")
		says(t, tool(t, folder, nil, pythonInterpreter(t), "values.py", url, "operations.graphql"), "gql")
	})
	t.Run("ariadne-codegen", func(t *testing.T) {
		url := serve(t)
		folder := copyFiles(t, "", "clients/python/typed.py", "clients/python/codegen.toml", "clients/operations.graphql")
		tool(t, folder, []string{"PLACARD_URL=" + url}, pythonInterpreter(t), "-m", "ariadne_codegen", "--config", "codegen.toml")
		says(t, tool(t, folder, nil, pythonInterpreter(t), "typed.py", url), "ariadne-codegen")
	})
	t.Run("genqlient", func(t *testing.T) {
		url := serve(t)
		folder := copyFiles(t, "", "clients/go/*", "../schema.graphqls", "../graph/schema/*.graphqls")
		tool(t, folder, nil, "go", "tool", "genqlient")
		says(t, tool(t, folder, nil, "go", "run", ".", url), "genqlient")
	})
}
