package graph

import (
	"context"
	"math"
	"net/http"
	"sync"
	"time"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/models"
)

// rateLimit bounds the cost of operations in a minute: of each API key, and of all keys of a project together, so that new
// keys of a project bring no new budget beyond that. An account with something left may pay for any operation and gets into
// debt by a costly one, so that no operation is too costly for ever.
type rateLimit struct {
	// perMinute is the budget of a key, 0 for no limit.
	perMinute int64
	mu        sync.Mutex
	accounts  map[models.ID]account
}

// projectBudgets is the number of budgets of a key that the keys of a project have together.
const projectBudgets = 4

// account is the cost that a key or a project could still spend at an instant.
type account struct {
	left float64
	at   time.Time
}

// charge takes the cost of an operation from the accounts of its API key and of the project of the key. LIMIT_EXCEEDED with
// status 429 when one of them has nothing left.
func (r *rateLimit) charge(ctx context.Context, cost int64) error {
	who := auth.From(ctx)
	if r.perMinute == 0 || who.KeyID.IsZero() {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	key, err := r.account(who.KeyID, "the API key", r.perMinute, now)
	if err != nil {
		return err
	}
	project, err := key, error(nil)
	if !who.Owner {
		if project, err = r.account(who.Project, "the API keys of the project", projectBudgets*r.perMinute, now); err != nil {
			return err
		}
	}
	if r.accounts == nil {
		r.accounts = map[models.ID]account{}
	}
	r.accounts[who.KeyID] = account{key - float64(cost), now}
	if !who.Owner {
		r.accounts[who.Project] = account{project - float64(cost), now}
	}
	return nil
}

// account returns what an account has left now, an error if that is nothing.
func (r *rateLimit) account(id models.ID, owner string, limit int64, now time.Time) (left float64, err error) {
	left, perSecond := float64(limit), float64(limit)/60
	if known, ok := r.accounts[id]; ok {
		left = min(left, known.left+now.Sub(known.at).Seconds()*perSecond)
	}
	if left >= 1 {
		return left, nil
	}
	spent := limit - int64(left)
	return left, &httpError{status: http.StatusTooManyRequests, after: int(math.Ceil((1 - left) / perSecond)), err: &models.Error{
		Code: models.CodeLimitExceeded, Message: "cost of the operations of " + owner + " in a minute: try again later",
		Limit: &limit, Actual: &spent, Retryable: true,
	}}
}
