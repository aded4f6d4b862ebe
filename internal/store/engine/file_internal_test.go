package engine

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"gorm.io/gorm"

	"github.com/placard/placard/models"
)

// TestReadOnlyFile checks an SQLite database that becomes read-only: writes fail and are not retryable, reads go on,
// and Ping reports it until a write succeeds.
func TestReadOnlyFile(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "placard.db")
	db, err := Open(ctx, "sqlite:"+path, slog.New(slog.DiscardHandler), true, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	// No write may run while the connection of the writer changes.
	setReadOnly := func(value string) error {
		_, err := db.backend.(*sqliteDialect).writer.conn.ExecContext(ctx, "PRAGMA query_only = "+value)
		return err
	}
	create := func(name string) error {
		return db.Write(ctx, func(tx *gorm.DB) error {
			return tx.Exec("INSERT INTO projects (id, name, created_at) VALUES (?, ?, 0)", models.NewID(), name).Error
		})
	}
	for range 2 {
		if err := errors.Join(db.Ping(ctx), setReadOnly("1")); err != nil {
			t.Fatal(err)
		}
		if err := db.Ping(ctx); err != nil {
			t.Errorf("Ping before the first write: %v", err)
		}
		var failure *models.Error
		if err := create("a"); !errors.As(err, &failure) || !errors.Is(err, ErrReadOnly) ||
			failure.Code != models.CodeUnavailable ||
			failure.Retryable || strings.Contains(failure.Message, path) {
			t.Errorf("a write: %v", err)
		}
		for range 2 {
			if err := db.Ping(ctx); !errors.Is(err, ErrReadOnly) {
				t.Errorf("Ping: %v", err)
			}
		}
		var names []string
		if err := db.Read(ctx).Scan(&names, SQL("SELECT name FROM projects WHERE name = 'default'")); err != nil ||
			len(names) != 1 {
			t.Errorf("a read: %v, %v", names, err)
		}
		if err := setReadOnly("0"); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(db.Ping(ctx), create("a"), db.Ping(ctx)); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
