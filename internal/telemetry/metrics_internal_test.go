package telemetry

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/placard/placard/graph"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

// TestRefusedFor: each way to be refused for lack of room has its reason, and other failures have none.
func TestRefusedFor(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), storetest.SQLite(t), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	m := NewMetrics(Build{}, graph.NewServer(s, models.DefaultLimits(), "test", slog.New(slog.DiscardHandler)), s)
	for _, o := range []graph.Operation{
		{Turn: graph.TurnFull, Code: "OVERLOADED"}, {Turn: graph.TurnLate, Code: "LIMIT_EXCEEDED"}, {Turn: graph.TurnLate, Code: "LIMIT_EXCEEDED"},
		{Turn: graph.TurnLeft, Code: "UNAVAILABLE"}, {Code: "OVERLOADED"}, {Turn: graph.TurnGiven, Code: "OVERLOADED"},
		{Turn: graph.TurnGiven, Code: "OVERLOADED"}, {Turn: graph.TurnGiven, Code: "LIMIT_EXCEEDED"}, {Turn: graph.TurnGiven, Code: graph.CodeOK},
	} {
		m.begin()
		m.end(&o)
	}
	if err := testutil.GatherAndCompare(m.registry, strings.NewReader(`
# HELP placard_operations_refused_total Requests that were refused for lack of room, by reason: as many waited already as may (full), they waited too long (late), or other clients take their time with as many bytes as may be held (room).
# TYPE placard_operations_refused_total counter
placard_operations_refused_total{reason="full"} 1
placard_operations_refused_total{reason="late"} 2
placard_operations_refused_total{reason="room"} 3
`), "placard_operations_refused_total"); err != nil {
		t.Error(err)
	}
	if waits := testutil.CollectAndCount(m.waits); waits != 1 || testutil.ToFloat64(m.inFlight) != 0 {
		t.Errorf("%d series of waits; %v in flight", waits, testutil.ToFloat64(m.inFlight))
	}
}
