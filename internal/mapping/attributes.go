package mapping

import (
	"encoding/hex"
	"hash/maphash"
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// longValue is how many bytes of JSON an attribute may have before it counts as
// words.
const longValue = 2048

// appendAttributes writes the attributes that no column or content holds.
func (r *reading) appendAttributes(dst, scope []byte) []byte {
	start := len(dst)
	if scope != nil {
		dst = append(dst, `{"$scope":`...)
		dst = append(dst, scope...)
	}
	attrs := r.span.Attributes()
	r.repeated(attrs)
	i := -1
	for key, v := range attrs.All() {
		i++
		if r.fates[i] == goes {
			continue
		}
		if len(dst) == start {
			dst = append(dst, '{')
		}
		dst = r.appendAttribute(dst, start+1, key, v, r.fates[i])
	}
	if len(dst) == start {
		return dst
	}
	return append(dst, '}')
}

// appendAttribute writes a key and its value, or the reference to the content that
// the value becomes if it is words or long. inside is where the object's entries
// start.
func (r *reading) appendAttribute(dst []byte, inside int, key string, v pcommon.Value, f fate) []byte {
	mark := len(dst)
	dst = r.appendKey(dst, inside, key)
	at := len(dst)
	dst = jsonval.AppendValue(dst, v, &r.rep)
	if !isReference(v) && (f == whole || f != words && len(dst)-at <= longValue) {
		return dst
	}
	if r.opts.Capture == CaptureMetadata {
		r.out.Adjustments |= ContentOmitted
		return dst[:mark]
	}
	id := r.store(r.norm.Raw(dst[at:], &r.rep))
	return appendReference(dst[:at], id)
}

func (r *reading) appendKey(dst []byte, inside int, key string) []byte {
	if len(dst) > inside {
		dst = append(dst, ',')
	}
	return append(jsonval.AppendString(dst, key, &r.rep), ':')
}

// isReference tells whether a value would be taken for a reference to a content.
func isReference(v pcommon.Value) bool {
	if v.Type() != pcommon.ValueTypeMap {
		return false
	}
	_, is := v.Map().Get("$content")
	return is
}

// appendReference writes what stands for a content in attributes.
func appendReference(dst []byte, id content.ID) []byte {
	dst = append(dst, `{"$content":"`...)
	for i, part := range [...][]byte{id[:4], id[4:6], id[6:8], id[8:10], id[10:]} {
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, part)
	}
	return append(dst, `"}`...)
}

var keySeed = maphash.MakeSeed()

// repeated drops all but the first of attributes with one key. It keeps the keys in
// an open hash table of their indices.
func (r *reading) repeated(attrs pcommon.Map) {
	size := 16
	for size < 2*attrs.Len() {
		size *= 2
	}
	r.seen = append(r.seen[:0], make([]int32, size)...)
	r.keys = r.keys[:0]
	for key := range attrs.All() {
		r.keys = append(r.keys, key)
		at := int(maphash.String(keySeed, key)) & (size - 1)
		for r.seen[at] != 0 && r.keys[r.seen[at]-1] != key {
			at = (at + 1) & (size - 1)
		}
		if r.seen[at] != 0 {
			r.repeat(len(r.keys) - 1)
			continue
		}
		r.seen[at] = int32(len(r.keys))
	}
}

func (r *reading) repeat(i int) {
	r.fates[i] = goes
	r.out.Adjustments |= DuplicateKey
}

// appendSeparator opens a list at its first element, else adds a comma.
func appendSeparator(dst []byte, start int, open byte) []byte {
	if len(dst) == start {
		return append(dst, open)
	}
	return append(dst, ',')
}

func appendDropped(dst []byte, n uint32) []byte {
	if n == 0 {
		return dst
	}
	dst = append(dst, `,"dropped_attributes_count":`...)
	return appendUint(dst, uint64(n))
}

func appendUint(dst []byte, n uint64) []byte { return strconv.AppendUint(dst, n, 10) }

func appendHex(dst, id []byte) []byte { return hex.AppendEncode(dst, id) }
