package access

import (
	"slices"

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

// ProjectGroup are IDs of objects of one project.
type ProjectGroup struct {
	Project models.ID
	IDs     []models.ID
}

// GroupByProject returns the IDs that objects of a table have by project. For an owner it is one look-up, which omits
// IDs that no visible object has, and repeats an ID that objects of several projects have. Other callers have one
// project.
func (tx *Tx) GroupByProject(table string, ids []models.ID) ([]ProjectGroup, error) {
	if !tx.Who.Owner {
		return []ProjectGroup{{tx.Who.Project, ids}}, nil
	}
	var found []struct{ ID, ProjectID models.ID }
	err := tx.Read(&found, engine.SQL("SELECT o.id, o.project_id FROM ?", tx.LookUpByID(table, "o", ids)))
	var groups []ProjectGroup
	seen := map[models.ID]bool{}
	for _, row := range found {
		if seen[row.ID] {
			tx.Share(row.ID)
		}
		seen[row.ID] = true
		i := slices.IndexFunc(groups, func(g ProjectGroup) bool { return g.Project == row.ProjectID })
		if i < 0 {
			i, groups = len(groups), append(groups, ProjectGroup{Project: row.ProjectID})
		}
		groups[i].IDs = append(groups[i].IDs, row.ID)
	}
	return groups, err
}

// ProjectOf returns the project of the object of a table with an ID, zero if none is visible to an owner. It fails with
// CONFLICT if several projects have the ID.
func (tx *Tx) ProjectOf(at *models.Path, table string, id models.ID) (models.ID, error) {
	groups, err := tx.GroupByProject(table, []models.ID{id})
	if err == nil {
		err = tx.RefuseShared(at, id)
	}
	if err != nil || len(groups) == 0 {
		return models.ID{}, err
	}
	return groups[0].Project, nil
}
