package engine

import (
	"fmt"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// errJournal is the error of keepJournalsInMemory. SQLite accepts the setting before the first database is opened.
var errJournal = keepJournalsInMemory()

// keepJournalsInMemory makes SQLite keep statement journals in memory: the pages that a write changes, as they were
// before it. The default is a temporary file above 64 KiB, which small writes exceed. The limits of a request bound the
// size.
func keepJournalsInMemory() error {
	tls := libc.NewTLS()
	defer tls.Close()
	arguments := libc.Xmalloc(tls, 8)
	defer libc.Xfree(tls, arguments)
	unlimited := int32(-1)
	code := sqlite3.Xsqlite3_config(tls, sqlite3.SQLITE_CONFIG_STMTJRNL_SPILL, libc.VaList(arguments, unlimited))
	if code != sqlite3.SQLITE_OK {
		return fmt.Errorf("keep statement journals in memory: SQLite returned %d", code)
	}
	return nil
}
