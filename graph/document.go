package graph

import (
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/placard/placard/models"
)

// document is a query text that is valid and within the limits. It does not change, so many requests share one.
type document struct {
	tree *ast.QueryDocument
	// bytes is about how many it takes in memory.
	bytes int
	// arguments are what each operation gives to its fields and directives, fragments included.
	arguments map[*ast.OperationDefinition][]argument
	// nested are the names of the variables that stand inside literals; the others are whole arguments, which have a type.
	nested map[string]bool
}

// argument is a place for a value. In the tree stands a variable of a name that no query can have; its value is
// made for each request from what the query says, by the rules of coerce.go.
type argument struct {
	placeholder string
	name        string
	typ         *ast.Type
	value       *ast.Value
}

// checkAliases refuses a query with too many of them, before it is validated: the validation holds each two fields of a
// name against each other.
func checkAliases(tree *ast.QueryDocument, most int) error {
	aliases := 0
	eachField(tree, func(field *ast.Field) {
		if field.Alias != field.Name {
			aliases++
		}
	})
	if aliases > most {
		return models.LimitExceeded(nil, "aliases of a query", int64(most), int64(aliases))
	}
	return nil
}

// measure refuses a document that is deeper or broader than the limits.
func (d *document) measure(limits *models.ServerLimits) error {
	depths := map[*ast.FragmentDefinition]int{}
	for _, operation := range d.tree.Operations {
		if fields := rootFields(operation.SelectionSet, map[*ast.FragmentDefinition]int{}); fields > int(limits.QueryRootFields) {
			return models.LimitExceeded(nil, "root fields of an operation", int64(limits.QueryRootFields), int64(fields))
		}
		if depth := depthOf(operation.SelectionSet, depths); depth > int(limits.QueryDepth) {
			return models.LimitExceeded(nil, "depth of a query", int64(limits.QueryDepth), int64(depth))
		}
	}
	return nil
}

// mostRootFields is where the counting of root fields ends: fragments in fragments reach any number.
const mostRootFields = 1 << 20

// rootFields is how many fields stand at the root, fragments counted wherever they are spread.
func rootFields(set ast.SelectionSet, known map[*ast.FragmentDefinition]int) int {
	fields := 0
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			fields++
		case *ast.InlineFragment:
			fields += rootFields(selection.SelectionSet, known)
		case *ast.FragmentSpread:
			if _, ok := known[selection.Definition]; !ok {
				known[selection.Definition] = rootFields(selection.Definition.SelectionSet, known)
			}
			fields += known[selection.Definition]
		}
	}
	return min(fields, mostRootFields)
}

// depthOf is how many fields stand inside each other, fragments counted where they are spread and introspection,
// which reads nothing but the schema, not at all.
func depthOf(set ast.SelectionSet, known map[*ast.FragmentDefinition]int) int {
	deepest := 0
	for _, selection := range set {
		depth := 0
		switch selection := selection.(type) {
		case *ast.Field:
			if !strings.HasPrefix(selection.Name, "__") {
				depth = 1 + depthOf(selection.SelectionSet, known)
			}
		case *ast.InlineFragment:
			depth = depthOf(selection.SelectionSet, known)
		case *ast.FragmentSpread:
			if _, ok := known[selection.Definition]; !ok {
				known[selection.Definition] = depthOf(selection.Definition.SelectionSet, known)
			}
			depth = known[selection.Definition]
		}
		deepest = max(deepest, depth)
	}
	return deepest
}

// hoist puts a placeholder where each argument has its value, and notes for each operation which it needs.
func (d *document) hoist() {
	hoisted := map[*ast.Argument]argument{}
	take := func(list ast.ArgumentList, definitions ast.ArgumentDefinitionList) []argument {
		var taken []argument
		for _, given := range list {
			a, ok := hoisted[given]
			if !ok {
				a = argument{"\x00" + strconv.Itoa(len(hoisted)), given.Name, definitions.ForName(given.Name).Type, given.Value}
				hoisted[given] = a
				d.findNested(given.Value)
				given.Value = &ast.Value{Kind: ast.Variable, Raw: a.placeholder, Position: given.Value.Position}
			}
			taken = append(taken, a)
		}
		return taken
	}
	for _, operation := range d.tree.Operations {
		var all []argument
		spread := map[*ast.FragmentDefinition]bool{}
		directives := func(list ast.DirectiveList) {
			for _, directive := range list {
				all = append(all, take(directive.Arguments, directive.Definition.Arguments)...)
			}
		}
		var walk func(ast.SelectionSet)
		walk = func(set ast.SelectionSet) {
			for _, selection := range set {
				switch selection := selection.(type) {
				case *ast.Field:
					directives(selection.Directives)
					all = append(all, take(selection.Arguments, selection.Definition.Arguments)...)
					walk(selection.SelectionSet)
				case *ast.InlineFragment:
					directives(selection.Directives)
					walk(selection.SelectionSet)
				case *ast.FragmentSpread:
					directives(selection.Directives)
					if !spread[selection.Definition] {
						spread[selection.Definition] = true
						walk(selection.Definition.SelectionSet)
					}
				}
			}
		}
		walk(operation.SelectionSet)
		d.arguments[operation] = all
	}
}

// findNested notes the variables inside a literal.
func (d *document) findNested(value *ast.Value) {
	for _, child := range value.Children {
		if child.Value.Kind == ast.Variable {
			d.nested[child.Value.Raw] = true
		}
		d.findNested(child.Value)
	}
}

// operation is the operation that a request means.
func (d *document) operation(name string) (*ast.OperationDefinition, error) {
	if name == "" && len(d.tree.Operations) > 1 {
		return nil, models.BadInput(models.At("operationName"), "must be given, because the query has several operations")
	}
	if operation := d.tree.Operations.ForName(name); operation != nil {
		return operation, nil
	}
	return nil, models.BadInput(models.At("operationName"), "the query has no operation of this name")
}

// values are the variables that an operation is executed with: a value for each placeholder.
func (d *document) values(schema *ast.Schema, operation *ast.OperationDefinition, r *request) (map[string]any, error) {
	if err := checkVariables(operation, r); err != nil {
		return nil, err
	}
	values, left := map[string]any{}, mostValues
	for _, argument := range d.arguments[operation] {
		at := models.At(argument.name)
		node := literal(argument.value, r)
		if isUnset(node) {
			continue // the validation ensures that the argument may be absent
		}
		var err error
		if values[argument.placeholder], err = coerce(schema, argument.typ, at, node, &left); err != nil {
			return nil, err
		}
	}
	for _, variable := range operation.VariableDefinitions {
		value, given := r.variable(variable.Variable)
		if variable.Type.NonNull && given && value == nil {
			return nil, models.BadInput(models.At("variables", variable.Variable), "must not be null")
		}
		// Inside a JSON literal nothing else asks for the type that the variable says it has.
		if given && d.nested[variable.Variable] {
			again := mostValues // the argument that it stands in has counted it
			if _, err := coerce(schema, variable.Type, models.At("variables", variable.Variable), value, &again); err != nil {
				return nil, err
			}
		}
	}
	return values, nil
}

// checkVariables refuses a request without a variable that the operation requires. Undeclared variables are ignored, but
// they must be valid JSON.
func checkVariables(operation *ast.OperationDefinition, r *request) error {
	var undeclared []string
	for _, member := range r.variables {
		if operation.VariableDefinitions.ForName(member.Key) != nil {
			continue
		}
		if err := checkUnread(models.At("variables", member.Key), member.Value); err != nil {
			return err
		}
		undeclared = append(undeclared, models.CutName(member.Key))
	}
	for _, variable := range operation.VariableDefinitions {
		if _, given := r.variable(variable.Variable); given || !variable.Type.NonNull || variable.DefaultValue != nil {
			continue
		}
		message := "the variable $" + variable.Variable + " is not given"
		if len(undeclared) > 0 {
			message += "; variables that the operation does not declare: " + strings.Join(undeclared[:min(len(undeclared), maxNamedVariables)], ", ")
		}
		return models.BadInput(models.At("variables", variable.Variable), "%s", message)
	}
	return nil
}

// maxNamedVariables is the number of undeclared variables that a refusal names.
const maxNamedVariables = 10
