package jsonval

import (
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// pending is what appendDeep has yet to write: a value, after its key if it has one,
// or the end of an array or object.
type pending struct {
	value pcommon.Value
	key   string
	keyed bool
	end   byte
}

// appendDeep writes a value of any depth as JSON, with the keys of objects as they
// come. It keeps what is open in a list and not on the stack, which no depth may
// overflow.
func appendDeep(dst []byte, v pcommon.Value, r *Repairs) []byte {
	open := []pending{{value: v}}
	for len(open) > 0 {
		p := open[len(open)-1]
		open = open[:len(open)-1]
		if p.end != 0 {
			dst = append(dst, p.end)
			continue
		}
		if last := len(dst) - 1; last >= 0 && dst[last] != '[' && dst[last] != '{' {
			dst = append(dst, ',')
		}
		if p.keyed {
			dst = append(AppendString(dst, p.key, r), ':')
		}
		switch p.value.Type() {
		case pcommon.ValueTypeSlice:
			dst = append(dst, '[')
			open = pushSlice(append(open, pending{end: ']'}), p.value.Slice())
		case pcommon.ValueTypeMap:
			dst = append(dst, '{')
			open = pushMap(append(open, pending{end: '}'}), p.value.Map())
		default:
			dst = AppendValue(dst, p.value, r)
		}
	}
	return dst
}

func pushSlice(open []pending, s pcommon.Slice) []pending {
	for i := s.Len() - 1; i >= 0; i-- {
		open = append(open, pending{value: s.At(i)})
	}
	return open
}

func pushMap(open []pending, m pcommon.Map) []pending {
	first := len(open)
	for k, v := range m.All() {
		open = append(open, pending{value: v, key: k, keyed: true})
	}
	slices.Reverse(open[first:])
	return open
}
