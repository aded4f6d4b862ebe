package models

import (
	"runtime"
	"time"
)

// ServerLimits are the limits that an operator can change. A request over a limit fails with LIMIT_EXCEEDED, or with
// OVERLOADED if the limit is on all requests together.
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
	// ConcurrentOperations run at the same time; QueuedOperations wait.
	ConcurrentOperations int32
	QueuedOperations     int32
	// IdempotencyHours is the minimum time for which an idempotency key replays the response.
	IdempotencyHours int32
}

// DefaultLimits returns the default limits. ConcurrentOperations is 4 per core of the process.
func DefaultLimits() ServerLimits {
	return ServerLimits{
		RequestBytes: 2 << 20, QueryTokens: 2000, QueryDepth: 12, QueryAliases: 100, QueryRootFields: 20,
		QueryCost: 50_000, AnswerFields: 250_000, AnswerBytes: 16 << 20,
		PageSize: 100, EntriesPerCall: 1000, ValueBytes: 64 << 10, KeyCharacters: 250, ValueNesting: 32, Errors: 10,
		ReadSeconds: 10, WriteSeconds: 15, ConcurrentOperations: 4 * int32(runtime.GOMAXPROCS(0)), QueuedOperations: 256, IdempotencyHours: 48,
	}
}

// IdempotencyRetention returns the minimum time for which an idempotency key is kept.
func (l ServerLimits) IdempotencyRetention() time.Duration {
	return time.Duration(l.IdempotencyHours) * time.Hour
}

// ReadBytes returns the maximum number of bytes of metadata that one operation reads from the database. It exceeds
// AnswerBytes, because fields may filter the entries that they read.
func (l ServerLimits) ReadBytes() int64 { return 2 * int64(l.AnswerBytes) }

// DefaultPageSize is the size of a page without `first` and `last`, unless the limit is smaller.
const DefaultPageSize = 50

// The limits that operators cannot change.
const (
	// MaxNameCharacters limits names of projects, artifacts, versions, aliases, tags, outputs, pipelines and steps.
	MaxNameCharacters = 250
	// MaxReasonCharacters limits the reason of a retraction.
	MaxReasonCharacters = 1000
	// MaxLabels limits the aliases and the tags of one call.
	MaxLabels = 100
	// MaxInputs and MaxOutputs limit the declarations of a step run. A step context reads all outputs of its step.
	MaxInputs  = 1000
	MaxOutputs = 100
	// MaxFilterPredicates limits the conditions of a filter, MaxFilterList the items of each list in it, and
	// MaxFilterText the characters of each string in it.
	MaxFilterPredicates = 200
	MaxFilterList       = 1000
	MaxFilterText       = 4000
	// MaxOrderTerms limits the terms of `orderBy`.
	MaxOrderTerms = 10
	// MaxSeriesPoints is the maximum and the default size of a page of a series: a chart needs many points, and a point
	// is small.
	MaxSeriesPoints = 1000
)
