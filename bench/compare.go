package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"

	"github.com/placard/placard/bench/measure"
	"github.com/placard/placard/bench/process"
	"github.com/placard/placard/bench/report"
)

// compareCommand compares this tree with another commit.
type compareCommand struct {
	settings
	Ref string `arg:"" help:"The commit to compare this tree with."`
}

// Run builds both programs and measures the rows of each engine in turns.
func (c *compareCommand) Run(ctx context.Context) error {
	return c.with(ctx, "compare", func(run report.Run) error {
		other := filepath.Join(c.folder, "other")
		if err := c.buildCommit(ctx, other); err != nil {
			return err
		}
		fmt.Println(report.CompareHeader([2]string{"this", c.Ref}))
		for _, engine := range c.Engines {
			if err := c.measureEngine(ctx, engine, [2]string{c.Program, other}, run); err != nil {
				return fmt.Errorf("%s: %w", engine, err)
			}
		}
		return nil
	})
}

// buildCommit builds the program of the other commit in a temporary worktree.
func (c *compareCommand) buildCommit(ctx context.Context, program string) (err error) {
	tree := filepath.Join(c.folder, "tree")
	if out, err := exec.CommandContext(ctx, "git", "worktree", "add", "--detach", tree, c.Ref).CombinedOutput(); err != nil {
		return fmt.Errorf("check out %s: %w: %s", c.Ref, err, out)
	}
	defer func() {
		if out, e := exec.Command("git", "worktree", "remove", "--force", tree).CombinedOutput(); e != nil {
			err = errors.Join(err, fmt.Errorf("remove the worktree: %w: %s", e, out))
		}
	}()
	return process.Build(ctx, tree, program)
}

// measureEngine measures the rows of an engine. Each program has a database of its own, because the tables may differ.
func (c *compareCommand) measureEngine(ctx context.Context, engine string, programs [2]string, run report.Run) (err error) {
	var beds [2]*testbed
	filled := [2]map[string]bool{{}, {}}
	for i, program := range programs {
		if beds[i], err = c.newTestbed(ctx, engine, filepath.Base(program), program); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, beds[i].server.Stop()) }()
	}
	for _, r := range c.rows() {
		if r.engine != engine {
			continue
		}
		if err := c.measureRow(ctx, r, beds, filled, run); err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
	}
	return nil
}

// measureRow measures a row with each number of clients.
func (c *compareCommand) measureRow(ctx context.Context, r row, beds [2]*testbed, filled [2]map[string]bool, run report.Run) error {
	var sides [2]measure.Side
	for i, bed := range beds {
		if err := fillOnce(ctx, r, bed, filled[i]); err != nil {
			return err
		}
		var err error
		if sides[i], err = r.prepare(bed); err != nil {
			return err
		}
	}
	for _, clients := range r.clients {
		record := report.Record{Run: run, Engine: r.engine, Row: r.name, Clients: clients, Sides: [2]string{"this", c.Ref}}
		var err error
		if record.Comparison, err = c.schedule().Compare(ctx, sides[0], sides[1], clients); err != nil {
			return err
		}
		fmt.Println(report.CompareRow(record))
		if err := c.save(record); err != nil {
			return err
		}
	}
	return nil
}
