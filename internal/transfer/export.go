package transfer

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/placard/placard/internal/atomicfile"
	"github.com/placard/placard/internal/progress"
	"github.com/placard/placard/internal/store/bulk"
	"github.com/placard/placard/models"
)

// Stdio is the name of a file that means standard input or output.
const Stdio = "-"

// ExportOptions are the options of Export.
type ExportOptions struct {
	// Project is the name of the project.
	Project string
	// File gets its name when it is complete and on the disk.
	File string
	// Overwrite allows Export to replace a file.
	Overwrite bool
	// Stdout gets the lines if File is Stdio.
	Stdout io.Writer
	// Notes gets the progress.
	Notes io.Writer
}

// Exported describes the result of an export.
type Exported struct {
	Project      string
	Lines, Bytes int64
	Entries      int64
}

// Export writes a project of the database at url, as it is at one instant, to a file. Servers may write meanwhile. It
// returns a SchemaOutdatedError if the schema is older than the program.
func Export(ctx context.Context, url string, options ExportOptions) (exported Exported, err error) {
	snapshot, err := bulk.Open(ctx, url)
	if err != nil {
		return exported, err
	}
	defer func() { err = errors.Join(err, snapshot.Close()) }()
	project, err := snapshot.Project(ctx, options.Project)
	if err != nil {
		return exported, err
	}
	if project == nil {
		return exported, fmt.Errorf("there is no project %q", options.Project)
	}
	if options.File == Stdio {
		exported, err = export(ctx, snapshot, project, options.Stdout, options.Notes)
		return exported, explainInterrupt(ctx, err)
	}
	file, err := atomicfile.Create(options.File, options.Overwrite)
	if err != nil {
		return exported, err
	}
	if exported, err = export(ctx, snapshot, project, file, options.Notes); err != nil {
		return exported, errors.Join(explainInterrupt(ctx, err), file.Discard())
	}
	return exported, file.Commit()
}

func export(
	ctx context.Context, snapshot *bulk.Snapshot, project *models.Project, out, notes io.Writer,
) (Exported, error) {
	buffered := bufio.NewWriterSize(out, 256<<10)
	w := &writer{out: buffered, totals: newTotals()}
	defer progress.Start(notes, func(time.Duration) string { return w.progress("exported", 0) })()
	if err := w.writeHeader(project); err != nil {
		return Exported{}, err
	}
	for _, table := range bulk.Tables {
		err := snapshot.EachRow(ctx, project.ID, table, func(row bulk.Row) error { return w.writeRow(table, row) })
		if err != nil {
			return Exported{}, err
		}
	}
	if err := w.writeTrailer(); err != nil {
		return Exported{}, err
	}
	return Exported{project.Name, w.lines.Load(), w.bytes.Load(), w.counts["entry"]}, buffered.Flush()
}
