package value

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// Value is what a source gives: an attribute, or a node of its JSON.
type Value struct {
	Attr pcommon.Value
	Node jsonval.Node // exists if the value is a node
	List int16        // 1 + the slot of a family of indexed attributes
}

// Exists reports whether there is a value at all.
func (v Value) Exists() bool { return v.Node.Exists() || v.Attr != pcommon.Value{} }

// Str returns the string a value is, without any conversion.
func (v Value) Str() (string, bool) {
	if v.Node.Exists() {
		return v.Node.Str(), v.Node.Kind() == jsonval.String
	}
	if !v.Exists() || v.Attr.Type() != pcommon.ValueTypeStr {
		return "", false
	}
	return v.Attr.Str(), true
}

// Text reads a string; a number is spelt out. exact tells that the value is a
// string attribute, which a text column holds losslessly.
func (v Value) Text() (s string, exact, ok bool) {
	if s, ok := v.Str(); ok {
		return s, !v.Node.Exists(), !content.Absent(s)
	}
	if v.Node.Exists() {
		if v.Node.Kind() == jsonval.Number {
			return v.Node.Text(), false, true
		}
		return "", false, false
	}
	if !v.Exists() {
		return
	}
	switch v.Attr.Type() {
	case pcommon.ValueTypeInt, pcommon.ValueTypeDouble:
		return v.Attr.AsString(), false, true
	}
	return "", false, false
}

// Fact reads a name or an id: a text, which some emitters write as JSON, in quotes.
func (v Value) Fact() (s string, exact, ok bool) {
	s, exact, ok = v.Text()
	if !ok || s[0] != '"' {
		return s, exact, ok
	}
	var inner string
	if json.Unmarshal([]byte(s), &inner) != nil {
		return s, exact, ok
	}
	return inner, false, !content.Absent(inner)
}

// Integer reads a count: a whole, non-negative number, or a string that spells one.
func (v Value) Integer() (i int64, exact, ok bool) {
	if !v.Node.Exists() && v.Exists() && v.Attr.Type() == pcommon.ValueTypeInt {
		return v.Attr.Int(), true, v.Attr.Int() >= 0
	}
	if s, is := v.Str(); is {
		i, ok = ParseCount(s)
		return i, false, ok
	}
	if v.Node.Exists() {
		i, ok = v.Node.Int()
		return i, false, ok && i >= 0
	}
	if !v.Exists() {
		return
	}
	if v.Attr.Type() == pcommon.ValueTypeDouble {
		i, ok = wholeCount(v.Attr.Double())
		return i, false, ok
	}
	return 0, false, false
}

// ParseCount reads a whole number that is not negative; 42.0 is whole.
func ParseCount(s string) (int64, bool) {
	s = strings.TrimSpace(s)
	if !BeginsNumber(s) {
		return 0, false // the error of ParseInt would take three allocations
	}
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return i, i >= 0 && s[0] != '+'
	}
	whole, frac, found := strings.Cut(s, ".")
	if !found || strings.Trim(frac, "0") != "" {
		return 0, false
	}
	i, err := strconv.ParseInt(whole, 10, 64)
	return i, err == nil && i >= 0
}

// BeginsNumber reports whether a text begins as a number does.
func BeginsNumber(s string) bool {
	return s != "" && (s[0] >= '0' && s[0] <= '9' || s[0] == '-' || s[0] == '+')
}

func wholeCount(f float64) (int64, bool) {
	if f < 0 || f >= 1<<63 || f != math.Trunc(f) { // false for NaN, too
		return 0, false
	}
	return int64(f), true
}

// Float reads a finite number, or a string that spells one.
func (v Value) Float() (f float64, exact, ok bool) {
	if s, is := v.Str(); is {
		f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
		return f, false, err == nil && Finite(f)
	}
	if v.Node.Exists() {
		f, ok = v.Node.Float()
		return f, false, ok && Finite(f)
	}
	if !v.Exists() {
		return
	}
	switch v.Attr.Type() {
	case pcommon.ValueTypeInt:
		return float64(v.Attr.Int()), false, true
	case pcommon.ValueTypeDouble:
		return v.Attr.Double(), true, Finite(v.Attr.Double())
	}
	return 0, false, false
}

// Finite reports whether a float is neither NaN nor infinite.
func Finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }

// maxDecimalText bounds the spelling of a decimal, so that no exponent makes it
// grow beyond what numeric holds.
const maxDecimalText = 64

// Decimal reads an amount that is not negative.
func (v Value) Decimal() (d decimal.Decimal, exact, ok bool) {
	if s, is := v.Str(); is {
		d, ok = ParseDecimal(strings.TrimSpace(s))
		return d, false, ok
	}
	if v.Node.Exists() {
		if v.Node.Kind() != jsonval.Number {
			return d, false, false
		}
		d, ok = ParseDecimal(v.Node.Text())
		return d, false, ok
	}
	if !v.Exists() {
		return
	}
	switch v.Attr.Type() {
	case pcommon.ValueTypeInt:
		return decimal.NewFromInt(v.Attr.Int()), true, v.Attr.Int() >= 0
	case pcommon.ValueTypeDouble:
		f := v.Attr.Double()
		if !Finite(f) || f < 0 || f > 1e18 || f != 0 && f < 1e-18 {
			return d, false, false
		}
		return decimal.NewFromFloat(f), true, true
	}
	return d, false, false
}

// ParseDecimal reads an amount that is not negative and that numeric can hold.
func ParseDecimal(s string) (decimal.Decimal, bool) {
	if len(s) == 0 || len(s) > maxDecimalText {
		return decimal.Decimal{}, false
	}
	d, err := decimal.NewFromString(s)
	if err != nil || d.IsNegative() || d.Exponent() < -1000 || d.Exponent() > 1000 {
		return decimal.Decimal{}, false
	}
	return d, true
}

// Boolean reads true or false, also as text in any case.
func (v Value) Boolean() (b, exact, ok bool) {
	if s, is := v.Str(); is {
		switch {
		case strings.EqualFold(s, "true"):
			return true, false, true
		case strings.EqualFold(s, "false"):
			return false, false, true
		}
		return false, false, false
	}
	if v.Node.Exists() {
		b, ok = v.Node.Bool()
		return b, false, ok
	}
	if v.Exists() && v.Attr.Type() == pcommon.ValueTypeBool {
		return v.Attr.Bool(), true, true
	}
	return false, false, false
}

// Time reads an ISO 8601 time, quoted as JSON or not, in µs since 1970.
func (v Value) Time() (int64, bool) {
	s, ok := v.Str()
	if !ok {
		return 0, false
	}
	s = strings.Trim(strings.TrimSpace(s), `"`)
	for _, layout := range [...]string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UnixMicro(), true
		}
	}
	return 0, false
}

// Unquote strips the quotes of a JSON string from s.
func Unquote(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		if u, err := strconv.Unquote(s); err == nil {
			return u
		}
		return s[1 : len(s)-1]
	}
	return s
}

// MayBeObject reports whether a value is a JSON object or text that looks like one, quoted
// once more or not.
func MayBeObject(v pcommon.Value) bool {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return strings.HasPrefix(TrimBlanks(v.Str()), "{") || strings.HasPrefix(v.Str(), `"{`)
	case pcommon.ValueTypeMap, pcommon.ValueTypeBytes:
		return true
	}
	return false
}

// LooksEncoded reports whether text may be a JSON object, list or quoted string.
func LooksEncoded(s string) bool {
	s = TrimBlanks(s)
	return s != "" && (s[0] == '{' || s[0] == '[' || s[0] == '"')
}

// IsObject reports whether a node is a JSON object.
func IsObject(n jsonval.Node) bool { return n.Kind() == jsonval.Object }

// TrimBlanks cuts the blanks before a text: 1 ns, where strings.TrimLeft takes 9 to learn
// what a blank is.
func TrimBlanks(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\n' || s[0] == '\t' || s[0] == '\r') {
		s = s[1:]
	}
	return s
}

// Child returns the first member that is there under one of the spellings of its key; 0 is the first of a list.
func Child(n jsonval.Node, spellings []string) jsonval.Node {
	for _, key := range spellings {
		if key == "0" && n.Kind() == jsonval.Array {
			return n.First()
		}
		if c := n.Get(key); c.Exists() {
			return c
		}
	}
	return jsonval.Node{}
}
