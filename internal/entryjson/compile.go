package entryjson

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/placard/placard/internal/meter"
	"github.com/placard/placard/models"
)

// object is the compiled selection set of an object type.
type object struct {
	fields []field
	// counted is the number of fields that the meter counts, and bytes the part of their bytes that is always the same.
	counted, bytes int
}

// field is a selected field.
type field struct {
	// prefix is the name with a colon, after a comma unless the field is the first. The prefix of `__typename` contains
	// the value, too.
	prefix string
	// append appends the value of the field, of the entry of the writer or of a value. It returns false if the generated
	// code must marshal the entry.
	append appender
	// selections is the selection set of a field with values.
	selections *selections
	// member is the compiled selection set of the field `fields` of a dictionary.
	member *object
}

type appender func(w *writer, f *field, value models.ValueText) bool

// fieldSpec defines how a field is marshaled.
type fieldSpec struct {
	append appender
	// isText is set for a string or JSON, whose bytes append counts. Other values count meter.OtherBytes.
	isText bool
	// hasValues is set for a field with values.
	hasValues bool
}

// selections is a selection set of values. The fields of a kind are compiled with the first value of the kind, because
// most selection sets have fields of many kinds that no value has.
type selections struct {
	set   ast.SelectionSet
	cache *Cache
	kinds [kindCount]atomic.Pointer[object]
}

// uncompilable is the compiled form of fields that only the generated code can marshal.
var uncompilable = &object{}

// Cache holds the compiled selection sets of a document, so that its operations share them. The zero value is ready for
// use.
type Cache struct {
	entries, values sync.Map
}

type cacheKey struct{}

// WithCache returns a context for an operation of the document that has the cache. Without a cache, which is nil, the
// generated code marshals each entry.
func WithCache(ctx context.Context, c *Cache) context.Context {
	return context.WithValue(ctx, cacheKey{}, c)
}

// cachedEntries is a selection set of entries in the cache.
type cachedEntries struct {
	set    ast.SelectionSet
	object *object
	// isConditional is set if the selection set contains directives. Then object is nil, because each operation compiles
	// it for its variables.
	isConditional bool
}

// compileEntries returns the compiled selection set of entries, nil if only the generated code can marshal it.
func compileEntries(ctx context.Context, operation *graphql.OperationContext, set ast.SelectionSet) *object {
	cache := ctx.Value(cacheKey{}).(*Cache)
	if cache == nil {
		return nil
	}
	found, ok := cache.entries.Load(set[0])
	if !ok {
		compiled := &cachedEntries{set: slices.Clone(set), isConditional: hasDirectives(set, map[string]bool{})}
		if !compiled.isConditional {
			compiled.object = compileEntry(operation, cache, set)
		}
		found, _ = cache.entries.LoadOrStore(set[0], compiled)
	}
	// The selection sets of two fields with the same alias are one set, unless a directive excludes a field.
	if cached := found.(*cachedEntries); !cached.isConditional && slices.Equal(cached.set, set) {
		return cached.object
	}
	return compileEntry(operation, nil, set)
}

// hasDirectives reports whether a selection set contains a directive at any depth.
func hasDirectives(set ast.SelectionSet, visited map[string]bool) bool {
	return slices.ContainsFunc(set, func(selection ast.Selection) bool {
		switch selection := selection.(type) {
		case *ast.Field:
			return len(selection.Directives) > 0 || hasDirectives(selection.SelectionSet, visited)
		case *ast.InlineFragment:
			return len(selection.Directives) > 0 || hasDirectives(selection.SelectionSet, visited)
		case *ast.FragmentSpread:
			isKnown := visited[selection.Name]
			visited[selection.Name] = true
			return len(selection.Directives) > 0 || !isKnown && hasDirectives(selection.Definition.SelectionSet, visited)
		}
		return true
	})
}

func compileEntry(operation *graphql.OperationContext, cache *Cache, set ast.SelectionSet) *object {
	collected := graphql.CollectFields(operation, set, []string{"MetadataEntry", "Node"})
	return compileObject(operation, cache, collected, "MetadataEntry", entryFields)
}

// compileObject compiles the collected fields of an object type. It returns nil if only the generated code can marshal
// them. cache is nil for a selection set with directives.
func compileObject(
	operation *graphql.OperationContext, cache *Cache, collected []graphql.CollectedField, typeName string,
	specs map[string]fieldSpec,
) *object {
	o := &object{}
	seen := map[string]bool{}
	for _, c := range collected {
		if seen[c.Alias] {
			continue // __typename of a union and of its member, the only fields that CollectFields does not merge
		}
		seen[c.Alias] = true
		f := field{prefix: strconv.Quote(c.Alias) + ":"}
		if len(o.fields) > 0 {
			f.prefix = "," + f.prefix
		}
		if c.Name == "__typename" {
			f.prefix += strconv.Quote(typeName)
			o.fields = append(o.fields, f)
			continue
		}
		spec, ok := specs[c.Name]
		if !ok {
			return nil
		}
		f.append = spec.append
		o.counted++
		o.bytes += meter.NameBytes(c.Alias)
		if !spec.isText {
			o.bytes += meter.OtherBytes
		}
		if spec.hasValues {
			f.selections = cache.selectionsOf(c.Selections)
		}
		if typeName == "DictValue" && c.Name == "fields" {
			members := graphql.CollectFields(operation, c.Selections, []string{"MetadataField"})
			if f.member = compileObject(operation, cache, members, "MetadataField", memberFields); f.member == nil {
				return nil
			}
		}
		o.fields = append(o.fields, f)
	}
	return o
}

// selectionsOf returns the selections of a set. A document has one for each set, because nested fragments would
// multiply them.
func (c *Cache) selectionsOf(set ast.SelectionSet) *selections {
	fresh := &selections{set: set, cache: c}
	if c == nil {
		return fresh
	}
	found, _ := c.values.LoadOrStore(set[0], fresh)
	if cached := found.(*selections); slices.Equal(cached.set, set) {
		return cached
	}
	return fresh
}

// object returns the compiled fields of a kind, nil if only the generated code can marshal them.
func (s *selections) object(operation *graphql.OperationContext, kind models.MetadataKind) *object {
	spec, ok := kindSpecs[kind]
	if !ok {
		return nil
	}
	o := s.kinds[spec.index].Load()
	if o == nil {
		implemented := []string{spec.typeName, "MetadataValue", "DisplayValue"}
		collected := graphql.CollectFields(operation, s.set, implemented)
		if o = compileObject(operation, s.cache, collected, spec.typeName, spec.fields); o == nil {
			o = uncompilable
		}
		s.kinds[spec.index].Store(o)
	}
	if o == uncompilable {
		return nil
	}
	return o
}
