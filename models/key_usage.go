package models

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// MaxMetadataKeys is how many keys are told at once.
const MaxMetadataKeys = 1000

// MetadataKeyUsage is a metadata key in use, over the latest values of versions.
type MetadataKeyUsage struct {
	CardName string
	Key      string
	// Kinds are those of its values, in the order of the table of kinds.
	Kinds []MetadataKind `gorm:"-"`
	// Versions is how many versions have it, Coverage their share.
	Versions int32
	Coverage Double
	// Min and Max are the least and the greatest of its finite numbers, nil when it has none.
	Min, Max *Double
	// LastEntryID is the entry that was logged last.
	ProjectID, LastEntryID ID
	// AsOf is the instant of the view of the artifact, nil for now.
	AsOf *Time `gorm:"-"`
}

// Card is the name of the card, nil for a key without one.
func (u *MetadataKeyUsage) Card() *string { return nameOrNil(u.CardName) }

// SortKinds puts kinds into the order of the table of kinds.
func SortKinds(names []string) []MetadataKind {
	sorted := []MetadataKind{}
	for _, spec := range kindTable() {
		if slices.Contains(names, string(spec.kind)) {
			sorted = append(sorted, spec.kind)
		}
	}
	return sorted
}

// The sort keys of the finite numbers lie between these two.
var (
	SortKeyMinusInfinity = encodeDoubleKey(math.Inf(-1), 0)
	SortKeyInfinity      = encodeDoubleKey(math.Inf(1), 0)
)

// NumberOfSortKey is the number that a sort key says, rounded to a double; false when it is that of no number.
func NumberOfSortKey(key string) (float64, bool) {
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
