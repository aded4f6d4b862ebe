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
// fails with LIMIT_EXCEEDED, and exceeded is called with this error. Cached metadata counts, too.
func WithBudget(ctx context.Context, bytes int64, exceeded func(error)) context.Context {
	return context.WithValue(ctx, budgetKey{}, &budget{limit: bytes, exceeded: exceeded})
}

// budgetOf returns the budget of a context, nil for none.
func budgetOf(ctx context.Context) *budget {
	b, _ := ctx.Value(budgetKey{}).(*budget)
	return b
}

// entryBytes is the memory of an entry without its texts.
const entryBytes = 256

// charge subtracts bytes from the budget, if there is one.
func (b *budget) charge(bytes int64) error {
	if b == nil {
		return nil
	}
	used := b.used.Add(bytes)
	if used <= b.limit {
		return nil
	}
	err := models.LimitExceeded(nil, "bytes of metadata that an operation reads, so ask for smaller pages or fewer keys",
		b.limit, used)
	b.exceeded(err)
	return err
}

// costOf returns the bytes that an entry takes off the budget.
func costOf(e *models.MetadataEntry) int64 {
	return costWithoutText(e) + int64(textLen(e.Text))
}

// costWithoutText returns the bytes that an entry takes off the budget if its value is not read.
func costWithoutText(e *models.MetadataEntry) int64 {
	return int64(entryBytes + len(e.CardName) + len(e.Key) + textLen(e.Reason))
}

func textLen(text *string) int {
	if text == nil {
		return 0
	}
	return len(*text)
}

// collectRows reads rows one by one, so that it stops when the budget is exceeded. entry returns the metadata entry
// of a row.
func collectRows[T any](query *gorm.DB, entry func(*T) *models.MetadataEntry) ([]*T, error) {
	rows, err := query.Rows()
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // an error of the rows is that of rows.Err
	b := budgetOf(query.Statement.Context)
	var items []*T
	for rows.Next() {
		item := new(T)
		if err := query.ScanRows(rows, item); err != nil {
			return nil, err
		}
		if err := b.charge(costOf(entry(item))); err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, rows.Err()
}
