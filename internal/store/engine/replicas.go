package engine

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"github.com/placard/placard/internal/store/pooler"
	"github.com/placard/placard/internal/store/rawrow"
	"github.com/placard/placard/internal/store/replica"
)

// nodes are the primary and the replicas of a database, nil if operations return no tokens.
type nodes struct {
	*replica.Set
	lanes map[*replica.Replica]*laneSet
}

// errReplicas is the error of replicas of an SQLite database.
var errReplicas = &URLError{"--read-database-urls needs a PostgreSQL database in --database-url: SQLite has no replicas"}

// openNodes opens the replicas of the database at url, and starts to check them.
func (db *DB) openNodes(ctx context.Context, url string, options Options) error {
	o := options.Replicas
	if !IsPostgres(url) {
		if len(o.URLs) > 0 {
			return errReplicas
		}
		return nil
	}
	if len(o.URLs) == 0 && !o.Tokens {
		return nil
	}
	config, connect, err := findNode(ctx, url)
	if err != nil {
		return stripDSN(err)
	}
	n := &nodes{lanes: map[*replica.Replica]*laneSet{}}
	pool := connect(config)
	pool.SetMaxOpenConns(1)
	db.closers = append(db.closers, pool.Close)
	n.Set, err = replica.New(ctx, replica.Options{Primary: pool, MaxLag: o.MaxLag, Version: TargetSchemaVersion(), Log: db.log})
	if err != nil {
		return fmt.Errorf("read the log position of the database: %w", stripDSN(err))
	}
	for _, url := range o.URLs {
		if err := db.openReplica(ctx, n, url, options.Connections); err != nil {
			return err
		}
	}
	db.nodes = n
	if len(o.URLs) > 0 {
		db.Repeat(replica.Interval, n.Sample)
	}
	for _, r := range n.Replicas() {
		db.Repeat(replica.Interval, r.Check)
	}
	return nil
}

// findNode returns how to connect to the server at url, also through a pooler. An error other than URLError may pass.
func findNode(ctx context.Context, url string) (*pgx.ConnConfig, func(*pgx.ConnConfig) *sql.DB, error) {
	config, err := serverConfig(url)
	if err != nil {
		return nil, nil, err
	}
	d := &postgresDialect{}
	d.pooler, err = pooler.Find(ctx, config, map[string]string{connectionCheck: connectionCheckInterval})
	return config, d.connect, err
}

// openReplica adds the replica at url. It has as many connections for queries as the primary.
func (db *DB) openReplica(ctx context.Context, n *nodes, url string, connections int) error {
	config, connect, err := findNode(ctx, url)
	if wrong := (*URLError)(nil); errors.As(err, &wrong) {
		return &URLError{"--read-database-urls: " + wrong.Error()}
	}
	checks := connect(config) // it reports why the server cannot be reached
	checks.SetMaxOpenConns(1)
	db.closers = append(db.closers, checks.Close)
	if err := n.Add(ctx, addressOf(config), checks, isRefusedConnection); err != nil {
		return err
	}
	added := n.Replicas()[len(n.Replicas())-1]
	prefix := fmt.Sprintf("replica_%d_", len(n.Replicas()))
	lanes, err := openReadLanes(func() *sql.DB { return connect(config) }, prefix, cmp.Or(connections, defaultConnections), db.log)
	if err != nil {
		return errors.Join(err, lanes.close())
	}
	db.closers = append(db.closers, lanes.close)
	n.lanes[added] = lanes
	return nil
}

// openReadLanes opens the lanes of queries on a replica. It sends nothing.
func openReadLanes(connect func() *sql.DB, prefix string, connections int, log *slog.Logger) (*laneSet, error) {
	reads, questions, _, _ := shareConnections(connections)
	set := &laneSet{
		reads:     newLane(prefix+"read", connect(), reads),
		unbounded: newLane(prefix+"question", connect(), questions),
	}
	for _, lane := range set.all() {
		lane.send, lane.numbered = rawrow.Postgres, true
		var err error
		if lane.db, err = postgresGORM(lazyPool{lane.pool}, log); err != nil {
			return set, err
		}
	}
	var err error
	set.unbounded.customPlans, err = postgresGORM(customPlanPool{set.unbounded.pool}, log)
	return set, err
}

// lazyPool is a pool that GORM does not ping when it opens a session, so that the replica may be away.
type lazyPool struct{ gorm.ConnPool }

// addressOf returns the address of a server and its database, without user and password.
func addressOf(config *pgx.ConnConfig) string {
	return net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port))) + "/" + config.Database
}

// isRefusedConnection reports whether a server has refused a connection because of its settings. A server that starts,
// stops or has no free connection works later.
func isRefusedConnection(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && !slices.Contains([]string{"57", "53", "08"}, refused.Code[:2])
}

// Nodes returns the state of the primary and its replicas, nil for a database without tokens.
func (db *DB) Nodes() []replica.Stats {
	if db.nodes == nil {
		return nil
	}
	return db.nodes.Stats()
}
