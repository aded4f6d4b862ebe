package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/placard/placard/bench/client"
	"github.com/placard/placard/bench/load"
	"github.com/placard/placard/bench/measure"
	"github.com/placard/placard/bench/process"
	"github.com/placard/placard/bench/report"
	"github.com/placard/placard/bench/workload"
)

// scaleCommand measures several servers on one PostgreSQL database, and a database with many entries.
type scaleCommand struct {
	settings
	Servers []int `help:"Numbers of servers to measure." default:"1,2,3"`
	Entries []int `help:"Numbers of entries of databases to load and measure, such as 10000000 (eight GB)." placeholder:"N"`
}

// scaleClients is the number of clients, which are distributed over the servers.
const scaleClients = 24

// Run measures PostgreSQL.
func (c *scaleCommand) Run(ctx context.Context) error {
	c.Engines = []string{"postgres"}
	return c.with(ctx, "scale", func(run report.Run) error {
		fmt.Printf("Commit %s, %s, PostgreSQL %s, %d cores, %d clients.\n\n%s\n", run.Commit, run.Machine.CPU, run.Machine.PostgreSQL,
			run.Machine.Cores, scaleClients, scaleHeader)
		if err := c.measureServers(ctx); err != nil {
			return err
		}
		for _, entries := range c.Entries {
			if err := c.measureEntries(ctx, entries); err != nil {
				return fmt.Errorf("%d entries: %w", entries, err)
			}
		}
		return nil
	})
}

const scaleHeader = "| servers and data | operation | per second | p50 ms | p99 ms | CPU ms, servers | CPU ms, PostgreSQL |\n|---|---|---|---|---|---|---|"

// measureServers measures reading and logging with several servers on one database.
func (c *scaleCommand) measureServers(ctx context.Context) (err error) {
	if len(c.Servers) == 0 {
		return nil
	}
	bed, err := c.newTestbed(ctx, "postgres", "servers", c.Program)
	if err != nil {
		return err
	}
	servers := []*process.Server{bed.server}
	defer func() {
		for _, s := range servers {
			err = errors.Join(err, s.Stop())
		}
	}()
	mixture, err := fillMixture(ctx, bed, c.Scale)
	if err != nil {
		return err
	}
	for _, n := range c.Servers {
		for len(servers) < n {
			s, err := process.Placard(c.Program, bed.database).Start(ctx)
			if err != nil {
				return err
			}
			servers = append(servers, s)
		}
		for _, part := range mixture {
			if err := c.measure(ctx, servers[:n], fmt.Sprintf("%d × server", n), part.Operation); err != nil {
				return err
			}
		}
	}
	return nil
}

// measure prints the medians of the turns of an operation on servers.
func (c *scaleCommand) measure(ctx context.Context, servers []*process.Server, setup string, operation client.Operation) error {
	turns := make([]measure.Turn, c.Turns)
	for i := range turns {
		var err error
		if turns[i], err = c.turn(ctx, servers, operation); err != nil {
			return err
		}
	}
	s := measure.Summarize(turns)
	fmt.Printf("| %s | %s | %.0f | %.2f | %.2f | %.3f | %.3f |\n", setup, operation.Name, s.Rate.Median, s.P50.Median, s.P99.Median,
		s.ServerCPU.Median, s.DatabaseCPU.Median)
	return nil
}

// turn sends requests to all servers at once. The latencies are the greatest of the servers.
func (c *scaleCommand) turn(ctx context.Context, servers []*process.Server, operation client.Operation) (measure.Turn, error) {
	samples, failures := make([]client.Sample, len(servers)), make([]error, len(servers))
	before, err := c.cpu(servers)
	if err != nil {
		return measure.Turn{}, err
	}
	var all sync.WaitGroup
	for i, server := range servers {
		all.Go(func() {
			load := client.Load{Address: server.Address, Clients: scaleClients / len(servers), Operation: operation}
			samples[i], failures[i] = load.RunClosed(ctx, c.schedule().Duration)
		})
	}
	all.Wait()
	after, err := c.cpu(servers)
	turn := measure.Turn{Server: after.Server - before.Server, Database: after.Database - before.Database}
	for _, s := range samples {
		turn.Operations += len(s.Latencies)
		turn.Elapsed = max(turn.Elapsed, s.Elapsed)
		turn.P50 = max(turn.P50, measure.Percentile(s.Latencies, 0.5))
		turn.P99 = max(turn.P99, measure.Percentile(s.Latencies, 0.99))
	}
	return turn, errors.Join(append(failures, err)...)
}

// cpu returns the CPU time that servers and PostgreSQL have used.
func (c *scaleCommand) cpu(servers []*process.Server) (t measure.Turn, err error) {
	for _, server := range servers {
		cpu, err := process.FamilyCPU(server.PID())
		if err != nil {
			return t, err
		}
		t.Server += cpu
	}
	t.Database, err = process.FamilyCPU(c.cluster.PID())
	return t, err
}

// entriesPerVersion is the mean number of entries of a version of the bulk loader.
const entriesPerVersion = 20

// measureEntries loads a database, prints the size of its tables and indexes, and measures operations on it.
func (c *scaleCommand) measureEntries(ctx context.Context, entries int) (err error) {
	bed, err := c.newTestbed(ctx, "postgres", fmt.Sprintf("entries_%d", entries), c.Program) // it creates the tables
	if err != nil {
		return err
	}
	if err := bed.server.Stop(); err != nil {
		return err
	}
	begin := time.Now()
	err = load.Load(ctx, bed.database, load.Options{Versions: entries / entriesPerVersion, Progress: func(text string) {
		fmt.Fprintf(os.Stderr, "%d entries: %s\n", entries, text)
	}})
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%d entries: loaded in %.0f s\n", entries, time.Since(begin).Seconds())
	if err := printSizes(ctx, bed.database, entries); err != nil {
		return err
	}
	fmt.Println(scaleHeader)
	if bed.server, err = process.Placard(c.Program, bed.database).Start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bed.server.Stop()) }()
	project := workload.Loaded{Artifact: load.ArtifactName(0), Versions: entries / entriesPerVersion * 2 / 5 * 9 / 10}
	for _, operation := range project.Operations() {
		if err := c.measure(ctx, []*process.Server{bed.server}, fmt.Sprint(entries, " entries"), operation); err != nil {
			return err
		}
	}
	return nil
}

// printSizes prints the bytes per entry of each table and index that has more than one.
func printSizes(ctx context.Context, database string, entries int) (err error) {
	conn, err := pgx.Connect(ctx, database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	rows, err := conn.Query(ctx, `
SELECT relname, relkind::text, pg_relation_size(oid)::float8 / $1 FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i') AND pg_relation_size(oid) >= $1 ORDER BY 3 DESC`, float64(entries))
	if err != nil {
		return err
	}
	type relation struct {
		Name, Kind string
		Bytes      float64
	}
	relations, err := pgx.CollectRows(rows, pgx.RowToStructByPos[relation])
	if err != nil {
		return err
	}
	fmt.Printf("\n| table or index of %d entries | bytes per entry |\n|---|---|\n", entries)
	total := 0.0
	for _, r := range relations {
		total += r.Bytes
		fmt.Printf("| %s `%s` | %.1f |\n", map[string]string{"r": "table", "i": "index"}[r.Kind], r.Name, r.Bytes)
	}
	fmt.Printf("| all of these | %.1f |\n\n", total)
	return nil
}
