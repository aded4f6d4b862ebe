package store

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

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
	l := gormLogger{slog.New(slog.NewTextHandler(&text, nil))}
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
