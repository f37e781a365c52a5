package pgbatch

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/shopspring/decimal"
)

// Reader reads the values of a result row in text format, in order. The first
// error sticks.
type Reader struct {
	Values [][]byte
	Err    error

	at int
}

// Next returns the next value; nil is null.
func (r *Reader) Next() []byte {
	v := r.Values[r.at]
	r.at++
	return v
}

// Fail notes an error of the last value.
func (r *Reader) Fail(err error) {
	if err != nil && r.Err == nil {
		r.Err = fmt.Errorf("result column %d: %w", r.at, err)
	}
}

// String reads a text; null is empty.
func (r *Reader) String() string { return string(r.Next()) }

// StringLike reads a text that most often is the one of the row before, which it then is.
func (r *Reader) StringLike(last string) string {
	if v := r.Next(); string(v) != last {
		return string(v)
	}
	return last
}

// Int reads an integer; null is 0.
func (r *Reader) Int() int64 {
	v, _ := r.OptInt()
	return v
}

// OptInt reads an integer that may be null.
func (r *Reader) OptInt() (v int64, ok bool) {
	text := r.Next()
	if text == nil {
		return 0, false
	}
	v, err := strconv.ParseInt(string(text), 10, 64)
	r.Fail(err)
	return v, true
}

// OptBool reads a boolean that may be null.
func (r *Reader) OptBool() (v, ok bool) {
	text := r.Next()
	return string(text) == "t", text != nil
}

// maxScale is how many digits behind the point of a number are read; other programs may store
// any number of them.
const maxScale = 1000

// OptDecimal reads a numeric.
func (r *Reader) OptDecimal() decimal.NullDecimal {
	text := r.Next()
	if text == nil {
		return decimal.NullDecimal{}
	}
	if point := bytes.IndexByte(text, '.'); point >= 0 && len(text) > point+maxScale {
		text = text[:point+maxScale]
	}
	d, err := decimal.NewFromString(string(text))
	r.Fail(err)
	return decimal.NewNullDecimal(d)
}

// Strings reads a JSON array of strings. Arrays of arrays, which other programs may have stored,
// are read as one.
func (r *Reader) Strings() []string {
	var list []string
	switch v := r.Next(); {
	case string(v) == "[]":
		return []string{}
	case v != nil:
		if json.Unmarshal(v, &list) != nil {
			var nested []any
			r.Fail(json.Unmarshal(v, &nested))
			list = appendStrings(nil, nested)
		}
	}
	return list
}

// appendStrings appends the strings of nested arrays.
func appendStrings(list []string, nested []any) []string {
	for _, v := range nested {
		switch v := v.(type) {
		case string:
			list = append(list, v)
		case []any:
			list = appendStrings(list, v)
		}
	}
	return list
}

// Hex reads as many hex digits as dst holds; dst stays as it is for null.
func (r *Reader) Hex(dst []byte) {
	if v := r.Next(); len(v) > 0 {
		_, err := hex.Decode(dst, v[:min(len(v), 2*len(dst))])
		r.Fail(err)
	}
}

// UUID reads a uuid.
func (r *Reader) UUID(dst *[16]byte) {
	var digits [2 * len(dst)]byte
	n := 0
	for _, b := range r.Next() {
		if b != '-' && n < len(digits) {
			digits[n] = b
			n++
		}
	}
	_, err := hex.Decode(dst[:], digits[:n])
	r.Fail(err)
}
