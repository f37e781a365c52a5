package mapping

import (
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// longValue is how many bytes of JSON an attribute may have before it counts as
// words.
const longValue = 2048

// What the writer puts among the attributes of a sender cannot be taken for theirs:
//
//   - the attributes of the scope are one kvlist under "$scope" or, if they are long,
//     a content under "$long_scope"; what words the scope, the resource and the links
//     have are contents under "$scope_words", "$resource_words" and "$link_words", since
//     spans alone may refer to contents; an attribute of the span that has such a key
//     itself gets one more "$" in front, as has "$$scope";
//   - a content stands as {"$content":"<id>"}, a template with its contents as
//     {"$content":["<id>",…]} (template.go), bytes as {"$bytes":"<base64>"}; a
//     kvlist of a sender whose only key begins with "$" is {"$map":{…}}.
const (
	scopeKey     = "$scope"
	longScopeKey = "$long_scope"

	scopeWordsKey    = "$scope_words"
	resourceWordsKey = "$resource_words"
	linkWordsKey     = "$link_words"
)

// appendAttributes writes the attributes, whose classes are known, that no column or content
// holds.
func (r *reading) appendAttributes(dst []byte, attrs pcommon.Map) []byte {
	start := len(dst)
	dst = r.appendScope(dst)
	dst = r.appendForeign(dst, start, scopeWordsKey, r.around.scopeWords)
	dst = r.appendForeign(dst, start, resourceWordsKey, r.around.res.words)
	dst = r.appendForeign(dst, start, linkWordsKey, r.linkWords)
	r.repeated(attrs)
	for _, n := range r.leftOf(attrs) {
		left := &r.left[n]
		if len(dst) == start {
			dst = append(dst, '{')
		}
		mark := len(dst)
		if len(dst) > start+1 {
			dst = append(dst, ',')
		}
		if written := r.read[left.at].json; written != nil {
			dst = append(dst, written...)
		} else {
			dst = append(jsonval.AppendString(dst, ownKey(left.key), &r.rep), ':')
		}
		dst = r.appendAttribute(dst, mark, left.value, r.classes[left.at], longValue)
	}
	if len(dst) <= start+1 {
		return dst[:start]
	}
	return append(dst, '}')
}

// leftAttribute is an attribute that no column or content holds.
type leftAttribute struct {
	key   string
	value pcommon.Value
	at    int32 // its place among the attributes
}

// leftOf lists these attributes and returns the order of jsonb, shorter keys first, in which Postgres need not sort
// them: that is a quarter of what it takes to read an object of 16 keys.
func (r *reading) leftOf(attrs pcommon.Map) []int32 {
	r.left = r.left[:0]
	at := int32(-1)
	for key, v := range attrs.All() {
		if at++; r.classes[at] != classStored {
			r.left = append(r.left, leftAttribute{key, v, at})
		}
	}
	return r.leftOrder()
}

// leftOrder sorts the attributes that are left. Emitters write the keys of spans of one kind in the same order: sorting
// begins with the order of the last that were as many.
func (r *reading) leftOrder() []int32 {
	n := len(r.left)
	for len(r.orders) <= min(n, maxOrders) {
		r.orders = append(r.orders, nil)
	}
	order := r.orders[min(n, maxOrders)]
	if len(order) != n {
		order = slices.Grow(order[:0], n)[:n]
		for i := range order {
			order[i] = int32(i)
		}
		r.orders[min(n, maxOrders)] = order
	}
	moves := 0
	for i := 1; i < n; i++ {
		if moves > 4*n { // it is not almost in order
			slices.SortFunc(order, func(a, b int32) int { return jsonval.CompareKeys(r.left[a].key, r.left[b].key) })
			return order
		}
		one, to := order[i], i
		for ; to > 0 && jsonval.CompareKeys(r.left[one].key, r.left[order[to-1]].key) < 0; to-- {
			order[to] = order[to-1]
			moves++
		}
		order[to] = one
	}
	return order
}

// maxOrders is up to how many attributes an order is remembered of.
const maxOrders = 64

// appendForeign writes the reference to what words others than the span have.
func (r *reading) appendForeign(dst []byte, start int, key string, c content.Content) []byte {
	switch {
	case c.Body == nil:
		return dst
	case r.opts.Capture == CaptureMetadata:
		r.out.Adjustments |= ContentOmitted
		return dst
	case len(dst) == start:
		dst = append(dst, '{')
	}
	return r.appendContent(r.appendKey(dst, start+1, key), c)
}

// appendScope writes the attributes of the scope, which each of its spans has: long
// ones as a content, or a batch would take a multiple of its size.
func (r *reading) appendScope(dst []byte) []byte {
	a := &r.around
	switch {
	case a.longScope.Body == nil && a.scopeJSON == nil:
		return dst
	case a.longScope.Body == nil:
		return append(append(dst, `{"`+scopeKey+`":`...), a.scopeJSON...)
	case r.opts.Capture == CaptureMetadata:
		r.out.Adjustments |= ContentOmitted
		return dst
	}
	dst = append(dst, `{"`+longScopeKey+`":`...)
	return r.appendContent(dst, a.longScope)
}

// appendContent adds a content to the batch and writes the reference to it.
func (r *reading) appendContent(dst []byte, c content.Content) []byte {
	id := r.store(c)
	r.referred = append(r.referred, id)
	return appendReference(dst, id)
}

// appendAttribute writes a value behind its key, or the reference to the content that the
// value becomes if it is words or longer than a limit. mark is where the attribute starts.
func (r *reading) appendAttribute(dst []byte, mark int, v pcommon.Value, f attrClass, limit int) []byte {
	at := len(dst)
	if r.templates.call != nil && v.Type() == pcommon.ValueTypeStr && isJSONText(v.Str()) && r.opts.Capture != CaptureMetadata && !r.isFact(f, v, nil) {
		if dst, ok := r.textTemplate(dst, v.Str()); ok {
			return dst
		}
	}
	dst = jsonval.AppendValue(dst, v, &r.rep)
	if len(dst)-at <= limit && r.isFact(f, v, dst[at:]) {
		return dst
	}
	if r.opts.Capture == CaptureMetadata {
		r.out.Adjustments |= ContentOmitted
		return dst[:mark]
	}
	if r.templates.call != nil {
		if filled, ok := r.template(r.aside[:0], dst[at:]); ok {
			r.aside = filled
			return append(dst[:at], filled...)
		}
	}
	return r.appendContent(dst[:at], r.norm.Raw(dst[at:], &r.rep))
}

// isFact reports whether a value, whose JSON is written already, may stand among facts.
// Without contents, strings whose keys nobody knows may not, nor may what went wrong.
func (r *reading) isFact(f attrClass, v pcommon.Value, written []byte) bool {
	if f == classWords || (f == classUnknown || f == classErrorText) && r.opts.Capture == CaptureMetadata {
		return false
	}
	switch v.Type() {
	case pcommon.ValueTypeStr:
		s := v.Str()
		return (f == classFact || f == classErrorText) && !isJSONText(s) || !saysProse(s)
	case pcommon.ValueTypeSlice, pcommon.ValueTypeMap:
		return !saysProse(viewOf(written))
	}
	return true
}

// factsAndWords splits attributes that are no span's into facts and words; without words, the
// facts are the attributes themselves.
func (r *reading) factsAndWords(attrs pcommon.Map) (facts, said pcommon.Map) {
	var rep jsonval.Repairs
	isWords := func(key string, v pcommon.Value) bool {
		r.aside = r.aside[:0]
		if t := v.Type(); t == pcommon.ValueTypeSlice || t == pcommon.ValueTypeMap {
			r.aside = jsonval.AppendValue(r.aside, v, &rep)
		}
		return !r.isFact(r.classOf(key, v), v, r.aside)
	}
	for key, v := range attrs.All() {
		if isWords(key, v) {
			facts, said = pcommon.NewMap(), pcommon.NewMap()
			attrs.CopyTo(facts)
			attrs.CopyTo(said)
			facts.RemoveIf(isWords)
			said.RemoveIf(func(key string, v pcommon.Value) bool { return !isWords(key, v) })
			return facts, said
		}
	}
	return attrs, pcommon.Map{}
}

// wordsOf returns the content of attributes that factsAndWords found to be words; none for none.
func (r *reading) wordsOf(said pcommon.Map, rep *jsonval.Repairs) content.Content {
	if said == (pcommon.Map{}) {
		return content.Content{}
	}
	r.aside = jsonval.AppendKvlist(r.aside[:0], said, rep)
	return r.norm.Raw(r.aside, rep)
}

func (r *reading) appendKey(dst []byte, inside int, key string) []byte {
	if len(dst) > inside {
		dst = append(dst, ',')
	}
	return append(jsonval.AppendString(dst, key, &r.rep), ':')
}

// ownKey is the key of an attribute of the span, which the writer's own keys are not.
func ownKey(key string) string {
	if isScopeKey(key) {
		return "$" + key
	}
	return key
}

// keyJSON writes an attribute's key and the colon; nil for one that must be repaired.
func keyJSON(key string) []byte {
	var rep jsonval.Repairs
	written := append(jsonval.AppendString(make([]byte, 0, len(key)+len(`"":`)), ownKey(key), &rep), ':')
	if rep != 0 {
		return nil
	}
	return written
}

// isScopeKey reports whether a key is that of the scope's attributes, or would be with
// fewer "$" in front.
func isScopeKey(key string) bool {
	if key == "" || key[0] != '$' {
		return false
	}
	rest := strings.TrimLeft(key, "$")
	switch "$" + rest {
	case scopeKey, longScopeKey, scopeWordsKey, resourceWordsKey, linkWordsKey:
		return true
	}
	return false
}

// appendReference writes what stands for a content in attributes.
func appendReference(dst []byte, id content.ID) []byte {
	return append(appendID(append(dst, `{"$content":`...), id), '}')
}

// appendID writes an id as a string.
func appendID(dst []byte, id content.ID) []byte {
	var digits [2 * len(id)]byte
	hex.Encode(digits[:], id[:])
	dst = append(append(dst, '"'), digits[:8]...)
	for at := 8; at < 20; at += 4 {
		dst = append(append(dst, '-'), digits[at:at+4]...)
	}
	return append(append(append(dst, '-'), digits[20:]...), '"')
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
