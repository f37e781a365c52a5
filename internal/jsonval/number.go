package jsonval

import (
	"math"
	"strconv"
	"strings"
)

// What a number may be to stay a number: numeric's limits for digits before and
// after the point, and for numbers with an exponent a bound on it that any float64
// meets.
const (
	maxIntDigits  = 131072
	maxFracDigits = 16383
	maxExponent   = 400
)

// The numbers of a value may take, spelt out, some times the bytes of all that has
// been written of it otherwise, so that "[1e308,1e308,…]" does not grow sixtyfold.
// A number beyond that becomes a string.
const (
	freeGrowth = 1 << 10
	maxGrowth  = 8
	floatSize  = 17 // digits of a float64
)

// grown is what the numbers of a value take in addition to their spelling.
type grown struct {
	start int // of the value in the text
	bytes int
}

// allows reports whether a number of some size may be spelt out at the end of dst.
func (g *grown) allows(dst []byte, size, spelling int) bool {
	more := size - spelling
	if more <= 0 {
		return true
	}
	other := len(dst) - size - g.start - g.bytes
	if g.bytes+more > freeGrowth+maxGrowth*(other+spelling) {
		return false
	}
	g.bytes += more
	return true
}

func (g *grown) appendFloat(dst []byte, f float64, r *Repairs) []byte {
	start := len(dst)
	if dst = appendFloat(dst, f, r); g.allows(dst, len(dst)-start, floatSize) {
		return dst
	}
	*r |= NumberNotFinite
	dst = strconv.AppendFloat(append(dst[:start], '"'), f, 'g', -1, 64)
	return append(dst, '"')
}

func (g *grown) appendNumber(dst []byte, text string, r *Repairs) []byte {
	start := len(dst)
	if dst = appendNumber(dst, text, r); g.allows(dst, len(dst)-start, len(text)+len(`""`)) {
		return dst
	}
	return appendUnheld(dst[:start], text, r)
}

func floatNode(f float64) node {
	return node{kind: Number, num: math.Float64bits(f), flags: flagFloat}
}

func floatOf(bits uint64) float64 { return math.Float64frombits(bits) }

// appendFloat writes f with a fraction and without exponent, so that it reads
// back as the same float64 and jsonb keeps it apart from an integer.
func appendFloat(dst []byte, f float64, r *Repairs) []byte {
	switch {
	case math.IsNaN(f):
		*r |= NumberNotFinite
		return append(dst, `"NaN"`...)
	case math.IsInf(f, 1):
		*r |= NumberNotFinite
		return append(dst, `"Infinity"`...)
	case math.IsInf(f, -1):
		*r |= NumberNotFinite
		return append(dst, `"-Infinity"`...)
	case f == 0:
		return append(dst, "0.0"...)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
	for _, c := range dst[start:] {
		if c == '.' {
			return dst
		}
	}
	return append(dst, ".0"...)
}

// appendNumber writes a JSON number as numeric prints it; one that numeric
// cannot hold becomes a string.
func appendNumber(dst []byte, text string, r *Repairs) []byte {
	digits := text
	neg := digits[0] == '-'
	if neg {
		digits = digits[1:]
	}
	if e := strings.IndexAny(digits, "eE"); e >= 0 {
		return appendExponent(dst, text, neg, digits[:e], digits[e+1:], r)
	}
	whole, frac, _ := strings.Cut(digits, ".")
	if len(whole) > maxIntDigits || len(frac) > maxFracDigits {
		return appendUnheld(dst, text, r)
	}
	if neg && strings.Trim(digits, "0.") != "" {
		dst = append(dst, '-')
	}
	return append(dst, digits...)
}

func appendUnheld(dst []byte, text string, r *Repairs) []byte {
	*r |= NumberNotFinite
	dst = append(dst, '"')
	dst = append(dst, text...)
	return append(dst, '"')
}

// appendExponent moves the point of mantissa by the exponent.
func appendExponent(dst []byte, text string, neg bool, mantissa, exponent string, r *Repairs) []byte {
	exp, err := strconv.Atoi(exponent)
	if err != nil || exp > maxExponent || exp < -maxExponent || len(mantissa) > maxIntDigits {
		return appendUnheld(dst, text, r)
	}
	whole, frac, _ := strings.Cut(mantissa, ".")
	point := len(whole) + exp // where the point goes in whole+frac
	scale := max(0, len(frac)-exp)
	if scale > maxFracDigits {
		return appendUnheld(dst, text, r)
	}
	digits := whole + frac
	zero := strings.Trim(digits, "0") == ""
	if neg && !zero {
		dst = append(dst, '-')
	}
	start := len(dst)
	for i := range point {
		c := byte('0')
		if i < len(digits) {
			c = digits[i]
		}
		if c != '0' || len(dst) > start {
			dst = append(dst, c)
		}
	}
	if len(dst) == start {
		dst = append(dst, '0')
	}
	if scale == 0 {
		return dst
	}
	dst = append(dst, '.')
	for i := range scale {
		if j := point + i; j >= 0 && j < len(digits) {
			dst = append(dst, digits[j])
		} else {
			dst = append(dst, '0')
		}
	}
	return dst
}
