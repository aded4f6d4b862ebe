package rawrow

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
)

// Connector opens connections to SQLite that keep the statements of SQLite prepared.
type Connector struct{ driver.Connector }

// Connect implements driver.Connector.
func (c Connector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &statementConn{conn.(sqliteConn), map[string]driver.StmtQueryContext{}}, nil
}

// sqliteConn has all methods of a connection of the driver that database/sql calls.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.Pinger
	driver.QueryerContext
	driver.SessionResetter
	driver.Validator
}

// statementConn is a connection with its prepared statements by their text.
type statementConn struct {
	sqliteConn
	statements map[string]driver.StmtQueryContext
}

// maxRowStatements limits the prepared statements of a connection. The store has few texts of such statements.
const maxRowStatements = 50

// prepared returns the prepared statement with a text.
func (c *statementConn) prepared(ctx context.Context, text string) (driver.StmtQueryContext, error) {
	if statement, ok := c.statements[text]; ok {
		return statement, nil
	}
	if len(c.statements) >= maxRowStatements {
		if err := c.closeStatements(); err != nil {
			return nil, err
		}
	}
	statement, err := c.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	c.statements[text] = statement.(driver.StmtQueryContext)
	return c.statements[text], nil
}

func (c *statementConn) closeStatements() error {
	var errs []error
	for _, statement := range c.statements {
		errs = append(errs, statement.(driver.Stmt).Close())
	}
	clear(c.statements)
	return errors.Join(errs...)
}

// Close implements driver.Conn.
func (c *statementConn) Close() error { return errors.Join(c.closeStatements(), c.sqliteConn.Close()) }

// query sends a statement.
func (c *statementConn) query(ctx context.Context, query Query) (driver.Rows, error) {
	args := make([]driver.NamedValue, len(query.Args))
	for i, arg := range query.Args {
		value, err := driver.DefaultParameterConverter.ConvertValue(arg)
		if err != nil {
			return nil, err
		}
		args[i] = driver.NamedValue{Ordinal: i + 1, Value: value}
	}
	if query.Planned {
		return c.QueryContext(ctx, query.Text, args)
	}
	statement, err := c.prepared(ctx, query.Text)
	if err != nil {
		return nil, err
	}
	return statement.QueryContext(ctx, args)
}

// SQLite implements Send: it reads the rows of SQLite as its driver returns them.
func SQLite(ctx context.Context, pool *sql.DB, query Query, read func(row *Row) error) error {
	return withDriverConn(ctx, pool, func(conn any) (err error) {
		rows, err := conn.(*statementConn).query(ctx, query)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, rows.Close()) }()
		row := Row{values: make([]driver.Value, len(rows.Columns()))}
		for err == nil {
			if err = rows.Next(row.values); err == nil {
				err = row.pass(read)
			}
			if err == nil {
				err = ctx.Err()
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	})
}
