package graph_test

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"unicode/utf8"
)

// oracleAt reads the value at the card, key and path of a predicate or an order.
func oracleAt(node map[string]any) func(*oracleStanding) (oracleValue, bool) {
	card, _ := node["card"].(string)
	place := oraclePlace{card, node["key"].(string)}
	steps, _ := node["path"].([]any)
	return func(s *oracleStanding) (oracleValue, bool) {
		value, ok := s.values[place]
		for _, step := range steps {
			if ok {
				value, ok = value.step(step.(string))
			}
		}
		return value, ok
	}
}

// oraclePredicate returns the condition of a MetadataFilter.
func oraclePredicate(predicate map[string]any) oracleTest {
	read := oracleAt(predicate)
	ignoreCase := predicate["ignoreCase"] == true
	var tests []oracleTest
	for name, operand := range predicate {
		var fits func(oracleValue) bool
		switch name {
		case "card", "key", "path", "ignoreCase":
			continue
		case "exists":
			fits = func(oracleValue) bool { return true }
		case "kind":
			fits = func(v oracleValue) bool { return v.kind == operand }
		case "eq", "ne":
			fits = oracleAmong([]any{operand}, ignoreCase)
		case "in", "notIn":
			fits = oracleAmong(operand.([]any), ignoreCase)
		case "lt", "lte", "gt", "gte":
			fits = oracleCompared(name, operand)
		case "between":
			ends := operand.([]any)
			from, to := oracleCompared("gte", ends[0]), oracleCompared("lte", ends[1])
			fits = func(v oracleValue) bool { return from(v) && to(v) }
		case "contains":
			fits = oracleContains(operand, ignoreCase)
		case "startsWith":
			fits = oracleMatches(operand.(string), ignoreCase, strings.HasPrefix)
		case "endsWith":
			fits = oracleMatches(operand.(string), ignoreCase, strings.HasSuffix)
		default:
			panic("no field of a predicate: " + name)
		}
		test := func(s *oracleStanding) bool {
			value, ok := read(s)
			return ok && fits(value)
		}
		if name == "ne" || name == "notIn" || name == "exists" && operand == false {
			test = oracleNot(test)
		}
		tests = append(tests, test)
	}
	return oracleAll(tests)
}

// oracleAmong holds for what equals one of the operands in one of its readings.
func oracleAmong(operands []any, ignoreCase bool) func(oracleValue) bool {
	var readings []oracleValue
	for _, operand := range operands {
		readings = append(readings, oracleReadings(operand)...)
	}
	return func(v oracleValue) bool { return v.equalAny(readings, ignoreCase) }
}

// oracleCompared holds for what compares as asked with a reading of its own sort.
func oracleCompared(name string, operand any) func(oracleValue) bool {
	readings := oracleReadings(operand)
	if sort := readings[0].sort; sort == ofBoolean || sort == ofNull {
		panic(fmt.Sprintf("%s has no meaning for %v", name, operand))
	}
	return func(v oracleValue) bool {
		return slices.ContainsFunc(readings, func(reading oracleValue) bool {
			return v.sort != unsorted && v.sort == reading.sort && oracleHolds(name, v.compare(reading))
		})
	}
}

// oracleContains holds for a text with the text of the operand in it, and for a list, tuple or set with the member.
func oracleContains(operand any, ignoreCase bool) func(oracleValue) bool {
	readings := oracleReadings(operand)
	inText := func(oracleValue) bool { return false }
	if readings[0].sort == ofText {
		inText = oracleMatches(readings[0].text, ignoreCase, strings.Contains)
	}
	return func(v oracleValue) bool {
		return inText(v) || slices.ContainsFunc(v.items, func(item oracleValue) bool { return item.equalAny(readings, ignoreCase) })
	}
}

// oracleMatches returns a condition that holds for texts that match the pattern.
func oracleMatches(pattern string, ignoreCase bool, match func(text, pattern string) bool) func(oracleValue) bool {
	return func(v oracleValue) bool {
		if ignoreCase {
			return v.sort == ofText && match(oracleFold(v.text), oracleFold(pattern))
		}
		return v.sort == ofText && match(v.text, pattern)
	}
}

// oracleSearch returns the versions of a filter in order. The filter and the order may be nil.
func oracleSearch(standing []*oracleStanding, filter map[string]any, order []any) []*oracleStanding {
	test := oracleFilter(filter)
	var found []*oracleStanding
	for _, s := range standing {
		if test(s) {
			found = append(found, s)
		}
	}
	if order == nil {
		order = []any{map[string]any{"field": "CREATED_AT", "direction": "DESC"}}
	}
	var terms []func(a, b *oracleStanding) int
	for _, term := range order {
		terms = append(terms, oracleTerm(term.(map[string]any)))
	}
	slices.SortFunc(found, func(a, b *oracleStanding) int {
		for _, term := range terms {
			if compared := term(a, b); compared != 0 {
				return compared
			}
		}
		return cmp.Compare(a.id, b.id)
	})
	return found
}

// oracleTerm compares two versions by one ArtifactVersionOrder.
func oracleTerm(term map[string]any) func(a, b *oracleStanding) int {
	read := oracleOrderField(term["field"])
	if place, ok := term["metadata"].(map[string]any); ok {
		read = oracleAt(place)
		if steps, _ := place["path"].([]any); len(steps) == 0 {
			read = oracleBeginning(read)
		}
	}
	// The groups have this order in both directions.
	const ordered, unordered = 1, 2
	missing := 3
	if term["nulls"] == "FIRST" {
		missing = 0
	}
	group := func(v oracleValue, ok bool) int {
		switch {
		case !ok || v.sort == ofNull:
			return missing
		case v.sort == unsorted:
			return unordered
		}
		return ordered
	}
	return func(a, b *oracleStanding) int {
		v, ok := read(a)
		w, also := read(b)
		if compared := cmp.Compare(group(v, ok), group(w, also)); compared != 0 || group(v, ok) != ordered {
			return compared
		}
		compared := cmp.Compare(v.sort, w.sort)
		if compared == 0 {
			compared = v.compare(w)
		}
		if term["direction"] == "DESC" {
			compared = -compared
		}
		return compared
	}
}

// oracleBeginning reads of a text the characters that fit into its first 399 bytes, by which a whole value is sorted.
func oracleBeginning(read func(*oracleStanding) (oracleValue, bool)) func(*oracleStanding) (oracleValue, bool) {
	return func(s *oracleStanding) (oracleValue, bool) {
		value, ok := read(s)
		end := 0
		for at, r := range value.text {
			if at+utf8.RuneLen(r) <= 399 {
				end = at + utf8.RuneLen(r)
			}
		}
		value.text = value.text[:end]
		return value, ok
	}
}

func oracleOrderField(field any) func(*oracleStanding) (oracleValue, bool) {
	text := func(text string) oracleValue { return oracleValue{sort: ofText, text: text} }
	return func(s *oracleStanding) (oracleValue, bool) {
		switch field {
		case "CREATED_AT":
			return oracleValue{sort: ofInstant, instant: s.createdAt}, true
		case "LAST_LOGGED_AT":
			if s.lastLogged == nil {
				return oracleValue{}, false
			}
			return oracleValue{sort: ofInstant, instant: *s.lastLogged}, true
		case "NUMBER":
			return oracleValue{sort: ofNumber, number: big.NewRat(int64(s.number), 1)}, true
		case "VERSION":
			return text(s.version), true
		case "ARTIFACT":
			return text(s.artifact), true
		case "TYPE":
			if s.kind == nil {
				return oracleValue{}, false
			}
			return text(*s.kind), true
		}
		panic(fmt.Sprint("no field to sort by: ", field))
	}
}
