package graph

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/placard/placard/models"
)

const (
	// predicateCost is what a predicate of `where` and a term of `orderBy` cost each time the field is executed, and
	// pageCost what the reading of a page costs beside its items.
	predicateCost = 10
	pageCost      = 10
	// mostCost is where the counting ends: the greatest integer that every reader of JSON reads exactly.
	mostCost = 1<<53 - 1
)

// costOf estimates what an operation costs with these values, before any of it is executed: 1 for each field, as often
// as the sizes of the lists around it say (@listSize). It is never more than mostCost.
//
// Fragments are counted wherever they are spread, and a field that is asked for twice is counted twice. Of an interface
// or a union the type that costs most is counted. Fields that @skip and @include leave out cost nothing. Introspection
// is one field.
func costOf(
	schema *ast.Schema, limits *models.ServerLimits, operation *ast.OperationDefinition, values map[string]any,
) int64 {
	root := schema.Query
	if operation.Operation == ast.Mutation {
		root = schema.Mutation
	}
	e := &estimate{schema, limits, values, map[*ast.Field]cost{}, map[spread]cost{}}
	return e.selection(operation.SelectionSet, root).once
}

// cost is what a selection costs once, and in addition for each item of the lists whose size the field above it says.
type cost struct{ once, each int64 }

func (c cost) plus(d cost) cost { return cost{plus(c.once, d.once), plus(c.each, d.each)} }

// estimate is the costs of one operation with its values. What is asked for in several places is estimated once.
type estimate struct {
	schema  *ast.Schema
	limits  *models.ServerLimits
	values  map[string]any
	fields  map[*ast.Field]cost
	spreads map[spread]cost
}

// spread is a fragment, spread on an object of a type.
type spread struct {
	fragment *ast.FragmentDefinition
	on       *ast.Definition
}

// selection is the cost of what is selected of an object.
func (e *estimate) selection(set ast.SelectionSet, of *ast.Definition) cost {
	var sum cost
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			if e.included(selection.Directives) {
				sum = sum.plus(e.field(selection))
			}
		case *ast.InlineFragment:
			if e.included(selection.Directives) && e.fits(selection.TypeCondition, of) {
				sum = sum.plus(e.selection(selection.SelectionSet, of))
			}
		case *ast.FragmentSpread:
			fragment := selection.Definition
			if !e.included(selection.Directives) || !e.fits(fragment.TypeCondition, of) {
				continue
			}
			known, ok := e.spreads[spread{fragment, of}]
			if !ok {
				known = e.selection(fragment.SelectionSet, of)
				e.spreads[spread{fragment, of}] = known
			}
			sum = sum.plus(known)
		}
	}
	return sum
}

// included says whether @skip and @include leave a selection in.
func (e *estimate) included(directives ast.DirectiveList) bool {
	for _, directive := range directives {
		if said, ok := directive.ArgumentMap(e.values)["if"].(bool); ok && said == (directive.Name == "skip") {
			return false
		}
	}
	return true
}

// fits says whether an object of the type fits the condition of a fragment.
func (e *estimate) fits(condition string, of *ast.Definition) bool {
	return condition == "" || slices.Contains(e.schema.PossibleTypes[condition], of)
}

func (e *estimate) field(field *ast.Field) cost {
	if strings.HasPrefix(field.Name, "__") {
		return cost{once: 1}
	}
	known, ok := e.fields[field]
	if ok {
		return known
	}
	var below cost
	for _, of := range e.schema.PossibleTypes[field.Definition.Type.Name()] {
		c := e.selection(field.SelectionSet, of)
		below = cost{max(below.once, c.once), max(below.each, c.each)}
	}
	arguments := field.ArgumentMap(e.values)
	size, sized := e.size(field.Definition, arguments)
	switch own := plus(1, below.once); {
	case sized == itself:
		known.once = max(1, times(size, own))
	case sized == inside:
		known.once = plus(plus(own, pageCost), times(size, below.each))
	case field.Definition.Type.Elem != nil: // the field above says how many
		known.each = own
	default:
		known.once = own
	}
	asked := int64(predicates(arguments["where"]) + terms(arguments["orderBy"]))
	known.once = plus(known.once, times(asked, predicateCost))
	e.fields[field] = known
	return known
}

// sized is what the size of a field is the size of.
type sized int

const (
	nothing sized = iota
	// itself is a list, or a JSON object that is read like one.
	itself
	// inside is lists in the object, such as the edges and nodes of a connection.
	inside
)

// size is how many items a field has by its @listSize: what a slicing argument says or how many items it has, else the
// assumed size, else a page. A page beyond the limit counts as the limit, because the field itself will refuse it.
func (e *estimate) size(definition *ast.FieldDefinition, arguments map[string]any) (int64, sized) {
	directive := definition.Directives.ForName("listSize")
	if directive == nil {
		return 0, nothing
	}
	said := directive.ArgumentMap(nil)
	what := itself
	if said["sizedFields"] != nil {
		what = inside
	}
	assumed, isAssumed := said["assumedSize"].(int64)
	most := int64(e.limits.PageSize)
	if what == itself || assumed > most { // not a page of a connection
		most = max(most, models.MaxSeriesPoints)
	}
	slicing, _ := said["slicingArguments"].([]any)
	for _, name := range slicing {
		switch given := arguments[name.(string)].(type) {
		case []any:
			return int64(len(given)), what
		case json.Number:
			n, _ := given.Int64() // coerced, so it is an integer
			return min(max(n, 0), most), what
		case int64: // the default of the argument
			return given, what
		}
	}
	if isAssumed {
		return assumed, what
	}
	return int64(min(e.limits.PageSize, models.DefaultPageSize)), what
}

// predicates is how many objects of a filter say something themselves, beside the filters inside them.
func predicates(filter any) int {
	n, says := 0, 0
	switch filter := filter.(type) {
	case []any:
		for _, item := range filter {
			n += predicates(item)
		}
	case map[string]any:
		for _, value := range filter {
			if inputs(value) {
				n += predicates(value)
			} else {
				says = 1
			}
		}
	}
	return n + says
}

// inputs says whether a coerced value is an input object or a list of them. JSON, whose objects have an order, is not.
func inputs(value any) bool {
	list, isList := value.([]any)
	if !isList {
		_, isObject := value.(map[string]any)
		return isObject
	}
	return slices.ContainsFunc(list, inputs)
}

// terms is how many things are sorted by.
func terms(order any) int {
	switch order := order.(type) {
	case nil:
		return 0
	case []any:
		return len(order)
	}
	return 1
}

func plus(a, b int64) int64 { return min(a+b, mostCost) }

func times(a, b int64) int64 {
	if b > 0 && a > mostCost/b {
		return mostCost
	}
	return a * b
}

// extent is how large an answer has become. An answer grows with each list inside a list, with long values, and with each
// time that the same is asked for, also when nothing is read any more. Beyond the limits the operation is stopped.
type extent struct {
	fields, bytes atomic.Int64
	limits        *models.ServerLimits
	// operation is the context that stop ends.
	operation context.Context
	stop      context.CancelCauseFunc
}

type extentKey struct{}

func withExtent(ctx context.Context, limits *models.ServerLimits, stop context.CancelCauseFunc) (context.Context, *extent) {
	e := &extent{limits: limits, operation: ctx, stop: stop}
	return context.WithValue(ctx, extentKey{}, e), e
}

// addField counts a field.
func (e *extent) addField() {
	if n, most := e.fields.Add(1), int64(e.limits.AnswerFields); n > most {
		e.stop(models.LimitExceeded(nil, "fields in an answer", most, n))
	}
}

// add counts bytes.
func (e *extent) add(bytes int64) {
	if n, most := e.bytes.Add(bytes), int64(e.limits.AnswerBytes); n > most {
		e.stop(models.LimitExceeded(nil, "bytes of an answer", most, n))
	}
}

// announce counts what entries will take as one JSON object, before the object is made: fields beside each other are made
// at the same time.
func announce(ctx context.Context, entries []*models.MetadataEntry) error {
	bytes := 0
	for _, entry := range entries {
		bytes += len(`"":,`) + len(entry.Key) + len(*entry.Text)
	}
	e := ctx.Value(extentKey{}).(*extent)
	e.add(int64(bytes))
	return context.Cause(e.operation)
}

// weight is about how many bytes a field takes in the answer: its name, and its value if that is a leaf that has not been
// announced.
func weight(field *graphql.FieldContext, value any) int64 {
	bytes := len(`"":,`)
	if field != nil && field.Field.Field != nil {
		bytes += len(field.Field.Alias)
	}
	switch value := value.(type) {
	case string:
		bytes += quoted(value)
	case *string:
		if value != nil {
			bytes += quoted(*value)
		}
	case []string:
		for _, text := range value {
			bytes += quoted(text) + len(",")
		}
	case *models.RawJSON:
		if value != nil {
			bytes += len(*value)
		}
	default:
		bytes += len("null")
	}
	return int64(bytes)
}

// quoted is how many bytes a text takes as JSON.
func quoted(text string) int {
	bytes := len(`""`) + len(text)
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"', c == '\\', c == '\n', c == '\r', c == '\t':
			bytes++
		case c < ' ':
			bytes += len(`\u0000`) - 1
		}
	}
	return bytes
}
