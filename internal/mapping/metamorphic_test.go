package mapping

import (
	"encoding/json"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// rewrites spell the attributes of spans in other ways that mean the same.
var rewrites = map[string]func(t *testing.T, attrs pcommon.Map){
	"in the reverse order": func(_ *testing.T, attrs pcommon.Map) {
		var keys []string
		for key := range attrs.All() {
			keys = append(keys, key)
		}
		back := pcommon.NewMap()
		for i := len(keys) - 1; i >= 0; i-- {
			v, _ := attrs.Get(keys[i])
			v.CopyTo(back.PutEmpty(keys[i]))
		}
		back.MoveTo(attrs)
	},
	"whole numbers as text": func(_ *testing.T, attrs pcommon.Map) {
		for _, v := range attrs.All() {
			if v.Type() == pcommon.ValueTypeInt {
				v.SetStr(strconv.FormatInt(v.Int(), 10))
			}
		}
	},
	"whole numbers as doubles": func(_ *testing.T, attrs pcommon.Map) {
		for _, v := range attrs.All() {
			if v.Type() == pcommon.ValueTypeInt && v.Int() < 1<<50 {
				v.SetDouble(float64(v.Int()))
			}
		}
	},
	"flags as Python prints them": func(_ *testing.T, attrs pcommon.Map) {
		for _, v := range attrs.All() {
			if v.Type() == pcommon.ValueTypeBool {
				v.SetStr(strings.Title(strconv.FormatBool(v.Bool()))) //nolint:staticcheck // ASCII
			}
		}
	},
	"lists as JSON": func(t *testing.T, attrs pcommon.Map) {
		for _, v := range attrs.All() {
			if v.Type() == pcommon.ValueTypeSlice || v.Type() == pcommon.ValueTypeMap {
				text, err := json.Marshal(v.AsRaw())
				require.NoError(t, err)
				v.SetStr(string(text))
			}
		}
	},
	"JSON as structured values": func(t *testing.T, attrs pcommon.Map) {
		for key, v := range attrs.All() {
			var raw any
			if strings.HasSuffix(key, ".content") || v.Type() != pcommon.ValueTypeStr || !isJSONText(v.Str()) {
				continue // the text of a message may be JSON
			}
			if json.Unmarshal([]byte(v.Str()), &raw) == nil {
				require.NoError(t, v.FromRaw(withWholeNumbers(raw)))
			}
		}
	},
}

// withWholeNumbers makes integers of whole numbers.
func withWholeNumbers(v any) any {
	switch v := v.(type) {
	case float64:
		if v == float64(int64(v)) {
			return int64(v)
		}
	case []any:
		for i := range v {
			v[i] = withWholeNumbers(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = withWholeNumbers(v[key])
		}
	}
	return v
}

// wordsByType are fields whose values are the attributes themselves, which a rewrite changes.
var wordsByType = map[string][]string{
	"whole numbers as text":     {"tool_arguments", "tool_result"},
	"JSON as structured values": {"retrieval_query"}, // a text, of keys in any order
}

// TestSpellingsOfValues rewrites the attributes of all cases: the rows stay the same, but for
// the attributes that are left.
func TestSpellingsOfValues(t *testing.T) {
	for name, rewrite := range rewrites {
		t.Run(name, func(t *testing.T) {
			requireSameRows(t, func(t *testing.T, span ptrace.Span) { rewrite(t, span.Attributes()) }, wordsByType[name])
		})
	}
}

// requireSameRows changes the spans of all cases: their rows stay the same, but for the attributes
// that are left, and for the fields apart.
func requireSameRows(t *testing.T, change func(*testing.T, ptrace.Span), apart []string) {
	t.Helper()
	m := New(Options{})
	for _, file := range fixtureNames(t) {
		td := loadTraces(t, file)
		before := m.Map(td)
		for _, span := range allSpans(td) {
			change(t, span)
		}
		after := m.Map(td)
		require.Len(t, after.Spans, len(before.Spans))
		for i := range after.Spans {
			s := &after.Spans[i]
			want, got := asStored(t, before, &before.Spans[i]), asStored(t, after, s)
			for _, field := range apart {
				delete(want, field)
				delete(got, field)
			}
			requireSameRow(t, filepath.Base(file)+": span "+s.SpanID.String()+" ("+s.Name+")", want, got)
		}
	}
}
