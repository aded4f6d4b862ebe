// Package rawrow reads rows in the form of the drivers, because the conversions of database/sql and GORM take more time
// than all the rest of a read (ADR 0036).
//
// It hides the wire format of PostgreSQL and the prepared statements of SQLite. Bind returns the text of a statement in
// the syntax of a driver, Postgres and SQLite send it, and a Row has the columns of a row. Connector opens the
// connections of SQLite.
package rawrow

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unsafe"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/placard/placard/models"
)

// Row is a row of a result. Columns have their index, from 0 on. A value of another type than the column is an error of
// the statement.
type Row struct {
	// raw and formats are the columns of PostgreSQL; raw is nil for SQLite.
	raw     [][]byte
	formats []int16
	// values are the columns of SQLite.
	values []driver.Value
	// err is the first error of a conversion.
	err error
}

// Query is a statement in the syntax of its driver.
type Query struct {
	Text string
	Args []any
	// Planned is set for a statement that is planned for its arguments and not kept prepared.
	Planned bool
}

// Send sends a statement on a connection of a pool and calls read for each row, which is valid during the call. It ends
// with the first error of read.
type Send func(ctx context.Context, pool *sql.DB, query Query, read func(row *Row) error) error

// withDriverConn runs fn with a connection of the driver, and with another one while fn returns driver.ErrBadConn, as
// database/sql does. A bad connection leaves the pool, so the tries end.
func withDriverConn(ctx context.Context, pool *sql.DB, fn func(conn any) error) error {
	for tries := pool.Stats().MaxOpenConnections + 1; ; tries-- {
		conn, err := pool.Conn(ctx)
		if err != nil {
			return err
		}
		err = conn.Raw(fn)
		_ = conn.Close() // it fails only for a bad connection, which is closed already
		if !errors.Is(err, driver.ErrBadConn) || tries == 0 {
			return err
		}
	}
}

// pass calls read with the row, and returns the first error.
func (r *Row) pass(read func(row *Row) error) error {
	if err := read(r); err != nil {
		return err
	}
	return r.err
}

// IsNull reports whether a column is null.
func (r *Row) IsNull(column int) bool {
	if r.raw != nil {
		return r.raw[column] == nil
	}
	return r.values[column] == nil
}

// Text returns a text, empty for null. It is valid during the call of read only, unless Keep copies it.
func (r *Row) Text(column int) string {
	if r.raw != nil {
		return unsafe.String(unsafe.SliceData(r.raw[column]), len(r.raw[column])) // the reader of the row copies what it keeps
	}
	text, ok := r.values[column].(string)
	if !ok && r.values[column] != nil {
		r.fail(column, "text")
	}
	return text
}

// Keep returns a text of the row that stays valid.
func (r *Row) Keep(text string) string {
	if r.raw != nil {
		return strings.Clone(text)
	}
	return text // the driver of SQLite has copied it
}

// ID returns an ID, zero for null.
func (r *Row) ID(column int) (id models.ID) {
	if r.raw == nil {
		if value, ok := r.values[column].([]byte); ok && len(value) == len(id) {
			return models.ID(value)
		} else if r.values[column] != nil {
			r.fail(column, "an ID")
		}
		return id
	}
	value := r.raw[column]
	switch {
	case len(value) == len(id) && r.formats[column] == pgtype.BinaryFormatCode:
		return models.ID(value)
	case value == nil:
	case r.formats[column] != pgtype.TextFormatCode || id.UnmarshalText(value) != nil:
		r.fail(column, "an ID")
	}
	return id
}

// Int64 returns an integer, 0 for null.
func (r *Row) Int64(column int) int64 {
	if r.raw == nil {
		value, ok := r.values[column].(int64)
		if !ok && r.values[column] != nil {
			r.fail(column, "an integer")
		}
		return value
	}
	value := r.raw[column]
	if r.formats[column] == pgtype.BinaryFormatCode {
		switch len(value) {
		case 8:
			return int64(binary.BigEndian.Uint64(value))
		case 4:
			return int64(int32(binary.BigEndian.Uint32(value)))
		}
	}
	if value == nil {
		return 0
	}
	n, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil || r.formats[column] != pgtype.TextFormatCode {
		r.fail(column, "an integer")
	}
	return n
}

// Bool returns a boolean, false for null. SQLite stores it as an integer.
func (r *Row) Bool(column int) bool {
	if r.raw == nil {
		return r.Int64(column) != 0
	}
	value := r.raw[column]
	if len(value) > 1 {
		r.fail(column, "a boolean")
	}
	return len(value) == 1 && (value[0] == 1 || value[0] == 't')
}

// fail records that a column does not have the type that was asked for.
func (r *Row) fail(column int, wanted string) {
	if r.err == nil {
		r.err = fmt.Errorf("column %d of a row is not %s", column, wanted)
	}
}
