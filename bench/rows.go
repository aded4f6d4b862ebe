package main

import (
	"context"
	"slices"
	"strings"

	"github.com/placard/placard/bench/baseline"
	"github.com/placard/placard/bench/measure"
	"github.com/placard/placard/bench/workload"
)

// row is an operation that is measured with several numbers of clients.
type row struct {
	name, engine string
	clients      []int
	// goals are the goals of the ratio to the database alone, by the number of clients.
	goals map[int]float64
	data  workload.Dataset
	// prepare returns the side of a server that has the data.
	prepare func(b *testbed) (measure.Side, error)
	// limit returns the side of the database alone.
	limit func(ctx context.Context, b *testbed) (measure.Side, error)
}

// rows returns the rows of the settings.
func (s *settings) rows() []row {
	var selected []row
	for _, r := range allRows(s.Scale) {
		matches := len(s.Rows) == 0 || slices.ContainsFunc(s.Rows, func(text string) bool { return strings.Contains(r.name, text) })
		if !matches || !slices.Contains(s.Engines, r.engine) {
			continue
		}
		if len(s.Clients) > 0 {
			r.clients = s.Clients
		}
		selected = append(selected, r)
	}
	return selected
}

// The numbers of clients of most rows.
var (
	eight       = []int{8}
	oneToMany   = []int{1, 8, 64}
	oneAndEight = []int{1, 8}
)

// allRows returns the rows of both engines. scale multiplies the number of versions.
func allRows(scale int) []row {
	plain := workload.Dataset{Shape: workload.Plain, Artifacts: 20 * scale}
	changed := workload.Dataset{Shape: workload.Plain, Artifacts: 10 * scale}
	changed.Name = "changed"
	logged := workload.Dataset{Shape: workload.Logged, Artifacts: 20 * scale}
	rows := []row{
		readRow("read 50 keys", plain, workload.JSON, oneToMany, 0.25),
		readRow("read 50 keys", plain, workload.Typed, oneToMany, 0.15),
		pageRow("page of 100 × 50 keys", plain, workload.JSON, oneToMany, 1.0),
		changedRow(changed, workload.JSON, 0.4),
		pageRow("page of 100 × 50 keys", plain, workload.Typed, oneAndEight, 0.15),
		changedRow(changed, workload.Typed, 0.15),
		logRow(logged, map[int]float64{8: 0.6, 64: 1.0}),
	}
	for _, other := range []struct {
		name  string
		shape workload.Shape
	}{
		{"read 1,000 keys", workload.Wide}, {"read 3 keys", workload.Narrow}, {"read 10 texts of 10 KB", workload.Long},
		{"read 20 nested lists", workload.Nested},
	} {
		artifacts := 5
		if other.shape.Keys >= 1000 || other.shape.Name == workload.Long.Name {
			artifacts = 1
		}
		data := workload.Dataset{Shape: other.shape, Artifacts: artifacts * scale}
		rows = append(rows, readRow(other.name, data, workload.JSON, eight, 0), readRow(other.name, data, workload.Typed, eight, 0))
	}
	narrow := workload.Dataset{Shape: workload.Narrow, Artifacts: 5 * scale}
	rows = append(rows, pageRow("page of 100 × 3 keys", narrow, workload.JSON, eight, 0))
	return append(rows,
		onSQLite(readRow("read 50 keys", plain, workload.JSON, oneToMany, 0.3)),
		onSQLite(readRow("read 50 keys", plain, workload.Typed, eight, 0)),
		onSQLite(pageRow("page of 100 × 50 keys", plain, workload.JSON, oneAndEight, 1.0)),
		onSQLite(changedRow(changed, workload.JSON, 0)),
		onSQLite(pageRow("page of 100 × 50 keys", plain, workload.Typed, eight, 0)),
		onSQLite(logRow(logged, map[int]float64{8: 0.8})))
}

func onSQLite(r row) row {
	r.engine = "sqlite"
	return r
}

// selectionName returns the name of a selection in the name of a row.
func selectionName(selection workload.Selection) string {
	if selection == workload.JSON {
		return "`metadataJson`"
	}
	return string(selection)
}

// readRow returns the row that reads one version. goal is the ratio with 8 clients, 0 without a goal.
func readRow(name string, data workload.Dataset, selection workload.Selection, clients []int, goal float64) row {
	return row{
		name: name + ", " + selectionName(selection), engine: "postgres", clients: clients, goals: map[int]float64{8: goal}, data: data,
		prepare: func(b *testbed) (measure.Side, error) {
			operation, err := data.ReadVersions(b.server.Address, selection)
			return &serverSide{b, operation}, err
		},
		limit: limitOf(baseline.Statement{Data: data, Selection: selection}),
	}
}

// pageRow returns the row that reads pages again and again.
func pageRow(name string, data workload.Dataset, selection workload.Selection, clients []int, goal float64) row {
	return row{
		name: name + ", " + selectionName(selection) + ", read again", engine: "postgres", clients: clients,
		goals: map[int]float64{8: goal}, data: data,
		prepare: func(b *testbed) (measure.Side, error) {
			operation, err := data.ReadPages(b.server.Address, selection)
			return &serverSide{b, operation}, err
		},
		limit: limitOf(baseline.Statement{Data: data, Page: true, Selection: selection}),
	}
}

// changedRow returns the row that reads each page after each of its versions has changed.
func changedRow(data workload.Dataset, selection workload.Selection, goal float64) row {
	return row{
		name: "page of 100 × 50 keys, " + selectionName(selection) + ", just changed", engine: "postgres", clients: eight,
		goals: map[int]float64{8: goal}, data: data,
		prepare: func(b *testbed) (measure.Side, error) {
			pages, err := data.ReadChangedPages(b.server.Address, selection)
			return &changedSide{b, pages}, err
		},
		limit: limitOf(baseline.Statement{Data: data, Page: true, Selection: selection, MoreKeys: 1}),
	}
}

// limitOf returns the limit of a row that reads.
func limitOf(statement baseline.Statement) func(ctx context.Context, b *testbed) (measure.Side, error) {
	return func(ctx context.Context, b *testbed) (measure.Side, error) {
		if b.engine == "sqlite" {
			return b.file.Read(statement), nil
		}
		return b.cluster.Read(ctx, statement)
	}
}

// logRow returns the row that logs entries.
func logRow(data workload.Dataset, goals map[int]float64) row {
	return row{
		name: "log 10 entries", engine: "postgres", clients: oneToMany, goals: goals, data: data,
		prepare: func(b *testbed) (measure.Side, error) {
			logs := data.LogEntries()
			return &logSide{serverSide{b, logs.Operation}, logs}, nil
		},
		limit: func(ctx context.Context, b *testbed) (measure.Side, error) {
			if b.engine == "sqlite" {
				return b.file.Log(ctx, data)
			}
			return b.cluster.Log(ctx, data)
		},
	}
}
