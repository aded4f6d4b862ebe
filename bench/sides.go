package main

import (
	"context"
	"time"

	"github.com/placard/placard/bench/client"
	"github.com/placard/placard/bench/measure"
	"github.com/placard/placard/bench/process"
	"github.com/placard/placard/bench/workload"
)

// serverSide is the side that sends the requests of an operation to a server.
type serverSide struct {
	*testbed
	operation client.Operation
}

// Name returns the name of the operation.
func (s *serverSide) Name() string { return s.operation.Name }

// Turn sends requests as fast as the server responds.
func (s *serverSide) Turn(ctx context.Context, clients int, duration time.Duration) (measure.Turn, error) {
	return s.meter(func() (client.Sample, error) {
		return client.Load{Address: s.server.Address, Clients: clients, Operation: s.operation}.RunClosed(ctx, duration)
	})
}

// Open sends requests at a fixed rate and returns their latencies.
func (s *serverSide) Open(ctx context.Context, clients int, rate float64, duration time.Duration) (client.Sample, error) {
	return client.Load{Address: s.server.Address, Clients: clients, Operation: s.operation}.RunOpen(ctx, rate, duration)
}

// usage is the CPU time of the processes.
type usage struct{ server, database, client time.Duration }

// usage returns the CPU time that the processes have used.
func (b *testbed) usage() (u usage, err error) {
	if u.server, err = process.FamilyCPU(b.server.PID()); err != nil {
		return u, err
	}
	if u.database, err = process.FamilyCPU(b.cluster.PID); err != nil {
		return u, err
	}
	u.client, err = process.OwnCPU()
	return u, err
}

// meter runs a load and returns its rate and latencies with the CPU time of the processes.
func (b *testbed) meter(load func() (client.Sample, error)) (measure.Turn, error) {
	before, err := b.usage()
	if err != nil {
		return measure.Turn{}, err
	}
	sample, err := load()
	if err != nil {
		return measure.Turn{}, err
	}
	after, err := b.usage()
	return measure.Turn{
		Operations: len(sample.Latencies), Elapsed: sample.Elapsed,
		P50: measure.Percentile(sample.Latencies, 0.5), P99: measure.Percentile(sample.Latencies, 0.99),
		Server: after.server - before.server, Database: after.database - before.database, Client: after.client - before.client,
	}, err
}

// changedSide is the side that reads each page once after all of its versions have changed. The changes are not
// measured.
type changedSide struct {
	*testbed
	pages *workload.ChangedPages
}

// Name returns the name of the operation.
func (s *changedSide) Name() string { return s.pages.Read.Name }

// Turn changes and reads all pages until the measured part has the duration.
func (s *changedSide) Turn(ctx context.Context, clients int, duration time.Duration) (total measure.Turn, err error) {
	for total.Elapsed < duration {
		if err := s.pages.Change(ctx); err != nil {
			return total, err
		}
		round, err := s.meter(func() (client.Sample, error) {
			return client.Load{Address: s.server.Address, Clients: clients, Operation: s.pages.Read}.RunCount(ctx, s.pages.Pages)
		})
		if err != nil {
			return total, err
		}
		total.Add(round)
	}
	return total, nil
}

// logSide is the side that logs. After each turn it compares the stored entries with the acknowledged requests.
type logSide struct {
	serverSide
	logs *workload.Logs
}

// Turn logs entries, and compares the stored entries with the acknowledged requests.
func (s *logSide) Turn(ctx context.Context, clients int, duration time.Duration) (measure.Turn, error) {
	turn, err := s.serverSide.Turn(ctx, clients, duration)
	if err != nil {
		return turn, err
	}
	return turn, s.logs.Check(s.server.Address)
}
