package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/progress"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/bulk"
	"github.com/placard/placard/models"
)

// ImportOptions are the options of Import.
type ImportOptions struct {
	// File may be Stdio.
	File string
	// Project is the name that the project gets; empty for the name in the file.
	Project string
	Limits  Limits
	Log     *slog.Logger
	// Stdin has the lines if File is Stdio.
	Stdin io.Reader
	// Notes gets the progress.
	Notes io.Writer
}

// Limits are the limits of a server that also apply to a file.
type Limits struct{ ValueBytes, KeyCharacters, ValueNesting int32 }

func (l Limits) server() *models.ServerLimits {
	limits := models.DefaultLimits()
	limits.ValueBytes, limits.KeyCharacters, limits.ValueNesting = l.ValueBytes, l.KeyCharacters, l.ValueNesting
	return &limits
}

// Imported describes the result of an import.
type Imported struct {
	Project string
	// Created is true if the import has created the project.
	Created bool
	bulk.Result
	// Records has the number of inserted rows by record, and Kept the number of skipped ones.
	Records, Kept map[string]int
}

// Import writes a file into the database at url. It keeps all stored rows and skips equal ones, so that a repeated
// import completes an interrupted one. It fails with bulk.RowError for a line that breaks the rules of the API or
// contradicts a stored row. A regular file is checked as a whole before the first write; any other is written batch by
// batch.
func Import(ctx context.Context, url string, options ImportOptions) (imported Imported, err error) {
	ctx = auth.NewContext(ctx, auth.Anonymous)
	if options.File == Stdio {
		return importFrom(ctx, url, cancellableReader(ctx, options.Stdin), 0, options)
	}
	file, err := os.Open(options.File)
	if err != nil {
		return imported, err
	}
	defer func() { _ = file.Close() }() // it was only read
	info, err := file.Stat()
	if err != nil {
		return imported, err
	}
	if !info.Mode().IsRegular() {
		return importFrom(ctx, url, cancellableReader(ctx, file), 0, options)
	}
	if err := check(ctx, file, info.Size(), options); err != nil {
		return imported, explainInterrupt(ctx, err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return imported, err
	}
	return importFrom(ctx, url, file, info.Size(), options)
}

// check reads a whole file.
func check(ctx context.Context, file io.Reader, size int64, options ImportOptions) error {
	r := newReader(file, options.Limits, discardSink{})
	defer progress.Start(options.Notes, func(time.Duration) string { return r.progress("checked", size) })()
	return r.read(ctx)
}

func importFrom(
	ctx context.Context, url string, file io.Reader, size int64, options ImportOptions,
) (imported Imported, err error) {
	s, err := store.Open(ctx, url, options.Log)
	if err != nil {
		return imported, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	sink := &storeSink{store: s, name: options.Project, imported: Imported{Records: map[string]int{}, Kept: map[string]int{}}}
	r := newReader(file, options.Limits, sink)
	defer progress.Start(options.Notes, func(time.Duration) string {
		if sink.waiting.Load() {
			return "waiting for the clock of this machine to pass the instants of the file"
		}
		return r.progress("imported", size)
	})()
	err = explainInterrupt(ctx, r.read(ctx))
	if err == nil {
		s.Analyze(ctx)
	}
	if err != nil && sink.importer != nil {
		err = fmt.Errorf("%w\nearlier batches stay: to continue, import a complete file that fits", err)
	}
	return sink.imported, err
}

// explainInterrupt replaces an error that follows from the end of ctx.
func explainInterrupt(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return errors.New("interrupted")
	}
	return err
}

// cancellableReader returns a reader of in that ends with ctx, even while in blocks.
func cancellableReader(ctx context.Context, in io.Reader) io.Reader {
	reader, writer := io.Pipe()
	go func() {
		_, err := io.Copy(writer, in)
		writer.CloseWithError(err)
	}()
	context.AfterFunc(ctx, func() { reader.CloseWithError(ctx.Err()) })
	return reader
}

// discardSink checks a file without writing it.
type discardSink struct{}

func (discardSink) begin(context.Context, models.Project, int) error { return nil }

func (discardSink) write(context.Context, *bulk.Table, []bulk.Row, int64) error { return nil }

func (discardSink) end(context.Context) error { return nil }

// storeSink writes rows into a project.
type storeSink struct {
	store    *store.Store
	name     string
	importer *bulk.Importer
	waiting  atomic.Bool
	imported Imported
}

func (s *storeSink) begin(ctx context.Context, p models.Project, version int) error {
	if s.name != "" {
		p.Name = s.name
	}
	s.imported.Project = p.Name
	if err := s.waitUntil(ctx, p.CreatedAt.UnixMicro()); err != nil {
		return err
	}
	s.importer = bulk.NewImporter(s.store, p, version)
	return nil
}

func (s *storeSink) write(ctx context.Context, table *bulk.Table, rows []bulk.Row, latest int64) error {
	if err := s.waitUntil(ctx, latest); err != nil {
		return err
	}
	result, err := s.importer.Write(ctx, table, rows)
	if err != nil {
		return err
	}
	s.imported.Records[table.Record] += result.Inserted
	s.imported.Inserted += result.Inserted
	s.imported.Updated += result.Updated
	s.imported.Unchanged += result.Unchanged
	s.imported.Skipped += result.Skipped
	s.imported.Kept[table.Record] += result.Skipped
	return nil
}

func (s *storeSink) end(ctx context.Context) (err error) {
	var kept bool
	s.imported.Created, kept, err = s.importer.Finish(ctx)
	if kept {
		s.imported.Skipped++
		s.imported.Kept[header.Record]++
	}
	return err
}

// waitUntil waits until the clock of this machine has passed an instant, so that later writes get later instants.
func (s *storeSink) waitUntil(ctx context.Context, micros int64) error {
	left := time.Until(time.UnixMicro(micros))
	if left < 0 {
		return nil
	}
	s.waiting.Store(true)
	defer s.waiting.Store(false)
	select {
	case <-time.After(left + time.Microsecond):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
