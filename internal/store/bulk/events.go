package bulk

import (
	"encoding/json"

	"github.com/placard/placard/models"
)

// canonicalDetails returns the details of an event in the form in which servers store them. An erasure may have changed
// the form.
func canonicalDetails(text string) (string, error) {
	details, err := readDetails(text)
	if err != nil {
		return "", err
	}
	return DetailsText(details)
}

// DetailsText returns the details of an event as the value of a column.
func DetailsText(details models.EventDetails) (string, error) {
	text, err := json.Marshal(details)
	return string(text), err
}

func readDetails(text string) (details models.EventDetails, err error) {
	return details, json.Unmarshal([]byte(text), &details)
}

// compareEvents returns newer for an event whose reason was erased in the file. It keeps such an erasure here.
func compareEvents(stored, imported Row) comparison {
	switch {
	case equalExcept(stored, imported):
		return equal
	case !equalExcept(stored, imported, "details"):
		return conflict
	case lacksReason(stored, imported):
		return equal
	case lacksReason(imported, stored):
		return newer
	}
	return conflict
}

// keepsReason reports whether the reason of an event was erased here and not in the file.
func keepsReason(stored, imported Row) bool { return lacksReason(stored, imported) }

// lacksReason reports whether the details of two events differ in the reason only, which the first one does not have.
func lacksReason(event, other Row) bool {
	details, err := readDetails(other.Get("details").(string))
	if err != nil || details.Reason == nil {
		return false
	}
	details.Reason = nil
	text, err := DetailsText(details)
	return err == nil && text == event.Get("details")
}
