package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"github.com/placard/placard/bench/client"
	"github.com/placard/placard/bench/measure"
	"github.com/placard/placard/bench/process"
	"github.com/placard/placard/bench/report"
	"github.com/placard/placard/bench/workload"
)

// steadyCommand measures a server at rest and under a mixed load.
type steadyCommand struct {
	settings
	Minutes float64 `help:"Minutes of the mixed load." default:"0.5"`
}

// Run measures each engine.
func (c *steadyCommand) Run(ctx context.Context) error {
	return c.with(ctx, "steady", func(run report.Run) error {
		for _, engine := range c.Engines {
			steady := report.Steady{Run: run, Engine: engine, Minutes: c.Minutes}
			if err := c.measureEngine(ctx, engine, &steady); err != nil {
				return fmt.Errorf("%s: %w", engine, err)
			}
			fmt.Println("\n" + report.SteadyTable([]report.Steady{steady}))
			if err := c.save(steady); err != nil {
				return err
			}
		}
		return nil
	})
}

// starts is the number of measured starts.
const starts = 5

// measureEngine fills steady with the measurements of an engine.
func (c *steadyCommand) measureEngine(ctx context.Context, engine string, steady *report.Steady) (err error) {
	info, err := os.Stat(c.Program)
	if err != nil {
		return err
	}
	steady.ProgramBytes = info.Size()
	bed, err := c.newTestbed(ctx, engine, "steady", c.Program) // it creates the tables
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bed.server.Stop()) }()
	mixture, err := fillMixture(ctx, bed, c.Scale)
	if err != nil {
		return err
	}
	var times, idle []float64
	for range starts {
		if err := bed.server.Stop(); err != nil {
			return err
		}
		if bed.server, err = process.Placard(c.Program, bed.database).Start(ctx); err != nil {
			return err
		}
		times = append(times, measure.Milliseconds(bed.server.StartTime))
		time.Sleep(time.Second)
		rss, err := process.RSS(bed.server.PID())
		if err != nil {
			return err
		}
		idle = append(idle, float64(rss))
	}
	steady.StartMilliseconds, steady.IdleBytes = measure.NewSpread(times), measure.NewSpread(idle)
	return c.measureMixture(ctx, bed, mixture, steady)
}

// part is an operation with its share of the requests of a mixture.
type part struct {
	client.Operation
	share float64
}

// fillMixture writes data and returns the operations of the mixed load.
func fillMixture(ctx context.Context, bed *testbed, scale int) ([]part, error) {
	plain := workload.Dataset{Shape: workload.Plain, Artifacts: 20 * scale}
	logged := workload.Dataset{Shape: workload.Logged, Artifacts: 20 * scale}
	for _, data := range []workload.Dataset{plain, logged} {
		if err := data.Fill(ctx, bed.server.Address); err != nil {
			return nil, err
		}
	}
	read, err := plain.ReadVersions(bed.server.Address, workload.JSON)
	if err != nil {
		return nil, err
	}
	typed, err := plain.ReadVersions(bed.server.Address, workload.Typed)
	if err != nil {
		return nil, err
	}
	page, err := plain.ReadPages(bed.server.Address, workload.JSON)
	return []part{{read, 0.6}, {typed, 0.1}, {page, 0.02}, {logged.LogEntries().Operation, 0.28}}, err
}

// steadyClients is the number of connections per operation of the mixed load.
const steadyClients = 32

// measureMixture finds the peak of the mixed load, and sends it at a share of the peak for the minutes.
func (c *steadyCommand) measureMixture(ctx context.Context, bed *testbed, mixture []part, steady *report.Steady) error {
	address, duration := bed.server.Address, time.Duration(c.Minutes*float64(time.Minute))
	peak, err := client.Load{Address: address, Clients: 8, Operation: mix(mixture)}.RunClosed(ctx, min(5*time.Second, duration))
	if err != nil {
		return err
	}
	steady.Peak, steady.Rate = peak.Rate(), openShare*peak.Rate()
	stop := watchMemory(bed.server.PID(), duration)
	samples, failures := make([]client.Sample, len(mixture)), make([]error, len(mixture))
	var all sync.WaitGroup
	for i, p := range mixture {
		all.Go(func() {
			load := client.Load{Address: address, Clients: steadyClients, Operation: p.Operation}
			samples[i], failures[i] = load.RunOpen(ctx, p.share*steady.Rate, duration)
		})
	}
	all.Wait()
	if steady.Memory, err = stop(); err != nil {
		return err
	}
	for i, sample := range samples {
		steady.Operations = append(steady.Operations, report.SteadyOperation{
			Name: mixture[i].Name, Share: mixture[i].share, Reached: sample.Rate(),
			P50: measure.Milliseconds(measure.Percentile(sample.Latencies, 0.5)),
			P99: measure.Milliseconds(measure.Percentile(sample.Latencies, 0.99))})
	}
	return errors.Join(failures...)
}

// memorySamples is the number of samples of the memory.
const memorySamples = 60

// watchMemory samples the resident memory of a process at equal distances, until the returned function is called.
func watchMemory(pid int, duration time.Duration) (stop func() ([]int64, error)) {
	done, result := make(chan struct{}), make(chan error, 1)
	var samples []int64
	go func() {
		ticker := time.NewTicker(duration / memorySamples)
		defer ticker.Stop()
		for {
			rss, err := process.RSS(pid)
			samples = append(samples, rss)
			if err != nil {
				result <- err
				return
			}
			select {
			case <-ticker.C:
			case <-done:
				result <- nil
				return
			}
		}
	}()
	return func() ([]int64, error) {
		close(done)
		err := <-result
		return samples, err
	}
}
func mix(mixture []part) client.Operation {
	return client.Operation{Name: "mixed load", Next: func(random *rand.Rand) ([]byte, func([]byte) error) {
		at := random.Float64()
		for _, p := range mixture[1:] {
			if at -= p.share; at < 0 {
				return p.Next(random)
			}
		}
		return mixture[0].Next(random)
	}}
}
