package baseline

import (
	"strings"
	"testing"
)

const pgbenchOutput = `pgbench (15.18)
transaction type: /tmp/read.sql
scaling factor: 1
query mode: prepared
number of clients: 8
number of threads: 2
maximum number of tries: 1
duration: 1 s
number of transactions actually processed: 17606
number of failed transactions: 0 (0.000%)
latency average = 0.454 ms
initial connection time = 9.117 ms
tps = 17606.250000 (without initial connection time)
`

func TestParseResult(t *testing.T) {
	t.Parallel()
	turn, err := parseResult(pgbenchOutput)
	if err != nil {
		t.Fatal(err)
	}
	if turn.Operations != 17606 || turn.Rate() < 17606.2 || turn.Rate() > 17606.3 {
		t.Errorf("%d operations at a rate of %v", turn.Operations, turn.Rate())
	}
	for _, broken := range []string{
		"", strings.Replace(pgbenchOutput, "tps = ", "rate ", 1),
		strings.Replace(pgbenchOutput, "failed transactions: 0", "failed transactions: 3", 1),
		strings.Replace(pgbenchOutput, "processed: 17606", "processed: 0", 1),
	} {
		if _, err := parseResult(broken); err == nil {
			t.Errorf("no error for %q", broken)
		}
	}
}
