package rawrow

import (
	"context"
	"database/sql"
	"database/sql/driver"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Postgres implements Send: it reads the rows of PostgreSQL in its wire format. The statement is prepared and planned
// as by database/sql.
func Postgres(ctx context.Context, pool *sql.DB, query Query, read func(row *Row) error) error {
	args := query.Args
	if query.Planned {
		args = append([]any{pgx.QueryExecModeCacheDescribe}, args...)
	}
	return withDriverConn(ctx, pool, func(conn any) error {
		rows, err := conn.(interface{ Conn() *pgx.Conn }).Conn().Query(ctx, query.Text, args...)
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
			if err := row.pass(read); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}
