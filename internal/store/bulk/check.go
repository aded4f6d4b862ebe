package bulk

import (
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

func compareAll(stored, imported Row) comparison {
	if equalExcept(stored, imported) {
		return equal
	}
	return conflict
}

// compareArtifacts returns newer for a greater counter of versions or a later change.
func compareArtifacts(stored, imported Row) comparison {
	switch {
	case !equalExcept(stored, imported, "last_number", "updated_at", "description"):
		return conflict
	case isGreater(imported, stored, "last_number"), isGreater(imported, stored, "updated_at"):
		return newer
	}
	return equal
}

// compareVersions compares versions without their descriptions.
func compareVersions(stored, imported Row) comparison {
	if equalExcept(stored, imported, "description") {
		return equal
	}
	return conflict
}

// keepsDescription reports whether the description differs from the one in the file.
func keepsDescription(stored, imported Row) bool {
	there := imported.Get("description")
	return there != Absent && there != stored.Get("description")
}

// keepsLaterDescription reports whether the description of an artifact differs from the one in the file and is not
// older.
func keepsLaterDescription(stored, imported Row) bool {
	return keepsDescription(stored, imported) && !isGreater(imported, stored, "updated_at")
}

// isGreater reports whether a number or an instant of row is greater than that of other. NULL and an absent value are
// the least.
func isGreater(row, other Row, column string) bool {
	value, ok := row.Get(column).(int64)
	than, exists := other.Get(column).(int64)
	return ok && (!exists || value > than)
}

// compareRuns returns newer for the end of a run that is running here, and for a later change of the same run.
func compareRuns(stored, imported Row) comparison {
	running := string(models.RunStatusRunning)
	switch {
	case !equalExcept(stored, imported, "status", "finished_at", "updated_at"):
		return conflict
	case equalExcept(stored, imported, "updated_at"):
		if isGreater(imported, stored, "updated_at") {
			return newer
		}
		return equal
	case imported.Get("status") == running:
		return equal
	case stored.Get("status") == running:
		return newer
	}
	return conflict
}

// compareSteps is compareRuns, but a CANCELLED step may have ended once more, here (equal) or there (newer).
func compareSteps(stored, imported Row) comparison {
	if equalExcept(stored, imported, "status", "finished_at", "updated_at") {
		if endedLater(stored, imported) {
			return newer
		}
		if endedLater(imported, stored) {
			return equal
		}
	}
	return compareRuns(stored, imported)
}

// endedLater reports whether a step that was CANCELLED has ended later.
func endedLater(cancelled, other Row) bool {
	end, later := cancelled.Get("finished_at"), other.Get("finished_at")
	return cancelled.Get("status") == string(models.RunStatusCancelled) && later != nil && later.(int64) > end.(int64)
}

// check returns a RowError for a new row that refers to a missing row, or has an ID or a name of another row.
func (b *batch) check() error {
	if b.table.Key[0] == "id" && b.table.Record != "auditEvent" && !b.table.local {
		err := b.refuseStored(`another object of this database has this "id"`, "id", tablesExcept(b.table.name))
		if err != nil {
			return err
		}
	}
	for _, r := range b.table.references {
		if err := b.checkReference(r); err != nil {
			return err
		}
	}
	for _, columns := range b.table.unique {
		if err := b.checkUnique(columns); err != nil {
			return err
		}
	}
	return nil
}

// refuseWhere returns a RowError with text for the first new row t for which condition, which follows FROM t, yields a
// row. columns are the columns of t.
func (b *batch) refuseWhere(text string, columns []string, condition engine.Expr) error {
	var lines []int64
	err := b.Read(&lines, engine.SQL("SELECT t.n FROM ? ? ORDER BY t.n LIMIT 1", b.tableOf(b.inserts, columns...),
		condition))
	if err != nil || len(lines) == 0 {
		return err
	}
	return refuse(lines[0], "%s", text)
}

func (b *batch) checkReference(r reference) error {
	if r.deletable {
		return b.checkDeletable(r)
	}
	return b.refuseWhere(members([]string{r.column})+" must be the ID of an object of this project, in the database or on an earlier line",
		[]string{r.column}, engine.SQL("WHERE t."+r.column+" IS NOT NULL AND NOT EXISTS (SELECT 1 FROM "+r.table+
			" x WHERE x.project_id = ? AND x.id = t."+r.column+")", b.project))
}

// checkDeletable returns a RowError for a new row that refers to a row of another project or artifact. A row of this
// project has precedence over rows of other projects with the same ID.
func (b *batch) checkDeletable(r reference) error {
	artifact := "x.id"
	if r.sameArtifact {
		artifact = "x.artifact_id"
	}
	var found []struct{ ID, ProjectID, ArtifactID models.ID }
	err := b.Read(&found, engine.SQL("SELECT x.id, x.project_id, "+artifact+" AS artifact_id FROM "+r.table+" x WHERE ?",
		b.Dialect.IDIn("x.id", distinctIDs(b.inserts, r.column))))
	if err != nil {
		return err
	}
	artifacts, foreign := map[models.ID]models.ID{}, map[models.ID]bool{}
	for _, x := range found {
		if x.ProjectID == b.project {
			artifacts[x.ID] = x.ArtifactID
		} else {
			foreign[x.ID] = true
		}
	}
	for _, row := range b.inserts {
		id, ok := row.Get(r.column).(models.ID)
		if !ok {
			continue
		}
		artifact, here := artifacts[id]
		if !here && foreign[id] || here && r.sameArtifact && isOfOtherArtifact(row, artifact) {
			return refuse(row.Line, "%s must not be the ID of an object of another project or artifact", members([]string{r.column}))
		}
	}
	return nil
}

// isOfOtherArtifact reports whether a row has the ID of an artifact other than one.
func isOfOtherArtifact(row Row, one models.ID) bool {
	artifact, ok := row.Get("artifact_id").(models.ID)
	return ok && artifact != one
}

// refuseStored returns a RowError with text for the first new row whose ID in a column is that of a row of tables, in
// any project.
func (b *batch) refuseStored(text, column string, tables []string) error {
	stored, err := storedIDs(b.ImportTx, distinctIDs(b.inserts, column), tables)
	if err != nil {
		return err
	}
	for _, row := range b.inserts {
		if id, ok := row.Get(column).(models.ID); ok && stored[id] {
			return refuse(row.Line, "%s", text)
		}
	}
	return nil
}

func (b *batch) checkUnique(columns []string) error {
	seen := map[[2]any]bool{}
	for _, r := range b.inserts {
		var values [2]any
		for i, column := range columns {
			values[i] = r.Get(column)
		}
		if seen[values] {
			return refuse(r.Line, "the file has another %s with this %s", b.table.Record, members(columns))
		}
		seen[values] = true
	}
	return b.refuseWhere("the project has another "+b.table.Record+" with this "+members(columns), columns,
		engine.SQL("CROSS JOIN "+b.table.name+" x WHERE x.project_id = ? AND "+equalColumns(columns), b.project))
}
