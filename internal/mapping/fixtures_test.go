package mapping

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
)

// fixtureNames lists the cases of testdata/fixtures, sub-folders included.
func fixtureNames(tb testing.TB) []string {
	tb.Helper()
	var names []string
	for _, pattern := range []string{"*", "*/*"} {
		paths, err := filepath.Glob(filepath.Join("testdata", "fixtures", pattern+".otlp.json"))
		require.NoError(tb, err)
		for _, p := range paths {
			names = append(names, strings.TrimSuffix(p, ".otlp.json"))
		}
	}
	require.NotEmpty(tb, names)
	return names
}

func loadTraces(tb testing.TB, name string) ptrace.Traces {
	tb.Helper()
	data, err := os.ReadFile(name + ".otlp.json")
	require.NoError(tb, err)
	td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(data)
	require.NoError(tb, err)
	return td
}

func TestFixtures(t *testing.T) {
	m := New(Options{})
	for _, name := range fixtureNames(t) {
		t.Run(strings.TrimPrefix(filepath.ToSlash(name), "testdata/fixtures/"), func(t *testing.T) {
			var expected map[string]map[string]any
			data, err := os.ReadFile(name + ".expected.json")
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(data, &expected))
			b := m.Map(loadTraces(t, name))
			seen := 0
			for i := range b.Spans {
				want, ok := expected[b.Spans[i].SpanID.String()]
				if !ok {
					continue
				}
				seen++
				got := asStored(t, b, &b.Spans[i])
				for field, value := range want {
					if field == "counted" || field == "usage_counted" {
						continue
					}
					if problem := compare(field, value, got[field]); problem != "" {
						t.Errorf("span %s (%s): %s: %s", b.Spans[i].SpanID, b.Spans[i].Name, field, problem)
					}
				}
			}
			require.Equal(t, len(expected), seen, "spans expected and mapped")
		})
	}
}

// compare applies the rules of testdata/fixtures/README.md.
func compare(field string, want, got any) string {
	ok := false
	switch w := want.(type) {
	case nil:
		ok = got == nil
	case map[string]any:
		g, is := got.(map[string]any)
		ok = is
		if field == "request_parameters" || field == "aggregate_usage" {
			for k, v := range w {
				ok = ok && same(v, g[k])
			}
		} else {
			ok = same(want, got)
		}
	case []any:
		ok = same(want, got)
		if !ok && field == "output_messages" {
			ok = same(want, withoutFinish(w, got))
		}
	default:
		ok = same(want, got)
	}
	if ok {
		return ""
	}
	return fmt.Sprintf("\nwant %s\ngot  %s", show(want), show(got))
}

// withoutFinish drops the finish reasons of messages that are expected without.
func withoutFinish(want []any, got any) any {
	list, ok := got.([]any)
	if !ok || len(list) != len(want) {
		return got
	}
	for i := range list {
		w, okW := want[i].(map[string]any)
		g, okG := list[i].(map[string]any)
		if _, has := w["finish_reason"]; okW && okG && !has {
			delete(g, "finish_reason")
		}
	}
	return list
}

func same(want, got any) bool {
	switch w := want.(type) {
	case float64:
		g, ok := got.(float64)
		return ok && math.Abs(w-g) <= 1e-6*math.Max(math.Abs(w), math.Abs(g))
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return false
		}
		for i := range w {
			if !same(w[i], g[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok || len(g) != len(w) {
			return false
		}
		for k := range w {
			if !same(w[k], g[k]) {
				return false
			}
		}
		return true
	}
	return want == got
}

func show(v any) string {
	data, _ := json.Marshal(v)
	return string(data)
}

// asStored shows a span as the view llm_span_details does, in JSON types; fields
// that are null are absent.
func asStored(tb testing.TB, b *Batch, s *Span) map[string]any {
	tb.Helper()
	got := map[string]any{"kind": s.Kind.String()}
	for field, text := range map[string]string{
		"operation": s.Operation, "provider": s.Provider, "request_model": s.RequestModel, "response_model": s.ResponseModel,
		"response_id": s.ResponseID, "user_id": s.UserID, "session_id": s.SessionID, "environment": s.Environment, "release": s.Release,
		"prompt_name": s.PromptName, "prompt_version": s.PromptVersion, "agent_name": s.AgentName, "agent_id": s.AgentID,
		"tool_name": s.ToolName, "tool_call_id": s.ToolCallID, "error_type": s.ErrorType, "error_message": s.ErrorMessage,
		"service_name": s.ServiceName,
	} {
		if text != "" {
			got[field] = text
		}
	}
	for field, list := range map[string][]string{"finish_reasons": s.FinishReasons, "tags": s.Tags} {
		if list != nil {
			got[field] = toJSON(tb, list)
		}
	}
	if s.Streaming.OK {
		got["streaming"] = s.Streaming.V
	}
	if s.TTFTMillis.OK {
		got["ttft_ms"] = s.TTFTMillis.V
	}
	if s.EmbeddingDimensions.OK {
		got["embedding_dimensions"] = float64(s.EmbeddingDimensions.V)
	}
	if s.RequestParameters != nil {
		got["request_parameters"] = decode(tb, s.RequestParameters)
	}
	addUsage(got, s)
	addContents(tb, got, b, s)
	return got
}

func addUsage(got map[string]any, s *Span) {
	usage := map[string]any{}
	for field, n := range map[string]Int{
		"input_tokens": s.Usage.Input, "output_tokens": s.Usage.Output, "total_tokens": s.Usage.Total,
		"cache_read_tokens": s.Usage.CacheRead, "cache_creation_tokens": s.Usage.CacheCreation, "reasoning_tokens": s.Usage.Reasoning,
	} {
		if n.OK {
			usage[field] = float64(n.V)
		}
	}
	if c := s.Usage.InputCost; c.Valid {
		usage["input_cost"] = c.Decimal.InexactFloat64()
	}
	if c := s.Usage.OutputCost; c.Valid {
		usage["output_cost"] = c.Decimal.InexactFloat64()
	}
	if c := s.Usage.TotalCost; c.Valid {
		usage["total_cost"] = c.Decimal.InexactFloat64()
	}
	if !s.Kind.IsModel() {
		if len(usage) > 0 {
			got["aggregate_usage"] = usage
		}
		return
	}
	for field, v := range usage {
		got[field] = v
	}
}

func addContents(tb testing.TB, got map[string]any, b *Batch, s *Span) {
	tb.Helper()
	body := func(id content.ID) any {
		data, ok := b.Contents[content.Key{Day: s.Day, ID: id}]
		require.True(tb, ok, "content %x is in the batch", id)
		require.Equal(tb, id, content.Of(data))
		return decode(tb, data)
	}
	for field, ids := range map[string][]content.ID{
		"input_messages": s.InputMessageIDs, "output_messages": s.OutputMessageIDs, "documents": s.DocumentIDs,
	} {
		var list []any
		for i, id := range ids {
			item := body(id)
			if field == "output_messages" && i < len(s.FinishReasons) && s.FinishReasons[i] != "" {
				item.(map[string]any)["finish_reason"] = s.FinishReasons[i]
			}
			list = append(list, item)
		}
		if list != nil {
			got[field] = list
		}
	}
	for field, id := range map[string]content.ID{
		"system_instructions": s.SystemInstructionsID, "tool_definitions": s.ToolDefinitionsID, "tool_arguments": s.ToolArgumentsID,
		"tool_result": s.ToolResultID, "retrieval_query": s.RetrievalQueryID,
	} {
		if id != (content.ID{}) {
			got[field] = body(id)
		}
	}
}

func decode(tb testing.TB, data []byte) (v any) {
	tb.Helper()
	require.NoError(tb, json.Unmarshal(data, &v), "%s", data)
	return v
}

func toJSON(tb testing.TB, v any) any {
	tb.Helper()
	data, err := json.Marshal(v)
	require.NoError(tb, err)
	return decode(tb, data)
}
