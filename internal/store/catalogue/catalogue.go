// Package catalogue finds the metadata keys of arguments that nothing in a project has, and suggests others.
//
// It hides how the keys of a project are read without its entries, and the cache of known keys. A Catalogue returns the
// warnings of keys (KeyWarnings), and stores keys that a result has shown (AddKnownKeys).
package catalogue

import (
	"context"
	"log/slog"
	"slices"
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
	// minCachedNames is the minimum length of a list of keys that is cached, for maxNamesAge.
	minCachedNames = 1000
	maxNamesAge    = 10 * time.Second
)

// Catalogue is a cache of the keys that projects have. All keys expire together. It is safe for concurrent use.
type Catalogue struct {
	db    *engine.DB
	log   *slog.Logger
	clock func() time.Time

	mu    sync.Mutex
	since time.Time
	known map[cachedKey]struct{}
	names nameList
}

// nameList is the list of the keys of the large project that was read last. So repeated queries with an unknown key do
// not read the list each time.
type nameList struct {
	project models.ID
	readAt  time.Time
	keys    []models.MetadataKey
}

type cachedKey struct {
	project models.ID
	models.NamedKey
}

// New returns an empty catalogue of the keys in a database.
func New(db *engine.DB, log *slog.Logger, clock func() time.Time) *Catalogue {
	return &Catalogue{db: db, log: log, clock: clock}
}

// maxTime is the maximum time of the look-ups of one project.
const maxTime = 5 * time.Second

// WithTimeout returns the context of look-ups. It ends after half of the time that ctx has left, at the latest after
// maxTime.
func WithTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	timeout := maxTime
	if deadline, ok := ctx.Deadline(); ok {
		timeout = min(timeout, time.Until(deadline)/2)
	}
	return context.WithTimeout(ctx, timeout)
}

// AddKnownKeys stores keys that exist in a project. A key that ComparesText has a text among its values.
func (c *Catalogue) AddKnownKeys(project models.ID, keys ...models.NamedKey) {
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

// KeyWarnings returns the warnings of keys of a project that the caller may read, without their paths. It sends no
// statement for cached keys, one for other keys, and one more if a key is unknown in its card. It logs failures, and
// then omits warnings or candidates.
func (c *Catalogue) KeyWarnings(
	ctx context.Context, project models.ID, keys []models.NamedKey,
) map[models.NamedKey]models.Warning {
	ctx, cancel := WithTimeout(ctx)
	defer cancel()
	warnings, err := c.warnings(ctx, project, keys)
	if err != nil {
		c.log.DebugContext(ctx, "cannot look up the keys of warnings", "error", err)
	}
	return warnings
}

func (c *Catalogue) warnings(
	ctx context.Context, project models.ID, keys []models.NamedKey,
) (map[models.NamedKey]models.Warning, error) {
	missing := c.unknown(project, keys)
	if len(missing) == 0 {
		return nil, nil
	}
	states, err := lookUp(ctx, c.db, project, missing)
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
			c.AddKnownKeys(project, key)
		default:
			unknown = append(unknown, key)
		}
	}
	if len(unknown) == 0 {
		return warnings, nil
	}
	names, isComplete, err := c.readNames(ctx, project, unknown)
	for i, key := range unknown {
		switch {
		case key.AnyCard && !isComplete:
		case key.AnyCard && hasKey(names, key.Key):
			c.AddKnownKeys(project, key)
		case i >= models.MaxWarnings || !isComplete || ctx.Err() != nil:
			warnings[key] = unknownKeyWarning(key, nil)
		default:
			warnings[key] = unknownKeyWarning(key, names)
		}
	}
	return warnings, err
}

// readNames returns the keys of a project that have values, or false if there are too many or the read fails. A cached
// list is used unless it would make a key in any card unknown.
func (c *Catalogue) readNames(
	ctx context.Context, project models.ID, unknown []models.NamedKey,
) ([]models.MetadataKey, bool, error) {
	c.mu.Lock()
	cached := c.names
	c.mu.Unlock()
	isMissing := func(key models.NamedKey) bool { return key.AnyCard && !hasKey(cached.keys, key.Key) }
	if cached.project == project && c.clock().Sub(cached.readAt) < maxNamesAge && !slices.ContainsFunc(unknown, isMissing) {
		return cached.keys, true, nil
	}
	keys, isComplete, err := readNames(ctx, c.db, project)
	if len(keys) >= minCachedNames {
		c.mu.Lock()
		c.names = nameList{project, c.clock(), keys}
		c.mu.Unlock()
	}
	return keys, isComplete, err
}
