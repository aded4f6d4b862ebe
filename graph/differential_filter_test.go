package graph_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"pgregory.net/rapid"
)

// here is an operand that differs from database to database: an ID or an instant.
type here func(*oracleWorld) string

// there is the filter as it is sent to one database.
func there(node any, world *oracleWorld) any {
	switch node := node.(type) {
	case here:
		return node(world)
	case []any:
		list := make([]any, len(node))
		for i, item := range node {
			list[i] = there(item, world)
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(node))
		for key, inside := range node {
			object[key] = there(inside, world)
		}
		return object
	}
	return node
}

// theme says what the filters of a test are made of.
type theme struct {
	*pool
	// fields are those that are drawn, beside and, or and not.
	fields []string
	depth  int
}

var fieldNames = []string{"artifact", "version", "number", "type", "tag", "alias", "producedBy", "createdAt"}

// drawFilter draws an ArtifactVersionFilter.
func (th theme) drawFilter(t *rapid.T, depth int) map[string]any {
	names := th.fields
	if depth < th.depth {
		names = slices.Concat(names, []string{"not", "and", "or", "or"})
	}
	filter := map[string]any{}
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(names), 0, 3, rapid.ID).Draw(t, "fields") {
		switch name {
		case "not":
			filter[name] = th.deeper(depth).Draw(t, name)
		case "and", "or":
			filters := []any{}
			for _, inside := range rapid.SliceOfN(th.deeper(depth), 0, 4).Draw(t, name) {
				filters = append(filters, inside)
			}
			filter[name] = filters
		case "metadata":
			filter[name] = th.drawPredicate(t)
		case "artifact":
			filter[name] = drawTextFilter(t, sampleArtifacts)
		case "version":
			filter[name] = drawTextFilter(t, slices.Concat([]string{"1", "2", "10", "25", "901", "500"}, sampleVersions))
		case "type":
			filter[name] = drawTextFilter(t, sampleTypes)
		case "tag":
			filter[name] = drawTextFilter(t, sampleTags)
		case "alias":
			filter[name] = drawTextFilter(t, slices.Concat([]string{"latest"}, sampleAliases))
		case "number":
			filter[name] = drawIntFilter(t)
		case "createdAt":
			filter[name] = drawTimeFilter(t)
		case "producedBy":
			filter[name] = drawProducerFilter(t)
		}
	}
	return filter
}

// deeper is the generator of filters inside a filter, in one piece, so that rapid can leave one out.
func (th theme) deeper(depth int) *rapid.Generator[map[string]any] {
	return rapid.Custom(func(t *rapid.T) map[string]any { return th.drawFilter(t, depth+1) })
}

// drawTextFilter draws a TextFilter near some texts.
func drawTextFilter(t *rapid.T, texts []string) map[string]any {
	filter := map[string]any{}
	draw := func() any {
		text := drawText(t, rapid.SampledFrom(texts).Draw(t, "near"))
		if strings.EqualFold(text, "latest") {
			return "latest"
		}
		return text
	}
	names := []string{"eq", "ne", "contains", "in", "startsWith", "endsWith", "exists", "notIn"}
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(names), 0, 2, rapid.ID).Draw(t, "conditions") {
		switch name {
		case "exists":
			filter[name] = rapid.IntRange(0, 3).Draw(t, name) > 0
		case "in", "notIn":
			list := []any{}
			for range rapid.IntRange(0, 4).Draw(t, "operands") {
				list = append(list, draw())
			}
			filter[name] = list
		default:
			filter[name] = draw()
		}
	}
	drawIgnoreCase(t, filter)
	return filter
}

func drawIntFilter(t *rapid.T) map[string]any {
	filter := map[string]any{}
	draw := func() any {
		return json.Number(strconv.Itoa(rapid.OneOf(rapid.IntRange(1, 45), rapid.SampledFrom([]int{900, 901, 930, 500, 0, -1, 2147483647, -2147483648})).Draw(t, "number")))
	}
	names := []string{"eq", "ne", "lt", "gt", "lte", "gte", "in", "notIn"}
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(names), 0, 2, rapid.ID).Draw(t, "conditions") {
		if name != "in" && name != "notIn" {
			filter[name] = draw()
			continue
		}
		list := []any{}
		for range rapid.IntRange(0, 5).Draw(t, "operands") {
			list = append(list, draw())
		}
		filter[name] = list
	}
	return filter
}

// drawTimeFilter draws a TimeFilter at the creation of some version, to the nanosecond.
func drawTimeFilter(t *rapid.T) map[string]any {
	filter := map[string]any{}
	names := []string{"lt", "gte", "gt", "lte", "eq", "exists"}
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(names), 0, 2, rapid.ID).Draw(t, "conditions") {
		if name == "exists" {
			filter[name] = rapid.IntRange(0, 3).Draw(t, name) > 0
			continue
		}
		i := rapid.IntRange(0, 290).Draw(t, "version")
		near := rapid.SampledFrom([]time.Duration{0, 0, 0, time.Microsecond, -time.Microsecond, 1, -1}).Draw(t, "near")
		zone := rapid.SampledFrom([]*time.Location{time.UTC, time.FixedZone("", 9*60*60)}).Draw(t, "zone")
		filter[name] = here(func(world *oracleWorld) string {
			return world.versions[i].createdAt.Add(near).In(zone).Format(time.RFC3339Nano)
		})
	}
	return filter
}

func drawProducerFilter(t *rapid.T) map[string]any {
	filter := map[string]any{}
	names := []string{"exists", "pipeline", "step", "stepRunId", "pipelineRunId"}
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(names), 0, 2, rapid.ID).Draw(t, "producer") {
		run := func(id func(*oracleProducer) string) here {
			n := rapid.IntRange(0, 290).Draw(t, "produced")
			return func(world *oracleWorld) string {
				for _, version := range world.versions[n:] {
					if version.producer != nil {
						return id(version.producer)
					}
				}
				return world.versions[n].id // which is no run
			}
		}
		switch name {
		case "exists":
			filter[name] = rapid.Bool().Draw(t, name)
		case "pipeline":
			filter[name] = drawTextFilter(t, samplePipelines)
		case "step":
			filter[name] = drawTextFilter(t, sampleSteps)
		case "stepRunId":
			filter[name] = run(func(p *oracleProducer) string { return p.stepRun })
		case "pipelineRunId":
			filter[name] = run(func(p *oracleProducer) string { return p.pipelineRun })
		}
	}
	return filter
}

// drawOrder draws a list of ArtifactVersionOrder, nil for none. Long texts are no part of it: order only looks at
// their beginning.
func (p *pool) drawOrder(t *rapid.T) []any {
	places := slices.DeleteFunc(slices.Clone(p.places), func(place oraclePlace) bool { return place.key == "long" })
	terms := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) map[string]any {
		term := map[string]any{}
		field := rapid.SampledFrom([]string{"", "", "", "TYPE", "ARTIFACT", "NUMBER", "VERSION", "CREATED_AT"}).Draw(t, "field")
		if field == "" {
			term["metadata"], _ = p.drawPlace(t, places)
		} else {
			term["field"] = field
		}
		maps.Copy(term, drawChoice(t, "direction", "ASC", "DESC"))
		maps.Copy(term, drawChoice(t, "nulls", "LAST", "FIRST"))
		return term
	}), 0, 3).Draw(t, "order")
	var order []any
	for _, term := range terms {
		order = append(order, term)
	}
	return order
}

// drawChoice draws nothing, which means the first, or one of the two.
func drawChoice(t *rapid.T, name, first, second string) map[string]any {
	if choice := rapid.SampledFrom([]string{"", second, first, second}).Draw(t, name); choice != "" {
		return map[string]any{name: choice}
	}
	return nil
}
