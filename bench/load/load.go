// Package load fills a database with versions, as if the API had written them, but much faster: the rows go into the
// tables in bulk. It is for measurements and for tests of plans.
package load

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Options are what to load.
type Options struct {
	// Versions is how many versions.
	Versions int
	// OnlyLatest leaves out the history, which questions about the present do not read.
	OnlyLatest bool
	// Progress, if any, hears how far it is.
	Progress func(text string)
}

// target is an engine that rows are written to.
type target interface {
	// begin prepares the tables for many rows, by dropping indexes that are cheaper to make at the end.
	begin(ctx context.Context) error
	write(ctx context.Context, rows *chunk) error
	// end makes the indexes again, continues the numbering after the greatest seq, and collects statistics.
	end(ctx context.Context, seqs [tableCount]int64, progress func(string)) error
	close(ctx context.Context) error
}

// chunkVersions is how many versions are made at once.
const chunkVersions = 1000

// Load fills the database at url, which must have its tables and be otherwise empty, and which nobody else may use until
// it is done. The data are the same every time.
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

// fill makes the rows and writes them, the next chunk being made while one is written.
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
				made = m.rest(made)
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
