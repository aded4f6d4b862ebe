package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/placard/placard/bench/client"
	"github.com/placard/placard/bench/measure"
	"github.com/placard/placard/bench/report"
)

// limitsCommand compares the server with the database alone.
type limitsCommand struct{ settings }

// Run measures the rows of each engine and prints a table.
func (c *limitsCommand) Run(ctx context.Context) error {
	return c.with(ctx, "limits", func(run report.Run) error {
		for _, engine := range c.Engines {
			if err := c.measureEngine(ctx, engine, run); err != nil {
				return fmt.Errorf("%s: %w", engine, err)
			}
		}
		return nil
	})
}

// measureEngine measures the rows of an engine.
func (c *limitsCommand) measureEngine(ctx context.Context, engine string, run report.Run) (err error) {
	bed, err := c.newTestbed(ctx, engine, "limits", c.Program)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bed.server.Stop()) }()
	fmt.Printf("\n%s, commit %s\n\n%s\n", engine, run.Commit, report.LimitHeader)
	filled := map[string]bool{}
	for _, r := range c.rows() {
		if r.engine != engine {
			continue
		}
		if err := fillOnce(ctx, r, bed, filled); err != nil {
			return err
		}
		side, err := r.prepare(bed)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		limit, err := r.limit(ctx, bed)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		for _, clients := range r.clients {
			record := report.Record{Run: run, Engine: engine, Row: r.name, Clients: clients, Goal: r.goals[clients],
				Sides: [2]string{"Placard", "database alone"}}
			if record.Comparison, err = c.schedule().Compare(ctx, side, limit, clients); err != nil {
				return fmt.Errorf("%s: %w", r.name, err)
			}
			if record.Open, err = c.measureOpen(ctx, side, clients, record.First.Rate.Median); err != nil {
				return fmt.Errorf("%s: %w", r.name, err)
			}
			fmt.Println(report.LimitRow(record))
			if err := c.save(record); err != nil {
				return err
			}
		}
	}
	return nil
}

// fillOnce writes the data of a row unless the database has them.
func fillOnce(ctx context.Context, r row, bed *testbed, filled map[string]bool) error {
	if filled[r.data.Name] {
		return nil
	}
	filled[r.data.Name] = true
	begin := time.Now()
	err := r.data.Fill(ctx, bed.server.Address)
	fmt.Fprintf(os.Stderr, "wrote %d versions of %s in %.1f s\n", r.data.Versions(), r.data.Name, time.Since(begin).Seconds())
	return err
}

// opener is a side that can send requests at a fixed rate.
type opener interface {
	Open(ctx context.Context, clients int, rate float64, duration time.Duration) (client.Sample, error)
}

// openShare is the share of the peak at which latencies are measured.
const openShare = 0.7

// openClients is the smallest number of connections of an open loop. It exceeds the number of requests at a time, so
// that requests wait in the server and not in the load generator.
const openClients = 64

// measureOpen measures the latencies at a share of the peak, if the side can.
func (s *settings) measureOpen(ctx context.Context, side measure.Side, clients int, peak float64) (report.OpenLoop, error) {
	o, ok := side.(opener)
	if !ok {
		return report.OpenLoop{}, nil
	}
	sample, err := o.Open(ctx, max(clients, openClients), openShare*peak, s.schedule().Duration)
	return report.OpenLoop{Rate: openShare * peak, P50: measure.Milliseconds(measure.Percentile(sample.Latencies, 0.5)),
		P99: measure.Milliseconds(measure.Percentile(sample.Latencies, 0.99))}, err
}

// save appends a record to the file of the settings.
func (s *settings) save(record any) error {
	if s.Out == "" {
		return nil
	}
	return report.Append(s.Out, record)
}
