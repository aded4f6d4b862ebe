package bulk

import (
	"fmt"
	"slices"

	"github.com/placard/placard/models"
)

// writeRetired leaves out the numbers of versions that are here: nothing is deleted. It locks the artifacts, so that a number
// is not given to a version and retired at once.
func writeRetired(b *batch) error {
	if err := b.lockArtifacts("artifact_id"); err != nil {
		return err
	}
	if err := b.compare(); err != nil {
		return err
	}
	if err := b.check(); err != nil || len(b.fresh) == 0 {
		return err
	}
	given, text, err := b.given(b.fresh, "artifact_id", "number")
	if err != nil {
		return err
	}
	var kept []int64
	err = b.Raw("SELECT t.n FROM "+given+` CROSS JOIN artifact_versions x
		WHERE x.project_id = ? AND x.artifact_id = t.artifact_id AND x.number = t.number`, text, b.project).Scan(&kept).Error
	if err != nil {
		return err
	}
	n := len(b.fresh)
	b.fresh = slices.DeleteFunc(b.fresh, func(r Row) bool { return slices.Contains(kept, r.Line-b.rows[0].Line) })
	b.done.Same += n - len(b.fresh)
	b.done.Kept += n - len(b.fresh)
	return b.insert()
}

// writeVersions also binds the outputs that versions were saved from.
func writeVersions(b *batch) error {
	if err := b.lockArtifacts("artifact_id"); err != nil {
		return err
	}
	if err := b.compare(); err != nil {
		return err
	}
	if err := b.check(); err != nil || len(b.fresh) == 0 {
		return err
	}
	given, text, err := b.given(b.fresh, "id", "artifact_id", "output_id", "number", "created_at")
	if err != nil {
		return err
	}
	for _, wrong := range []struct{ text, where string }{
		{"the number is greater than lastNumber of the artifact", "artifacts x WHERE x.project_id = ? AND x.id = t.artifact_id AND x.last_number < t.number"},
		{"the version of this number has been deleted",
			"retired_numbers x WHERE x.project_id = ? AND x.artifact_id = t.artifact_id AND x.number = t.number"},
		{"another version has been saved from the output, or at another time", `step_outputs x WHERE x.project_id = ? AND x.id = t.output_id AND x.bound_at IS NOT NULL
			AND (x.bound_at <> t.created_at OR x.artifact_version_id IS NOT NULL AND x.artifact_version_id <> t.id)`},
	} {
		if err := b.refuseAny(wrong.text, "SELECT t.n FROM "+given+" CROSS JOIN "+wrong.where, text, b.project); err != nil {
			return err
		}
	}
	outputs, err := b.own(given, text)
	if err != nil {
		return err
	}
	if err := b.insert(); err != nil {
		return err
	}
	return b.bind(outputs)
}

// own makes the subjects of new versions theirs: those of their outputs with the facts that wait there, or new ones.
func (b *batch) own(given, text string) (outputs []models.ID, err error) {
	seen := map[models.ID]bool{}
	at := b.table.At("output_id")
	for _, r := range b.fresh {
		if id, ok := r.Values[at].(models.ID); ok {
			if seen[id] {
				return nil, &Refused{r.Line, "another version has been saved from the output"}
			}
			seen[id] = true
			outputs = append(outputs, id)
		}
	}
	if err := b.LockSubjects(b.project, outputs); err != nil {
		return nil, err
	}
	return outputs, b.Exec("INSERT INTO subjects (project_id, id, artifact_version_id, about) SELECT ?, coalesce(t.output_id, t.id), t.id, 'V' FROM "+given+
		" WHERE true ON CONFLICT (project_id, id) DO UPDATE SET artifact_version_id = excluded.artifact_version_id, about = excluded.about",
		b.project, text).Error
}

// bind says of outputs, and of the facts that wait there, what was saved from them.
func (b *batch) bind(outputs []models.ID) error {
	if len(outputs) == 0 {
		return nil
	}
	one, args := b.OneOf("id", outputs)
	args = append([]any{b.project}, args...)
	of := "(SELECT v.%s FROM artifact_versions v WHERE v.project_id = step_outputs.project_id AND v.subject_id = step_outputs.id)"
	err := b.Exec("UPDATE step_outputs SET artifact_version_id = "+fmt.Sprintf(of, "id")+", bound_at = "+fmt.Sprintf(of, "created_at")+
		" WHERE project_id = ? AND "+one, args...).Error
	if err != nil {
		return err
	}
	one, _ = b.OneOf("subject_id", outputs)
	return b.Exec(`UPDATE metadata_latest SET about = 'V', object_id = (SELECT s.artifact_version_id FROM subjects s
		WHERE s.project_id = metadata_latest.project_id AND s.id = metadata_latest.subject_id) WHERE project_id = ? AND `+one, args...).Error
}

// lockArtifacts keeps servers from creating versions of the artifacts in a column, and from moving what belongs to
// them. The column has IDs of artifacts or of versions.
func (b *batch) lockArtifacts(column string) error {
	at := b.table.At(column)
	seen := map[models.ID]bool{}
	var ids []models.ID
	for _, r := range b.rows {
		if id := r.Values[at].(models.ID); !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	where, args := b.OneOf("id", ids)
	if column != "artifact_id" {
		where, args = b.OneOf("v.id", ids)
		where = "id IN (SELECT v.artifact_id FROM artifact_versions v WHERE v.project_id = ? AND " + where + ")"
		args = append([]any{b.project}, args...)
	}
	var locked []models.ID
	return b.Raw("SELECT id FROM artifacts WHERE project_id = ? AND "+where+" ORDER BY id"+b.LockRow(), append([]any{b.project}, args...)...).Scan(&locked).Error
}
