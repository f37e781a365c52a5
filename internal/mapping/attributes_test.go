package mapping

import (
	"math"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

func TestOnlyWhatAColumnHoldsLeavesAttributes(t *testing.T) {
	s, _ := chatWith(map[string]any{
		// held by columns as they are
		"gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o", "gen_ai.usage.output_tokens": int64(3),
		"gen_ai.request.stream": true, "user.id": "u", "gen_ai.usage.cost": 0.25, "gen_ai.request.temperature": 0.5,
		"gen_ai.request.stop_sequences": []any{"END"}, "gen_ai.response.finish_reasons": []any{"stop"}, "tag.tags": []any{"a", "b"},
		"gen_ai.request.top_k": 40.0,
		// converted, aliased or not the source that won
		"gen_ai.usage.input_tokens": "12", "gen_ai.system": "OpenAI", "enduser.id": "e", "gen_ai.request.max_tokens": "99",
		"gen_ai.response.time_to_first_chunk": 0.5, "gen_ai.prompt.version": int64(3),
		// nobody's
		"http.request.method": "POST", "custom": []any{int64(1), 2.0, nil}, "empty": "",
	}).mapped(t)
	require.Equal(t, fromJSON(t, `{
		"gen_ai.usage.input_tokens":"12","gen_ai.system":"OpenAI","enduser.id":"e","gen_ai.request.max_tokens":"99",
		"gen_ai.response.time_to_first_chunk":0.5,"gen_ai.prompt.version":3,"http.request.method":"POST","custom":[1,2.0,null],"empty":""
	}`), decode(t, s.Attributes))
	require.Contains(t, string(s.Attributes), "[1,2.0,null]", "doubles stay doubles")
	require.Contains(t, string(s.RequestParameters), `"top_k":40.0`)
}

func TestNoAttributeLeftIsNull(t *testing.T) {
	s, _ := testSpan{attrs: map[string]any{"gen_ai.operation.name": "chat"}}.mapped(t)
	require.Nil(t, s.Attributes)
	require.Nil(t, s.Events)
	require.Nil(t, s.Links)
	require.Nil(t, s.Adjustments.Names())
}

func TestAliasedOriginalsStay(t *testing.T) {
	s, got := testSpan{attrs: map[string]any{
		"gen_ai.operation.name": "acompletion", "gen_ai.provider.name": "azure", "gen_ai.response.finish_reasons": []any{"tool_calls"},
	}}.mapped(t)
	require.Equal(t, "azure.ai.openai", got["provider"])
	require.Equal(t, fromJSON(t, `{"gen_ai.operation.name":"acompletion","gen_ai.provider.name":"azure","gen_ai.response.finish_reasons":["tool_calls"]}`),
		decode(t, s.Attributes))
}

func TestMessagesLeaveAttributes(t *testing.T) {
	s, _ := chatWith(map[string]any{
		"gen_ai.input.messages": `[{"role":"user","content":"hi"}]`, "gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": "lost",
		"gen_ai.completion.0.content": "won", "gen_ai.completion.0.role": "assistant", "gen_ai.completion.0.content_filter_results": "{}",
		"gen_ai.tool.definitions": `[{"name":"t"}]`,
	}).mapped(t)
	require.ElementsMatch(t, []string{"gen_ai.prompt.0.role", "gen_ai.prompt.0.content", "gen_ai.completion.0.content_filter_results"}, keysOf(left(t, s)))
}

func keysOf(m map[string]any) (keys []string) {
	for k := range m {
		keys = append(keys, k)
	}
	return keys
}

func TestMalformedMessagesAreTextAndStayWhole(t *testing.T) {
	text := `[{"role":"user","content":"cut of`
	b := New(Options{}).Map(chatWith(map[string]any{"gen_ai.input.messages": text}).traces(t))
	got := asStored(t, b, &b.Spans[0])
	require.Equal(t, fromJSON(t, `[{"role":"user","parts":[{"type":"text","content":"[{\"role\":\"user\",\"content\":\"cut of"}]}]`), got["input_messages"])
	require.Equal(t, text, resolved(t, b, &b.Spans[0], "gen_ai.input.messages"))
}

func TestPartsThatDidNotParseStay(t *testing.T) {
	b := New(Options{}).Map(testSpan{attrs: map[string]any{
		"ai.operationId": "ai.generateText.doGenerate", "ai.response.text": "a", "ai.response.toolCalls": `[{"toolCallId":`,
	}}.traces(t))
	require.Equal(t, `[{"toolCallId":`, resolved(t, b, &b.Spans[0], "ai.response.toolCalls"))
	require.NotContains(t, left(t, &b.Spans[0]), "ai.response.text")
}

func TestAListOfMessageEventsLeavesOnceBothDirectionsAreRead(t *testing.T) {
	events := `[{"event.name":"gen_ai.user.message","content":"q","role":"user"},{"event.name":"gen_ai.choice","message":{"role":"assistant","content":"a"}}]`
	s, got := testSpan{scope: "pydantic-ai", attrs: map[string]any{"gen_ai.operation.name": "chat", "events": events}}.mapped(t)
	require.Len(t, got["input_messages"], 1)
	require.Len(t, got["output_messages"], 1)
	require.Nil(t, s.Attributes)
	s, _ = testSpan{scope: "pydantic-ai", attrs: map[string]any{"gen_ai.operation.name": "chat", "events": events, "gen_ai.output.messages": "a"}}.mapped(t)
	require.Contains(t, left(t, s), "events", "the answer in it was not read")
}

func TestWordsAreContentsWhateverTheirLength(t *testing.T) {
	b := New(Options{}).Map(testSpan{attrs: map[string]any{
		"langfuse.observation.type": "span", "langfuse.trace.input": "q", "input.value": "v", "traceloop.entity.input": `{"args":[]}`,
		"llm.azure.messages": "[{'role': 'user'}]", "note": "short", "long": strings.Repeat("y", longValue),
	}}.traces(t))
	s := &b.Spans[0]
	for key, want := range map[string]string{
		"langfuse.trace.input": "q", "input.value": "v", "traceloop.entity.input": `{"args":[]}`, "llm.azure.messages": "[{'role': 'user'}]",
		"long": strings.Repeat("y", longValue),
	} {
		require.Equal(t, want, resolved(t, b, s, key), key)
	}
	require.Equal(t, "short", left(t, s)["note"])
	require.NotContains(t, string(s.Attributes), "yyy")
}

func TestMetadataCaptureKeepsFactsOnly(t *testing.T) {
	span := chatWith(map[string]any{
		"gen_ai.provider.name": "openai", "gen_ai.usage.input_tokens": int64(5), "note": "secret", "long": strings.Repeat("secret", longValue),
		"http.route": "/r", "retries": int64(2), "cached": true,
		"gen_ai.input.messages":  `[{"role":"user","content":"secret"}]`,
		"gen_ai.output.messages": `[{"role":"assistant","content":"secret","finish_reason":"end_turn"}]`,
		"input.value":            "secret", "gen_ai.system_instructions": "secret", "gen_ai.tool.definitions": `[{"name":"secret"}]`,
	})
	span.events = []testEvent{
		{"gen_ai.user.message", 1, map[string]any{"content": "secret"}},
		{"note", 2, map[string]any{"n": int64(1), "gen_ai.prompt": "secret"}},
	}
	b := New(Options{Capture: CaptureMetadata}).Map(span.traces(t))
	s := &b.Spans[0]
	require.Empty(t, b.Contents)
	require.Equal(t, map[string]any{"http.route": "/r", "retries": 2.0, "cached": true}, left(t, s))
	require.Equal(t, fromJSON(t, `[{"name":"gen_ai.user.message","time_unix_nano":1787300000000000001,"attributes":{}},
		{"name":"note","time_unix_nano":1787300000000000002,"attributes":{"n":1}}]`), decode(t, s.Events))
	require.Nil(t, s.InputMessageIDs)
	require.Nil(t, s.OutputMessageIDs)
	require.Zero(t, s.SystemInstructionsID)
	require.Zero(t, s.ToolDefinitionsID)
	require.Equal(t, []string{"content_omitted"}, s.Adjustments.Names())
	require.Equal(t, []string{"stop"}, s.FinishReasons, "a fact, though a message tells it")
	full := New(Options{}).Map(span.traces(t)).Spans[0]
	require.Equal(t, full.Usage, s.Usage)
	require.Equal(t, full.Provider, s.Provider)
}

func TestMessageEventsAreGoneOthersWhole(t *testing.T) {
	span := chatWith(map[string]any{"gen_ai.request.model": "gpt-4o"})
	stack := strings.Repeat("at line\n", 1000)
	span.events = []testEvent{
		{"gen_ai.system.message", 1, map[string]any{"content": "s"}},
		{"exception", 2, map[string]any{"exception.stacktrace": stack}},
		{"gen_ai.choice", 3, map[string]any{"index": int64(1), "finish_reason": "length", "message": `{"role":"assistant","content":"second"}`}},
		{"gen_ai.choice", 4, map[string]any{"index": int64(0), "finish_reason": "stop", "message": `{"role":"assistant","content":"first"}`}},
	}
	span.events[1].attrs["exception.message"] = strings.Repeat("no ", 1000)
	s, got := span.mapped(t)
	kept := decode(t, s.Events).([]any)
	require.Len(t, kept, 1)
	attrs := kept[0].(map[string]any)["attributes"].(map[string]any)
	require.Equal(t, strings.Repeat("no ", 1000), attrs["exception.message"], "however long")
	require.Contains(t, attrs["exception.stacktrace"], "$content")
	require.Equal(t, fromJSON(t, `[{"role":"assistant","parts":[{"type":"text","content":"first"}],"finish_reason":"stop"},
		{"role":"assistant","parts":[{"type":"text","content":"second"}],"finish_reason":"length"}]`), got["output_messages"])
}

func TestEventsThatLostKeepNoWords(t *testing.T) {
	span := chatWith(map[string]any{"gen_ai.input.messages": `[{"role":"user","content":"won"}]`})
	span.events = []testEvent{{"gen_ai.user.message", 1, map[string]any{"content": "lost", "gen_ai.system": "openai"}}}
	b := New(Options{}).Map(span.traces(t))
	require.NotContains(t, string(b.Spans[0].Events), "lost")
	require.Contains(t, string(b.Spans[0].Events), `"content":{"$content":"`)
	require.Contains(t, string(b.Spans[0].Events), `"gen_ai.system":"openai"`)
}

func TestInferenceDetailsMerge(t *testing.T) {
	span := chatWith(map[string]any{"gen_ai.request.model": "gpt-4o"})
	span.events = []testEvent{
		{inferenceDetailsEvent, 1, map[string]any{"event.name": inferenceDetailsEvent, "gen_ai.input.messages": `[{"role":"user","parts":[{"type":"text","content":"q"}]}]`}},
		{inferenceDetailsEvent, 2, map[string]any{"gen_ai.output.messages": `[{"role":"assistant","parts":[{"type":"text","content":"a"}],"finish_reason":"stop"}]`, "gen_ai.request.model": "gpt-4o"}},
		{inferenceDetailsEvent, 3, map[string]any{"gen_ai.system_instructions": `[{"type":"text","content":"s"}]`, "gen_ai.extra": "x"}},
	}
	s, got := span.mapped(t)
	require.Equal(t, fromJSON(t, `[{"role":"user","parts":[{"type":"text","content":"q"}]}]`), got["input_messages"])
	require.Equal(t, fromJSON(t, `[{"role":"assistant","parts":[{"type":"text","content":"a"}],"finish_reason":"stop"}]`), got["output_messages"])
	require.Equal(t, fromJSON(t, `[{"type":"text","content":"s"}]`), got["system_instructions"])
	require.Equal(t, fromJSON(t, `[{"name":"gen_ai.client.inference.operation.details","time_unix_nano":1787300000000000003,"attributes":{"gen_ai.extra":"x"}}]`),
		decode(t, s.Events), "only what was said nowhere else is left")
}

func TestLinksAndScopeAttributes(t *testing.T) {
	td := testSpan{scope: "s", attrs: map[string]any{"a": int64(1)}}.traces(t)
	ss := td.ResourceSpans().At(0).ScopeSpans().At(0)
	ss.Scope().Attributes().PutStr("tenant", "t")
	link := ss.Spans().At(0).Links().AppendEmpty()
	link.SetTraceID([16]byte{0xab})
	link.SetSpanID([8]byte{0xcd})
	link.TraceState().FromRaw("k=v")
	link.SetFlags(1)
	link.Attributes().PutInt("n", 2)
	link.SetDroppedAttributesCount(3)
	ss.Spans().At(0).Links().AppendEmpty()
	s := New(Options{}).Map(td).Spans[0]
	require.JSONEq(t, `{"$scope":{"tenant":"t"},"a":1}`, string(s.Attributes))
	require.JSONEq(t, `[{"trace_id":"ab000000000000000000000000000000","span_id":"cd00000000000000","trace_state":"k=v","flags":1,
		"attributes":{"n":2},"dropped_attributes_count":3},{"trace_id":"00000000000000000000000000000000","span_id":"0000000000000000"}]`, string(s.Links))
}

func TestTimesAreRepaired(t *testing.T) {
	for name, c := range map[string]struct {
		start, end         pcommon.Timestamp
		wantStart, wantEnd int64
		clamped            bool
	}{
		"as sent":             {1_000, 5_999, 1, 5, false},
		"end before start":    {9_000, 5_000, 9, 9, true},
		"no start":            {0, 5_000, 5, 5, true},
		"no end":              {5_000, 0, 5, 5, true},
		"neither":             {0, 0, 0, 0, false},
		"the end of all OTLP": {math.MaxUint64, math.MaxUint64, math.MaxUint64 / 1000, math.MaxUint64 / 1000, false},
	} {
		t.Run(name, func(t *testing.T) {
			td := testSpan{}.traces(t)
			span := allSpans(td)[0]
			span.SetStartTimestamp(c.start)
			span.SetEndTimestamp(c.end)
			s := New(Options{}).Map(td).Spans[0]
			require.Equal(t, c.wantStart, s.Start)
			require.Equal(t, c.wantEnd, s.End)
			require.Equal(t, c.clamped, s.Adjustments&TimeClamped != 0)
		})
	}
}

func TestTextIsRepairedForPostgres(t *testing.T) {
	long := strings.Repeat("é", maxKey)
	td := testSpan{name: "a\x00b", attrs: map[string]any{"user.id": long, "session.id": "s\xff", "k": math.NaN(), "gen_ai.agent.name": "x\x00"}}.traces(t)
	span := allSpans(td)[0]
	span.Attributes().PutStr("dup", "first")
	raw := ptrace.NewSpan()
	span.CopyTo(raw)
	s := New(Options{}).Map(td).Spans[0]
	require.Equal(t, "ab", s.Name)
	require.Len(t, s.UserID, maxKey)
	require.True(t, utf8.ValidString(s.UserID))
	require.Equal(t, "s\uFFFD", s.SessionID)
	require.Equal(t, "x", s.AgentName)
	got := left(t, &s)
	require.Equal(t, "NaN", got["k"])
	require.Contains(t, got, "user.id", "what was cut stays")
	require.Contains(t, got, "session.id")
	require.Equal(t, []string{"nul_removed", "number_not_finite", "text_cut", "utf8_replaced"}, s.Adjustments.Names())
}

func TestOfRepeatedKeysTheFirstCounts(t *testing.T) {
	for _, others := range []int{0, 100} {
		proto := repeatedKey(t, others)
		td, err := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(proto)
		require.NoError(t, err)
		s := New(Options{}).Map(td).Spans[0]
		require.Equal(t, "first", s.UserID)
		require.NotContains(t, left(t, &s), "user.id")
		require.Equal(t, []string{"duplicate_key"}, s.Adjustments.Names())
	}
}

// repeatedKey is an export whose span names user.id twice, which pdata's own setters
// do not allow.
func repeatedKey(t *testing.T, others int) []byte {
	t.Helper()
	attrs := map[string]any{"user.id": "first", "user.xd": "second"}
	for i := range others {
		attrs[strings.Repeat("k", i+1)] = int64(i)
	}
	td := testSpan{attrs: attrs}.traces(t)
	sorted := allSpans(td)[0].Attributes()
	first, _ := sorted.Get("user.id")
	second, _ := sorted.Get("user.xd")
	a, b := first.Str(), second.Str()
	sorted.RemoveIf(func(k string, _ pcommon.Value) bool { return strings.HasPrefix(k, "user.") })
	sorted.PutStr("user.id", a)
	sorted.PutStr("user.xd", b)
	return []byte(strings.Replace(string(marshal(t, td)), "user.xd", "user.id", 1))
}

func TestSpansWithoutIDsAreRejected(t *testing.T) {
	td := testSpan{}.traces(t)
	spans := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
	spans.AppendEmpty().SetTraceID([16]byte{1})
	spans.AppendEmpty().SetSpanID([8]byte{1})
	spans.AppendEmpty()
	b := New(Options{}).Map(td)
	require.Len(t, b.Spans, 1)
	require.Equal(t, map[string]int{"empty_trace_id": 2, "empty_span_id": 1}, b.Rejected)
}

func TestResourcesAreStoredOnce(t *testing.T) {
	td := testSpan{resource: map[string]any{"service.name": "a"}}.traces(t)
	testSpan{resource: map[string]any{"service.name": "a"}}.traces(t).ResourceSpans().MoveAndAppendTo(td.ResourceSpans())
	testSpan{resource: map[string]any{"service.name": "b"}}.traces(t).ResourceSpans().MoveAndAppendTo(td.ResourceSpans())
	b := New(Options{}).Map(td)
	require.Len(t, b.Resources, 2)
	require.Equal(t, b.Spans[0].ResourceID, b.Spans[1].ResourceID)
	require.JSONEq(t, `{"service.name":"b"}`, string(b.Resources[b.Spans[2].ResourceID]))
}

func TestHostileSpanIsMapped(t *testing.T) {
	td := chatWith(map[string]any{"gen_ai.request.model": "gpt-4o"}).traces(t)
	span := allSpans(td)[0]
	attrs := span.Attributes()
	attrs.EnsureCapacity(10_000)
	for i := range 5_000 {
		attrs.PutStr("gen_ai.prompt."+string(appendUint(nil, uint64(i)))+".content", "text")
		attrs.PutStr("gen_ai.prompt.0.k"+string(appendUint(nil, uint64(i)))+".x", "y")
	}
	attrs.PutStr("gen_ai.prompt.999999999.role", "user")
	attrs.PutStr("blob", strings.Repeat("z", 10<<20))
	nested := attrs.PutEmptyMap("nested")
	for range 64 {
		nested = nested.PutEmptyMap("n")
	}
	attrs.PutStr("gen_ai.output.messages", "["+strings.Repeat(`{"role":"assistant","content":"x"},`, 100_000)+`{"role":"user","content":"y"}]`)
	for range 1_000 {
		e := span.Events().AppendEmpty()
		e.SetName("gen_ai.user.message")
		e.Attributes().PutStr("content", strings.Repeat("w", 100))
	}
	b := New(Options{}).Map(td)
	require.Len(t, b.Spans, 1, "%v", b.Rejected)
	checkStorable(t, b)
	s := &b.Spans[0]
	require.Len(t, s.InputMessageIDs, 5_000)
	require.Len(t, s.OutputMessageIDs, 100_001)
	require.Less(t, len(s.Attributes), 2<<20)
}

func TestMapIsSafeForConcurrentUse(t *testing.T) {
	m := New(Options{})
	var all []ptrace.Traces
	for _, name := range fixtureNames(t) {
		all = append(all, loadTraces(t, name))
	}
	want := make([]*Batch, len(all))
	for i := range all {
		want[i] = m.Map(all[i])
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range all {
				if got := m.Map(all[i]); len(got.Spans) != len(want[i].Spans) || got.Spans[0].Kind != want[i].Spans[0].Kind ||
					len(got.Contents) != len(want[i].Contents) {
					t.Error("another result under concurrency")
				}
			}
		})
	}
	wg.Wait()
}
