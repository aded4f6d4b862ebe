package operation

import (
	"errors"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"

	"github.com/placard/placard/models"
)

// checkTokens returns the number of tokens of a query. It refuses too many tokens and too long names before anything
// costly reads the query, and unpaired surrogates, which the parser would replace.
func checkTokens(query string, maxTokens int) (tokens int, problem *gqlerror.Error) {
	if !utf8.ValidString(query) {
		return 0, withCode(gqlerror.Errorf("the query must not contain an unpaired surrogate"), codeParseFailed)
	}
	lex := lexer.New(&ast.Source{Input: query})
	runes := []rune(query) // the lexer counts in code points
	for ; ; tokens++ {
		token, err := lex.ReadToken()
		for err == nil && token.Kind == lexer.Comment {
			token, err = lex.ReadToken()
		}
		if err != nil {
			return 0, parseError(err)
		}
		switch {
		case token.Kind == lexer.EOF && tokens > maxTokens:
			return 0, toGraphQLError(models.LimitExceeded(nil, "tokens of a query", int64(maxTokens), int64(tokens)))
		case token.Kind == lexer.EOF:
			return tokens, nil
		case token.Kind == lexer.Name && len(token.Value) > models.MaxNameCharacters: // messages repeat names
			return 0, toGraphQLError(models.LimitExceeded(nil,
				"characters of a name in a query", models.MaxNameCharacters, int64(len(token.Value))))
		case token.Kind == lexer.String && hasUnpairedSurrogate(string(runes[token.Pos.Start:token.Pos.End])):
			return 0, withCode(gqlerror.ErrorLocf("", token.Pos.Line, token.Pos.Column,
				"the text must not contain an unpaired surrogate"), codeParseFailed)
		}
	}
}

// parseError returns an error of the lexer or the parser with its code.
func parseError(err error) *gqlerror.Error {
	var known *gqlerror.Error
	if !errors.As(err, &known) {
		known = gqlerror.Wrap(err)
	}
	return withCode(known, codeParseFailed)
}

// surrogateEscape matches the escape of a surrogate.
var surrogateEscape = regexp.MustCompile(`\\u[dD][89a-fA-F][0-9a-fA-F]{2}`)

// hasUnpairedSurrogate reports whether a GraphQL string in its source form escapes a surrogate without its partner.
func hasUnpairedSurrogate(source string) bool {
	source = strings.ReplaceAll(source, `\\`, "  ") // an escaped backslash starts no escape
	end, isHigh := 0, false                         // of the previous surrogate
	for _, match := range surrogateEscape.FindAllStringIndex(source, -1) {
		isLow := strings.ContainsAny(source[match[0]+3:match[0]+4], "cdefCDEF")
		if isLow != isHigh || isHigh && match[0] != end {
			return true
		}
		end, isHigh = match[1], !isLow
	}
	return isHigh
}
