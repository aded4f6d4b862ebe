package models

import (
	"math"
	"math/big"
	"regexp"
	"strings"
)

// units maps the unit of a size to bytes and that of a duration to seconds.
var units = func() map[string]*big.Rat {
	table := map[string]*big.Rat{
		"B": big.NewRat(1, 1), "KB": big.NewRat(1000, 1),
		"ns": big.NewRat(1, 1e9), "us": big.NewRat(1, 1e6), "µs": big.NewRat(1, 1e6), "μs": big.NewRat(1, 1e6),
		"ms": big.NewRat(1, 1e3),
		"s":  big.NewRat(1, 1), "m": big.NewRat(60, 1), "min": big.NewRat(60, 1), "h": big.NewRat(3600, 1),
		"d": big.NewRat(86400, 1),
	}
	decimal, binary := big.NewRat(1, 1), big.NewRat(1, 1)
	for _, names := range [][2]string{
		{"kB", "KiB"}, {"MB", "MiB"}, {"GB", "GiB"}, {"TB", "TiB"}, {"PB", "PiB"}, {"EB", "EiB"},
	} {
		decimal = new(big.Rat).Mul(decimal, big.NewRat(1000, 1))
		binary = new(big.Rat).Mul(binary, big.NewRat(1024, 1))
		table[names[0]], table[names[1]] = decimal, binary
	}
	return table
}()

var quantityText = regexp.MustCompile(`^([+-]?[0-9]+(?:\.[0-9]+)?) ?(\pL+)$`)

// maxQuantityBytes limits the text of a quantity, because parsing long numbers is slow.
const maxQuantityBytes = 100

const (
	sizeUnits     = "B, kB, MB, GB, TB, PB, EB, KiB, MiB, GiB, TiB, PiB or EiB"
	durationUnits = "ns, us, ms, s, m, min, h or d"
)

// parseUnit returns the exact number of bytes or seconds of a text such as `1.5GiB` or `90s`. hasUnit reports that the
// text is a number followed by letters. The number is nil for other text and for an unknown unit.
func parseUnit(text string) (number *big.Rat, isSize, hasUnit bool) {
	if len(text) > maxQuantityBytes {
		return nil, false, false
	}
	parts := quantityText.FindStringSubmatch(text)
	if parts == nil {
		return nil, false, false
	}
	unit := units[parts[2]]
	number, ok := new(big.Rat).SetString(parts[1])
	if unit == nil || !ok {
		return nil, false, true
	}
	return number.Mul(number, unit), strings.HasSuffix(parts[2], "B"), true
}

// parseQuantity returns the sort key of a text such as `1.5GiB` or `90s`: exact for a whole number, otherwise rounded
// once to a double. hasUnit reports that the text is a number followed by letters, knownUnit that they are a unit.
func parseQuantity(text string) (key string, hasUnit, knownUnit bool) {
	number, _, hasUnit := parseUnit(text)
	if number == nil {
		return "", hasUnit, false
	}
	if number.IsInt() && number.Num().IsInt64() {
		return encodeIntegerKey(number.Num().Int64()), true, true
	}
	f, exact := number.Float64()
	if number.IsInt() && !exact { // between two doubles, where no value is
		if new(big.Rat).SetFloat64(f).Cmp(number) > 0 {
			f = math.Nextafter(f, math.Inf(-1))
		}
		return encodeDoubleKey(f, math.MaxUint16), true, true
	}
	return encodeDoubleKey(f, 0), true, !math.IsInf(f, 0)
}
