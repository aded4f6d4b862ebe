package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/internal/store"
	"github.com/placard/placard/internal/store/bulk"
)

// Options are how a file is imported.
type Options struct {
	// Project is the name that the project gets here; empty for that in the file.
	Project string
	Limits  Limits
}

// Imported is what an import has done.
type Imported struct {
	Project string
	// Created says that the project was not there before.
	Created bool
	bulk.Done
	// Records is how many were new, by what they are.
	Records map[string]int
}

// Import writes a file into the database at url, or what comes from in where the file is Standard. What is there already
// stays, so that it may be called again, also after it was interrupted anywhere. It fails with bulk.Refused for a line
// that is not as it should be, or that contradicts what is there. A file is read as a whole before anything is written;
// of what comes from in, the batches before the line stay written.
func Import(ctx context.Context, url, file string, options Options, log *slog.Logger, in io.Reader, notes io.Writer) (done Imported, err error) {
	ctx = auth.With(ctx, auth.Everyone)
	if file == Standard {
		return importFrom(ctx, url, until(ctx, in), 0, options, log, notes)
	}
	from, err := os.Open(file)
	if err != nil {
		return done, err
	}
	defer func() { _ = from.Close() }() // it was only read
	info, err := from.Stat()
	if err != nil {
		return done, err
	}
	if !info.Mode().IsRegular() {
		return importFrom(ctx, url, until(ctx, from), 0, options, log, notes)
	}
	checked := newProgress(notes, "checked", info.Size())
	if err := newReader(from, options.Limits, nothing{}, checked.tell).read(ctx); err != nil {
		return done, interrupted(ctx, err)
	}
	if _, err := from.Seek(0, io.SeekStart); err != nil {
		return done, err
	}
	return importFrom(ctx, url, from, info.Size(), options, log, notes)
}

func importFrom(
	ctx context.Context, url string, from io.Reader, size int64, options Options, log *slog.Logger, notes io.Writer,
) (done Imported, err error) {
	s, err := store.Open(ctx, url, log)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	w := &importer{s: s, project: options.Project, notes: notes, done: Imported{Records: map[string]int{}}}
	err = newReader(from, options.Limits, w, newProgress(notes, "imported", size).tell).read(ctx)
	err = interrupted(ctx, err)
	if err == nil {
		s.Analyze(ctx)
	}
	if err != nil && w.target != nil {
		err = fmt.Errorf("%w\n%s", err, "what was written before stays; to go on, give the same command with a whole file that fits")
	}
	return w.done, err
}

// interrupted is err in fewer words where the process was told to end.
func interrupted(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return errors.New("interrupted")
	}
	return err
}

// until is a reader that ends with ctx, also while nothing comes.
func until(ctx context.Context, in io.Reader) io.Reader {
	from, to := io.Pipe()
	go func() {
		_, err := io.Copy(to, in)
		to.CloseWithError(err)
	}()
	context.AfterFunc(ctx, func() { from.CloseWithError(ctx.Err()) })
	return from
}

// nothing is a sink for a file that is only checked.
type nothing struct{}

func (nothing) begin(context.Context, bulk.Project) error { return nil }

func (nothing) write(context.Context, *bulk.Table, []bulk.Row, int64) error { return nil }

func (nothing) end(context.Context) error { return nil }

// importer writes what comes into a project.
type importer struct {
	s       *store.Store
	project string
	target  *bulk.Target
	notes   io.Writer
	done    Imported
}

func (w *importer) begin(ctx context.Context, p bulk.Project) error {
	if w.project != "" {
		p.Name = w.project
	}
	w.done.Project = p.Name
	if err := w.wait(ctx, p.CreatedAt.UnixMicro()); err != nil {
		return err
	}
	w.target = bulk.NewTarget(w.s, p)
	return nil
}

func (w *importer) write(ctx context.Context, table *bulk.Table, rows []bulk.Row, latest int64) error {
	if err := w.wait(ctx, latest); err != nil {
		return err
	}
	done, err := w.target.Write(ctx, table, rows)
	if err != nil {
		return err
	}
	w.done.Records[table.Record] += done.New
	w.done.New += done.New
	w.done.Changed += done.Changed
	w.done.Same += done.Same
	w.done.Kept += done.Kept
	return nil
}

func (w *importer) end(ctx context.Context) (err error) {
	w.done.Created, err = w.target.Finish(ctx)
	return err
}

// wait waits until the clock of this machine has passed an instant: what is logged here later must be later.
func (w *importer) wait(ctx context.Context, micros int64) error {
	left := time.Until(time.UnixMicro(micros))
	if left < 0 {
		return nil
	}
	_, _ = fmt.Fprintf(w.notes, "waiting %v until the clock of this machine has passed the instants of the file\n", left.Round(time.Second)) // nobody may read it
	select {
	case <-time.After(left + time.Microsecond):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
