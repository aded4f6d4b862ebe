package graph

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/placard/placard/models"
)

// The codes that GraphQL brings itself.
const (
	codeParseFailed      = "GRAPHQL_PARSE_FAILED"
	codeValidationFailed = "GRAPHQL_VALIDATION_FAILED"
)

// parsedToken is about how many bytes a token takes in memory when it is parsed, as measured.
const parsedToken = 500

// parseDocument parses and validates a query text.
func parseDocument(schema *ast.Schema, limits *models.ServerLimits, query string) (*document, gqlerror.List) {
	tokens, problem := checkTokens(query, int(limits.QueryTokens))
	if problem != nil {
		return nil, gqlerror.List{problem}
	}
	tree, err := parser.ParseQuery(&ast.Source{Input: query})
	if err != nil {
		return nil, gqlerror.List{withCode(asGraphQL(err), codeParseFailed)}
	}
	if len(tree.Operations) == 0 {
		return nil, gqlerror.List{withCode(gqlerror.Errorf("the query has no operation"), codeParseFailed)}
	}
	if err := checkAliases(tree, int(limits.QueryAliases)); err != nil {
		return nil, gqlerror.List{present(err)}
	}
	if err := checkConflicts(tree); err != nil {
		return nil, gqlerror.List{withCode(err, codeValidationFailed)}
	}
	if err := checkComparisons(tree); err != nil {
		return nil, gqlerror.List{present(err)}
	}
	restore := hideNumbers(tree)
	problems := validator.ValidateWithRules(schema, tree, rules.NewDefaultRules())
	restore()
	if len(problems) > 0 {
		for _, problem := range problems {
			problem.Message = withoutValues(problem.Message)
			withCode(problem, codeValidationFailed)
		}
		return nil, problems
	}
	d := &document{tree, tokens*parsedToken + len(query), map[*ast.OperationDefinition][]argument{}, map[string]bool{}}
	if err := d.measure(limits); err != nil {
		return nil, gqlerror.List{present(err)}
	}
	d.hoist()
	return d, nil
}

// checkConflicts refuses fields that stand beside each other under one name and are not the same. The validation would say
// so, too, of each two of them.
func checkConflicts(tree *ast.QueryDocument) (conflict *gqlerror.Error) {
	eachSelection(tree, func(set ast.SelectionSet) {
		known := make(map[string]*ast.Field, len(set))
		for _, selection := range set {
			field, ok := selection.(*ast.Field)
			if !ok || conflict != nil {
				continue
			}
			first, twice := known[field.Alias]
			switch {
			case !twice:
				known[field.Alias] = field
			case first.Name != field.Name:
				conflict = gqlerror.ErrorPosf(field.Position, "Fields %q conflict: %s and %s are different fields; give one of them another alias.",
					field.Alias, first.Name, field.Name)
			case !sameArguments(first.Arguments, field.Arguments):
				conflict = gqlerror.ErrorPosf(field.Position, "Fields %q conflict: they have different arguments; give one of them another alias.", field.Alias)
			}
		}
	})
	return conflict
}

// sameArguments says whether two fields are given the same, in whatever order.
func sameArguments(a, b ast.ArgumentList) bool {
	if len(a) != len(b) {
		return false
	}
	for _, argument := range a {
		other := b.ForName(argument.Name)
		if other == nil || other.Value.String() != argument.Value.String() {
			return false
		}
	}
	return true
}

// hideNumbers puts 0 where a query has a number that no int64 or double holds, until restore is called. The validation
// would say that of the whole input around it; coerce.go says it of the number.
func hideNumbers(tree *ast.QueryDocument) (restore func()) {
	hidden := map[*ast.Value]string{}
	var look func(*ast.Value)
	look = func(value *ast.Value) {
		if value == nil {
			return
		}
		var err error
		switch value.Kind {
		case ast.IntValue:
			_, err = strconv.ParseInt(value.Raw, 10, 64)
		case ast.FloatValue:
			_, err = strconv.ParseFloat(value.Raw, 64)
		}
		if err != nil {
			hidden[value], value.Raw = value.Raw, "0"
		}
		for _, child := range value.Children {
			look(child.Value)
		}
	}
	eachField(tree, func(field *ast.Field) {
		for _, argument := range field.Arguments {
			look(argument.Value)
		}
	})
	for _, operation := range tree.Operations {
		for _, variable := range operation.VariableDefinitions {
			look(variable.DefaultValue)
		}
	}
	return func() {
		for value, raw := range hidden {
			value.Raw = raw
		}
	}
}

// eachField visits the fields of a document, those of fragments once.
func eachField(tree *ast.QueryDocument, visit func(*ast.Field)) {
	eachSelection(tree, func(set ast.SelectionSet) {
		for _, selection := range set {
			if field, ok := selection.(*ast.Field); ok {
				visit(field)
			}
		}
	})
}

// eachSelection visits what is selected of the objects of a document, that of fragments once.
func eachSelection(tree *ast.QueryDocument, visit func(ast.SelectionSet)) {
	var walk func(ast.SelectionSet)
	walk = func(set ast.SelectionSet) {
		visit(set)
		for _, selection := range set {
			switch selection := selection.(type) {
			case *ast.Field:
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

// quotedValue is where a message of the validation repeats a value of the query.
var quotedValue = regexp.MustCompile(`(?s)(, found |value: ).*|^Value ".*?" does not exist`)

// withoutValues is a message without the values that it repeats.
func withoutValues(message string) string {
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

func asGraphQL(err error) *gqlerror.Error {
	if known, ok := err.(*gqlerror.Error); ok {
		return known
	}
	return gqlerror.Wrap(err)
}

func withCode(err *gqlerror.Error, code string) *gqlerror.Error {
	if err.Extensions == nil {
		err.Extensions = map[string]any{}
	}
	err.Extensions["code"] = code
	return err
}

// surrogateEscape is an escape that names a surrogate, or half of a pair.
var surrogateEscape = regexp.MustCompile(`\\u[dD][89a-fA-F][0-9a-fA-F]{2}`)

// checkTokens refuses a query of too many tokens or with too long a name before anything costly reads it, and unpaired
// surrogates, which the parser would replace. It returns how many tokens there are.
func checkTokens(query string, most int) (tokens int, problem *gqlerror.Error) {
	if !utf8.ValidString(query) {
		return 0, withCode(gqlerror.Errorf("the query must not hold an unpaired surrogate"), codeParseFailed)
	}
	lex := lexer.New(&ast.Source{Input: query})
	runes := []rune(query) // the lexer counts in code points
	for ; ; tokens++ {
		token, err := lex.ReadToken()
		for err == nil && token.Kind == lexer.Comment {
			token, err = lex.ReadToken()
		}
		if err != nil {
			return 0, withCode(asGraphQL(err), codeParseFailed)
		}
		if token.Kind == lexer.EOF {
			if tokens > most {
				return 0, present(models.LimitExceeded(nil, "tokens of a query", int64(most), int64(tokens)))
			}
			return tokens, nil
		}
		if token.Kind == lexer.Name && len(token.Value) > models.MaxNameCharacters { // messages repeat names
			return 0, present(models.LimitExceeded(nil, "characters of a name in a query", models.MaxNameCharacters, int64(len(token.Value))))
		}
		if token.Kind == lexer.String && unpaired(string(runes[token.Pos.Start:token.Pos.End])) {
			return 0, withCode(gqlerror.ErrorLocf("", token.Pos.Line, token.Pos.Column,
				"the text holds an unpaired surrogate"), codeParseFailed)
		}
	}
}

// unpaired says whether a GraphQL string in its source form escapes a surrogate without its partner.
func unpaired(source string) bool {
	source = strings.ReplaceAll(source, `\\`, "  ") // an escaped backslash escapes nothing
	end, high := 0, false                           // where the last surrogate ends, and whether it waits for its partner
	for _, at := range surrogateEscape.FindAllStringIndex(source, -1) {
		low := strings.ContainsAny(source[at[0]+3:at[0]+4], "cdefCDEF")
		if low != high || high && at[0] != end {
			return true
		}
		end, high = at[1], !low
	}
	return high
}

// mostComparisons bounds how often the validation may hold two fields of one name against each other. A query that repeats one
// field at the limit of tokens has 2,000,000, which take a quarter of a second; the validation itself has no bound, and
// nobody can end it.
const mostComparisons = 2_200_000

// checkComparisons refuses a query whose validation would take long: fields of one name, in fragments inside each other, that
// are compared again at each level, and again for each operation that has them.
func checkComparisons(tree *ast.QueryDocument) error {
	c := comparing{tree: tree}
	for _, operation := range tree.Operations {
		c.sets(operation.SelectionSet, map[string]bool{})
	}
	for _, fragment := range tree.Fragments {
		c.sets(fragment.SelectionSet, map[string]bool{fragment.Name: true})
	}
	if c.done > mostComparisons {
		return models.LimitExceeded(nil, "comparisons of fields with the same name in a query", mostComparisons, c.done)
	}
	return nil
}

// comparing counts what the validation compares, until that is more than it may be.
type comparing struct {
	tree *ast.QueryDocument
	done int64
}

// sets counts what is compared in a selection and in those below it, fragments once.
func (c *comparing) sets(set ast.SelectionSet, seen map[string]bool) {
	if len(set) == 0 || c.done > mostComparisons {
		return
	}
	c.together([]ast.SelectionSet{set})
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			c.sets(selection.SelectionSet, seen)
		case *ast.InlineFragment:
			c.sets(selection.SelectionSet, seen)
		case *ast.FragmentSpread:
			if fragment := c.tree.Fragments.ForName(selection.Name); fragment != nil && !seen[fragment.Name] {
				seen[fragment.Name] = true
				c.sets(fragment.SelectionSet, seen)
			}
		}
	}
}

// together counts what is compared among the fields of selections of one object, and among those below fields of one name.
func (c *comparing) together(sets []ast.SelectionSet) {
	below, times := map[string][]ast.SelectionSet{}, map[string]int64{}
	seen := map[string]bool{}
	var collect func(ast.SelectionSet)
	collect = func(set ast.SelectionSet) {
		for _, selection := range set {
			if c.done > mostComparisons {
				return
			}
			switch selection := selection.(type) {
			case *ast.Field:
				times[selection.Alias]++
				c.done += times[selection.Alias]
				if len(selection.SelectionSet) > 0 {
					below[selection.Alias] = append(below[selection.Alias], selection.SelectionSet)
				}
			case *ast.InlineFragment:
				collect(selection.SelectionSet)
			case *ast.FragmentSpread:
				c.done++
				if fragment := c.tree.Fragments.ForName(selection.Name); fragment != nil && !seen[fragment.Name] {
					seen[fragment.Name] = true
					collect(fragment.SelectionSet)
				}
			}
		}
	}
	for _, set := range sets {
		collect(set)
	}
	for _, sets := range below {
		if len(sets) > 1 {
			c.together(sets)
		}
	}
}
