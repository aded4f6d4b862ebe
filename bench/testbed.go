package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/placard/placard/bench/baseline"
	"github.com/placard/placard/bench/measure"
	"github.com/placard/placard/bench/process"
	"github.com/placard/placard/bench/report"
	"github.com/placard/placard/internal/store/storetest"
)

// settings are the flags of all commands that measure servers.
type settings struct {
	Engines []string `help:"Engines: postgres, sqlite." enum:"postgres,sqlite" default:"postgres,sqlite"`
	Turns   int      `help:"Turns of each side." default:"3"`
	Seconds int      `help:"Seconds of a turn." default:"1"`
	Rows    []string `help:"Measure the rows whose names contain one of these texts." sep:"none" placeholder:"TEXT"`
	Clients []int    `help:"Measure these numbers of clients only." placeholder:"N"`
	Scale   int      `help:"Multiply the number of versions by this." default:"1"`
	Out     string   `help:"Append the results to this file of JSON lines." placeholder:"FILE"`
	Program string   `help:"Measure this program instead of building one." placeholder:"PATH"`
	folder  string
	cluster *storetest.Cluster
}

func (s *settings) schedule() measure.Schedule {
	return measure.Schedule{Turns: s.Turns, Duration: time.Duration(s.Seconds) * time.Second}
}

// start creates a temporary folder and a PostgreSQL cluster that keeps data as a production server does.
func (s *settings) start() (err error) {
	if s.folder, err = os.MkdirTemp("", "placard-bench-"); err != nil {
		return err
	}
	if err := os.Chmod(s.folder, 0o755); err != nil { // pgbench may run as another user
		return err
	}
	if slices.Contains(s.Engines, "postgres") {
		s.cluster, err = storetest.NewCluster("fsync=on", "full_page_writes=on", "synchronous_commit=on", "shared_buffers=1GB",
			"max_wal_size=8GB", "checkpoint_timeout=30min", "effective_cache_size=4GB", "statement_timeout=0")
	}
	return err
}

// stop removes the cluster and the folder.
func (s *settings) stop() error {
	if s.cluster != nil {
		s.cluster.Remove()
	}
	return os.RemoveAll(s.folder)
}

// with calls fn with the description of a run, between start and stop, with a built program.
func (s *settings) with(ctx context.Context, kind string, fn func(run report.Run) error) (err error) {
	defer func() { err = errors.Join(err, s.stop()) }()
	if err := s.start(); err != nil {
		return err
	}
	run, err := s.run(ctx, kind)
	if err != nil {
		return err
	}
	if s.Program == "" {
		s.Program = filepath.Join(s.folder, "placard")
		if err := process.Build(ctx, ".", s.Program); err != nil {
			return err
		}
	}
	return fn(run)
}

// testbed is a server on a database of its own.
type testbed struct {
	engine, database string
	server           *process.Server
	// cluster and file are the database for the limits; one of them is set.
	cluster baseline.Cluster
	file    baseline.File
}

// newTestbed creates a database and starts a program on it.
func (s *settings) newTestbed(ctx context.Context, engine, name, program string) (*testbed, error) {
	b := &testbed{engine: engine}
	if engine == "sqlite" {
		folder := filepath.Join(s.folder, "sqlite-"+name)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return nil, err
		}
		b.file.Path = filepath.Join(folder, "placard.db")
		b.database = "sqlite:" + b.file.Path
	} else {
		u, err := s.createDatabase(ctx, "bench_"+name)
		if err != nil {
			return nil, err
		}
		b.database = u.String()
		b.cluster = baseline.Cluster{URL: b.database, Programs: s.cluster.Programs(), PID: s.cluster.PID(), Folder: s.folder}
	}
	var err error
	b.server, err = process.Placard(program, b.database).Start(ctx)
	return b, err
}

// createDatabase creates a database in the cluster and returns its URL.
func (s *settings) createDatabase(ctx context.Context, name string) (_ *url.URL, err error) {
	conn, err := pgx.Connect(ctx, s.cluster.URL.String())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize())
	u := *s.cluster.URL
	u.Path = "/" + name
	return &u, err
}

// run returns the description of this run.
func (s *settings) run(ctx context.Context, kind string) (report.Run, error) {
	r := report.Run{Kind: kind, Date: time.Now().UTC().Truncate(time.Second), Machine: report.ThisMachine(),
		Settings: fmt.Sprintf("%d turns of %d s, data × %d", s.Turns, s.Seconds, s.Scale)}
	var err error
	if r.Commit, err = describeCommit(ctx); err != nil {
		return r, err
	}
	if r.Machine.SQLite, err = baseline.SQLiteVersion(ctx); err != nil {
		return r, err
	}
	if s.cluster != nil {
		r.Machine.PostgreSQL, err = baseline.PostgreSQLVersion(ctx, s.cluster.URL.String())
	}
	return r, err
}

// describeCommit returns the commit of this tree, with "+" if files have changed since.
func describeCommit(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty=+", "--abbrev=10", "--exclude=*").Output()
	return strings.TrimSpace(string(out)), err
}
