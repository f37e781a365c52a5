package trace

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/shopspring/decimal"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// BenchmarkNewTrace counts traces that a batch creates: an application's span, an agent's,
// and calls of models and tools in turn.
func BenchmarkNewTrace(b *testing.B) {
	for _, size := range []int{3, 48} {
		spans := agentSpans(size)
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			var p Planner
			var provenance []byte
			b.ReportAllocs()
			for b.Loop() {
				_, r := p.Plan(begin(of(spans), nil))
				provenance = r.Row.AppendProvenance(provenance[:0])
			}
		})
	}
}

func agentSpans(n int) []mapping.Span {
	spans := make([]mapping.Span, n)
	for i := range spans {
		s := &spans[i]
		binary.BigEndian.PutUint64(s.SpanID[:], uint64(i+1))
		s.Start = 1_700_000_000_000_000 + int64(i)*1000
		s.End = s.Start + int64(n-i)*1_000_000
		s.Status, s.ScopeName, s.ServiceName, s.SessionID = "unset", "opentelemetry.instrumentation.openai_v2", "answers", "session-1"
		switch {
		case i == 0:
			s.Name = "POST /v1/answers"
			continue
		case i == 1:
			s.Name, s.Kind = "invoke_agent answers", mapping.KindAgent
			s.ParentSpanID = spans[0].SpanID
			continue
		case i%2 == 0:
			s.Name, s.Kind, s.RequestModel, s.ResponseModel = "chat gpt-4o", mapping.KindLLM, "gpt-4o", "gpt-4o-2024-08-06"
			s.Usage.Input, s.Usage.Output = mapping.Int{V: 1000 + int64(i), OK: true}, mapping.Int{V: 100, OK: true}
			s.Usage.Total = mapping.Int{V: 1100 + int64(i), OK: true}
			s.EstimatedCost = decimal.NewNullDecimal(decimal.New(3500+int64(i), -6))
		default:
			s.Name, s.Kind, s.ToolName, s.ToolCallID = "execute_tool search", mapping.KindTool, "search", fmt.Sprint("call_", i)
		}
		s.ParentSpanID = pcommon.SpanID(spans[1].SpanID)
	}
	return spans
}

func of(all []mapping.Span) []Span {
	spans := make([]Span, len(all))
	for i := range all {
		spans[i] = Of(&all[i])
	}
	return spans
}
