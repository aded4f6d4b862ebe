package engine

import (
	"database/sql"
	"fmt"
	"log/slog"
	"net/url"

	dialector "github.com/libtnb/sqlite"
	"gorm.io/gorm"
	"modernc.org/sqlite"

	"github.com/placard/placard/internal/store/rawrow"
)

// openLanes opens the connections that read.
func (d *sqliteDialect) openLanes(path string, log *slog.Logger) (err error) {
	addReadThreads()
	gate := &d.checkpoints.gate
	open := func(name string, connections int, gate *readGate) (l *lane) {
		if err != nil {
			return nil
		}
		var readers *sql.DB
		if readers, err = connect(path, connections, readCache, "query_only(1)"); err != nil {
			return nil
		}
		l = newLane(name, readers, connections)
		l.send = rawrow.SQLite
		l.db, err = sqliteGORM(readers, log, true, gate)
		return l
	}
	d.lane = laneSet{
		reads:     open("sqlite_read", sqliteReaders, gate),
		unbounded: open("sqlite_question", min(maxUnboundedReads(), maxSQLiteUnbounded), gate),
		mutations: open("sqlite_mutation", sqliteMutationReaders, nil),
		keys:      open("sqlite_keys", sqliteKeyReaders, nil),
	}
	if err != nil {
		return err
	}
	d.checkpoints.reads = []*sql.DB{d.lane.reads.pool, d.lane.unbounded.pool}
	d.lane.unbounded.customPlans, err = sqliteGORM(d.lane.unbounded.pool, log, false, gate)
	return err
}

// connect returns a pool of at most size connections, whose pragmas may replace busy_timeout. secure_delete overwrites
// deleted content, so that erased values do not stay in free pages.
func connect(path string, size int, cache string, pragmas ...string) (*sql.DB, error) {
	pragmas = append([]string{"busy_timeout(10000)", "journal_mode(WAL)", "foreign_keys(1)", "cache_size(" + cache + ")",
		"secure_delete(1)"}, pragmas...)
	name := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{"_pragma": pragmas, "_dqs": {"0"}}.Encode()}
	connector, err := sqlite.NewConnector(name.String())
	if err != nil {
		return nil, err
	}
	pool := sql.OpenDB(rawrow.Connector{Connector: connector})
	pool.SetMaxOpenConns(size)
	pool.SetMaxIdleConns(size)
	return pool, nil
}

func sqliteGORM(pool gorm.ConnPool, log *slog.Logger, prepare bool, gate *readGate) (*gorm.DB, error) {
	db, err := openGORM(dialector.New(dialector.Config{Conn: pool}), log, prepare, gate)
	if err != nil {
		return nil, fmt.Errorf("open the database file: %w", err)
	}
	return db, nil
}
