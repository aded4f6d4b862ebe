// Package telemetry measures the server for Prometheus and OpenTelemetry. It is the only importer of these: graph and
// store tell what they do to small interfaces of their own, and to nobody when nothing is measured.
package telemetry

import (
	"log/slog"
	"net/http"
	"runtime"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/placard/placard/internal/admission"
	"github.com/placard/placard/internal/gqlhttp"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/models"
)

// mostNames is how many names of operations are told apart, and mostName how many bytes a name of these may have.
// All others are otherName.
const (
	mostNames = 100
	mostName  = 100
	otherName = "other"
)

// The buckets of the histograms, in seconds.
var (
	operationBuckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 15}
	statementBuckets = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5}
)

// Metrics counts and times what the server does.
type Metrics struct {
	registry   *prometheus.Registry
	operations *prometheus.CounterVec
	durations  *prometheus.HistogramVec
	waits      prometheus.Histogram
	refused    *prometheus.CounterVec
	inFlight   prometheus.Gauge
	statements *prometheus.HistogramVec
	entries    prometheus.Counter

	mu    sync.Mutex
	names map[string]bool
}

// Build is what the server was built from.
type Build struct{ Version, Commit string }

// NewMetrics measures a server on the store.
func NewMetrics(build Build, queue *admission.Queue[string], s *store.Store) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(), names: map[string]bool{},
		operations: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "placard_operations_total", Help: "GraphQL operations that were answered, by type, name and code of the first error.",
		}, []string{"type", "name", "code"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "placard_operation_duration_seconds", Help: "Time from the arrival of a request until its answer is ready.",
			Buckets: operationBuckets,
		}, []string{"type", "name"}),
		waits: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "placard_operation_wait_seconds", Help: "How long requests waited for their turn, those included that waited in vain.",
			Buckets: operationBuckets,
		}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "placard_operations_refused_total",
			Help: "Requests that were refused for lack of room, by reason: as many waited already as may (full), they waited too long (late), " +
				"or other clients take their time with as many bytes as may be held (room).",
		}, []string{"reason"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "placard_operations_in_flight", Help: "GraphQL requests that have arrived and are not answered yet.",
		}),
		statements: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "placard_sql_statement_duration_seconds", Help: "Time of the SQL statements of operations, by result: ok or failed.",
			Buckets: statementBuckets,
		}, []string{"result"}),
		entries: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "placard_entries_written_total", Help: "Metadata entries that were stored, retractions included.",
		}),
	}
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "placard_build_info", Help: "Always 1; the labels say what runs.", ConstLabels: prometheus.Labels{
			"version": build.Version, "commit": build.Commit, "go": runtime.Version(), "tables": strconv.FormatInt(store.NewestTables(), 10),
		},
	})
	info.Set(1)
	gauge := func(name, help string, value func() int) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return float64(value()) })
	}
	m.registry.MustRegister(m.operations, m.durations, m.waits, m.refused, m.inFlight, m.statements, m.entries, info, &pools{s},
		gauge("placard_operations_executing", "GraphQL requests that have their turn.", func() int { return queue.Load().Turns }),
		gauge("placard_operations_waiting", "GraphQL requests that wait for their turn.", func() int { return queue.Load().Waiting }),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, result := range []string{"ok", "failed"} {
		m.statements.WithLabelValues(result) // so that a rate has something to begin with
	}
	for _, reason := range []string{"full", "late", "room"} {
		m.refused.WithLabelValues(reason)
	}
	return m
}

// begin counts a request that arrives, and end the operation that it was.
func (m *Metrics) begin() { m.inFlight.Inc() }

func (m *Metrics) end(o *gqlhttp.Summary) {
	m.inFlight.Dec()
	name := m.name(o.Name)
	m.operations.WithLabelValues(o.Type, name, o.Code).Inc()
	m.durations.WithLabelValues(o.Type, name).Observe(o.Duration.Seconds())
	if o.QueueOutcome == admission.Admitted || o.QueueOutcome == admission.QueueTimeout {
		m.waits.Observe(o.QueueTime.Seconds())
	}
	switch {
	case o.QueueOutcome == admission.QueueFull:
		m.refused.WithLabelValues("full").Inc()
	case o.QueueOutcome == admission.QueueTimeout:
		m.refused.WithLabelValues("late").Inc()
	case o.Code == string(models.CodeOverloaded):
		m.refused.WithLabelValues("room").Inc()
	}
}

// name is the label for the name of an operation. Clients choose names, so there must not be any number of them.
func (m *Metrics) name(name string) string {
	if name == "" {
		return ""
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.names[name] {
		return name
	}
	if len(m.names) == mostNames || len(name) > mostName {
		return otherName
	}
	m.names[name] = true
	return name
}

// statement times a statement.
func (m *Metrics) statement(took time.Duration, err error) {
	result := "ok"
	if err != nil {
		result = "failed"
	}
	m.statements.WithLabelValues(result).Observe(took.Seconds())
}

// Handler answers /metrics, and nothing else.
func (m *Metrics) Handler(log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn), MaxRequestsInFlight: 4,
	}))
	return mux
}

// pools reads the pools of connections, and the size of the write-ahead log, when it is asked.
type pools struct{ store *store.Store }

var (
	poolOpen = prometheus.NewDesc("placard_database_connections", "Connections to the database, by pool and state: in_use or idle.",
		[]string{"pool", "state"}, nil)
	poolMost    = prometheus.NewDesc("placard_database_connections_max", "Connections that a pool may have.", []string{"pool"}, nil)
	poolWaiting = prometheus.NewDesc("placard_database_waiting", "Statements that wait for their turn on a connection of a pool.", []string{"pool"}, nil)
	poolWaits   = prometheus.NewDesc("placard_database_waits_total", "How often a statement had to wait for its turn or a connection.", []string{"pool"}, nil)
	poolWaited  = prometheus.NewDesc("placard_database_wait_seconds_total", "How long statements waited for their turn or a connection.", []string{"pool"}, nil)
	logBytes    = prometheus.NewDesc("placard_sqlite_log_bytes", "Size of the write-ahead log of SQLite, in bytes.", nil, nil)
)

// Describe names what Collect makes.
func (p *pools) Describe(to chan<- *prometheus.Desc) {
	for _, description := range []*prometheus.Desc{poolOpen, poolMost, poolWaiting, poolWaits, poolWaited, logBytes} {
		to <- description
	}
}

// Collect reads the pools and the size of the log.
func (p *pools) Collect(to chan<- prometheus.Metric) {
	for _, pool := range p.store.Pools() {
		to <- prometheus.MustNewConstMetric(poolOpen, prometheus.GaugeValue, float64(pool.InUse), pool.Name, "in_use")
		to <- prometheus.MustNewConstMetric(poolOpen, prometheus.GaugeValue, float64(pool.Idle), pool.Name, "idle")
		to <- prometheus.MustNewConstMetric(poolMost, prometheus.GaugeValue, float64(pool.Most), pool.Name)
		to <- prometheus.MustNewConstMetric(poolWaiting, prometheus.GaugeValue, float64(pool.Waiting), pool.Name)
		to <- prometheus.MustNewConstMetric(poolWaits, prometheus.CounterValue, float64(pool.Waits), pool.Name)
		to <- prometheus.MustNewConstMetric(poolWaited, prometheus.CounterValue, pool.Waited.Seconds(), pool.Name)
	}
	if size, ok := p.store.LogBytes(); ok {
		to <- prometheus.MustNewConstMetric(logBytes, prometheus.GaugeValue, float64(size))
	}
}
