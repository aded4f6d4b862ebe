package transfer

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/placard/placard/internal/jsontree"
	"github.com/placard/placard/internal/store/bulk"
	"github.com/placard/placard/models"
)

// maxBatchRows and maxBatchBytes limit the lines that are written in one transaction.
const (
	maxBatchRows  = 1000
	maxBatchBytes = 4 << 20
)

// sink gets the content of a file. Its errors end the reading.
type sink interface {
	// begin gets the project and the version of the format.
	begin(ctx context.Context, p models.Project, version int) error
	// write gets consecutive rows of a table. latest is the latest instant up to them, in microseconds since 1970.
	write(ctx context.Context, table *bulk.Table, rows []bulk.Row, latest int64) error
	// end is called after a complete file.
	end(ctx context.Context) error
}

// reader reads and checks a file.
type reader struct {
	in     *bufio.Reader
	limits *models.ServerLimits
	sink   sink
	// version is the version of the format, and tables has its tables.
	version int
	tables  []*bulk.Table
	*totals
	line []byte
	// table is the index in tables of the last row, which is zero before the first row of the table.
	table int
	last  bulk.Row
	// batch has rows of the table that were not written yet, and batchBytes is the length of their lines.
	batch      []bulk.Row
	batchBytes int
}

func newReader(in io.Reader, limits Limits, to sink) *reader {
	return &reader{in: bufio.NewReaderSize(in, 256<<10), limits: limits.server(), sink: to, version: formatVersion,
		totals: newTotals()}
}

// refuse returns the error of the current line.
func (r *reader) refuse(format string, args ...any) error {
	return &bulk.RowError{Line: r.lines.Load() + 1, Text: fmt.Sprintf(format, args...)}
}

func (r *reader) read(ctx context.Context) error {
	if err := r.readHeader(ctx); err != nil {
		return err
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		record, members, err := r.next()
		if err != nil {
			return err
		}
		if record == recordEnd {
			if err := r.flush(ctx); err != nil {
				return err
			}
			if err := r.checkTrailer(members); err != nil {
				return err
			}
			return r.sink.end(ctx)
		}
		if err := r.readRecord(ctx, record, members); err != nil {
			return err
		}
	}
}

// next reads a line into r.line. It returns the record and the other members of the line.
func (r *reader) next() (record string, members models.Object, err error) {
	if err := r.readLine(); err != nil {
		return "", nil, err
	}
	node, err := jsontree.Parse(r.line)
	members, ok := node.(models.Object)
	if err != nil || !ok {
		return "", nil, r.refuse("must be a JSON object in UTF-8 without duplicate keys and unpaired surrogates")
	}
	i := slices.IndexFunc(members, func(m models.Member) bool { return m.Key == "record" })
	if i >= 0 {
		record, _ = members[i].Value.(string)
	}
	if record == "" {
		return "", nil, r.refuse(`"record" must be a string that is not empty`)
	}
	return record, slices.Delete(members, i, i+1), nil
}

// readLine reads a line with its line feed. The longest one has a value in which each byte is escaped.
func (r *reader) readLine() error {
	maxBytes := 6*int(r.limits.ValueBytes) + 512<<10
	r.line = r.line[:0]
	for {
		part, err := r.in.ReadSlice('\n')
		r.line = append(r.line, part...)
		switch {
		case len(r.line) > maxBytes:
			return r.refuse("must not be longer than %d bytes", maxBytes)
		case err == nil:
			return nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			return errors.New("the file is only a part of an export: its last line is missing")
		default:
			return fmt.Errorf("read the file: %w", err)
		}
	}
}

func (r *reader) readHeader(ctx context.Context) error {
	record, members, err := r.next()
	if err != nil {
		return err
	}
	values := toMap(members)
	if record != header.Record || values["format"] != formatName {
		return r.refuse("is not the first line of a file that `placard export` has written")
	}
	number, _ := values["formatVersion"].(json.Number)
	version, err := strconv.Atoi(string(number))
	switch {
	case err == nil && version > formatVersion:
		return r.refuse("a newer program has written version %d of the format: this program reads versions up to %d",
			version, formatVersion)
	case err == nil && version > 0:
		r.version = version
	}
	r.tables = bulk.TablesOf(r.version)
	row, err := r.readRow(header, members)
	if err != nil {
		return err
	}
	r.add(r.line, header, row)
	project := models.Project{
		ID: row.Get("id").(models.ID), Name: row.Get("name").(string),
		CreatedAt: models.TimeFromMicros(row.Get("createdAt").(int64)),
	}
	if description, ok := row.Get("description").(string); ok {
		project.Description = &description
	}
	return r.sink.begin(ctx, project, r.version)
}

// readRecord adds a row to the batch. It writes the batch before if it is full or of another table.
func (r *reader) readRecord(ctx context.Context, record string, members models.Object) error {
	i := slices.IndexFunc(r.tables, func(t *bulk.Table) bool { return t.Record == record })
	switch {
	case i < 0:
		return r.refuse(`"record" is not known in version %d of the format: docs/reference/export-format.md has all records`,
			r.version)
	case i < r.table:
		return r.refuse("a record %q must not follow a record %q", record, r.tables[r.table].Record)
	case i > r.table || len(r.batch) >= maxBatchRows || r.batchBytes >= maxBatchBytes:
		if err := r.flush(ctx); err != nil {
			return err
		}
		if i > r.table {
			r.table, r.last = i, bulk.Row{}
		}
	}
	table := r.tables[i]
	row, err := r.readRow(table, members)
	if err != nil {
		return err
	}
	if err := r.checkOrder(table, &row); err != nil {
		return err
	}
	r.add(r.line, table, row)
	r.batch, r.batchBytes, r.last = append(r.batch, row), r.batchBytes+len(r.line), row
	return nil
}

// checkOrder refuses a row that is not greater than the last row. It sets the position of a row in a sequence.
func (r *reader) checkOrder(table *bulk.Table, row *bulk.Row) error {
	row.Position = 1
	if r.last.Line == 0 || table.Unsorted {
		return nil
	}
	order := bulk.CompareKeys(r.last, *row)
	if order > 0 || order == 0 && !table.Sequence {
		return r.refuse("must be sorted after the line before it and not be equal to it")
	}
	if order == 0 {
		row.Position = r.last.Position + 1
	}
	return nil
}

func (r *reader) flush(ctx context.Context) error {
	if len(r.batch) == 0 {
		return nil
	}
	err := r.sink.write(ctx, r.tables[r.table], r.batch, r.latest)
	r.batch, r.batchBytes = nil, 0
	return err
}

// checkTrailer compares the last line with the totals of the lines before it.
func (r *reader) checkTrailer(members models.Object) error {
	values, counts := toMap(members), map[string]any{}
	for _, table := range r.tables {
		counts[table.Record] = json.Number(strconv.FormatInt(r.counts[table.Record], 10))
	}
	object, _ := values["counts"].(models.Object)
	latest := time.UnixMicro(r.latest).UTC().Format(instantLayout)
	if len(values) != 3 || !maps.Equal(toMap(object), counts) || values["latestAt"] != latest ||
		values["sha256"] != r.sha256() {
		return r.refuse("the file is damaged: counts, latest instant or SHA-256 of its lines differ from this line")
	}
	r.count(r.line)
	if _, err := r.in.ReadByte(); !errors.Is(err, io.EOF) {
		return r.refuse("the file must end after the line with the record %q", recordEnd)
	}
	return nil
}

func toMap(object models.Object) map[string]any {
	values := make(map[string]any, len(object))
	for _, member := range object {
		values[member.Key] = member.Value
	}
	return values
}
