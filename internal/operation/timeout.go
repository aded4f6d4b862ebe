package operation

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/placard/placard/models"
)

// Timeout is a time limit of requests. It is immutable, so requests share it.
type Timeout struct {
	duration time.Duration
	// cause is LIMIT_EXCEEDED.
	cause error
}

// NewTimeout returns a timeout of a number of seconds.
func NewTimeout(seconds models.Double) *Timeout {
	limit := int64(math.Ceil(float64(seconds)))
	return &Timeout{seconds.Duration(), &models.Error{
		Code: models.CodeLimitExceeded, Message: fmt.Sprintf("the request took longer than %g seconds", float64(seconds)),
		Limit: &limit, Actual: &limit, Retryable: true,
	}}
}

// Start returns a context that ends when the timeout has passed since startedAt. Its cause is LIMIT_EXCEEDED.
func (t *Timeout) Start(ctx context.Context, startedAt time.Time) (context.Context, context.CancelFunc) {
	return context.WithDeadlineCause(ctx, startedAt.Add(t.duration), t.cause)
}
