package graph

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/placard/placard/models"
)

// The prices of an operation, in points. A unit of cost is about 0.1 ms of a core. bench/README.md compares prices with
// the CPU time of operations.
const (
	pointsPerUnit = 10
	fieldPoints   = 1
	// pagePoints are those of reading a page beside its items.
	pagePoints = 10
	// indexPoints are those of a condition or an order that an index answers: up to 5,000 rows of the index are counted.
	indexPoints = 50 * pointsPerUnit
	// scanPoints are those of a condition or an order that no index answers: it looks at each object in question, which
	// are taken to be 1,000.
	scanPoints = 1_000 * pointsPerUnit
	// listPoints are those of an item in a list of a condition: 50 items cost as much as a scan.
	listPoints = scanPoints / 50
	// itemPoints are those of an entry, alias or tag in the input of a mutation.
	itemPoints = 1 * pointsPerUnit
	// maxScans is the number of conditions without an index that a filter may have without one with an index.
	maxScans = 20
)

// prices computes the points of a filter.
type prices struct {
	// cap is the greatest price of one condition: a quarter of the limit of an operation.
	cap int64
}

// filterPrice is the price of a filter.
type filterPrice struct {
	points int64
	// scans is the number of conditions that no index answers.
	scans int
	// indexed reports whether a condition that must hold is answered by an index.
	indexed bool
}

func (p filterPrice) plus(q filterPrice) filterPrice {
	return filterPrice{plus(p.points, q.points), p.scans + q.scans, p.indexed || q.indexed}
}

// indexedOperators are the operators that an index answers, for fields that have one and for metadata keys.
var indexedOperators = map[string]bool{"eq": true, "in": true, "lt": true, "lte": true, "gt": true, "gte": true}

// indexedFields are the fields of filters that have an index.
var indexedFields = map[string]bool{
	"artifact": true, "tag": true, "alias": true, "createdAt": true, "startedAt": true, "pipeline": true, "name": true,
	"stepRunId": true, "pipelineRunId": true,
}

// filter returns the price of a coerced filter. scan is set where no index is followed: below `not`, below filters of
// related objects, and in questions about the past.
func (p prices) filter(filter map[string]any, scan bool) filterPrice {
	var sum filterPrice
	for name, value := range filter {
		switch value := value.(type) {
		case []any:
			sum = sum.plus(p.branches(name, value, scan))
		case map[string]any:
			sum = sum.plus(p.object(name, value, scan))
		default:
			sum = sum.plus(p.condition(!scan && indexedFields[name], 0))
		}
	}
	return sum
}

// branches returns the price of the filters of `and` or `or`. An index answers `or` if it answers each branch.
func (p prices) branches(name string, list []any, scan bool) filterPrice {
	sum, all := filterPrice{}, len(list) > 0
	for _, item := range list {
		branch, _ := item.(map[string]any)
		price := p.filter(branch, scan)
		all = all && price.indexed
		sum = sum.plus(price)
	}
	if name == "or" {
		sum.indexed = all
	}
	return sum
}

func (p prices) object(name string, value map[string]any, scan bool) filterPrice {
	switch name {
	case "not", "latestVersion", "anyVersion":
		return p.filter(value, true)
	case "producedBy":
		return p.filter(value, scan)
	case "metadata":
		path, _ := value["path"].([]any)
		return p.conditions(value, !scan && len(path) == 0, true)
	}
	return p.conditions(value, !scan && indexedFields[name], false)
}

// conditions returns the price of the conditions on one field or metadata key.
func (p prices) conditions(value map[string]any, index, isMetadata bool) filterPrice {
	var sum filterPrice
	ignoreCase := value["ignoreCase"] == true
	for operator, operand := range value {
		list, _ := operand.([]any)
		indexed := index && !ignoreCase && indexedOperators[operator]
		switch operator {
		case "card", "key", "path", "ignoreCase":
			continue
		case "between", "startsWith", "kind":
			indexed, list = index && !ignoreCase && isMetadata, nil
		case "exists":
			indexed = index && isMetadata && operand == true
		}
		sum = sum.plus(p.condition(indexed, len(list)))
	}
	return sum
}

// condition returns the price of one condition with a list of items.
func (p prices) condition(indexed bool, items int) filterPrice {
	points := plus(indexPoints, times(int64(items), listPoints))
	if indexed {
		return filterPrice{points: min(points, p.cap), indexed: true}
	}
	return filterPrice{points: min(plus(scanPoints, times(int64(items), listPoints)), p.cap), scans: 1}
}

// orders returns the points of the terms of an order.
func (p prices) orders(order any, scan bool) int64 {
	list, ok := order.([]any)
	if !ok && order != nil {
		list = []any{order}
	}
	points := int64(0)
	for _, item := range list {
		term, _ := item.(map[string]any)
		metadata, _ := term["metadata"].(map[string]any)
		path, _ := metadata["path"].([]any)
		price := int64(indexPoints)
		if scan || len(path) > 0 {
			price = min(scanPoints, p.cap)
		}
		points = plus(points, price)
	}
	return points
}

// questionPoints returns the points of the filter and the order of a field. Counting the whole list doubles those of scans.
func (e *estimate) questionPoints(field *ast.Field, arguments map[string]any) int64 {
	filter, _ := arguments["where"].(map[string]any)
	_, isPast := arguments["asOf"].(string)
	price := e.prices.filter(filter, isPast)
	if price.scans > maxScans && !price.indexed && e.refusal == nil {
		e.refusal = models.LimitExceeded(models.At("where"),
			"conditions that no index answers, without one that an index answers", maxScans, int64(price.scans))
	}
	points := plus(price.points, e.prices.orders(arguments["orderBy"], isPast))
	if isPast && field.Definition.Arguments.ForName("where") != nil {
		points = plus(points, scanPoints) // the instant is a condition, too
	}
	counts := func(name string) bool { return strings.HasPrefix(name, "totalCount") }
	if points >= scanPoints && e.selects(field.SelectionSet, counts) {
		points = times(points, 2)
	}
	return points
}

// selects reports whether a selection has a field whose name fits a condition.
func (e *estimate) selects(set ast.SelectionSet, fits func(name string) bool) bool {
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			if fits(selection.Name) && e.included(selection.Directives) {
				return true
			}
		case *ast.InlineFragment:
			if e.included(selection.Directives) && e.selects(selection.SelectionSet, fits) {
				return true
			}
		case *ast.FragmentSpread:
			if e.included(selection.Directives) && e.selects(selection.Definition.SelectionSet, fits) {
				return true
			}
		}
	}
	return false
}

// weightPoints returns the points of the @cost of a field. isBatched reports whether they count once for all objects.
func (e *estimate) weightPoints(field *ast.Field, arguments map[string]any) (points int64, isBatched bool) {
	directive := field.Definition.Directives.ForName("cost")
	if directive == nil {
		return 0, false
	}
	given := directive.ArgumentMap(nil)
	if cheap, ok := given["cheapFields"].([]any); ok && !e.selects(field.SelectionSet, func(name string) bool {
		return !strings.HasPrefix(name, "__") && !slices.Contains(cheap, any(name))
	}) {
		return 0, false
	}
	weight, _ := given["weight"].(int64)
	points, isBatched = times(weight, pointsPerUnit), given["batched"] == true
	argument, _ := given["times"].(string)
	switch factor := arguments[argument].(type) {
	case []any:
		points = times(points, int64(len(factor)))
	case json.Number:
		n, _ := factor.Int64() // it is coerced, so it is an integer
		points = times(points, max(n, 0))
	case int64: // the default of the argument
		points = times(points, factor)
	}
	return points, isBatched
}

// inputItems counts the items of the lists in the input of a mutation, and the keys of its metadata with those of its cards.
func inputItems(input any) int64 {
	count := int64(0)
	switch input := input.(type) {
	case map[string]any:
		for _, value := range input {
			count += inputItems(value)
		}
	case []any:
		for _, item := range input {
			count += 1 + inputItems(item)
		}
	case models.Object:
		for _, member := range input {
			count++
			if card, ok := member.Value.(models.Object); ok {
				count += int64(len(card))
			}
		}
	}
	return count
}
