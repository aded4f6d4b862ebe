package models

import (
	"runtime"
	"time"
)

// ServerLimits is what the server refuses beyond, with LIMIT_EXCEEDED, or OVERLOADED where it is not the request that is
// too much. An operator may change each of them.
type ServerLimits struct {
	RequestBytes    int32
	QueryTokens     int32
	QueryDepth      int32
	QueryAliases    int32
	QueryRootFields int32
	QueryCost       int32
	AnswerFields    int32
	AnswerBytes     int32
	PageSize        int32
	EntriesPerCall  int32
	ValueBytes      int32
	KeyCharacters   int32
	ValueNesting    int32
	Errors          int32
	ReadSeconds     Double
	WriteSeconds    Double
	// ConcurrentOperations are worked on at once; QueuedOperations wait for their turn.
	ConcurrentOperations int32
	QueuedOperations     int32
	// IdempotencyHours is how long an idempotency key returns the first answer, at least.
	IdempotencyHours int32
}

// DefaultLimits are the limits; 4 operations at once for each core that the process may use.
func DefaultLimits() ServerLimits {
	return ServerLimits{
		RequestBytes: 2 << 20, QueryTokens: 2000, QueryDepth: 12, QueryAliases: 100, QueryRootFields: 20,
		QueryCost: 50_000, AnswerFields: 250_000, AnswerBytes: 16 << 20, PageSize: 100, EntriesPerCall: 1000, ValueBytes: 64 << 10,
		KeyCharacters: 250, ValueNesting: 32, Errors: 10, ReadSeconds: 10, WriteSeconds: 15,
		ConcurrentOperations: 4 * int32(runtime.GOMAXPROCS(0)), QueuedOperations: 256, IdempotencyHours: 48,
	}
}

// IdempotencyRetention returns the time for which an idempotency key is kept.
func (l ServerLimits) IdempotencyRetention() time.Duration {
	return time.Duration(l.IdempotencyHours) * time.Hour
}

// ReadBytes is how many bytes of metadata the fields of an operation may read in all. They may show less of it than they
// read, or the same more than once.
func (l ServerLimits) ReadBytes() int64 { return 2 * int64(l.AnswerBytes) }

// DefaultPageSize is the size of a page for which no size is asked, unless the limit is smaller.
const DefaultPageSize = 50

// What is bounded beside the limits that an operator may change.
const (
	// MaxNameCharacters bounds names of projects, artifacts, versions, aliases, tags, outputs, pipelines and steps.
	MaxNameCharacters = 250
	// MaxReasonCharacters bounds the reason of a retraction.
	MaxReasonCharacters = 1000
	// MaxLabels bounds the aliases and the tags of one call.
	MaxLabels = 100
	// MaxInputs and MaxOutputs bound what a step run declares. A step context looks at all outputs of its step.
	MaxInputs  = 1000
	MaxOutputs = 100
	// MaxFilterPredicates bounds the conditions of a filter, MaxFilterList the items of a list in it, and MaxFilterText
	// the characters of a text in it.
	MaxFilterPredicates = 200
	MaxFilterList       = 1000
	MaxFilterText       = 4000
	// MaxOrderTerms bounds what a list is sorted by.
	MaxOrderTerms = 10
	// MaxSeriesPoints bounds the page of a series, and is its size when none is asked for: a line that is drawn needs
	// more points than a list needs items, and a point is small.
	MaxSeriesPoints = 1000
)
