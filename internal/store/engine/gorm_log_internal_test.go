package engine

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// TestGORMLogger checks that messages of GORM have their arguments, and that errors of connections reveal no settings.
func TestGORMLogger(t *testing.T) {
	t.Parallel()
	config, err := pgconn.ParseConfig("postgres://placard:hunter2@127.0.0.1:1/secret_name?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	_, refused := pgconn.ConnectConfig(context.Background(), config)
	if !strings.Contains(refused.Error(), "secret_name") {
		t.Fatalf("the control: the error reveals nothing: %v", refused)
	}
	var text bytes.Buffer
	l := gormLogger{slog.New(slog.NewTextHandler(&text, nil)), &slowLog{}}
	l.Info(context.Background(), "plain")
	l.Warn(context.Background(), "%d of %s", 3, "four")
	l.Error(context.Background(), "got error %v", refused)
	l.Error(context.Background(), "got error %v", errors.New("other"))
	for i, want := range []string{`text=plain`, `text="3 of four"`, `text="got error 127.0.0.1:1 (127.0.0.1): dial error: dial tcp 127.0.0.1:1: connect: connection refused"`, `text="got error other"`} {
		if line := strings.Split(text.String(), "\n")[i]; !strings.HasSuffix(line, want) {
			t.Errorf("got %s, want %s", line, want)
		}
	}
}

// TestSlowStatementsAreBounded checks that many slow statements at once have one short line in the log, and that a later line
// counts the others. The control is a statement that is not slow.
func TestSlowStatementsAreBounded(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	l := gormLogger{slog.New(slog.NewTextHandler(&text, nil)), &slowLog{}}
	statement := func() (string, int64) { return "SELECT " + strings.Repeat("x", 2000), 1 }
	for range 100 {
		l.Trace(t.Context(), time.Now(), statement, nil)
		l.Trace(t.Context(), time.Now().Add(-time.Second), statement, nil)
	}
	if lines := strings.Split(text.String(), "\n"); len(lines) != 2 || len(lines[0]) > 400 || !strings.Contains(lines[0], "omitted=0") {
		t.Errorf("the log is\n%s", text.String())
	}
	text.Reset()
	l.slow.last = l.slow.last.Add(-slowEvery)
	l.Trace(t.Context(), time.Now().Add(-time.Second), statement, nil)
	if line := text.String(); !strings.Contains(line, "omitted=99") || !strings.Contains(line, `sql="SELECT xxx`) {
		t.Errorf("the log is\n%s", line)
	}
}
