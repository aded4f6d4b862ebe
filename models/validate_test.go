package models

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// TestEraseMetadataInput checks the number of IDs, repeated IDs and the reason of an erasure.
func TestEraseMetadataInput(t *testing.T) {
	t.Parallel()
	ids := func(n int) (texts []string) {
		for i := range n {
			texts = append(texts, fmt.Sprint("id", i))
		}
		return texts
	}
	limits, long := DefaultLimits(), strings.Repeat("é", MaxReasonCharacters+1)
	short := long[len("é"):]
	for name, c := range map[string]struct {
		input EraseMetadataInput
		code  Code
		path  string
	}{
		"one":         {EraseMetadataInput{EntryIDs: ids(1), Reason: &short}, "", ""},
		"1,000":       {EraseMetadataInput{EntryIDs: ids(1000)}, "", ""},
		"none":        {EraseMetadataInput{}, CodeBadInput, "[input entryIds]"},
		"too many":    {EraseMetadataInput{EntryIDs: ids(1001)}, CodeLimitExceeded, "[input entryIds]"},
		"repeated":    {EraseMetadataInput{EntryIDs: append(ids(3), "id1")}, CodeBadInput, "[input entryIds 3]"},
		"long reason": {EraseMetadataInput{EntryIDs: ids(1), Reason: &long}, CodeLimitExceeded, "[input reason]"},
	} {
		err := c.input.Check(&limits, NewPath("input"))
		var failure *Error
		if c.code == "" && err != nil || c.code != "" &&
			(!errors.As(err, &failure) || failure.Code != c.code || fmt.Sprint(failure.Path) != c.path) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
