package access

import (
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// identity is the ID of an object, which objects of several projects can have, because clients choose some IDs.
type identity struct {
	id, project models.ID
	// created is zero for an object whose ID the server chose.
	created models.Time
}

func (i identity) isOlderThan(other identity) bool {
	if i.created.Equal(other.created.Time) {
		return i.project.String() < other.project.String()
	}
	return i.created.Before(other.created.Time)
}

// Share records that several projects have an ID.
func (tx *Tx) Share(id models.ID) {
	if tx.shared == nil {
		tx.shared = map[models.ID]bool{}
	}
	tx.shared[id] = true
}

// Within returns the transaction with statements that find the objects of one project only, of any for zero.
func (tx *Tx) Within(project models.ID) *Tx {
	within := *tx
	within.Who = tx.Who.Within(project)
	return &within
}

// RefuseShared returns CONFLICT for an ID that the transaction has read from several projects, because a write by it
// could change the wrong object.
func (tx *Tx) RefuseShared(at *models.Path, id models.ID) error {
	if tx.shared[id] {
		return models.Conflict(at, "is the ID of objects in several projects: use an API key of one of them")
	}
	return nil
}

// ProjectOf returns the project of the object of a table with an ID, zero if none is visible to the caller. It fails
// with CONFLICT if several projects have the ID.
func (tx *Tx) ProjectOf(at *models.Path, table string, id models.ID) (project models.ID, err error) {
	if !tx.Who.Owner {
		return tx.Who.Project, nil
	}
	var projects []models.ID
	err = tx.Read(&projects, engine.SQL("SELECT project_id FROM "+table+" WHERE ?",
		VisibleTo(tx.Who, "project_id", engine.SQL("id = ?", id))))
	for _, project = range projects {
		if project != projects[0] {
			tx.Share(id)
		}
	}
	if err == nil {
		err = tx.RefuseShared(at, id)
	}
	return project, err
}
