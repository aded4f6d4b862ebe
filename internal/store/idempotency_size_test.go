package store_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/storetest"
	"github.com/placard/placard/models"
)

// numbers returns n floating-point facts without a card.
func numbers(t *testing.T, n int) []models.Fact {
	t.Helper()
	var object models.Object
	for i := range n {
		object = append(object, models.Member{Key: "metric_" + strconv.Itoa(i),
			Value: json.Number(fmt.Sprintf("0.%d1", 123456789+i))})
	}
	limits := models.DefaultLimits()
	facts, err := models.ReadFacts(&limits, nil, &models.Tree{Node: object}, nil)
	must(t, err)
	return facts
}

// TestBytesPerKey checks that an idempotency key and its indexes take few bytes for any number of entries. The control
// measures the entries in the same way.
func TestBytesPerKey(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		s, err := store.Open(context.Background(), url, quiet)
		must(t, err)
		version := newVersion(t, s)
		for _, load := range []struct{ calls, entries int }{{400, 10}, {20, 1000}} {
			keys, entries := bytesOf(t, url, "idempotency_keys"), bytesOf(t, url, "metadata_entries")
			for range load.calls {
				call := store.Call{Operation: "logMetadata", Key: ref(models.NewID().String()), KeyPath: models.NewPath("input")}
				_, _, err := s.LogMetadata(everyone, call,
					[]store.Write{{Target: target(version), Facts: numbers(t, load.entries)}})
				must(t, err)
			}
			keys = (bytesOf(t, url, "idempotency_keys") - keys) / float64(load.calls)
			entries = (bytesOf(t, url, "metadata_entries") - entries) / float64(load.calls)
			t.Logf("%d entries: %.0f bytes per key, %.0f bytes of entries", load.entries, keys, entries)
			if keys < 100 || keys > 1500 {
				t.Errorf("a key of %d entries takes %.0f bytes", load.entries, keys)
			}
			if entries < 100*float64(load.entries) {
				t.Errorf("control: %d entries take only %.0f bytes", load.entries, entries)
			}
		}
		must(t, s.Close())
	})
}

// bytesOf returns the bytes of a table and of its indexes.
func bytesOf(t *testing.T, url, table string) (bytes float64) {
	t.Helper()
	driver, query := "pgx", "SELECT pg_total_relation_size(CAST($1 AS regclass))"
	if strings.HasPrefix(url, "sqlite:") {
		driver, query = "sqlite", "SELECT coalesce(sum(s.pgsize), 0) FROM dbstat s JOIN sqlite_master m ON m.name = s.name WHERE m.tbl_name = $1"
	}
	db, err := sql.Open(driver, strings.TrimPrefix(url, "sqlite:"))
	must(t, err)
	must(t, db.QueryRow(query, table).Scan(&bytes))
	must(t, db.Close())
	return bytes
}
