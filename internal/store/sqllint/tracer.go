package sqllint

import (
	"context"
	"database/sql/driver"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Tracer checks each statement that a program sends to PostgreSQL. It implements pgx.QueryTracer.
type Tracer struct {
	linter *Linter

	mu sync.Mutex
	// known are the results by statement.
	known map[string]Findings
	// reported are the problems that TakeProblems returns or has returned.
	reported map[string]bool
	// problems are those that TakeProblems has not returned, by database.
	problems map[string][]string
}

// NewTracer returns a Tracer of statements on distributed tables. It waits for the start of the parser.
func NewTracer(tables []string) *Tracer {
	StartParser()
	return &Tracer{
		linter: New(tables), known: map[string]Findings{}, reported: map[string]bool{}, problems: map[string][]string{},
	}
}

// TraceQueryStart checks a statement before it is sent.
func (t *Tracer) TraceQueryStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	if problem := t.findProblem(data.SQL, data.Args); problem != "" {
		t.report(conn.Config().Database, problem)
	}
	return ctx
}

// findProblem checks a statement that the caller of the tracer sends. It returns an empty text for no problem.
func (t *Tracer) findProblem(statement string, args []any) string {
	findings, err := t.check(statement)
	problems := findings.Problems
	switch {
	case err != nil:
		problems = []string{err.Error()}
	case findings.Differ(argumentTexts(args)):
		problems = append(problems, "the projects "+strings.Join(findings.Projects, ", ")+" differ")
	}
	if len(problems) == 0 {
		return ""
	}
	functions := callers()
	if isExempt(functions, findings.IsLookUp) {
		return ""
	}
	return fmt.Sprintf("%s\n\tsent by %s\n\t%s", strings.Join(problems, "\n"), describe(functions), statement)
}

// report keeps a problem of a statement on a database for TakeProblems, unless it is known.
func (t *Tracer) report(database, problem string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.reported[problem] {
		t.reported[problem] = true
		t.problems[database] = append(t.problems[database], problem)
	}
}

// TraceQueryEnd implements pgx.QueryTracer.
func (*Tracer) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (t *Tracer) check(statement string) (Findings, error) {
	t.mu.Lock()
	findings, ok := t.known[statement]
	t.mu.Unlock()
	if ok {
		return findings, nil
	}
	findings, err := t.linter.Check(statement)
	if err == nil {
		t.mu.Lock()
		t.known[statement] = findings
		t.mu.Unlock()
	}
	return findings, err
}

// TakeProblems returns the problems of statements on a database, each once.
func (t *Tracer) TakeProblems(database string) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	problems := t.problems[database]
	delete(t.problems, database)
	return problems
}

// argumentTexts returns the arguments of a statement as texts that compare IDs, without the options of pgx.
func argumentTexts(args []any) []string {
	var texts []string
	for _, arg := range args {
		switch arg.(type) {
		case pgx.QueryExecMode, pgx.QueryResultFormats, pgx.QueryResultFormatsByOID:
			continue
		}
		if value, err := driver.DefaultParameterConverter.ConvertValue(arg); err == nil {
			arg = value // other arguments are no projects
		}
		if bytes, ok := arg.([]byte); ok && len(bytes) == len(uuid.UUID{}) {
			arg = uuid.UUID(bytes)
		}
		texts = append(texts, fmt.Sprint(arg))
	}
	return texts
}

// describe returns the first functions that are not part of the engine.
func describe(functions []string) string {
	const shown = 6
	functions = slices.DeleteFunc(slices.Clone(functions), func(f string) bool {
		return strings.HasPrefix(f, "engine.") || strings.HasPrefix(f, "sqllint.(*Tracer)")
	})
	return strings.Join(functions[:min(shown, len(functions))], " < ")
}

const module = "github.com/placard/placard/"

// callers returns the functions of the program that send the current statement, innermost first, without those that
// send any statement.
func callers() (functions []string) {
	pcs := make([]uintptr, 100)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	for {
		frame, more := frames.Next()
		if name, ok := strings.CutPrefix(frame.Function, module); ok {
			functions = append(functions, strings.TrimPrefix(name, "internal/store/"))
		}
		if !more {
			return functions
		}
	}
}
