package rawrow

import (
	"database/sql/driver"
	"reflect"
	"strconv"
	"strings"

	"gorm.io/gorm/clause"

	"github.com/placard/placard/models"
)

// binder composes the text of a statement in the syntax of a driver, with its arguments.
type binder struct {
	text strings.Builder
	args []any
	// numbered is set for placeholders such as `$1` instead of `?`.
	numbered bool
}

// Bind returns a statement whose text has a question mark for each argument in the syntax of a driver: with `$1` if
// numbered, and with `?` otherwise. A list gets a placeholder for each item, in parentheses.
func Bind(text string, args []any, numbered bool) (string, []any) {
	b := binder{args: make([]any, 0, len(args)), numbered: numbered}
	b.text.Grow(len(text) + 2*len(args))
	b.add(text, args)
	return b.text.String(), b.args
}

func (b *binder) add(text string, args []any) {
	for _, arg := range args {
		before, after, _ := strings.Cut(text, "?")
		b.text.WriteString(before)
		b.argument(arg)
		text = after
	}
	b.text.WriteString(text)
}

func (b *binder) argument(arg any) {
	switch arg := arg.(type) {
	case clause.Expr: // the present, for example
		b.add(arg.SQL, arg.Vars)
		return
	case string, int64, int, models.ID, []byte, driver.Valuer:
	default:
		if list := reflect.ValueOf(arg); list.Kind() == reflect.Slice {
			b.list(list)
			return
		}
	}
	b.args = append(b.args, arg)
	if !b.numbered {
		b.text.WriteByte('?')
		return
	}
	b.text.WriteByte('$')
	b.text.WriteString(strconv.Itoa(len(b.args)))
}

func (b *binder) list(items reflect.Value) {
	b.text.WriteByte('(')
	for i := range items.Len() {
		if i > 0 {
			b.text.WriteByte(',')
		}
		b.argument(items.Index(i).Interface())
	}
	if items.Len() == 0 {
		b.text.WriteString("NULL")
	}
	b.text.WriteByte(')')
}
