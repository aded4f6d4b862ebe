package command

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/placard/placard/internal/config"
	"github.com/placard/placard/internal/progress"
	"github.com/placard/placard/internal/store/engine"
)

// compact rewrites the files of a database, so that they keep nothing of erased values.
func compact(ctx context.Context, settings *config.Compact, out Output) error {
	effect := "rewriting the database file; no server may use it meanwhile"
	if engine.IsPostgres(settings.DatabaseURL) {
		effect = "rewriting the tables that hold values; each is locked for reads and writes meanwhile"
	}
	db, err := engine.Open(ctx, settings.DatabaseURL, out.Log(settings.LogLevel, settings.LogFormat), false,
		engine.Options{})
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(out.Stderr, effect); err != nil {
		return errors.Join(err, db.Close())
	}
	var current atomic.Pointer[string]
	var before int64
	stop := progress.Start(out.Stderr, func(elapsed time.Duration) string {
		if name := current.Load(); name != nil {
			return fmt.Sprintf("rewriting %s; %d s so far", *name, int(elapsed.Seconds()))
		}
		return ""
	})
	var failed error
	err = db.Compact(ctx, func(name string, bytes int64) {
		current.Store(&name)
		before = bytes
	}, func(name string, bytes int64) {
		_, err := fmt.Fprintf(out.Stdout, "%s: %d bytes before, %d bytes after\n", name, before, bytes)
		failed = errors.Join(failed, err)
	})
	stop()
	return errors.Join(err, failed, db.Close())
}
