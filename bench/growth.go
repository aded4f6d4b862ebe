package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/placard/placard/bench/report"
	"github.com/placard/placard/bench/workload"
)

// growthCommand measures how operations depend on the size of a project.
type growthCommand struct {
	settings
	Sizes []int `help:"Numbers of versions, in ascending order, with one database each." default:"1000,10000"`
}

// growthClients is the number of clients that measure growth.
const growthClients = 8

// Run grows a database of each size through the API, and compares each with the one before in turns.
func (c *growthCommand) Run(ctx context.Context) error {
	return c.with(ctx, "growth", func(run report.Run) error {
		fmt.Println("\n" + report.GrowthHeader)
		for _, engine := range c.Engines {
			if err := c.measureEngine(ctx, engine, run); err != nil {
				return fmt.Errorf("%s: %w", engine, err)
			}
		}
		return nil
	})
}

// measureEngine measures the sizes on an engine.
func (c *growthCommand) measureEngine(ctx context.Context, engine string, run report.Run) (err error) {
	var before *grown
	for _, size := range c.Sizes {
		g, err := c.grow(ctx, engine, size)
		if err != nil {
			return fmt.Errorf("%d versions: %w", size, err)
		}
		defer func() { err = errors.Join(err, g.server.Stop()) }()
		if before != nil {
			if err := c.compareSizes(ctx, g, before, run); err != nil {
				return fmt.Errorf("%d versions: %w", size, err)
			}
		}
		before = g
	}
	return nil
}

// grown is a server on a project of a size.
type grown struct {
	*testbed
	growth *workload.Growth
}

// grow creates a project of a size.
func (c *growthCommand) grow(ctx context.Context, engine string, size int) (*grown, error) {
	bed, err := c.newTestbed(ctx, engine, fmt.Sprintf("growth_%d", size), c.Program)
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	g := &grown{bed, &workload.Growth{Address: bed.server.Address, Versions: size}}
	if err := g.growth.Grow(ctx); err != nil {
		return nil, errors.Join(err, bed.server.Stop())
	}
	fmt.Fprintf(os.Stderr, "%s: grew to %d versions in %.1f s\n", engine, size, time.Since(begin).Seconds())
	return g, nil
}

// compareSizes measures each operation on two sizes in turns.
func (c *growthCommand) compareSizes(ctx context.Context, large, small *grown, run report.Run) error {
	operations := small.growth.Operations()
	for i, operation := range large.growth.Operations() {
		record := report.Record{Run: run, Engine: large.engine, Row: operation.Name, Clients: growthClients,
			Sides: [2]string{fmt.Sprint(large.growth.Versions), fmt.Sprint(small.growth.Versions)}, Goal: growthGoal}
		var err error
		first, second := &serverSide{large.testbed, operation}, &serverSide{small.testbed, operations[i]}
		record.Comparison, err = c.schedule().Compare(ctx, first, second, growthClients)
		if err != nil {
			return err
		}
		fmt.Println(report.GrowthRow(record))
		if err := c.save(record); err != nil {
			return err
		}
	}
	return nil
}

// growthGoal is the greatest accepted factor of the CPU time for ten times as many versions.
const growthGoal = 1.2
