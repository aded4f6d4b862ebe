package bulk

import (
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// hasOwnSubject reports whether an output has a subject with its ID. A version that is saved from an output takes over
// this subject.
func hasOwnSubject(output Row) bool { return output.Get("bound_at") == nil || reuses(output) }

// reuses reports whether an output re-uses a version.
func reuses(output Row) bool {
	_, ok := output.Get("reused_subject_id").(models.ID)
	return ok
}

// compareOutputs returns newer for an output that re-uses a version in the file and is not bound here. An output from
// which a version was saved is equal, because the import of the version binds it. If that version was deleted before
// the export, the output stays unbound.
func compareOutputs(stored, imported Row) comparison {
	here, there := stored.Get("bound_at"), imported.Get("bound_at")
	switch {
	case !equalExcept(stored, imported, "bound_at", "reused_subject_id"):
		return conflict
	case there == nil:
		return equal
	case here == nil && reuses(imported):
		return newer
	case here == nil || equalExcept(stored, imported):
		return equal
	}
	return conflict
}

// insertOutputs also binds the new outputs to the versions that exist.
func insertOutputs(b *batch) error {
	err := b.refuseWhere(`"id" is the subject of a version whose output was deleted from the project`,
		[]string{"id", "bound_at", "reused_subject_id"}, engine.SQL(`CROSS JOIN subjects x WHERE x.project_id = ?
		AND x.id = t.id AND (t.bound_at IS NULL OR t.reused_subject_id IS NOT NULL)`, b.project))
	if err != nil {
		return err
	}
	if err := insertRows(b); err != nil {
		return err
	}
	return b.bindToVersions(b.inserts)
}

// reuseVersions binds stored outputs to the versions that they re-use.
func reuseVersions(b *batch) error {
	outputs := distinctIDs(b.updates, "id")
	if err := b.LockSubjects(b.project, outputs); err != nil {
		return err
	}
	if err := updateRows(b); err != nil {
		return err
	}
	if err := b.bindToVersions(b.updates); err != nil {
		return err
	}
	// Writers that wait for the lock of an output find that its entries go to the version.
	if err := b.Write(b.ReviseSubjects(b.project, outputs, b.NewRevision(), ", reuses = TRUE")); err != nil {
		return err
	}
	return b.reviseSubjects(distinctIDs(b.updates, "reused_subject_id"))
}

// bindToVersions sets the versions of bound outputs, if they exist.
func (b *batch) bindToVersions(outputs []Row) error {
	var bound []models.ID
	for _, r := range outputs {
		if r.Get("bound_at") != nil {
			bound = append(bound, r.Get("id").(models.ID))
		}
	}
	if len(bound) == 0 {
		return nil
	}
	return b.Write(engine.SQL(`UPDATE step_outputs AS o SET artifact_version_id = (SELECT v.id FROM artifact_versions v
		WHERE v.project_id = ? AND v.subject_id = coalesce(o.reused_subject_id, o.id)) WHERE project_id = ? AND ?`,
		b.project, b.project, b.Dialect.IDIn("id", bound)))
}

// reviseSubjects gives subjects a new revision.
func (b *batch) reviseSubjects(subjects []models.ID) error {
	return b.Write(b.ReviseSubjects(b.project, subjects, b.NewRevision(), ""))
}
