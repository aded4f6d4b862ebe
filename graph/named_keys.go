package graph

import (
	"context"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/placard/placard/models"
)

// namedKeys collects the projects and the metadata keys that the arguments of a query name. Keys that a result has
// shown are not looked up.
type namedKeys struct {
	mu     sync.Mutex
	fields map[namingField]*fieldKeys
}

// namingField is a field of a query for the objects of one project, which have the same arguments.
type namingField struct {
	field *ast.Field
	// project is zero for a list of a project that projectName names.
	project     models.ID
	projectName string
}

// fieldKeys are the keys that a field names.
type fieldKeys struct {
	uses []models.KeyUse
	// found has the uses whose key a result has shown. unfound is the number of the others.
	found   []bool
	unfound int
}

type namedKeysKey struct{}

func withNamedKeys(ctx context.Context) context.Context {
	return context.WithValue(ctx, namedKeysKey{}, &namedKeys{fields: map[namingField]*fieldKeys{}})
}

// noteUses collects the keys that the arguments of the field of ctx name. isFound reports whether the result shows a
// key. It is called for the keys only that no sibling has shown. Mutations collect nothing.
func noteUses(ctx context.Context, owner namingField, uses func() []models.KeyUse, isFound func(models.KeyUse) bool) {
	named, ok := ctx.Value(namedKeysKey{}).(*namedKeys)
	if !ok {
		return
	}
	owner.field = graphql.GetFieldContext(ctx).Field.Field
	named.mu.Lock()
	defer named.mu.Unlock()
	keys := named.fields[owner]
	if keys == nil {
		keys = &fieldKeys{uses: uses()}
		keys.found, keys.unfound = make([]bool, len(keys.uses)), len(keys.uses)
		named.fields[owner] = keys
	}
	if keys.unfound == 0 {
		return
	}
	for i, use := range keys.uses {
		if !keys.found[i] && isFound(use) {
			keys.found[i] = true
			keys.unfound--
		}
	}
}

// noteList collects the project and the keys of a list. argument is its argument `project`, and projectName the name of
// its project.
func noteList(ctx context.Context, argument *string, projectName string, query models.ListQuery, size int) {
	uses := query.KeyUses()
	if len(uses) > 0 || size == 0 && argument != nil {
		noteUses(ctx, namingField{projectName: projectName}, func() []models.KeyUse { return uses }, isProven(size))
	}
}

// noteListOf collects the keys of a list of an object of a project.
func noteListOf(ctx context.Context, project models.ID, query models.ListQuery, size int) {
	noteUses(ctx, namingField{project: project}, query.KeyUses, isProven(size))
}

// isProven returns the function that reports whether a list with a number of objects shows a key.
func isProven(size int) func(models.KeyUse) bool {
	return func(use models.KeyUse) bool { return use.Proven && size > 0 }
}

// noteEntries collects the keys of a field whose result is entries, nil for missing ones.
func noteEntries(
	ctx context.Context, project models.ID, uses func() []models.KeyUse, entries []*models.MetadataEntry,
) {
	var shown map[models.NamedKey]bool
	noteUses(ctx, namingField{project: project}, uses, func(use models.KeyUse) bool {
		if shown == nil {
			shown = make(map[models.NamedKey]bool, 2*len(entries))
			for _, entry := range entries {
				if entry != nil {
					shown[models.NamedKey{MetadataKey: models.MetadataKey{Card: entry.CardName, Key: entry.Key}}] = true
					shown[models.NamedKey{MetadataKey: models.MetadataKey{Key: entry.Key}, AnyCard: true}] = true
				}
			}
		}
		return shown[use.NamedKey]
	})
}

// noteValues collects the key of a list of its values, and the keys of the filter.
func noteValues(ctx context.Context, projectName string, key models.MetadataKey, filter *models.Filter, size int) {
	noteUses(ctx, namingField{projectName: projectName},
		provenKey(key.Card, key.Key, models.ListQuery{Filter: filter}), isProven(size))
}

// noteSeries collects the key of a series, nil after an error, and the keys of its filter.
func noteSeries(ctx context.Context, project models.ID, page seriesPage, series *models.MetadataSeries) {
	if series == nil {
		return
	}
	size := len(series.Points)
	if series.Statistics != nil {
		size += int(series.Statistics.Count)
	}
	query := models.ListQuery{Filter: page.key.Where, AsOf: epochMicros(page.key.AsOf).time()}
	noteUses(ctx, namingField{project: project}, provenKey(page.key.Card, page.key.Key, query), isProven(size))
}

// provenKey returns the use of the arguments `key` and `card`, which a result shows, and the uses of a query.
func provenKey(card, key string, query models.ListQuery) func() []models.KeyUse {
	return func() []models.KeyUse {
		uses := oneKey(card, key)()
		uses[0].Proven = true
		return append(uses, query.KeyUses()...)
	}
}

// oneKey returns the use of the arguments `key` and `card` of a field.
func oneKey(card, key string) func() []models.KeyUse {
	return func() []models.KeyUse {
		return []models.KeyUse{{
			NamedKey: models.NamedKey{MetadataKey: models.MetadataKey{Card: card, Key: key}}, At: models.NewPath("key"),
		}}
	}
}

// listedKeys returns the uses of the arguments `keys` and `card` of a field.
func listedKeys(keys []string, filter models.CardFilter) func() []models.KeyUse {
	return func() []models.KeyUse {
		uses := make([]models.KeyUse, len(keys))
		for i, key := range keys {
			named := models.NamedKey{MetadataKey: models.MetadataKey{Card: filter.Name, Key: key}, AnyCard: !filter.Only}
			uses[i] = models.KeyUse{NamedKey: named, At: models.NewPath("keys", i)}
		}
		return uses
	}
}

// columnKeys returns the uses of the argument `keys` of `columns`.
func columnKeys(keys []models.MetadataKey) func() []models.KeyUse {
	return func() []models.KeyUse {
		uses := make([]models.KeyUse, len(keys))
		for i, key := range keys {
			uses[i] = models.KeyUse{NamedKey: models.NamedKey{MetadataKey: key}, At: models.NewPath("keys", i, "key")}
		}
		return uses
	}
}
