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
		object = append(object, models.Member{Key: "metric_" + strconv.Itoa(i), Value: json.Number(fmt.Sprintf("0.%d1", 123456789+i))})
	}
	limits := models.DefaultLimits()
	facts, err := models.Facts(&limits, nil, &models.Tree{Node: object}, nil)
	must(t, err)
	return facts
}

// TestBytesPerKey: an idempotency key takes few bytes, with its indexes, and a call with a hundred times as many entries
// takes about the same.
func TestBytesPerKey(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		s, err := store.Open(context.Background(), url, quiet)
		must(t, err)
		version := newVersion(t, s)
		var sizes []float64
		for _, load := range []struct{ calls, entries int }{{1000, 10}, {20, 1000}} {
			before := bytesOfKeys(t, url)
			for range load.calls {
				call := store.Call{Operation: "logMetadata", Key: ref(models.NewID().String()), KeyPath: models.At("input")}
				_, _, err := s.LogMetadata(everyone, call, []store.Write{{Target: target(version), Facts: numbers(t, load.entries)}})
				must(t, err)
			}
			sizes = append(sizes, (bytesOfKeys(t, url)-before)/float64(load.calls))
			t.Logf("%d entries: %.0f bytes per key", load.entries, sizes[len(sizes)-1])
		}
		must(t, s.Close())
	})
}

// bytesOfKeys returns the bytes of the table of idempotency keys and of its indexes.
func bytesOfKeys(t *testing.T, url string) (bytes float64) {
	t.Helper()
	driver, query := "pgx", "SELECT pg_total_relation_size('idempotency_keys')"
	if strings.HasPrefix(url, "sqlite:") {
		driver, query = "sqlite", `SELECT coalesce(sum(s.pgsize), 0) FROM dbstat s JOIN sqlite_master m ON m.name = s.name
			WHERE m.tbl_name = 'idempotency_keys'`
	}
	db, err := sql.Open(driver, strings.TrimPrefix(url, "sqlite:"))
	must(t, err)
	must(t, db.QueryRow(query).Scan(&bytes))
	must(t, db.Close())
	return bytes
}
