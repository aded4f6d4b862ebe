package config

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/placard/placard/models"
)

// UsageError is an error in the command line or in a setting.
type UsageError struct{ Err error }

func (u *UsageError) Error() string { return u.Err.Error() }

func (u *UsageError) Unwrap() error { return u.Err }

// Parse reads a command and its settings from arguments and the environment. It writes the text of --help and
// --version to out and then calls exit. Its errors have the type *UsageError.
func Parse(args []string, version string, out io.Writer, exit func(int)) (*CLI, error) {
	cli := &CLI{}
	parser, err := newParser(cli, version, out, exit)
	if err != nil {
		return nil, err
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return nil, &UsageError{fmt.Errorf("%w (--help lists commands and settings)", err)}
	}
	for _, node := range parsed.Path {
		if node.Command != nil {
			cli.Command = strings.TrimPrefix(cli.Command+" "+node.Command.Name, " ")
		}
	}
	cli.warnings = newWarnings(parser, parsed, args)
	cli.Serve.DefaultLogging = !isSet(parsed, "log-level") && !isSet(parsed, "log-format")
	if err := setDefaultURL(parsed.Flags()); err != nil {
		return nil, &UsageError{err}
	}
	if err := cli.check(parsed.Flags()); err != nil {
		return nil, &UsageError{err}
	}
	return cli, nil
}

func newParser(cli *CLI, version string, out io.Writer, exit func(int)) (*kong.Kong, error) {
	return kong.New(cli, kong.Name("placard"), kong.Description(description), kong.Help(printHelp),
		kong.ValueFormatter(formatHelp),
		kong.ExplicitGroups([]kong.Group{{Key: "limits", Title: "Advanced:"}}),
		kong.DefaultEnvars("PLACARD"), kong.PostBuild(completeFlags),
		kong.TypeMapper(reflect.TypeFor[slog.Level](), kong.MapperFunc(readLevel)),
		kong.Vars{"version": "placard " + version,
			"concurrent_operations": fmt.Sprint(models.DefaultConcurrentOperations())},
		kong.Writers(out, out), kong.Exit(exit),
		kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 110}))
}

// completeFlags adds the environment variables of the old names of renamed flags, missing placeholders, and the range
// of an integer to its help.
func completeFlags(k *kong.Kong) error {
	return kong.Visit(k.Model, func(node kong.Visitable, next kong.Next) error {
		flag, ok := node.(*kong.Flag)
		if !ok {
			return next(nil)
		}
		for _, alias := range flag.Aliases {
			flag.Tag.Envs = append(flag.Tag.Envs, variableOf(alias))
		}
		switch {
		case flag.PlaceHolder != "":
		case flag.Enum != "":
			flag.PlaceHolder = strings.ReplaceAll(flag.Enum, ",", "|")
		case flag.Target.Type() == reflect.TypeFor[time.Duration]():
			flag.PlaceHolder = "DURATION"
		case flag.Target.CanInt() || flag.Target.CanFloat():
			flag.PlaceHolder = "N"
		}
		if flag.Target.CanInt() && flag.Tag.Has("max") {
			flag.Help += " From " + cmp.Or(flag.Tag.Get("min"), "1") + " to " + flag.Tag.Get("max") + "."
		}
		return next(nil)
	})
}

// variableOf returns the environment variable of a flag.
func variableOf(flag string) string {
	return prefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// readLevel reads a log level.
func readLevel(ctx *kong.DecodeContext, target reflect.Value) error {
	var text string
	if err := ctx.Scan.PopValueInto("level", &text); err != nil {
		return err
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(text)); err != nil {
		return fmt.Errorf("must be one of debug, info, warn, error but got %q", text)
	}
	target.Set(reflect.ValueOf(level))
	return nil
}

// check checks the flags of the command in their order, so that the same settings always have the same error.
func (c *CLI) check(flags []*kong.Flag) error {
	var err error
	switch c.Command {
	case "serve":
		err = c.Serve.check()
	case "import":
		err = c.Import.check()
	}
	for _, flag := range flags {
		if err == nil {
			err = checkRange(flag)
		}
	}
	return err
}

// checkRange checks a number against the tags min and max of its flag. An integer without min is at least 1.
func checkRange(flag *kong.Flag) error {
	switch value := flag.Target.Interface().(type) {
	case time.Duration:
		if flag.Tag.Has("min") && value < 0 {
			return fmt.Errorf("--%s must be 0s or longer", flag.Name)
		}
	case models.Double:
		maximum, err := flag.Tag.GetFloat("max")
		if err == nil && !(value > 0 && float64(value) <= maximum) { // NaN fails both comparisons
			err = fmt.Errorf("--%s must be a number greater than 0 and at most %.0f", flag.Name, maximum)
		}
		return err
	case int, int32, int64:
		return checkInteger(flag)
	}
	return nil
}

func checkInteger(flag *kong.Flag) error {
	bits := flag.Target.Type().Bits()
	minimum, maximum := int64(1), int64(1)<<(bits-1)-1
	var errMin, errMax error
	if flag.Tag.Has("min") {
		minimum, errMin = flag.Tag.GetInt("min")
	}
	if flag.Tag.Has("max") {
		maximum, errMax = flag.Tag.GetInt("max")
	}
	if err := errors.Join(errMin, errMax); err != nil {
		return err
	}
	value := flag.Target.Int()
	switch {
	case value >= minimum && value <= maximum:
		return nil
	case bits == 64 && !flag.Tag.Has("max"):
		return fmt.Errorf("--%s must be a whole number of at least %d", flag.Name, minimum)
	}
	return fmt.Errorf("--%s must be a whole number from %d to %d", flag.Name, minimum, maximum)
}
