// Package consistency reads and writes consistency tokens. A token is a position in the write-ahead log of PostgreSQL
// that covers everything that a response shows. See docs/adr/0046-read-replicas.md.
package consistency

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Header is the name of the HTTP header with the token of a request or a response.
const Header = "Placard-Consistency"

// Token is a position in the log of a PostgreSQL cluster. The zero Token is no token.
type Token struct {
	// System is the system identifier of the cluster.
	System uint64
	// Timeline is that of the log. It is 0 in the token of a response whose position could not be read: no server has
	// timeline 0, so the primary answers a request with it.
	Timeline uint32
	// Position is a log sequence number.
	Position uint64
}

// IsZero reports whether there is no token.
func (t Token) IsZero() bool { return t == Token{} }

// String returns the token as SYSTEM:TIMELINE:POSITION, and an empty text for no token.
func (t Token) String() string {
	if t.IsZero() {
		return ""
	}
	return fmt.Sprintf("%d:%d:%s", t.System, t.Timeline, FormatPosition(t.Position))
}

// MarshalText returns the text of String.
func (t Token) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// errToken is the error of a text that is no token. It does not repeat the text.
var errToken = errors.New("must be a token of an earlier response, such as 7461905551215482932:1:0/16B3748: " +
	"system identifier, timeline and log position; without a token any server may answer")

// maxTokenBytes is the length of the longest token.
const maxTokenBytes = len("18446744073709551615:4294967295:FFFFFFFF/FFFFFFFF")

// Parse reads the text of a token. An empty text is not one.
func Parse(text string) (Token, error) {
	if len(text) > maxTokenBytes {
		return Token{}, errToken
	}
	system, rest, _ := strings.Cut(text, ":")
	timeline, position, _ := strings.Cut(rest, ":")
	var t Token
	var err1, err2, err3 error
	t.System, err1 = strconv.ParseUint(system, 10, 64)
	number, err2 := strconv.ParseUint(timeline, 10, 32)
	t.Timeline = uint32(number)
	t.Position, err3 = ParsePosition(position)
	if err1 != nil || err2 != nil || err3 != nil || t.System == 0 {
		return Token{}, errToken
	}
	return t, nil
}

// ParsePosition reads a log sequence number as PostgreSQL writes it, such as 0/16B3748.
func ParsePosition(text string) (uint64, error) {
	high, low, ok := strings.Cut(text, "/")
	first, err1 := strconv.ParseUint(high, 16, 32)
	second, err2 := strconv.ParseUint(low, 16, 32)
	if !ok || err1 != nil || err2 != nil {
		return 0, fmt.Errorf("%q is no log sequence number", text)
	}
	return first<<32 | second, nil
}

// FormatPosition returns a log sequence number as PostgreSQL writes it.
func FormatPosition(position uint64) string {
	return fmt.Sprintf("%X/%X", position>>32, uint32(position))
}

// IsSameLog reports whether two positions can be compared.
func (t Token) IsSameLog(other Token) bool {
	return t.System == other.System && t.Timeline == other.Timeline
}

// Covers reports whether a server with the log of t up to its position has everything that other covers.
func (t Token) Covers(other Token) bool {
	return t.IsSameLog(other) && t.Position >= other.Position
}

// Later returns the token that a caller keeps: the higher one of the same log, and otherwise the newer one, which is
// next.
func (t Token) Later(next Token) Token {
	if next.IsZero() || t.Covers(next) {
		return t
	}
	return next
}
