package operation

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
	pointsPerUnit = 100
	// fieldPoints is the price of a field, and of a key of metadata as JSON.
	fieldPoints = pointsPerUnit / 10
	// storedFieldPoints is the price of a field of a metadata entry or value. It is copied from the stored text, while
	// reading the entry is a part of the price of the field that returns it. All entries are assumed to be read from the
	// database, because the cache may have lost them.
	storedFieldPoints = pointsPerUnit / 100
	// pagePoints is the price of reading a page without its items.
	pagePoints = 1 * pointsPerUnit
	// indexPoints is the price of a condition or an order with an index: up to 5,000 rows of the index are counted.
	indexPoints = 50 * pointsPerUnit
	// scanPoints is the price of a condition or an order without an index. It reads each candidate; 1,000 are assumed.
	// Each further condition of a filter costs half of it.
	scanPoints = 1_000 * pointsPerUnit
	// listPoints is the price of an item in a list of a condition: 50 items cost as much as a scan.
	listPoints = scanPoints / 50
	// itemPoints is the price of an entry, an alias or a tag in the input of a mutation.
	itemPoints = 1 * pointsPerUnit
	// facetScanPoints is the price of a condition without an index in a facet, which reads all versions anyway.
	facetScanPoints = 200 * pointsPerUnit
	// maxScans is the number of conditions without an index that a filter may have if no condition has an index.
	maxScans = 20
)

// prices computes the points of a filter.
type prices struct {
	// limit is the greatest price of one condition: a quarter of the limit of an operation.
	limit int64
	// scan is the price of a condition or an order without an index.
	scan int64
}

// filterPrice is the price of a filter.
type filterPrice struct {
	points int64
	// scans is the number of conditions without an index.
	scans int
	// indexed reports whether the filter requires a condition that has an index.
	indexed bool
}

func (p filterPrice) plus(q filterPrice) filterPrice {
	return filterPrice{saturatingAdd(p.points, q.points), p.scans + q.scans, p.indexed || q.indexed}
}

// indexedOperators are the operators that use an index, on indexed fields and on metadata keys.
var indexedOperators = map[string]bool{"eq": true, "in": true, "lt": true, "lte": true, "gt": true, "gte": true}

// indexedFields are the fields of filters that have an index.
var indexedFields = map[string]bool{
	"artifact": true, "tag": true, "alias": true, "createdAt": true, "startedAt": true, "pipeline": true, "name": true,
	"id": true, "stepRunId": true, "pipelineRunId": true, "lastLoggedAt": true,
}

// filter returns the price of a coerced filter. isScan is set where no index is used: below `not`, below filters of
// related objects, and for reads as of an instant.
func (p prices) filter(filter map[string]any, isScan bool) filterPrice {
	var sum filterPrice
	for name, value := range filter {
		switch value := value.(type) {
		case []any:
			sum = sum.plus(p.branches(name, value, isScan))
		case map[string]any:
			sum = sum.plus(p.object(name, value, isScan))
		default:
			sum = sum.plus(p.condition(!isScan && indexedFields[name], 0))
		}
	}
	return sum
}

// branches returns the price of the filters of `and` or `or`. An `or` uses an index if each branch does.
func (p prices) branches(name string, list []any, isScan bool) filterPrice {
	sum, areAllIndexed := filterPrice{}, len(list) > 0
	for _, item := range list {
		branch, _ := item.(map[string]any)
		price := p.filter(branch, isScan)
		areAllIndexed = areAllIndexed && price.indexed
		sum = sum.plus(price)
	}
	if name == "or" {
		sum.indexed = areAllIndexed
	}
	return sum
}

func (p prices) object(name string, value map[string]any, isScan bool) filterPrice {
	switch name {
	case "not", "latestVersion", "anyVersion":
		return p.filter(value, true)
	case "producedBy", "consumedBy":
		return p.filter(value, isScan)
	case "metadata":
		path, _ := value["path"].([]any)
		return p.conditions(value, !isScan && len(path) == 0, true)
	}
	return p.conditions(value, !isScan && indexedFields[name], false)
}

// conditions returns the price of the conditions on one field or metadata key.
func (p prices) conditions(value map[string]any, hasIndex, isMetadata bool) filterPrice {
	var sum filterPrice
	ignoreCase := value["ignoreCase"] == true
	for operator, operand := range value {
		list, _ := operand.([]any)
		indexed := hasIndex && !ignoreCase && indexedOperators[operator]
		switch operator {
		case "card", "key", "path", "ignoreCase":
			continue
		case "between":
			indexed, list = hasIndex && !ignoreCase, nil
		case "startsWith", "kind":
			indexed, list = hasIndex && !ignoreCase && isMetadata, nil
		case "exists":
			indexed = hasIndex && isMetadata && operand == true
		}
		sum = sum.plus(p.condition(indexed, len(list)))
	}
	return sum
}

// condition returns the price of one condition with a list of items.
func (p prices) condition(indexed bool, items int) filterPrice {
	list := saturatingMul(int64(items), listPoints)
	if indexed {
		return filterPrice{points: min(saturatingAdd(indexPoints, list), p.limit), indexed: true}
	}
	return filterPrice{points: min(saturatingAdd(p.scan, list), p.limit), scans: 1}
}

// orders returns the points of the terms of an order.
func (p prices) orders(order any, isScan bool) int64 {
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
		if isScan || len(path) > 0 {
			price = min(p.scan, p.limit)
		}
		points = saturatingAdd(points, price)
	}
	return points
}

// listQueryPoints returns the points of the filter and the order of a field. If they need a scan, counting the whole
// list doubles them.
func (e *estimator) listQueryPoints(field *ast.Field, arguments map[string]any) int64 {
	filter, _ := arguments["where"].(map[string]any)
	_, isPast := arguments["asOf"].(string)
	isRoot, prices := field.ObjectDefinition == e.schema.Query, e.prices
	if field.ObjectDefinition.Name == "PipelineRun" {
		prices.scan = indexPoints // the steps of a run are few, and have an index
	}
	if strings.HasSuffix(field.Definition.Type.Name(), "UsageConnection") {
		prices.scan = facetScanPoints
	}
	price := prices.filter(filter, isPast)
	if price.scans > maxScans && !price.indexed && isRoot && e.err == nil {
		e.err = models.LimitExceeded(models.NewPath("where"),
			"conditions that no index answers, without one that an index answers", maxScans, int64(price.scans))
	}
	if price.scans > 1 { // further conditions of a scan read the same candidates
		price.points -= int64(price.scans-1) * min(prices.scan, prices.limit) / 2
	}
	points := saturatingAdd(price.points, prices.orders(arguments["orderBy"], isPast))
	if isPast && field.Definition.Arguments.ForName("where") != nil {
		points = saturatingAdd(points, prices.scan) // the instant is a condition, too
	}
	isCount := func(name string) bool { return strings.HasPrefix(name, "totalCount") }
	if points >= scanPoints && e.selects(field.SelectionSet, isCount) {
		points = saturatingMul(points, 2)
	}
	return points
}

// fieldPrice returns the points of a field without its arguments and its selection.
func (e *estimator) fieldPrice(field *ast.Field) int64 {
	of := field.ObjectDefinition
	possible := e.schema.PossibleTypes[of.Name]
	isValue := len(possible) > 0 && slices.Contains(e.schema.PossibleTypes["MetadataValue"], possible[0])
	if isValue || of.Name == "MetadataEntry" || of.Name == "MetadataField" {
		return storedFieldPoints
	}
	return fieldPoints
}

// selects reports whether a selection set has a field with a matching name.
func (e *estimator) selects(set ast.SelectionSet, matches func(name string) bool) bool {
	return slices.ContainsFunc(set, func(selection ast.Selection) bool {
		switch selection := selection.(type) {
		case *ast.Field:
			return matches(selection.Name) && e.isIncluded(selection.Directives)
		case *ast.InlineFragment:
			return e.isIncluded(selection.Directives) && e.selects(selection.SelectionSet, matches)
		case *ast.FragmentSpread:
			return e.isIncluded(selection.Directives) && e.selects(selection.Definition.SelectionSet, matches)
		}
		return false
	})
}

// directivePoints returns the points of the @cost of a field. isBatched reports whether they count once for all
// objects.
func (e *estimator) directivePoints(field *ast.Field, arguments map[string]any) (points int64, isBatched bool) {
	directive := field.Definition.Directives.ForName("cost")
	if directive == nil {
		return 0, false
	}
	declared := directive.ArgumentMap(nil)
	if cheap, ok := declared["cheapFields"].([]any); ok && !e.selects(field.SelectionSet, func(name string) bool {
		return !strings.HasPrefix(name, "__") && !slices.Contains(cheap, any(name))
	}) {
		return 0, false
	}
	weight, _ := declared["weight"].(int64)
	points, isBatched = saturatingMul(weight, pointsPerUnit), declared["batched"] == true
	argument, _ := declared["times"].(string)
	switch factor := arguments[argument].(type) {
	case []any:
		points = saturatingMul(points, int64(len(factor)))
	case json.Number:
		n, _ := factor.Int64() // a coerced number is an integer
		points = saturatingMul(points, max(n, 0))
	case int64: // the default of the argument
		points = saturatingMul(points, factor)
	}
	return points, isBatched
}

// countInputItems counts the items of the lists in the input of a mutation, and the keys of its metadata and of their
// cards.
func countInputItems(input any) int64 {
	count := int64(0)
	switch input := input.(type) {
	case map[string]any:
		for _, value := range input {
			count += countInputItems(value)
		}
	case []any:
		for _, item := range input {
			count += 1 + countInputItems(item)
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
