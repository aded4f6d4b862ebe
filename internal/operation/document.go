package operation

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/placard/placard/internal/near"
	"github.com/placard/placard/models"
)

// document is a query text that is valid and within the limits. It is immutable, so requests share it.
type document struct {
	tree *ast.QueryDocument
	// memorySize is the approximate number of bytes in memory.
	memorySize int
	// arguments are the hoisted arguments of each operation and of the fragments that it spreads.
	arguments map[*ast.OperationDefinition][]hoistedArgument
	// nestedVariables are the names of variables inside literals. The other variables are whole arguments, which have a
	// type.
	nestedVariables map[string]bool
}

// operation returns the operation that a request names.
func (d *document) operation(name string) (*ast.OperationDefinition, error) {
	at := models.NewPath("operationName")
	var names []string
	for _, operation := range d.tree.Operations {
		names = append(names, operation.Name)
	}
	if name == "" && len(names) > 1 {
		return nil, models.BadInput(at, "is required because the query has several operations: %s", near.Quote(names))
	}
	if operation := d.tree.Operations.ForName(name); operation != nil {
		return operation, nil
	}
	return nil, models.BadInput(at, "must be the name of an operation of the query: %s", nearestFirst(name, names))
}

// checkAliases returns an error if the document has too many aliases.
func checkAliases(tree *ast.QueryDocument, maxAliases int) error {
	aliases := 0
	walkFields(tree, func(field *ast.Field) {
		if field.Alias != field.Name {
			aliases++
		}
	})
	if aliases > maxAliases {
		return models.LimitExceeded(nil, "aliases of a query", int64(maxAliases), int64(aliases))
	}
	return nil
}

// checkQuerySize returns an error if an operation exceeds the limits of depth or of root fields.
func checkQuerySize(tree *ast.QueryDocument, limits *models.ServerLimits) error {
	depths := map[*ast.FragmentDefinition]int{}
	for _, operation := range tree.Operations {
		fields := countRootFields(operation.SelectionSet, map[*ast.FragmentDefinition]int{})
		if fields > int(limits.QueryRootFields) {
			return models.LimitExceeded(nil, "root fields of an operation", int64(limits.QueryRootFields), int64(fields))
		}
		if depth := depthOf(operation.SelectionSet, depths); depth > int(limits.QueryDepth) {
			return models.LimitExceeded(nil, "depth of a query", int64(limits.QueryDepth), int64(depth))
		}
	}
	return nil
}

// maxCountedFields caps the number of root fields, because nested fragments could overflow an integer.
const maxCountedFields = 1 << 20

// countRootFields counts the fields at the root of a selection set, those of a fragment for each spread. known caches
// the counts of fragments.
func countRootFields(set ast.SelectionSet, known map[*ast.FragmentDefinition]int) int {
	fields := 0
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			fields++
		case *ast.InlineFragment:
			fields += countRootFields(selection.SelectionSet, known)
		case *ast.FragmentSpread:
			if _, ok := known[selection.Definition]; !ok {
				known[selection.Definition] = countRootFields(selection.Definition.SelectionSet, known)
			}
			fields += known[selection.Definition]
		}
	}
	return min(fields, maxCountedFields)
}

// depthOf returns the number of nested fields. Introspection does not count, because it reads only the schema. known
// caches the depths of fragments.
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

// walkFields visits each field of a document once.
func walkFields(tree *ast.QueryDocument, visit func(*ast.Field)) {
	var walk func(ast.SelectionSet)
	walk = func(set ast.SelectionSet) {
		for _, selection := range set {
			switch selection := selection.(type) {
			case *ast.Field:
				visit(selection)
				walk(selection.SelectionSet)
			case *ast.InlineFragment:
				walk(selection.SelectionSet)
			}
		}
	}
	for _, operation := range tree.Operations {
		walk(operation.SelectionSet)
	}
	for _, fragment := range tree.Fragments {
		walk(fragment.SelectionSet)
	}
}
