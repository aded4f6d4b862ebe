package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
)

// argumentOrder is the order of the arguments that several fields have.
var argumentOrder = []string{"project", "where", "orderBy", "asOf", "first", "after", "last", "before"}

// TestConventionsArguments checks that all fields have common arguments in the same order and with the same types, and
// describe the arguments of pages alike.
func TestConventionsArguments(t *testing.T) {
	t.Parallel()
	schema, _ := loadSchema(t)
	types := map[string]string{
		"project": "String", "asOf": "DateTime", "first": "Int", "after": "String", "last": "Int", "before": "String",
	}
	texts := map[string]string{
		"after": "The cursor after which the page begins.", "before": "The cursor before which the page ends.",
	}
	for _, definition := range ownTypes(schema) {
		if definition.Kind == ast.InputObject {
			continue
		}
		for _, field := range definition.Fields {
			name, position := definition.Name+"."+field.Name, -1
			for _, argument := range field.Arguments {
				place := slices.Index(argumentOrder, argument.Name)
				if place >= 0 && place < position {
					t.Errorf("%s: %s must be before %s", name, argument.Name, argumentOrder[position])
				}
				position = max(position, place)
				if want := types[argument.Name]; want != "" && argument.Type.Name() != want {
					t.Errorf("%s(%s) must be of type %s, not %s", name, argument.Name, want, argument.Type)
				}
				if want := texts[argument.Name]; want != "" && argument.Description != want {
					t.Errorf("%s(%s) must have the description %q", name, argument.Name, want)
				}
			}
			hasLast, hasBefore := field.Arguments.ForName("last") != nil, field.Arguments.ForName("before") != nil
			if hasLast != hasBefore {
				t.Errorf("%s must have both or none of last and before", name)
			}
		}
	}
}

// TestConventionsConnections checks that all connections and edges have the same fields, types and descriptions.
func TestConventionsConnections(t *testing.T) {
	t.Parallel()
	schema, _ := loadSchema(t)
	artifacts := schema.Types["ArtifactConnection"]
	for _, definition := range ownTypes(schema) {
		node, isConnection := strings.CutSuffix(definition.Name, "Connection")
		if isConnection {
			want := "edges: [" + node + "Edge!]!, nodes: [" + node + "!]!, pageInfo: PageInfo!, totalCount: Int!, " +
				"totalCountCapped: Boolean!"
			if got := listFields(definition); got != want {
				t.Errorf("%s has the fields %s, want %s", definition.Name, got, want)
			}
			for _, name := range []string{"pageInfo", "totalCount", "totalCountCapped"} {
				field, want := definition.Fields.ForName(name), artifacts.Fields.ForName(name).Description
				if field != nil && field.Description != want {
					t.Errorf("%s.%s must have the description %q", definition.Name, name, want)
				}
			}
			if !strings.HasPrefix(definition.Description, "A page of ") {
				t.Errorf("%s: the description must begin with %q", definition.Name, "A page of")
			}
		}
		if node, isEdge := strings.CutSuffix(definition.Name, "Edge"); isEdge {
			if got, want := listFields(definition), "cursor: String!, node: "+node+"!"; got != want {
				t.Errorf("%s has the fields %s, want %s", definition.Name, got, want)
			}
		}
	}
}

// listFields returns the fields of a type with their types.
func listFields(definition *ast.Definition) string {
	var fields []string
	for _, field := range definition.Fields {
		fields = append(fields, field.Name+": "+field.Type.String())
	}
	return strings.Join(fields, ", ")
}

// operators are the groups of operators of filters. A filter has all operators of a group or none.
var operators = [][]string{
	{"eq", "ne", "in", "notIn"}, {"lt", "lte", "gt", "gte", "between"},
	{"contains", "startsWith", "endsWith", "ignoreCase"}, {"and", "or", "not"},
}

// TestConventionsFilters checks that filters have the same operators in the same order, and describe them alike.
func TestConventionsFilters(t *testing.T) {
	t.Parallel()
	schema, _ := loadSchema(t)
	for _, definition := range ownTypes(schema) {
		if definition.Kind != ast.InputObject || !strings.HasSuffix(definition.Name, "Filter") {
			continue
		}
		var names []string
		for _, field := range definition.Fields {
			names = append(names, field.Name)
		}
		for _, group := range operators {
			start := slices.Index(names, group[0])
			if start < 0 && !slices.ContainsFunc(group, func(name string) bool { return slices.Contains(names, name) }) {
				continue
			}
			if start < 0 || start+len(group) > len(names) || !slices.Equal(names[start:start+len(group)], group) {
				t.Errorf("%s must have the operators %v together, but has %v", definition.Name, group, names)
			}
		}
		if eq, in := definition.Fields.ForName("eq"), definition.Fields.ForName("in"); eq != nil && in != nil &&
			(in.Type.Elem == nil || in.Type.Elem.Name() != eq.Type.Name() || eq.Type.NonNull) {
			t.Errorf("%s: in must be a list of the type of eq, which is nullable", definition.Name)
		}
		if not := definition.Fields.ForName("not"); not != nil && (not.Type.String() != definition.Name ||
			definition.Fields.ForName("and").Type.String() != "["+definition.Name+"!]" ||
			definition.Fields.ForName("or").Type.String() != "["+definition.Name+"!]") {
			t.Errorf("%s: and, or and not must be of its own type", definition.Name)
		}
	}
}

// TestConventionsCounts checks that each count is an Int, and that its description begins with "The number of".
func TestConventionsCounts(t *testing.T) {
	t.Parallel()
	schema, _ := loadSchema(t)
	for _, definition := range ownTypes(schema) {
		if definition.Kind != ast.Object {
			continue
		}
		for _, field := range definition.Fields {
			isCount := field.Name == "count" || strings.HasSuffix(field.Name, "Count")
			isDescribed := strings.HasPrefix(field.Description, "The number of ")
			if isCount && (!isDescribed || field.Type.Name() != "Int") {
				t.Errorf("%s.%s must be an Int whose description begins with %q", definition.Name, field.Name, "The number of")
			}
		}
	}
}

// TestConventionsIdempotency checks that a payload has deduplicated if and only if its input has idempotencyKey, and
// that all of them are described alike.
func TestConventionsIdempotency(t *testing.T) {
	t.Parallel()
	schema, _ := loadSchema(t)
	for _, mutation := range schema.Mutation.Fields {
		input, payload := schema.Types[mutation.Arguments[0].Type.Name()], schema.Types[mutation.Type.Name()]
		key, deduplicated := input.Fields.ForName("idempotencyKey"), payload.Fields.ForName("deduplicated")
		if (key == nil) != (deduplicated == nil) {
			t.Errorf("%s must have both or none of idempotencyKey and deduplicated", mutation.Name)
		}
		if key == nil || deduplicated == nil {
			continue
		}
		if key != input.Fields[len(input.Fields)-1] || deduplicated != payload.Fields[len(payload.Fields)-1] {
			t.Errorf("%s: idempotencyKey and deduplicated must be the last fields", mutation.Name)
		}
		const see = "See `LogMetadataInput.idempotencyKey`"
		if input.Name != "LogMetadataInput" && !strings.HasPrefix(key.Description, see) {
			t.Errorf("%s.idempotencyKey: the description must begin with %q", input.Name, see)
		}
		want := "True if this is the response of an earlier call with the same idempotency key."
		if input.Fields.ForName("clientId") != nil {
			want = "True if an earlier call with the same idempotency key or client-made ID created it."
		}
		if deduplicated.Description != want {
			t.Errorf("%s.deduplicated must have the description %q", payload.Name, want)
		}
	}
}

// TestConventionsEnglish checks that no description begins like a riddle, such as "It is this" or "What it has".
func TestConventionsEnglish(t *testing.T) {
	t.Parallel()
	schema, _ := loadSchema(t)
	riddle := regexp.MustCompile(`^(It|What|Whatever|Whether|Where|Who|Whose|How) `)
	check := func(element, description string) {
		if riddle.MatchString(description) {
			t.Errorf("%s: the description %q must begin with a noun or a verb", element, description)
		}
		if !strings.HasSuffix(strings.TrimSpace(description), ".") {
			t.Errorf("%s: the description %q must end with a period", element, description)
		}
	}
	for _, definition := range ownTypes(schema) {
		check(definition.Name, definition.Description)
		for _, field := range definition.Fields {
			if strings.HasPrefix(field.Name, "__") {
				continue
			}
			check(definition.Name+"."+field.Name, field.Description)
			for _, argument := range field.Arguments {
				check(definition.Name+"."+field.Name+"("+argument.Name+")", argument.Description)
			}
		}
		for _, value := range definition.EnumValues {
			check(definition.Name+"."+value.Name, value.Description)
		}
	}
}
