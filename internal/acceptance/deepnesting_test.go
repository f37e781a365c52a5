package acceptance

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
)

// TestNoDepthEndsTheProcess stores values that nest up to a million levels deep, in every
// place of a request and as JSON in strings. A conversion that recursed over them would
// overflow the stack, which no recover mends.
func TestNoDepthEndsTheProcess(t *testing.T) {
	e, db := startExporter(t, nil)
	now := time.Now()
	deep := func(m pcommon.Map, key string, levels int) {
		v := m.PutEmpty(key)
		for range levels / 2 {
			v = v.SetEmptySlice().AppendEmpty().SetEmptyMap().PutEmpty("k")
		}
	}
	places := []string{"span", "words", "event", "link", "scope", "resource", "text"}
	for i, levels := range []int{300, 1000, 1_000_000} {
		for j, place := range places {
			td, span := newSpan("deep", byte(1+len(places)*i+j), 0, now, now.Add(time.Second))
			span.SetTraceID(pcommon.TraceID{9, byte(i), byte(j)})
			span.Attributes().PutStr("gen_ai.operation.name", "chat")
			rs := td.ResourceSpans().At(0)
			switch place {
			case "span":
				deep(span.Attributes(), "a", levels)
			case "words":
				deep(span.Attributes(), "gen_ai.input.messages", levels)
			case "event":
				deep(span.Events().AppendEmpty().Attributes(), "a", levels)
			case "link":
				deep(span.Links().AppendEmpty().Attributes(), "a", levels)
			case "scope":
				deep(rs.ScopeSpans().At(0).Scope().Attributes(), "a", levels)
			case "resource":
				deep(rs.Resource().Attributes(), "a", levels)
			case "text":
				span.Attributes().PutStr("gen_ai.input.messages", strings.Repeat(`[{"content":`, levels/2)+strings.Repeat("}]", levels/2))
				span.Attributes().PutStr("gen_ai.tool.definitions", strings.Repeat("[", levels))
			}
			consume(t, e, td)
		}
	}
	rowcheck.Spans(t, db, 3*len(places))
	readAll(t, db, "nobody")
	require.Equal(t, 3, countRows(t, db, `SELECT FROM llm_spans WHERE adjustments @> '{content_cut}' AND attributes ? 'a'`), "what was cut is marked")
}
