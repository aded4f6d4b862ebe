package operation

import (
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/placard/placard/models"
)

// The codes of documents that are not GraphQL or not valid for the schema.
const (
	codeParseFailed      = "GRAPHQL_PARSE_FAILED"
	codeValidationFailed = "GRAPHQL_VALIDATION_FAILED"
)

// bytesPerToken is the approximate size in memory of a parsed token, as measured.
const bytesPerToken = 500

// parseDocument parses and validates a query.
func parseDocument(schema *ast.Schema, limits *models.ServerLimits, query string) (*document, gqlerror.List) {
	tokens, problem := checkTokens(query, int(limits.QueryTokens))
	if problem != nil {
		return nil, gqlerror.List{problem}
	}
	tree, err := parser.ParseQuery(&ast.Source{Input: query})
	if err != nil {
		return nil, gqlerror.List{parseError(err)}
	}
	if len(tree.Operations) == 0 {
		return nil, gqlerror.List{withCode(gqlerror.Errorf("the query must have an operation"), codeParseFailed)}
	}
	if err := checkAliases(tree, int(limits.QueryAliases)); err != nil {
		return nil, gqlerror.List{toGraphQLError(err)}
	}
	if problems := validate(schema, tree, int(limits.Errors)); len(problems) > 0 {
		return nil, problems
	}
	if err := checkQuerySize(tree, limits); err != nil {
		return nil, gqlerror.List{toGraphQLError(err)}
	}
	d := &document{tree: tree, memorySize: tokens*bytesPerToken + len(query)}
	d.hoistArguments()
	return d, nil
}

// validate checks a document by the rules of GraphQL.
func validate(schema *ast.Schema, tree *ast.QueryDocument, maxErrors int) gqlerror.List {
	overlaps := &overlapRule{schema: schema}
	ruleSet := rules.NewDefaultRules()
	ruleSet.ReplaceRule("OverlappingFieldsCanBeMerged", overlaps.observe)
	restore := maskOutOfRangeNumbers(tree)
	problems := validator.ValidateWithRules(schema, tree, ruleSet)
	restore()
	if err := overlaps.checkLimit(); err != nil {
		return gqlerror.List{toGraphQLError(err)}
	}
	return presentProblems(schema, tree, problems, maxErrors)
}

// maskOutOfRangeNumbers replaces numbers that no int64 or double holds by 0, until restore is called. The validator
// would refuse the whole input around such a number; the coercion refuses it at its own path.
func maskOutOfRangeNumbers(tree *ast.QueryDocument) (restore func()) {
	masked := map[*ast.Value]string{}
	var mask func(*ast.Value)
	mask = func(value *ast.Value) {
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
			masked[value], value.Raw = value.Raw, "0"
		}
		for _, child := range value.Children {
			mask(child.Value)
		}
	}
	walkFields(tree, func(field *ast.Field) {
		for _, argument := range field.Arguments {
			mask(argument.Value)
		}
	})
	for _, operation := range tree.Operations {
		for _, variable := range operation.VariableDefinitions {
			mask(variable.DefaultValue)
		}
	}
	return func() {
		for value, raw := range masked {
			value.Raw = raw
		}
	}
}
