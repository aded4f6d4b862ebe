package store

import (
	"context"
	"fmt"
	"sync"
	"time"

	"gorm.io/gorm"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/search"
	"github.com/placard/placard/models"
)

// visibleTo adds to a condition that the project in a column is visible to the principal. All look-ups by ID or name
// use it; the parts of an object are in its project. An object of another project costs the same statements as a
// missing one.
func visibleTo(who auth.Principal, column string, where engine.Expr) engine.Expr {
	switch {
	case who.Owner:
		return where
	case !who.CanRead(who.Project):
		return where.Concat(engine.SQL(" AND FALSE"))
	}
	return where.Concat(engine.SQL(" AND "+column+" = ?", who.Project))
}

// inProject restricts a statement on one table to a project.
func inProject(project models.ID) func(*gorm.Statement) {
	return func(s *gorm.Statement) { s.Where("project_id = ?", project) }
}

// visible adds the condition of visibleTo to a statement on one table.
func visible(who auth.Principal, column string) func(*gorm.Statement) {
	where := visibleTo(who, column, engine.True)
	return func(s *gorm.Statement) { s.Where(where.SQL, where.Args...) }
}

// projectColumn returns the column of a table that holds the project of a row.
func projectColumn(table string) string {
	if table == "projects" {
		return "id"
	}
	return "project_id"
}

// requireRole returns FORBIDDEN unless the caller has a role in a project that it can read.
func (tx *transaction) requireRole(role models.ApiKeyRole, project models.ID) error {
	if tx.who.HasRole(role, project) {
		return nil
	}
	if role == models.ApiKeyRoleAdmin {
		return models.Forbidden("this takes an API key that is an admin of the project")
	}
	return errReadOnlyRole
}

var (
	errOwnerRequired = models.Forbidden("this takes the API key of an owner")
	errReadOnlyRole  = models.Forbidden("the API key may read this project and not change it")
)

var keyColumns = engine.Columns[models.ApiKey]()

// Authenticate returns the principal of an API key, and false for an unknown, expired or revoked key. It reads the
// database each time, so that a revocation takes effect on all servers at once.
func (s *Store) Authenticate(ctx context.Context, secret string) (auth.Principal, bool, error) {
	var found []*struct {
		models.ApiKey
		ProjectName string
	}
	err := s.db.ScanKey(ctx, &found,
		engine.SQL("SELECT "+engine.Qualify("k", keyColumns)+`, p.name AS project_name FROM api_keys k
		LEFT JOIN projects p ON p.id = k.project_id WHERE k.hash = ?`, auth.Hash(secret)))
	key, now := firstOrNil(found), s.clock()
	if err != nil || key == nil || key.RevokedAt != nil || key.ExpiresAt != nil && !now.Before(key.ExpiresAt.Time) {
		return auth.Principal{}, false, s.db.TranslateError(err)
	}
	if key.LastUsedAt == nil || now.Sub(key.LastUsedAt.Time) > recordInterval {
		s.used.record(s, key.ID, now)
	}
	who := auth.Principal{KeyID: key.ID, Name: key.Name, Owner: key.Owner(), Project: key.ProjectID,
		ProjectName: key.ProjectName}
	if key.Role != nil {
		who.Role = *key.Role
	}
	return who, true, nil
}

// recordInterval is the shortest time between two records of the use of a key.
const recordInterval = time.Minute

// lastUseRecorder records the last use of API keys. It limits the writes of this process to one per key and interval.
type lastUseRecorder struct {
	mu   sync.Mutex
	last map[models.ID]time.Time
}

// record stores the last use of a key in the background, so that a read-only caller does not wait for a write.
func (u *lastUseRecorder) record(s *Store, key models.ID, now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if now.Sub(u.last[key]) < recordInterval {
		return
	}
	if u.last == nil {
		u.last = map[models.ID]time.Time{}
	}
	u.last[key] = now
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), recordInterval)
		defer cancel()
		err := s.write(ctx, func(tx *transaction) error {
			_, err := gorm.G[models.ApiKey](tx.DB).
				Where("id = ? AND (last_used_at IS NULL OR last_used_at < ?)", key, now.UnixMicro()).
				Update(tx.ctx(), "last_used_at", models.TimeFromMicros(now.UnixMicro()))
			return err
		})
		if err != nil {
			s.log.Debug("the use of an API key was not noted", "error", err)
		}
	}()
}

// CreateApiKey creates an API key and returns it with its secret, which is not stored. It fails with NOT_FOUND for an
// unknown project, CONFLICT for a used name, BAD_INPUT for an expiry in the past, and FORBIDDEN.
func (s *Store) CreateApiKey(
	ctx context.Context, at *models.Path, input models.CreateApiKeyInput,
) (key *models.ApiKey, secret string, err error) {
	secret = auth.NewSecret()
	return key, secret, s.write(ctx, func(tx *transaction) error {
		var project *models.ID
		if input.Owner && !tx.who.Owner {
			return errOwnerRequired
		} else if !input.Owner {
			id, err := tx.projectNamed(at.Child("project"), tx.who.ResolveProject(input.Project))
			if err == nil {
				err = tx.requireRole(models.ApiKeyRoleAdmin, id)
			}
			if err != nil {
				return err
			}
			project = &id
		}
		if input.ExpiresAt != nil && !s.clock().Before(input.ExpiresAt.Time) {
			return models.BadInput(at.Child("expiresAt"), "must be in the future")
		}
		var taken bool
		same := engine.SQL("name = ?", input.Name)
		if project != nil {
			same = same.And(engine.SQL("(project_id IS NULL OR project_id = ?)", *project))
		}
		err := tx.scan(&taken, engine.SQL("SELECT EXISTS (SELECT 1 FROM api_keys WHERE ?)", same))
		if err == nil && taken {
			err = models.Conflict(at.Child("name"), "there is, or was, an API key of this name")
		}
		if err != nil {
			return err
		}
		key, err = insertRow[models.ApiKey](tx, "api_keys",
			"project_id, id, name, prefix, hash, role, created_at, created_by, expires_at",
			project, models.NewID(), input.Name, auth.Prefix(secret), auth.Hash(secret), input.Role, tx.dialect.Now(0),
			tx.who.AuthorName(), input.ExpiresAt)
		if err != nil {
			return err
		}
		return tx.audit(key.ProjectID, models.AuditActionAPIKeyCreated, key.ID, "API key %q", key.Name)
	})
}

// RevokeApiKey revokes an API key on all servers at once. It fails with NOT_FOUND and FORBIDDEN.
func (s *Store) RevokeApiKey(ctx context.Context, at *models.Path, text string) (key *models.ApiKey, err error) {
	id, _ := models.ParseID(text)
	return key, s.write(ctx, func(tx *transaction) error {
		if !tx.who.HasRoleInAnyProject(models.ApiKeyRoleAdmin) {
			return models.Forbidden("this takes an API key that is an admin")
		}
		found, err := selectForUpdate[models.ApiKey](tx, id)
		if err == nil && found == nil {
			err = tx.unknownID(at, "API key", text)
		}
		if key = found; err != nil || key.RevokedAt != nil {
			return err
		}
		var revoked []*models.ApiKey
		err = tx.scan(&revoked, engine.SQL("UPDATE api_keys SET revoked_at = ? WHERE id = ? RETURNING "+
			engine.Qualify("api_keys", keyColumns), tx.dialect.Now(0), id))
		if err != nil {
			return err
		}
		key = revoked[0]
		return tx.audit(key.ProjectID, models.AuditActionAPIKeyRevoked, key.ID, "API key %q", key.Name)
	})
}

// ApiKeys returns a page of the API keys that the caller manages, or of those of one project, newest first. It fails
// with FORBIDDEN.
func (s *Store) ApiKeys(ctx context.Context, project *string, page models.Page) (*models.ApiKeyConnection, error) {
	return adminList(ctx, s, project, page, search.List[*models.ApiKey]{
		Name: "apiKeys", Columns: engine.Qualify("api_keys", keyColumns), From: engine.SQL("api_keys"),
		Order: []string{"created_at", "id"}, Descending: true,
		Kinds:    []search.PositionKind{search.NumberPosition, search.IDPosition},
		Position: func(k *models.ApiKey) models.Position { return models.Position{k.CreatedAt.UnixMicro(), k.ID.String()} },
	})
}

// AuditEvents returns a page of the audit events that the caller can read, or of those of one project, newest first.
// It fails with FORBIDDEN.
func (s *Store) AuditEvents(
	ctx context.Context, project *string, page models.Page,
) (*models.AuditEventConnection, error) {
	return adminList(ctx, s, project, page, search.List[*models.AuditEvent]{
		Name: "auditEvents", Columns: "id, at, actor, action, subject, subject_id, project_id", From: engine.SQL("audit_events"),
		Order: []string{"at", "id"}, Descending: true, Kinds: []search.PositionKind{search.NumberPosition, search.IDPosition},
		Position: func(e *models.AuditEvent) models.Position { return models.Position{e.At.UnixMicro(), e.ID.String()} },
	})
}

// adminList returns a page of a list for admins: of one project, or of all projects that are visible to the caller.
func adminList[T any](
	ctx context.Context, s *Store, project *string, page models.Page, l search.List[T],
) (*models.Connection[T], error) {
	who := auth.FromContext(ctx)
	if !who.HasRoleInAnyProject(models.ApiKeyRoleAdmin) {
		return nil, models.Forbidden("this takes an API key that is an admin")
	}
	where := engine.Expr{SQL: "TRUE"}
	if project != nil {
		id, err := s.projectID(ctx, *project)
		if err != nil || id.IsZero() {
			return models.NewConnection[T]("", models.Page{}, nil, nil), err
		}
		where = engine.SQL("project_id = ?", id)
	}
	l.Where = visibleTo(who, "project_id", where)
	found, err := search.ReadPages(ctx, s.db, l, nil, page)
	return found[models.ID{}], err
}

// audit records an action of the caller in the transaction of the action. format and args describe its object. A zero
// project means none.
func (tx *transaction) audit(
	project models.ID, action models.AuditAction, subject models.ID, format string, args ...any,
) error {
	orNull := func(id models.ID) *models.ID {
		if id.IsZero() {
			return nil
		}
		return &id
	}
	return tx.exec(engine.SQL(`INSERT INTO audit_events (project_id, id, at, actor, actor_id, action, subject, subject_id)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, orNull(project), models.NewID(), tx.dialect.Now(0), tx.who.AuthorName(),
		orNull(tx.who.KeyID), action, fmt.Sprintf(format, args...), subject))
}
