package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// unboundedCalls maps functions and variables without a deadline to their replacements.
var unboundedCalls = map[string]string{
	"exec.Command":       "harness.Command, which has a deadline and ends with the test process",
	"http.Get":           "a client with a timeout",
	"http.Head":          "a client with a timeout",
	"http.Post":          "a client with a timeout",
	"http.PostForm":      "a client with a timeout",
	"http.DefaultClient": "a client with a timeout",
	"net.Dial":           "net.DialTimeout",
}

// TestStructureDeadlines checks that tests wait with a deadline: for a program, for a server, and for a channel outside
// a select. Tests that use synctest are exempt, because a deadlock there fails at once.
func TestStructureDeadlines(t *testing.T) {
	t.Parallel()
	for _, file := range sources(t) {
		if isTest(file.path) && !strings.HasPrefix(file.path, "internal/harness/") {
			for _, finding := range unboundedWaits(t, file.path, file.text) {
				t.Error(finding)
			}
		}
	}
	const control = `package p
func f(c chan int) { exec.Command("x"); <-c; net.Dial("a", "b")
select { case <-c: <-c
case x := <-c: _ = x } }`
	if findings := unboundedWaits(t, "control", control); len(findings) != 4 {
		t.Errorf("the control has 4 waits without a deadline, but the check reports %q", findings)
	}
}

// unboundedWaits returns a message for each wait in a file that has no deadline.
func unboundedWaits(t *testing.T, path, text string) (findings []string) {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, text, 0)
	if err != nil {
		t.Fatal(err)
	}
	report := func(node ast.Node, replacement string) {
		findings = append(findings, set.Position(node.Pos()).String()+": no deadline; use "+replacement)
	}
	simulated := slices.ContainsFunc(file.Imports, func(s *ast.ImportSpec) bool {
		return s.Path.Value == `"testing/synctest"`
	})
	var selected []ast.Node // the receive operations of select statements
	ast.Inspect(file, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.CommClause:
			ast.Inspect(node.Comm, func(inner ast.Node) bool { selected = append(selected, inner); return inner != nil })
		case *ast.UnaryExpr:
			receives := node.Op == token.ARROW && !slices.Contains(selected, ast.Node(node))
			if receives && !simulated && !hasDeadline(node.X) {
				report(node, "harness.Receive")
			}
		case *ast.SelectorExpr:
			if name, ok := node.X.(*ast.Ident); ok {
				if replacement, ok := unboundedCalls[name.Name+"."+node.Sel.Name]; ok {
					report(node, replacement)
				}
			}
		}
		return true
	})
	return findings
}

// hasDeadline reports whether a channel is that of a context or of a timer.
func hasDeadline(channel ast.Expr) bool {
	if call, ok := channel.(*ast.CallExpr); ok {
		selector, ok := call.Fun.(*ast.SelectorExpr)
		return ok && selector.Sel.Name == "Done"
	}
	selector, ok := channel.(*ast.SelectorExpr)
	return ok && selector.Sel.Name == "C"
}
