package bulk

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/placard/placard/models"
)

// Kind is the type of a column.
type Kind int

// The kinds, with the Go type of their values; nil is NULL.
const (
	// ID is a models.ID.
	ID Kind = iota
	// Text is a string.
	Text
	// Number is an int64.
	Number
	// Bool is a bool.
	Bool
	// Instant is an int64: microseconds since 1970.
	Instant
	// Value is a string: a metadata value as extended JSON.
	Value
	// Details is a string: models.EventDetails as JSON.
	Details
)

// Absent is the value of a column that the version of a file does not have.
var Absent any = absent{}

type absent struct{}

// Column describes a column of a Table.
type Column struct {
	Name string
	// Member is the name in a file: that of the column in camel case, unless it is set.
	Member string
	Kind   Kind
	// Since is the first version of the format with the column, if it is not 1.
	Since int
	// formerly is the name in files of version 1, if it is another one.
	formerly string
	// Optional is true if NULL is allowed.
	Optional bool
	// Min and Max limit a Number.
	Min, Max int64
	// Check returns an error for a Text that the API does not accept; nil accepts all.
	Check func(text string) error

	// read is the expression that exports the column of the row x; empty for the column itself.
	read string
	// stored is the name of the stored column, and write its expression for the imported row t; empty for the column
	// itself.
	stored, write string
}

// MemberIn returns the name of the column in files of a version of the format. ok is false if they do not have it.
func (c Column) MemberIn(version int) (member string, ok bool) {
	if version == 1 && c.formerly != "" {
		return c.formerly, true
	}
	return c.Member, version >= c.Since
}

// maxAuditDescriptionCharacters limits the description of an audit event.
const maxAuditDescriptionCharacters = 1 << 16

// auditActions are the actions of exported audit events. Imports are events of one database and are not exported.
var auditActions = slices.DeleteFunc(slices.Clone(models.AuditActions), func(a models.AuditAction) bool {
	return a == models.AuditActionProjectImported
})

var (
	runStatuses = []models.RunStatus{models.RunStatusRunning, models.RunStatusCompleted, models.RunStatusFailed,
		models.RunStatusCancelled}
	stepStatuses = append(slices.Clone(runStatuses), models.RunStatusCached)
)

func checkName(text string) error { return models.CheckName(nil, text) }

// checkLabel accepts names of versions and aliases.
func checkLabel(text string) error {
	if text == models.LatestAlias {
		return fmt.Errorf("must not be %q", models.LatestAlias)
	}
	return checkName(text)
}

// CheckReason accepts the reason of a retraction.
func CheckReason(text string) error {
	return models.CheckText(nil, "a reason", text, models.MaxReasonCharacters)
}

// CheckDescription accepts the description of a project, an artifact or a version.
func CheckDescription(text string) error {
	if text == "" {
		return errors.New("must not be empty")
	}
	return models.CheckText(nil, "a description", text, models.MaxDescriptionCharacters)
}

func checkAuditDescription(text string) error {
	return models.CheckText(nil, "an audit event", text, maxAuditDescriptionCharacters)
}

func checkEventKind(text string) error { return checkEnum(models.TimelineEventKinds, text) }

// CheckStatus accepts the status of a run.
func CheckStatus(text string) error { return checkEnum(runStatuses, text) }

func checkStepStatus(text string) error { return checkEnum(stepStatuses, text) }

func checkAction(text string) error { return checkEnum(auditActions, text) }

func checkEnum[T ~string](allowed []T, text string) error {
	if slices.Contains(allowed, T(text)) {
		return nil
	}
	names := make([]string, len(allowed))
	for i, name := range allowed {
		names[i] = string(name)
	}
	return errors.New("must be one of " + strings.Join(names, ", "))
}

func checkRun(row Row) error {
	if running := row.Get("status") == string(models.RunStatusRunning); running != (row.Get("finished_at") == nil) {
		return errors.New(`"finishedAt" must be absent for status RUNNING and present for any other status`)
	}
	return nil
}

// checkOutput requires the time of a re-use.
func checkOutput(row Row) error {
	switch reused := row.Get("reused_subject_id"); {
	case reused == nil || reused == Absent:
		return nil
	case row.Get("bound_at") == nil:
		return errors.New(`"boundAt" must be present with "reusedSubjectId"`)
	case reused == row.Get("id"):
		return errors.New(`"reusedSubjectId" must not be the ID of the output`)
	}
	return nil
}

// checkVersion requires that a version named by a number has that number.
func checkVersion(row Row) error {
	number, numeric := models.ParseVersionNumber(row.Get("version").(string))
	if numeric && int64(number) != row.Get("number") {
		return errors.New(`"version" and "number" must be equal if "version" is a number`)
	}
	return nil
}
