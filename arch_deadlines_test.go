package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"
)

// endless lists functions and variables that may wait for ever, with what tests use instead.
var endless = map[string]string{
	"exec.Command":       "harness.Command, which has a limit and ends with the test process",
	"http.Get":           "a client with a timeout",
	"http.Head":          "a client with a timeout",
	"http.Post":          "a client with a timeout",
	"http.PostForm":      "a client with a timeout",
	"http.DefaultClient": "a client with a timeout",
	"net.Dial":           "net.DialTimeout",
}

// TestStructureDeadlines checks that no test waits without a deadline: for a program, for a server, or for a channel
// outside a select. In a test with synctest a wait without an end fails at once.
func TestStructureDeadlines(t *testing.T) {
	t.Parallel()
	for _, path := range handWritten(t) {
		if !strings.HasSuffix(path, "_test.go") && !strings.Contains(path, "storetest") || strings.HasPrefix(path, "internal/harness") {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range waits(t, path, string(text)) {
			t.Error(found)
		}
	}
	const bad = "package p\nfunc f(c chan int) { exec.Command(\"x\"); <-c; net.Dial(\"a\", \"b\")\nselect { case <-c: <-c\ncase x := <-c: _ = x } }"
	if found := waits(t, "control", bad); len(found) != 4 {
		t.Errorf("the control has 4 waits without a deadline, found %q", found)
	}
}

// ends reports whether a channel is that of a context, which has a deadline, or that of a timer.
func ends(channel ast.Expr) bool {
	if call, ok := channel.(*ast.CallExpr); ok {
		selector, ok := call.Fun.(*ast.SelectorExpr)
		return ok && selector.Sel.Name == "Done"
	}
	selector, ok := channel.(*ast.SelectorExpr)
	return ok && selector.Sel.Name == "C"
}

// waits returns the places of a file that may wait for ever.
func waits(t *testing.T, path, text string) (found []string) {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, text, 0)
	if err != nil {
		t.Fatal(err)
	}
	simulated := slices.ContainsFunc(file.Imports, func(s *ast.ImportSpec) bool { return s.Path.Value == `"testing/synctest"` })
	var cases []ast.Node // the receive operations of select statements
	ast.Inspect(file, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.CommClause:
			ast.Inspect(node.Comm, func(inner ast.Node) bool { cases = append(cases, inner); return inner != nil })
		case *ast.UnaryExpr:
			if node.Op == token.ARROW && !simulated && !ends(node.X) && !slices.Contains(cases, ast.Node(node)) {
				found = append(found, set.Position(node.Pos()).String()+": use harness.Receive, which has a deadline")
			}
		case *ast.SelectorExpr:
			if name, ok := node.X.(*ast.Ident); ok && endless[name.Name+"."+node.Sel.Name] != "" {
				found = append(found, set.Position(node.Pos()).String()+": use "+endless[name.Name+"."+node.Sel.Name])
			}
		}
		return true
	})
	return found
}
