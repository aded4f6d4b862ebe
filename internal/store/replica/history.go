package replica

import (
	"sync"
	"time"

	"github.com/placard/placard/internal/consistency"
)

// history holds samples of the position of the primary. A replica that has replayed a sample shows everything that was
// committed before the sample was taken.
type history struct {
	// maxAge is the age of samples that are of use.
	maxAge time.Duration

	mu      sync.Mutex
	samples []sample
}

// sample is a position of the primary, and the time before it was read.
type sample struct {
	token consistency.Token
	taken time.Time
}

// add adds a sample. Samples of another log are removed: no replica is compared with them.
func (h *history) add(s sample) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if last, ok := h.last(); ok {
		switch {
		case !last.token.IsSameLog(s.token):
			h.samples = nil
		case s.taken.Before(last.taken) || s.token.Position < last.token.Position:
			return // another reader was faster
		}
	}
	for len(h.samples) > 0 && s.taken.Sub(h.samples[0].taken) > h.maxAge {
		h.samples = h.samples[1:]
	}
	h.samples = append(h.samples, s)
}

// last returns the newest sample. The caller holds the lock.
func (h *history) last() (sample, bool) {
	if len(h.samples) == 0 {
		return sample{}, false
	}
	return h.samples[len(h.samples)-1], true
}

// newest returns the position of the newest sample, the zero Token if there is none.
func (h *history) newest() consistency.Token {
	h.mu.Lock()
	defer h.mu.Unlock()
	last, _ := h.last()
	return last.token
}

// lag returns the age of the newest sample that a position covers, and false if it covers none.
func (h *history) lag(replayed consistency.Token, now time.Time) (time.Duration, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := len(h.samples) - 1; i >= 0; i-- {
		if replayed.Covers(h.samples[i].token) {
			return now.Sub(h.samples[i].taken), true
		}
	}
	return 0, false
}
