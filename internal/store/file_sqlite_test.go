package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

// TestReadOnlyFile checks an SQLite database that becomes read-only: writes fail and are not retryable, reads go on, and
// Ping reports it until a write succeeds.
func TestReadOnlyFile(t *testing.T) {
	t.Parallel()
	url := storetest.SQLite(t)
	s, err := store.Open(context.Background(), url, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	create := func(name string) error {
		_, err := s.CreateProject(everyone, nil, name)
		return err
	}
	for range 2 {
		if err := errors.Join(s.Ping(everyone), store.SetReadOnly(s, true)); err != nil {
			t.Fatal(err)
		}
		if err := s.Ping(everyone); err != nil {
			t.Errorf("Ping before the first write: %v", err)
		}
		var failure *models.Error
		if err := create("a"); !errors.As(err, &failure) || !errors.Is(err, store.ErrReadOnly) || failure.Code != models.CodeUnavailable ||
			failure.Retryable || strings.Contains(failure.Message, url) {
			t.Errorf("a write: %v", err)
		}
		for range 2 {
			if err := s.Ping(everyone); !errors.Is(err, store.ErrReadOnly) {
				t.Errorf("Ping: %v", err)
			}
		}
		if project, err := s.Project(everyone, "default"); err != nil || project == nil {
			t.Errorf("a read: %v, %v", project, err)
		}
		if err := store.SetReadOnly(s, false); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(s.Ping(everyone), create("a"), s.Ping(everyone)); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
