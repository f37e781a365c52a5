package mapping

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// FuzzMap maps whatever an OTLP client may send, and spans whose attributes hold
// whatever text may be in them.
func FuzzMap(f *testing.F) {
	for _, name := range fixtureNames(f) {
		td := loadTraces(f, name)
		data, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(td)
		require.NoError(f, err)
		f.Add(data, "", "", uint8(0))
		for _, span := range allSpans(td) {
			for key, v := range span.Attributes().All() {
				if v.Type() == pcommon.ValueTypeStr && strings.ContainsAny(v.Str(), "{[") {
					f.Add([]byte(nil), key, v.Str(), uint8(1))
				}
			}
		}
	}
	f.Add([]byte(nil), "gen_ai.prompt.999999999.role", "user", uint8(3))
	f.Add([]byte(nil), "gen_ai.prompt.0.tool_calls.3.arguments", "{\"a\":1e999}", uint8(2))
	f.Add([]byte(nil), "gen_ai.usage.input_tokens", " 42.0 ", uint8(2))
	full, facts := New(Options{}), New(Options{Capture: CaptureMetadata})
	f.Fuzz(func(t *testing.T, proto []byte, key, text string, how uint8) {
		td := ptrace.NewTraces()
		if proto != nil {
			var err error
			if td, err = (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(proto); err != nil {
				return
			}
		}
		if key != "" || text != "" {
			addFuzzSpan(td, key, text, how)
		}
		before := marshal(t, td)
		first, second := full.Map(td), full.Map(td)
		require.NotContains(t, first.Rejected, mappingFailed)
		require.True(t, bytes.Equal(before, marshal(t, td)), "the input is left as it is")
		require.True(t, reflect.DeepEqual(first, second), "mapping is deterministic")
		checkStorable(t, first)
		meta := facts.Map(td)
		checkStorable(t, meta)
		require.Empty(t, meta.Contents)
	})
}

// addFuzzSpan adds a span that carries text under key: as a string, as parsed, in
// an event, on spans of several dialects.
func addFuzzSpan(td ptrace.Traces, key, text string, how uint8) {
	ss := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty()
	scopes := []string{"", "ai", "langfuse-sdk", "pydantic-ai", "com.anthropic.claude_code.tracing", "gcp.vertex.agent", "langsmith", "@mastra/otel"}
	ss.Scope().SetName(scopes[int(how>>4)%len(scopes)])
	span := ss.Spans().AppendEmpty()
	span.SetTraceID([16]byte{1})
	span.SetSpanID([8]byte{1})
	span.SetName(text)
	attrs := span.Attributes()
	if how&8 != 0 {
		attrs = span.Events().AppendEmpty().Attributes()
		span.Events().At(0).SetName(key)
		key = "content"
	}
	if how&1 != 0 {
		span.Attributes().PutStr("gen_ai.operation.name", "chat")
	}
	if how&2 != 0 {
		span.Attributes().PutStr("gen_ai.tool.name", text)
	}
	attrs.PutStr(key, text)
	if how&4 != 0 {
		var v any
		if json.Unmarshal([]byte(text), &v) == nil {
			_ = attrs.PutEmpty(key).FromRaw(v)
		}
	}
}

func allSpans(td ptrace.Traces) (spans []ptrace.Span) {
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				spans = append(spans, span)
			}
		}
	}
	return spans
}

func marshal(t *testing.T, td ptrace.Traces) []byte {
	t.Helper()
	data, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(td)
	require.NoError(t, err)
	return data
}

// checkStorable fails for what Postgres would refuse.
func checkStorable(t *testing.T, b *Batch) {
	t.Helper()
	for _, body := range b.Contents {
		checkJSON(t, body)
	}
	for _, body := range b.Resources {
		checkJSON(t, body)
	}
	for i := range b.Spans {
		s := &b.Spans[i]
		for _, body := range [][]byte{s.Attributes, s.Events, s.Links, s.RequestParameters} {
			if body != nil {
				checkJSON(t, body)
			}
		}
		keys := []string{
			s.Name, s.Operation, s.ServiceName, s.ScopeName, s.ScopeVersion, s.ErrorType, s.Provider, s.RequestModel, s.ResponseModel,
			s.ResponseID, s.UserID, s.SessionID, s.Environment, s.Release, s.PromptName, s.PromptVersion, s.AgentName, s.AgentID,
			s.ToolName, s.ToolCallID,
		}
		keys = append(append(keys, s.Tags...), s.FinishReasons...)
		for _, text := range keys {
			checkText(t, text)
			require.LessOrEqual(t, len(text), maxKey)
		}
		checkText(t, s.StatusMessage)
		checkText(t, s.ErrorMessage)
		checkText(t, s.TraceState)
		require.GreaterOrEqual(t, s.Start, int64(0))
		require.GreaterOrEqual(t, s.End, s.Start)
		require.Equal(t, s.Start/MicrosPerDay, int64(s.Day))
		if ttft := s.TTFTMillis; ttft.OK {
			require.True(t, value.Finite(ttft.V))
		}
		checkReferences(t, b, s)
	}
}

func checkReferences(t *testing.T, b *Batch, s *Span) {
	t.Helper()
	for _, id := range s.contentIDs() {
		if id == (content.ID{}) {
			continue
		}
		body, ok := b.Contents[content.Key{Day: s.Day, ID: id}]
		require.True(t, ok, "content %x is in the batch", id)
		require.Equal(t, id, content.Of(body))
	}
	_, ok := b.Resources[s.ResourceID]
	require.True(t, ok, "the resource is in the batch")
}

func checkText(t *testing.T, s string) {
	t.Helper()
	require.True(t, utf8.ValidString(s), "%q", s)
	require.NotContains(t, s, "\x00")
}

func checkJSON(t *testing.T, body []byte) {
	t.Helper()
	require.True(t, json.Valid(body), "%s", body)
	require.True(t, utf8.Valid(body), "%q", body)
	require.False(t, bytes.Contains(body, []byte(`\u0000`)) && !bytes.Contains(body, []byte(`\\u0000`)), "%s", body)
}
