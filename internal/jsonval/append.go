package jsonval

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Append writes the canonical JSON of n; Absent is null. Repairs found on the way
// are added to r.
func Append(dst []byte, n Node, r *Repairs) []byte {
	if n.d == nil {
		return append(dst, "null"...)
	}
	return n.d.appendRoot(dst, n.i, r)
}

func (d *Doc) appendRoot(dst []byte, i int32, r *Repairs) []byte {
	d.grown = grown{start: len(dst)}
	return d.append(dst, i, r)
}

func (d *Doc) append(dst []byte, i int32, r *Repairs) []byte {
	v := &d.nodes[i]
	switch v.kind {
	case Bool:
		return strconv.AppendBool(dst, v.num != 0)
	case Number:
		switch {
		case v.flags&flagInt != 0:
			return strconv.AppendInt(dst, int64(v.num), 10)
		case v.flags&flagFloat != 0:
			return d.grown.appendFloat(dst, floatOf(v.num), r)
		}
		return d.grown.appendNumber(dst, v.text, r)
	case String:
		return appendText(dst, v, r)
	case Bytes:
		dst = append(dst, `{"$bytes":"`...)
		dst = base64.StdEncoding.AppendEncode(dst, []byte(v.text))
		return append(dst, `"}`...)
	case Array:
		return d.appendArray(dst, v, r)
	case Object:
		return d.appendObject(dst, v, r)
	}
	return append(dst, "null"...)
}

func appendText(dst []byte, v *node, r *Repairs) []byte {
	if v.flags&flagVerbatim != 0 && (v.flags&flagASCII != 0 || utf8.ValidString(v.text)) {
		dst = append(dst, '"')
		dst = append(dst, v.text...)
		return append(dst, '"')
	}
	if v.flags&flagEscaped != 0 {
		return appendRaw(dst, v.text, r)
	}
	return AppendString(dst, v.text, r)
}

func (d *Doc) appendArray(dst []byte, v *node, r *Repairs) []byte {
	dst = append(dst, '[')
	for i := v.first; i != 0; i = d.nodes[i].next {
		if i != v.first {
			dst = append(dst, ',')
		}
		dst = d.append(dst, i, r)
	}
	return append(dst, ']')
}

func (d *Doc) appendObject(dst []byte, v *node, r *Repairs) []byte {
	base := len(d.order)
	sorted := true
	for i := v.first; i != 0; i = d.nodes[i].next {
		if n := len(d.order); n > base && CompareKeys(d.nodes[d.order[n-1]].key, d.nodes[i].key) > 0 {
			sorted = false
		}
		d.order = append(d.order, i)
	}
	if !sorted {
		slices.SortFunc(d.order[base:], func(a, b int32) int {
			return CompareKeys(d.nodes[a].key, d.nodes[b].key)
		})
	}
	dst = append(dst, '{')
	end := len(d.order)
	for at := base; at < end; at++ {
		if at > base {
			dst = append(dst, ',')
		}
		i := d.order[at]
		if c := &d.nodes[i]; c.flags&flagPlainKey != 0 {
			dst = append(append(append(dst, '"'), c.key...), `":`...)
		} else {
			dst = append(AppendString(dst, c.key, r), ':')
		}
		dst = d.append(dst, i, r)
	}
	d.order = d.order[:base]
	return append(dst, '}')
}

// CompareKeys is the order of keys in jsonb: shorter ones first.
func CompareKeys(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}
