package store

import (
	"context"
	"database/sql"
)

// connection is the one connection of the writer, with its statements kept prepared. The pool of database/sql would
// prepare them again in each transaction, which is a quarter of the cost of a small write.
type connection struct {
	conn       *sql.Conn
	statements map[string]*sql.Stmt
}

// mostStatements bounds how many statements are kept; the store has a few dozen.
const mostStatements = 200

// PrepareContext makes a connection a gorm.ConnPool, as the other methods do.
func (c *connection) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return c.conn.PrepareContext(ctx, query)
}

// prepared is the statement of a query, kept from last time.
func (c *connection) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	if statement, ok := c.statements[query]; ok {
		return statement, nil
	}
	if len(c.statements) >= mostStatements {
		c.forget()
	}
	statement, err := c.conn.PrepareContext(ctx, query)
	if err == nil {
		c.statements[query] = statement
	}
	return statement, err
}

// ExecContext runs a statement.
func (c *connection) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	statement, err := c.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	return statement.ExecContext(ctx, args...)
}

// QueryContext runs a query.
func (c *connection) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	statement, err := c.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	return statement.QueryContext(ctx, args...)
}

// QueryRowContext runs a query of one row, without keeping it.
func (c *connection) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return c.conn.QueryRowContext(ctx, query, args...)
}

func (c *connection) forget() {
	for _, statement := range c.statements {
		_ = statement.Close() // it is never used again
	}
	clear(c.statements)
}

func (c *connection) close() error {
	c.forget()
	return c.conn.Close()
}
