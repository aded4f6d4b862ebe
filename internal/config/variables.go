package config

import (
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/agnivade/levenshtein"
	"github.com/alecthomas/kong"
)

const prefix = "PLACARD_"

// foreignVariables matches NAME=VALUE that the program does not read: variables of clients, of tests and of compose, and
// those that Kubernetes sets in each container for a service with this name or a name that begins with it.
var foreignVariables = regexp.MustCompile(`^PLACARD_(URL|API_KEY|PORT|TEST_\w*|(\w+_)?SERVICE_(HOST|PORT(_\w+)?))=|` +
	`^PLACARD_(\w+_)?PORT(=(tcp|udp|sctp)://|_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?=)`)

// variables returns the environment variables of all commands.
func variables(node *kong.Node) []string {
	var names []string
	for _, flag := range node.Flags {
		names = append(names, flag.Envs...)
	}
	for _, child := range node.Children {
		names = append(names, variables(child)...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// findUnknown calls report for each PLACARD_ variable in an environment of NAME=VALUE that nothing reads, with the known one
// that was probably meant, or with "".
func findUnknown(known, environment []string, report func(name, nearest string)) {
	for _, setting := range environment {
		name, _, _ := strings.Cut(setting, "=")
		if strings.HasPrefix(strings.ToUpper(name), prefix) && !slices.Contains(known, name) && !foreignVariables.MatchString(setting) {
			report(name, findNearest(known, name))
		}
	}
}

// findNearest returns the known name with the smallest edit distance to name without the prefix, if that is at most a third
// of the longer of the two.
func findNearest(known []string, name string) string {
	name = strings.ToUpper(name)[len(prefix):]
	nearest, smallest := "", utf8.RuneCountInString(name)+1
	for _, candidate := range known {
		other := strings.TrimPrefix(candidate, prefix)
		distance := levenshtein.ComputeDistance(name, other)
		if distance < smallest && 3*distance <= max(utf8.RuneCountInString(name), len(other)) {
			nearest, smallest = candidate, distance
		}
	}
	return nearest
}

// WarnOfUnknownVariables logs a warning for each PLACARD_ variable in the environment that is no setting. It does not log
// values.
func (l *Line) WarnOfUnknownVariables(environment []string, newLogger func(level slog.Level, format string) *slog.Logger) {
	findUnknown(l.variables, environment, func(name, nearest string) {
		attributes := []any{"variable", name}
		if nearest != "" {
			attributes = append(attributes, "nearest", nearest)
		}
		newLogger(l.logLevel, l.logFormat).Warn("this environment variable is no setting and has no effect", attributes...)
	})
}
