// Package workload defines the data and the requests of the bench. It writes the data through the API and checks each
// response against them.
package workload

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// fact is a key with its value.
type fact struct {
	card, key, kind string
	// logged is extended JSON, and plain the JSON without kinds.
	logged, plain string
}

// Shape is the kind of metadata that the versions of a data set have.
type Shape struct {
	Name string
	// Keys is the number of keys of each version.
	Keys int
	// fact returns the key with a number of the nth version.
	fact func(version, key int) fact
}

// The shapes of the data sets.
var (
	// Plain has values of the eight most common kinds. A fifth of the keys belongs to a card.
	Plain = Shape{"plain", 50, plainFact}
	// Wide has a thousand keys.
	Wide = Shape{"wide", 1000, plainFact}
	// Narrow has three keys.
	Narrow = Shape{"narrow", 3, plainFact}
	// Long has texts of 10 KB.
	Long = Shape{"long", 10, longFact}
	// Nested has lists of lists.
	Nested = Shape{"nested", 20, nestedFact}
	// Logged has the keys that a request to log writes.
	Logged = Shape{"logged", EntriesPerLog, loggedFact}
)

// facts returns the metadata of the nth version.
func (s Shape) facts(version int) []fact {
	facts := make([]fact, s.Keys)
	for key := range facts {
		facts[key] = s.fact(version, key)
	}
	return facts
}

func plainFact(version, key int) fact {
	f := fact{key: fmt.Sprintf("key_%03d", key)}
	if key%5 == 4 {
		f.card = "metrics"
	}
	n := version*1000 + key
	mark := func(name, value string) { f.logged, f.plain = `{"`+name+`":`+value+`}`, value }
	switch key % 8 {
	case 0, 4:
		f.kind, f.plain = "FLOAT", strconv.FormatFloat(float64(n%99991)/99991+1e-5, 'g', -1, 64)
	case 1:
		f.kind, f.plain = "STRING", strconv.Quote(fmt.Sprintf("value %d of a text", n))
	case 2:
		f.kind, f.plain = "INTEGER", strconv.Itoa(n%1_000_000)
	case 3:
		f.kind, f.plain = "BOOLEAN", strconv.FormatBool(n%3 == 0)
	case 5:
		f.kind = "STORAGE_SIZE"
		mark("$storageSize", strconv.Itoa(n*4096))
	case 6:
		f.kind = "URI"
		mark("$uri", strconv.Quote(fmt.Sprintf("s3://lake/models/%08d", n)))
	case 7:
		f.kind = "TIMESTAMP"
		at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(n%100_000) * time.Minute)
		mark("$timestamp", strconv.Quote(at.Format(time.RFC3339)))
	}
	if f.logged == "" {
		f.logged = f.plain
	}
	return f
}

func longFact(version, key int) fact {
	text := strconv.Quote(strings.Repeat(fmt.Sprintf("paragraph %d of text %d, ", version, key), 10_000/24))
	return fact{key: fmt.Sprintf("text_%02d", key), kind: "STRING", logged: text, plain: text}
}

func nestedFact(version, key int) fact {
	text := fmt.Sprintf(`[[%d,%d],["a%d","b"],[true,%d.5],[%d,%d]]`, version, key, version, key, key, version)
	return fact{key: fmt.Sprintf("list_%02d", key), kind: "LIST", logged: text, plain: text}
}

func loggedFact(_, key int) fact {
	return fact{key: fmt.Sprintf("metric_%d", key), kind: "INTEGER", logged: "1000000000", plain: "1000000000"}
}

// metadata returns facts as the JSON object that logs them: entries without a card first, and one object per card.
func metadata(facts []fact) string {
	var text strings.Builder
	cards, names := map[string]*strings.Builder{}, []string{}
	for _, f := range facts {
		into := &text
		if f.card != "" {
			if cards[f.card] == nil {
				cards[f.card], names = &strings.Builder{}, append(names, f.card)
			}
			into = cards[f.card]
		}
		fmt.Fprintf(into, ",%q:%s", f.key, f.logged)
	}
	for _, name := range names {
		fmt.Fprintf(&text, ",%q:{%s}", name, cards[name].String()[1:])
	}
	return "{" + text.String()[1:] + "}"
}
