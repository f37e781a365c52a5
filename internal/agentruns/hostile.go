package agentruns

import (
	"math"
	"math/rand/v2"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Nested makes v lists in maps of so many levels.
func Nested(v pcommon.Value, levels int) {
	for i := range levels {
		if i%2 == 0 {
			v = v.SetEmptySlice().AppendEmpty()
		} else {
			v = v.SetEmptyMap().PutEmpty("k\x00")
		}
	}
	v.SetStr("end")
}

// Hostile makes v what a sender may write where another value belongs.
func Hostile(r *rand.Rand, v pcommon.Value) {
	switch r.IntN(12) {
	case 0:
		v.SetStr([]string{
			"", "\x00", "a\x00b", "\xff\xfe", "\xed\xa0\x80", "NaN", "1e999", "-1", "true", "<REDACTED>", `{"$content":"x"}`, strings.Repeat("x", 1<<17),
		}[r.IntN(12)])
	case 1:
		v.SetInt([]int64{0, -1, math.MaxInt64, math.MinInt64}[r.IntN(4)])
	case 2:
		v.SetDouble([]float64{math.NaN(), math.Inf(1), -0.5, 1e308}[r.IntN(4)])
	case 3:
		v.SetBool(r.IntN(2) == 0)
	case 4:
		v.SetEmptyBytes().FromRaw([]byte{0, 255})
	case 5:
		Nested(v, r.IntN(400))
	case 6:
		v.SetStr(strings.Repeat(`{"a":[`, r.IntN(2000)))
	case 7:
		v.SetStr(`[{"role":"user","parts":[{"type":"text","content":"\u0000\ud800"}]}]`)
	case 8:
		v.SetStr(`{"messages":[{"role":"user","content":"hi"}]}`)
	case 9:
		m := v.SetEmptyMap()
		m.PutStr("content", "\x00")
		m.PutEmptyMap("message").PutEmptySlice("tool_calls").AppendEmpty().SetStr("no call")
	default:
		pcommon.NewValueEmpty().CopyTo(v)
	}
}
