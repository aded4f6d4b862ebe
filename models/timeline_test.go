package models

import (
	"fmt"
	"strings"
	"testing"
)

// TestEventDetails checks the form of the details in the database, the limit of their keys, and a damaged form.
func TestEventDetails(t *testing.T) {
	t.Parallel()
	var details EventDetails
	for i := range MaxEventKeys + 1 {
		details.AddKey("", fmt.Sprint("k", i))
		details.AddKey("", fmt.Sprint("k", i))
	}
	if details.EntryCount != 2*MaxEventKeys+2 || len(details.Keys) != MaxEventKeys {
		t.Errorf("got %d entries and %d keys", details.EntryCount, len(details.Keys))
	}
	for _, stored := range []any{`{"keys":[{"card":"c","key":"k"},{"key":"l"}]}`, []byte(`{"keys":[{"card":"c","key":"k"},{"key":"l"}]}`)} {
		event := TimelineEvent{}
		if err := event.Details.Scan(stored); err != nil {
			t.Fatal(err)
		}
		keys := event.Keys()
		if len(keys) != 2 || *keys[0].Card() != "c" || keys[1].Card() != nil {
			t.Errorf("got the keys %v", keys)
		}
		if event.Version() != nil || event.Number() != nil || event.Status() != nil || event.Tags() == nil {
			t.Error("an absent field is not null")
		}
	}
	for _, damaged := range []any{nil, 7, "{"} {
		if (&EventDetails{}).Scan(damaged) == nil {
			t.Errorf("%v is accepted", damaged)
		}
	}
}

// TestViewsHaveNoPresent checks that views of objects have neither descriptions nor times of changes.
func TestViewsHaveNoPresent(t *testing.T) {
	t.Parallel()
	first, second := TimeFromMicros(1), TimeFromMicros(2)
	text := "text"
	artifact := &Artifact{CreatedAt: first, ChangedAt: second, Description: &text}
	if view := artifact.ViewAt(&second); view.Description != nil || view.UpdatedAt() != nil || artifact.UpdatedAt() == nil {
		t.Errorf("got %+v", view)
	}
	version := &ArtifactVersion{CreatedAt: first, Description: &text}
	if view := version.ViewAt(&second); view.Description != nil || version.Description == nil {
		t.Errorf("got %+v", view)
	}
	run := &PipelineRun{StartedAt: first}
	if run.UpdatedAt().UnixMicro() != 1 || run.ViewAt(&second).UpdatedAt() != nil {
		t.Error("the update of a run without changes is its start, and null in a view")
	}
	if run.ChangedAt = &second; run.UpdatedAt().UnixMicro() != 2 {
		t.Errorf("got %v", run.UpdatedAt())
	}
}

func TestCheckDescription(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", MaxDescriptionCharacters)
	empty, longer, nul, spaces := "", long+"é", "a\x00", " \n "
	for name, c := range map[string]struct {
		given bool
		text  *string
		want  string
		code  Code
	}{
		"absent": {false, nil, "", CodeBadInput}, "null": {true, nil, "", ""}, "empty": {true, &empty, "", ""},
		"long": {true, &long, long, ""}, "longer": {true, &longer, "", CodeLimitExceeded}, "NUL": {true, &nul, "", CodeBadInput},
		"white space": {true, &spaces, spaces, ""},
	} {
		got, err := CheckDescription(nil, c.given, c.text)
		var code Code
		if failure, ok := err.(*Error); ok {
			code = failure.Code
		}
		if code != c.code || err == nil && (got == nil) != (c.want == "") || got != nil && err == nil && *got != c.want {
			t.Errorf("%s: got %v and %v", name, got, err)
		}
	}
}
