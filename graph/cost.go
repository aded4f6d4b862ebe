package graph

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/placard/placard/models"
)

// maxCost is the greatest estimate: the greatest integer that every reader of JSON reads exactly.
const maxCost = 1<<53 - 1

// costOf estimates the cost of an operation with these values before any of it is executed, at most maxCost: the points of
// its fields, each as often as the sizes of the lists around it (@listSize), of its conditions, orders and inputs, and of
// fields that read more than they return (@cost). price.go has the points. LIMIT_EXCEEDED for too many scans.
//
// A fragment counts wherever it is spread, and a field that is selected twice counts twice. Of an interface or a union the
// type with the greatest cost counts. Fields that @skip and @include leave out cost nothing. Introspection is one field.
func costOf(
	schema *ast.Schema, limits *models.ServerLimits, operation *ast.OperationDefinition, values map[string]any,
) (int64, error) {
	root := schema.Query
	if operation.Operation == ast.Mutation {
		root = schema.Mutation
	}
	e := &estimate{
		schema: schema, limits: limits, values: values, fields: map[*ast.Field]cost{}, spreads: map[spread]cost{},
		prices: prices{cap: int64(limits.QueryCost) * pointsPerUnit / 4},
	}
	sum := e.selection(operation.SelectionSet, root)
	points := plus(sum.once, sum.batched)
	return min(plus(points, pointsPerUnit-1)/pointsPerUnit, maxCost), e.refusal
}

// cost is the points of a selection.
type cost struct {
	// once is counted for each object, each for each item of the lists whose size the field above gives.
	once, each int64
	// batched is counted once, however many objects there are, because one statement reads all of them.
	batched int64
}

func (c cost) plus(d cost) cost {
	return cost{plus(c.once, d.once), plus(c.each, d.each), plus(c.batched, d.batched)}
}

// estimate is the costs of one operation with its values. What is asked for in several places is estimated once.
type estimate struct {
	schema  *ast.Schema
	limits  *models.ServerLimits
	values  map[string]any
	prices  prices
	fields  map[*ast.Field]cost
	spreads map[spread]cost
	// refusal is the error of the first filter with too many scans.
	refusal error
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
		return cost{once: fieldPoints}
	}
	known, ok := e.fields[field]
	if ok {
		return known
	}
	var below cost
	for _, of := range e.schema.PossibleTypes[field.Definition.Type.Name()] {
		c := e.selection(field.SelectionSet, of)
		below = cost{max(below.once, c.once), max(below.each, c.each), max(below.batched, c.batched)}
	}
	arguments := field.ArgumentMap(e.values)
	size, sized := e.size(field.Definition, arguments)
	switch own := plus(fieldPoints, below.once); {
	case sized == itself:
		known.once = max(fieldPoints, times(size, own))
	case sized == inside:
		known.once = plus(plus(own, pagePoints), times(size, below.each))
	case field.Definition.Type.Elem != nil: // the field above says how many
		known.each = own
	default:
		known.once = own
	}
	known.once = plus(known.once, e.questionPoints(field, arguments))
	known.batched = below.batched
	if weight, isBatched := e.weightPoints(field, arguments); isBatched {
		known.batched = plus(known.batched, weight)
	} else {
		known.once = plus(known.once, weight)
	}
	if input, ok := arguments["input"]; ok && e.schema.Mutation.Fields.ForName(field.Name) == field.Definition {
		known.once = plus(known.once, times(inputItems(input), itemPoints))
	}
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

func plus(a, b int64) int64 { return min(a+b, maxCost) }

func times(a, b int64) int64 {
	if b > 0 && a > maxCost/b {
		return maxCost
	}
	return a * b
}
