package operation

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/placard/placard/models"
)

// maxCost is the greatest estimate: the greatest integer that every reader of JSON reads exactly.
const maxCost = 1<<53 - 1

// estimateCost returns the cost of an operation with its arguments, at most maxCost, before it is executed. It adds up
// the points of price.go:
//
//   - Each field counts once for each item of the lists around it, whose sizes are declared by @listSize. Fields of
//     metadata entries and values have a lower price.
//   - Filters, orders and inputs count, and so do fields that read more than they return (@cost).
//   - A fragment counts for each spread, and a repeated field for each occurrence.
//   - Of an interface or a union, the type with the greatest cost counts.
//   - A field that @skip or @include removes is free. Introspection is one field.
//
// It returns LIMIT_EXCEEDED with the cost if a filter has too many scans.
func estimateCost(
	schema *ast.Schema, limits *models.ServerLimits, operation *ast.OperationDefinition, arguments map[string]any,
) (int64, error) {
	root := schema.Query
	if operation.Operation == ast.Mutation {
		root = schema.Mutation
	}
	e := &estimator{
		schema: schema, limits: limits, variables: arguments,
		fields: map[*ast.Field]cost{}, fragments: map[fragmentOnType]cost{},
		prices: prices{limit: int64(limits.QueryCost) * pointsPerUnit / 4, scan: scanPoints},
	}
	sum := e.selectionSet(operation.SelectionSet, root)
	points := saturatingAdd(sum.fixed, sum.batched)
	return min(saturatingAdd(points, pointsPerUnit-1)/pointsPerUnit, maxCost), e.err
}

// cost is the points of a selection. A list of n objects costs n*fixed + batched, and perItem is part of the cost for
// each item of lists whose size is declared at the parent field.
type cost struct {
	fixed, perItem int64
	// batched counts once for any number of objects, because one statement reads all of them.
	batched int64
}

func (c cost) plus(d cost) cost {
	return cost{saturatingAdd(c.fixed, d.fixed), saturatingAdd(c.perItem, d.perItem), saturatingAdd(c.batched, d.batched)}
}

// estimator estimates one operation. It caches the costs of fields and fragments.
type estimator struct {
	schema    *ast.Schema
	limits    *models.ServerLimits
	variables map[string]any
	prices    prices
	fields    map[*ast.Field]cost
	fragments map[fragmentOnType]cost
	// err is the error of the first filter with too many scans.
	err error
}

// fragmentOnType is a fragment that is spread on an object of a type.
type fragmentOnType struct {
	fragment *ast.FragmentDefinition
	object   *ast.Definition
}

// selectionSet returns the cost of a selection set of an object type.
func (e *estimator) selectionSet(set ast.SelectionSet, object *ast.Definition) cost {
	var sum cost
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			if e.isIncluded(selection.Directives) {
				sum = sum.plus(e.field(selection))
			}
		case *ast.InlineFragment:
			if e.isIncluded(selection.Directives) && e.typeApplies(selection.TypeCondition, object) {
				sum = sum.plus(e.selectionSet(selection.SelectionSet, object))
			}
		case *ast.FragmentSpread:
			fragment := selection.Definition
			if !e.isIncluded(selection.Directives) || !e.typeApplies(fragment.TypeCondition, object) {
				continue
			}
			key := fragmentOnType{fragment, object}
			known, ok := e.fragments[key]
			if !ok {
				known = e.selectionSet(fragment.SelectionSet, object)
				e.fragments[key] = known
			}
			sum = sum.plus(known)
		}
	}
	return sum
}

// isIncluded reports whether @skip and @include leave a selection in the operation.
func (e *estimator) isIncluded(directives ast.DirectiveList) bool {
	for _, directive := range directives {
		if condition, ok := directive.ArgumentMap(e.variables)["if"].(bool); ok && condition == (directive.Name == "skip") {
			return false
		}
	}
	return true
}

// typeApplies reports whether an object has the type that a fragment requires.
func (e *estimator) typeApplies(condition string, object *ast.Definition) bool {
	return condition == "" || slices.Contains(e.schema.PossibleTypes[condition], object)
}

func (e *estimator) field(field *ast.Field) cost {
	one := e.fieldPrice(field)
	if strings.HasPrefix(field.Name, "__") {
		return cost{fixed: one}
	}
	known, ok := e.fields[field]
	if ok {
		return known
	}
	var children cost
	for _, object := range e.schema.PossibleTypes[field.Definition.Type.Name()] {
		c := e.selectionSet(field.SelectionSet, object)
		children = cost{max(children.fixed, c.fixed), max(children.perItem, c.perItem), max(children.batched, c.batched)}
	}
	arguments := field.ArgumentMap(e.variables)
	size, scope := e.listSize(field.Definition, arguments)
	switch own := saturatingAdd(one, children.fixed); {
	case scope == selfIsList:
		known.fixed = max(one, saturatingMul(size, own))
	case scope == childrenAreLists:
		known.fixed = saturatingAdd(saturatingAdd(own, pagePoints), saturatingMul(size, children.perItem))
	case field.Definition.Type.Elem != nil: // its size is declared at the parent field
		known.perItem = own
	default:
		known.fixed = own
	}
	known.fixed = saturatingAdd(known.fixed, e.listQueryPoints(field, arguments))
	known.batched = children.batched
	if points, isBatched := e.directivePoints(field, arguments); isBatched {
		known.batched = saturatingAdd(known.batched, points)
	} else {
		known.fixed = saturatingAdd(known.fixed, points)
	}
	if input, ok := arguments["input"]; ok && e.schema.Mutation.Fields.ForName(field.Name) == field.Definition {
		known.fixed = saturatingAdd(known.fixed, saturatingMul(countInputItems(input), itemPoints))
	}
	e.fields[field] = known
	return known
}

// listScope is the list whose size a @listSize declares.
type listScope int

const (
	noList listScope = iota
	// selfIsList means the field: a list, or a JSON object that is read like a list.
	selfIsList
	// childrenAreLists means fields of the object, such as the edges and nodes of a connection.
	childrenAreLists
)

// listSize returns the number of items that the @listSize of a field declares: the value or the length of a slicing
// argument, else the assumed size, else a page. A page above the limit counts as the limit, because the field refuses
// it.
func (e *estimator) listSize(definition *ast.FieldDefinition, arguments map[string]any) (int64, listScope) {
	directive := definition.Directives.ForName("listSize")
	if directive == nil {
		return 0, noList
	}
	declared := directive.ArgumentMap(nil)
	scope := selfIsList
	if declared["sizedFields"] != nil {
		scope = childrenAreLists
	}
	assumed, isAssumed := declared["assumedSize"].(int64)
	maxSize := int64(e.limits.PageSize)
	if scope == selfIsList || assumed > maxSize { // not a page of a connection
		maxSize = max(maxSize, models.MaxSeriesPoints)
	}
	slicing, _ := declared["slicingArguments"].([]any)
	for _, name := range slicing {
		switch value := arguments[name.(string)].(type) {
		case []any:
			return int64(len(value)), scope
		case json.Number:
			n, _ := value.Int64() // a coerced number is an integer
			return min(max(n, 0), maxSize), scope
		case int64: // the default of the argument
			return value, scope
		}
	}
	if isAssumed {
		return assumed, scope
	}
	return int64(min(e.limits.PageSize, models.DefaultPageSize)), scope
}

// saturatingAdd returns a + b, at most maxCost.
func saturatingAdd(a, b int64) int64 { return min(a+b, maxCost) }

// saturatingMul returns a * b, at most maxCost.
func saturatingMul(a, b int64) int64 {
	if b > 0 && a > maxCost/b {
		return maxCost
	}
	return a * b
}
