// Package transfer moves a project between databases as a file of JSON lines: docs/reference/export-format.md describes it. The file holds
// nothing of the database that it comes from but the order of its entries, so that a project that was moved there and back
// makes the same bytes.
package transfer

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/placard/placard/internal/store/bulk"
	"github.com/placard/placard/models"
)

// What the first line says: which format this is, in which version. A program reads all versions up to its own.
const (
	formatName    = "placard-project"
	formatVersion = 1
)

// The records of the first and of the last line.
const (
	recordHeader = "header"
	recordEnd    = "end"
)

// instantForm is how instants stand in a file: in UTC, with six decimals.
const instantForm = "2006-01-02T15:04:05.000000Z"

// sums is what the last line says about those before it.
type sums struct {
	hash   hash.Hash
	lines  int64
	counts map[string]int64
	// latest is the latest instant in microseconds since 1970.
	latest int64
}

func newSums() *sums { return &sums{hash: sha256.New(), counts: map[string]int64{}} }

// add counts a line, with what it ends by. A nil table is that of the header.
func (s *sums) add(line []byte, table *bulk.Table, row []any) {
	_, _ = s.hash.Write(line) // never fails
	s.lines++
	if table == nil {
		return
	}
	s.counts[table.Record]++
	for i, column := range table.Columns {
		if at, ok := row[i].(int64); ok && column.Kind == bulk.Instant {
			s.latest = max(s.latest, at)
		}
	}
}

func (s *sums) sha256() string { return hex.EncodeToString(s.hash.Sum(nil)) }

// writer writes the lines of a file.
type writer struct {
	out  io.Writer
	line []byte
	*sums
}

func (w *writer) header(p *bulk.Project) error {
	w.line = append(w.line[:0], `{"record":"`+recordHeader+`","format":"`+formatName+`","formatVersion":`...)
	w.line = strconv.AppendInt(w.line, formatVersion, 10)
	w.id("id", p.ID)
	if err := w.text("name", p.Name); err != nil {
		return err
	}
	w.instant("createdAt", p.CreatedAt.UnixMicro())
	w.latest = p.CreatedAt.UnixMicro()
	return w.end(nil, nil)
}

// row writes a row of a table. What is NULL is left out.
func (w *writer) row(table *bulk.Table, row []any) error {
	w.line = append(append(append(w.line[:0], `{"record":"`...), table.Record...), '"')
	for i, column := range table.Columns {
		name := column.Member
		switch value := row[i].(type) {
		case nil:
		case models.ID:
			w.id(name, value)
		case bool:
			if value || !column.Optional {
				w.line = strconv.AppendBool(w.member(name), value)
			}
		case int64:
			if column.Kind == bulk.Instant {
				w.instant(name, value)
			} else {
				w.line = strconv.AppendInt(w.member(name), value, 10)
			}
		case string:
			if column.Kind == bulk.Value {
				w.line = append(w.member(name), value...)
			} else if err := w.text(name, value); err != nil {
				return err
			}
		}
	}
	return w.end(table, row)
}

// finish writes the last line.
func (w *writer) finish() error {
	sum := w.sha256()
	w.line = append(w.line[:0], `{"record":"`+recordEnd+`","counts":{`...)
	for i, table := range bulk.Tables {
		if i > 0 {
			w.line = append(w.line, ',')
		}
		w.line = append(append(append(w.line, '"'), table.Record...), `":`...)
		w.line = strconv.AppendInt(w.line, w.counts[table.Record], 10)
	}
	w.line = append(w.line, '}')
	w.instant("latestAt", w.latest)
	if err := w.text("sha256", sum); err != nil {
		return err
	}
	return w.end(nil, nil)
}

func (w *writer) member(name string) []byte {
	return append(append(append(w.line, `,"`...), name...), `":`...)
}

func (w *writer) id(name string, id models.ID) {
	w.line = append(append(append(w.member(name), '"'), id.String()...), '"')
}

func (w *writer) instant(name string, micros int64) {
	w.line = append(time.UnixMicro(micros).UTC().AppendFormat(append(w.member(name), '"'), instantForm), '"')
}

func (w *writer) text(name, text string) (err error) {
	w.line, err = jsontext.AppendQuote(w.member(name), text)
	return err
}

func (w *writer) end(table *bulk.Table, row []any) error {
	w.line = append(w.line, "}\n"...)
	w.add(w.line, table, row)
	_, err := w.out.Write(w.line)
	return err
}

// errTwice and the others are what is wrong with a line as JSON.
var (
	errNoObject = errors.New("is no JSON object")
	errJSON     = errors.New("is no JSON without a key twice, in UTF-8 without unpaired surrogates")
)

// parseLine reads a line as members of an object.
func parseLine(decoder *jsontext.Decoder) (models.Object, error) {
	if decoder.PeekKind() != '{' {
		return nil, errNoObject
	}
	node, err := readNode(decoder)
	if err == nil {
		if _, end := decoder.ReadToken(); end == io.EOF {
			return node.(models.Object), nil
		}
	}
	return nil, errJSON
}
