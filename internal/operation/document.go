package operation

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/placard/placard/internal/entryjson"
	"github.com/placard/placard/internal/near"
	"github.com/placard/placard/models"
)

// document is a query text that is valid and within the limits. It does not change, so requests share it.
type document struct {
	tree *ast.QueryDocument
	// memorySize is the approximate number of bytes in memory.
	memorySize int
	// arguments are the hoisted arguments of each operation and of the fragments that it spreads.
	arguments map[*ast.OperationDefinition][]hoistedArgument
	// nestedVariables are the names of variables inside literals. The other variables are whole arguments, which have a
	// type.
	nestedVariables map[string]bool
	// entries holds the compiled selection sets of entries.
	entries entryjson.Cache
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
	known := map[*ast.FragmentDefinition]querySize{}
	for _, operation := range tree.Operations {
		size := measure(operation.SelectionSet, known)
		if limit := int(limits.QueryRootFields); size.fields > limit {
			return models.LimitExceeded(nil, "root fields of an operation", int64(limit), int64(size.fields))
		}
		if limit := int(limits.QueryDepth); size.depth > limit {
			return models.LimitExceeded(nil, "depth of a query", int64(limit), int64(size.depth))
		}
	}
	return nil
}

// querySize is the size of a selection set: the number of its own fields, those of a fragment for each spread, and the
// depth of nested fields. Introspection has no depth, because it reads only the schema.
type querySize struct{ fields, depth int }

// maxCountedFields caps the number of fields, because nested fragments could overflow an integer.
const maxCountedFields = 1 << 20

// measure returns the size of a selection set. known caches the sizes of fragments.
func measure(set ast.SelectionSet, known map[*ast.FragmentDefinition]querySize) querySize {
	var total querySize
	for _, selection := range set {
		var size querySize
		switch selection := selection.(type) {
		case *ast.Field:
			size.fields = 1
			if !strings.HasPrefix(selection.Name, "__") {
				size.depth = 1 + measure(selection.SelectionSet, known).depth
			}
		case *ast.InlineFragment:
			size = measure(selection.SelectionSet, known)
		case *ast.FragmentSpread:
			if _, ok := known[selection.Definition]; !ok {
				known[selection.Definition] = measure(selection.Definition.SelectionSet, known)
			}
			size = known[selection.Definition]
		}
		total = querySize{min(total.fields+size.fields, maxCountedFields), max(total.depth, size.depth)}
	}
	return total
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
