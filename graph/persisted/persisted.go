// Package persisted is query texts that are known by their hash: those that clients have sent (Texts), and those that
// an operator trusts (Trusted). A hash is the SHA-256 of the UTF-8 text, as 64 lower-case hexadecimal digits.
package persisted

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/placard/placard/graph/recent"
)

// Bounds of Texts: how many are kept, how many bytes they have together, and how many one may have.
const (
	MaxTexts     = 1000
	MaxBytes     = 8 << 20
	MaxTextBytes = 64 << 10
)

// Hash is the hash of a text.
func Hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// IsHash says whether a text has the form of a hash.
func IsHash(text string) bool {
	for _, c := range []byte(text) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return len(text) == sha256.Size*2
}

// Texts is a bounded memory of texts: what was not used for longest goes first. It may be used by many at once.
type Texts struct{ kept *recent.Memory[string] }

// NewTexts is an empty memory.
func NewTexts() *Texts {
	return &Texts{recent.New(MaxTexts, MaxBytes, func(text string) int { return len(text) })}
}

// Get is the text of a hash, if it is kept.
func (t *Texts) Get(hash string) (string, bool) { return t.kept.Get(hash) }

// Add keeps a text under its hash, which the caller has checked. A text of more than MaxTextBytes is not kept.
func (t *Texts) Add(hash, text string) {
	if len(text) <= MaxTextBytes {
		t.kept.Add(hash, text)
	}
}
