package jsonval

import (
	"encoding/base64"
	"strconv"
	"strings"
	"sync"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// FromValue returns an OTLP value as new nodes of d: an empty value is null, a
// kvlist an object. Values nested deeper than MaxDepth become their JSON text.
func (d *Doc) FromValue(v pcommon.Value, r *Repairs) Node {
	return Node{d, d.fromValue(v, false, 0, r)}
}

// FromMap returns OTLP attributes as a new object of d.
func (d *Doc) FromMap(m pcommon.Map, r *Repairs) Node {
	return Node{d, d.fromMap(m, false, 0, r)}
}

// fromValue wraps, if tagged, each object whose only key starts with "$", so that
// it is not taken for one of the markers.
func (d *Doc) fromValue(v pcommon.Value, tagged bool, depth int, r *Repairs) int32 {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return d.add(node{kind: String, text: v.Str()})
	case pcommon.ValueTypeInt:
		return d.add(node{kind: Number, num: uint64(v.Int()), flags: flagInt})
	case pcommon.ValueTypeDouble:
		return d.add(floatNode(v.Double()))
	case pcommon.ValueTypeBool:
		return d.Bool(v.Bool()).i
	case pcommon.ValueTypeBytes:
		return d.add(node{kind: Bytes, text: string(v.Bytes().AsRaw())})
	case pcommon.ValueTypeSlice, pcommon.ValueTypeMap:
		if depth == MaxDepth {
			*r |= NestingCut
			return d.add(node{kind: String, text: string(appendDeep(nil, v, r))})
		}
		if v.Type() == pcommon.ValueTypeSlice {
			return d.fromSlice(v.Slice(), tagged, depth+1, r)
		}
		return d.fromMap(v.Map(), tagged, depth+1, r)
	}
	return d.add(node{kind: Null})
}

func (d *Doc) fromSlice(s pcommon.Slice, tagged bool, depth int, r *Repairs) int32 {
	self := d.add(node{kind: Array})
	for i := range s.Len() {
		child := d.fromValue(s.At(i), tagged, depth, r)
		d.nodes[child].flags |= flagLinked
		d.linkLast(self, child)
	}
	return self
}

func (d *Doc) fromMap(m pcommon.Map, tagged bool, depth int, r *Repairs) int32 {
	self := d.add(node{kind: Object})
	for k, v := range m.All() {
		child := d.fromValue(v, tagged, depth, r)
		c := &d.nodes[child]
		c.key = CleanString(k, r)
		c.flags |= flagLinked
		d.linkLast(self, child)
	}
	d.unique(self, r)
	if o := d.nodes[self]; tagged && depth > 0 && o.count == 1 && strings.HasPrefix(d.nodes[o.first].key, "$") {
		wrap := d.add(node{kind: Object})
		d.nodes[self].key = mapMarker
		d.nodes[self].flags |= flagLinked
		d.linkLast(wrap, self)
		return wrap
	}
	return self
}

// The markers of AppendValue.
const (
	bytesMarker = "$bytes"
	mapMarker   = "$map"
)

var docs = sync.Pool{New: func() any { return new(Doc) }}

// AppendValue writes an OTLP value as canonical JSON from which DecodeValue
// restores it with its type: an int is written without, a double always with a
// fraction, bytes are {"$bytes":"<base64>"}, and a kvlist whose only key starts
// with "$" is {"$map":{…}}. Not restorable: the sign of a zero, the order of a
// kvlist, and what r reports (NaN and infinities are strings).
func AppendValue(dst []byte, v pcommon.Value, r *Repairs) []byte {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return AppendString(dst, v.Str(), r)
	case pcommon.ValueTypeInt:
		return strconv.AppendInt(dst, v.Int(), 10)
	case pcommon.ValueTypeDouble:
		return appendFloat(dst, v.Double(), r)
	case pcommon.ValueTypeBool:
		return strconv.AppendBool(dst, v.Bool())
	case pcommon.ValueTypeEmpty:
		return append(dst, "null"...)
	case pcommon.ValueTypeBytes:
		dst = append(dst, `{"$bytes":"`...)
		dst = base64.StdEncoding.AppendEncode(dst, v.Bytes().AsRaw())
		return append(dst, `"}`...)
	}
	d := docs.Get().(*Doc)
	dst = d.appendRoot(dst, d.fromValue(v, true, 0, r), r)
	d.Reset()
	docs.Put(d)
	return dst
}

// AppendKvlist writes attributes as AppendValue writes a kvlist.
func AppendKvlist(dst []byte, m pcommon.Map, r *Repairs) []byte {
	return appendMap(dst, m, 1, r)
}

// AppendMap writes attributes as a canonical JSON object whose values are those of
// AppendValue. The object itself is never wrapped.
func AppendMap(dst []byte, m pcommon.Map, r *Repairs) []byte {
	return appendMap(dst, m, 0, r)
}

func appendMap(dst []byte, m pcommon.Map, depth int, r *Repairs) []byte {
	d := docs.Get().(*Doc)
	dst = d.appendRoot(dst, d.fromMap(m, true, depth, r), r)
	d.Reset()
	docs.Put(d)
	return dst
}
