package operation

import (
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/placard/placard/models"
)

// hoistedArgument is the value of an argument that was replaced by a placeholder: a variable whose name no query can
// have.
type hoistedArgument struct {
	placeholder string
	name        string
	typ         *ast.Type
	value       *ast.Value
}

// hoister replaces the values of arguments by placeholders, so that literals and variables are coerced by the same code
// and a cached document serves requests with any variables. For example,
//
//	query ($n: Int) { artifact(name: "a") { versions(first: $n) { totalCount } } }
//
// becomes the following, with the hoisted arguments {#0 name String! "a"} and {#1 first Int $n}. The name of a real
// placeholder begins with a zero byte.
//
//	query ($n: Int) { artifact(name: $#0) { versions(first: $#1) { totalCount } } }
//
// coerceArguments then returns the value of each placeholder for one request.
type hoister struct {
	document *document
	hoisted  map[*ast.Argument]hoistedArgument
	// operation is the operation in progress, and spread are the fragments that it has spread so far.
	operation *ast.OperationDefinition
	spread    map[*ast.FragmentDefinition]bool
}

// hoistArguments hoists the arguments of a valid document.
func (d *document) hoistArguments() {
	d.arguments, d.nestedVariables = map[*ast.OperationDefinition][]hoistedArgument{}, map[string]bool{}
	h := hoister{document: d, hoisted: map[*ast.Argument]hoistedArgument{}}
	for _, operation := range d.tree.Operations {
		h.operation, h.spread = operation, map[*ast.FragmentDefinition]bool{}
		h.selectionSet(operation.SelectionSet)
	}
}

func (h *hoister) selectionSet(set ast.SelectionSet) {
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			h.directives(selection.Directives)
			h.arguments(selection.Arguments, selection.Definition.Arguments)
			h.selectionSet(selection.SelectionSet)
		case *ast.InlineFragment:
			h.directives(selection.Directives)
			h.selectionSet(selection.SelectionSet)
		case *ast.FragmentSpread:
			h.directives(selection.Directives)
			if !h.spread[selection.Definition] {
				h.spread[selection.Definition] = true
				h.selectionSet(selection.Definition.SelectionSet)
			}
		}
	}
}

func (h *hoister) directives(list ast.DirectiveList) {
	for _, directive := range list {
		h.arguments(directive.Arguments, directive.Definition.Arguments)
	}
}

// arguments adds arguments to those of the operation. An argument of a fragment has one placeholder in all operations.
func (h *hoister) arguments(list ast.ArgumentList, definitions ast.ArgumentDefinitionList) {
	for _, argument := range list {
		hoisted, ok := h.hoisted[argument]
		if !ok {
			hoisted = hoistedArgument{
				placeholder: "\x00" + strconv.Itoa(len(h.hoisted)), name: argument.Name,
				typ: definitions.ForName(argument.Name).Type, value: argument.Value,
			}
			h.hoisted[argument] = hoisted
			h.document.markNestedVariables(argument.Value)
			argument.Value = &ast.Value{Kind: ast.Variable, Raw: hoisted.placeholder, Position: argument.Value.Position}
		}
		h.document.arguments[h.operation] = append(h.document.arguments[h.operation], hoisted)
	}
}

// markNestedVariables records the variables inside a literal.
func (d *document) markNestedVariables(value *ast.Value) {
	for _, child := range value.Children {
		if child.Value.Kind == ast.Variable {
			d.nestedVariables[child.Value.Raw] = true
		}
		d.markNestedVariables(child.Value)
	}
}

// coerceArguments returns the value of each placeholder of an operation for the variables of a request.
func (d *document) coerceArguments(
	schema *ast.Schema, operation *ast.OperationDefinition, r *Request,
) (map[string]any, error) {
	if err := checkVariables(operation, r); err != nil {
		return nil, err
	}
	values, remaining := map[string]any{}, maxArgumentValues
	for _, argument := range d.arguments[operation] {
		node := literalValue(argument.value, r)
		if isUndefined(node) {
			continue // the validation ensures that the argument is optional
		}
		var err error
		values[argument.placeholder], err = coerce(schema, argument.typ, models.NewPath(argument.name), node, &remaining)
		if err != nil {
			return nil, err
		}
	}
	for _, variable := range operation.VariableDefinitions {
		value, ok := r.variable(variable.Variable)
		if variable.Type.NonNull && ok && value == nil {
			return nil, models.BadInput(models.NewPath("variables", variable.Variable), "must not be null")
		}
		// Nothing else checks the declared type of a variable inside a JSON literal.
		if ok && d.nestedVariables[variable.Variable] {
			remaining := maxArgumentValues // the argument around the variable has counted its values
			path := models.NewPath("variables", variable.Variable)
			if _, err := coerce(schema, variable.Type, path, value, &remaining); err != nil {
				return nil, err
			}
		}
	}
	return values, nil
}

// maxListedVariables is the number of undeclared variables that a message lists.
const maxListedVariables = 10

// checkVariables returns an error if the request lacks a required variable. It ignores undeclared variables if they are
// valid JSON.
func checkVariables(operation *ast.OperationDefinition, r *Request) error {
	var undeclared []string
	for _, member := range r.Variables {
		if operation.VariableDefinitions.ForName(member.Key) != nil {
			continue
		}
		if err := checkIgnoredValue(models.NewPath("variables", member.Key), member.Value); err != nil {
			return err
		}
		undeclared = append(undeclared, member.Key)
	}
	for _, variable := range operation.VariableDefinitions {
		if _, ok := r.variable(variable.Variable); ok || !variable.Type.NonNull || variable.DefaultValue != nil {
			continue
		}
		message := "is not given, but required as " + variable.Type.String()
		if len(undeclared) > 0 {
			listed := nearestFirst(variable.Variable, undeclared[:min(len(undeclared), maxListedVariables)])
			message += "; the request has variables that the operation does not declare: " + listed
		}
		return models.BadInput(models.NewPath("variables", variable.Variable), "%s", message)
	}
	return nil
}
