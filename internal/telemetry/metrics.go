// Package telemetry exports metrics to Prometheus and traces to OpenTelemetry, whose only importer it is. It
// implements the observers of gqlhttp, operation and the store. Without an address of metrics and an endpoint of traces
// nothing is observed.
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
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/placard/placard/internal/admission"
	"github.com/placard/placard/internal/gqlhttp"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// Clients choose the names of operations, so their number is bounded: only maxNames names of at most maxNameBytes are
// labels, and all others have the label otherName.
const (
	maxNames     = 100
	maxNameBytes = 100
	otherName    = "other"
)

// The buckets of the histograms, in seconds.
var (
	operationBuckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 15}
	statementBuckets = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5}
)

// Metrics holds the metrics of a server.
type Metrics struct {
	registry   *prometheus.Registry
	operations *prometheus.CounterVec
	durations  *prometheus.HistogramVec
	queueWaits prometheus.Histogram
	refused    *prometheus.CounterVec
	inFlight   prometheus.Gauge
	statements *prometheus.HistogramVec
	entries    prometheus.Counter

	mu    sync.Mutex
	names map[string]bool
}

// Build identifies the version of the server.
type Build struct{ Version, Commit string }

// NewMetrics returns the metrics of a server and of its store.
func NewMetrics(build Build, queue *admission.Queue[string], s *store.Store) *Metrics {
	registry := prometheus.NewRegistry()
	auto := promauto.With(registry)
	m := &Metrics{
		registry: registry, names: map[string]bool{},
		operations: auto.NewCounterVec(prometheus.CounterOpts{
			Name: "placard_operations_total",
			Help: "GraphQL operations with a response, by type, name and code of the first error.",
		}, []string{"type", "name", "code"}),
		durations: auto.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "placard_operation_duration_seconds",
			Help:    "Time from the arrival of a request until its response is ready.",
			Buckets: operationBuckets,
		}, []string{"type", "name"}),
		queueWaits: auto.NewHistogram(prometheus.HistogramOpts{
			Name:    "placard_operation_wait_seconds",
			Help:    "Time of requests in the queue, also of those whose deadline passed there.",
			Buckets: operationBuckets,
		}),
		refused: auto.NewCounterVec(prometheus.CounterOpts{
			Name: "placard_operations_refused_total",
			Help: "Requests rejected by an overloaded server, by reason: the queue was full (queue_full), " +
				"the deadline passed in the queue (queue_timeout), or the memory for slow clients was exhausted (memory).",
		}, []string{"reason"}),
		inFlight: auto.NewGauge(prometheus.GaugeOpts{
			Name: "placard_operations_in_flight",
			Help: "GraphQL requests in progress, including those still being received.",
		}),
		statements: auto.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "placard_sql_statement_duration_seconds",
			Help:    "Duration of SQL statements of operations, by result: ok or failed.",
			Buckets: statementBuckets,
		}, []string{"result"}),
		entries: auto.NewCounter(prometheus.CounterOpts{
			Name: "placard_entries_written_total", Help: "Stored metadata entries, including retractions.",
		}),
	}
	auto.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "placard_operations_executing", Help: "GraphQL requests that are being executed.",
	}, func() float64 { return float64(queue.Stats().InUse) })
	auto.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "placard_operations_waiting", Help: "GraphQL requests in the queue.",
	}, func() float64 { return float64(queue.Stats().Waiting) })
	auto.NewGauge(prometheus.GaugeOpts{
		Name: "placard_build_info", Help: "Always 1. The labels identify the version.", ConstLabels: prometheus.Labels{
			"version": build.Version, "commit": build.Commit, "go": runtime.Version(),
			"tables": strconv.FormatInt(engine.TargetSchemaVersion(), 10),
		},
	}).Set(1)
	countWriteGroups(auto, s)
	registry.MustRegister(&pools{s}, &nodes{s}, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, result := range []string{"ok", "failed"} {
		m.statements.WithLabelValues(result) // a rate needs a first sample
	}
	for _, reason := range []string{reasonQueueFull, reasonQueueTimeout, reasonMemory} {
		m.refused.WithLabelValues(reason)
	}
	return m
}

// countWriteGroups adds the metrics of write groups.
func countWriteGroups(auto promauto.Factory, s *store.Store) {
	auto.NewCounterFunc(prometheus.CounterOpts{
		Name: "placard_write_groups_total", Help: "Transactions of groups of logMetadata.",
	}, func() float64 { return float64(s.WriteGroups().Groups) })
	auto.NewCounterFunc(prometheus.CounterOpts{
		Name: "placard_write_group_calls_total", Help: "Calls of logMetadata in groups.",
	}, func() float64 { return float64(s.WriteGroups().Calls) })
}

// Values of the label reason.
const (
	reasonQueueFull    = "queue_full"
	reasonQueueTimeout = "queue_timeout"
	reasonMemory       = "memory"
)

// endRequest counts a request with its operation.
func (m *Metrics) endRequest(o *gqlhttp.Summary) {
	m.inFlight.Dec()
	name := m.operationLabel(o.Name)
	m.operations.WithLabelValues(o.Type, name, o.Code).Inc()
	m.durations.WithLabelValues(o.Type, name).Observe(o.Duration.Seconds())
	if o.QueueOutcome == admission.Admitted || o.QueueOutcome == admission.QueueTimeout {
		m.queueWaits.Observe(o.QueueTime.Seconds())
	}
	switch {
	case o.QueueOutcome == admission.QueueFull:
		m.refused.WithLabelValues(reasonQueueFull).Inc()
	case o.QueueOutcome == admission.QueueTimeout:
		m.refused.WithLabelValues(reasonQueueTimeout).Inc()
	case o.Code == string(models.CodeOverloaded):
		m.refused.WithLabelValues(reasonMemory).Inc()
	}
}

// operationLabel returns the label for the name of an operation.
func (m *Metrics) operationLabel(name string) string {
	if name == "" {
		return ""
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.names[name] {
		return name
	}
	if len(m.names) == maxNames || len(name) > maxNameBytes {
		return otherName
	}
	m.names[name] = true
	return name
}

// observeStatement records the duration of a statement.
func (m *Metrics) observeStatement(duration time.Duration, err error) {
	result := "ok"
	if err != nil {
		result = "failed"
	}
	m.statements.WithLabelValues(result).Observe(duration.Seconds())
}

// Handler returns a handler of /metrics.
func (m *Metrics) Handler(log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn), MaxRequestsInFlight: 4,
	}))
	return mux
}

// pools is a collector of the pools of connections, of the size of the write-ahead log and of the cache of the store.
type pools struct{ store *store.Store }

var (
	poolOpen = prometheus.NewDesc("placard_database_connections", "Connections to the database, by pool and state: in_use or idle.",
		[]string{"pool", "state"}, nil)
	poolMax      = prometheus.NewDesc("placard_database_connections_max", "Connections that a pool may have.", []string{"pool"}, nil)
	poolWaiting  = prometheus.NewDesc("placard_database_waiting", "Statements that wait for their turn on a connection of a pool.", []string{"pool"}, nil)
	poolWaits    = prometheus.NewDesc("placard_database_waits_total", "How often a statement had to wait for its turn or a connection.", []string{"pool"}, nil)
	poolWaitTime = prometheus.NewDesc("placard_database_wait_seconds_total", "How long statements waited for their turn or a connection.", []string{"pool"}, nil)
	cacheHits    = prometheus.NewDesc("placard_cache_hits_total", "Objects whose latest metadata was served from the cache.", nil, nil)
	cacheMisses  = prometheus.NewDesc("placard_cache_misses_total", "Objects whose latest metadata was read from the database.", nil, nil)
	cacheBytes   = prometheus.NewDesc("placard_cache_bytes", "Size of the cache of latest metadata, in bytes.", nil, nil)
	logBytes     = prometheus.NewDesc("placard_sqlite_log_bytes", "Size of the write-ahead log of SQLite, in bytes.", nil, nil)
)

// Describe sends the descriptions of the metrics of Collect.
func (p *pools) Describe(to chan<- *prometheus.Desc) {
	for _, description := range []*prometheus.Desc{poolOpen, poolMax, poolWaiting, poolWaits, poolWaitTime, logBytes,
		cacheHits, cacheMisses, cacheBytes} {
		to <- description
	}
}

// Collect reads the pools, the size of the log and the cache.
func (p *pools) Collect(to chan<- prometheus.Metric) {
	for _, pool := range p.store.Pools() {
		to <- prometheus.MustNewConstMetric(poolOpen, prometheus.GaugeValue, float64(pool.InUse), pool.Name, "in_use")
		to <- prometheus.MustNewConstMetric(poolOpen, prometheus.GaugeValue, float64(pool.Idle), pool.Name, "idle")
		to <- prometheus.MustNewConstMetric(poolMax, prometheus.GaugeValue, float64(pool.Most), pool.Name)
		to <- prometheus.MustNewConstMetric(poolWaiting, prometheus.GaugeValue, float64(pool.Waiting), pool.Name)
		to <- prometheus.MustNewConstMetric(poolWaits, prometheus.CounterValue, float64(pool.Waits), pool.Name)
		to <- prometheus.MustNewConstMetric(poolWaitTime, prometheus.CounterValue, pool.Waited.Seconds(), pool.Name)
	}
	cache := p.store.CacheStats()
	to <- prometheus.MustNewConstMetric(cacheHits, prometheus.CounterValue, float64(cache.Hits))
	to <- prometheus.MustNewConstMetric(cacheMisses, prometheus.CounterValue, float64(cache.Misses))
	to <- prometheus.MustNewConstMetric(cacheBytes, prometheus.GaugeValue, float64(cache.Bytes))
	if size, ok := p.store.LogBytes(); ok {
		to <- prometheus.MustNewConstMetric(logBytes, prometheus.GaugeValue, float64(size))
	}
}
