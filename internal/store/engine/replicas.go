package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/placard/placard/internal/store/replica"
)

// nodes are the primary and the replicas of a database, nil if operations return no tokens.
type nodes struct {
	*replica.Set
	lanes map[*replica.Replica]*laneSet
}

// errReplicas is the error of replicas of an SQLite database.
var errReplicas = &URLError{"--read-database-urls needs a PostgreSQL database in --database-url: SQLite has no replicas"}

// openNodes opens the replicas of the database, and starts to check them.
func (db *DB) openNodes(ctx context.Context, options Options) error {
	o := options.Replicas
	primary, isPostgres := db.backend.(*postgresDialect)
	switch {
	case !isPostgres && len(o.URLs) > 0:
		return errReplicas
	case !isPostgres || len(o.URLs) == 0 && !o.Tokens:
		return nil
	}
	n := &nodes{lanes: map[*replica.Replica]*laneSet{}}
	pool := primary.connect()
	pool.SetMaxOpenConns(1)
	db.closers = append(db.closers, pool.Close)
	var err error
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

// openReplica adds the replica at url. It has as many connections for queries as the primary.
func (db *DB) openReplica(ctx context.Context, n *nodes, url string, connections int) error {
	d, err := newPostgres(ctx, url)
	if wrong := (*URLError)(nil); errors.As(err, &wrong) {
		return &URLError{"--read-database-urls: " + wrong.Error()}
	}
	checks := d.connect() // it reports why the server cannot be reached
	checks.SetMaxOpenConns(1)
	db.closers = append(db.closers, checks.Close)
	if err := n.Add(ctx, addressOf(d.config), checks, isRefusedConnection); err != nil {
		return err
	}
	added := n.Replicas()[len(n.Replicas())-1]
	reads, questions, _, _ := shareConnections(cmp.Or(connections, defaultConnections))
	prefix := fmt.Sprintf("replica_%d_", len(n.Replicas()))
	d.lane = laneSet{
		reads:     newLane(prefix+"read", d.connect(), reads),
		unbounded: newLane(prefix+"question", d.connect(), questions),
	}
	db.closers = append(db.closers, d.lane.close)
	n.lanes[added] = &d.lane
	return d.openSessions(db.log)
}

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
