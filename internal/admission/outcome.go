package admission

import (
	"context"
	"errors"
)

// QueueOutcome is the result of a wait for a slot.
type QueueOutcome string

const (
	Admitted  QueueOutcome = "admitted"
	QueueFull QueueOutcome = "queue full"
	// QueueTimeout means that the timeout of the caller ended the wait.
	QueueTimeout QueueOutcome = "queue timeout"
	// ClientGone means that the client left before the timeout.
	ClientGone QueueOutcome = "client gone"
)

// OutcomeOf returns the outcome of a wait that ended with err. client is the context without the timeout of the caller.
func OutcomeOf(client context.Context, err error) QueueOutcome {
	switch {
	case err == nil:
		return Admitted
	case client.Err() != nil:
		return ClientGone
	case errors.Is(err, ErrFull):
		return QueueFull
	}
	return QueueTimeout
}
