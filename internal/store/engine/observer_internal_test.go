package engine

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"gorm.io/driver/postgres"
)

// TestGORMLogsNothing checks that neither the log nor the error reveals settings of a connection that PostgreSQL
// refuses.
func TestGORMLogsNothing(t *testing.T) {
	t.Parallel()
	const url = "postgres://placard:hunter2@127.0.0.1:1/secret_name?sslmode=disable"
	config, err := serverConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	pool := (&postgresDialect{config: config}).connect()
	t.Cleanup(func() { _ = pool.Close() })
	var text bytes.Buffer
	db, err := openGORM(postgres.New(postgres.Config{Conn: pool}), slog.New(slog.NewTextHandler(&text, nil)), false, nil)
	if err != nil {
		t.Fatal(err)
	}
	refused := db.Exec("SELECT 1").Error
	if refused == nil || !strings.Contains(refused.Error(), "secret_name") {
		t.Fatalf("the control: the error reveals nothing: %v", refused)
	}
	want := "dial error: dial tcp 127.0.0.1:1: connect: connection refused"
	if err := stripDSN(refused); !strings.HasSuffix(err.Error(), want) || strings.Contains(err.Error(), "secret_name") {
		t.Errorf("the error is %v", err)
	}
	if text.Len() > 0 {
		t.Errorf("the log is %s", text.String())
	}
}

// TestSlowStatementsAreBounded checks that many slow statements at once have one short line in the log, and that a
// later line counts the others. The control is a statement that is not slow.
func TestSlowStatementsAreBounded(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	l := newStatementLogger(slog.New(slog.NewTextHandler(&text, nil)))
	statement := func() (string, int64) { return "SELECT " + strings.Repeat("x", 2000), 1 }
	for range 100 {
		l.Trace(t.Context(), time.Now(), statement, nil)
		l.Trace(t.Context(), time.Now().Add(-time.Second), statement, nil)
	}
	if lines := strings.Split(text.String(), "\n"); len(lines) != 2 || len(lines[0]) > 400 ||
		!strings.Contains(lines[0], "omitted=0") {
		t.Errorf("the log is\n%s", text.String())
	}
	text.Reset()
	l.logged = l.logged.Add(-slowLogInterval)
	l.Trace(t.Context(), time.Now().Add(-time.Second), statement, nil)
	if line := text.String(); !strings.Contains(line, "omitted=99") || !strings.Contains(line, `sql="SELECT xxx`) {
		t.Errorf("the log is\n%s", line)
	}
}
