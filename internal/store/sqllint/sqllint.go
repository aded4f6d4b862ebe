// Package sqllint checks that a statement of PostgreSQL restricts each table of a project to the same constant project.
// A distributed PostgreSQL sends such a statement to one node, and an index that begins with the project answers it.
//
// It hides the syntax tree of PostgreSQL's parser, and what counts as a restriction: an equation of project_id with an
// argument or a literal, or with the project_id of a restricted table of the same query.
//
// Linter.Check returns the Findings of a statement, and Findings.Differ compares its projects for given arguments. Only
// tests use the package.
package sqllint

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	pg "github.com/pganalyze/pg_query_go/v6"
	pgquery "github.com/wasilibs/go-pgquery"
)

// Column is the column that holds the project of a row.
const Column = "project_id"

// Findings are the result of checking a statement.
type Findings struct {
	// Problems are the violations of the rule, empty for none.
	Problems []string
	// Projects are the arguments and literals to which tables are restricted, such as $1.
	Projects []string
	// IsLookUp reports whether the statement only reads rows, without a lock, a join or a subquery. It may be a UNION.
	IsLookUp bool
}

// Linter checks statements on a set of tables. It is safe for concurrent use.
type Linter struct{ tables map[string]bool }

// New returns a Linter for tables that have the column project_id and are distributed by it.
func New(tables []string) *Linter {
	l := &Linter{tables: map[string]bool{}}
	for _, table := range tables {
		l.tables[table] = true
	}
	return l
}

// Check parses a statement and checks each query in it.
func (l *Linter) Check(statement string) (Findings, error) {
	parsed, err := parse(statement)
	if err != nil {
		return Findings{}, fmt.Errorf("parse %q: %w", statement, err)
	}
	c := &checker{tables: l.tables}
	for _, one := range parsed.Stmts {
		c.walk(one.Stmt.ProtoReflect(), nil)
	}
	if c.locks && len(c.problems) > 0 {
		c.problems = append(c.problems, "FOR UPDATE or FOR SHARE locks rows of more than one project")
	}
	slices.Sort(c.projects)
	return Findings{c.problems, slices.Compact(c.projects), !c.locks && !c.writes && !c.joins && !c.nested}, nil
}

// parsing makes callers share one parser, because the start of another one takes longer than thousands of statements.
var parsing sync.Mutex

// StartParser starts the parser and waits until it is ready, which takes seconds once.
func StartParser() {
	if _, err := parse("SELECT 1"); err != nil {
		panic(err) // the parser is part of the program
	}
}

func parse(statement string) (*pg.ParseResult, error) {
	parsing.Lock()
	defer parsing.Unlock()
	return pgquery.Parse(statement)
}

// Differ reports whether the projects differ for the arguments of an execution, as texts.
func (f Findings) Differ(args []string) bool {
	values := map[string]bool{}
	for _, project := range f.Projects {
		var n int
		if _, err := fmt.Sscanf(project, "$%d", &n); err == nil && n >= 1 && n <= len(args) {
			project = args[n-1]
		}
		values[strings.ToLower(strings.Trim(project, "'"))] = true
	}
	return len(values) > 1
}
