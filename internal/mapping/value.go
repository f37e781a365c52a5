package mapping

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

// value is what a source gives: an attribute, or a node of its JSON.
type value struct {
	attr pcommon.Value
	node jsonval.Node // exists if the value is a node
	list int16        // 1 + the slot of a family of indexed attributes
}

func (v value) exists() bool { return v.node.Exists() || v.attr != pcommon.Value{} }

// str returns the string a value is, without any conversion.
func (v value) str() (string, bool) {
	if v.node.Exists() {
		return v.node.Str(), v.node.Kind() == jsonval.String
	}
	if !v.exists() || v.attr.Type() != pcommon.ValueTypeStr {
		return "", false
	}
	return v.attr.Str(), true
}

// text reads a string; a number is spelt out. exact tells that the value is a
// string attribute, which a text column holds losslessly.
func (v value) text() (s string, exact, ok bool) {
	if s, ok := v.str(); ok {
		return s, !v.node.Exists(), !content.Absent(s)
	}
	if v.node.Exists() {
		if v.node.Kind() == jsonval.Number {
			return v.node.Text(), false, true
		}
		return "", false, false
	}
	if !v.exists() {
		return
	}
	switch v.attr.Type() {
	case pcommon.ValueTypeInt, pcommon.ValueTypeDouble:
		return v.attr.AsString(), false, true
	}
	return "", false, false
}

// fact reads a name or an id: a text, which some emitters write as JSON, in quotes.
func (v value) fact() (s string, exact, ok bool) {
	s, exact, ok = v.text()
	if !ok || s[0] != '"' {
		return s, exact, ok
	}
	var inner string
	if json.Unmarshal([]byte(s), &inner) != nil {
		return s, exact, ok
	}
	return inner, false, !content.Absent(inner)
}

// integer reads a count: a whole, non-negative number, or a string that spells one.
func (v value) integer() (i int64, exact, ok bool) {
	if !v.node.Exists() && v.exists() && v.attr.Type() == pcommon.ValueTypeInt {
		return v.attr.Int(), true, v.attr.Int() >= 0
	}
	if s, is := v.str(); is {
		i, ok = parseCount(s)
		return i, false, ok
	}
	if v.node.Exists() {
		i, ok = v.node.Int()
		return i, false, ok && i >= 0
	}
	if !v.exists() {
		return
	}
	if v.attr.Type() == pcommon.ValueTypeDouble {
		i, ok = wholeCount(v.attr.Double())
		return i, false, ok
	}
	return 0, false, false
}

func parseCount(s string) (int64, bool) {
	s = strings.TrimSpace(s)
	if !beginsNumber(s) {
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

func beginsNumber(s string) bool {
	return s != "" && (s[0] >= '0' && s[0] <= '9' || s[0] == '-' || s[0] == '+')
}

func wholeCount(f float64) (int64, bool) {
	if f < 0 || f >= 1<<63 || f != math.Trunc(f) { // false for NaN, too
		return 0, false
	}
	return int64(f), true
}

// float reads a finite number, or a string that spells one.
func (v value) float() (f float64, exact, ok bool) {
	if s, is := v.str(); is {
		f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
		return f, false, err == nil && finite(f)
	}
	if v.node.Exists() {
		f, ok = v.node.Float()
		return f, false, ok && finite(f)
	}
	if !v.exists() {
		return
	}
	switch v.attr.Type() {
	case pcommon.ValueTypeInt:
		return float64(v.attr.Int()), false, true
	case pcommon.ValueTypeDouble:
		return v.attr.Double(), true, finite(v.attr.Double())
	}
	return 0, false, false
}

func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }

// maxDecimalText bounds the spelling of a decimal, so that no exponent makes it
// grow beyond what numeric holds.
const maxDecimalText = 64

// decimal reads an amount that is not negative.
func (v value) decimal() (d decimal.Decimal, exact, ok bool) {
	if s, is := v.str(); is {
		d, ok = parseDecimal(strings.TrimSpace(s))
		return d, false, ok
	}
	if v.node.Exists() {
		if v.node.Kind() != jsonval.Number {
			return d, false, false
		}
		d, ok = parseDecimal(v.node.Text())
		return d, false, ok
	}
	if !v.exists() {
		return
	}
	switch v.attr.Type() {
	case pcommon.ValueTypeInt:
		return decimal.NewFromInt(v.attr.Int()), true, v.attr.Int() >= 0
	case pcommon.ValueTypeDouble:
		f := v.attr.Double()
		if !finite(f) || f < 0 || f > 1e18 || f != 0 && f < 1e-18 {
			return d, false, false
		}
		return decimal.NewFromFloat(f), true, true
	}
	return d, false, false
}

func parseDecimal(s string) (decimal.Decimal, bool) {
	if len(s) == 0 || len(s) > maxDecimalText {
		return decimal.Decimal{}, false
	}
	d, err := decimal.NewFromString(s)
	if err != nil || d.IsNegative() || d.Exponent() < -1000 || d.Exponent() > 1000 {
		return decimal.Decimal{}, false
	}
	return d, true
}

// boolean reads true or false, also as text in any case.
func (v value) boolean() (b, exact, ok bool) {
	if s, is := v.str(); is {
		switch {
		case strings.EqualFold(s, "true"):
			return true, false, true
		case strings.EqualFold(s, "false"):
			return false, false, true
		}
		return false, false, false
	}
	if v.node.Exists() {
		b, ok = v.node.Bool()
		return b, false, ok
	}
	if v.exists() && v.attr.Type() == pcommon.ValueTypeBool {
		return v.attr.Bool(), true, true
	}
	return false, false, false
}

// time reads an ISO 8601 time, quoted as JSON or not, in µs since 1970.
func (v value) time() (int64, bool) {
	s, ok := v.str()
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

// unquote strips the quotes of a JSON string from s.
func unquote(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		if u, err := strconv.Unquote(s); err == nil {
			return u
		}
		return s[1 : len(s)-1]
	}
	return s
}

// mayBeObject reports whether a value is a JSON object or text that looks like one, quoted
// once more or not.
func mayBeObject(v pcommon.Value) bool {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return strings.HasPrefix(trimBlanks(v.Str()), "{") || strings.HasPrefix(v.Str(), `"{`)
	case pcommon.ValueTypeMap, pcommon.ValueTypeBytes:
		return true
	}
	return false
}

// looksEncoded reports whether text may be a JSON object, list or quoted string.
func looksEncoded(s string) bool {
	s = trimBlanks(s)
	return s != "" && (s[0] == '{' || s[0] == '[' || s[0] == '"')
}

func isObject(n jsonval.Node) bool { return n.Kind() == jsonval.Object }

// trimBlanks cuts the blanks before a text: 1 ns, where strings.TrimLeft takes 9 to learn
// what a blank is.
func trimBlanks(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\n' || s[0] == '\t' || s[0] == '\r') {
		s = s[1:]
	}
	return s
}

func child(n jsonval.Node, spellings []string) jsonval.Node {
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
