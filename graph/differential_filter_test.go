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

// here returns an operand that differs between databases: an ID or an instant.
type here func(*oracleWorld) string

// there returns the filter for one database.
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

// theme is the set of conditions in the filters of a test.
type theme struct {
	*pool
	// fields are drawn in addition to `and`, `or` and `not`.
	fields []string
	depth  int
}

var fieldNames = []string{"artifact", "version", "number", "type", "tag", "alias", "producedBy", "consumedBy", "id", "createdAt",
	"lastLoggedAt", "createdBy"}

// drawFilter draws an ArtifactVersionFilter.
func (th theme) drawFilter(t *rapid.T, depth int) map[string]any {
	names := th.fields
	if depth < th.depth {
		names = slices.Concat(names, []string{"not", "and", "or", "or"})
	}
	filter := map[string]any{}
	for _, name := range drawSome(t, names, "fields") {
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
			filter[name] = drawStringFilter(t, sampleArtifacts)
		case "version":
			filter[name] = drawStringFilter(t, slices.Concat([]string{"1", "2", "10", "25", "901", "500"}, sampleVersions))
		case "type":
			filter[name] = drawStringFilter(t, sampleTypes)
		case "tag":
			filter[name] = drawStringFilter(t, sampleTags)
		case "alias":
			filter[name] = drawStringFilter(t, slices.Concat([]string{"latest"}, sampleAliases))
		case "number":
			filter[name] = drawIntFilter(t)
		case "createdAt":
			filter[name] = drawDateTimeFilter(t, func(v *oracleVersion) time.Time { return v.createdAt })
		case "lastLoggedAt":
			filter[name] = drawDateTimeFilter(t, (*oracleVersion).someEntryTime)
		case "createdBy":
			filter[name] = drawStringFilter(t, []string{"Ann"})
		case "producedBy":
			filter[name] = drawRunFilter(t, func(version *oracleVersion) *oracleProducer { return version.producer })
		case "consumedBy":
			filter[name] = drawConsumerFilter(t)
		case "id":
			filter[name] = drawIDFilter(t)
		}
	}
	return filter
}

// drawPredicates draws a list of predicates, each of which means few versions or, with not, all but a few. So each of
// them shows in the answer.
func (p *pool) drawPredicates(t *rapid.T) map[string]any {
	var filters []any
	for _, filter := range rapid.SliceOfN(rapid.Custom(func(t *rapid.T) map[string]any {
		predicate := p.drawPredicate(t)
		filter := map[string]any{"metadata": predicate}
		for name := range predicate {
			if !slices.Contains([]string{"card", "key", "path", "ignoreCase", "exists", "ne", "notIn"}, name) {
				return filter
			}
		}
		return map[string]any{"not": filter}
	}), 1, 8).Draw(t, "predicates") {
		filters = append(filters, filter)
	}
	return map[string]any{"or": filters}
}

// deeper returns the generator of a nested filter. It is one value, so that rapid can leave it out.
func (th theme) deeper(depth int) *rapid.Generator[map[string]any] {
	return rapid.Custom(func(t *rapid.T) map[string]any { return th.drawFilter(t, depth+1) })
}

// drawStringFilter draws a StringFilter near some texts.
func drawStringFilter(t *rapid.T, texts []string) map[string]any {
	filter := map[string]any{}
	draw := func() any {
		text := drawText(t, drawFrom(t, texts, "near"))
		if strings.EqualFold(text, "latest") {
			return "latest"
		}
		return text
	}
	names := []string{"eq", "ne", "contains", "in", "startsWith", "endsWith", "exists", "notIn", "lt", "lte", "gt", "gte", "between"}
	for _, name := range drawConditions(t, names) {
		switch name {
		case "exists":
			filter[name] = drawIndex(t, 4, name) > 0
		case "in", "notIn":
			list := []any{}
			for range drawIndex(t, 5, "operands") {
				list = append(list, draw())
			}
			filter[name] = list
		case "between":
			ends := []string{draw().(string), draw().(string)}
			slices.Sort(ends)
			filter[name] = []any{ends[0], ends[1]}
		default:
			filter[name] = draw()
		}
	}
	for _, name := range []string{"lt", "lte", "gt", "gte", "between"} {
		if filter[name] != nil { // which ignoreCase cannot be combined with
			return filter
		}
	}
	drawIgnoreCase(t, filter)
	return filter
}

func drawIntFilter(t *rapid.T) map[string]any {
	filter := map[string]any{}
	draw := func() any {
		number := 1 + drawIndex(t, 45, "number")
		if drawIndex(t, 4, "odd") == 3 {
			number = drawFrom(t, []int{900, 901, 930, 500, 0, -1, 2147483647, -2147483648}, "odd number")
		}
		return json.Number(strconv.Itoa(number))
	}
	names := []string{"eq", "ne", "lt", "gt", "lte", "gte", "in", "notIn", "between"}
	for _, name := range drawConditions(t, names) {
		if name == "between" {
			ends := []any{draw(), draw()}
			slices.SortFunc(ends, func(a, b any) int {
				return oracleRational(string(a.(json.Number))).Cmp(oracleRational(string(b.(json.Number))))
			})
			filter[name] = ends
			continue
		}
		if name != "in" && name != "notIn" {
			filter[name] = draw()
			continue
		}
		list := []any{}
		for range drawIndex(t, 6, "operands") {
			list = append(list, draw())
		}
		filter[name] = list
	}
	return filter
}

// someEntryTime returns the time of the last entry, or of the creation of a version without entries.
func (v *oracleVersion) someEntryTime() time.Time {
	if len(v.entries) == 0 {
		return v.createdAt
	}
	return v.entries[len(v.entries)-1].loggedAt
}

// drawDateTimeFilter draws a DateTimeFilter at an instant of some version, to the nanosecond.
func drawDateTimeFilter(t *rapid.T, instant func(*oracleVersion) time.Time) map[string]any {
	filter := map[string]any{}
	draw := func(i int) here {
		near := drawFrom(t, []time.Duration{0, 0, 0, time.Microsecond, -time.Microsecond, 1, -1}, "near")
		zone := drawFrom(t, []*time.Location{time.UTC, time.FixedZone("", 9*60*60)}, "zone")
		return func(world *oracleWorld) string {
			return instant(world.versions[i]).Add(near).In(zone).Format(time.RFC3339Nano)
		}
	}
	names := []string{"lt", "gte", "gt", "lte", "eq", "exists", "ne", "in", "notIn", "between"}
	for _, name := range drawConditions(t, names) {
		if name == "exists" {
			filter[name] = drawIndex(t, 4, name) > 0
			continue
		}
		i := drawIndex(t, 291, "version")
		switch name {
		case "in", "notIn":
			list := []any{}
			for range drawIndex(t, 4, "operands") {
				list = append(list, draw(drawIndex(t, 291, "version")))
			}
			filter[name] = list
		case "between":
			filter[name] = orderInstants(draw(i), draw(drawIndex(t, 291, "other version")))
		default:
			filter[name] = draw(i)
		}
	}
	return filter
}

// orderInstants returns two instants as the operands of between.
func orderInstants(a, b here) []any {
	sorted := func(world *oracleWorld) []string {
		ends := []string{a(world), b(world)}
		slices.SortFunc(ends, func(a, b string) int {
			from, _ := oracleInstant(a)
			to, _ := oracleInstant(b)
			return from.Compare(to)
		})
		return ends
	}
	return []any{
		here(func(world *oracleWorld) string { return sorted(world)[0] }),
		here(func(world *oracleWorld) string { return sorted(world)[1] }),
	}
}

// drawRunFilter draws a ProducerFilter or ConsumerFilter near the runs of versions.
func drawRunFilter(t *rapid.T, runOf func(*oracleVersion) *oracleProducer) map[string]any {
	filter := map[string]any{}
	names := []string{"exists", "pipeline", "step", "stepRunId", "pipelineRunId"}
	for _, name := range drawConditions(t, names) {
		run := func(id func(*oracleProducer) string) here {
			n := drawIndex(t, 291, "produced")
			return func(world *oracleWorld) string {
				for _, version := range world.versions[n:] {
					if found := runOf(version); found != nil {
						return id(found)
					}
				}
				return world.versions[n].id // which is no run
			}
		}
		switch name {
		case "exists":
			filter[name] = rapid.Bool().Draw(t, name)
		case "pipeline":
			filter[name] = drawStringFilter(t, samplePipelines)
		case "step":
			filter[name] = drawStringFilter(t, sampleSteps)
		case "stepRunId":
			filter[name] = run(func(p *oracleProducer) string { return p.stepRun })
		case "pipelineRunId":
			filter[name] = run(func(p *oracleProducer) string { return p.pipelineRun })
		}
	}
	return filter
}

// drawOrder draws a list of ArtifactVersionOrder, nil for none.
func (p *pool) drawOrder(t *rapid.T) []any {
	terms := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) map[string]any {
		term := map[string]any{}
		field := drawFrom(t, []string{"", "", "", "TYPE", "ARTIFACT", "NUMBER", "VERSION", "CREATED_AT", "LAST_LOGGED_AT"}, "field")
		if field == "" {
			term["metadata"], _ = p.drawPlace(t, p.places)
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
	if choice := drawFrom(t, []string{"", second, first, second}, name); choice != "" {
		return map[string]any{name: choice}
	}
	return nil
}
