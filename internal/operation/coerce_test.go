package operation

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"github.com/placard/placard/internal/jsontree"
	"github.com/placard/placard/models"
)

// inputSchema has an input of each form.
const inputSchema = `
scalar Int64
scalar DateTime
scalar JSON
scalar JSONObject
enum Color { RED BLUE }
input Choice @oneOf { id: ID number: Int }
input ArtifactVersionRef @oneOf { id: ID choice: Choice }
input StringFilter { eq: String in: [String!] }
input MetadataFilter { card: String eq: JSON kind: Color }
input Thing { color: Color! size: Int! = 3 note: String tags: [String!] grid: [[Int]] parent: Thing ref: ArtifactVersionRef id: ID json: JSON object: JSONObject }
type Query { f: Int }
type Mutation { f: Int }`

func loadSchema(t *testing.T, text string) *ast.Schema {
	t.Helper()
	schema, err := gqlparser.LoadSchema(&ast.Source{Input: text})
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// typeOf parses a type such as [Int!].
func typeOf(t *testing.T, text string) *ast.Type {
	t.Helper()
	tree, err := parser.ParseQuery(&ast.Source{Input: "query($v: " + text + ") { f }"})
	if err != nil {
		t.Fatal(err)
	}
	return tree.Operations[0].VariableDefinitions[0].Type
}

func TestCoerce(t *testing.T) {
	t.Parallel()
	schema := loadSchema(t, inputSchema)
	view := models.NewID().String() + "@2026-01-02T03:04:05.000000Z"
	for _, c := range []struct {
		typ, json string
		// want is the value, or the code and the path of the error.
		want string
	}{
		{"Int", `null`, "<nil>"},
		{"Int!", `null`, "BAD_INPUT [at]"},
		{"Int", `2147483647`, "2147483647"},
		{"Int", `2147483648`, "BAD_INPUT [at]"},
		{"Int", `-2147483648`, "-2147483648"},
		{"Int", `1.0`, "BAD_INPUT [at]"},
		{"Int", `1e2`, "BAD_INPUT [at]"},
		{"Int", `"1"`, "BAD_INPUT [at]"},
		{"Float", `1e308`, "1e308"},
		{"Float", `1e309`, "BAD_INPUT [at]"},
		{"Float", `"1"`, "BAD_INPUT [at]"},
		{"Boolean", `false`, "false"},
		{"Boolean", `0`, "BAD_INPUT [at]"},
		{"String", `"a"`, "a"},
		{"String", `1`, "BAD_INPUT [at]"},
		{"String", `"a\u0000"`, "BAD_INPUT [at]"},
		{"ID", `7`, "7"},
		{"ID", `7.5`, "BAD_INPUT [at]"},
		{"ID", `true`, "BAD_INPUT [at]"},
		{"ID", `"` + view + `"`, view},
		{"Int64", `"9223372036854775807"`, "9223372036854775807"},
		{"Int64", `9223372036854775808`, "BAD_INPUT [at]"},
		{"DateTime", `"2026-01-02T03:04:05Z"`, "2026-01-02T03:04:05Z"},
		{"DateTime", `"2026-01-02"`, "BAD_INPUT [at]"},
		{"DateTime", `1`, "BAD_INPUT [at]"},
		{"Color", `"RED"`, "RED"},
		{"Color", `"GREEN"`, "BAD_INPUT [at]"},
		{"Color", `1`, "BAD_INPUT [at]"},
		{"JSON", `[1, {"a": null}]`, "[1 [{a <nil>}]]"},
		{"JSONObject", `{"a": 1, "a": 2}`, "[{a 1} {a 2}]"},
		{"JSONObject", `[1]`, "BAD_INPUT [at]"},
		{"[Int!]", `[1, 2]`, "[1 2]"},
		{"[Int!]", `1`, "[1]"},
		{"[Int!]", `[1, null]`, "BAD_INPUT [at 1]"},
		{"[[Int]]", `[[1], 2, null]`, "[[1] [2] <nil>]"},
		{"Thing", `{"color": "RED"}`, "map[color:RED]"},
		{"Thing", `{"color": "RED", "size": null}`, "BAD_INPUT [at size]"},
		{"Thing", `{"size": 1}`, "BAD_INPUT [at color]"},
		{"Thing", `{"color": "RED", "shape": 1}`, "BAD_INPUT [at shape]"},
		{"Thing", `{"color": "RED", "note": "a", "note": "a"}`, "BAD_INPUT [at note]"},
		{"Thing", `{"color": "RED", "note": null}`, "map[color:RED note:<nil>]"},
		{"Thing", `{"color": "RED", "parent": {"color": "BLUE", "grid": [[1, "x"]]}}`, "BAD_INPUT [at parent grid 0 1]"},
		{"Thing", `[]`, "BAD_INPUT [at]"},
		{"Choice", `{"id": "a"}`, "map[id:a]"},
		{"Choice", `{"id": "a", "number": 1}`, "BAD_INPUT [at]"},
		{"Choice", `{"id": null}`, "BAD_INPUT [at]"},
		{"Choice", `{}`, "BAD_INPUT [at]"},
		{"StringFilter", `{"eq": null}`, "BAD_INPUT [at eq]"},
		{"MetadataFilter", `{"eq": null, "card": null}`, "map[card:<nil> eq:<nil>]"},
		{"MetadataFilter", `{"kind": null}`, "BAD_INPUT [at kind]"},
		{"Thing", `{"color": "RED", "id": "` + view + `"}`, "BAD_INPUT [at id]"},
		{"ArtifactVersionRef", `{"id": "` + view + `"}`, "map[id:" + view + "]"},
		{"ArtifactVersionRef", `{"choice": {"id": "` + view + `"}}`, "BAD_INPUT [at choice id]"},
		{"Thing", `{"color": "RED", "ref": {"id": "` + view + `"}}`, "BAD_INPUT [at ref id]"},
		{"Thing", strings.Repeat(`{"color": "RED", "parent": `, maxInputDepth-1) + `{"color": "RED"}` + strings.Repeat("}", maxInputDepth-1), "a deep map"},
		{"[Int]", "[" + strings.Repeat("1,", maxListItems-1) + "1]", "a long list"},
		{"[Int]", "[" + strings.Repeat("1,", maxListItems) + "1]", "LIMIT_EXCEEDED [at]"},
	} {
		node, err := jsontree.ParseUnchecked([]byte(c.json))
		if err != nil {
			t.Fatal(err)
		}
		remaining := maxArgumentValues
		got, err := coerce(schema, typeOf(t, c.typ), models.NewPath("at"), node, &remaining)
		text := describe(got, err)
		if strings.HasPrefix(c.want, "a ") && err == nil {
			text = c.want
		}
		if text != c.want {
			t.Errorf("%s from %.200s: got %s, want %s (%v)", c.typ, c.json, text, c.want, err)
		}
	}
}

// describe returns a value, or the code and the path of an error.
func describe(value any, err error) string {
	var failure *models.Error
	if errors.As(err, &failure) {
		return fmt.Sprint(failure.Code, " ", failure.Path)
	}
	return fmt.Sprint(value)
}

// TestCoerceLiterals coerces what only a query text can have: names of enums, and variables without a value.
func TestCoerceLiterals(t *testing.T) {
	t.Parallel()
	schema := loadSchema(t, inputSchema)
	missing := undefined{"v"}
	object := func(key string, value any) models.Object {
		return models.Object{{Key: "color", Value: enumLiteral("RED")}, {Key: key, Value: value}}
	}
	for _, c := range []struct {
		typ  string
		node any
		want string
	}{
		{"Color", enumLiteral("BLUE"), "BLUE"},
		{"Color", enumLiteral("GREEN"), "BAD_INPUT [at]"},
		{"String", enumLiteral("BLUE"), "BAD_INPUT [at]"},
		{"[Int]", []any{missing}, "[<nil>]"},
		{"[Int!]", []any{missing}, "BAD_INPUT [at 0]"},
		{"Thing", object("note", missing), "map[color:RED]"},
		{"Choice", models.Object{{Key: "id", Value: missing}, {Key: "number", Value: nil}}, "BAD_INPUT [at]"},
		{"Choice", models.Object{{Key: "id", Value: "a"}, {Key: "number", Value: missing}}, "map[id:a]"},
		{"JSON", []any{models.Object{{Key: "a", Value: missing}}}, "BAD_INPUT [at 0 a]"},
	} {
		remaining := maxArgumentValues
		got, err := coerce(schema, typeOf(t, c.typ), models.NewPath("at"), c.node, &remaining)
		if text := describe(got, err); text != c.want {
			t.Errorf("%s from %v: got %s, want %s (%v)", c.typ, c.node, text, c.want, err)
		}
	}
}

// TestCoercedValuesAreCounted checks how many values an input has: a scalar is one, an object three, and JSON has one for each
// value inside it.
func TestCoercedValuesAreCounted(t *testing.T) {
	t.Parallel()
	schema := loadSchema(t, inputSchema)
	for _, c := range []struct {
		typ, json string
		want      int
	}{
		{"Int", `1`, 1}, {"Int", `null`, 1}, {"[Int]", `[1, 2]`, 3}, {"Int64", `1`, 1}, {"Thing", `{"color": "RED"}`, 4},
		{"JSON", `1`, 2}, {"JSON", `[1, {"a": 2}]`, 5},
	} {
		node, err := jsontree.ParseUnchecked([]byte(c.json))
		if err != nil {
			t.Fatal(err)
		}
		for _, spare := range []int{0, -1} {
			remaining := c.want + spare
			_, err := coerce(schema, typeOf(t, c.typ), nil, node, &remaining)
			if (spare == 0) != (err == nil) || spare == 0 && remaining != 0 || err != nil && models.CodeOf(err) != models.CodeLimitExceeded {
				t.Errorf("%s from %s, with %d values left: %d remain, %v", c.typ, c.json, c.want+spare, remaining, err)
			}
		}
	}
}
