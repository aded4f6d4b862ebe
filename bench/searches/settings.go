// Package searches fills databases of several sizes with bulk rows and measures typical searches on them, in process
// and without the network. It also compares prices with CPU times, and measures one API key while another one sends
// expensive operations.
package searches

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/placard/placard/bench/load"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
)

// Settings are the flags of all commands of the package.
type Settings struct {
	Sizes    []int    `help:"Numbers of versions, with one database each." default:"10000"`
	Engines  []string `help:"Engines: sqlite, postgres." enum:"sqlite,postgres" default:"sqlite,postgres"`
	Postgres string   `help:"A PostgreSQL server whose user may create databases; a temporary cluster by default." placeholder:"URL"`
	Folder   string   `help:"Folder of SQLite files; a temporary folder by default." placeholder:"FOLDER"`
	Keep     bool     `help:"Keep the databases, and use existing ones."`
	Runs     int      `help:"Runs per query; queries that read all rows have a tenth of them." default:"300"`
	// server is the process ID of the temporary cluster.
	server int
	// options are those of the store.
	options []store.Option
}

// Command measures typical searches.
type Command struct {
	Settings
	ScanSize int      `help:"Size for queries that read all rows." default:"100000"`
	Only     []string `help:"Measure these queries only." placeholder:"NAME"`
	Explain  bool     `help:"Print the statements of each query with their plans."`
}

// PricesCommand compares the price of operations with their CPU time.
type PricesCommand struct {
	Settings
	Turns      int `help:"Turns of each operation." default:"3"`
	CacheBytes int `help:"Size of the cache of metadata. Without it all values are read from the database." default:"0"`
}

// FairnessCommand measures the requests of one API key while twenty clients of another key send the most expensive
// operations.
type FairnessCommand struct {
	Settings
	Program string `help:"Measure this program instead of building one." placeholder:"PATH"`
}

// Run measures the searches of each engine and size, and prints a table per engine.
func (c *Command) Run(ctx context.Context) error {
	return c.eachEngine(func(engine string) error {
		results := map[int]map[string]result{}
		for _, size := range c.Sizes {
			err := c.withService(ctx, engine, size, func(service *service) (err error) {
				results[size], err = c.measure(ctx, service)
				return err
			})
			if err != nil {
				return fmt.Errorf("%d versions: %w", size, err)
			}
		}
		c.print(engine, results)
		return nil
	})
}

// Run prints a table of prices per engine and size.
func (c *PricesCommand) Run(ctx context.Context) error {
	c.options = []store.Option{store.WithCacheBytes(c.CacheBytes)}
	return c.eachEngine(func(engine string) error {
		for _, size := range c.Sizes {
			err := c.withService(ctx, engine, size, func(service *service) error {
				return service.printPrices(ctx, engine, c.server, c.Turns)
			})
			if err != nil {
				return fmt.Errorf("%d versions: %w", size, err)
			}
		}
		return nil
	})
}

// Run prints a table of latencies per engine.
func (c *FairnessCommand) Run(ctx context.Context) error {
	return c.eachEngine(func(engine string) error { return c.measure(ctx, engine) })
}

// eachEngine calls fn for each engine, with a folder and a PostgreSQL server.
func (s *Settings) eachEngine(fn func(engine string) error) (err error) {
	if s.Folder == "" {
		if s.Folder, err = os.MkdirTemp("", "placard-bench-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(s.Folder)) }()
	}
	if s.Postgres == "" && slices.Contains(s.Engines, "postgres") {
		cluster, err := storetest.NewCluster("shared_buffers=2GB", "max_wal_size=8GB", "checkpoint_timeout=1h", "effective_cache_size=8GB")
		if err != nil {
			return err
		}
		defer cluster.Remove()
		s.Postgres, s.server = cluster.URL.String(), cluster.PID()
	}
	for _, engine := range s.Engines {
		if err := fn(engine); err != nil {
			return fmt.Errorf("%s: %w", engine, err)
		}
	}
	return nil
}

// withService calls fn with a server on a filled database.
func (s *Settings) withService(ctx context.Context, engine string, size int, fn func(*service) error) (err error) {
	database, err := s.database(ctx, engine, size)
	if err != nil {
		return err
	}
	if !s.Keep {
		defer func() { err = errors.Join(err, s.drop(ctx, engine, size)) }()
	}
	if err := fill(ctx, database, size); err != nil {
		return err
	}
	service, err := open(ctx, database, size, s.options...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, service.store.Close()) }()
	if err := service.check(ctx); err != nil {
		return fmt.Errorf("check the loaded data: %w", err)
	}
	return fn(service)
}

// measure measures the queries on a database.
func (c *Command) measure(ctx context.Context, service *service) (results map[string]result, err error) {
	results = map[string]result{}
	for _, q := range questions() {
		if len(c.Only) > 0 && !slices.Contains(c.Only, q.name) || q.scans && service.versions != c.ScanSize {
			continue
		}
		runs := c.Runs
		if q.scans {
			runs = max(runs/10, 5)
		}
		if results[q.name], err = service.measure(ctx, q, runs); err != nil {
			return nil, err
		}
		if c.Explain {
			if err := service.explain(ctx, q, os.Stdout); err != nil {
				return nil, err
			}
		}
	}
	return results, nil
}

// fill loads a database that is not filled yet.
func fill(ctx context.Context, database string, size int) error {
	service, err := open(ctx, database, size) // it creates the tables
	if err != nil {
		return err
	}
	filled := service.check(ctx) == nil
	if err := service.store.Close(); err != nil || filled {
		return err
	}
	begin := time.Now()
	err = load.Load(ctx, database, load.Options{Versions: size, Progress: func(text string) {
		fmt.Fprintf(os.Stderr, "%6.0fs %s\n", time.Since(begin).Seconds(), text)
	}})
	if err == nil {
		fmt.Fprintf(os.Stderr, "%6.0fs loaded %d versions\n", time.Since(begin).Seconds(), size)
	}
	return err
}

func databaseName(size int) string { return fmt.Sprintf("placard_bench_%d", size) }

// database returns the URL of the database of a size, and creates the database if it does not exist.
func (s *Settings) database(ctx context.Context, engine string, size int) (string, error) {
	if engine == "sqlite" {
		return "sqlite:" + filepath.Join(s.Folder, databaseName(size)+".db"), nil
	}
	u, err := url.Parse(s.Postgres)
	if err != nil {
		return "", errors.New("--postgres must be a URL")
	}
	u.Path = "/" + databaseName(size)
	err = s.admin(ctx, "CREATE DATABASE "+databaseName(size))
	if err != nil && strings.Contains(err.Error(), "42P04") { // the database exists
		err = nil
	}
	return u.String(), err
}

func (s *Settings) admin(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, s.Postgres)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

func (s *Settings) drop(ctx context.Context, engine string, size int) error {
	if engine == "postgres" {
		return s.admin(ctx, "DROP DATABASE "+databaseName(size)+" WITH (FORCE)")
	}
	files, err := filepath.Glob(filepath.Join(s.Folder, databaseName(size)+".db*"))
	for _, file := range files {
		err = errors.Join(err, os.Remove(file))
	}
	return err
}

// print writes the table of an engine as Markdown: minimum, p50 and p99 of each size in milliseconds, and the growth of
// p50.
func (c *Command) print(engine string, results map[int]map[string]result) {
	fmt.Printf("\n%s, milliseconds: minimum / p50 / p99\n\n| query |", engine)
	for _, size := range c.Sizes {
		fmt.Printf(" %d |", size)
	}
	fmt.Printf(" growth of p50 | |\n|%s\n", strings.Repeat("---|", len(c.Sizes)+3))
	for _, q := range questions() {
		line, growth, asked := "", []string{}, false
		var before time.Duration
		for _, size := range c.Sizes {
			r, ok := results[size][q.name]
			if !ok {
				line += " |"
				continue
			}
			asked = true
			line += fmt.Sprintf(" %s / %s / %s |", milliseconds(r.least), milliseconds(r.p50), milliseconds(r.p99))
			if before > 0 {
				growth = append(growth, fmt.Sprintf("%.2f", float64(r.p50)/float64(before)))
			}
			before = r.p50
		}
		if asked {
			fmt.Printf("| %s |%s %s | %s |\n", q.name, line, strings.Join(growth, ", "), q.about)
		}
	}
}

func milliseconds(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d.Microseconds())/1000) }
