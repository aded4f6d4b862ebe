package graph

import (
	"context"
	"time"

	"github.com/placard/placard/models"
)

// A view is an object as of an instant. All fields below it have that instant, and so does its ID. Resolvers pass the
// instant of their object to loaders, which return views.

// effectiveAsOf returns the instant to read as of: the argument, else the instant of the view that has the field, else
// nil (now). An argument in the future means now. An argument later than the view is BAD_INPUT.
func (r *Resolver) effectiveAsOf(
	ctx context.Context, path *models.Path, argument, view *models.Time,
) (*models.Time, error) {
	if argument == nil {
		return view, nil
	}
	instant := truncateToMicros(*argument)
	if view != nil {
		if instant.After(view.Time) {
			return nil, models.BadInput(path, "must not be later than %s, the instant of the view that the field belongs to",
				view.Format(time.RFC3339Nano))
		}
		return &instant, nil
	}
	if isPast, err := r.store.Past(ctx, instant); err != nil || !isPast {
		return nil, err
	}
	return &instant, nil
}

// truncateToMicros returns an instant in whole microseconds. An instant before 1970 becomes the first microsecond of
// 1970; both precede all objects.
func truncateToMicros(instant models.Time) models.Time {
	return models.TimeFromMicros(max(instant.UnixMicro(), 1))
}

// parseNodeID parses an ID that may be that of a view. argument is the `asOf` of the same field, nil if it has none.
// The instant of the node is nil for now. ok is false for a text that is no ID. A view with another `asOf` is
// BAD_INPUT.
func (r *Resolver) parseNodeID(
	ctx context.Context, text string, argument *models.Time,
) (node models.NodeID, ok bool, err error) {
	if node, ok = models.ParseNodeID(text); !ok {
		return node, false, nil
	}
	if node.AsOf != nil {
		if argument != nil && !truncateToMicros(*argument).Equal(node.AsOf.Time) {
			return node, false, models.BadInput(models.NewPath("asOf"), "must be absent or the instant of the view that the ID names")
		}
		argument = node.AsOf
	}
	node.AsOf, err = r.effectiveAsOf(ctx, models.NewPath("asOf"), argument, nil)
	return node, true, err
}

// epochMicros is the instant of a read in microseconds since 1970; 0 is now.
type epochMicros int64

// toMicros returns an instant as epochMicros.
func toMicros(instant *models.Time) epochMicros {
	if instant == nil {
		return 0
	}
	return epochMicros(instant.UnixMicro())
}

// time returns the instant, nil for now.
func (m epochMicros) time() *models.Time {
	if m == 0 {
		return nil
	}
	t := models.TimeFromMicros(int64(m))
	return &t
}
