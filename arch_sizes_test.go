package main

import (
	"go/ast"
	"maps"
	"slices"
	"strings"
	"testing"
)

// Limits of hand-written code. They bound interfaces and units of reading, not the number of files.
const (
	maxFileLines     = 400
	usualFileLines   = 250 // for 90 % of the files
	maxFunctionLines = 60
	maxParameters    = 6
	maxPackageLines  = 4_000
	maxModelsLines   = 7_000
	maxExportedNames = 40
	maxServerLines   = 150
)

// TestStructureFiles checks the length of files, and that none is unfinished.
func TestStructureFiles(t *testing.T) {
	t.Parallel()
	files, long := 0, []string{}
	for _, file := range sources(t) {
		lines := strings.Count(file.text, "\n")
		if lines > maxFileLines {
			t.Errorf("%s has %d lines; at most %d are allowed", file.path, lines, maxFileLines)
		}
		if file.path == "server.go" && lines > maxServerLines {
			t.Errorf("server.go has %d lines; it only connects the parts, in at most %d", lines, maxServerLines)
		}
		for _, mark := range []string{"not " + "implemented", "TO" + "DO", "//no" + "lint"} {
			if strings.Contains(file.text, mark) {
				t.Errorf("%s contains %q", file.path, mark)
			}
		}
		if !isTest(file.path) {
			files++
			if lines > usualFileLines {
				long = append(long, file.path)
			}
		}
	}
	if len(long)*10 > files {
		t.Errorf("%d of %d files have more than %d lines; at most 10 %% may: %s",
			len(long), files, usualFileLines, strings.Join(long, ", "))
	}
}

// TestStructureFunctions checks the length and the parameters of functions, and that exported ones have a comment.
func TestStructureFunctions(t *testing.T) {
	t.Parallel()
	for _, file := range sources(t) {
		if isTest(file.path) {
			continue
		}
		for _, declaration := range file.tree.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok {
				continue
			}
			at, name := file.position(function), function.Name.Name
			if n := file.set.Position(function.End()).Line - at.Line + 1; n > maxFunctionLines {
				t.Errorf("%s: %s has %d lines; at most %d are allowed", at, name, n, maxFunctionLines)
			}
			if n := function.Type.Params.NumFields(); n > maxParameters && !isResolver(file, function) {
				t.Errorf("%s: %s has %d parameters; at most %d are allowed, use a struct", at, name, n, maxParameters)
			}
			if function.Doc == nil && needsComment(function) {
				t.Errorf("%s: the exported function %s has no comment", at, name)
			}
		}
	}
}

// isResolver reports whether a function is a resolver. The schema dictates its parameters.
func isResolver(file sourceFile, function *ast.FuncDecl) bool {
	return file.dir() == "graph" && function.Recv != nil && function.Name.IsExported()
}

// describedMethods are methods that Go or the interface of their name describes, so that they need no own comment.
var describedMethods = []string{
	"Check", "Display", "Error", "ExtendedJSON", "IsNode", "JSON", "Kind", "MetadataRef", "NodeID", "String", "Unwrap",
}

// needsComment reports whether a function is exported, except described methods.
func needsComment(function *ast.FuncDecl) bool {
	if !function.Name.IsExported() {
		return false
	}
	if function.Recv == nil {
		return true
	}
	receiver := function.Recv.List[0].Type
	if pointer, ok := receiver.(*ast.StarExpr); ok {
		receiver = pointer.X
	}
	name, ok := receiver.(*ast.Ident)
	return ok && name.IsExported() && !slices.Contains(describedMethods, function.Name.Name)
}

// TestStructurePackages checks that each package has a comment, a limited size and a narrow interface.
func TestStructurePackages(t *testing.T) {
	t.Parallel()
	lines, exported := map[string]int{}, map[string][]string{}
	commented, names := map[string]bool{}, map[string]string{}
	for _, file := range sources(t) {
		dir := file.dir()
		if strings.HasSuffix(file.path, "_test.go") {
			continue
		}
		names[dir] = file.tree.Name.Name
		commented[dir] = commented[dir] || hasPackageComment(file)
		if !isTest(file.path) {
			lines[dir] += strings.Count(file.text, "\n")
			exported[dir] = append(exported[dir], exportedNames(file.tree)...)
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(names)) {
		if !commented[dir] {
			t.Errorf("package %s needs a package comment that begins with %q", dir, "Package "+names[dir])
		}
		limit := maxPackageLines
		if dir == "models" {
			limit = maxModelsLines
		}
		if lines[dir] > limit {
			t.Errorf("package %s has %d lines; at most %d are allowed", dir, lines[dir], limit)
		}
		if n := len(exported[dir]); n > maxExportedNames && dir != "models" && names[dir] != "main" {
			t.Errorf("package %s exports %d names; at most %d are allowed: %s",
				dir, n, maxExportedNames, strings.Join(exported[dir], ", "))
		}
	}
}

// hasPackageComment reports whether a file has the comment of its package. For package main any text is allowed.
func hasPackageComment(file sourceFile) bool {
	name := file.tree.Name.Name
	return file.tree.Doc != nil && (name == "main" || strings.HasPrefix(file.tree.Doc.Text(), "Package "+name+" "))
}

// exportedNames returns the exported names that a file declares in its package, without methods.
func exportedNames(tree *ast.File) []string {
	var names []string
	for _, name := range packageLevelNames(tree) {
		if name.IsExported() {
			names = append(names, name.Name)
		}
	}
	return names
}

// packageLevelNames returns the names that a file declares in its package, without methods.
func packageLevelNames(tree *ast.File) []*ast.Ident {
	var names []*ast.Ident
	for _, declaration := range tree.Decls {
		switch declaration := declaration.(type) {
		case *ast.FuncDecl:
			if declaration.Recv == nil {
				names = append(names, declaration.Name)
			}
		case *ast.GenDecl:
			for _, spec := range declaration.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					names = append(names, spec.Name)
				case *ast.ValueSpec:
					names = append(names, spec.Names...)
				}
			}
		}
	}
	return names
}
