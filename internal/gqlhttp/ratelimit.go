package gqlhttp

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/models"
)

// rateLimiter bounds the cost of operations per minute with token buckets: one for each API key, and one for all keys
// of a project, so that new keys do not raise the limit of a project. A bucket that is not empty allows any operation
// and may become negative, so that a costly operation is possible.
type rateLimiter struct {
	// perMinute is the limit of a key, 0 for no limit.
	perMinute int64
	mu        sync.Mutex
	buckets   map[models.ID]tokenBucket
}

// projectFactor is the limit of the keys of a project, as a multiple of the limit of a key.
const projectFactor = 4

// tokenBucket holds the cost that a key or a project could spend at an instant.
type tokenBucket struct {
	tokens    float64
	updatedAt time.Time
}

// rate is the limit of a bucket.
type rate struct {
	bucket    models.ID
	owner     string
	perMinute int64
}

func newRateLimiter(perMinute int64) *rateLimiter {
	return &rateLimiter{perMinute: perMinute, buckets: map[models.ID]tokenBucket{}}
}

// allow takes the cost of an operation from the buckets of an API key and of its project. If one of them is empty, it
// takes nothing and returns LIMIT_EXCEEDED with status 429.
func (l *rateLimiter) allow(principal auth.Principal, cost int64) error {
	if l.perMinute == 0 || principal.KeyID.IsZero() {
		return nil
	}
	rates := []rate{{principal.KeyID, "the API key", l.perMinute}}
	if !principal.Owner {
		rates = append(rates, rate{principal.Project, "the API keys of the project", projectFactor * l.perMinute})
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	filled := make([]float64, len(rates))
	for i, r := range rates {
		if filled[i] = l.tokens(r, now); filled[i] < 1 {
			return r.exceeded(filled[i])
		}
	}
	for i, r := range rates {
		l.buckets[r.bucket] = tokenBucket{filled[i] - float64(cost), now}
	}
	return nil
}

// tokens returns the tokens of a bucket now.
func (l *rateLimiter) tokens(r rate, now time.Time) float64 {
	full := float64(r.perMinute)
	known, ok := l.buckets[r.bucket]
	if !ok {
		return full
	}
	return min(full, known.tokens+now.Sub(known.updatedAt).Minutes()*full)
}

// exceeded returns the error of an empty bucket. The client may retry when the bucket has a token.
func (r rate) exceeded(tokens float64) error {
	spent := r.perMinute - int64(tokens)
	retryAfter := int(math.Ceil((1 - tokens) * 60 / float64(r.perMinute)))
	return &statusError{http.StatusTooManyRequests, &models.Error{
		Code: models.CodeLimitExceeded, Message: "cost of the operations of " + r.owner + " in a minute: retry later",
		Limit: &r.perMinute, Actual: &spent, Retryable: true,
	}, "Retry-After", strconv.Itoa(retryAfter)}
}
