package engine

// The memory of SQLite is outside Go's, and its size is the number of connections times their caches. A page of 4 KiB
// takes 8 KiB there, because the allocator rounds up to powers of two. A sort takes up to the size of the cache again.
const (
	// sqliteReaders, sqliteMutationReaders and sqliteKeyReaders are the numbers of connections of the lanes that read.
	// With maxSQLiteQuestions they are 12 at most, on machines of any size.
	sqliteReaders, sqliteMutationReaders, sqliteKeyReaders = 4, 2, 1
	maxSQLiteUnbounded                                     = 5
	// smallCache is the cache_size of connections that read or write few pages.
	smallCache = "-500"
)

// Values of cache_size for the connections that read and for the one that writes, in KiB below zero. They are variables
// so that a test can build the program with others.
var (
	readCache  = "-4000"
	writeCache = "-16000"
)
