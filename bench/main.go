// Bench measures the server: against the database alone, against another commit, and as a project grows. README.md
// explains its commands.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/placard/placard/bench/searches"
)

// commands are the commands of the program.
type commands struct {
	All     allCommand     `cmd:"" default:"withargs" help:"Run limits, growth and steady (default)."`
	Limits  limitsCommand  `cmd:"" help:"Compare the server with the database alone."`
	Compare compareCommand `cmd:"" help:"Compare this tree with another commit."`
	Growth  growthCommand  `cmd:"" help:"Measure how operations depend on the size of a project."`
	Peers   peersCommand   `cmd:"" help:"Compare the server with other programs, which it installs."`
	Steady  steadyCommand  `cmd:"" help:"Measure a server at rest and under a mixed load."`
	Scale   scaleCommand   `cmd:"" help:"Measure several servers on one PostgreSQL database, and databases with many entries."`

	Document documentCommand          `cmd:"" help:"Show the last results in docs/performance.md."`
	Searches searches.Command         `cmd:"" help:"Measure typical searches on databases of several sizes."`
	Prices   searches.PricesCommand   `cmd:"" help:"Compare the price of operations with their CPU time."`
	Fairness searches.FairnessCommand `cmd:"" help:"Measure one API key while another one sends the most expensive operations."`
}

func main() {
	var c commands
	command := kong.Parse(&c, kong.Name("bench"), kong.Description("Bench measures the server on temporary databases."))
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	command.BindTo(ctx, (*context.Context)(nil))
	if err := command.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}
