package rawrow

import (
	"database/sql/driver"
	"encoding/binary"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"

	"github.com/placard/placard/models"
)

// TestBind checks the text and the arguments of statements in both syntaxes.
func TestBind(t *testing.T) {
	t.Parallel()
	id := models.NewID()
	for _, c := range []struct {
		text     string
		args     []any
		numbered string
		bound    []any
	}{
		{"a", nil, "a", []any{}},
		{"a = ? AND b = ?", []any{1, id}, "a = $1 AND b = $2", []any{1, id}},
		{"? IN ? AND ?", []any{"x", []string{"a", "b"}, int64(2)}, "$1 IN ($2,$3) AND $4", []any{"x", "a", "b", int64(2)}},
		{"a IN ?", []any{[]models.ID{id}}, "a IN ($1)", []any{id}},
		{"a IN ?", []any{[]string{}}, "a IN (NULL)", []any{}},
		{"a = ?", []any{[]byte("x")}, "a = $1", []any{[]byte("x")}},
		{"a = ? AND b = ?", []any{gorm.Expr("f(?)", 3), 4}, "a = f($1) AND b = $2", []any{3, 4}},
	} {
		if text, args := Bind(c.text, c.args, true); text != c.numbered || !reflect.DeepEqual(args, c.bound) {
			t.Errorf("%q: got %q with %v", c.text, text, args)
		}
		plain := c.numbered
		for i := range c.bound {
			plain = strings.Replace(plain, fmt.Sprint("$", i+1), "?", 1)
		}
		if text, _ := Bind(c.text, c.args, false); text != plain {
			t.Errorf("%q: got %q, want %q", c.text, text, plain)
		}
	}
}

// TestRowForms checks that a row of each form has the same values.
func TestRowForms(t *testing.T) {
	t.Parallel()
	id, number := models.NewID(), int64(-1<<40)
	binaryRow := Row{raw: [][]byte{id[:], binary.BigEndian.AppendUint64(nil, uint64(number)), {1}, []byte("text"), nil,
		binary.BigEndian.AppendUint32(nil, uint32(1<<32-7))}, formats: []int16{1, 1, 1, 1, 1, 1}}
	textRow := Row{raw: [][]byte{[]byte(id.String()), []byte("-1099511627776"), []byte("t"), []byte("text"), nil, []byte("-7")},
		formats: []int16{0, 0, 0, 0, 0, 0}}
	values := Row{values: []driver.Value{id[:], number, int64(1), "text", nil, int64(-7)}}
	for name, row := range map[string]*Row{"binary": &binaryRow, "text": &textRow, "values": &values} {
		got := []any{row.ID(0), row.Int64(1), row.Bool(2), row.Text(3), row.IsNull(3), row.IsNull(4), row.ID(4), row.Int64(4),
			row.Bool(4), row.Text(4), row.Int64(5), row.err}
		want := []any{id, number, true, "text", false, true, models.ID{}, int64(0), false, "", int64(-7), error(nil)}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

// TestRowErrors checks that a value of another type than the one that is read makes the statement fail.
func TestRowErrors(t *testing.T) {
	t.Parallel()
	for name, read := range map[string]func(row *Row){
		"ID":      func(row *Row) { row.ID(0) },
		"integer": func(row *Row) { row.Int64(0) },
		"boolean": func(row *Row) { row.Bool(0) },
	} {
		for form, row := range map[string]Row{
			"binary": {raw: [][]byte{[]byte("abc")}, formats: []int16{pgtype.BinaryFormatCode}},
			"text":   {raw: [][]byte{[]byte("abc")}, formats: []int16{pgtype.TextFormatCode}},
			"values": {values: []driver.Value{"abc"}},
		} {
			if err := row.pass(func(row *Row) error { read(row); return nil }); err == nil {
				t.Errorf("%s: a text in the form %s is accepted", name, form)
			}
		}
	}
	row := Row{values: []driver.Value{int64(1)}}
	if row.Text(0); row.err == nil {
		t.Error("an integer is read as a text")
	}
}

// TestKeep checks that a kept text stays when the next row takes the memory of its row.
func TestKeep(t *testing.T) {
	t.Parallel()
	row := Row{raw: [][]byte{[]byte("first")}, formats: []int16{1}}
	kept := row.Keep(row.Text(0))
	copy(row.raw[0], "other")
	if kept != "first" || row.Text(0) != "other" {
		t.Errorf("the text is %q", kept)
	}
}
