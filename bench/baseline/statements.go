// Package baseline measures the work of the database alone: one prepared statement for each operation of the workload,
// by pgbench for PostgreSQL, and with the driver of the server for SQLite.
package baseline

import (
	"fmt"

	"github.com/placard/placard/bench/workload"
	"github.com/placard/placard/models"
)

// project is the project of the data.
var project = models.DefaultProjectID.String()

// Statement is a statement that reads random rows of a data set.
type Statement struct {
	Data workload.Dataset
	// Page reads all versions of an artifact instead of one version.
	Page bool
	// Selection decides which columns are read.
	Selection workload.Selection
	// MoreKeys is the number of keys of each version in addition to those of its shape.
	MoreKeys int
}

// Rows returns the number of rows that the statement reads.
func (s Statement) Rows() int {
	keys := s.Data.Keys + s.MoreKeys
	if s.Page {
		return keys * workload.VersionsPerArtifact
	}
	return keys
}

// expressions are the parts of a statement that depend on the engine.
type expressions struct {
	project, artifact, version string
	// join is the operator that joins tables.
	join string
}

// text returns the statement with expressions for the project, the name of the artifact, and the name of the version.
func (s Statement) text(e expressions) string {
	columns, condition := "l.card, l.key, l.value", ""
	if s.Selection == workload.Typed {
		columns = "l.card, l.key, l.kind, l.value, l.seq, l.first_seq"
	}
	if !s.Page {
		condition = " AND v.version = " + e.version
	}
	return fmt.Sprintf(`SELECT %[1]s FROM artifacts a
%[5]s artifact_versions v ON v.project_id = %[2]s AND v.artifact_id = a.id
%[5]s metadata_latest l ON l.project_id = %[2]s AND l.subject_id = v.subject_id
WHERE a.project_id = %[2]s AND a.name = %[3]s%[4]s`, columns, e.project, e.artifact, condition, e.join)
}
