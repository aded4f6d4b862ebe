package operation

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/core"

	"github.com/placard/placard/models"
)

// overlapRule is the rule that fields of one response name must be the same field, so that their selections can be
// merged. It replaces the rule of the validator, which compares all pairs of fields and cannot be stopped. This rule
// compares each field of a name with the first one only:
//
//   - All fields of a name must have types of one shape.
//   - Fields that can occur in one object must have the same name and arguments. Fields of two object types cannot.
//   - The selections of these fields are merged, and must follow the same rules.
//
// It reports the first conflict of a document.
type overlapRule struct {
	schema   *ast.Schema
	addError core.AddErrFunc
	// comparisons counts the pairs of fields with one name, and fragments. It is the unit of a limit in docs/errors.md.
	comparisons int64
	reported    bool
	// spread are the fragments whose fields have been checked in the current operation.
	spread map[*ast.FragmentDefinition]bool
}

const (
	// maxComparisons is somewhat more than a query of the maximum length needs that repeats one field. Fields below
	// nested fragments are compared once for each merge, so their number can be exponential.
	maxComparisons = 2_200_000
	// maxMergeDepth bounds the recursion of fragments that spread themselves, which another rule reports.
	maxMergeDepth = 1000
)

// observe checks each operation after the validator has set the types of its fields.
func (r *overlapRule) observe(observers *core.Events, addError core.AddErrFunc) {
	r.addError = addError
	observers.OnOperation(func(_ *core.Walker, operation *ast.OperationDefinition) {
		r.spread = map[*ast.FragmentDefinition]bool{}
		r.checkSelectionSet(operation.SelectionSet)
	})
}

// checkLimit returns an error if the rule has stopped early.
func (r *overlapRule) checkLimit() error {
	if r.comparisons <= maxComparisons {
		return nil
	}
	return models.LimitExceeded(nil, "comparisons of fields with the same name in a query", maxComparisons, r.comparisons)
}

func (r *overlapRule) stopped() bool { return r.reported || r.comparisons > maxComparisons }

// checkSelectionSet checks a selection set and those below it, those of a fragment once.
func (r *overlapRule) checkSelectionSet(set ast.SelectionSet) {
	if len(set) == 0 || r.stopped() {
		return
	}
	r.checkMerge([]ast.SelectionSet{set}, false, 0)
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			r.checkSelectionSet(selection.SelectionSet)
		case *ast.InlineFragment:
			r.checkSelectionSet(selection.SelectionSet)
		case *ast.FragmentSpread:
			if fragment := selection.Definition; fragment != nil && !r.spread[fragment] {
				r.spread[fragment] = true
				r.checkSelectionSet(fragment.SelectionSet)
			}
		}
	}
}

// checkMerge checks the fields of selection sets that are merged. If isExclusive is set, the sets belong to different
// objects, so that only the shapes of types must match.
func (r *overlapRule) checkMerge(sets []ast.SelectionSet, isExclusive bool, depth int) {
	if depth > maxMergeDepth {
		r.comparisons = maxComparisons + 1
	}
	names, fields := r.collectFields(sets)
	for _, name := range names {
		n := int64(len(fields[name]))
		if r.comparisons += n * (n + 1) / 2; n > 1 && !r.stopped() {
			r.checkFields(fields[name], isExclusive, depth)
		}
	}
}

// collectFields returns the fields of selection sets by response name, and the names in order. It includes the fields
// of fragments.
func (r *overlapRule) collectFields(sets []ast.SelectionSet) (names []string, fields map[string][]*ast.Field) {
	fields = map[string][]*ast.Field{}
	spread := map[*ast.FragmentDefinition]bool{}
	var collect func(ast.SelectionSet)
	collect = func(set ast.SelectionSet) {
		for _, selection := range set {
			switch selection := selection.(type) {
			case *ast.Field:
				if selection.ObjectDefinition == nil {
					continue // another rule reports its unknown type
				}
				if fields[selection.Alias] == nil {
					names = append(names, selection.Alias)
				}
				fields[selection.Alias] = append(fields[selection.Alias], selection)
			case *ast.InlineFragment:
				r.comparisons++
				collect(selection.SelectionSet)
			case *ast.FragmentSpread:
				r.comparisons++
				if fragment := selection.Definition; fragment != nil && !spread[fragment] {
					spread[fragment] = true
					collect(fragment.SelectionSet)
				}
			}
		}
	}
	for _, set := range sets {
		collect(set)
	}
	return names, fields
}

// checkFields checks the fields of one response name and merges their selection sets.
func (r *overlapRule) checkFields(fields []*ast.Field, isExclusive bool, depth int) {
	groups := [][]*ast.Field{fields}
	if !isExclusive {
		groups = groupByObject(fields)
		for _, group := range groups {
			r.checkSameField(group)
		}
	}
	r.checkSameShape(fields)
	for _, group := range groups {
		r.mergeBelow(group, isExclusive, depth)
	}
	if len(groups) > 1 {
		r.mergeBelow(fields, true, depth)
	}
}

// checkSameField reports a conflict unless fields have the same name and arguments.
func (r *overlapRule) checkSameField(fields []*ast.Field) {
	first := fields[0]
	for _, field := range fields[1:] {
		switch {
		case first.Name != field.Name:
			r.report(field, first.Name+" and "+field.Name+" are different fields")
		case !haveSameArguments(first.Arguments, field.Arguments):
			r.report(field, "they have different arguments")
		}
	}
}

// checkSameShape reports a conflict unless fields have types of one shape.
func (r *overlapRule) checkSameShape(fields []*ast.Field) {
	first := fields[0].Definition
	for _, field := range fields[1:] {
		if first != nil && field.Definition != nil && !r.haveSameShape(first.Type, field.Definition.Type) {
			r.report(field, "they have the types "+first.Type.String()+" and "+field.Definition.Type.String())
		}
	}
}

// report reports the first conflict.
func (r *overlapRule) report(field *ast.Field, reason string) {
	if r.reported {
		return
	}
	r.reported = true
	const message = "Fields %q conflict: %s; give one of them another alias."
	r.addError(core.Message(message, field.Alias, reason), core.At(field.Position))
}

// haveSameShape reports whether values of two types can be at one place of a response. Objects can, because their
// fields are compared.
func (r *overlapRule) haveSameShape(a, b *ast.Type) bool {
	if a.NonNull != b.NonNull || (a.Elem == nil) != (b.Elem == nil) {
		return false
	}
	if a.Elem != nil {
		return r.haveSameShape(a.Elem, b.Elem)
	}
	first, second := r.schema.Types[a.NamedType], r.schema.Types[b.NamedType]
	return first == second || !first.IsLeafType() && !second.IsLeafType()
}

// groupByObject groups fields by the object type that they are selected of. A field of an interface or a union is in
// each group, because it can be selected of each type.
func groupByObject(fields []*ast.Field) [][]*ast.Field {
	var abstract []*ast.Field
	var types []*ast.Definition
	groups := map[*ast.Definition][]*ast.Field{}
	for _, field := range fields {
		if object := field.ObjectDefinition; object.Kind != ast.Object {
			abstract = append(abstract, field)
		} else {
			if groups[object] == nil {
				types = append(types, object)
			}
			groups[object] = append(groups[object], field)
		}
	}
	if len(types) == 0 {
		return [][]*ast.Field{abstract}
	}
	all := make([][]*ast.Field, len(types))
	for i, object := range types {
		all[i] = append(groups[object], abstract...)
	}
	return all
}

// mergeBelow checks the merge of the selection sets of fields. A single set is checked by checkSelectionSet.
func (r *overlapRule) mergeBelow(fields []*ast.Field, isExclusive bool, depth int) {
	var sets []ast.SelectionSet
	for _, field := range fields {
		if len(field.SelectionSet) > 0 {
			sets = append(sets, field.SelectionSet)
		}
	}
	if len(sets) > 1 && !r.stopped() {
		r.checkMerge(sets, isExclusive, depth+1)
	}
}

// haveSameArguments reports whether two fields have the same arguments in any order.
func haveSameArguments(a, b ast.ArgumentList) bool {
	if len(a) != len(b) {
		return false
	}
	for _, argument := range a {
		other := b.ForName(argument.Name)
		if other == nil || !areSameValues(argument.Value, other.Value) {
			return false
		}
	}
	return true
}

// areSameValues reports whether two literals are the same. The order of the fields of an object does not count.
func areSameValues(a, b *ast.Value) bool {
	if a.Kind != b.Kind || a.Raw != b.Raw || len(a.Children) != len(b.Children) {
		return false
	}
	inOrder := func(value *ast.Value) ast.ChildValueList {
		if value.Kind != ast.ObjectValue {
			return value.Children
		}
		return slices.SortedStableFunc(slices.Values(value.Children), func(a, b *ast.ChildValue) int {
			return strings.Compare(a.Name, b.Name)
		})
	}
	return slices.EqualFunc(inOrder(a), inOrder(b), func(a, b *ast.ChildValue) bool {
		return a.Name == b.Name && areSameValues(a.Value, b.Value)
	})
}
