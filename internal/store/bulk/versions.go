package bulk

import (
	"maps"
	"slices"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// insertRetiredNumbers skips the numbers of versions that exist here, because an import deletes nothing.
func insertRetiredNumbers(b *batch) error {
	var kept []int64
	err := b.Read(&kept, engine.SQL(`SELECT t.n FROM ? CROSS JOIN artifact_versions x WHERE x.project_id = ?
		AND x.artifact_id = t.artifact_id AND x.number = t.number`, b.tableOf(b.inserts, b.table.Key...), b.project))
	if err != nil {
		return err
	}
	b.result.Unchanged += len(kept)
	b.result.Skipped = len(kept)
	b.inserts = slices.DeleteFunc(b.inserts, func(r Row) bool { return slices.Contains(kept, r.Line) })
	if len(b.inserts) == 0 {
		return nil
	}
	return insertRows(b)
}

// insertVersions also gives the versions their subjects and binds the outputs from which they were saved.
func insertVersions(b *batch) error {
	if err := b.checkOutputs(); err != nil {
		return err
	}
	for _, fault := range []struct{ text, condition string }{
		{`"number" must not be greater than "lastNumber" of the artifact`,
			"CROSS JOIN artifacts x WHERE x.project_id = ? AND x.id = t.artifact_id AND x.last_number < t.number"},
		{`"number" is the number of a version that has been deleted from the project`,
			`CROSS JOIN retired_numbers x
			WHERE x.project_id = ? AND x.artifact_id = t.artifact_id AND x.number = t.number`},
		{`the output with "outputId" was saved as another version or re-uses one, or "createdAt" is not its "boundAt"`,
			`CROSS JOIN step_outputs x WHERE x.project_id = ? AND x.id = t.output_id AND x.bound_at IS NOT NULL
			AND (x.bound_at <> t.created_at OR x.reused_subject_id IS NOT NULL OR x.artifact_version_id IS NOT NULL AND x.artifact_version_id <> t.id)`},
	} {
		columns := []string{"id", "artifact_id", "output_id", "number", "created_at"}
		if err := b.refuseWhere(fault.text, columns, engine.SQL(fault.condition, b.project)); err != nil {
			return err
		}
	}
	if err := b.addVersionSubjects(); err != nil {
		return err
	}
	if err := insertRows(b); err != nil {
		return err
	}
	if err := b.bindOutputs(); err != nil {
		return err
	}
	if err := b.bindReusingOutputs(); err != nil {
		return err
	}
	return b.touchArtifacts()
}

// bindReusingOutputs records the new versions in the outputs that re-use them.
func (b *batch) bindReusingOutputs() error {
	subjects := make([]models.ID, len(b.inserts))
	for i, r := range b.inserts {
		subjects[i] = versionSubject(r)
	}
	return b.Write(engine.SQL(`UPDATE step_outputs AS o SET artifact_version_id = (SELECT v.id FROM artifact_versions v
		WHERE v.project_id = ? AND v.subject_id = o.reused_subject_id)
		WHERE project_id = ? AND reused_subject_id IS NOT NULL AND ?`, b.project, b.project,
		b.Dialect.IDIn("reused_subject_id", subjects)))
}

// touchArtifacts sets the time of the last change of artifacts to that of their last new versions, if the file does not
// have it.
func (b *batch) touchArtifacts() error {
	last := map[any]Row{}
	for _, r := range b.inserts {
		artifact := r.Get("artifact_id")
		if known, found := last[artifact]; r.Get("description") == Absent &&
			(!found || isGreater(r, known, "created_at")) {
			last[artifact] = r
		}
	}
	if len(last) == 0 {
		return nil
	}
	return b.Write(engine.SQL(`UPDATE artifacts SET updated_at = t.created_at FROM ?
		WHERE project_id = ? AND artifacts.id = t.artifact_id AND updated_at < t.created_at`,
		b.tableOf(slices.Collect(maps.Values(last)), "artifact_id", "created_at"), b.project))
}

// checkOutputs returns a RowError for two versions with one subject, and for an output that is another object. An
// output may have been deleted with its run.
func (b *batch) checkOutputs() error {
	subjects := map[models.ID]bool{}
	for _, r := range b.inserts {
		if subjects[versionSubject(r)] {
			return refuse(r.Line, `the file has another artifactVersion with this "outputId"`)
		}
		subjects[versionSubject(r)] = true
	}
	const text = `"outputId" must not be the ID of another object, or of the output of another version`
	if err := b.refuseStored(text, "output_id", tablesExcept("step_outputs")); err != nil {
		return err
	}
	return b.refuseWhere(text, []string{"output_id"}, engine.SQL(`WHERE EXISTS (SELECT 1 FROM subjects x
		WHERE x.project_id = ? AND x.id = t.output_id AND NOT EXISTS (SELECT 1 FROM step_outputs o
			WHERE o.project_id = ? AND o.id = t.output_id))`, b.project, b.project))
}

// versionSubject returns the ID of the subject of a version.
func versionSubject(version Row) models.ID {
	if output, ok := version.Get("output_id").(models.ID); ok {
		return output
	}
	return version.Get("id").(models.ID)
}

// addVersionSubjects adds the subjects of new versions. A version with an output takes over the subject of the output.
func (b *batch) addVersionSubjects() error {
	if err := b.LockSubjects(b.project, distinctIDs(b.inserts, "output_id")); err != nil {
		return err
	}
	_, err := b.WriteCount(engine.SQL(`INSERT INTO subjects (project_id, id, artifact_version_id, about, revision)
		SELECT ?, coalesce(t.output_id, t.id), t.id, ?, ? FROM ? WHERE true ON CONFLICT (project_id, id)
		DO UPDATE SET artifact_version_id = excluded.artifact_version_id, about = excluded.about, revision = excluded.revision`,
		b.project, models.SubjectArtifactVersion, b.NewRevision(), b.tableOf(b.inserts, "id", "output_id")))
	return err
}

// bindOutputs records the new versions in their outputs, and in the latest entries about these.
func (b *batch) bindOutputs() error {
	outputs := distinctIDs(b.inserts, "output_id")
	if len(outputs) == 0 {
		return nil
	}
	p := b.project
	_, err := b.WriteCount(engine.SQL(`UPDATE step_outputs AS o SET
		artifact_version_id = (SELECT v.id FROM artifact_versions v WHERE v.project_id = ? AND v.subject_id = o.id),
		bound_at = (SELECT v.created_at FROM artifact_versions v WHERE v.project_id = ? AND v.subject_id = o.id)
		WHERE project_id = ? AND ?`, p, p, p, b.Dialect.IDIn("id", outputs)))
	if err != nil {
		return err
	}
	_, err = b.WriteCount(engine.SQL(`UPDATE metadata_latest AS l SET about = ?, object_id = (SELECT s.artifact_version_id
		FROM subjects s WHERE s.project_id = ? AND s.id = l.subject_id) WHERE project_id = ? AND ?`,
		models.SubjectArtifactVersion, p, p, b.Dialect.IDIn("subject_id", outputs)))
	return err
}
