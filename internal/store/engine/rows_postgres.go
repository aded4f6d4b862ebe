package engine

import (
	"context"
	"database/sql"
	"database/sql/driver"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// sendPostgres reads the rows of PostgreSQL in its wire format. The statement is described, prepared and planned as by
// database/sql.
func sendPostgres(ctx context.Context, pool *sql.DB, query rawQuery, read func(row *Row) error) error {
	args := query.args
	if query.planned {
		args = append([]any{pgx.QueryExecModeCacheDescribe}, args...)
	}
	return withDriverConn(ctx, pool, func(conn any) error {
		rows, err := conn.(*stdlib.Conn).Conn().Query(ctx, query.text, args...)
		if err != nil {
			if pgconn.SafeToRetry(err) {
				return driver.ErrBadConn // nothing was sent
			}
			return err
		}
		defer rows.Close()
		row := Row{}
		for rows.Next() {
			if row.formats == nil {
				for _, column := range rows.FieldDescriptions() {
					row.formats = append(row.formats, column.Format)
				}
			}
			row.raw = rows.RawValues()
			if err := read(&row); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}
