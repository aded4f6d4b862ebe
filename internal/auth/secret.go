package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"math/big"
	"regexp"
	"strings"
)

const (
	// keyPrefix begins each API key, so that scanners find leaked keys.
	keyPrefix = "plc_"
	// randomBytes is the number of random bytes of a key. An unsalted hash of 256 random bits is enough.
	randomBytes = 32
	// encodedDigits is the number of base 62 digits that encode randomBytes.
	encodedDigits = 43
	// PrefixCharacters is the number of characters of a key that are stored to be shown.
	PrefixCharacters = 8
)

// NewSecret returns a random API key.
func NewSecret() string {
	var random [randomBytes]byte
	_, _ = rand.Read(random[:]) // never fails
	text := new(big.Int).SetBytes(random[:]).Text(62)
	return keyPrefix + strings.Repeat("0", encodedDigits-len(text)) + text
}

// Hash returns the hash of a key, which the database stores instead of the key.
func Hash(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// Prefix returns the first characters of a key, which may be shown.
func Prefix(secret string) string { return secret[:PrefixCharacters] }

var secretPattern = regexp.MustCompile(fmt.Sprintf(`^%s[0-9A-Za-z]{%d}$`, keyPrefix, encodedDigits))

// Bearer returns the API key in the values of the header Authorization. ok is false unless there is exactly one value
// with a well-formed key.
func Bearer(values []string) (secret string, ok bool) {
	if len(values) != 1 {
		return "", false
	}
	scheme, secret, _ := strings.Cut(values[0], " ")
	secret = strings.TrimLeft(secret, " ")
	return secret, strings.EqualFold(scheme, "Bearer") && secretPattern.MatchString(secret)
}
