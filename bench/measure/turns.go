package measure

import (
	"context"
	"fmt"
	"time"
)

// Turn holds the measurements of one side in one turn.
type Turn struct {
	Operations int
	Elapsed    time.Duration
	// P50 and P99 are latencies; 0 if the side does not measure them.
	P50, P99 time.Duration
	// Server, Database and Client are the CPU time of the server, of the processes of the database, and of the load
	// generator. A side without such a process has 0.
	Server, Database, Client time.Duration
}

// Rate returns the operations per second.
func (t Turn) Rate() float64 { return float64(t.Operations) / t.Elapsed.Seconds() }

// Add adds the operations, times and CPU times of another part of the turn. Latencies are those of the slower part.
func (t *Turn) Add(other Turn) {
	t.Operations += other.Operations
	t.Elapsed += other.Elapsed
	t.P50, t.P99 = max(t.P50, other.P50), max(t.P99, other.P99)
	t.Server += other.Server
	t.Database += other.Database
	t.Client += other.Client
}

// Side is one of the two sides of a comparison.
type Side interface {
	// Name returns the name of the side for messages.
	Name() string
	// Turn repeats the operation of the side for about a duration.
	Turn(ctx context.Context, clients int, duration time.Duration) (Turn, error)
}

// Summary is the summary of the turns of a side. CPU times are milliseconds per operation, latencies milliseconds.
type Summary struct {
	Rate        Spread `json:"rate"`
	P50         Spread `json:"p50"`
	P99         Spread `json:"p99"`
	ServerCPU   Spread `json:"serverCpu"`
	DatabaseCPU Spread `json:"databaseCpu"`
	ClientCPU   Spread `json:"clientCpu"`
}

// Summarize returns the summary of turns.
func Summarize(turns []Turn) Summary {
	collect := func(value func(t Turn) float64) Spread {
		values := make([]float64, len(turns))
		for i, t := range turns {
			values[i] = value(t)
		}
		return NewSpread(values)
	}
	perOperation := func(cpu func(t Turn) time.Duration) Spread {
		return collect(func(t Turn) float64 { return Milliseconds(cpu(t)) / float64(t.Operations) })
	}
	return Summary{
		Rate:        collect(Turn.Rate),
		P50:         collect(func(t Turn) float64 { return Milliseconds(t.P50) }),
		P99:         collect(func(t Turn) float64 { return Milliseconds(t.P99) }),
		ServerCPU:   perOperation(func(t Turn) time.Duration { return t.Server }),
		DatabaseCPU: perOperation(func(t Turn) time.Duration { return t.Database }),
		ClientCPU:   perOperation(func(t Turn) time.Duration { return t.Client }),
	}
}

// Milliseconds returns a duration as a number of milliseconds.
func Milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// Schedule is the number of turns of each side and their duration.
type Schedule struct {
	Turns    int
	Duration time.Duration
}

// Comparison is the result of two sides that took turns.
type Comparison struct {
	First  Summary `json:"first"`
	Second Summary `json:"second"`
	// Ratio is the rate of the first side by the rate of the second one in the same pair of turns.
	Ratio Spread `json:"ratio"`
	// CPURatio is the ratio of the CPU time of the servers per operation; 0 if the second side has no server.
	CPURatio Spread `json:"cpuRatio"`
	// TotalCPURatio is the ratio of the CPU time of servers and databases per operation.
	TotalCPURatio Spread `json:"totalCpuRatio"`
}

// Compare lets two sides take turns: first, second, second, first, and so on, so that a drift of the machine changes
// both in the same way. A short turn of each side before is not measured.
func (s Schedule) Compare(ctx context.Context, first, second Side, clients int) (Comparison, error) {
	sides := [2]Side{first, second}
	var turns [2][]Turn
	for n := -1; n < s.Turns; n++ {
		for k := range sides {
			i, duration := (n+k)&1, s.Duration
			if n < 0 {
				duration /= 4
			}
			t, err := sides[i].Turn(ctx, clients, duration)
			if err != nil {
				return Comparison{}, fmt.Errorf("%s: %w", sides[i].Name(), err)
			}
			if n >= 0 {
				turns[i] = append(turns[i], t)
			}
		}
	}
	var ratios, cpu, total []float64
	for n, t := range turns[0] {
		other := turns[1][n]
		ratios = append(ratios, t.Rate()/other.Rate())
		if other.Server > 0 {
			perOperation := float64(other.Operations) / float64(t.Operations)
			cpu = append(cpu, perOperation*float64(t.Server)/float64(other.Server))
			total = append(total, perOperation*float64(t.Server+t.Database)/float64(other.Server+other.Database))
		}
	}
	return Comparison{Summarize(turns[0]), Summarize(turns[1]), NewSpread(ratios), NewSpread(cpu), NewSpread(total)}, nil
}
