package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/placard/placard/bench/baseline"
	"github.com/placard/placard/bench/measure"
	"github.com/placard/placard/bench/peers"
	"github.com/placard/placard/bench/process"
	"github.com/placard/placard/bench/report"
	"github.com/placard/placard/bench/workload"
)

// peersCommand compares the server with other programs on the same work.
type peersCommand struct {
	settings
	Programs string `help:"Folder of the installed programs, which are kept; a folder of temporary files by default." placeholder:"FOLDER"`
	Write    bool   `help:"Keep the results in bench/results and show them in docs/performance.md."`
}

// Run installs the programs and measures each next to the server.
func (c *peersCommand) Run(ctx context.Context) error {
	if c.Programs == "" {
		c.Programs = filepath.Join(os.TempDir(), "placard-peers")
	}
	var err error
	if c.Programs, err = filepath.Abs(c.Programs); err != nil {
		return err
	}
	if c.Out, err = c.resultFile(ctx, c.Write); err != nil {
		return err
	}
	folder := peers.Folder(c.Programs)
	if err := folder.Install(ctx); err != nil {
		return err
	}
	err = c.with(ctx, "peers", func(run report.Run) error {
		fmt.Println("\n" + report.PeerHeader)
		for _, engine := range c.Engines {
			compare := c.comparePostgreSQL
			if engine == "sqlite" {
				compare = c.compareSQLite
			}
			if err := compare(ctx, folder, run); err != nil {
				return fmt.Errorf("%s: %w", engine, err)
			}
		}
		return nil
	})
	if err == nil && c.Write {
		err = report.Write(resultFolder, resultDocument)
	}
	return err
}

// comparePostgreSQL compares with PostGraphile on the same tables, and with MLflow on a database in the same cluster.
func (c *peersCommand) comparePostgreSQL(ctx context.Context, folder peers.Folder, run report.Run) (err error) {
	bed, err := c.newTestbed(ctx, "postgres", "peers", c.Program)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bed.server.Stop()) }()
	plain := workload.Dataset{Shape: workload.Plain, Artifacts: 20 * c.Scale}
	logged := workload.Dataset{Shape: workload.Logged, Artifacts: 20 * c.Scale}
	for _, data := range []workload.Dataset{plain, logged} {
		if err := data.Fill(ctx, bed.server.Address); err != nil {
			return err
		}
	}
	database := *c.cluster.URL
	database.Path = "/bench_peers"
	other, err := folder.StartPostGraphile(ctx, &database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ignoreSignal(other.Stop())) }()
	peer := &testbed{engine: "postgres", server: other, cluster: baseline.Cluster{PID: bed.cluster.PID}}
	for _, selection := range []workload.Selection{workload.JSON, workload.Typed} {
		for _, page := range []bool{false, true} {
			r := readRow("read 50 keys", plain, selection, nil, 0)
			if page {
				r = pageRow("page of 100 × 50 keys", plain, selection, nil, 0)
			}
			second := &serverSide{peer, peers.PostGraphileReads(plain, page, selection)}
			if err := c.comparePeer(ctx, r, bed, second, "PostGraphile "+peers.PostGraphileVersion, run); err != nil {
				return err
			}
		}
	}
	return c.compareMLflow(ctx, folder, bed, logged, run)
}

// compareMLflow compares logging with MLflow.
func (c *peersCommand) compareMLflow(
	ctx context.Context, folder peers.Folder, bed *testbed, data workload.Dataset, run report.Run,
) (err error) {
	database, err := c.createDatabase(ctx, "bench_mlflow")
	if err != nil {
		return err
	}
	server, err := folder.StartMLflow(ctx, database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ignoreSignal(server.Stop())) }()
	logs, err := peers.MLflowLogs(server.Address, 200)
	if err != nil {
		return err
	}
	peer := &testbed{engine: "postgres", server: server, cluster: baseline.Cluster{PID: bed.cluster.PID}}
	return c.comparePeer(ctx, logRow(data, nil), bed, &serverSide{peer, logs}, "MLflow "+peers.MLflowVersion, run)
}

// compareSQLite compares with PocketBase, which has its own SQLite file.
func (c *peersCommand) compareSQLite(ctx context.Context, folder peers.Folder, run report.Run) (err error) {
	bed, err := c.newTestbed(ctx, "sqlite", "peers", c.Program)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bed.server.Stop()) }()
	plain := workload.Dataset{Shape: workload.Plain, Artifacts: 5 * c.Scale}
	logged := workload.Dataset{Shape: workload.Logged, Artifacts: 5 * c.Scale}
	for _, data := range []workload.Dataset{plain, logged} {
		if err := data.Fill(ctx, bed.server.Address); err != nil {
			return err
		}
	}
	server, err := folder.StartPocketBase(ctx, filepath.Join(c.folder, "pocketbase"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ignoreSignal(server.Stop())) }()
	if err := peers.FillPocketBase(server.Address, plain.Versions(), plain.Keys); err != nil {
		return err
	}
	peer, name := &testbed{engine: "sqlite", server: server}, "PocketBase "+peers.PocketBaseVersion
	reads := &serverSide{peer, peers.PocketBaseReads(plain.Versions(), plain.Keys)}
	r := onSQLite(readRow("read 50 keys", plain, workload.JSON, nil, 0))
	if err := c.comparePeer(ctx, r, bed, reads, name, run); err != nil {
		return err
	}
	return c.comparePeer(ctx, onSQLite(logRow(logged, nil)), bed, &serverSide{peer, peers.PocketBaseLogs(logged.Versions())}, name, run)
}

// peerClients is the number of clients of the comparisons with peers.
const peerClients = 8

// comparePeer measures a row of the server and the same work of a peer in turns.
func (c *peersCommand) comparePeer(ctx context.Context, r row, bed *testbed, peer measure.Side, name string, run report.Run) error {
	side, err := r.prepare(bed)
	if err != nil {
		return err
	}
	record := report.Record{Run: run, Engine: r.engine, Row: r.name, Clients: peerClients, Sides: [2]string{"Placard", name}}
	if record.Comparison, err = c.schedule().Compare(ctx, side, peer, peerClients); err != nil {
		return fmt.Errorf("%s: %w", r.name, err)
	}
	fmt.Println(report.PeerRow(record))
	return c.save(record)
}

// ignoreSignal ignores that a program did not handle the signal to stop.
func ignoreSignal(err error) error {
	if process.IsExit(err) {
		return nil
	}
	return err
}
