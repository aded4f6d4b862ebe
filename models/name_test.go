package models

import (
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]Code{
		"model": "", " ": CodeBadInput, "": CodeBadInput, "a b": "", " a": CodeBadInput, "a\u00a0": CodeBadInput, "\u2028a": CodeBadInput,
		"a\x00b": CodeBadInput, "a\xed\xa0\x80": CodeBadInput, strings.Repeat("🦆", 250): "", strings.Repeat("x", 251): CodeLimitExceeded,
	} {
		err := CheckName(nil, name)
		if got := CodeOf(err); err == nil && want != "" || err != nil && got != want {
			t.Errorf("%.20q: got %v, want %q", name, err, want)
		}
	}
}

func TestVersionNumbers(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int32{
		"1": 1, "44": 44, "999999999": 999999999, "1000000000": 0, "007": 0, "0": 0, "-1": 0, "1.0": 0, "１": 0, "v2": 0, "": 0,
	} {
		if got, numeric := ParseVersionNumber(name); got != want || numeric != (want != 0) {
			t.Errorf("%q: got %d, %v", name, got, numeric)
		}
	}
}

func TestIDs(t *testing.T) {
	t.Parallel()
	id := NewID()
	if back, ok := ParseID(id.String()); !ok || back != id {
		t.Errorf("%s is read as %s", id, back)
	}
	for _, bad := range []string{"", "\x00", "garbage", strings.ToUpper(NewID().String()), "{" + id.String() + "}", "urn:uuid:" + id.String(), id.String() + " "} {
		if _, ok := ParseID(bad); ok {
			t.Errorf("%q is an ID", bad)
		}
	}
	if DefaultProjectID.String() != "00000000-0000-7000-8000-000000000001" {
		t.Errorf("the default project is %s", DefaultProjectID)
	}
}
