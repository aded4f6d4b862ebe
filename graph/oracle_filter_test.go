package graph_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"
)

// tagsHaveAPast says that a search in the past sees the tags as they were then, and not as they are now.
const tagsHaveAPast = true

// oracleWorld is all that the oracle knows of one database.
type oracleWorld struct {
	versions []*oracleVersion
	// marks are the instants at the ends of the phases in which the data was written.
	marks []time.Time
}

// oracleVersion is an artifact version with its history.
type oracleVersion struct {
	id, artifact, version string
	number                int
	kind                  *string // the type
	createdAt             time.Time
	producer              *oracleProducer
	// tags and aliases are those at the end of each phase.
	tags, aliases [][]string
	// entries are in the order of writing.
	entries []oracleEntry
}

// oracleProducer is the step run that produced a version.
type oracleProducer struct{ pipeline, step, stepRun, pipelineRun string }

// oraclePlace is where an entry stands; the card is empty for none.
type oraclePlace struct{ card, key string }

// oracleEntry is one entry of a key; a retraction has no value.
type oracleEntry struct {
	oraclePlace
	loggedAt time.Time
	value    *oracleValue
}

// oracleStanding is a version as it stood at an instant.
type oracleStanding struct {
	*oracleVersion
	tags, aliases []string
	latest        bool
	values        map[oraclePlace]oracleValue
}

// at is the versions as they stood at an instant, which is one of the marks or lies before or after all writes.
func (w *oracleWorld) at(instant time.Time) []*oracleStanding {
	phases := 0
	for _, mark := range w.marks {
		if !mark.After(instant) {
			phases++
		}
	}
	greatest := map[string]int{}
	var standing []*oracleStanding
	for _, version := range w.versions {
		if version.createdAt.After(instant) {
			continue
		}
		greatest[version.artifact] = max(greatest[version.artifact], version.number)
		s := &oracleStanding{oracleVersion: version, values: map[oraclePlace]oracleValue{}}
		if phases > 0 {
			s.tags, s.aliases = version.tags[phases-1], version.aliases[phases-1]
		}
		if !tagsHaveAPast {
			s.tags = version.tags[len(version.tags)-1]
		}
		for _, entry := range version.entries {
			if entry.loggedAt.After(instant) {
				continue
			}
			delete(s.values, entry.oraclePlace)
			if entry.value != nil {
				s.values[entry.oraclePlace] = *entry.value
			}
		}
		standing = append(standing, s)
	}
	for _, s := range standing {
		s.latest = s.number == greatest[s.artifact]
	}
	return standing
}

// oracleTest says whether a version is meant.
type oracleTest func(*oracleStanding) bool

// oracleAll holds when all of the tests do.
func oracleAll(tests []oracleTest) oracleTest {
	return func(s *oracleStanding) bool {
		return !slices.ContainsFunc(tests, func(test oracleTest) bool { return !test(s) })
	}
}

// oracleFilter is what an ArtifactVersionFilter means.
func oracleFilter(filter map[string]any) oracleTest {
	var tests []oracleTest
	one := func(get func(*oracleStanding) string, node any) oracleTest {
		return oracleText(node, func(s *oracleStanding) []string { return []string{get(s)} })
	}
	for name, node := range filter {
		var test oracleTest
		switch name {
		case "and":
			test = oracleAll(oracleFilters(node))
		case "or":
			some := oracleFilters(node)
			test = func(s *oracleStanding) bool {
				return slices.ContainsFunc(some, func(test oracleTest) bool { return test(s) })
			}
		case "not":
			inside := oracleFilter(node.(map[string]any))
			test = func(s *oracleStanding) bool { return !inside(s) }
		case "artifact":
			test = one(func(s *oracleStanding) string { return s.artifact }, node)
		case "version":
			test = one(func(s *oracleStanding) string { return s.version }, node)
		case "number":
			test = oracleInt(node.(map[string]any))
		case "type":
			test = oracleText(node, func(s *oracleStanding) []string { return optional(s.kind) })
		case "tag":
			test = oracleText(node, func(s *oracleStanding) []string { return s.tags })
		case "alias":
			test = oracleAlias(node)
		case "createdAt":
			test = oracleTime(node.(map[string]any))
		case "producedBy":
			test = oracleProduced(node.(map[string]any))
		case "metadata":
			test = oraclePredicate(node.(map[string]any))
		default:
			panic("no field of a filter: " + name)
		}
		tests = append(tests, test)
	}
	return oracleAll(tests)
}

func oracleFilters(node any) []oracleTest {
	var tests []oracleTest
	for _, filter := range node.([]any) {
		tests = append(tests, oracleFilter(filter.(map[string]any)))
	}
	return tests
}

func optional(text *string) []string {
	if text == nil {
		return nil
	}
	return []string{*text}
}

// oracleText is what a TextFilter means for a set of texts.
func oracleText(node any, texts func(*oracleStanding) []string) oracleTest {
	filter := node.(map[string]any)
	fold := func(text any) string { return text.(string) }
	if filter["ignoreCase"] == true {
		fold = func(text any) string { return oracleFold(text.(string)) }
	}
	var tests []oracleTest
	some := func(fits func(text string) bool) oracleTest {
		return func(s *oracleStanding) bool {
			return slices.ContainsFunc(texts(s), func(text string) bool { return fits(fold(text)) })
		}
	}
	among := func(operands ...any) oracleTest {
		return some(func(text string) bool {
			return slices.ContainsFunc(operands, func(operand any) bool { return fold(operand) == text })
		})
	}
	for name, operand := range filter {
		var test oracleTest
		switch name {
		case "ignoreCase":
			continue
		case "exists":
			test = func(s *oracleStanding) bool { return (len(texts(s)) > 0) == operand.(bool) }
		case "eq":
			test = among(operand)
		case "ne":
			test = oracleNot(among(operand))
		case "in":
			test = among(operand.([]any)...)
		case "notIn":
			test = oracleNot(among(operand.([]any)...))
		case "contains":
			test = some(func(text string) bool { return strings.Contains(text, fold(operand)) })
		case "startsWith":
			test = some(func(text string) bool { return strings.HasPrefix(text, fold(operand)) })
		case "endsWith":
			test = some(func(text string) bool { return strings.HasSuffix(text, fold(operand)) })
		default:
			panic("no field of a text filter: " + name)
		}
		tests = append(tests, test)
	}
	return oracleAll(tests)
}

func oracleNot(test oracleTest) oracleTest {
	return func(s *oracleStanding) bool { return !test(s) }
}

// oracleAlias is what a TextFilter means for aliases: the four conditions of equality know latest, the others do not.
func oracleAlias(node any) oracleTest {
	known, others := map[string]any{}, map[string]any{}
	for name, operand := range node.(map[string]any) {
		switch name {
		case "eq", "ne", "in", "notIn":
			known[name] = operand
		case "ignoreCase":
			known[name], others[name] = operand, operand
		default:
			others[name] = operand
		}
	}
	return oracleAll([]oracleTest{
		oracleText(others, func(s *oracleStanding) []string { return s.aliases }),
		oracleText(known, func(s *oracleStanding) []string {
			if s.latest {
				return append([]string{"latest"}, s.aliases...)
			}
			return s.aliases
		}),
	})
}

// oracleInt is what an IntFilter means for the number of a version.
func oracleInt(filter map[string]any) oracleTest {
	var tests []oracleTest
	for name, operand := range filter {
		compare := func(operand any) func(*oracleStanding) int {
			number := oracleRational(string(operand.(json.Number)))
			return func(s *oracleStanding) int { return big.NewRat(int64(s.number), 1).Cmp(number) }
		}
		among := func(s *oracleStanding) bool {
			return slices.ContainsFunc(operand.([]any), func(one any) bool { return compare(one)(s) == 0 })
		}
		switch name {
		case "in":
			tests = append(tests, among)
		case "notIn":
			tests = append(tests, oracleNot(among))
		default:
			tests = append(tests, func(s *oracleStanding) bool { return oracleHolds(name, compare(operand)(s)) })
		}
	}
	return oracleAll(tests)
}

// oracleHolds says whether a condition holds, by how the value compares with the operand.
func oracleHolds(name string, compared int) bool {
	switch name {
	case "eq":
		return compared == 0
	case "ne":
		return compared != 0
	case "lt":
		return compared < 0
	case "lte":
		return compared <= 0
	case "gt":
		return compared > 0
	case "gte":
		return compared >= 0
	}
	panic("no comparison: " + name)
}

// oracleTime is what a TimeFilter means for the creation of a version, which always has an instant.
func oracleTime(filter map[string]any) oracleTest {
	var tests []oracleTest
	for name, operand := range filter {
		if name == "exists" {
			tests = append(tests, func(*oracleStanding) bool { return operand.(bool) })
			continue
		}
		instant, ok := oracleInstant(operand.(string))
		if !ok {
			panic(fmt.Sprint("no instant: ", operand))
		}
		tests = append(tests, func(s *oracleStanding) bool { return oracleHolds(name, s.createdAt.Compare(instant)) })
	}
	return oracleAll(tests)
}

// oracleProduced is what a ProducerFilter means. A version without a producer has no text for its text filters.
func oracleProduced(filter map[string]any) oracleTest {
	var tests []oracleTest
	for name, node := range filter {
		texts := func(get func(*oracleProducer) string) func(*oracleStanding) []string {
			return func(s *oracleStanding) []string {
				if s.producer == nil {
					return nil
				}
				return []string{get(s.producer)}
			}
		}
		is := map[string]any{"eq": node}
		switch name {
		case "exists":
			tests = append(tests, func(s *oracleStanding) bool { return (s.producer != nil) == node.(bool) })
		case "pipeline":
			tests = append(tests, oracleText(node, texts(func(p *oracleProducer) string { return p.pipeline })))
		case "step":
			tests = append(tests, oracleText(node, texts(func(p *oracleProducer) string { return p.step })))
		case "stepRunId":
			tests = append(tests, oracleText(is, texts(func(p *oracleProducer) string { return p.stepRun })))
		case "pipelineRunId":
			tests = append(tests, oracleText(is, texts(func(p *oracleProducer) string { return p.pipelineRun })))
		default:
			panic("no field of a producer filter: " + name)
		}
	}
	return oracleAll(tests)
}
