package command

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/placard/placard/internal/store"
)

// unknown is the commit of a program that was not built in a clone.
const unknown = "unknown"

// Commit is what the program was built from, unknown when it was not built in a clone.
func Commit() string {
	commit, changed := unknown, ""
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, setting := range build.Settings {
			switch {
			case setting.Key == "vcs.revision":
				commit = setting.Value
			case setting.Key == "vcs.modified" && setting.Value == "true":
				changed = " with changes"
			}
		}
	}
	return commit + changed
}

// Describe is a version with the commit that it was built from.
func Describe(version string) string {
	if commit := Commit(); commit != unknown {
		return version + "+" + commit[:min(len(commit), 12)]
	}
	return version
}

func about(version string, out Output) error {
	_, err := fmt.Fprintf(out.Answer, "placard  %s\ncommit   %s\nGo       %s %s/%s\ntables   %d\n",
		version, Commit(), runtime.Version(), runtime.GOOS, runtime.GOARCH, store.NewestTables())
	return err
}
