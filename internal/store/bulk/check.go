package bulk

import (
	"fmt"
	"slices"
	"strings"

	"github.com/placard/placard/models"
)

func mergeEqual(have, got []any) verdict {
	if slices.Equal(have, got) {
		return same
	}
	return conflict
}

// mergeArtifacts takes the greater counter.
func mergeArtifacts(have, got []any) verdict {
	const last = 2
	if !slices.Equal(without(have, last), without(got, last)) {
		return conflict
	}
	if got[last].(int64) > have[last].(int64) {
		return further
	}
	return same
}

// mergeRuns takes the end of a run that has none here. The status and the end are the second last and the last but one
// of the columns.
func mergeRuns(have, got []any) verdict {
	end := len(have) - 1
	status := end - 2
	if !slices.Equal(without(have, end, status), without(got, end, status)) {
		return conflict
	}
	running := string(models.RunStatusRunning)
	switch {
	case have[status] == got[status] && have[end] == got[end], got[status] == running:
		return same
	case have[status] == running:
		return further
	}
	return conflict
}

// mergeOutputs leaves the binding to the version: one that was deleted elsewhere before it came here never binds.
func mergeOutputs(have, got []any) verdict {
	bound := len(have) - 1
	if !slices.Equal(without(have, bound), without(got, bound)) || have[bound] != nil && got[bound] != nil && have[bound] != got[bound] {
		return conflict
	}
	return same
}

// without is a row without some of its values.
func without(values []any, places ...int) []any {
	rest := slices.Clone(values)
	for _, place := range places {
		rest[place] = nil
	}
	return rest
}

// check refuses new rows that refer to nothing, that have what is taken, or that name something of another project.
func (b *batch) check() error {
	if len(b.fresh) == 0 {
		return nil
	}
	if b.names()[0] == "id" && b.table.Record != "auditEvent" {
		if err := b.checkIDs(); err != nil {
			return err
		}
	}
	if err := b.checkReferences(b.fresh); err != nil {
		return err
	}
	return b.checkUnique()
}

// identified are the tables of what has an ID of its own in the whole database.
var identified = []string{"projects", "artifacts", "artifact_versions", "pipeline_runs", "step_runs", "step_outputs", "metadata_entries"}

// checkIDs refuses an ID that something else has, in whatever project.
func (b *batch) checkIDs() error {
	given, text, err := b.given(b.fresh, "id")
	if err != nil {
		return err
	}
	var is []string
	for _, table := range identified {
		if table != b.table.name {
			is = append(is, "EXISTS (SELECT 1 FROM "+table+" x WHERE x.id = t.id)")
		}
	}
	return b.refuseAny("something else in this database has this ID", "SELECT t.n FROM "+given+" WHERE "+strings.Join(is, " OR "), text)
}

// takenID says whether anything in the database has the ID.
func (b *batch) takenID(id models.ID) (bool, error) {
	var is []string
	var args []any
	for _, table := range identified {
		is, args = append(is, "EXISTS (SELECT 1 FROM "+table+" x WHERE x.id = ?)"), append(args, id)
	}
	var taken bool
	err := b.Raw("SELECT "+strings.Join(is, " OR "), args...).Scan(&taken).Error
	return taken, err
}

func (b *batch) checkReferences(rows []Row) error {
	for _, r := range b.table.refs {
		given, text, err := b.given(rows, r.column)
		if err != nil {
			return err
		}
		err = b.refuseAny(fmt.Sprintf("%s refers to nothing that stands before it", camel(r.column)),
			"SELECT t.n FROM "+given+" WHERE t."+r.column+" IS NOT NULL AND NOT EXISTS (SELECT 1 FROM "+r.table+" x WHERE x.project_id = ? AND x.id = t."+r.column+")",
			text, b.project)
		if err != nil {
			return err
		}
	}
	if b.table.named == "" {
		return nil
	}
	names, foreign := []string{b.table.named}, "x.project_id <> ?"
	if b.table.ofArtifact {
		names, foreign = append(names, "artifact_id"), "(x.project_id <> ? OR x.artifact_id <> t.artifact_id)"
	}
	given, text, err := b.given(rows, names...)
	if err != nil {
		return err
	}
	return b.refuseAny(camel(b.table.named)+" is that of a version elsewhere",
		"SELECT t.n FROM "+given+" CROSS JOIN artifact_versions x WHERE x.id = t."+b.table.named+" AND "+foreign, text, b.project)
}

func (b *batch) checkUnique() error {
	for _, u := range b.table.unique {
		seen := map[string]bool{}
		for _, r := range b.fresh {
			var key string
			for _, column := range u.columns {
				key += fmt.Sprintf("%v\x00", r.Values[b.table.At(column)])
			}
			if seen[key] {
				return &Refused{r.Line, "the file has another " + u.what}
			}
			seen[key] = true
		}
		given, text, err := b.given(b.fresh, u.columns...)
		if err != nil {
			return err
		}
		sql := "SELECT t.n FROM " + given + " CROSS JOIN " + b.table.name + " x WHERE x.project_id = ?"
		for _, column := range u.columns {
			sql += " AND x." + column + " = t." + column
		}
		if err := b.refuseAny("the project has another "+u.what, sql, text, b.project); err != nil {
			return err
		}
	}
	return nil
}
