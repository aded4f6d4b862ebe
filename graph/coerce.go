package graph

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/placard/placard/models"
)

// enumName is an enum value in a query text, where it is not text.
type enumName string

// unset is a variable without a value and without a default, in the place of its value.
type unset struct{ variable string }

func isUnset(node any) bool {
	_, ok := node.(unset)
	return ok
}

// literal is a value of a query text as a node of a models.Tree, with variables put in.
func literal(value *ast.Value, r *request) any {
	switch value.Kind {
	case ast.Variable:
		if sent, ok := r.variable(value.Raw); ok {
			return sent
		}
		if definition := value.VariableDefinition; definition != nil && definition.DefaultValue != nil {
			return literal(definition.DefaultValue, r)
		}
		return unset{value.Raw}
	case ast.IntValue, ast.FloatValue:
		return json.Number(value.Raw)
	case ast.BooleanValue:
		return value.Raw == "true"
	case ast.NullValue:
		return nil
	case ast.EnumValue:
		return enumName(value.Raw)
	case ast.ListValue:
		list := make([]any, len(value.Children))
		for i, child := range value.Children {
			list[i] = literal(child.Value, r)
		}
		return list
	case ast.ObjectValue:
		object := make(models.Object, len(value.Children))
		for i, child := range value.Children {
			object[i] = models.Member{Key: child.Name, Value: literal(child.Value, r)}
		}
		return object
	}
	return value.Raw // a string or a block string
}

// coerce checks a value against a type and brings it into the form that the generated code reads. It treats literals
// and variables alike, and is the one place that enforces @oneOf: the validation of queries does so for literals
// only. Whatever it refuses is BAD_INPUT at the place of the value.
func coerce(schema *ast.Schema, t *ast.Type, at *models.Path, node any, left *int) (any, error) {
	return coercion{schema: schema, left: left}.value(t, at, node)
}

// mostValues bounds what the arguments of an operation hold together, a variable counted wherever it stands: each value of an
// input, each item of a list and each value inside JSON once, input objects three times, as they take more. A body at its
// limit can hold a million values once.
const mostValues = 1_200_000

// coercion checks values against the types of a schema.
type coercion struct {
	schema *ast.Schema
	// left is how many values the arguments of the operation may still have.
	left *int
	// depth is in how many input objects the value stands.
	depth int
	// presentOnly refuses the ID of a view of the past: it is set inside filters and inputs of mutations.
	presentOnly bool
}

// versionRef is the input that names a version to read, by an ID that may be that of a view.
const versionRef = "ArtifactVersionRef"

// take counts values.
func (c coercion) take(n int) error {
	if *c.left -= n; *c.left < 0 {
		return models.LimitExceeded(nil, "values in the arguments of an operation", mostValues, mostValues+1)
	}
	return nil
}

func (c coercion) value(t *ast.Type, at *models.Path, node any) (any, error) {
	if err := c.take(1); err != nil {
		return nil, err
	}
	if node == nil {
		if t.NonNull {
			return nil, models.BadInput(at, "must not be null")
		}
		return nil, nil
	}
	if t.Elem != nil {
		return c.list(t.Elem, at, node)
	}
	definition := c.schema.Types[t.NamedType]
	switch definition.Kind {
	case ast.InputObject:
		return c.object(definition, at, node)
	case ast.Enum:
		name, ok := node.(string)
		if literal, isLiteral := node.(enumName); isLiteral {
			name, ok = string(literal), true
		}
		if !ok || definition.EnumValues.ForName(name) == nil {
			return nil, models.BadInput(at, "must be one of the values of %s", definition.Name)
		}
		return name, nil
	}
	return c.scalar(definition.Name, at, node)
}

// mostListed is more than any list of an argument may have, and mostNested deeper than any input may be. What is beyond is
// refused before something is made of it.
const (
	mostListed = 20_000
	mostNested = 100
)

func (c coercion) list(item *ast.Type, at *models.Path, node any) (any, error) {
	list, ok := node.([]any)
	if !ok {
		one, err := c.value(item, at, node) // a value alone is a list of one
		return []any{one}, err
	}
	if len(list) > mostListed {
		return nil, models.LimitExceeded(at, "items in a list", mostListed, int64(len(list)))
	}
	coerced := make([]any, len(list))
	for i, node := range list {
		if isUnset(node) {
			node = nil
		}
		var err error
		if coerced[i], err = c.value(item, at.In(i), node); err != nil {
			return nil, err
		}
	}
	return coerced, nil
}

func (c coercion) object(definition *ast.Definition, at *models.Path, node any) (any, error) {
	object, ok := node.(models.Object)
	if !ok {
		return nil, models.BadInput(at, "must be an object")
	}
	if err := c.take(2); err != nil {
		return nil, err
	}
	if c.depth++; c.depth > mostNested {
		return nil, models.LimitExceeded(at, "inputs inside each other", mostNested, int64(c.depth))
	}
	c.presentOnly = c.presentOnly || definition.Name != versionRef
	object = slices.DeleteFunc(slices.Clone(object), func(m models.Member) bool { return isUnset(m.Value) })
	if definition.Directives.ForName("oneOf") != nil && (len(object) != 1 || object[0].Value == nil) {
		return nil, models.BadInput(at, "must have exactly one field, and that not null")
	}
	coerced := make(map[string]any, len(object))
	for _, member := range object {
		field := definition.Fields.ForName(member.Key)
		if field == nil {
			return nil, models.BadInput(at.In(member.Key), "is no field of %s", definition.Name)
		}
		if _, twice := coerced[member.Key]; twice {
			return nil, models.BadInput(at.In(member.Key), "stands twice in the object")
		}
		if member.Value == nil && !mayBeNull(definition.Name, member.Key) {
			return nil, models.BadInput(at.In(member.Key), "must not be null in a filter: leave it out")
		}
		var err error
		if coerced[member.Key], err = c.value(field.Type, at.In(member.Key), member.Value); err != nil {
			return nil, err
		}
	}
	for _, field := range definition.Fields {
		if _, given := coerced[field.Name]; !given && field.Type.NonNull && field.DefaultValue == nil {
			return nil, models.BadInput(at.In(field.Name), "must be given")
		}
	}
	return coerced, nil
}

// mayBeNull says whether a field of an input may be null. In a filter null would be a condition that silently is none,
// such as a variable that somebody forgot; it is only allowed where it has a meaning of its own.
func mayBeNull(input, field string) bool {
	switch {
	case input == "MetadataPredicate":
		return field == "card" || field == "eq" || field == "ne"
	case strings.HasSuffix(input, "Filter"):
		return false
	}
	return true
}

func (c coercion) scalar(name string, at *models.Path, node any) (any, error) {
	number, isNumber := node.(json.Number)
	text, isText := node.(string)
	switch name {
	case "String":
		if !isText {
			return nil, models.BadInput(at, "must be text")
		}
		return text, models.CheckCharacters(at, text)
	case "ID":
		if isNumber && models.IsInteger(string(number)) {
			return string(number), nil
		}
		if !isText {
			return nil, models.BadInput(at, "must be an ID")
		}
		if node, ok := models.ParseNodeID(text); c.presentOnly && ok && node.AsOf != nil {
			return nil, models.BadInput(at, "is a view of the past: the ID without %q is that of the object", "@…")
		}
		return text, nil
	case "Boolean":
		if _, ok := node.(bool); !ok {
			return nil, models.BadInput(at, "must be true or false")
		}
		return node, nil
	case "Int":
		if _, err := strconv.ParseInt(string(number), 10, 32); err != nil || !models.IsInteger(string(number)) {
			return nil, models.BadInput(at, "must be an integer between -2147483648 and 2147483647")
		}
		return number, nil
	case "Float":
		if f, err := strconv.ParseFloat(string(number), 64); err != nil || math.IsInf(f, 0) {
			return nil, models.BadInput(at, "must be a number that a double can hold")
		}
		return number, nil
	case "Int64":
		if _, ok := models.ParseInt64(node); !ok {
			return nil, models.BadInput(at, "must be an integer of 64 bits, as a number or as a string")
		}
		return node, nil
	case "DateTime":
		if _, ok := models.ParseTime(text); !ok {
			return nil, models.BadInput(at, "must be an instant such as 2026-01-02T03:04:05Z, with a zone and up to nine decimals")
		}
		return text, nil
	case "JSONObject":
		if _, ok := node.(models.Object); !ok {
			return nil, models.BadInput(at, "must be an object")
		}
	}
	// JSON: what is wrong inside is found by whoever reads it, but for a variable, which only the query has.
	return node, c.checkSet(at, node)
}

// checkSet refuses JSON that holds a variable without a value: to leave it out would drop something in silence.
func (c coercion) checkSet(at *models.Path, node any) error {
	if err := c.take(1); err != nil {
		return err
	}
	switch node := node.(type) {
	case unset:
		return models.BadInput(at, "the variable $%s is not given", node.variable)
	case []any:
		for i, item := range node {
			if err := c.checkSet(at.In(i), item); err != nil {
				return err
			}
		}
	case models.Object:
		for _, member := range node {
			if err := c.checkSet(at.In(member.Key), member.Value); err != nil {
				return err
			}
		}
	}
	return nil
}
