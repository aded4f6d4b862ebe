package workload

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/placard/placard/bench/client"
)

// ChangedPages reads pages whose versions have just changed.
type ChangedPages struct {
	// Read requests the pages one after the other.
	Read client.Operation
	// Pages is the number of pages.
	Pages   int
	data    Dataset
	address string
	// generation is the value of the key that Change logs.
	generation atomic.Int64
	lengths    []int
}

// firstGeneration is greater than the integers of the data, so that it is not part of another value of them.
const firstGeneration = 700_000_000_000

// ReadChangedPages returns the operation that reads each page with all versions of an artifact. Change must be called
// before each round.
func (d Dataset) ReadChangedPages(address string, selection Selection) (*ChangedPages, error) {
	documents := d.pages(selection)
	c := &ChangedPages{Pages: len(documents), data: d, address: address, lengths: make([]int, len(documents))}
	c.generation.Store(firstGeneration)
	if err := c.Change(context.Background()); err != nil {
		return nil, err
	}
	err := learn(address, documents, func(n int, body []byte) error {
		c.lengths[n] = len(body)
		return errors.Join(d.checkVersions(withoutGeneration(body), d.versionsOfPage(n)), c.check(n, body))
	})
	var next atomic.Int64
	c.Read = client.Operation{
		Name: "read a changed page as " + string(selection),
		Next: func(*rand.Rand) ([]byte, func([]byte) error) {
			n := int(next.Add(1)-1) % len(documents)
			return documents[n].request, func(body []byte) error { return c.check(n, body) }
		},
	}
	return c, err
}

// withoutGeneration removes the entry that Change logs from typed metadata, whose number is checked.
func withoutGeneration(body []byte) []byte {
	text := string(body)
	for {
		begin := strings.Index(text, `,{"key":"generation"`)
		if begin < 0 {
			return []byte(text)
		}
		end := strings.Index(text[begin:], "}}")
		text = text[:begin] + text[begin+end+2:]
	}
}

// check requires that each version of a page has the last generation, and that the page has its usual length.
func (c *ChangedPages) check(page int, body []byte) error {
	generation := strconv.AppendInt(nil, c.generation.Load(), 10)
	if len(body) != c.lengths[page] || bytes.Count(body, generation) != VersionsPerArtifact {
		return errContent
	}
	return nil
}

const logBatch = `mutation($w: [LogMetadataInput!]!) { logMetadataBatch(input: {writes: $w}) { deduplicated } }`

// Change logs one key of each version, ten pages per call.
func (c *ChangedPages) Change(ctx context.Context) error {
	connection, err := client.Dial(c.address, time.Now().Add(10*time.Minute))
	if err != nil {
		return err
	}
	generation := c.generation.Add(1)
	var writes []string
	for n := range c.data.Versions() {
		name, version := c.data.version(n)
		writes = append(writes, fmt.Sprintf(`{"target":{"artifactVersion":{"name":%q,"version":"%d"}},"metadata":{"generation":%d}}`,
			name, version, generation))
		if len(writes) == 10*VersionsPerArtifact || n == c.data.Versions()-1 {
			if _, err := exchange(connection, request(logBatch, `{"w":[`+strings.Join(writes, ",")+`]}`)); err != nil {
				return errors.Join(err, connection.Close())
			}
			writes = writes[:0]
		}
	}
	return errors.Join(ctx.Err(), connection.Close())
}
