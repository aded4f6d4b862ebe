package deletion

import (
	"context"
	"log/slog"
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
	// refreshInterval is the time between two reads of the deleted projects.
	refreshInterval = 500 * time.Millisecond
	// purgeInterval is the time between two looks for projects to purge.
	purgeInterval = 2 * time.Second
	// maxStaleness is the maximum age of the list of deleted projects of a server that reaches the database.
	maxStaleness = 2 * time.Second
)

// Projects holds the deleted projects that may still have rows, and purges them.
type Projects struct {
	db   *engine.DB
	log  *slog.Logger
	list atomic.Pointer[auth.DeletedProjects]
	// names maps the names of projects to IDs.
	names *sync.Map
	// mu orders changes of the list. read is the time of the last read.
	mu   sync.Mutex
	read time.Time
}

// NewProjects returns the projects of a database, without having read them. Deleted projects are removed from names,
// which maps names of projects to IDs.
func NewProjects(db *engine.DB, log *slog.Logger, names *sync.Map) *Projects {
	return &Projects{db: db, log: log, names: names}
}

// DeletedProjects returns the deleted projects that may still have rows.
func (p *Projects) DeletedProjects() *auth.DeletedProjects { return p.list.Load() }

// MarkDeleted adds a project after the commit of its deletion.
func (p *Projects) MarkDeleted(id models.ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list auth.DeletedProjects
	if known := p.list.Load(); known != nil {
		list = slices.Clone(*known)
	}
	list = append(list, id)
	p.list.Store(&list)
}

// RefreshDeleted reads the deleted projects. If the read before it is so old that a project may have been deleted and
// purged since, it removes all names.
func (p *Projects) RefreshDeleted(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	begin := time.Now()
	var list auth.DeletedProjects
	err := p.db.ScanKey(ctx, &list, engine.SQL("SELECT id FROM projects WHERE deleted_at IS NOT NULL"))
	if err != nil {
		return err
	}
	p.list.Store(&list)
	missed := begin.Sub(p.read) > maxStaleness
	p.read = begin
	p.names.Range(func(name, id any) bool {
		if missed || list.Has(id.(models.ID)) {
			p.names.Delete(name)
		}
		return true
	})
	return nil
}

// KeepPurgingProjects hides the projects that other servers delete, and purges deleted projects, in the background
// until the database is closed. writeDeadline is the maximum duration of a write: a purge begins when no write can be
// under way that has found the project.
func (p *Projects) KeepPurgingProjects(writeDeadline time.Duration) {
	if !p.db.Dialect().HasOneWriter() {
		p.db.Repeat(refreshInterval, func(ctx context.Context) {
			if err := p.RefreshDeleted(ctx); err != nil && ctx.Err() == nil {
				p.log.Warn("could not read the deleted projects", "error", err)
			}
		})
	}
	p.db.Repeat(purgeInterval, func(ctx context.Context) {
		if err := p.PurgeProjects(ctx, writeDeadline+maxStaleness); err != nil && ctx.Err() == nil {
			p.log.Warn("could not purge deleted projects; it goes on later", "error", err)
		}
	})
}
