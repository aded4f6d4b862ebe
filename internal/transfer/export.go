package transfer

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/placard/placard/internal/store/bulk"
)

// Standard is the name of standard input and output instead of a file.
const Standard = "-"

// Exported is what an export has written.
type Exported struct {
	Project      string
	Lines, Bytes int64
	Entries      int64
}

// Export writes a project of the database at url, as it is at one instant, to a file, or to out where the file is
// Standard. A server may go on meanwhile. The file gets its name when it is whole and on the disk; one of that name is
// only replaced by force. It fails with store.Behind when the tables are older than the program needs.
func Export(ctx context.Context, url, project, file string, force bool, out io.Writer, notes io.Writer) (made Exported, err error) {
	snapshot, err := bulk.Open(ctx, url)
	if err != nil {
		return made, err
	}
	defer func() { err = errors.Join(err, snapshot.Close()) }()
	p, err := snapshot.Project(ctx, project)
	if err != nil {
		return made, err
	}
	if p == nil {
		return made, fmt.Errorf("there is no project %q", project)
	}
	if file == Standard {
		made, err = export(ctx, snapshot, p, out, notes)
		return made, interrupted(ctx, err)
	}
	whole, err := create(file, force)
	if err != nil {
		return made, err
	}
	if made, err = export(ctx, snapshot, p, whole, notes); err != nil {
		return made, errors.Join(interrupted(ctx, err), whole.discard())
	}
	return made, whole.settle()
}

func export(ctx context.Context, snapshot *bulk.Snapshot, p *bulk.Project, out io.Writer, notes io.Writer) (Exported, error) {
	buffered := bufio.NewWriterSize(out, 256<<10)
	counted := &counter{out: buffered}
	w := &writer{out: counted, sums: newSums()}
	progress := newProgress(notes, "exported", 0)
	if err := w.header(p); err != nil {
		return Exported{}, err
	}
	for _, table := range bulk.Tables {
		err := snapshot.Each(ctx, p.ID, table, func(row []any) error {
			progress.tell(w.lines, counted.bytes)
			return w.row(table, row)
		})
		if err != nil {
			return Exported{}, err
		}
	}
	entries := w.counts["entry"]
	if err := w.finish(); err != nil {
		return Exported{}, err
	}
	return Exported{p.Name, w.lines, counted.bytes, entries}, buffered.Flush()
}

// counter counts the bytes that pass.
type counter struct {
	out   io.Writer
	bytes int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.out.Write(p)
	c.bytes += int64(n)
	return n, err
}
