package main

import (
	"go/ast"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// maxColumns is the maximum width of comments, documents and schemas, and maxCodeColumns that of code.
const (
	maxColumns     = 120
	maxCodeColumns = 140
)

var (
	// unclearPhrase matches phrases that make a reader search for their subject. Name the thing instead.
	unclearPhrase = regexp.MustCompile(
		`(?i)\b(says whether|is what|are what|of which|of whom|whoever|whatever|beside)\b`)
	// clearPhrase matches the parts of sentences that contain an unclear phrase with a subject.
	clearPhrase = regexp.MustCompile(`(?i)\b(all|any|both|each|none|one|some|the last) of which\b`)
	// quotedText matches code and quotations, in which every word is allowed.
	quotedText = regexp.MustCompile("`[^`]*`|\"[^\"]*\"")
	// unclearName matches names that consist of a preposition, or that have a standard prefix: min or max.
	unclearName = regexp.MustCompile(`^(of|at|([mM]ost|[lL]east)([A-Z].*)?)$`)
	// structTag matches the tag of a field, which Go cannot wrap.
	structTag = regexp.MustCompile("`[a-z]+:\"")
)

// TestStructurePhrases checks that comments, documents and schema descriptions contain no unclear phrase.
func TestStructurePhrases(t *testing.T) {
	t.Parallel()
	check := func(position, text string) {
		text = strings.Join(strings.Fields(text), " ")
		for _, phrase := range unclearPhrases(text) {
			t.Errorf("%s: name the subject instead of %q: %.150s", position, phrase, text)
		}
	}
	for _, file := range sources(t) {
		for _, comment := range file.tree.Comments {
			check(file.position(comment).String(), comment.Text())
		}
	}
	for _, extension := range []string{".md", ".graphqls"} {
		for path, text := range texts(t, extension) {
			for paragraph := range strings.SplitSeq(withoutCodeBlocks(text), "\n\n") {
				check(path, paragraph)
			}
		}
	}
}

// unclearPhrases returns the unclear phrases of a text outside quotations.
func unclearPhrases(text string) []string {
	return unclearPhrase.FindAllString(clearPhrase.ReplaceAllString(quotedText.ReplaceAllString(text, ""), ""), -1)
}

// TestStructureNames checks the names that packages declare.
func TestStructureNames(t *testing.T) {
	t.Parallel()
	for _, file := range sources(t) {
		for _, name := range packageLevelNames(file.tree) {
			if unclearName.MatchString(name.Name) {
				t.Errorf("%s: rename %s: start with a noun, a verb, min or max", file.position(name), name.Name)
			}
		}
	}
}

// TestStructureColumns checks the width of lines, a tab counted as one column. Tests, struct tags, lines with a long
// string or with directives of the schema, and tables and code blocks of documents may be wider.
func TestStructureColumns(t *testing.T) {
	t.Parallel()
	check := func(path, text string, exempt func(line int, text string) bool) {
		for i, line := range strings.Split(text, "\n") {
			if n := utf8.RuneCountInString(line); n > maxColumns && !exempt(i+1, line) {
				t.Errorf("%s:%d has %d columns; at most %d are allowed", path, i+1, n, maxColumns)
			}
		}
	}
	for _, file := range sources(t) {
		if !isTest(file.path) {
			long := file.longStrings()
			check(file.path, file.text, func(n int, line string) bool {
				isComment := strings.HasPrefix(strings.TrimSpace(line), "//")
				return long[n] || structTag.MatchString(line) || !isComment && utf8.RuneCountInString(line) <= maxCodeColumns
			})
		}
	}
	for path, text := range texts(t, ".graphqls") {
		check(path, text, func(_ int, line string) bool { return strings.Contains(line, "@listSize") })
	}
	for path, text := range texts(t, ".md") {
		check(path, withoutCodeBlocks(text), func(_ int, line string) bool { return strings.HasPrefix(line, "|") })
	}
}

// longStrings returns the lines with string literals of more than a third of a line, such as SQL, queries and messages.
func (f sourceFile) longStrings() map[int]bool {
	lines := map[int]bool{}
	ast.Inspect(f.tree, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING && len(literal.Value) > maxColumns/3 {
			for line := f.set.Position(literal.Pos()).Line; line <= f.set.Position(literal.End()).Line; line++ {
				lines[line] = true
			}
		}
		return true
	})
	return lines
}

// texts returns the content of the files with an extension, by path.
func texts(t *testing.T, extension string) map[string]string {
	t.Helper()
	paths, err := repositoryFiles(extension)
	if err != nil {
		t.Fatal(err)
	}
	contents := map[string]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		contents[path] = string(text)
	}
	return contents
}

// withoutCodeBlocks returns a document with empty lines instead of fenced code blocks.
func withoutCodeBlocks(text string) string {
	lines, fenced := strings.Split(text, "\n"), false
	for i, line := range lines {
		fence := strings.HasPrefix(strings.TrimSpace(line), "```")
		if fence || fenced {
			lines[i] = ""
		}
		fenced = fenced != fence
	}
	return strings.Join(lines, "\n")
}

// TestStructureControls checks that the checks above report what they must, and nothing else.
func TestStructureControls(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"given says whether": true, "Whoever sends": true, "of which some": true, "each of which has one": false, "besides": false, "of the whole": false,
	} {
		if (len(unclearPhrases(text)) > 0) != want {
			t.Errorf("unclearPhrases reports %t for %q", !want, text)
		}
	}
	for name, want := range map[string]bool{
		"of": true, "mostFields": true, "least": true, "offset": false, "mostly": false, "atomic": false, "maxFields": false,
	} {
		if unclearName.MatchString(name) != want {
			t.Errorf("unclearName reports %t for %q", !want, name)
		}
	}
	if got := strings.Split(withoutCodeBlocks("a\n```sh\nb\n```\nc"), "\n"); !slices.Equal(got, []string{"a", "", "", "", "c"}) {
		t.Errorf("withoutCodeBlocks returns %q", got)
	}
}
