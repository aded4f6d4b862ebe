package telemetry

import (
	"log/slog"
	"maps"
	"testing"

	"github.com/placard/placard/internal/admission"
	"github.com/placard/placard/internal/gqlhttp"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
)

// TestRejectionReasons checks the reason of each rejected request, and that other failures have none.
func TestRejectionReasons(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), storetest.SQLite(t), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	m := NewMetrics(Build{}, admission.NewQueue[string](1, 0), s)
	for _, o := range []gqlhttp.Summary{
		{QueueOutcome: admission.QueueFull, Code: "OVERLOADED"}, {QueueOutcome: admission.QueueTimeout, Code: "LIMIT_EXCEEDED"},
		{QueueOutcome: admission.QueueTimeout, Code: "LIMIT_EXCEEDED"},
		{QueueOutcome: admission.ClientGone, Code: "CANCELLED"}, {Code: "OVERLOADED"}, {QueueOutcome: admission.Admitted, Code: "OVERLOADED"},
		{QueueOutcome: admission.Admitted, Code: "OVERLOADED"}, {QueueOutcome: admission.Admitted, Code: "LIMIT_EXCEEDED"},
		{QueueOutcome: admission.Admitted, Code: gqlhttp.CodeOK},
	} {
		m.inFlight.Inc()
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
