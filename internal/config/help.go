package config

import (
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

const description = `Placard serves typed metadata of machine-learning artifacts over GraphQL.

Each flag is also an environment variable: --log-level is PLACARD_LOG_LEVEL.

Exit codes: 0 success, 1 failure, 2 invalid flags, settings or arguments, 3 the schema of the database is ` +
	`outdated or needs a newer program, 4 not supported for this database (backup and restore of PostgreSQL).`

// printHelp prints the help of a command. Without a command it lists the commands and the common flags of serve.
func printHelp(options kong.HelpOptions, ctx *kong.Context) error {
	model := ctx.Model
	for _, node := range ctx.Path {
		if command := node.Command; command != nil && (command != model.DefaultCmd || slices.Contains(ctx.Args, command.Name)) {
			return kong.DefaultHelpPrinter(options, ctx)
		}
	}
	group := &kong.Group{Key: "common", Title: "Common flags of serve (placard serve --help lists all):"}
	for _, flag := range model.DefaultCmd.Flags {
		if flag.Tag.Has("common") {
			common := *flag
			common.Group = group
			model.Flags = append(model.Flags, &common)
		}
	}
	ctx.Path = ctx.Path[:1]
	options.FlagsLast = true
	return kong.DefaultHelpPrinter(options, ctx)
}

// formatHelp returns the help of a flag with its default and its environment variable.
func formatHelp(value *kong.Value) string {
	var notes []string
	if value.Default != "" {
		notes = append(notes, "default: "+value.Default)
	}
	if len(value.Tag.Envs) > 0 { // the others are old names
		notes = append(notes, "$"+value.Tag.Envs[0])
	}
	if len(notes) == 0 {
		return value.Help
	}
	return strings.TrimSuffix(value.Help, ".") + " (" + strings.Join(notes, ", ") + ")."
}
