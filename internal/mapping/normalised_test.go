package mapping

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
)

// A collector may run contrib's gen_ai_normalizer before the exporter. normalise does to spans
// and to their events what its source does: keys of OpenInference, OpenLLMetry, CrewAI, LangChain
// and Pydantic AI are copied to those of the GenAI conventions unless these are there, kinds
// become operations, values the type that the conventions name, and the indexed messages of
// OpenInference become JSON, of which text beside tool calls, parts of contents, names and
// reasons are not part.

// normalisedKeys are the keys that are copied, with their targets.
var normalisedKeys = map[string]string{
	"llm.token_count.prompt": "gen_ai.usage.input_tokens", "llm.token_count.completion": "gen_ai.usage.output_tokens",
	"llm.model_name": "gen_ai.request.model", "embedding.model_name": "gen_ai.request.model", "reranker.model_name": "gen_ai.request.model",
	"llm.provider": "gen_ai.provider.name", "llm.input_messages": "gen_ai.input.messages", "llm.output_messages": "gen_ai.output.messages",
	"tool.name": "gen_ai.tool.name", "tool.description": "gen_ai.tool.description", "tool_call.function.arguments": "gen_ai.tool.call.arguments",
	"tool_call.id": "gen_ai.tool.call.id", "agent.name": "gen_ai.agent.name", "session.id": "gen_ai.conversation.id",
	"openinference.span.kind": "gen_ai.operation.name",

	"llm.usage.prompt_tokens": "gen_ai.usage.input_tokens", "llm.usage.completion_tokens": "gen_ai.usage.output_tokens",
	"llm.request.model": "gen_ai.request.model", "llm.response.model": "gen_ai.response.model",
	"llm.request.max_tokens": "gen_ai.request.max_tokens", "llm.request.temperature": "gen_ai.request.temperature",
	"llm.request.top_p": "gen_ai.request.top_p", "llm.top_k": "gen_ai.request.top_k",
	"llm.frequency_penalty": "gen_ai.request.frequency_penalty", "llm.presence_penalty": "gen_ai.request.presence_penalty",
	"llm.chat.stop_sequences": "gen_ai.request.stop_sequences", "llm.request.functions": "gen_ai.tool.definitions",
	"llm.response.finish_reason": "gen_ai.response.finish_reasons", "llm.response.stop_reason": "gen_ai.response.finish_reasons",
	"llm.request.type": "gen_ai.operation.name", "traceloop.span.kind": "gen_ai.operation.name",
	"traceloop.entity.name": "gen_ai.agent.name", "traceloop.entity.input": "gen_ai.input.messages",
	"traceloop.entity.output": "gen_ai.output.messages",

	"agent_role": "gen_ai.agent.name", "crew_id": "gen_ai.conversation.id",
	"lc.metadata.thread_id": "gen_ai.conversation.id", "langgraph.node.name": "gen_ai.agent.name",
	"agent_name": "gen_ai.agent.name",
}

// normalisedOperations are what kinds, in lower case, become.
var normalisedOperations = map[string]string{
	"llm": "chat", "embedding": "embeddings", "chain": "invoke_agent", "retriever": "retrieval", "reranker": "retrieval",
	"tool": "execute_tool", "agent": "invoke_agent", "prompt": "text_completion",
	"workflow": "invoke_workflow", "task": "invoke_agent", "completion": "text_completion", "chat": "chat", "rerank": "retrieval",
}

// normalisedTexts are the targets whose values the conventions call texts.
var normalisedTexts = map[string]bool{
	"gen_ai.request.model": true, "gen_ai.response.model": true, "gen_ai.provider.name": true, "gen_ai.agent.name": true,
	"gen_ai.tool.name": true, "gen_ai.conversation.id": true, "gen_ai.operation.name": true,
}

func normalise(t *testing.T, td ptrace.Traces, removeOriginals bool) {
	t.Helper()
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				normaliseSpan(t, span.Attributes(), removeOriginals)
				for _, event := range span.Events().All() {
					normaliseSpan(t, event.Attributes(), removeOriginals)
				}
			}
		}
	}
}

func normaliseSpan(t *testing.T, attrs pcommon.Map, removeOriginals bool) {
	t.Helper()
	for _, key := range slices.Sorted(maps.Keys(normalisedKeys)) {
		target := normalisedKeys[key]
		v, ok := attrs.Get(key)
		if _, there := attrs.Get(target); !ok || there {
			continue
		}
		copied := pcommon.NewValueEmpty()
		v.CopyTo(copied)
		switch {
		case target == "gen_ai.operation.name" && normalisedOperations[strings.ToLower(copied.AsString())] != "":
			copied.SetStr(normalisedOperations[strings.ToLower(copied.AsString())])
		case (target == "gen_ai.response.finish_reasons" || target == "gen_ai.request.stop_sequences") && copied.Type() == pcommon.ValueTypeStr:
			s := copied.Str()
			copied.SetEmptySlice().AppendEmpty().SetStr(s)
		case strings.HasPrefix(target, "gen_ai.usage.") && copied.Type() == pcommon.ValueTypeStr:
			n, err := strconv.ParseInt(copied.Str(), 10, 64)
			if err != nil {
				continue
			}
			copied.SetInt(n)
		case normalisedTexts[target] && copied.Type() > pcommon.ValueTypeBool:
			continue
		}
		copied.CopyTo(attrs.PutEmpty(target))
		if removeOriginals {
			attrs.Remove(key)
		}
	}
	for _, side := range [...]string{"input", "output"} {
		normaliseMessages(t, attrs, "llm."+side+"_messages.", "gen_ai."+side+".messages", removeOriginals)
	}
}

func normaliseMessages(t *testing.T, attrs pcommon.Map, prefix, target string, removeOriginals bool) {
	t.Helper()
	said := map[int]map[string]string{}
	for key, v := range attrs.All() {
		var index int
		var field string
		if rest, ok := strings.CutPrefix(key, prefix); ok {
			if n, _ := fmt.Sscanf(rest, "%d.message.%s", &index, &field); n == 2 {
				if said[index] == nil {
					said[index] = map[string]string{}
				}
				said[index][field] = v.AsString()
			}
		}
	}
	if _, there := attrs.Get(target); there || len(said) == 0 {
		return
	}
	var messages []map[string]any
	for _, index := range slices.Sorted(maps.Keys(said)) {
		messages = append(messages, normalisedMessage(said[index]))
	}
	text, err := json.Marshal(messages)
	require.NoError(t, err)
	attrs.PutStr(target, string(text))
	if removeOriginals {
		attrs.RemoveIf(func(key string, _ pcommon.Value) bool {
			return strings.HasPrefix(key, prefix) && strings.Contains(key, ".message.")
		})
	}
}

func normalisedMessage(said map[string]string) map[string]any {
	role, parts := said["role"], []any{}
	switch id := said["tool_call_id"]; {
	case id != "":
		if role == "" || role == "user" {
			role = "tool"
		}
		parts = append(parts, map[string]any{"type": "tool_call_response", "id": id, "response": said["content"]})
	case said["tool_calls.0.tool_call.function.name"] != "":
		for i := 0; said["tool_calls."+strconv.Itoa(i)+".tool_call.function.name"] != ""; i++ {
			call := "tool_calls." + strconv.Itoa(i) + ".tool_call."
			part := map[string]any{"type": "tool_call", "name": said[call+"function.name"]}
			if id := said[call+"id"]; id != "" {
				part["id"] = id
			}
			if arguments := said[call+"function.arguments"]; arguments != "" {
				var parsed any = arguments
				_ = json.Unmarshal([]byte(arguments), &parsed)
				part["arguments"] = parsed
			}
			parts = append(parts, part)
		}
	case said["content"] != "":
		parts = append(parts, map[string]any{"type": "text", "content": said["content"]})
	}
	return map[string]any{"role": role, "parts": parts}
}

// TestNormalised compares rows of spans with those of the same spans after gen_ai_normalizer:
// all columns are the same while the originals are there.
func TestNormalised(t *testing.T) {
	same, differ := eachNormalised(t, false, func(name, column, want, got string) {
		t.Errorf("%s %s:\n  raw        %.200s\n  normalised %.200s", name, column, want, got)
	})
	t.Logf("%d columns are the same, %v differ", same, differ)
	require.Greater(t, same, 100_000)
}

// TestNormalisedWithoutOriginals: where remove_originals took what the copies do not say, kinds
// that are no operation, words beside tool calls and the model of the answer are lost, but no
// call of a model or tool, no token and no cost; calls of rerankers become retrievals.
func TestNormalisedWithoutOriginals(t *testing.T) {
	same, differ := eachNormalised(t, true, func(name, column, want, got string) {
		isCall := column == "kind" && isCounted[want]
		isFigure := (column == "input_tokens" || column == "output_tokens" || strings.HasSuffix(column, "_cost")) && want != ""
		if isCall || isFigure {
			t.Errorf("%s %s:\n  raw        %.200s\n  normalised %.200s", name, column, want, got)
		}
	})
	t.Logf("%d columns are the same, %v differ", same, differ)
	require.Greater(t, same, 100_000)
}

// TestNormalisedKeysAlone: a span of each kind that has one of the keys, and nothing else of its
// library.
func TestNormalisedKeysAlone(t *testing.T) {
	for _, key := range slices.Sorted(maps.Keys(normalisedKeys)) {
		for _, operation := range []string{"chat", "execute_tool", "invoke_agent", "invoke_workflow", ""} {
			span := testSpan{attrs: map[string]any{key: "zeta", "gen_ai.operation.name": operation}}
			td, normalised := span.traces(t), span.traces(t)
			normalise(t, normalised, false)
			a, b := New(Options{}).Map(td), New(Options{}).Map(normalised)
			want, got := columnsOf(a, &a.Spans[0]), columnsOf(b, &b.Spans[0])
			for column := range want {
				if want[column] != got[column] {
					t.Errorf("%s on %q: %s is %q, normalised %q", key, operation, column, want[column], got[column])
				}
			}
		}
	}
}

var isCounted = map[string]bool{"llm": true, "embedding": true, "tool": true}

// eachNormalised counts the columns that are the same after the processor, and reports others.
func eachNormalised(t *testing.T, removeOriginals bool, report func(name, column, want, got string)) (same int, differ map[string]int) {
	t.Helper()
	differ = map[string]int{}
	for _, name := range fixtureNames(t) {
		normalised := loadTraces(t, name)
		normalise(t, normalised, removeOriginals)
		a, b := New(Options{}).Map(loadTraces(t, name)), New(Options{}).Map(normalised)
		require.Len(t, b.Spans, len(a.Spans))
		for i := range a.Spans {
			want, got := columnsOf(a, &a.Spans[i]), columnsOf(b, &b.Spans[i])
			for column := range want {
				if want[column] == got[column] {
					same++
					continue
				}
				differ[column]++
				report(filepath.Base(name)+" "+a.Spans[i].SpanID.String()+" "+a.Spans[i].Kind.String(), column, want[column], got[column])
			}
		}
	}
	return same, differ
}

// columnsOf are the columns of a row that attributes feed.
func columnsOf(b *Batch, s *Span) map[string]string {
	columns := map[string]string{"kind": s.Kind.String(), "adjustments": fmt.Sprint(s.Adjustments.Names())}
	for f := range dialect.Field(dialect.NumFields) {
		columns[fields[f].column] = rowValue(f, b, s)
	}
	return columns
}
