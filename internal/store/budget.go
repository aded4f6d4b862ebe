package store

import (
	"context"
	"sync/atomic"

	"gorm.io/gorm"

	"github.com/placard/placard/models"
)

// budget is how many bytes of metadata the calls of a context may read in all.
type budget struct {
	limit    int64
	used     atomic.Int64
	exceeded func(error)
}

type budgetKey struct{}

// WithBudget makes a context whose calls read at most so many bytes of metadata in all. Beyond it they fail with
// LIMIT_EXCEEDED, and exceeded is told the same.
func WithBudget(ctx context.Context, bytes int64, exceeded func(error)) context.Context {
	return context.WithValue(ctx, budgetKey{}, &budget{limit: bytes, exceeded: exceeded})
}

// entryBytes is what an entry takes in memory beside its texts.
const entryBytes = 256

// chargeReadBudget takes an entry that was read from the budget of the context.
func chargeReadBudget(ctx context.Context, e *models.MetadataEntry) error {
	b, ok := ctx.Value(budgetKey{}).(*budget)
	if !ok {
		return nil
	}
	bytes := entryBytes + len(e.CardName) + len(e.Key)
	for _, text := range []*string{e.Text, e.Reason} {
		if text != nil {
			bytes += len(*text)
		}
	}
	used := b.used.Add(int64(bytes))
	if used <= b.limit {
		return nil
	}
	err := models.LimitExceeded(nil, "bytes of metadata that an operation reads, so ask for smaller pages or fewer keys", b.limit, used)
	b.exceeded(err)
	return err
}

// collectRows reads rows one by one, so that reading ends where the budget does. entry is the metadata entry in a row.
func collectRows[T any](query *gorm.DB, entry func(*T) *models.MetadataEntry) ([]*T, error) {
	rows, err := query.Rows()
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // an error of the rows is that of rows.Err
	var items []*T
	for rows.Next() {
		item := new(T)
		if err := query.ScanRows(rows, item); err != nil {
			return nil, err
		}
		if err := chargeReadBudget(query.Statement.Context, entry(item)); err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, rows.Err()
}

// selfKey is a metadata entry that is read as a row of its own.
func selfKey(e *models.MetadataEntry) *models.MetadataEntry { return e }
