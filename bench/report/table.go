package report

import (
	"fmt"
	"strings"

	"github.com/placard/placard/bench/measure"
)

// LimitHeader is the header of the table of rows that are compared with the database alone.
const LimitHeader = "| work | clients | database alone, /s | Placard, /s | ratio | goal | p50 / p99 ms at 70 % | CPU ms: server + database | database alone |\n" +
	"|---|---|---|---|---|---|---|---|---|"

// LimitRow returns the line of such a row.
func LimitRow(r Record) string {
	return fmt.Sprintf("| %s | %d | %s | %s | **%s** | %s | %s | %s + %s | %s |", r.Row, r.Clients,
		measure.Short(r.Second.Rate.Median), measure.Short(r.First.Rate.Median), r.Ratio, formatGoal(r),
		formatOpen(r.Open), measure.Short(r.First.ServerCPU.Median), measure.Short(r.First.DatabaseCPU.Median),
		measure.Short(r.Second.DatabaseCPU.Median))
}

// formatGoal returns the goal of a row, and whether it is reached.
func formatGoal(r Record) string {
	switch {
	case r.Goal == 0:
		return ""
	case r.Ratio.Median >= r.Goal:
		return fmt.Sprintf("≥ %s ✓", measure.Short(r.Goal))
	}
	return fmt.Sprintf("≥ %s", measure.Short(r.Goal))
}

// CompareHeader returns the header of the table of rows that compare two commits.
func CompareHeader(sides [2]string) string {
	return fmt.Sprintf("| engine | work | clients | %[2]s, /s | %[1]s, /s | ratio of rates | server CPU ms %[2]s → %[1]s | ratio of CPU |\n%[3]s|",
		sides[0], sides[1], strings.Repeat("|---", 8))
}

// CompareRow returns the line of such a row.
func CompareRow(r Record) string {
	return fmt.Sprintf("| %s | %s | %d | %s | %s | **%s** | %s → %s | **%s** |", engineName(r.Engine), r.Row, r.Clients,
		measure.Short(r.Second.Rate.Median), measure.Short(r.First.Rate.Median), r.Ratio,
		measure.Short(r.Second.ServerCPU.Median), measure.Short(r.First.ServerCPU.Median), r.CPURatio)
}

// formatOpen returns the latencies at a fixed rate, if they were measured.
func formatOpen(o OpenLoop) string {
	if o.Rate == 0 {
		return ""
	}
	return measure.Short(o.P50) + " / " + measure.Short(o.P99)
}

// GrowthHeader is the header of the table of operations on projects of two sizes.
const GrowthHeader = "| engine | operation | versions | CPU ms: server + database | p50 ms | factor of CPU time | goal |\n|---|---|---|---|---|---|---|"

// GrowthRow returns the line of an operation.
func GrowthRow(r Record) string {
	return fmt.Sprintf("| %s | %s | %s → %s | %s + %s → %s + %s | %s → %s | **%s** | %s |", engineName(r.Engine), r.Row, r.Sides[1], r.Sides[0],
		measure.Short(r.Second.ServerCPU.Median), measure.Short(r.Second.DatabaseCPU.Median),
		measure.Short(r.First.ServerCPU.Median), measure.Short(r.First.DatabaseCPU.Median),
		measure.Short(r.Second.P50.Median), measure.Short(r.First.P50.Median), r.TotalCPURatio, limit(r.TotalCPURatio.Median, r.Goal))
}

// PeerHeader is the header of the table of other programs with the same work.
const PeerHeader = "| work | clients | peer | peer, /s | Placard, /s | ratio | peer's CPU ms: server + database | Placard's |\n|---|---|---|---|---|---|---|---|"

// PeerRow returns the line of such a work.
func PeerRow(r Record) string {
	return fmt.Sprintf("| %s | %d | %s | %s | %s | **%s** | %s + %s | %s + %s |", r.Row, r.Clients, r.Sides[1],
		measure.Short(r.Second.Rate.Median), measure.Short(r.First.Rate.Median), r.Ratio,
		measure.Short(r.Second.ServerCPU.Median), measure.Short(r.Second.DatabaseCPU.Median),
		measure.Short(r.First.ServerCPU.Median), measure.Short(r.First.DatabaseCPU.Median))
}
