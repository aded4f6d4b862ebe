package transfer

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/placard/placard/internal/store/bulk"
	"github.com/placard/placard/models"
)

// maxClockSkew is the tolerated difference between the clocks of two machines. An instant of a file further in the
// future would delay all writes after the import.
const maxClockSkew = time.Minute

// readRow reads the members of the current line as a row of a table. Its errors do not repeat the content of the line.
func (r *reader) readRow(table *bulk.Table, members models.Object) (bulk.Row, error) {
	row := table.NewRow(r.lines.Load() + 1)
	given := toMap(members)
	value, hasValue := given["value"]
	for column := range row.All() {
		name, ok := column.MemberIn(r.version)
		var member any
		present := false
		if ok {
			member, present = given[name]
			delete(given, name)
		}
		var err error
		switch {
		case column.Kind == bulk.Bool && column.Optional && !present:
			row.Set(column.Name, false)
		case !ok:
			row.Set(column.Name, bulk.Absent)
		case present:
			if member, err = r.readValue(column, member); err != nil {
				return row, r.refuse("%s", explain(name, err))
			}
			row.Set(column.Name, member)
		case !column.Optional:
			return row, r.refuse("%q is missing", name)
		}
	}
	if len(given) > 0 {
		return row, r.refuse("a record %q has only the members %s", table.Record, r.memberNames(table))
	}
	if table.Check != nil {
		if err := table.Check(row); err != nil {
			return row, r.refuse("%s", err)
		}
	}
	if table.Record == "entry" {
		if err := r.readFact(&row, value, hasValue); err != nil {
			return row, r.refuse("%s", err)
		}
	}
	return row, nil
}

func (r *reader) memberNames(table *bulk.Table) string {
	var names []string
	for _, column := range table.Columns {
		if name, ok := column.MemberIn(r.version); ok {
			names = append(names, strconv.Quote(name))
		}
	}
	return strings.Join(names, ", ")
}

// explain returns an error about a member. It omits the path of a models.Error, which may have keys of the file.
func explain(member string, err error) error {
	failure := &models.Error{Message: err.Error()}
	errors.As(err, &failure)
	if failure.Code == models.CodeLimitExceeded {
		return fmt.Errorf("%q exceeds a limit: %s", member, failure.Message)
	}
	return fmt.Errorf("%q %s", member, failure.Message)
}

// readValue reads a member by the kind of its column. readFact reads a metadata value.
func (r *reader) readValue(column bulk.Column, given any) (any, error) {
	text, isText := given.(string)
	switch column.Kind {
	case bulk.ID:
		id, ok := models.ParseID(text)
		if !ok || id.IsZero() {
			return nil, errors.New("must be an ID such as 01a2159e-ae50-7772-bf34-4eda708cc145")
		}
		return id, nil
	case bulk.Text:
		if !isText {
			return nil, errors.New("must be a string")
		}
		if column.Check != nil {
			return text, column.Check(text)
		}
		return text, models.CheckCharacters(nil, text)
	case bulk.Number:
		number, _ := given.(json.Number)
		n, err := strconv.ParseInt(string(number), 10, 64)
		if err != nil || n < column.Min || n > column.Max {
			return nil, fmt.Errorf("must be an integer from %d to %d", column.Min, column.Max)
		}
		return n, nil
	case bulk.Bool:
		b, ok := given.(bool)
		if !ok {
			return nil, errors.New("must be true or false")
		}
		return b, nil
	case bulk.Instant:
		return readInstant(given)
	case bulk.Details:
		return r.readDetails(given)
	}
	return nil, nil
}

// readInstant returns microseconds since 1970.
func readInstant(given any) (int64, error) {
	text, _ := given.(string)
	at, ok := models.ParseTime(text)
	if !ok || at.Nanosecond()%1000 != 0 {
		return 0, errors.New("must be an instant such as 2026-01-02T03:04:05.000006Z")
	}
	if at.After(time.Now().Add(maxClockSkew)) {
		return 0, errors.New("must not be in the future: compare the clocks of both machines")
	}
	return at.UnixMicro(), nil
}

// readFact reads the value of an entry as the API does. A retraction and an erased entry have none.
func (r *reader) readFact(row *bulk.Row, value any, hasValue bool) error {
	kind, retracted, erased := row.Get("kind"), row.Get("retracted") == true, row.Get("erased") == true
	switch {
	case erased && (hasValue || kind != nil || row.Get("reason") != nil):
		return errors.New(`an erased entry must not have "kind", "value" and "reason"`)
	case erased:
	case retracted && (hasValue || kind != nil):
		return errors.New(`a retraction must not have "kind" and "value"`)
	case !retracted && (!hasValue || kind == nil):
		return errors.New(`an entry must have "kind" and "value" unless "retracted" or "erased" is true`)
	case !retracted && row.Get("reason") != nil:
		return errors.New(`only a retraction may have "reason"`)
	}
	entry := models.MetadataEntryInput{
		Key: row.Get("key").(string), Value: models.ValueInput{"json": &models.Tree{Node: value}},
	}
	if card, ok := row.Get("card").(string); ok {
		entry.Card = &card
	}
	facts, err := models.ReadFacts(r.limits, nil, nil, []models.MetadataEntryInput{entry})
	if err != nil {
		member := "value"
		if failure := (*models.Error)(nil); errors.As(err, &failure) && len(failure.Path) > 2 {
			member = fmt.Sprint(failure.Path[2]) // after "entries" and the index
		}
		return explain(member, err)
	}
	fact := facts[0]
	if retracted || erased {
		row.Fact = models.Fact{Card: fact.Card, Key: fact.Key}
		return nil
	}
	if string(fact.Kind) != kind {
		return errors.New(`"kind" must be the kind of "value"`)
	}
	row.Set("value", fact.Text)
	row.Fact = fact
	return nil
}
