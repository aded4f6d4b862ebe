package graph

import (
	"context"
	"maps"
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

// budget is the cost that the owner of an account may spend in a minute.
type budget struct {
	account   models.ID
	owner     string
	perMinute int64
}

// charge takes the cost of an operation from the accounts of its API key and of the project of the key. LIMIT_EXCEEDED with
// status 429 when one of them has nothing left.
func (r *rateLimit) charge(ctx context.Context, cost int64) error {
	who := auth.From(ctx)
	if r.perMinute == 0 || who.KeyID.IsZero() {
		return nil
	}
	budgets := []budget{{who.KeyID, "the API key", r.perMinute}}
	if !who.Owner {
		budgets = append(budgets, budget{who.Project, "the API keys of the project", projectBudgets * r.perMinute})
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	charged := map[models.ID]account{}
	for _, b := range budgets {
		left, err := r.left(b, now)
		if err != nil {
			return err
		}
		charged[b.account] = account{left - float64(cost), now}
	}
	if r.accounts == nil {
		r.accounts = map[models.ID]account{}
	}
	maps.Copy(r.accounts, charged)
	return nil
}

// left returns what is left of a budget now, an error if that is nothing.
func (r *rateLimit) left(b budget, now time.Time) (left float64, err error) {
	left, perSecond := float64(b.perMinute), float64(b.perMinute)/60
	if known, ok := r.accounts[b.account]; ok {
		left = min(left, known.left+now.Sub(known.at).Seconds()*perSecond)
	}
	if left >= 1 {
		return left, nil
	}
	spent := b.perMinute - int64(left)
	return left, &httpError{status: http.StatusTooManyRequests, after: int(math.Ceil((1 - left) / perSecond)), err: &models.Error{
		Code: models.CodeLimitExceeded, Message: "cost of the operations of " + b.owner + " in a minute: try again later",
		Limit: &b.perMinute, Actual: &spent, Retryable: true,
	}}
}
