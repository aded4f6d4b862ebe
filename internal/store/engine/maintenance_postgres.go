package engine

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jackc/pgx/v5/stdlib"
)

// OpenPostgres returns a pool of one connection to the PostgreSQL database at url for maintenance. Its sessions have
// the settings of a server.
func OpenPostgres(ctx context.Context, url string) (*sql.DB, error) {
	config, err := serverConfig(url)
	if err != nil {
		return nil, err
	}
	pool := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(setConnectionCheckInterval))
	pool.SetMaxOpenConns(1)
	if err := checkEncoding(ctx, pool); err != nil {
		return nil, errors.Join(explainConnecting(err, config), pool.Close())
	}
	return pool, nil
}

// DistributedSettings returns the settings of a distributed database on each node. The workers plan the statements, and
// their sessions do not have the settings of the server. A transaction uses one connection to each worker, because it
// may change a reference table after it has read on several workers. Migrations may create triggers.
func DistributedSettings() map[string]string {
	settings := map[string]string{
		"citus.multi_shard_modify_mode": "sequential", "citus.enable_unsafe_triggers": "on",
	}
	for _, name := range []string{"jit", "random_page_cost", "max_parallel_workers_per_gather", "enable_sort"} {
		settings[name] = sessionSettings[name]
	}
	return settings
}
