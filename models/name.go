package models

import (
	"regexp"
	"strconv"
	"unicode"
	"unicode/utf8"

	"github.com/placard/placard/internal/near"
)

// LatestAlias is the computed alias of the version with the greatest number.
const LatestAlias = "latest"

// DefaultProject is the name of the project that every database has.
const DefaultProject = "default"

// CheckName validates the name of a project, artifact, version, alias, tag, output, pipeline or step. A name has 1 to
// 250 code points, no NUL and no white space at its ends. Names are compared exactly.
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

// CheckText validates text that is stored: no NUL, no unpaired surrogate, and at most maxCharacters characters. noun
// names the text in messages.
func CheckText(at *Path, noun, text string, maxCharacters int) error {
	if err := CheckCharacters(at, text); err != nil {
		return err
	}
	if n := utf8.RuneCountInString(text); n > maxCharacters {
		return LimitExceeded(at, "characters of "+noun, int64(maxCharacters), int64(n))
	}
	return nil
}

// CheckIdempotencyKey validates an idempotency key; nil is valid.
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

// ParseVersionNumber parses a version name that requests a number. It returns false for other names.
func ParseVersionNumber(name string) (int32, bool) {
	if !numericVersion.MatchString(name) {
		return 0, false
	}
	n, err := strconv.ParseInt(name, 10, 32)
	return int32(n), err == nil
}

// TruncateName truncates a name to 100 characters for a message.
func TruncateName(name string) string { return near.Truncate(name) }
