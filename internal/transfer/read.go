package transfer

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/placard/placard/internal/store/bulk"
	"github.com/placard/placard/models"
)

// batchRows and batchBytes bound what is written in one transaction.
const (
	batchRows  = 1000
	batchBytes = 4 << 20
)

// sink takes what a file holds. Its errors end the reading.
type sink interface {
	begin(ctx context.Context, p bulk.Project) error
	// write takes rows of one table that stand behind each other; latest is the latest instant so far, in microseconds.
	write(ctx context.Context, table *bulk.Table, rows []bulk.Row, latest int64) error
	// end hears that the file was whole.
	end(ctx context.Context) error
}

// reader reads a file line by line and refuses whatever is not as it should be.
type reader struct {
	in     *bufio.Reader
	limits *models.ServerLimits
	now    func() time.Time
	to     sink
	tell   func(lines, bytes int64)
	*sums
	bytes int64
	// line and decoder are used again for each line.
	line    []byte
	decoder *jsontext.Decoder
	// table is what the last line belonged to, by its number, and last its row.
	table int
	last  bulk.Row
	batch []bulk.Row
	size  int
}

func newReader(in io.Reader, limits Limits, to sink, tell func(lines, bytes int64)) *reader {
	return &reader{
		in: bufio.NewReaderSize(in, 256<<10), limits: limits.server(), now: time.Now, to: to, tell: tell, sums: newSums(),
		decoder: jsontext.NewDecoder(in),
	}
}

func (r *reader) refuse(format string, args ...any) error {
	return &bulk.Refused{Line: r.lines + 1, Text: fmt.Sprintf(format, args...)}
}

// errTruncated is a file without its last line.
var errTruncated = errors.New("the file ends before its last line: it is only a part of what was exported")

// read reads the whole file.
func (r *reader) read(ctx context.Context) error {
	line, members, err := r.next()
	if err != nil {
		return err
	}
	p, err := r.readHeader(members)
	if err != nil {
		return err
	}
	r.add(line, nil, nil)
	r.latest = p.CreatedAt.UnixMicro()
	if err := r.to.begin(ctx, p); err != nil {
		return err
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		line, members, err := r.next()
		if err != nil {
			return err
		}
		record, members, err := r.record(members)
		if err != nil {
			return err
		}
		if record == recordEnd {
			if err := r.flush(ctx); err != nil {
				return err
			}
			if err := r.readEnd(members); err != nil {
				return err
			}
			return r.to.end(ctx)
		}
		if err := r.take(ctx, record, line, members); err != nil {
			return err
		}
	}
}

// next is the next line, with what it ends by, and its members.
func (r *reader) next() ([]byte, models.Object, error) {
	line, err := r.readLine()
	if err != nil {
		return nil, nil, err
	}
	r.decoder.Reset(bytes.NewReader(line))
	members, err := parseLine(r.decoder)
	if err != nil {
		return nil, nil, r.refuse("%s", err)
	}
	return line, members, nil
}

// readLine reads up to the end of a line. The longest is that of a value in which each byte is written as an escape.
func (r *reader) readLine() ([]byte, error) {
	most := 6*int(r.limits.ValueBytes) + 512<<10
	r.line = r.line[:0]
	for {
		part, err := r.in.ReadSlice('\n')
		r.line = append(r.line, part...)
		r.bytes += int64(len(part))
		switch {
		case len(r.line) > most:
			return nil, r.refuse("is longer than %d bytes", most)
		case err == nil:
			r.tell(r.lines, r.bytes)
			return r.line, nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			return nil, errTruncated
		default:
			return nil, fmt.Errorf("read the file: %w", err)
		}
	}
}

// record takes the record off the members of a line.
func (r *reader) record(members models.Object) (string, models.Object, error) {
	for i, member := range members {
		if text, ok := member.Value.(string); ok && member.Key == "record" {
			return text, slices.Delete(members, i, i+1), nil
		}
	}
	return "", nil, r.refuse("record is missing")
}

func (r *reader) readHeader(members models.Object) (p bulk.Project, err error) {
	record, members, err := r.record(members)
	if err != nil || record != recordHeader {
		return p, r.refuse("this is no file that `placard export` wrote")
	}
	version, format := 0, ""
	for _, member := range members {
		text, _ := member.Value.(string)
		switch member.Key {
		case "format":
			format = text
		case "formatVersion":
			number, _ := member.Value.(json.Number)
			version, err = strconv.Atoi(string(number))
		case "id":
			p.ID, _ = models.ParseID(text)
		case "name":
			p.Name, err = text, models.CheckName(nil, text)
		case "createdAt":
			var micros int64
			micros, err = r.instant(text)
			p.CreatedAt = models.TimeFromMicros(micros)
		default:
			err = errors.New("is not known to this program")
		}
		if err != nil {
			return p, r.refuse("%s %s", headerMember(member.Key), plain(err))
		}
	}
	switch {
	case format != formatName:
		return p, r.refuse("this is no file that `placard export` wrote")
	case version > formatVersion:
		return p, r.refuse("a newer program wrote this file, in version %d of the format", version)
	case version < 1 || p.ID.IsZero() || p.Name == "" || p.CreatedAt.IsZero():
		return p, r.refuse("formatVersion, id, name or createdAt is missing")
	}
	return p, nil
}

// headerMember is the name of a member of the header, if it is one.
func headerMember(name string) string {
	if slices.Contains([]string{"formatVersion", "id", "name", "createdAt"}, name) {
		return name
	}
	return "a member"
}

// take reads a line of a table, and hands on the batch before it where that is enough.
func (r *reader) take(ctx context.Context, record string, line []byte, members models.Object) error {
	i := slices.IndexFunc(bulk.Tables, func(t *bulk.Table) bool { return t.Record == record })
	switch {
	case i < 0:
		return r.refuse("this program does not know what record it is")
	case i < r.table:
		return r.refuse("a record %s stands behind a record %s", record, bulk.Tables[r.table].Record)
	case i > r.table || len(r.batch) >= batchRows || r.size >= batchBytes:
		if err := r.flush(ctx); err != nil {
			return err
		}
		if i > r.table {
			r.last = bulk.Row{}
		}
		r.table = i
	}
	table := bulk.Tables[i]
	row, err := r.readRow(table, members)
	if err != nil {
		return r.refuse("%s", err)
	}
	if err := r.place(table, &row); err != nil {
		return err
	}
	r.add(line, table, row.Values)
	r.batch, r.size, r.last = append(r.batch, row), r.size+len(line), row
	return nil
}

// place checks that a row stands behind the last one, and says which of its sequence it is.
func (r *reader) place(table *bulk.Table, row *bulk.Row) error {
	if table.Group > 0 {
		row.Place = 1
	}
	if r.last.Values == nil || table.Key+table.Group == 0 {
		return nil
	}
	order := compareValues(r.last.Values, row.Values, table.Key+table.Group)
	if order > 0 || order == 0 && table.Group == 0 {
		return r.refuse("does not stand in its order, or stands twice")
	}
	if order == 0 {
		row.Place = r.last.Place + 1
	}
	return nil
}

// compareValues compares the first n values of two rows.
func compareValues(a, b []any, n int) int {
	for i := range n {
		order := 0
		switch x := a[i].(type) {
		case models.ID:
			y := b[i].(models.ID)
			order = bytes.Compare(x[:], y[:])
		case string:
			order = strings.Compare(x, b[i].(string))
		case int64:
			order = cmp.Compare(x, b[i].(int64))
		}
		if order != 0 {
			return order
		}
	}
	return 0
}

func (r *reader) flush(ctx context.Context) error {
	if len(r.batch) == 0 {
		return nil
	}
	err := r.to.write(ctx, bulk.Tables[r.table], r.batch, r.latest)
	r.batch, r.size = nil, 0
	return err
}

// readEnd compares what the last line says with what was read, and makes sure that it is the last one.
func (r *reader) readEnd(members models.Object) error {
	damaged := r.refuse("the file is damaged: its lines are not those that were exported")
	said := map[string]any{}
	for _, member := range members {
		said[member.Key] = member.Value
	}
	counts, _ := said["counts"].(models.Object)
	for _, count := range counts {
		if number, ok := count.Value.(json.Number); !ok || string(number) != strconv.FormatInt(r.counts[count.Key], 10) {
			return damaged
		}
	}
	latest, ok := said["latestAt"].(string)
	if at, err := r.instant(latest); !ok || err != nil || at != r.latest || len(said) != 3 || len(counts) != len(bulk.Tables) || said["sha256"] != r.sha256() {
		return damaged
	}
	if _, err := r.in.ReadByte(); !errors.Is(err, io.EOF) {
		r.lines++
		return r.refuse("something stands behind the last line")
	}
	return nil
}
