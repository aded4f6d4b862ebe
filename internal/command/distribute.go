package command

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/placard/placard/internal/config"
	"github.com/placard/placard/internal/progress"
	"github.com/placard/placard/internal/store/distribution"
	"github.com/placard/placard/internal/store/engine"
)

// distribute distributes the tables of a PostgreSQL database among the nodes of Citus.
func distribute(ctx context.Context, settings *config.Distribute, out Output) error {
	if !engine.IsPostgres(settings.DatabaseURL) {
		return &config.UsageError{Err: errors.New("only PostgreSQL with the extension Citus can be distributed: " +
			"set --database-url to the coordinator, such as postgres://USER@HOST/NAME")}
	}
	var current atomic.Pointer[string]
	stop := progress.Start(out.Stderr, func(elapsed time.Duration) string {
		if step := current.Load(); step != nil {
			return fmt.Sprintf("%s; %d s so far", *step, int(elapsed.Seconds()))
		}
		return ""
	})
	tables, err := distribution.Distribute(ctx, settings.DatabaseURL, func(step string) { current.Store(&step) })
	stop()
	if err != nil {
		return err
	}
	text := "nothing to do: all tables are distributed"
	if len(tables) > 0 {
		text = "distributed " + strings.Join(tables, ", ")
	}
	_, err = fmt.Fprintln(out.Stdout, text)
	return err
}
