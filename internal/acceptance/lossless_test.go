package acceptance

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// columnsOf are attributes that a column holds, with the JSON of the column.
var columnsOf = map[string]string{
	"gen_ai.request.model":              "to_jsonb(request_model)",
	"gen_ai.response.id":                "to_jsonb(response_id)",
	"gen_ai.usage.input_tokens":         "coalesce(to_jsonb(input_tokens), aggregate_usage -> 'input_tokens')",
	"gen_ai.usage.output_tokens":        "coalesce(to_jsonb(output_tokens), aggregate_usage -> 'output_tokens')",
	"gen_ai.request.temperature":        "request_parameters -> 'temperature'",
	"gen_ai.request.max_tokens":         "request_parameters -> 'max_tokens'",
	"gen_ai.response.finish_reasons":    "to_jsonb(finish_reasons)",
	"gen_ai.conversation.id":            "to_jsonb(session_id)",
	"user.id":                           "to_jsonb(user_id)",
	"gen_ai.agent.name":                 "to_jsonb(agent_name)",
	"gen_ai.embeddings.dimension.count": "to_jsonb(embedding_dimensions)",
}

// TestAttributesAreLossless stores spans with attributes of every type, under
// keys that columns know and keys that none does, and gets each back, with its
// type, from a column or from attributes.
func TestAttributesAreLossless(t *testing.T) {
	e, db := startExporter(t, nil)
	r := rand.New(rand.NewPCG(5, 5))
	td := ptrace.NewTraces()
	ss := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty()
	for i := range 300 {
		span := ss.Spans().AppendEmpty()
		span.SetTraceID(pcommon.TraceID{1})
		span.SetSpanID(pcommon.SpanID{byte(i), byte(i >> 8), 1})
		span.SetStartTimestamp(pcommon.NewTimestampFromTime(time.Now()))
		span.SetEndTimestamp(span.StartTimestamp())
		for j := range r.IntN(12) {
			randomValue(r, span.Attributes().PutEmpty(fmt.Sprintf("app.key%d", j)), 3)
		}
		for key := range columnsOf {
			if r.IntN(2) == 0 {
				randomValue(r, span.Attributes().PutEmpty(key), 1)
			}
		}
	}
	consume(t, e, td)
	for _, span := range ss.Spans().All() {
		var stored []byte
		require.NoError(t, db.QueryRow(t.Context(), `SELECT coalesce(attributes, '{}') FROM llm_span_details WHERE span_id = $1`,
			span.SpanID().String()).Scan(&stored))
		back := pcommon.NewMap()
		require.NoError(t, jsonval.DecodeMap(stored, back))
		for key, want := range span.Attributes().All() {
			got, ok := back.Get(key)
			if !ok {
				require.Contains(t, columnsOf, key, "neither in a column nor in attributes")
				var column []byte
				require.NoError(t, db.QueryRow(t.Context(), `SELECT `+columnsOf[key]+` FROM llm_span_details WHERE span_id = $1`,
					span.SpanID().String()).Scan(&column))
				got = pcommon.NewValueEmpty()
				require.NoError(t, jsonval.DecodeValue(column, got), "%s: %v is %s", key, want.AsRaw(), column)
			}
			require.Equal(t, want.Type(), got.Type(), "%s: %v came back as %v", key, want.AsRaw(), got.AsRaw())
			require.Equal(t, want.AsRaw(), got.AsRaw(), key)
		}
	}
}

// randomValue fills v with a value of any type, nested up to depth levels.
func randomValue(r *rand.Rand, v pcommon.Value, depth int) {
	kinds := 6
	if depth > 0 {
		kinds = 8
	}
	switch r.IntN(kinds) {
	case 0: // empty
	case 1:
		v.SetStr([]string{"", "text", "12", "12.0", "true", "null", "{\"a\":1}", "é\n\t\"\\", strings.Repeat("long ", 600)}[r.IntN(9)])
	case 2:
		v.SetInt([]int64{0, 1, 42, 1<<53 + 1, math.MaxInt64, math.MinInt64, -7}[r.IntN(7)])
	case 3:
		v.SetDouble([]float64{0, 1, 0.1, -2.5, 1e300, 5e-324, math.MaxFloat64, 1e21}[r.IntN(8)])
	case 4:
		v.SetBool(r.IntN(2) == 0)
	case 5:
		v.SetEmptyBytes().FromRaw([][]byte{{}, {0, 255, 1}, []byte(strings.Repeat("b", 3000))}[r.IntN(3)])
	case 6:
		list := v.SetEmptySlice()
		for range r.IntN(4) {
			randomValue(r, list.AppendEmpty(), depth-1)
		}
	case 7:
		m := v.SetEmptyMap()
		for i := range r.IntN(5) {
			randomValue(r, m.PutEmpty([]string{"$content", "a", "$b", "", "$bytes"}[i]), depth-1)
		}
	}
}
