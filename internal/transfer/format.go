// Package transfer moves a project between databases as a file of JSON lines (ADR 0023).
// docs/reference/export-format.md describes the format. A file does not depend on its database: a project that was
// moved back and forth is exported as the same bytes.
package transfer

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"math"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/placard/placard/internal/jsontree"
	"github.com/placard/placard/internal/store/bulk"
	"github.com/placard/placard/models"
)

// The format and its version. A program reads all versions up to its own.
const (
	formatName    = "placard-project"
	formatVersion = 2
)

// recordEnd is the record of the last line.
const recordEnd = "end"

const instantLayout = "2006-01-02T15:04:05.000000Z"

// header describes the first line.
var header = &bulk.Table{Record: "header", Columns: []bulk.Column{
	{Name: "format", Member: "format", Kind: bulk.Text},
	{Name: "formatVersion", Member: "formatVersion", Kind: bulk.Number, Min: 1, Max: math.MaxInt32},
	{Name: "id", Member: "id", Kind: bulk.ID},
	{Name: "name", Member: "name", Kind: bulk.Text, Check: func(text string) error { return models.CheckName(nil, text) }},
	{Name: "createdAt", Member: "createdAt", Kind: bulk.Instant},
	{Name: "description", Member: "description", Kind: bulk.Text, Optional: true, Since: 2, Check: bulk.CheckDescription},
}}

// totals are collected over all lines and compared with the last line. Other goroutines may read lines and bytes.
type totals struct {
	lines, bytes atomic.Int64
	hash         hash.Hash
	// counts has the number of rows by record.
	counts map[string]int64
	// latest is the latest instant in microseconds since 1970.
	latest int64
}

func newTotals() *totals { return &totals{hash: sha256.New(), counts: map[string]int64{}} }

// add adds a line with its line feed.
func (t *totals) add(line []byte, table *bulk.Table, row bulk.Row) {
	t.count(line)
	_, _ = t.hash.Write(line) // a hash returns no errors
	t.counts[table.Record]++
	for column, value := range row.All() {
		if micros, ok := value.(int64); ok && column.Kind == bulk.Instant {
			t.latest = max(t.latest, micros)
		}
	}
}

func (t *totals) count(line []byte) {
	t.lines.Add(1)
	t.bytes.Add(int64(len(line)))
}

func (t *totals) sha256() string { return hex.EncodeToString(t.hash.Sum(nil)) }

// progress describes how many lines were processed. size is the size of the file in bytes, 0 if it is unknown.
func (t *totals) progress(processed string, size int64) string {
	lines, bytes := t.lines.Load(), t.bytes.Load()
	if size > 0 {
		return fmt.Sprintf("%s %d lines, %d %%", processed, lines, 100*bytes/size)
	}
	return fmt.Sprintf("%s %d lines, %d MB", processed, lines, bytes>>20)
}

// writer writes the lines of a file.
type writer struct {
	out  io.Writer
	line []byte
	*totals
}

func (w *writer) writeHeader(p *models.Project) error {
	row := header.NewRow(1)
	row.Set("format", formatName)
	row.Set("formatVersion", int64(formatVersion))
	row.Set("id", p.ID)
	row.Set("name", p.Name)
	row.Set("createdAt", p.CreatedAt.UnixMicro())
	if p.Description != nil {
		row.Set("description", *p.Description)
	}
	return w.writeRow(header, row)
}

// writeRow writes a row without its NULL values.
func (w *writer) writeRow(table *bulk.Table, row bulk.Row) error {
	w.begin(table.Record)
	for column, value := range row.All() {
		if value == nil || value == false && column.Optional {
			continue
		}
		w.key(column.Member)
		switch value := value.(type) {
		case models.ID:
			w.text(value.String())
		case bool:
			w.line = strconv.AppendBool(w.line, value)
		case int64:
			if column.Kind == bulk.Instant {
				w.instant(value)
			} else {
				w.line = strconv.AppendInt(w.line, value, 10)
			}
		case string:
			switch column.Kind {
			case bulk.Value:
				w.line = append(w.line, value...)
			case bulk.Details:
				if err := w.details(value); err != nil {
					return err
				}
			default:
				w.text(value)
			}
		}
	}
	return w.end(table, row)
}

// writeTrailer writes the last line.
func (w *writer) writeTrailer() error {
	w.begin(recordEnd)
	w.key("counts")
	for i, table := range bulk.Tables {
		w.line = append(w.line, "{,"[min(i, 1)])
		w.text(table.Record)
		w.line = strconv.AppendInt(append(w.line, ':'), w.counts[table.Record], 10)
	}
	w.line = append(w.line, '}')
	w.key("latestAt")
	w.instant(w.latest)
	w.key("sha256")
	w.text(w.sha256())
	return w.end(nil, bulk.Row{})
}

func (w *writer) begin(record string) {
	w.line = append(w.line[:0], `{"record":`...)
	w.text(record)
}

func (w *writer) key(member string) {
	w.line = append(w.line, ',')
	w.text(member)
	w.line = append(w.line, ':')
}

func (w *writer) instant(micros int64) {
	w.line = time.UnixMicro(micros).UTC().AppendFormat(w.line, `"`+instantLayout+`"`)
}

// shortEscapes replaces two escapes of jsontree.AppendString by the shorter ones of the format. It keeps an escaped
// backslash, which may precede the same letters.
var shortEscapes = strings.NewReplacer(`\\`, `\\`, `\u0008`, `\b`, `\u000c`, `\f`)

func (w *writer) text(text string) {
	start := len(w.line)
	w.line = jsontree.AppendString(w.line, text)
	if strings.ContainsAny(text, "\b\f") {
		w.line = append(w.line[:start], shortEscapes.Replace(string(w.line[start:]))...)
	}
}

// end writes the line. table is nil for the last line.
func (w *writer) end(table *bulk.Table, row bulk.Row) error {
	w.line = append(w.line, "}\n"...)
	if table == nil {
		w.count(w.line)
	} else {
		w.add(w.line, table, row)
	}
	_, err := w.out.Write(w.line)
	return err
}
