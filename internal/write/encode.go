package write

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/shopspring/decimal"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
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

func appendNull(dst []byte) []byte { return append(dst, 0xff, 0xff, 0xff, 0xff) }

func appendLen(dst []byte, n int) []byte { return binary.BigEndian.AppendUint32(dst, uint32(n)) }

// appendText appends s, or null when s is empty.
func appendText(dst []byte, s string) []byte {
	if s == "" {
		return appendNull(dst)
	}
	return appendString(dst, s)
}

// appendString appends s, empty or not.
func appendString(dst []byte, s string) []byte {
	return append(appendLen(dst, len(s)), s...)
}

func appendInt64(dst []byte, v int64) []byte {
	return binary.BigEndian.AppendUint64(appendLen(dst, 8), uint64(v))
}

func appendInt32(dst []byte, v int32) []byte {
	return binary.BigEndian.AppendUint32(appendLen(dst, 4), uint32(v))
}

func appendInt16(dst []byte, v int16) []byte {
	return binary.BigEndian.AppendUint16(appendLen(dst, 2), uint16(v))
}

func appendOptInt64(dst []byte, v mapping.Int) []byte {
	if !v.OK {
		return appendNull(dst)
	}
	return appendInt64(dst, v.V)
}

// appendCount appends a count, or null when it is zero.
func appendCount(dst []byte, v uint32) []byte {
	if v == 0 {
		return appendNull(dst)
	}
	return appendInt64(dst, int64(v))
}

func appendOptFloat(dst []byte, v mapping.Float) []byte {
	if !v.OK {
		return appendNull(dst)
	}
	return binary.BigEndian.AppendUint64(appendLen(dst, 8), math.Float64bits(v.V))
}

func appendOptBool(dst []byte, v mapping.Bool) []byte {
	if !v.OK {
		return appendNull(dst)
	}
	return appendBool(dst, v.V)
}

func appendBool(dst []byte, v bool) []byte {
	dst = appendLen(dst, 1)
	if v {
		return append(dst, 1)
	}
	return append(dst, 0)
}

func appendTime(dst []byte, micros int64) []byte {
	return appendInt64(dst, micros-postgresEpochMicros)
}

func appendDay(dst []byte, day int32) []byte { return appendInt32(dst, day-postgresEpochDays) }

func appendUUID(dst []byte, id [16]byte) []byte { return append(appendLen(dst, 16), id[:]...) }

// appendContentID appends id, or null for the zero ID.
func appendContentID(dst []byte, id content.ID) []byte {
	if id == (content.ID{}) {
		return appendNull(dst)
	}
	return appendUUID(dst, id)
}

func appendSpanID(dst []byte, id pcommon.SpanID) []byte {
	return hex.AppendEncode(appendLen(dst, 16), id[:])
}

func appendTraceHex(dst []byte, id pcommon.TraceID) []byte {
	return hex.AppendEncode(appendLen(dst, 32), id[:])
}

// appendJSONB appends JSON text as jsonb, or null for nil.
func appendJSONB(dst, text []byte) []byte {
	if text == nil {
		return appendNull(dst)
	}
	dst = appendLen(dst, len(text)+1)
	dst = append(dst, 1) // version of the jsonb wire format
	return append(dst, text...)
}

// appendTextArray appends a text[], or null when there are no elements.
func appendTextArray(dst []byte, values []string) []byte {
	if len(values) == 0 {
		return appendNull(dst)
	}
	return appendTextArrayOrEmpty(dst, values)
}

func appendTextArrayOrEmpty(dst []byte, values []string) []byte {
	at := len(dst)
	dst = appendArrayHeader(appendLen(dst, 0), pgtype.TextOID, len(values))
	for _, v := range values {
		dst = appendString(dst, v)
	}
	return setLen(dst, at)
}

// appendIDArray appends a uuid[], or null when ids is nil.
func appendIDArray(dst []byte, ids []content.ID) []byte {
	if ids == nil {
		return appendNull(dst)
	}
	at := len(dst)
	dst = appendArrayHeader(appendLen(dst, 0), pgtype.UUIDOID, len(ids))
	for _, id := range ids {
		dst = appendUUID(dst, id)
	}
	return setLen(dst, at)
}

// appendArrayHeader appends the head of a one-dimensional array of n elements.
func appendArrayHeader(dst []byte, element uint32, n int) []byte {
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

// setLen fills in the length of the field that starts at at.
func setLen(dst []byte, at int) []byte {
	binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst
}

// appendArrayLiteral appends values as the text of a text[], for array
// parameters, whose elements cannot be arrays themselves.
func appendArrayLiteral(dst []byte, values []string) []byte {
	at := len(dst)
	dst = append(appendLen(dst, 0), '{')
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
	return setLen(append(dst, '}'), at)
}

func appendOptNumeric(dst []byte, d decimal.NullDecimal) []byte {
	if !d.Valid {
		return appendNull(dst)
	}
	return appendNumeric(dst, d.Decimal)
}

// appendNumeric appends d as a numeric: groups of four decimal digits, the
// weight of the first, and the number of digits after the point to show.
func appendNumeric(dst []byte, d decimal.Decimal) []byte {
	scale := max(0, -int(d.Exponent()))
	digits := new(big.Int).Abs(d.Coefficient())
	shift := int(d.Exponent())
	if shift > 0 {
		digits.Mul(digits, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(shift)), nil))
	} else if rest := scale % 4; rest > 0 { // align the point to a group
		digits.Mul(digits, big.NewInt(int64(math.Pow10(4-rest))))
	}
	groupsAfterPoint := (scale + 3) / 4
	var groups []uint16 // least significant first
	base, group := big.NewInt(10000), new(big.Int)
	for digits.Sign() > 0 {
		digits.DivMod(digits, base, group)
		groups = append(groups, uint16(group.Uint64()))
	}
	weight := len(groups) - groupsAfterPoint - 1
	at := len(dst)
	dst = appendLen(dst, 0)
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
	return setLen(dst, at)
}

func appendOptInt32(dst []byte, v mapping.Int) []byte {
	if !v.OK {
		return appendNull(dst)
	}
	return appendInt32(dst, int32(min(v.V, math.MaxInt32)))
}

func appendMarks(dst []byte, m marks) []byte {
	if m == 0 {
		return appendNull(dst)
	}
	return appendInt16(dst, int16(m))
}

// appendParentID appends id, or null for a root.
func appendParentID(dst []byte, id pcommon.SpanID) []byte {
	if id.IsEmpty() {
		return appendNull(dst)
	}
	return appendSpanID(dst, id)
}

// appendAggregateUsage appends what a span that is no model span reports of
// usage, as a JSON object; null when it reports nothing.
func appendAggregateUsage(dst []byte, s *mapping.Span) []byte {
	if s.Kind.IsModel() || !s.Usage.Reported() {
		return appendNull(dst)
	}
	at := len(dst)
	dst = append(appendLen(dst, 0), 1) // version of the jsonb wire format
	open := byte('{')
	member := func(name, value string) {
		dst = append(dst, open, '"')
		dst = append(dst, name...)
		dst = append(dst, '"', ':')
		dst = append(dst, value...)
		open = ','
	}
	u := &s.Usage
	for _, f := range [...]struct {
		name  string
		value mapping.Int
	}{
		{"input_tokens", u.Input}, {"output_tokens", u.Output}, {"total_tokens", u.Total},
		{"cache_read_tokens", u.CacheRead}, {"cache_creation_tokens", u.CacheCreation}, {"reasoning_tokens", u.Reasoning},
	} {
		if f.value.OK {
			member(f.name, strconv.FormatInt(f.value.V, 10))
		}
	}
	for _, f := range [...]struct {
		name  string
		value decimal.NullDecimal
	}{{"input_cost", u.InputCost}, {"output_cost", u.OutputCost}, {"total_cost", u.TotalCost}} {
		if f.value.Valid {
			member(f.name, f.value.Decimal.String())
		}
	}
	return setLen(append(dst, '}'), at)
}
