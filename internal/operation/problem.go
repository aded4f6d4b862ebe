package operation

import (
	"regexp"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/placard/placard/internal/near"
	"github.com/placard/placard/models"
)

// presentProblems returns the problems of the validator as clients see them: about an argument with its place and the
// message that a variable would get, about an unknown name with the allowed ones, and without values of the query. It
// omits repetitions and the positions of variables with an unknown type. Clients see at most maxErrors problems; the
// others are only counted.
func presentProblems(
	schema *ast.Schema, tree *ast.QueryDocument, problems gqlerror.List, maxErrors int,
) gqlerror.List {
	var presented gqlerror.List
	seen := map[string]bool{}
	for _, problem := range problems {
		if hasUnknownType(schema, problem.Message) {
			continue
		}
		problem = withCode(problem, codeValidationFailed)
		if len(presented) >= maxErrors {
			problem.Message = redactValues(problem.Message)
		} else if failure := explainLiteral(schema, tree, problem); failure != nil {
			if seen[failure.Error()] {
				continue
			}
			seen[failure.Error()] = true
			explained := toGraphQLError(failure)
			problem.Message = explained.Message
			problem.Extensions["path"] = explained.Extensions["path"]
		} else {
			problem.Message = redactValues(explainName(schema, problem.Message))
		}
		presented = append(presented, problem)
	}
	return presented
}

// literalRules are the rules of the validator about values of arguments.
var literalRules = []string{"ValuesOfCorrectType", "UniqueInputFieldNames"}

// explainLiteral returns the error of coerce for a problem with a literal in an argument or a default, nil for other
// problems.
func explainLiteral(schema *ast.Schema, tree *ast.QueryDocument, problem *gqlerror.Error) (failure *models.Error) {
	if !slices.Contains(literalRules, problem.Rule) || len(problem.Locations) == 0 {
		return nil
	}
	check := func(value *ast.Value, path *models.Path) error { return checkLiteral(schema, value, path) }
	look := func(arguments ast.ArgumentList) {
		for _, argument := range arguments {
			if failure == nil {
				failure = findLiteral(argument.Value, models.NewPath(argument.Name), problem.Locations[0], check)
			}
		}
	}
	for _, operation := range tree.Operations {
		for _, variable := range operation.VariableDefinitions {
			if failure == nil && variable.DefaultValue != nil {
				path := models.NewPath("variables", variable.Variable)
				failure = findLiteral(variable.DefaultValue, path, problem.Locations[0], check)
			}
		}
	}
	walkFields(tree, func(field *ast.Field) {
		look(field.Arguments)
		for _, directive := range field.Directives {
			look(directive.Arguments)
		}
	})
	return failure
}

// findLiteral returns the error of check for the value at a location, or for the object with the field at the location.
func findLiteral(
	value *ast.Value, path *models.Path, location gqlerror.Location, check func(*ast.Value, *models.Path) error,
) *models.Error {
	isAt := func(position *ast.Position) bool {
		return position != nil && position.Line == location.Line && position.Column == location.Column
	}
	var failure *models.Error
	if isAt(value.Position) && value.ExpectedType != nil {
		failure, _ = check(value, path).(*models.Error)
	}
	for i, child := range value.Children {
		if failure == nil && value.Kind == ast.ObjectValue && isAt(child.Position) && value.ExpectedType != nil {
			failure, _ = check(value, path).(*models.Error)
		}
		if failure == nil {
			step := any(i)
			if value.Kind == ast.ObjectValue {
				step = child.Name
			}
			failure = findLiteral(child.Value, path.Child(step), location, check)
		}
	}
	return failure
}

// checkLiteral returns the error of a literal for its type.
func checkLiteral(schema *ast.Schema, value *ast.Value, path *models.Path) error {
	if value.Kind == ast.StringValue && value.Definition != nil && value.Definition.Kind == ast.Enum {
		return models.BadInput(path, "must be written without quotes, as one of the values of %s: %s",
			value.Definition.Name, enumValues(value.Definition, value.Raw))
	}
	remaining := maxArgumentValues
	_, err := coerce(schema, value.ExpectedType, path, literalValue(value, nil), &remaining)
	return err
}

var (
	unknownField    = regexp.MustCompile(`^Cannot query field "([^"]+)" on type "([^"]+)"`)
	unknownArgument = regexp.MustCompile(`^Unknown argument "([^"]+)" on field "([^".]+)\.([^"]+)"`)
	missingArgument = regexp.MustCompile(`^Field "([^"]+)" argument "([^"]+)" of type "([^"]+)" is required, but it was not provided\.`)
	unknownType     = regexp.MustCompile(`^Unknown type "([^"]+)"`)
	variableType    = regexp.MustCompile(`^Variable "[^"]+" of type "([^"]+)" used in position`)
)

// hasUnknownType reports whether a message is about the position of a variable whose type is unknown. Another message
// names the type.
func hasUnknownType(schema *ast.Schema, message string) bool {
	match := variableType.FindStringSubmatch(message)
	return match != nil && schema.Types[strings.Trim(match[1], "[]!")] == nil
}

// explainName returns a message of the validator with the names that are allowed in place of an unknown one.
func explainName(schema *ast.Schema, message string) string {
	if strings.Contains(message, "inline fragment") {
		return message
	}
	if match := unknownField.FindStringSubmatch(message); match != nil {
		if replacement := findReplacement(schema, match[2]+"."+match[1]); replacement != "" {
			return match[0] + replacement
		}
		names := fieldNames(schema.Types[match[2]])
		if similar := near.Identifiers(match[1], names); len(similar) > 0 {
			return match[0] + near.Suggestion(similar)
		}
		for _, root := range []*ast.Definition{schema.Query, schema.Mutation} {
			if root.Fields.ForName(match[1]) != nil {
				return match[0] + "; it is a field of " + root.Name
			}
		}
		if len(names) > 0 {
			return match[0] + "; its fields are " + near.Quote(names)
		}
	}
	if match := unknownArgument.FindStringSubmatch(message); match != nil {
		if replacement := findReplacement(schema, match[2]+"."+match[3]+"("+match[1]+")"); replacement != "" {
			return match[1] + ": is not an argument of " + match[3] + replacement
		}
		field := schema.Types[match[2]].Fields.ForName(match[3])
		if len(field.Arguments) == 0 {
			return match[1] + ": the field " + match[3] + " has no arguments"
		}
		var names []string
		for _, argument := range field.Arguments {
			names = append(names, argument.Name)
		}
		return match[1] + ": is not an argument of " + match[3] + "; its arguments are " + nearestFirst(match[1], names)
	}
	if match := missingArgument.FindStringSubmatch(message); match != nil {
		return match[2] + ": is required by " + match[1] + ", as " + match[3]
	}
	if match := unknownType.FindStringSubmatch(message); match != nil {
		if replacement := findReplacement(schema, match[1]); replacement != "" {
			return match[0] + replacement
		}
		var names []string
		for name := range schema.Types {
			names = append(names, name)
		}
		slices.Sort(names)
		if similar := near.Names(match[1], names); len(similar) > 0 {
			return match[0] + near.Suggestion(similar)
		}
		return match[0]
	}
	return message
}

// quotedValue matches the parts of messages in which the validator repeats a value of the query.
var quotedValue = regexp.MustCompile(`(?s)(, found |value: ).*|^Value ".*?" does not exist`)

// redactValues removes the values of the query from a message of the validator.
func redactValues(message string) string {
	return quotedValue.ReplaceAllStringFunc(message, func(part string) string {
		switch {
		case strings.HasPrefix(part, ", found "):
			return ", found another."
		case strings.HasPrefix(part, "value: "):
			return "value."
		}
		return "The value does not exist"
	})
}
