package command

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/placard/placard/internal/store/engine"
)

// unknownCommit is the commit of a program that was not built in a clone of the repository.
const unknownCommit = "unknown"

// Commit returns the commit that the program was built from, or "unknown".
func Commit() string {
	commit, changed := unknownCommit, ""
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

// VersionString returns a version with the first digits of the commit.
func VersionString(version string) string {
	if commit := Commit(); commit != unknownCommit {
		return version + "+" + commit[:min(len(commit), 12)]
	}
	return version
}

func printVersion(version string, out Output) error {
	_, err := fmt.Fprintf(out.Stdout, "placard  %s\ncommit   %s\nGo       %s %s/%s\ntables   %d\n",
		version, Commit(), runtime.Version(), runtime.GOOS, runtime.GOARCH, engine.TargetSchemaVersion())
	return err
}
