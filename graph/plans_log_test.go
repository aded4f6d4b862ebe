package graph_test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/placard/placard/internal/store/storetest"
)

// planLog reads the plans that auto_explain writes to the log of a PostgreSQL cluster.
type planLog struct {
	path string
	// read is the number of bytes that next has returned.
	read int64
}

// loggedPlan is a statement with its plan.
type loggedPlan struct {
	Query string   `json:"Query Text"`
	Plan  planNode `json:"Plan"`
}

// planNode is a node of a plan as EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) writes it. Rows are means over the loops,
// blocks are sums over the loops and include those of the children.
type planNode struct {
	Type             string     `json:"Node Type"`
	Relation         string     `json:"Relation Name"`
	Index            string     `json:"Index Name"`
	Parent           string     `json:"Parent Relationship"`
	Rows             float64    `json:"Actual Rows"`
	Loops            float64    `json:"Actual Loops"`
	RemovedByFilter  float64    `json:"Rows Removed by Filter"`
	RemovedByRecheck float64    `json:"Rows Removed by Index Recheck"`
	RemovedByJoin    float64    `json:"Rows Removed by Join Filter"`
	Hit              float64    `json:"Shared Hit Blocks"`
	Read             float64    `json:"Shared Read Blocks"`
	Children         []planNode `json:"Plans"`
}

// planSettings make a cluster load auto_explain, which writes nothing before startPlanLog. Nothing runs ANALYZE.
var planSettings = []string{"session_preload_libraries=auto_explain", "autovacuum=off"}

// startPlanLog makes every session of the cluster write its plans to the log.
func startPlanLog(t *testing.T, cluster *storetest.Cluster) *planLog {
	t.Helper()
	for _, setting := range []string{"log_analyze = on", "log_buffers = on", "log_timing = off", "log_format = json", "log_nested_statements = on",
		"log_min_duration = 0"} {
		runSQL(t, cluster.URL.String(), "ALTER SYSTEM SET auto_explain."+setting)
	}
	runSQL(t, cluster.URL.String(), "SELECT pg_reload_conf()")
	log := &planLog{path: cluster.Log()}
	log.next(t)
	return log
}

// next returns the plans that were written since the last call.
func (l *planLog) next(t *testing.T) []loggedPlan {
	t.Helper()
	file, err := os.Open(l.path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }() // it was only read
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	text := make([]byte, info.Size()-l.read)
	if _, err := file.ReadAt(text, l.read); err != nil {
		t.Fatal(err)
	}
	l.read = info.Size()
	var plans []loggedPlan
	lines := strings.Split(string(text), "\n")
	for i := 0; i < len(lines); i++ {
		if !strings.HasSuffix(lines[i], "  plan:") {
			continue
		}
		var document strings.Builder
		for ; i+1 < len(lines) && strings.HasPrefix(lines[i+1], "\t"); i++ {
			document.WriteString(lines[i+1])
		}
		var plan loggedPlan
		if err := json.Unmarshal([]byte(document.String()), &plan); err != nil {
			t.Fatalf("%v: %s", err, document.String())
		}
		plans = append(plans, plan)
	}
	return plans
}

// A node may touch basePlanRows rows and blocks, and rowsPerRow more for each row that the statement returns, writes,
// aggregates or gets as an argument.
const (
	basePlanRows = 100
	rowsPerRow   = 20
)

// excess describes the nodes of the plan that touch more rows or blocks than the rows of the statement explain.
func (p loggedPlan) excess() []string {
	limit := basePlanRows + rowsPerRow*(p.Plan.countDue()+p.Plan.countGiven())
	var found []string
	p.Plan.walk(func(n planNode) {
		if rows, blocks := n.countTouched(), n.countBlocks(); max(rows, blocks) > limit {
			found = append(found, fmt.Sprintf("%s %s %s: %.0f rows and %.0f blocks in %.0f loops, %.0f are allowed",
				n.Type, n.Relation, n.Index, rows, blocks, n.Loops, limit))
		}
	})
	return found
}

// countDue returns the number of rows that the node returns, or that aggregates and writes in its outer chain get.
func (n planNode) countDue() float64 {
	rows := n.Rows * n.Loops
	for _, child := range n.Children {
		if child.Parent != "Outer" && child.Parent != "Member" {
			continue
		}
		if n.Type == "Aggregate" || n.Type == "Group" || n.Type == "ModifyTable" {
			rows = max(rows, child.Rows*child.Loops)
		}
		if n.Type != "Nested Loop" && n.Type != "Hash Join" && n.Type != "Merge Join" {
			rows = max(rows, child.countAggregated())
		}
	}
	return rows
}

// countAggregated returns the number of rows that aggregates and writes in the outer chain of the node get.
func (n planNode) countAggregated() (rows float64) {
	for _, child := range n.Children {
		if child.Parent != "Outer" && child.Parent != "Member" {
			continue
		}
		if n.Type == "Aggregate" || n.Type == "Group" || n.Type == "ModifyTable" {
			rows += child.Rows * child.Loops
		}
		rows = max(rows, child.countAggregated())
	}
	return rows
}

// countGiven returns the number of rows of the arguments.
func (n planNode) countGiven() (rows float64) {
	n.walk(func(n planNode) {
		if n.Type == "Function Scan" {
			rows = max(rows, n.Rows)
		}
	})
	return rows
}

func (n planNode) walk(visit func(planNode)) {
	visit(n)
	for _, child := range n.Children {
		child.walk(visit)
	}
}

// countTouched returns the number of rows that the node itself reads. The rows of a Bitmap Index Scan count in the
// Bitmap Heap Scan: those of the index include row versions that are dead until VACUUM. Only for the combination of
// several indexes there is no other number.
func (n planNode) countTouched() float64 {
	touched := n.RemovedByJoin
	switch n.Type {
	case "ModifyTable", "Bitmap Index Scan":
	case "CTE Scan", "Materialize":
		touched += n.Rows + n.RemovedByFilter + n.RemovedByRecheck
	case "BitmapAnd", "BitmapOr":
		for _, child := range n.Children {
			touched += child.Rows
		}
	default:
		if n.Relation != "" {
			touched += n.Rows + n.RemovedByFilter + n.RemovedByRecheck
		}
	}
	return touched * n.Loops
}

// countBlocks returns the number of blocks that the node itself reads.
func (n planNode) countBlocks() float64 {
	blocks := n.Hit + n.Read
	for _, child := range n.Children {
		blocks -= child.Hit + child.Read
	}
	if n.Type == "ModifyTable" {
		return 0 // the indexes of the table and the triggers of foreign keys
	}
	return blocks
}

var spaces = regexp.MustCompile(`\s+`)

// shorten returns the beginning of a text on one line.
func shorten(query string) string {
	text := spaces.ReplaceAllString(query, " ")
	return text[:min(len(text), 600)]
}
