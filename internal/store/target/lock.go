package target

import (
	"fmt"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// Selector selects a version: by its name and that of the project, or by its ID.
type Selector struct {
	Project string
	Named   *models.ArtifactVersionName
	ID      models.ID
}

// NewSelector returns the selector of a target, and false for a target that is no version.
func NewSelector(who auth.Principal, t models.MetadataTarget) (s Selector, ok bool) {
	switch {
	case t.ArtifactVersion != nil && t.ArtifactVersion.CheckExact(nil) == nil:
		return Selector{Project: who.ResolveProject(t.ArtifactVersion.Project), Named: t.ArtifactVersion}, true
	case t.ArtifactVersionID != nil:
		s.ID, _ = models.ParseID(*t.ArtifactVersionID)
		return s, true
	}
	return s, false
}

// String returns a text that equal selectors have, and no others.
func (s Selector) String() string {
	switch n := s.Named; {
	case n == nil:
		return s.ID.String()
	case n.Version != nil:
		return fmt.Sprintf("%q %q version %q", s.Project, n.Name, *n.Version)
	case n.Alias != nil:
		return fmt.Sprintf("%q %q alias %q", s.Project, n.Name, *n.Alias)
	default:
		return fmt.Sprintf("%q %q number %d", s.Project, n.Name, *n.Number)
	}
}

// Locked is a version whose subject is locked until the end of the transaction.
type Locked struct {
	Resolved
	// Floor is the earliest time of the next entry, in microseconds since 1970.
	Floor int64
}

// lockedRow is a row of LockVersions.
type lockedRow struct {
	N            int
	Clock        int64
	LastLoggedAt int64
	// Current is set if the subject still belongs to the version, and false if another transaction has changed it since
	// the statement began.
	Current bool
	Version models.ArtifactVersion `gorm:"embedded;embeddedPrefix:v_"`
}

// LockVersions finds the versions that targets select by ID or by name in a project, and locks their subjects, in one
// statement. It returns them by the index of the target, and the clock of the database in microseconds since 1970.
//
// A target has no result if it selects no version, if the project has another name, or if another transaction has
// locked or changed the subject. So LockVersions waits for no transaction, and its locks need no order.
func LockVersions(
	tx *access.Tx, project models.ID, targets []Selector,
) (locked map[int]Locked, clock int64, err error) {
	rows := make([]nameRow, len(targets))
	for i, target := range targets {
		if target.Named == nil {
			rows[i] = nameRow{N: i, ID: &target.ID}
		} else {
			rows[i] = newNameRow(i, target.Project, target.Named)
		}
	}
	from := matchRows(tx, project, rows, tx.Dialect.LockedJoin("subjects s", "s",
		engine.SQL("s.project_id = ? AND s.id = v.subject_id", project)))
	var found []lockedRow
	err = tx.Read(&found, engine.SQL(`SELECT t.n, ? AS clock, s.last_logged_at,
		s.artifact_version_id = v.id AND NOT s.reuses AS current, `+engine.QualifyAs("v", selectedColumns)+" FROM ?",
		tx.Dialect.Now(0), from))
	locked = make(map[int]Locked, len(found))
	for i := range found {
		if row := &found[i]; row.Current {
			locked[row.N] = Locked{resolvedVersion(&row.Version), row.LastLoggedAt + 1}
			clock = max(clock, row.Clock)
		}
	}
	return locked, clock, err
}
