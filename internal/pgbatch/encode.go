package pgbatch

import (
	"encoding/binary"
	"math"
	"math/big"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/shopspring/decimal"
)

// The functions of this file append a field in Postgres' binary format: four
// bytes of length, -1 for null, then the value. COPY rows and the elements of
// array parameters share that form, so one column description serves both.
// https://www.postgresql.org/docs/current/sql-copy.html (Binary Format)

// Postgres counts time from 2000-01-01.
const (
	postgresEpochMicros = 946_684_800_000_000
	postgresEpochDays   = 10_957
)

func AppendNull(dst []byte) []byte { return append(dst, 0xff, 0xff, 0xff, 0xff) }

// IsNull reports whether a field that was appended is null.
func IsNull(field []byte) bool { return field[0] == 0xff }

func AppendLen(dst []byte, n int) []byte { return binary.BigEndian.AppendUint32(dst, uint32(n)) }

// AppendText appends s, or null when s is empty.
func AppendText(dst []byte, s string) []byte {
	if s == "" {
		return AppendNull(dst)
	}
	return AppendString(dst, s)
}

// AppendString appends s, empty or not.
func AppendString(dst []byte, s string) []byte {
	return append(AppendLen(dst, len(s)), s...)
}

func AppendInt64(dst []byte, v int64) []byte {
	return binary.BigEndian.AppendUint64(AppendLen(dst, 8), uint64(v))
}

func AppendInt32(dst []byte, v int32) []byte {
	return binary.BigEndian.AppendUint32(AppendLen(dst, 4), uint32(v))
}

func AppendInt16(dst []byte, v int16) []byte {
	return binary.BigEndian.AppendUint16(AppendLen(dst, 2), uint16(v))
}

func AppendBool(dst []byte, v bool) []byte {
	dst = AppendLen(dst, 1)
	if v {
		return append(dst, 1)
	}
	return append(dst, 0)
}

func AppendTime(dst []byte, micros int64) []byte {
	return AppendInt64(dst, micros-postgresEpochMicros)
}

func AppendDay(dst []byte, day int32) []byte { return AppendInt32(dst, day-postgresEpochDays) }

func AppendUUID(dst []byte, id [16]byte) []byte { return append(AppendLen(dst, 16), id[:]...) }

// AppendJSONB appends JSON text as jsonb, or null for nil.
func AppendJSONB(dst, text []byte) []byte {
	if text == nil {
		return AppendNull(dst)
	}
	dst = AppendLen(dst, len(text)+1)
	dst = append(dst, 1) // version of the jsonb wire format
	return append(dst, text...)
}

// AppendTextArray appends a text[], or null when there are no elements.
func AppendTextArray(dst []byte, values []string) []byte {
	if len(values) == 0 {
		return AppendNull(dst)
	}
	return AppendTextArrayOrEmpty(dst, values)
}

func AppendTextArrayOrEmpty(dst []byte, values []string) []byte {
	at := len(dst)
	dst = AppendArrayHeader(AppendLen(dst, 0), pgtype.TextOID, len(values))
	for _, v := range values {
		dst = AppendString(dst, v)
	}
	return SetLen(dst, at)
}

// AppendArrayHeader appends the head of a one-dimensional array of n elements.
func AppendArrayHeader(dst []byte, element uint32, n int) []byte {
	dims := uint32(1)
	if n == 0 {
		dims = 0
	}
	dst = binary.BigEndian.AppendUint32(dst, dims)
	dst = binary.BigEndian.AppendUint32(dst, 1) // may hold nulls
	dst = binary.BigEndian.AppendUint32(dst, element)
	if n == 0 {
		return dst
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(n))
	return binary.BigEndian.AppendUint32(dst, 1) // lower bound
}

// SetLen fills in the length of the field that starts at at.
func SetLen(dst []byte, at int) []byte {
	binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst
}

// AppendArrayLiteral appends values as the text of a text[], for array
// parameters, whose elements cannot be arrays themselves.
func AppendArrayLiteral(dst []byte, values []string) []byte {
	at := len(dst)
	dst = append(AppendLen(dst, 0), '{')
	for i, v := range values {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, '"')
		for {
			j := strings.IndexAny(v, `"\`)
			if j < 0 {
				break
			}
			dst = append(dst, v[:j]...)
			dst = append(dst, '\\', v[j])
			v = v[j+1:]
		}
		dst = append(dst, v...)
		dst = append(dst, '"')
	}
	return SetLen(append(dst, '}'), at)
}

func AppendOptNumeric(dst []byte, d decimal.NullDecimal) []byte {
	if !d.Valid {
		return AppendNull(dst)
	}
	return AppendNumeric(dst, d.Decimal)
}

// AppendNumeric appends d as a numeric: groups of four decimal digits, the
// weight of the first, and the number of digits after the point to show.
func AppendNumeric(dst []byte, d decimal.Decimal) []byte {
	scale := max(0, -int(d.Exponent()))
	var room [8]uint16
	groups, short := shortGroups(room[:0], d, scale)
	if !short {
		groups = longGroups(d, scale)
	}
	weight := len(groups) - (scale+3)/4 - 1
	at := len(dst)
	dst = AppendLen(dst, 0)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(groups)))
	dst = binary.BigEndian.AppendUint16(dst, uint16(int16(weight)))
	sign := uint16(0)
	if d.Sign() < 0 {
		sign = 0x4000
	}
	dst = binary.BigEndian.AppendUint16(dst, sign)
	dst = binary.BigEndian.AppendUint16(dst, uint16(scale))
	for i := len(groups) - 1; i >= 0; i-- {
		dst = binary.BigEndian.AppendUint16(dst, groups[i])
	}
	return SetLen(dst, at)
}

// shortGroups appends the groups of a number of up to 15 digits, the least significant
// first; false for a longer one. Every cost is short.
func shortGroups(groups []uint16, d decimal.Decimal, scale int) ([]uint16, bool) {
	if d.NumDigits() > 15 || d.Exponent() > 0 {
		return groups, false
	}
	digits := d.CoefficientInt64()
	if digits < 0 {
		digits = -digits
	}
	for rest := scale % 4; rest > 0 && rest < 4; rest++ { // align the point to a group
		digits *= 10
	}
	for ; digits > 0; digits /= 10000 {
		groups = append(groups, uint16(digits%10000))
	}
	return groups, true
}

// longGroups is shortGroups for any number.
func longGroups(d decimal.Decimal, scale int) (groups []uint16) {
	digits := new(big.Int).Abs(d.Coefficient())
	shift := int(d.Exponent())
	if shift > 0 {
		digits.Mul(digits, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(shift)), nil))
	} else if rest := scale % 4; rest > 0 {
		digits.Mul(digits, big.NewInt(int64(math.Pow10(4-rest))))
	}
	base, group := big.NewInt(10000), new(big.Int)
	for digits.Sign() > 0 {
		digits.DivMod(digits, base, group)
		groups = append(groups, uint16(group.Uint64()))
	}
	return groups
}
