package entries

import (
	"context"
	"sync/atomic"

	"gorm.io/gorm"

	"github.com/placard/placard/models"
)

// budget is the number of bytes of metadata that the calls of a context can read in all.
type budget struct {
	limit    int64
	used     atomic.Int64
	exceeded func(error)
}

type budgetKey struct{}

// WithBudget returns a context whose calls can read a number of bytes of metadata in all. The call that exceeds it
// fails with LIMIT_EXCEEDED, and exceeded is called with this error.
func WithBudget(ctx context.Context, bytes int64, exceeded func(error)) context.Context {
	return context.WithValue(ctx, budgetKey{}, &budget{limit: bytes, exceeded: exceeded})
}

// entryBytes is the memory of an entry without its texts.
const entryBytes = 256

// chargeReadBudget subtracts an entry from the budget of the context.
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
	err := models.LimitExceeded(nil, "bytes of metadata that an operation reads, so ask for smaller pages or fewer keys",
		b.limit, used)
	b.exceeded(err)
	return err
}

// collectRows reads rows one by one, so that it stops when the budget is exceeded. entry returns the metadata entry
// of a row.
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
