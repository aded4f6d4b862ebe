package models

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// MetadataKeyUsage summarizes the latest values of one key over several versions.
type MetadataKeyUsage struct {
	CardName string
	Key      string
	// Kinds are the kinds of the values, in the order of the table of kinds.
	Kinds []MetadataKind `gorm:"-"`
	// VersionCount is the number of versions with the key, Coverage their share of all versions.
	VersionCount int32
	Coverage     Double
	// Min and Max are the extremes of the finite numbers, nil without any.
	Min, Max *Double
	// LastEntryID is the entry logged last.
	ProjectID, LastEntryID ID
	// AsOf is the instant of the view of the artifact, nil for now.
	AsOf *Time `gorm:"-"`
}

// Card returns the name of the card, nil for a key without one.
func (u *MetadataKeyUsage) Card() *string { return nameOrNil(u.CardName) }

// SortKinds returns the kinds with the given names in the order of the table of kinds.
func SortKinds(names []string) []MetadataKind {
	sorted := []MetadataKind{}
	for _, spec := range kindTable() {
		if slices.Contains(names, string(spec.kind)) {
			sorted = append(sorted, spec.kind)
		}
	}
	return sorted
}

// The sort keys of all finite numbers are between these two.
var (
	SortKeyMinusInfinity = encodeDoubleKey(math.Inf(-1), 0)
	SortKeyInfinity      = encodeDoubleKey(math.Inf(1), 0)
)

// ParseNumberKey returns the number with a sort key, rounded to a double; false if key is not the sort key of a
// number.
func ParseNumberKey(key string) (float64, bool) {
	text, ok := strings.CutPrefix(key, classNumber)
	if !ok || len(text) > 20 {
		return 0, false
	}
	text += strings.Repeat("0", 20-len(text))
	bits, errBits := strconv.ParseUint(text[:16], 16, 64)
	rest, errRest := strconv.ParseUint(text[16:], 16, 16)
	if errBits != nil || errRest != nil {
		return 0, false
	}
	if bits>>63 == 1 {
		bits &^= 1 << 63
	} else {
		bits = ^bits
	}
	f := math.Float64frombits(bits)
	if rest != 0 {
		return float64(int64(f) + int64(rest)), true // a whole number beyond 2^53
	}
	return f, true
}
