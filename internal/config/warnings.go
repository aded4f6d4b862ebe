package config

import (
	"log/slog"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/placard/placard/internal/near"
)

const prefix = "PLACARD_"

// foreignVariables matches NAME=VALUE that the program does not read: variables of clients, of tests and of compose,
// and those that Kubernetes sets in each container for a service with this name or a name that begins with it.
var foreignVariables = regexp.MustCompile(`^PLACARD_(URL|API_KEY|PROJECT|RUN_ID|STEP_RUN_ID|SPOOL_DIR|TIMEOUT|STRICT)=|` +
	`^PLACARD_(PORT|TEST_\w*|(\w+_)?SERVICE_(HOST|PORT(_\w+)?))=|` +
	`^PLACARD_(\w+_)?PORT(=(tcp|udp|sctp)://|_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?=)`)

// warnings holds the parts of a command line that LogWarnings checks.
type warnings struct {
	// variables are the environment variables of all commands, without old names.
	variables []string
	// renamed maps old names of flags and environment variables to new ones.
	renamed map[string]string
	args    []string
	// password is the flag whose URL has a password, empty for none.
	password string
	level    slog.Level
	format   string
}

func newWarnings(parser *kong.Kong, parsed *kong.Context, args []string) warnings {
	w := warnings{renamed: map[string]string{}, args: args}
	w.addNames(parser.Model.Node)
	for _, node := range parsed.Path {
		if node.Flag == nil {
			continue
		}
		switch value := node.Flag.Target.Interface().(type) {
		case string:
			w.addURL(node.Flag.Name, value)
		case []string:
			for _, url := range value {
				w.addURL(node.Flag.Name, url)
			}
		}
	}
	for _, flag := range parsed.Flags() {
		switch flag.Name {
		case "log-level":
			w.level, _ = flag.Target.Interface().(slog.Level)
		case "log-format":
			w.format = flag.Target.String()
		}
	}
	return w
}

// addURL records the flag of a database URL that has a password.
func (w *warnings) addURL(flag, url string) {
	if strings.HasSuffix(flag, "database-url") || strings.HasSuffix(flag, "database-urls") {
		if hasPassword(url) {
			w.password = flag
		}
	}
}

// addNames adds the names of the flags of a command and its subcommands.
func (w *warnings) addNames(node *kong.Node) {
	for _, flag := range node.Flags {
		if len(flag.Envs) > 0 && !slices.Contains(w.variables, flag.Envs[0]) {
			w.variables = append(w.variables, flag.Envs[0])
		}
		for _, alias := range flag.Aliases {
			w.renamed["--"+alias], w.renamed[variableOf(alias)] = "--"+flag.Name, flag.Envs[0]
		}
	}
	for _, child := range node.Children {
		w.addNames(child)
	}
}

// isSet reports whether an argument or the environment sets a flag.
func isSet(parsed *kong.Context, name string) bool {
	set := false
	for _, node := range parsed.Path {
		set = set || node.Flag != nil && node.Flag.Name == name
	}
	_, inEnvironment := os.LookupEnv(variableOf(name))
	return set || inEnvironment
}

// hasPassword reports whether a database URL has a password, also as a parameter.
func hasPassword(databaseURL string) bool {
	u, err := url.Parse(databaseURL)
	if err != nil {
		return false
	}
	_, set := u.User.Password()
	return set || u.Query().Has("password") || u.Query().Has("sslpassword")
}

// LogWarnings logs a warning for each unknown PLACARD_ variable in an environment of NAME=VALUE, for each old name of a
// setting, and for a password in a flag. It does not log values.
func (c *CLI) LogWarnings(environment []string, newLogger func(level slog.Level, format string) *slog.Logger) {
	w := &c.warnings
	warn := func(message string, attributes ...any) { newLogger(w.level, w.format).Warn(message, attributes...) }
	for _, setting := range slices.Concat(environment, w.args) {
		name, _, _ := strings.Cut(setting, "=")
		if renamed, ok := w.renamed[name]; ok {
			warn("this setting has a new name; the next release removes the old one", "old", name, "new", renamed)
		}
	}
	known := make([]string, len(w.variables))
	for i, variable := range w.variables {
		known[i] = strings.TrimPrefix(variable, prefix)
	}
	for _, setting := range environment {
		name, _, _ := strings.Cut(setting, "=")
		if !strings.HasPrefix(strings.ToUpper(name), prefix) || slices.Contains(w.variables, name) ||
			w.renamed[name] != "" ||
			foreignVariables.MatchString(setting) {
			continue
		}
		attributes := []any{"variable", name}
		if nearest := near.Names(name[len(prefix):], known); len(nearest) > 0 {
			attributes = append(attributes, "nearest", prefix+nearest[0])
		}
		warn("this environment variable is unknown and has no effect", attributes...)
	}
	if w.password != "" {
		warn("other users of this machine can see the password in --" + w.password + "; set " + variableOf(w.password) + " instead")
	}
}
