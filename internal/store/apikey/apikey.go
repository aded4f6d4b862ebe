// Package apikey looks up the API keys of requests, and records their use.
package apikey

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"gorm.io/gorm"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store/access"
	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

var columns = engine.Columns[models.ApiKey]()

// Authenticator looks up API keys in a database. It is safe for concurrent use.
type Authenticator struct {
	db  *engine.DB
	log *slog.Logger
	mu  sync.Mutex
	// last is the time of the last recorded use of each key.
	last map[models.ID]time.Time
}

// NewAuthenticator returns an Authenticator of the keys in a database.
func NewAuthenticator(db *engine.DB, log *slog.Logger) *Authenticator {
	return &Authenticator{db: db, log: log}
}

// Authenticate returns the principal of an API key, and false for an unknown, expired or revoked key. It reads the
// database each time, so that a revocation takes effect on all servers at once.
func (a *Authenticator) Authenticate(ctx context.Context, secret string) (auth.Principal, bool, error) {
	var found []*struct {
		models.ApiKey
		ProjectName string
	}
	err := a.db.ScanKey(ctx, &found,
		engine.SQL("SELECT "+engine.Qualify("k", columns)+`, p.name AS project_name FROM api_keys k
		LEFT JOIN projects p ON p.id = k.project_id WHERE k.hash = ?`, auth.Hash(secret)))
	key, now := access.FirstOrNil(found), a.db.Clock()()
	if err != nil || key == nil || key.RevokedAt != nil || key.ExpiresAt != nil && !now.Before(key.ExpiresAt.Time) {
		return auth.Principal{}, false, a.db.TranslateError(err)
	}
	if key.LastUsedAt == nil || now.Sub(key.LastUsedAt.Time) > recordInterval {
		a.recordUse(key.ID, now)
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

// recordUse stores the last use of a key in the background, so that a read-only caller does not wait for a write. It
// limits the writes of this process to one per key and interval.
func (a *Authenticator) recordUse(key models.ID, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now.Sub(a.last[key]) < recordInterval {
		return
	}
	if a.last == nil {
		a.last = map[models.ID]time.Time{}
	}
	a.last[key] = now
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), recordInterval)
		defer cancel()
		err := a.db.Write(ctx, func(tx *gorm.DB) error {
			_, err := gorm.G[models.ApiKey](tx).
				Where("id = ? AND (last_used_at IS NULL OR last_used_at < ?)", key, now.UnixMicro()).
				Update(tx.Statement.Context, "last_used_at", models.TimeFromMicros(now.UnixMicro()))
			return err
		})
		if err != nil {
			a.log.Debug("the use of an API key was not noted", "error", err)
		}
	}()
}
