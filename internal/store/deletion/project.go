package deletion

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

// LockProject returns the project with an ID and locks it, nil if it does not exist or is deleted.
func LockProject(tx *access.Tx, id models.ID) (*models.Project, error) {
	var found []*models.Project
	err := tx.Read(&found, engine.SQL("SELECT id, name, created_at FROM projects WHERE id = ? AND deleted_at IS NULL"+
		tx.Dialect.ForUpdate(), id))
	return access.FirstOrNil(found), err
}

// MarkProject marks a locked project as deleted and revokes its API keys. It gives the project a name that begins with
// a space, which no project can be created with, so that its own name is free.
func MarkProject(tx *access.Tx, id models.ID) error {
	now := tx.Dialect.Now(0)
	return tx.WriteTogether(
		engine.SQL("UPDATE projects SET name = ?, deleted_at = ? WHERE id = ?", " deleted "+id.String(), now, id),
		engine.SQL("UPDATE api_keys SET revoked_at = ? WHERE project_id = ? AND revoked_at IS NULL", now, id))
}

const (
	// RefreshInterval is the time between two reads of the deleted projects.
	RefreshInterval = 500 * time.Millisecond
	// MaxStaleness is the maximum age of the list of deleted projects of a server that reaches the database.
	MaxStaleness = 2 * time.Second
	// maxGap is the maximum time between two reads of the list in which no project can be deleted and purged.
	maxGap = MaxStaleness
)

// Projects are the deleted projects that may still have rows. The zero value has none.
type Projects struct {
	list atomic.Pointer[auth.DeletedProjects]
	// mu orders changes of the list.
	mu   sync.Mutex
	read time.Time
}

// List returns the deleted projects.
func (p *Projects) List() *auth.DeletedProjects { return p.list.Load() }

// Add adds a project after the commit of its deletion.
func (p *Projects) Add(id models.ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list auth.DeletedProjects
	if known := p.list.Load(); known != nil {
		list = slices.Clone(*known)
	}
	list = append(list, id)
	p.list.Store(&list)
}

// Refresh reads the deleted projects, and removes them from names, which maps names of projects to IDs. If the read
// before it is so old that a project may have been deleted and purged since, it removes all names.
func (p *Projects) Refresh(ctx context.Context, db *engine.DB, names *sync.Map) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	begin := time.Now()
	var list auth.DeletedProjects
	err := db.ScanKey(ctx, &list, engine.SQL("SELECT id FROM projects WHERE deleted_at IS NOT NULL"))
	if err != nil {
		return err
	}
	p.list.Store(&list)
	missed := begin.Sub(p.read) > maxGap
	p.read = begin
	names.Range(func(name, id any) bool {
		if missed || list.Has(id.(models.ID)) {
			names.Delete(name)
		}
		return true
	})
	return nil
}
