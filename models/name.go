package models

import (
	"regexp"
	"strconv"
	"unicode"
	"unicode/utf8"
)

// LatestAlias always exists on an artifact with versions, and means the greatest number.
const LatestAlias = "latest"

// DefaultProject is the name of the project that always exists.
const DefaultProject = "default"

// CheckName refuses what is no name of a project, artifact, version, alias, tag, output, pipeline or step: a name
// has 1 to 250 code points, no NUL and no white space at its ends. Names are compared exactly.
func CheckName(at *Path, name string) error {
	if name == "" {
		return BadInput(at, "must not be empty")
	}
	if err := CheckCharacters(at, name); err != nil {
		return err
	}
	if n := utf8.RuneCountInString(name); n > MaxNameCharacters {
		return LimitExceeded(at, "characters of a name", MaxNameCharacters, int64(n))
	}
	first, _ := utf8.DecodeRuneInString(name)
	last, _ := utf8.DecodeLastRuneInString(name)
	if unicode.IsSpace(first) || unicode.IsSpace(last) {
		return BadInput(at, "must not begin or end with white space")
	}
	return nil
}

// CheckText refuses text that cannot be stored, or that has more characters than max.
func CheckText(at *Path, what, text string, max int) error {
	if err := CheckCharacters(at, text); err != nil {
		return err
	}
	if n := utf8.RuneCountInString(text); n > max {
		return LimitExceeded(at, "characters of "+what, int64(max), int64(n))
	}
	return nil
}

// CheckIdempotencyKey refuses a key that is empty, too long or cannot be stored; nil is no key.
func CheckIdempotencyKey(at *Path, key *string) error {
	if key == nil {
		return nil
	}
	if *key == "" {
		return BadInput(at, "must not be empty")
	}
	return CheckText(at, "an idempotency key", *key, MaxNameCharacters)
}

var numericVersion = regexp.MustCompile(`^[1-9][0-9]{0,8}$`)

// VersionNumber is the number that a version name asks for; false when it is only a name.
func VersionNumber(name string) (int32, bool) {
	if !numericVersion.MatchString(name) {
		return 0, false
	}
	n, err := strconv.ParseInt(name, 10, 32)
	return int32(n), err == nil
}

// CutName shortens a name that a message repeats to 100 characters.
func CutName(name string) string {
	if runes := []rune(name); len(runes) > 100 {
		return string(runes[:99]) + "…"
	}
	return name
}
