package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/placard/placard/bench/process"
	"github.com/placard/placard/bench/report"
)

// allCommand compares with the database alone, and measures growth and a steady server.
type allCommand struct {
	settings
	Sizes   []int   `help:"Numbers of versions for growth, in ascending order." default:"1000,10000"`
	Minutes float64 `help:"Minutes of the mixed load." default:"0.5"`
	Full    bool    `help:"Measure for an hour: more and longer turns, growth to 100,000 versions, a mixed load of five minutes."`
	Write   bool    `help:"Keep the results in bench/results and show them in docs/performance.md."`
}

// Run runs the commands one after the other.
func (c *allCommand) Run(ctx context.Context) (err error) {
	if c.Full {
		c.Turns, c.Seconds, c.Sizes, c.Minutes = 5, 3, []int{1000, 10_000, 100_000}, 5
	}
	if c.Out, err = c.resultFile(ctx, c.Write); err != nil {
		return err
	}
	if c.Program == "" {
		folder, err := os.MkdirTemp("", "placard-bench-")
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
		c.Program = filepath.Join(folder, "placard")
		if err := process.Build(ctx, ".", c.Program); err != nil {
			return err
		}
	}
	limits, growth := limitsCommand{c.settings}, growthCommand{c.settings, c.Sizes}
	steady := steadyCommand{c.settings, c.Minutes}
	for _, run := range []func(context.Context) error{limits.Run, growth.Run, steady.Run} {
		if err := run(ctx); err != nil {
			return err
		}
	}
	if c.Write {
		return report.Write(resultFolder, resultDocument)
	}
	return nil
}

// resultFile returns the file of the results: a new one in the folder of results to write, else that of the settings.
func (s *settings) resultFile(ctx context.Context, write bool) (string, error) {
	if !write {
		return s.Out, nil
	}
	commit, err := describeCommit(ctx)
	name := fmt.Sprintf("%s-%s.jsonl", time.Now().UTC().Format("2006-01-02-1504"), commit)
	return filepath.Join(resultFolder, name), err
}

// The results and the document that shows the last of them.
const (
	resultFolder   = "bench/results"
	resultDocument = "docs/performance.md"
)

// documentCommand shows the last results in the document.
type documentCommand struct{}

// Run writes the tables and plots.
func (documentCommand) Run() error { return report.Write(resultFolder, resultDocument) }
