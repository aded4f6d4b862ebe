package models

import (
	"errors"
	"fmt"
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

// TestVersionSelectors checks the selectors of mutations, and the names of reads.
func TestVersionSelectors(t *testing.T) {
	t.Parallel()
	text, one := func(s string) *string { return &s }, int32(1)
	named := func(n ArtifactVersionName) ArtifactVersionSelector {
		return ArtifactVersionSelector{ArtifactVersion: &ArtifactVersionRef{Named: &n}}
	}
	const at = "[input artifactVersion named]"
	for i, c := range []struct {
		selector    ArtifactVersionSelector
		write, read string
	}{
		{ArtifactVersionSelector{}, "[input]", ""},
		{ArtifactVersionSelector{ArtifactVersionID: text("x")}, "", ""},
		{ArtifactVersionSelector{ArtifactVersion: &ArtifactVersionRef{ID: text("x")}}, "", ""},
		{ArtifactVersionSelector{text("x"), &ArtifactVersionRef{ID: text("x")}}, "[input]", ""},
		{named(ArtifactVersionName{Name: "a"}), at, ""},
		{named(ArtifactVersionName{Name: "a", Number: &one}), "", ""},
		{named(ArtifactVersionName{Name: "a", Version: text("1")}), "", ""},
		{named(ArtifactVersionName{Name: "a", Alias: text("latest")}), "", ""},
		{named(ArtifactVersionName{Name: "a", Alias: text("b"), Version: text("1")}), at, at},
		{named(ArtifactVersionName{Name: "a", Number: &one, Version: text("1")}), at, at},
		{named(ArtifactVersionName{Name: "a", Number: &one, Alias: text("b")}), at, at},
		{named(ArtifactVersionName{Name: "", Number: &one}), "[input artifactVersion named name]", "[input artifactVersion named name]"},
	} {
		place := func(err error) string {
			var failure *Error
			if !errors.As(err, &failure) || failure.Code != CodeBadInput {
				return ""
			}
			return fmt.Sprint(failure.Path)
		}
		if got := place(c.selector.Check(NewPath("input"))); got != c.write {
			t.Errorf("write %d: got %q, want %q", i, got, c.write)
		}
		if c.selector.ArtifactVersion == nil || c.selector.ArtifactVersion.Named == nil {
			continue
		}
		if got := place(c.selector.ArtifactVersion.Named.Check(NewPath("input", "artifactVersion", "named"))); got != c.read {
			t.Errorf("read %d: got %q, want %q", i, got, c.read)
		}
	}
}
