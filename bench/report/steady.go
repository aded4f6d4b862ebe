package report

import (
	"fmt"
	"strings"

	"github.com/placard/placard/bench/measure"
)

// Steady is the measurement of a server at rest and under a mixed load at 70 % of its peak.
type Steady struct {
	Run
	Engine  string  `json:"engine"`
	Minutes float64 `json:"minutes"`
	// Peak and Rate are operations per second.
	Peak       float64           `json:"peak"`
	Rate       float64           `json:"rate"`
	Operations []SteadyOperation `json:"operations"`
	// Memory has samples of the resident bytes during the load, at equal distances.
	Memory []int64 `json:"memory"`
	// IdleBytes is the resident memory a second after a start.
	IdleBytes         measure.Spread `json:"idleBytes"`
	StartMilliseconds measure.Spread `json:"startMilliseconds"`
	// ProgramBytes is the size of the stripped program.
	ProgramBytes int64 `json:"programBytes"`
}

// SteadyOperation is the latency of an operation of the mixed load in milliseconds, counted from the scheduled times.
type SteadyOperation struct {
	Name  string  `json:"name"`
	Share float64 `json:"share"`
	// Reached is the rate of responses. It is less than the scheduled rate if the server was overloaded.
	Reached float64 `json:"reached"`
	P50     float64 `json:"p50"`
	P99     float64 `json:"p99"`
}

// mebibyte is the unit of memory in tables.
const mebibyte = 1 << 20

// The goals of a steady server.
const (
	maxTailRatio         = 10
	maxIdleMebibytes     = 40
	maxStartMilliseconds = 100
	maxProgramMegabytes  = 40
)

// SteadyTable returns the tables of a mixed load and of servers at rest.
func SteadyTable(steady []Steady) string {
	var text strings.Builder
	fmt.Fprintln(&text, "| engine | operation | share | per second, of scheduled | p50 ms | p99 ms | p99 / p50 | goal |\n|---|---|---|---|---|---|---|---|")
	for _, s := range steady {
		for _, o := range s.Operations {
			ratio := o.P99 / o.P50
			fmt.Fprintf(&text, "| %s | %s | %.0f %% | %s of %s | %s | %s | **%s** | %s |\n", engineName(s.Engine), o.Name,
				100*o.Share, measure.Short(o.Reached), measure.Short(o.Share*s.Rate), measure.Short(o.P50), measure.Short(o.P99),
				measure.Short(ratio), limit(ratio, maxTailRatio))
		}
	}
	fmt.Fprintln(&text, "\n| measure | engine | value | goal |\n|---|---|---|---|")
	for _, s := range steady {
		line := func(name, value string, number, goal float64) {
			fmt.Fprintf(&text, "| %s | %s | %s | %s |\n", name, engineName(s.Engine), value, limit(number, goal))
		}
		first, last := firstAndLast(s.Memory)
		line("memory before and after the load, MiB", fmt.Sprintf("%s → %s", measure.Short(first), measure.Short(last)), 0, 0)
		idle := s.IdleBytes.Median / mebibyte
		line("memory at rest, MiB", measure.Short(idle), idle, maxIdleMebibytes)
		line("start, ms", s.StartMilliseconds.String(), s.StartMilliseconds.Median, maxStartMilliseconds)
		program := float64(s.ProgramBytes) / 1e6
		line("stripped program, MB", measure.Short(program), program, maxProgramMegabytes)
	}
	return text.String()
}

// firstAndLast returns the means of the first and of the last tenth of samples, in MiB.
func firstAndLast(samples []int64) (first, last float64) {
	n := max(len(samples)/10, 1)
	if len(samples) < n {
		return 0, 0
	}
	for i := range n {
		first += float64(samples[i]) / float64(n) / mebibyte
		last += float64(samples[len(samples)-1-i]) / float64(n) / mebibyte
	}
	return first, last
}

// limit returns a goal that a number must not exceed, and whether it is reached; empty without a goal.
func limit(number, goal float64) string {
	switch {
	case goal == 0:
		return ""
	case number <= goal:
		return fmt.Sprintf("≤ %s ✓", measure.Short(goal))
	}
	return "≤ " + measure.Short(goal)
}
