package store

import "context"

// SetReadOnly makes SQLite refuse the statements of the writer that write, until it is called with false. No write may run
// meanwhile.
func SetReadOnly(s *Store, readOnly bool) error {
	statement := "PRAGMA query_only = 0"
	if readOnly {
		statement = "PRAGMA query_only = 1"
	}
	_, err := s.dialect.(*sqliteDialect).writer.conn.ExecContext(context.Background(), statement)
	return err
}
