package content

import (
	"fmt"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// history is a JSON list of n messages of about size bytes of prose each.
func history(n, size, salt int) string {
	var b strings.Builder
	b.WriteByte('[')
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		line := fmt.Sprintf("Turn %d of %d: the ferry to Naxos sails at 09:30,\\nand \\\"the fast one\\\" at noon. ", i, salt)
		fmt.Fprintf(&b, `{"role":"user","parts":[{"type":"text","content":"%s"}]}`, strings.Repeat(line, size/len(line)+1))
	}
	b.WriteByte(']')
	return b.String()
}

func BenchmarkMessagesSeen(b *testing.B) {
	for _, size := range []int{200, 1000, 4000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			z := NewNormalizer(Options{})
			v := pcommon.NewValueStr(history(60, size, 0))
			var dst []Message
			var r jsonval.Repairs
			dst, _ = z.Messages(dst, v, Input, &r)
			b.SetBytes(int64(len(v.Str())))
			b.ReportAllocs()
			for b.Loop() {
				dst, _ = z.Messages(dst[:0], v, Input, &r)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/60, "ns/message")
		})
	}
}

func BenchmarkMessagesNew(b *testing.B) {
	z := NewNormalizer(Options{})
	texts := make([]pcommon.Value, 4096)
	for i := range texts {
		texts[i] = pcommon.NewValueStr(history(1, 1000, i))
	}
	var dst []Message
	var r jsonval.Repairs
	b.SetBytes(int64(len(texts[0].Str())))
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if i == len(texts) {
			i = 0
			b.StopTimer()
			z = NewNormalizer(Options{})
			b.StartTimer()
		}
		dst, _ = z.Messages(dst[:0], texts[i], Input, &r)
		i++
	}
}

func BenchmarkMessagesStructured(b *testing.B) {
	z := NewNormalizer(Options{})
	v := pcommon.NewValueSlice()
	for i := range 60 {
		m := v.Slice().AppendEmpty().SetEmptyMap()
		m.PutStr("role", "user")
		p := m.PutEmptySlice("parts").AppendEmpty().SetEmptyMap()
		p.PutStr("type", "text")
		p.PutStr("content", strings.Repeat(fmt.Sprint("Ferries ", i), 100))
	}
	var dst []Message
	var r jsonval.Repairs
	dst, _ = z.Messages(dst, v, Input, &r)
	b.ReportAllocs()
	for b.Loop() {
		dst, _ = z.Messages(dst[:0], v, Input, &r)
	}
}
