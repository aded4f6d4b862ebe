package engine

import (
	"context"
	"database/sql"
	"errors"
	"maps"

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

// PlannerSettings returns the settings of the sessions of a server that change plans. Citus plans the statements on its
// workers, whose sessions do not have the settings of the server.
func PlannerSettings() map[string]string {
	settings := maps.Clone(sessionSettings)
	maps.DeleteFunc(settings, func(name, _ string) bool {
		switch name {
		case "jit", "random_page_cost", "max_parallel_workers_per_gather", "enable_sort":
			return false
		}
		return true
	})
	return settings
}
