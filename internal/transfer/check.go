package transfer

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/placard/placard/internal/store/bulk"
	"github.com/placard/placard/models"
)

// Limits are those of a server that count for a file, too.
type Limits struct{ ValueBytes, KeyCharacters, ValueNesting int32 }

func (l Limits) server() *models.ServerLimits {
	limits := models.DefaultLimits()
	limits.ValueBytes, limits.KeyCharacters, limits.ValueNesting = l.ValueBytes, l.KeyCharacters, l.ValueNesting
	return &limits
}

// ahead is how far instants of a file may lie in the future: by that much clocks differ. What is later would make this
// database date everything after it.
const ahead = time.Minute

// maxSubjectCharacters bounds the words of an audit event.
const maxSubjectCharacters = 1 << 16

// readRow reads the members of a line as a row of a table. Nothing may be there that the table does not have.
func (r *reader) readRow(table *bulk.Table, members models.Object) (bulk.Row, error) {
	row := bulk.Row{Line: r.lines + 1, Values: make([]any, len(table.Columns))}
	given := make([]any, len(table.Columns))
	there := make([]bool, len(table.Columns))
	for _, member := range members {
		i := slices.IndexFunc(table.Columns, func(c bulk.Column) bool { return c.Member == member.Key })
		if i < 0 {
			return row, fmt.Errorf("a record %s has a member that this program does not know", table.Record)
		}
		given[i], there[i] = member.Value, true
	}
	for i, column := range table.Columns {
		var err error
		switch {
		case there[i]:
			row.Values[i], err = r.value(column, given[i])
		case column.Kind == bulk.Bool && column.Optional:
			row.Values[i] = false
		case !column.Optional:
			err = errors.New("is missing")
		}
		if err == nil {
			err = checkColumn(table.Record, column.Name, row.Values[i])
		}
		if err != nil {
			return row, fmt.Errorf("%s %w", column.Member, plain(err))
		}
	}
	if err := r.checkRow(table, &row); err != nil {
		return row, plain(err)
	}
	if table.Record == "entry" {
		return row, r.readFact(table, &row, given[table.At("value")], there[table.At("value")])
	}
	return row, nil
}

// plain is a failure without its code and its place, which may hold keys of a caller.
func plain(err error) error {
	var failure *models.Error
	if errors.As(err, &failure) {
		return errors.New(failure.Message)
	}
	return err
}

// value reads a member by the kind of its column.
func (r *reader) value(column bulk.Column, given any) (any, error) {
	text, isText := given.(string)
	switch column.Kind {
	case bulk.ID:
		id, ok := models.ParseID(text)
		if !ok || id.IsZero() {
			return nil, errors.New("must be an ID")
		}
		return id, nil
	case bulk.Text:
		if !isText {
			return nil, errors.New("must be text")
		}
		return text, models.CheckCharacters(nil, text)
	case bulk.Number:
		number, ok := given.(json.Number)
		n, err := strconv.ParseInt(string(number), 10, 32)
		if !ok || err != nil || n < 0 {
			return nil, errors.New("must be a number of 32 bits that is not negative")
		}
		return n, nil
	case bulk.Bool:
		b, ok := given.(bool)
		if !ok {
			return nil, errors.New("must be true or false")
		}
		return b, nil
	case bulk.Instant:
		return r.instant(text)
	}
	return nil, nil // a value, which readFact reads with its kind
}

func (r *reader) instant(text string) (int64, error) {
	at, ok := models.ParseTime(text)
	if !ok || at.Nanosecond()%1000 != 0 {
		return 0, errors.New("must be an instant such as 2026-01-02T03:04:05.000006Z")
	}
	if at.After(r.now().Add(ahead)) {
		return 0, errors.New("lies in the future: the clock of this machine is behind, or that of another one was ahead")
	}
	return at.UnixMicro(), nil
}

// auditActions are those that a file may have. What was imported into the other database is its own affair.
var auditActions = []models.AuditAction{
	models.AuditActionAPIKeyCreated, models.AuditActionAPIKeyRevoked, models.AuditActionProjectCreated, models.AuditActionAliasSet,
	models.AuditActionAliasRemoved, models.AuditActionMetadataRetracted, models.AuditActionArtifactVersionDeleted, models.AuditActionArtifactDeleted,
}

// checkColumn refuses what the API would not take there. Keys and values of entries are read together.
func checkColumn(record, column string, value any) error {
	text, isText := value.(string)
	if !isText || record == "entry" && (column == "card" || column == "key" || column == "kind") {
		return nil
	}
	switch column {
	case "status":
		if !slices.Contains([]models.RunStatus{models.RunStatusRunning, models.RunStatusCompleted, models.RunStatusFailed}, models.RunStatus(text)) {
			return errors.New("must be RUNNING, COMPLETED or FAILED")
		}
	case "action":
		if !slices.Contains(auditActions, models.AuditAction(text)) {
			return errors.New("is no action that this program knows")
		}
	case "reason":
		return models.CheckText(nil, "a reason", text, models.MaxReasonCharacters)
	case "subject":
		return models.CheckText(nil, "an audit event", text, maxSubjectCharacters)
	case "alias", "version":
		if text == models.LatestAlias {
			return fmt.Errorf("must not be %q", models.LatestAlias)
		}
		return models.CheckName(nil, text)
	default:
		return models.CheckName(nil, text)
	}
	return nil
}

// checkRow refuses members that contradict each other.
func (r *reader) checkRow(table *bulk.Table, row *bulk.Row) error {
	at := func(column string) any { return row.Values[table.At(column)] }
	switch table.Record {
	case "pipelineRun", "stepRun":
		if (at("status") == string(models.RunStatusRunning)) != (at("finished_at") == nil) {
			return errors.New("a run has finishedAt when it is not RUNNING, and only then")
		}
	case "artifactVersion", "retiredNumber":
		if at("number") == int64(0) {
			return errors.New("number must be 1 or more")
		}
		if table.Record == "retiredNumber" {
			return nil
		}
		if number, numeric := models.VersionNumber(at("version").(string)); numeric && int64(number) != at("number") {
			return errors.New("version is a number, and number is another one")
		}
	case "stepInput":
		if at("position").(int64) >= models.MaxInputs {
			return fmt.Errorf("a step run has at most %d inputs", models.MaxInputs)
		}
	case "stepOutput":
		if at("position").(int64) >= models.MaxOutputs {
			return fmt.Errorf("a step run has at most %d outputs", models.MaxOutputs)
		}
	}
	return nil
}

// readFact reads the value of an entry as the API does. A retraction has none.
func (r *reader) readFact(table *bulk.Table, row *bulk.Row, value any, there bool) error {
	at := func(column string) *any { return &row.Values[table.At(column)] }
	retracted := (*at("retracted")).(bool)
	entry := models.MetadataEntryInput{Key: (*at("key")).(string), Value: models.ValueInput{"json": &models.Tree{Node: value}}}
	if card, ok := (*at("card")).(string); ok {
		entry.Card = &card
	}
	switch {
	case retracted && (there || *at("kind") != nil):
		return errors.New("a retraction has no kind and no value")
	case !retracted && (!there || *at("kind") == nil):
		return errors.New("an entry has a kind and a value, unless it is retracted")
	case !retracted && *at("reason") != nil:
		return errors.New("only a retraction has a reason")
	case retracted:
		entry.Value = models.ValueInput{"json": &models.Tree{}}
	}
	facts, err := models.Facts(r.limits, nil, nil, []models.MetadataEntryInput{entry})
	if err != nil {
		return plain(err)
	}
	if row.Fact = facts[0]; retracted {
		row.Fact = models.Fact{Card: row.Fact.Card, Key: row.Fact.Key}
		return nil
	}
	if string(row.Fact.Kind) != *at("kind") {
		return errors.New("the value is of another kind than kind says")
	}
	*at("value") = row.Fact.Text
	return nil
}
