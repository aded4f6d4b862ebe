// Gen generates graph/exec and clients/typescript/placard.ts from the GraphQL schema and gqlgen.yml. Run it in the root
// of the module: make generate.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"regexp"

	"github.com/99designs/gqlgen/api"
	"github.com/99designs/gqlgen/codegen/config"
)

func main() {
	log.SetOutput(io.Discard) // gqlgen logs each resolver method
	if err := generate(); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func generate() error {
	cfg, err := config.LoadConfig("gqlgen.yml")
	if err != nil {
		return err
	}
	// The generator must not read code that it generated from another schema.
	if err := forGenerated(cfg, "*.go", os.Remove); err != nil {
		return err
	}
	if err := bindConditions(cfg); err != nil {
		return err
	}
	if err := api.Generate(cfg, api.AddPlugin(entryMarshalers{})); err != nil {
		return err
	}
	return errors.Join(forGenerated(cfg, "*.generated.go", marshalSequentially), writeClientFile(cfg))
}

// forGenerated calls a function with the path of each generated file whose name matches a pattern.
func forGenerated(cfg *config.Config, pattern string, do func(path string) error) error {
	paths, err := filepath.Glob(filepath.Join(cfg.Exec.DirName, pattern))
	for _, path := range paths {
		err = errors.Join(err, do(path))
	}
	return err
}

var (
	conditionInputs = regexp.MustCompile(`(Filter|Order)$`)
	orderEnums      = regexp.MustCompile(`(OrderField|OrderDirection|NullsOrder)$`)
)

// bindConditions binds filters and orders to map[string]any, which keeps absent and null members apart.
// models.ReadFilter and models.ReadOrder read these maps. The enums of an order are strings.
func bindConditions(cfg *config.Config) error {
	if err := cfg.LoadSchema(); err != nil {
		return err
	}
	for name, definition := range cfg.Schema.Types {
		switch {
		case definition.Kind == "INPUT_OBJECT" && conditionInputs.MatchString(name):
			cfg.Models.Add(name, "map[string]any")
		case definition.Kind == "ENUM" && orderEnums.MatchString(name):
			cfg.Models.Add(name, "github.com/99designs/gqlgen/graphql.String")
		}
	}
	return nil
}

// marshalSequentially makes a generated file call seqmarshal.Slice in place of gqlgen's function.
func marshalSequentially(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	replaced := bytes.ReplaceAll(text, []byte("graphql.MarshalSliceConcurrently("), []byte("seqmarshal.Slice("))
	if bytes.Equal(replaced, text) {
		return nil
	}
	const before = "\t\"github.com/placard/placard/models\"\n"
	const imports = "\t\"github.com/placard/placard/internal/seqmarshal\"\n" + before
	if !bytes.Contains(replaced, []byte(before)) {
		return fmt.Errorf("%s does not import models, which marks the place for another import", path)
	}
	return os.WriteFile(path, bytes.Replace(replaced, []byte(before), []byte(imports), 1), 0o644)
}
