package operation

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/placard/placard/internal/near"
	"github.com/placard/placard/models"
)

// enumLiteral is an enum value of a query text. In variables an enum value is text.
type enumLiteral string

// undefined replaces a variable that has neither a value nor a default.
type undefined struct{ variable string }

func isUndefined(node any) bool {
	_, ok := node.(undefined)
	return ok
}

// unknown replaces the variables of a query that is validated, so without a request. It is a valid value of any type.
type unknown struct{}

// literalValue returns a value of a query text as a node of a models.Tree, with the values of variables. r is nil in
// the validation.
func literalValue(value *ast.Value, r *Request) any {
	switch value.Kind {
	case ast.Variable:
		if r == nil {
			return unknown{}
		}
		if sent, ok := r.variable(value.Raw); ok {
			return sent
		}
		if definition := value.VariableDefinition; definition != nil && definition.DefaultValue != nil {
			return literalValue(definition.DefaultValue, r)
		}
		return undefined{value.Raw}
	case ast.IntValue, ast.FloatValue:
		return json.Number(value.Raw)
	case ast.BooleanValue:
		return value.Raw == "true"
	case ast.NullValue:
		return nil
	case ast.EnumValue:
		return enumLiteral(value.Raw)
	case ast.ListValue:
		list := make([]any, len(value.Children))
		for i, child := range value.Children {
			list[i] = literalValue(child.Value, r)
		}
		return list
	case ast.ObjectValue:
		object := make(models.Object, len(value.Children))
		for i, child := range value.Children {
			object[i] = models.Member{Key: child.Name, Value: literalValue(child.Value, r)}
		}
		return object
	}
	return value.Raw // a string or a block string
}

// coerce checks a value against a type and returns it in the form that the generated code reads. It treats literals and
// variables alike. It is the only place that enforces @oneOf, because the validator checks literals only. The remaining
// number of values is reduced by those of the value. Errors are BAD_INPUT or LIMIT_EXCEEDED at the path of the value.
func coerce(schema *ast.Schema, t *ast.Type, path *models.Path, node any, remaining *int) (any, error) {
	return coercer{schema: schema, remaining: remaining}.value(t, path, node)
}

const (
	// maxArgumentValues bounds the values in the arguments of an operation. A variable counts at each of its uses. Each
	// value of an input, each item of a list and each value inside JSON counts once; an input object counts three
	// times, because it takes more memory. A body of the maximum size can contain a million values.
	maxArgumentValues = 1_200_000
	// maxListItems exceeds the limit of each list argument. It is checked before a list is converted.
	maxListItems = 20_000
	// maxInputDepth exceeds the limit of each nested input.
	maxInputDepth = 100
)

// coercer coerces values by the types of a schema.
type coercer struct {
	schema *ast.Schema
	// remaining is the number of values that the arguments of the operation may still have.
	remaining *int
	// depth is the number of input objects around the value.
	depth int
	// presentOnly refuses the IDs of views of the past. It is set inside filters and inputs of mutations.
	presentOnly bool
}

// versionRef is the input that names a version to read. Its ID may be that of a view.
const versionRef = "ArtifactVersionRef"

// consume counts values.
func (c coercer) consume(n int) error {
	if *c.remaining -= n; *c.remaining < 0 {
		return models.LimitExceeded(nil, "values in the arguments of an operation", maxArgumentValues, maxArgumentValues+1)
	}
	return nil
}

func (c coercer) value(t *ast.Type, path *models.Path, node any) (any, error) {
	if err := c.consume(1); err != nil {
		return nil, err
	}
	if node == nil {
		if t.NonNull {
			return nil, models.BadInput(path, "must not be null")
		}
		return nil, nil
	}
	if _, isUnknown := node.(unknown); isUnknown {
		return nil, nil
	}
	if t.Elem != nil {
		return c.list(t.Elem, path, node)
	}
	definition := c.schema.Types[t.NamedType]
	switch definition.Kind {
	case ast.InputObject:
		return c.object(definition, path, node)
	case ast.Enum:
		name, ok := node.(string)
		if literal, isLiteral := node.(enumLiteral); isLiteral {
			name, ok = string(literal), true
		}
		if !ok || definition.EnumValues.ForName(name) == nil {
			return nil, models.BadInput(path, "must be one of the values of %s: %s", definition.Name, enumValues(definition, name))
		}
		return name, nil
	}
	return c.scalar(definition.Name, path, node)
}

func (c coercer) list(itemType *ast.Type, path *models.Path, node any) (any, error) {
	list, ok := node.([]any)
	if !ok {
		one, err := c.value(itemType, path, node) // a single value is a list of one item
		return []any{one}, err
	}
	if len(list) > maxListItems {
		return nil, models.LimitExceeded(path, "items in a list", maxListItems, int64(len(list)))
	}
	coerced := make([]any, len(list))
	for i, item := range list {
		if isUndefined(item) {
			item = nil
		}
		var err error
		if coerced[i], err = c.value(itemType, path.Child(i), item); err != nil {
			return nil, err
		}
	}
	return coerced, nil
}

func (c coercer) object(definition *ast.Definition, path *models.Path, node any) (any, error) {
	object, ok := node.(models.Object)
	if !ok {
		return nil, models.BadInput(path, "must be an object with fields of %s: %s", definition.Name,
			near.Quote(fieldNames(definition)))
	}
	if err := c.consume(2); err != nil {
		return nil, err
	}
	if c.depth++; c.depth > maxInputDepth {
		return nil, models.LimitExceeded(path, "nesting depth of input objects", maxInputDepth, int64(c.depth))
	}
	c.presentOnly = c.presentOnly || definition.Name != versionRef
	object = slices.DeleteFunc(slices.Clone(object), func(m models.Member) bool { return isUndefined(m.Value) })
	if definition.Directives.ForName("oneOf") != nil && (len(object) != 1 || object[0].Value == nil) {
		return nil, models.BadInput(path, "must have exactly one of the fields %s, and it must not be null",
			near.Quote(fieldNames(definition)))
	}
	coerced := make(map[string]any, len(object))
	for _, member := range object {
		field := definition.Fields.ForName(member.Key)
		if field == nil {
			return nil, c.unknownField(definition, path.Child(member.Key), member.Key)
		}
		if _, isDuplicate := coerced[member.Key]; isDuplicate {
			return nil, models.BadInput(path.Child(member.Key), "occurs twice in the object; a field must occur once")
		}
		if member.Value == nil && !acceptsNull(definition.Name, member.Key) {
			return nil, nullInFilter(definition, path.Child(member.Key))
		}
		var err error
		if coerced[member.Key], err = c.value(field.Type, path.Child(member.Key), member.Value); err != nil {
			return nil, err
		}
	}
	for _, field := range definition.Fields {
		if _, ok := coerced[field.Name]; !ok && field.Type.NonNull && field.DefaultValue == nil {
			return nil, models.BadInput(path.Child(field.Name), "is required, as %s", field.Type)
		}
	}
	return coerced, nil
}

// nullInFilter returns the error of a field of a filter that is null.
func nullInFilter(definition *ast.Definition, path *models.Path) error {
	if definition.Fields.ForName("exists") != nil {
		return models.BadInput(path, "must not be null in a filter: leave it out, or use exists: false for objects without a value")
	}
	return models.BadInput(path, "must not be null in a filter: leave it out")
}

// unknownField returns the error of a field that an input does not have.
func (c coercer) unknownField(definition *ast.Definition, path *models.Path, name string) error {
	if replacement := findReplacement(c.schema, definition.Name+"."+name); replacement != "" {
		return models.BadInput(path, "is not a field of %s%s", definition.Name, replacement)
	}
	return models.BadInput(path, "is not a field of %s; its fields are %s", definition.Name,
		nearestFirst(name, fieldNames(definition)))
}

// fieldNames returns the names of the fields of a type, without those of introspection.
func fieldNames(definition *ast.Definition) []string {
	var names []string
	for _, field := range definition.Fields {
		if !strings.HasPrefix(field.Name, "__") {
			names = append(names, field.Name)
		}
	}
	return names
}

// nearestFirst lists the allowed names for a message, those near to an unknown name first.
func nearestFirst(name string, allowed []string) string {
	return near.Quote(near.First(near.Identifiers(name, allowed), allowed))
}

// enumValues lists the values of an enum for a message, those near to an unknown value or with it in their names first.
func enumValues(definition *ast.Definition, name string) string {
	var values []string
	for _, value := range definition.EnumValues {
		values = append(values, value.Name)
	}
	found := near.Names(name, values)
	for _, value := range values { // RUN_STARTED is part of PIPELINE_RUN_STARTED
		if strings.Contains(value, strings.ToUpper(name)) && !slices.Contains(found, value) {
			found = append(found, value)
		}
	}
	return strings.Join(near.First(found, values), ", ")
}

// acceptsNull reports whether a field of an input may be null. A filter refuses null unless it has a meaning there,
// because a variable without a value would otherwise remove a condition silently.
func acceptsNull(input, field string) bool {
	switch {
	case input == "MetadataFilter":
		return field == "card" || field == "eq" || field == "ne"
	case strings.HasSuffix(input, "Filter"):
		return false
	}
	return true
}

func (c coercer) scalar(name string, path *models.Path, node any) (any, error) {
	number, isNumber := node.(json.Number)
	text, isText := node.(string)
	switch name {
	case "String":
		if !isText {
			return nil, models.BadInput(path, "must be text, in quotes")
		}
		return text, models.CheckCharacters(path, text)
	case "ID":
		if isNumber && models.IsInteger(string(number)) {
			return string(number), nil
		}
		if !isText {
			return nil, models.BadInput(path, "must be an ID, as text in quotes")
		}
		if node, ok := models.ParseNodeID(text); c.presentOnly && ok && node.AsOf != nil {
			return nil, models.BadInput(path, "is a view of the past: use the ID of the object, which ends before the @")
		}
		return text, nil
	case "Boolean":
		if _, ok := node.(bool); !ok {
			return nil, models.BadInput(path, "must be true or false")
		}
		return node, nil
	case "Int":
		if _, err := strconv.ParseInt(string(number), 10, 32); err != nil || !models.IsInteger(string(number)) {
			return nil, models.BadInput(path, "must be an integer between -2147483648 and 2147483647")
		}
		return number, nil
	case "Float":
		if f, err := strconv.ParseFloat(string(number), 64); err != nil || math.IsInf(f, 0) {
			return nil, models.BadInput(path, "must be a number that a double can hold; NaN and infinities need json: "+`{"$float": "NaN"}`)
		}
		return number, nil
	case "Int64":
		if _, ok := models.ParseInt64(node); !ok {
			return nil, models.BadInput(path, "must be an integer of 64 bits, as a number or as a string")
		}
		return node, nil
	case "DateTime":
		if _, ok := models.ParseTime(text); !ok {
			return nil, models.BadInput(path,
				"must be an instant such as 2026-01-02T03:04:05Z, with a zone and up to nine decimals")
		}
		return text, nil
	case "JSONObject":
		if _, ok := node.(models.Object); !ok {
			return nil, models.BadInput(path, "must be a JSON object with a key for each entry, not its text or a list")
		}
	}
	return node, c.checkDefined(path, node)
}

// checkDefined refuses JSON with a variable that has no value, because dropping it would lose data silently. The rest
// of the JSON is checked by its reader.
func (c coercer) checkDefined(path *models.Path, node any) error {
	if err := c.consume(1); err != nil {
		return err
	}
	switch node := node.(type) {
	case undefined:
		return models.BadInput(path, "the variable $%s is not given", node.variable)
	case enumLiteral:
		switch node {
		case "NaN", "Infinity":
			return models.BadInput(path, "%s is not JSON; send {\"$float\": %q} in a variable", node, node)
		}
		return models.BadInput(path, "must be JSON; text needs quotes")
	case []any:
		for i, item := range node {
			if err := c.checkDefined(path.Child(i), item); err != nil {
				return err
			}
		}
	case models.Object:
		for _, member := range node {
			if err := c.checkDefined(path.Child(member.Key), member.Value); err != nil {
				return err
			}
		}
	}
	return nil
}
