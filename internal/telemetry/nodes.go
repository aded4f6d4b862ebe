package telemetry

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/placard/placard/internal/store"
)

// nodes exports the state of the primary and the replicas of a database.
type nodes struct{ store *store.Store }

var (
	nodeOperations = prometheus.NewDesc("placard_node_operations_total",
		"Operations by the node of the database that answered them.", []string{"node"}, nil)
	nodeUsable = prometheus.NewDesc("placard_replica_usable", "1 if a replica may answer queries, 0 while it is left out.",
		[]string{"node"}, nil)
	nodeLag = prometheus.NewDesc("placard_replica_lag_seconds",
		"Age of what a replica shows. Absent while it is unknown.", []string{"node"}, nil)
	nodeRepeated = prometheus.NewDesc("placard_replica_repeated_operations_total",
		"Queries that a replica began and that were executed again on the primary.", []string{"node"}, nil)
)

// Describe sends the descriptions of the metrics of Collect.
func (n *nodes) Describe(to chan<- *prometheus.Desc) {
	for _, description := range []*prometheus.Desc{nodeOperations, nodeUsable, nodeLag, nodeRepeated} {
		to <- description
	}
}

// Collect reads the state of the nodes. A database without consistency tokens has none.
func (n *nodes) Collect(to chan<- prometheus.Metric) {
	for i, node := range n.store.DatabaseNodes() {
		to <- prometheus.MustNewConstMetric(nodeOperations, prometheus.CounterValue, float64(node.Operations), node.Name)
		if i == 0 {
			continue // the primary has no lag and is never left out
		}
		usable := 0.0
		if node.IsUsable {
			usable = 1
		}
		to <- prometheus.MustNewConstMetric(nodeUsable, prometheus.GaugeValue, usable, node.Name)
		to <- prometheus.MustNewConstMetric(nodeRepeated, prometheus.CounterValue, float64(node.Repeated), node.Name)
		if node.KnowsLag {
			to <- prometheus.MustNewConstMetric(nodeLag, prometheus.GaugeValue, node.Lag.Seconds(), node.Name)
		}
	}
}
