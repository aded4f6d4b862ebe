package models

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/placard/placard/internal/jsontree"
)

// A sort key is a text whose order by bytes is the order of the values. It begins with the class of the value. Classes
// define a total order for sorting; conditions compare only values of one class. Both engines and Go compare sort keys
// alike. See docs/adr/0017. Comparable values are below SortKeyUnordered, non-null values below SortKeyNull.
const (
	classBoolean     = "1"
	classNumber      = "2"
	classInstant     = "3"
	SortKeyText      = "4"
	SortKeyUnordered = "5" // NaN and values with members, which are sorted but not compared
	SortKeyNull      = "6"
)

// SortKeyBytes is the maximum length of a stored sort key, so that an index can hold it. The first byte is the class:
// strings are sorted by the characters in their first 399 bytes.
const SortKeyBytes = 400

// SearchKeys contains the stored columns of a value that conditions and sorting use.
type SearchKeys struct {
	// SortKey is truncated to SortKeyBytes at a character.
	SortKey string
	// PathKeys is the full text of a truncated string, or the members of a list, tuple, set or dictionary, see
	// appendParts; else empty.
	PathKeys string
}

// EncodeSearchKeys returns the search form of a value.
func EncodeSearchKeys(v MetadataValue) SearchKeys {
	key := v.sortKey()
	if text, ok := strings.CutPrefix(key, SortKeyText); ok && len(key) > SortKeyBytes {
		return SearchKeys{TruncateSortKey(key), text}
	}
	switch v.(type) {
	case ListValue, TupleValue, SetValue, DictValue:
		return SearchKeys{key, string(appendParts(nil, v))}
	}
	return SearchKeys{SortKey: key}
}

// DecodeSearchKeys returns the search form of a stored value.
func DecodeSearchKeys(kind MetadataKind, text string) (SearchKeys, error) {
	value, err := DecodeValue(kind, text)
	if err != nil {
		return SearchKeys{}, err
	}
	return EncodeSearchKeys(value), nil
}

// TruncateSortKey returns the stored form of a sort key: the whole characters in its first SortKeyBytes bytes.
func TruncateSortKey(key string) string { return truncateText(key, SortKeyBytes) }

// minTruncatedBytes is the minimum length of a truncated sort key: a character that does not fit leaves at most three
// bytes unused.
const minTruncatedBytes = SortKeyBytes - utf8.UTFMax + 1

// LowerSortKey returns an inclusive lower bound of the stored sort keys of all values that are not less than key.
//
// The bound is a prefix of key of at most minTruncatedBytes bytes, and a greater sort key has no lesser prefix of this
// length. TruncateSortKey keeps this prefix of each sort key, so the stored sort key is not less than the bound.
func LowerSortKey(key string) string { return truncateText(key, minTruncatedBytes) }

// UpperSortKey returns an exclusive upper bound of the stored sort keys of all values that are not greater than key.
//
// Take a prefix of key of at most minTruncatedBytes bytes: a lesser sort key has no greater prefix of this length.
// TruncateSortKey keeps this prefix of each sort key, so the stored sort key is less than PrefixEnd of the prefix of
// key.
func UpperSortKey(key string) string { return PrefixEnd(truncateText(key, minTruncatedBytes)) }

// PrefixEnd returns the least text that is greater than all texts with a prefix. The prefix begins a sort key, so it is
// not empty.
func PrefixEnd(prefix string) string {
	runes := []rune(prefix)
	last := len(runes) - 1
	for runes[last] == unicode.MaxRune { // no character is greater
		last--
	}
	next := runes[last] + 1
	if next == '\uD7FF'+1 { // surrogates are no characters
		next = '\uE000'
	}
	return string(runes[:last]) + string(next)
}

// truncateText returns the whole characters in the first size bytes of a text.
func truncateText(text string, size int) string {
	if len(text) <= size {
		return text
	}
	for !utf8.RuneStart(text[size]) {
		size--
	}
	return text[:size]
}

// IsLongSortKey reports whether key is the sort key of a string whose stored sort key may be truncated, so that a
// condition must compare the full text.
func IsLongSortKey(key string) bool {
	return strings.HasPrefix(key, SortKeyText) && len(key) >= minTruncatedBytes
}

// appendParts appends the members of a value as JSON. A scalar is a string: the letter of its kind and its sort key. A
// list is an array, a tuple is an array that ends with 0, and a dictionary is an object. A set is an object with an
// empty key, which no dictionary has, so that no path leads into it.
func appendParts(b []byte, v MetadataValue) []byte {
	switch v := v.(type) {
	case ListValue:
		return append(appendEach(append(b, '['), v.Items, appendParts), ']')
	case TupleValue:
		b = appendEach(append(b, '['), v.Items, appendParts)
		if len(v.Items) > 0 {
			b = append(b, ',')
		}
		return append(b, "0]"...)
	case SetValue:
		return append(appendEach(append(b, `{"":[`...), v.Items, appendParts), "]}"...)
	case DictValue:
		return append(appendEach(append(b, '{'), v.Fields, func(b []byte, field MetadataField) []byte {
			return appendParts(append(jsontree.AppendString(b, field.Key), ':'), field.Value)
		}), '}')
	}
	return jsontree.AppendString(b, v.Kind().Letter()+v.sortKey())
}

// encodeDoubleKey returns the sort key of a double plus rest: the bits of the double in hexadecimal, transformed so
// that their order is that of the numbers, without trailing zeros. A whole number between two doubles is the lower
// double plus rest, so that 2^53 + 1 has a sort key of its own.
func encodeDoubleKey(f float64, rest uint16) string {
	if math.IsNaN(f) {
		return SortKeyUnordered
	}
	if f == 0 {
		f = 0 // -0 is 0
	}
	bits := math.Float64bits(f)
	if bits>>63 == 1 {
		bits = ^bits
	} else {
		bits |= 1 << 63
	}
	return classNumber + strings.TrimRight(formatHex(bits, 16)+formatHex(uint64(rest), 4), "0")
}

func formatHex(n uint64, digits int) string {
	text := strconv.FormatUint(n, 16)
	return strings.Repeat("0", digits-len(text)) + text
}

// encodeIntegerKey returns the sort key of an integer: the greatest double that is not above it, and the rest.
func encodeIntegerKey(n int64) string {
	f := float64(n)
	if f >= 1<<63 || int64(f) > n {
		f = math.Nextafter(f, math.Inf(-1))
	}
	return encodeDoubleKey(f, uint16(n-int64(f)))
}

// encodeInstantKey returns the sort key of an instant: its digits.
func encodeInstantKey(t Time) string {
	return classInstant + t.UTC().Format("20060102150405.999999999")
}

func encodeTextKey(text string) string { return SortKeyText + text }

// Fold returns text for comparisons that ignore case: each character becomes the least one of its case variants by the
// simple case folding of Unicode.
func Fold(text string) string { return strings.Map(FoldRune, text) }

// FoldRune folds one character.
func FoldRune(r rune) rune {
	folded := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		folded = min(folded, next)
	}
	return folded
}

// SortKeyClasses returns the classes with which the sort keys of a kind begin.
func SortKeyClasses(kind MetadataKind) []string {
	switch kind {
	case MetadataKindBoolean:
		return []string{classBoolean}
	case MetadataKindFloat:
		return []string{classNumber, SortKeyUnordered}
	case MetadataKindInteger, MetadataKindStorageSize, MetadataKindDuration:
		return []string{classNumber}
	case MetadataKindTimestamp:
		return []string{classInstant}
	case MetadataKindList, MetadataKindTuple, MetadataKindSet, MetadataKindDict:
		return []string{SortKeyUnordered}
	case MetadataKindNull:
		return []string{SortKeyNull}
	}
	return []string{SortKeyText}
}
