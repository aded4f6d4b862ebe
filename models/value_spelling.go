package models

import (
	"strconv"
	"strings"
)

// maxExactDigits is the number of decimal digits that a double always preserves.
const maxExactDigits = 15

// digitsOf returns the number of digits at the start of a text.
func digitsOf(text string) int {
	n := 0
	for n < len(text) && text[n] >= '0' && text[n] <= '9' {
		n++
	}
	return n
}

// isInt64Text reports whether IntegerValue spells a number so.
func isInt64Text(text string) bool {
	digits := strings.TrimPrefix(text, "-")
	if n := digitsOf(digits); n == 0 || n != len(digits) || digits[0] == '0' && text != "0" {
		return false
	}
	if len(digits) <= 18 {
		return true
	}
	_, err := strconv.ParseInt(text, 10, 64)
	return err == nil
}

// isFloatText reports whether FloatValue spells a finite number so. Most numbers have few digits and no exponent. Then
// the shortest spelling of the nearest double is the number itself.
func isFloatText(text string) bool {
	whole, fraction, isDecimal := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	if isDecimal && len(whole)+len(fraction) <= maxExactDigits &&
		digitsOf(whole) == len(whole) && digitsOf(fraction) == len(fraction) &&
		(whole == "0" || whole != "" && whole[0] != '0') && // no leading zeros
		(fraction == "0" || fraction != "" && fraction[len(fraction)-1] != '0') && // no trailing zeros
		(whole != "0" || fraction == "0" || !strings.HasPrefix(fraction, "0000")) { // no exponent
		return true
	}
	f, err := strconv.ParseFloat(text, 64)
	return err == nil && formatFloat(f) == text
}

// isDurationText reports whether DurationValue spells a number so.
func isDurationText(text string, isInteger bool) bool {
	if !isInteger {
		return isFloatText(text)
	}
	if len(text) <= maxExactDigits {
		return isInt64Text(text)
	}
	f, err := strconv.ParseFloat(text, 64)
	return err == nil && strconv.FormatFloat(f, 'f', 0, 64) == text
}

// isTimestampText reports whether TimestampValue spells an instant so, in quotes.
func isTimestampText(quoted string) bool {
	const zero, seconds = "0000-00-00T00:00:00", len("0000-00-00T00:00:00")
	if len(quoted) < len(`""`)+seconds+len("Z") {
		return false
	}
	text := quoted[1 : len(quoted)-1]
	for i, c := range []byte(zero) {
		if isDigit := text[i] >= '0' && text[i] <= '9'; isDigit != (c == '0') || !isDigit && text[i] != c {
			return false
		}
	}
	two := func(i int) int { return int(text[i]-'0')*10 + int(text[i+1]-'0') }
	year, month, day := two(0)*100+two(2), two(5), two(8)
	if month < 1 || month > 12 || day < 1 || day > 28 && day > daysIn(month, year) ||
		two(11) > 23 || two(14) > 59 || two(17) > 59 {
		return false
	}
	fraction, isUTC := strings.CutSuffix(text[seconds:], "Z")
	n := len(fraction)
	return isUTC && (n == 0 ||
		n > 1 && n <= 10 && fraction[0] == '.' && digitsOf(fraction[1:]) == n-1 && fraction[n-1] != '0')
}

// daysIn returns the number of days of a month.
func daysIn(month, year int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}
