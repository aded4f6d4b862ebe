package store

import (
	"context"
	"fmt"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/internal/store/search"
	"github.com/placard/placard/models"
)

var (
	keyColumns   = engine.Columns[models.ApiKey]()
	auditColumns = engine.Columns[models.AuditEvent]()
)

// CreateApiKey creates an API key and returns it with its secret, which is not stored. It fails with NOT_FOUND for an
// unknown project, CONFLICT for a used name, BAD_INPUT for an expiry in the past, and FORBIDDEN.
func (s *Store) CreateApiKey(
	ctx context.Context, at *models.Path, input models.CreateApiKeyInput,
) (key *models.ApiKey, secret string, err error) {
	secret = auth.NewSecret()
	return key, secret, s.write(ctx, func(tx *transaction) error {
		var project *models.ID
		if input.Owner && !tx.Who.Owner {
			return access.ErrOwnerRequired
		} else if !input.Owner {
			id, err := tx.ProjectNamed(at.Child("project"), tx.Who.ResolveProject(input.Project))
			if err == nil {
				err = tx.RequireRole(models.ApiKeyRoleAdmin, id)
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
		err := tx.Read(&taken, engine.SQL("SELECT EXISTS (SELECT 1 FROM api_keys WHERE ?)", same))
		if err == nil && taken {
			err = models.Conflict(at.Child("name"), "there is, or was, an API key of this name")
		}
		if err != nil {
			return err
		}
		key, err = access.InsertRow[models.ApiKey](tx.Tx, "api_keys",
			"project_id, id, name, prefix, hash, role, created_at, created_by, expires_at",
			project, models.NewID(), input.Name, auth.Prefix(secret), auth.Hash(secret), input.Role, tx.Dialect.Now(0),
			tx.Who.AuthorName(), input.ExpiresAt)
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
		if !tx.Who.HasRoleInAnyProject(models.ApiKeyRoleAdmin) {
			return models.Forbidden("this takes an API key that is an admin")
		}
		found, err := access.LockKey(tx.Tx, id)
		if err == nil && found == nil {
			err = tx.UnknownID(at, "API key", text)
		}
		if key = found; err != nil || key.RevokedAt != nil {
			return err
		}
		var revoked []*models.ApiKey
		err = tx.Read(&revoked, engine.SQL("UPDATE api_keys SET revoked_at = ? WHERE id = ? RETURNING "+
			engine.Qualify("api_keys", keyColumns), tx.Dialect.Now(0), id))
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

// AuditEvents returns a page of the audit events that the caller can read and that pass a filter, or of those of one
// project, newest first. It fails with FORBIDDEN.
func (s *Store) AuditEvents(
	ctx context.Context, project *string, filter *models.Filter, page models.Page,
) (*models.AuditEventConnection, error) {
	where := search.AuditEventCondition(s.db.Dialect(), filter)
	return adminList(ctx, s, project, page, search.List[*models.AuditEvent]{
		Name: "auditEvents" + where.SQL, Where: where, Unbounded: where.SQL != engine.True.SQL,
		Columns: engine.Qualify("audit_events", auditColumns), From: engine.SQL("audit_events"),
		Order: []string{"created_at", "id"}, Descending: true,
		Kinds: []search.PositionKind{search.NumberPosition, search.IDPosition},
		Position: func(e *models.AuditEvent) models.Position {
			return models.Position{e.CreatedAt.UnixMicro(), e.ID.String()}
		},
	})
}

// adminList returns a page of a list for admins: of one project, or of all projects that are visible to the caller.
func adminList[T any](
	ctx context.Context, s *Store, project *string, page models.Page, l search.List[T],
) (*models.Connection[T], error) {
	who := s.caller(ctx)
	if !who.HasRoleInAnyProject(models.ApiKeyRoleAdmin) {
		return nil, models.Forbidden("this takes an API key that is an admin")
	}
	where := engine.True
	if project != nil {
		id, err := s.projectID(ctx, *project)
		if err != nil || id.IsZero() {
			return models.NewConnection[T]("", models.Page{}, nil, nil), err
		}
		where = engine.SQL("project_id = ?", id)
	}
	if l.Where.SQL != "" {
		where = where.And(l.Where)
	}
	l.Where = access.VisibleTo(who, "project_id", where)
	found, err := search.ReadPages(ctx, s.db, l, nil, page)
	return found[models.ID{}], err
}

// audit records an action of the caller in the transaction of the action. format and args describe its object. A zero
// project means none.
func (tx *transaction) audit(
	project models.ID, action models.AuditAction, object models.ID, format string, args ...any,
) error {
	return tx.Write(tx.audited(project, action, object, format, args...))
}

// audited returns the statement of audit.
func (tx *transaction) audited(
	project models.ID, action models.AuditAction, object models.ID, format string, args ...any,
) engine.Expr {
	return engine.SQL(`INSERT INTO audit_events
		(project_id, id, created_at, created_by, created_by_id, action, description, object_id)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, idOrNull(project), models.NewID(), tx.Dialect.Now(0), tx.Who.AuthorName(),
		idOrNull(tx.Who.KeyID), action, fmt.Sprintf(format, args...), object)
}
