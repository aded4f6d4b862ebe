package engine

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"gorm.io/gorm"

	"github.com/placard/placard/internal/admission"
	"github.com/placard/placard/internal/consistency"
	"github.com/placard/placard/internal/store/rawrow"
	"github.com/placard/placard/internal/store/replica"
)

// laneSet are the connections for each kind of statements, so that no kind waits for another. The health check has a
// connection of its own.
type laneSet struct {
	// reads are the statements of queries whose work is bounded by the objects that they name and by the size of a page.
	reads *lane
	// unbounded are statements whose work grows with the project, such as searches, counts and statistics.
	unbounded *lane
	// mutations are transactions and the reads of mutations. On SQLite the writer has the transactions.
	mutations *lane
	// keys are look-ups of API keys and readings of the clock. Their callers bound them.
	keys *lane
}

// all returns the lanes that exist: a replica has none of mutations and of keys.
func (l *laneSet) all() []*lane {
	return slices.DeleteFunc([]*lane{l.reads, l.unbounded, l.mutations, l.keys}, func(l *lane) bool { return l == nil })
}

// pools returns how busy the connections of the lanes are. A wait for a turn is a wait for a connection.
func (l *laneSet) pools() []Pool {
	var pools []Pool
	for _, lane := range l.all() {
		p, load := pool(lane.name, lane.pool), lane.queue.Stats()
		p.Waiting, p.Waits, p.Waited = load.Waiting, p.Waits+load.Waits, p.Waited+load.WaitTime
		pools = append(pools, p)
	}
	return pools
}

func (l *laneSet) close() error {
	var errs []error
	for _, lane := range l.all() {
		errs = append(errs, lane.pool.Close())
	}
	return errors.Join(errs...)
}

// lane is a pool of connections with a turn for each. Callers share the turns.
type lane struct {
	name string
	pool *sql.DB
	db   *gorm.DB
	// customPlans is db without statements that stay prepared. Only the lane of questions has one.
	customPlans *gorm.DB
	queue       *admission.Queue[string]
	// send is the function of the engine that ReadRows uses, and numbered its syntax of placeholders.
	send     rawrow.Send
	numbered bool
}

// newLane returns a lane over a pool with a number of connections. The operations bound the number of its waiters.
func newLane(name string, pool *sql.DB, connections int) *lane {
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	return &lane{name: name, pool: pool, queue: admission.NewQueue[string](connections, math.MaxInt)}
}

// maxUnboundedReads returns the number of concurrent unbounded reads: one per core, and at least two. One caller gets
// at most three quarters of them.
func maxUnboundedReads() int { return max(2, cores) }

// cores is the number of cores that the process may use.
var cores = runtime.GOMAXPROCS(0)

// addReadThreads raises GOMAXPROCS by one per unbounded read. An SQLite statement is a goroutine that computes for
// seconds, and Go would make other goroutines wait for the end of its time slices; the operating system prefers
// threads that have waited. It keeps a GOMAXPROCS of the environment.
var addReadThreads = sync.OnceFunc(func() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(cores + min(maxUnboundedReads(), maxSQLiteUnbounded))
	}
})

// shareConnections divides the connections of PostgreSQL between the lanes: at least one each, and together as many as
// there are.
func shareConnections(all int) (reads, questions, mutations, keys int) {
	keys = max(1, all/5)
	questions = min(maxUnboundedReads(), max(1, all/4))
	mutations = max(3, 2*all/5) // a migration takes three at once
	return max(1, all-keys-questions-mutations), questions, mutations, keys
}

// run runs fn in a turn of the operation and the caller of ctx. fn sends one statement, or several one after the other,
// and closes their rows. It waits for nothing else, and takes no other turn.
func (l *lane) run(ctx context.Context, db *gorm.DB, fn func(*gorm.DB) error) error {
	return withPermit(ctx, func(o Operation) error {
		return l.withTurn(ctx, o.Caller, func() error { return fn(db.WithContext(ctx)) })
	})
}

// withTurn runs fn in a turn of a caller. It returns the error of ctx if that ends first.
func (l *lane) withTurn(ctx context.Context, caller string, fn func() error) error {
	if err := l.queue.Acquire(ctx, caller); err != nil {
		return ctx.Err() // the places to wait have no bound
	}
	defer l.queue.Release(caller)
	return fn()
}

// Operation is an operation of the API, whose statements share turns.
type Operation struct {
	// Caller is the identity by which operations share turns.
	Caller string
	// Mutation is set for a mutation, whose reads have the connections of mutations.
	Mutation bool
	// StatementsAtOnce is how many of its statements run at once.
	StatementsAtOnce int
	// Token is the consistency token of the request, and Primary requires that the primary answers it.
	Token   consistency.Token
	Primary bool
	// Cancel ends the operation if it must be executed again. Only DB.WithOperation uses these fields.
	Cancel context.CancelCauseFunc

	permits chan struct{}
	// session is nil for an operation without a token.
	session *replica.Session
}

type operationKey struct{}

// WithOperation makes a context for the statements of an operation.
func WithOperation(ctx context.Context, o Operation) context.Context {
	o.permits = make(chan struct{}, o.StatementsAtOnce)
	return context.WithValue(ctx, operationKey{}, o)
}

// operationOf returns the operation of a context, the zero Operation if it has none.
func operationOf(ctx context.Context) Operation {
	o, _ := ctx.Value(operationKey{}).(Operation)
	return o
}

// withPermit runs fn with one of the permits of the operation of ctx. A context without an operation needs none. It
// returns the error of ctx if that ends first.
func withPermit(ctx context.Context, fn func(Operation) error) error {
	o := operationOf(ctx)
	if o.permits == nil {
		return fn(o)
	}
	select {
	case o.permits <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-o.permits }()
	return fn(o)
}

// lanes returns the lanes of the node of an operation, with its replica, nil for the primary.
func (db *DB) lanes(ctx context.Context) (*laneSet, *replica.Replica) {
	if node := operationOf(ctx).session.Use(); node != nil {
		return db.nodes.lanes[node], node
	}
	return db.backend.lanes(), nil
}

// Reader sends reading statements, each in a turn of its lane.
type Reader struct {
	ctx  context.Context
	lane *lane
	db   *gorm.DB
	// replica is that of the lane, nil for the primary.
	replica *replica.Replica
}

// Read returns the reader of statements whose work is bounded by the objects that they name and by the size of a page.
func (db *DB) Read(ctx context.Context) Reader {
	lanes, node := db.lanes(ctx)
	lane := lanes.reads
	if operationOf(ctx).Mutation {
		lane = lanes.mutations
	}
	return Reader{ctx, lane, lane.db, node}
}

// ReadUnbounded returns the reader of statements whose work grows with the project.
func (db *DB) ReadUnbounded(ctx context.Context) Reader {
	lanes, node := db.lanes(ctx)
	return Reader{ctx, lanes.unbounded, lanes.unbounded.db, node}
}

// ReadSearch returns a Reader for unbounded statements with variable text, which are planned for their arguments and
// not kept prepared.
func (db *DB) ReadSearch(ctx context.Context) Reader {
	lanes, node := db.lanes(ctx)
	return Reader{ctx, lanes.unbounded, lanes.unbounded.customPlans, node}
}

// ScanKey sends the look-up of an API key and reads its rows into dest. Look-ups have connections of their own, and the
// caller bounds their number.
func (db *DB) ScanKey(ctx context.Context, dest any, query Expr) error {
	return db.backend.lanes().keys.db.WithContext(ctx).Raw(query.SQL, query.Args...).Scan(dest).Error
}

// Do runs fn in one turn. fn sends statements one after the other, closes their rows and waits for nothing else.
func (r Reader) Do(fn func(db *gorm.DB) error) error {
	return r.onNode(func(ctx context.Context) error { return r.lane.run(ctx, r.db, fn) })
}

// Scan sends one statement and reads its rows into dest.
func (r Reader) Scan(dest any, query Expr) error {
	return r.Do(func(db *gorm.DB) error { return db.Raw(query.SQL, query.Args...).Scan(dest).Error })
}

// Row is a row of ReadRows.
type Row = rawrow.Row

// ReadRows sends one statement and calls read for each row, which is valid during the call. It ends with the first
// error of read. Arguments are values and lists, as in Scan.
func (r Reader) ReadRows(query Expr, read func(row *Row) error) error {
	return r.onNode(func(ctx context.Context) error {
		return withPermit(ctx, func(o Operation) error {
			return r.lane.withTurn(ctx, o.Caller, func() error { return r.observeRows(ctx, query, read) })
		})
	})
}

// observeRows sends a statement like a session of GORM, so that observers and the log of slow statements include it.
func (r Reader) observeRows(ctx context.Context, query Expr, read func(row *Row) error) error {
	text, args := rawrow.Bind(query.SQL, query.Args, r.lane.numbered)
	begin, n := time.Now(), int64(0)
	err := r.db.ConnPool.(*observedPool).before(ctx, text, args)
	if err == nil {
		statement := rawrow.Query{Text: text, Args: args, Planned: r.db == r.lane.customPlans}
		err = r.lane.send(ctx, r.lane.pool, statement, func(row *Row) error {
			n++
			return read(row)
		})
	}
	r.db.Logger.Trace(ctx, begin, func() (string, int64) { return text[:min(len(text), maxObservedText)], n }, err)
	return err
}

// Pool is the state of a pool of connections.
type Pool struct {
	Name string
	// Most is how many connections it may have.
	Most, InUse, Idle int
	// Waiting counts the statements that wait for a turn.
	Waiting int
	// Waits counts the waits of statements for a turn or a connection, and Waited is their total duration.
	Waits  int64
	Waited time.Duration
}

func pool(name string, db *sql.DB) Pool {
	stats := db.Stats()
	return Pool{
		Name: name, Most: stats.MaxOpenConnections, InUse: stats.InUse, Idle: stats.Idle, Waits: stats.WaitCount, Waited: stats.WaitDuration,
	}
}
