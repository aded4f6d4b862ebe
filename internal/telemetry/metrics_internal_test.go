package telemetry

import (
	"log/slog"
	"maps"
	"testing"

	"github.com/placard/placard/graph"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

// TestRejectionReasons checks the reason of each rejected request, and that other failures have none.
func TestRejectionReasons(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), storetest.SQLite(t), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	m := NewMetrics(Build{}, graph.NewServer(s, models.DefaultLimits(), "test", slog.New(slog.DiscardHandler)), s)
	for _, o := range []graph.Operation{
		{Turn: graph.TurnFull, Code: "OVERLOADED"}, {Turn: graph.TurnLate, Code: "LIMIT_EXCEEDED"},
		{Turn: graph.TurnLate, Code: "LIMIT_EXCEEDED"},
		{Turn: graph.TurnLeft, Code: "CANCELLED"}, {Code: "OVERLOADED"}, {Turn: graph.TurnGiven, Code: "OVERLOADED"},
		{Turn: graph.TurnGiven, Code: "OVERLOADED"}, {Turn: graph.TurnGiven, Code: "LIMIT_EXCEEDED"},
		{Turn: graph.TurnGiven, Code: graph.CodeOK},
	} {
		m.startRequest()
		m.endRequest(&o)
	}
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, family := range families {
		for _, metric := range family.Metric {
			switch family.GetName() {
			case "placard_operations_refused_total":
				got[metric.Label[0].GetValue()] = metric.Counter.GetValue()
			case "placard_operation_wait_seconds":
				got["waits"] = float64(metric.Histogram.GetSampleCount())
			case "placard_operations_in_flight":
				got["in flight"] = metric.Gauge.GetValue()
			}
		}
	}
	if want := map[string]float64{"queue_full": 1, "queue_timeout": 2, "memory": 3, "waits": 6,
		"in flight": 0}; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
