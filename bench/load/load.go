// Package load fills a database with versions as the API writes them, but faster: it inserts rows in bulk. Measurements
// and tests of query plans use it.
package load

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Options configure Load.
type Options struct {
	// Versions is the number of versions.
	Versions int
	// OnlyLatest leaves out the history, which queries without asOf do not read.
	OnlyLatest bool
	// Progress, if set, receives progress messages.
	Progress func(text string)
}

// target is a database to write to.
type target interface {
	// begin drops indexes that are cheaper to create at the end.
	begin(ctx context.Context) error
	write(ctx context.Context, rows *chunk) error
	// end creates the indexes, sets the sequences to the greatest seq, and collects the statistics that a server has.
	end(ctx context.Context, seqs [tableCount]int64, progress func(string)) error
	close(ctx context.Context) error
}

// chunkVersions is the number of versions per chunk.
const chunkVersions = 1000

// Load fills the database at url, which must have its tables and no rows. Nothing else may use the database meanwhile.
// The data are deterministic.
func Load(ctx context.Context, url string, options Options) error {
	if options.Progress == nil {
		options.Progress = func(string) {}
	}
	var to target
	var err error
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		to, err = openSQLite(ctx, path)
	} else {
		to, err = openPostgres(ctx, url)
	}
	if err != nil {
		return err
	}
	if err := to.begin(ctx); err != nil {
		return errors.Join(err, to.close(ctx))
	}
	return errors.Join(fill(ctx, to, options), to.close(ctx))
}

// fill creates the rows and writes them. It creates the next chunk while it writes one.
func fill(ctx context.Context, to target, options Options) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	m := newMaker(!options.OnlyLatest)
	chunks := make(chan *chunk, 2)
	go func() {
		defer close(chunks)
		for first := 0; first <= options.Versions; first += chunkVersions {
			made := m.versions(first, min(first+chunkVersions, options.Versions))
			if first+chunkVersions > options.Versions {
				made = m.addFinalRows(made)
			}
			select {
			case chunks <- made:
			case <-ctx.Done():
				return
			}
		}
	}()
	n, reported := 0, time.Now()
	for made := range chunks {
		if err := to.write(ctx, made); err != nil {
			return err
		}
		n += len(made[versions])
		if time.Since(reported) > 10*time.Second {
			options.Progress(fmt.Sprintf("%d versions", n))
			reported = time.Now()
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return to.end(ctx, m.seqs, options.Progress)
}
