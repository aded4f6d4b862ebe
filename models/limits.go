package models

import (
	"fmt"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// ServerLimits holds the limits that an operator may change. A request over a limit fails with LIMIT_EXCEEDED, or with
// OVERLOADED while the server is busy.
//
// The tags of a field are the whole definition of the limit: help, default, min and max. package config makes a flag
// of each field. A limit without these tags is at least 1 and at most the largest int32.
type ServerLimits struct {
	RequestBytes    int32 `help:"Bytes of a request." default:"2097152"`
	QueryTokens     int32 `help:"Tokens of a query." default:"2000"`
	QueryDepth      int32 `help:"Depth of nested fields." default:"12"`
	QueryAliases    int32 `help:"Aliases in a query." default:"100"`
	QueryRootFields int32 `help:"Root fields of an operation." default:"20"`
	QueryCost       int32 `help:"Estimated cost of an operation. A cost of 1 is about 0.1 ms of a core." default:"50000"`
	AnswerFields    int32 `name:"response-fields" aliases:"limit-answer-fields" help:"Fields in a response, counted for each item of a list." default:"250000"`
	AnswerBytes     int32 `name:"response-bytes" aliases:"limit-answer-bytes" help:"Bytes of a response. Its fields read at most twice as many bytes." default:"16777216"`
	PageSize        int32 `help:"Items in a page." default:"100"`
	EntriesPerCall  int32 `help:"Entries in a call, and writes in a batch." default:"1000"`
	ValueLimits
	Errors       int32  `help:"Errors in a response." default:"10"`
	ReadSeconds  Double `help:"Deadline of a read in seconds." default:"10" max:"86400"`
	WriteSeconds Double `help:"Deadline of a write in seconds." default:"15" max:"86400"`

	ConcurrentOperations int32 `help:"Operations that run at the same time, reads and writes together. Default: 4 for each core." default:"${concurrent_operations}"`
	QueuedOperations     int32 `help:"Operations in the queue. When it is full, requests fail with OVERLOADED." default:"256"`
	IdempotencyHours     int32 `help:"Hours for which an idempotency key returns the first result." default:"48" min:"24" max:"8760"`
}

// ValueLimits holds the limits on one metadata value. They also apply to an import.
type ValueLimits struct {
	ValueBytes    int32 `help:"Bytes of one value as extended JSON." default:"65536"`
	KeyCharacters int32 `help:"Characters of a key or of the name of a card." default:"250" max:"250"`
	ValueNesting  int32 `help:"Nesting depth of lists, tuples, sets and dictionaries." default:"32"`
}

// DefaultConcurrentOperations returns 4 for each core that the process may use. The tag of
// [ServerLimits.ConcurrentOperations] names it ${concurrent_operations}, because it depends on the machine.
func DefaultConcurrentOperations() int { return 4 * runtime.GOMAXPROCS(0) }

// DefaultLimits returns the defaults of the tags of [ServerLimits].
func DefaultLimits() ServerLimits {
	var limits ServerLimits
	values := reflect.ValueOf(&limits).Elem()
	for _, field := range reflect.VisibleFields(values.Type()) {
		text, ok := field.Tag.Lookup("default")
		if !ok { // the embedded struct
			continue
		}
		text = strings.Replace(text, "${concurrent_operations}", strconv.Itoa(DefaultConcurrentOperations()), 1)
		number, err := strconv.ParseInt(text, 10, 32)
		switch value := values.FieldByIndex(field.Index); {
		case err != nil:
			panic(fmt.Sprintf("default of %s: %v", field.Name, err))
		case value.CanFloat():
			value.SetFloat(float64(number))
		default:
			value.SetInt(number)
		}
	}
	return limits
}

// Duration returns a number of seconds as a duration.
func (d Double) Duration() time.Duration { return time.Duration(float64(d) * float64(time.Second)) }

// IdempotencyRetention returns the time for which an idempotency key is kept.
func (l ServerLimits) IdempotencyRetention() time.Duration {
	return time.Duration(l.IdempotencyHours) * time.Hour
}

// ReadBytes returns the number of bytes of metadata that the fields of an operation may read in total. A response may
// hold fewer bytes, or the same bytes more than once.
func (l ServerLimits) ReadBytes() int64 { return 2 * int64(l.AnswerBytes) }

// DefaultPageSize is the size of a page without `first` and `last`, unless the limit is smaller.
const DefaultPageSize = 50

// The limits that operators cannot change.
const (
	// MaxNameCharacters limits names of projects, artifacts, versions, aliases, tags, outputs, pipelines and steps.
	MaxNameCharacters = 250
	// MaxDescriptionCharacters limits the description of an object.
	MaxDescriptionCharacters = 10_000
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
