package logs

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// jsonObject reads the JSON of an object, unless the text is long or deep.
func jsonObject(text string) (pcommon.Map, bool) {
	v, ok := parseJSON(text, "{")
	if !ok {
		return pcommon.Map{}, false
	}
	return v.Map(), true
}

// jsonList reads text that is a list of objects, unless the text is long or deep.
func jsonList(v pcommon.Value) (pcommon.Slice, bool) {
	if v.Type() != pcommon.ValueTypeStr {
		return pcommon.Slice{}, false
	}
	read, ok := parseJSON(v.Str(), "[")
	if !ok || read.Slice().Len() == 0 {
		return pcommon.Slice{}, false
	}
	for _, inner := range read.Slice().All() {
		if inner.Type() != pcommon.ValueTypeMap {
			return pcommon.Slice{}, false
		}
	}
	return read.Slice(), true
}

// parseJSON reads JSON that begins so, unless the text is long or deep.
func parseJSON(text, begin string) (pcommon.Value, bool) {
	v := pcommon.NewValueEmpty()
	if !strings.HasPrefix(text, begin) || len(text) > maxJSONBody || deep(text) {
		return v, false
	}
	var raw any
	if json.Unmarshal([]byte(text), &raw) != nil {
		return v, false
	}
	setRaw(v, raw)
	return v, true
}

// maxSorted bounds the members of an object that are put in order: pdata looks through all members before it puts one.
const maxSorted = 128

// setRaw makes v a value of JSON, whose numbers are ints if they are whole. The members of an object are in the order of
// their keys, since a Go map has none and of two members that say the same the first counts. Those of an object with more
// than maxSorted are in no order.
func setRaw(v pcommon.Value, raw any) {
	switch raw := raw.(type) {
	case map[string]any:
		m := v.SetEmptyMap()
		if len(raw) > maxSorted {
			_ = m.FromRaw(wholeNumbers(raw).(map[string]any)) // JSON gives nothing that FromRaw refuses
			return
		}
		m.EnsureCapacity(len(raw))
		for _, key := range slices.Sorted(maps.Keys(raw)) {
			setRaw(m.PutEmpty(key), raw[key])
		}
	case []any:
		list := v.SetEmptySlice()
		list.EnsureCapacity(len(raw))
		for _, inner := range raw {
			setRaw(list.AppendEmpty(), inner)
		}
	default:
		_ = v.FromRaw(wholeNumbers(raw))
	}
}

// wholeNumbers makes ints of the numbers of JSON that are whole.
func wholeNumbers(raw any) any {
	switch raw := raw.(type) {
	case map[string]any:
		for key, inner := range raw {
			raw[key] = wholeNumbers(inner)
		}
	case []any:
		for i, inner := range raw {
			raw[i] = wholeNumbers(inner)
		}
	case float64:
		if raw == math.Trunc(raw) && math.Abs(raw) < 1<<53 {
			return int64(raw)
		}
	}
	return raw
}
