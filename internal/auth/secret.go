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
	// mark is what every key begins with, so that it is known where it leaks.
	mark = "plc_"
	// randomBytes is how much of a key is random: too much to guess, so that a plain hash of it keeps it.
	randomBytes = 32
	// digits is how many digits to the base 62 hold that many bytes.
	digits = 43
	// PrefixCharacters is how many characters of a key are kept to be shown.
	PrefixCharacters = 8
)

// NewSecret is an API key that nobody has.
func NewSecret() string {
	var random [randomBytes]byte
	_, _ = rand.Read(random[:]) // it never fails
	text := new(big.Int).SetBytes(random[:]).Text(62)
	return mark + strings.Repeat("0", digits-len(text)) + text
}

// Hash is what is stored of a key.
func Hash(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// Prefix is what is shown of a key.
func Prefix(secret string) string { return secret[:PrefixCharacters] }

var secretText = regexp.MustCompile(fmt.Sprintf(`^%s[0-9A-Za-z]{%d}$`, mark, digits))

// Bearer is the API key of the values of a header Authorization; false when there is not exactly one that could be a key.
func Bearer(values []string) (string, bool) {
	if len(values) != 1 {
		return "", false
	}
	scheme, secret, _ := strings.Cut(values[0], " ")
	secret = strings.TrimLeft(secret, " ")
	return secret, strings.EqualFold(scheme, "Bearer") && secretText.MatchString(secret)
}
