// Package catalogue finds the metadata keys of arguments that nothing in a project has, and suggests others.
//
// It hides how the keys of a project are read without reading its entries, and the cache of known keys. Catalogue.Warnings
// returns the warnings of keys, and Catalogue.Add stores keys that a result has shown.
package catalogue

import (
	"context"
	"sync"
	"time"

	"github.com/placard/placard/internal/store/engine"
	"github.com/placard/placard/models"
)

const (
	// maxAge is how long a key counts as known. Deletions can make it unknown.
	maxAge = time.Minute
	// maxKnownKeys bounds the memory of a catalogue.
	maxKnownKeys = 4096
	// maxNames is the maximum number of keys of a project that are compared with an unknown one.
	maxNames = 10_000
)

// Catalogue is a cache of the keys that projects have. It forgets all keys together. It is safe for concurrent use.
type Catalogue struct {
	mu    sync.Mutex
	clock func() time.Time
	since time.Time
	known map[cachedKey]struct{}
}

type cachedKey struct {
	project models.ID
	models.NamedKey
}

// New returns an empty catalogue.
func New(clock func() time.Time) *Catalogue { return &Catalogue{clock: clock} }

// Add stores keys that exist in a project. A key that ComparesText has a text among its values.
func (c *Catalogue) Add(project models.ID, keys ...models.NamedKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.expire()
	for _, key := range keys {
		if len(c.known) < maxKnownKeys {
			c.known[cachedKey{project, key}] = struct{}{}
		}
	}
}

// expire removes all keys that are too old, or too many. The caller holds the lock.
func (c *Catalogue) expire() {
	if now := c.clock(); c.known == nil || now.Sub(c.since) >= maxAge || len(c.known) >= maxKnownKeys {
		c.since, c.known = now, map[cachedKey]struct{}{}
	}
}

// unknown returns the keys that the catalogue does not have.
func (c *Catalogue) unknown(project models.ID, keys []models.NamedKey) (missing []models.NamedKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.expire()
	for _, key := range keys {
		if _, ok := c.known[cachedKey{project, key}]; !ok {
			missing = append(missing, key)
		}
	}
	return missing
}

// Warnings returns the warnings of keys of a project, without their paths. It sends no statement for cached keys, one
// for other keys, and one more if a key is unknown in its card. An error leaves out warnings or candidates.
func (c *Catalogue) Warnings(
	ctx context.Context, db *engine.DB, project models.ID, keys []models.NamedKey,
) (map[models.NamedKey]models.Warning, error) {
	missing := c.unknown(project, keys)
	if len(missing) == 0 {
		return nil, nil
	}
	states, err := lookUp(ctx, db, project, missing)
	if err != nil {
		return nil, err
	}
	warnings := map[models.NamedKey]models.Warning{}
	var unknown []models.NamedKey
	for i, key := range missing {
		switch state := states[i]; {
		case key.ComparesText && !state.HasText && state.HasNumber:
			warnings[key] = textWarning(key)
		case key.ComparesText && !state.HasText: // the existence of the key is another question
		case state.IsKnown:
			c.Add(project, key)
		default:
			unknown = append(unknown, key)
		}
	}
	if len(unknown) == 0 {
		return warnings, nil
	}
	names, complete, err := readNames(ctx, db, project)
	for _, key := range unknown {
		switch {
		case key.AnyCard && !complete:
		case key.AnyCard && hasKey(names, key.Key):
			c.Add(project, key)
		case ctx.Err() != nil || !complete:
			warnings[key] = unknownKeyWarning(key, nil)
		default:
			warnings[key] = unknownKeyWarning(key, names)
		}
	}
	return warnings, err
}
