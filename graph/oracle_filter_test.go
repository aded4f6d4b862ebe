package graph_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"
)

// tagsHaveAPast enables the tags as of the instant of a search, instead of the present tags.
const tagsHaveAPast = true

// oracleWorld is the expected content of one database.
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
	consumers             []oracleConsumer
	// tags and aliases are those at the end of each phase.
	tags, aliases [][]string
	// entries are in the order of writing.
	entries []oracleEntry
}

// oracleProducer is the step run that produced a version.
type oracleProducer struct{ pipeline, step, stepRun, pipelineRun string }

// oraclePlace is the card and the key of an entry. The card is empty for none.
type oraclePlace struct{ card, key string }

// oracleEntry is one entry of a key; a retraction and an erased entry have no value.
type oracleEntry struct {
	oraclePlace
	loggedAt time.Time
	value    *oracleValue
}

// oracleStanding is a version as of an instant.
type oracleStanding struct {
	*oracleVersion
	tags, aliases []string
	consumers     []oracleConsumer
	latest        bool
	values        map[oraclePlace]oracleValue
	// lastLogged is the time of the last entry, nil for none.
	lastLogged *time.Time
}

// at returns the versions as of an instant: a mark, or an instant before or after all writes.
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
		s.consumers = slices.DeleteFunc(slices.Clone(version.consumers), func(c oracleConsumer) bool { return c.startedAt.After(instant) })
		for _, entry := range version.entries {
			if entry.loggedAt.After(instant) {
				continue
			}
			if s.lastLogged == nil || entry.loggedAt.After(*s.lastLogged) {
				s.lastLogged = &entry.loggedAt
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

// oracleTest is a condition on a version.
type oracleTest func(*oracleStanding) bool

// oracleAll holds when all of the tests do.
func oracleAll(tests []oracleTest) oracleTest {
	return func(s *oracleStanding) bool {
		return !slices.ContainsFunc(tests, func(test oracleTest) bool { return !test(s) })
	}
}

// oracleFilter returns the condition of an ArtifactVersionFilter.
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
			test = oracleTime(node.(map[string]any), func(s *oracleStanding) *time.Time { return &s.createdAt })
		case "lastLoggedAt":
			test = oracleTime(node.(map[string]any), func(s *oracleStanding) *time.Time { return s.lastLogged })
		case "createdBy": // the server requires no keys
			test = oracleText(node, func(*oracleStanding) []string { return nil })
		case "producedBy":
			test = oracleProduced(node.(map[string]any))
		case "consumedBy":
			test = oracleConsumed(node.(map[string]any))
		case "id":
			test = oracleID(node.(map[string]any))
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

// oracleText returns the condition of a StringFilter on a set of texts.
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
		case "between":
			ends := operand.([]any)
			test = some(func(text string) bool { return text >= ends[0].(string) && text <= ends[1].(string) })
		case "lt", "lte", "gt", "gte":
			test = some(func(text string) bool { return oracleHolds(name, strings.Compare(text, operand.(string))) })
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

// oracleAlias returns the condition of a StringFilter on aliases. Only the four operators of equality accept latest.
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

// oracleInt returns the condition of an IntFilter on the number of a version.
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
		case "between":
			ends := operand.([]any)
			tests = append(tests, func(s *oracleStanding) bool { return compare(ends[0])(s) >= 0 && compare(ends[1])(s) <= 0 })
		default:
			tests = append(tests, func(s *oracleStanding) bool { return oracleHolds(name, compare(operand)(s)) })
		}
	}
	return oracleAll(tests)
}

// oracleHolds reports whether an operator holds for the result of a comparison of the value with the operand.
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

// oracleTime returns the condition of a DateTimeFilter on an instant of a version, nil for none.
func oracleTime(filter map[string]any, read func(*oracleStanding) *time.Time) oracleTest {
	var tests []oracleTest
	for name, operand := range filter {
		if name == "exists" {
			tests = append(tests, func(s *oracleStanding) bool { return operand.(bool) == (read(s) != nil) })
			continue
		}
		compare := func(s *oracleStanding, operand any) int {
			instant, ok := oracleInstant(operand.(string))
			if !ok {
				panic(fmt.Sprint("no instant: ", operand))
			}
			return read(s).Compare(instant)
		}
		among := func(s *oracleStanding) bool {
			return read(s) != nil && slices.ContainsFunc(operand.([]any), func(one any) bool { return compare(s, one) == 0 })
		}
		switch name {
		case "in":
			tests = append(tests, among)
		case "notIn":
			tests = append(tests, oracleNot(among))
		case "between":
			ends := operand.([]any)
			tests = append(tests, func(s *oracleStanding) bool {
				return read(s) != nil && compare(s, ends[0]) >= 0 && compare(s, ends[1]) <= 0
			})
		default:
			tests = append(tests, func(s *oracleStanding) bool {
				if read(s) == nil {
					return name == "ne"
				}
				return oracleHolds(name, compare(s, operand))
			})
		}
	}
	return oracleAll(tests)
}

// oracleProduced returns the condition of a ProducerFilter. A version without a producer has no text for its text
// filters.
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
