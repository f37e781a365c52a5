package mapping

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

func TestTimeToFirstToken(t *testing.T) {
	for name, c := range map[string]struct {
		span      testSpan
		ttft      any
		streaming any
	}{
		"seconds":                       {chatWith(map[string]any{"gen_ai.response.time_to_first_chunk": 0.5}), 500.0, true},
		"a chunk does not overrule":     {chatWith(map[string]any{"gen_ai.response.time_to_first_chunk": 0.5, "gen_ai.request.stream": false}), 500.0, false},
		"a server's first token":        {chatWith(map[string]any{"gen_ai.server.time_to_first_token": 0.5}), 500.0, nil},
		"zero without streaming":        {chatWith(map[string]any{"gen_ai.server.time_to_first_token": 0.0}), nil, nil},
		"zero while streaming":          {chatWith(map[string]any{"gen_ai.server.time_to_first_token": 0.0, "gen_ai.request.is_stream": true}), 0.0, true},
		"strands says milliseconds":     {testSpan{scope: "strands.telemetry.tracer", attrs: map[string]any{"gen_ai.operation.name": "chat", "gen_ai.server.time_to_first_token": int64(640)}}, 640.0, nil},
		"vercel says milliseconds":      {testSpan{attrs: map[string]any{"ai.operationId": "ai.streamText.doStream", "ai.response.msToFirstChunk": 12.5}}, 12.5, true},
		"an ISO time":                   {testSpan{attrs: map[string]any{"langfuse.observation.type": "generation", "langfuse.observation.completion_start_time": `"2026-08-21T08:13:20.350000Z"`}}, 350.0, true},
		"before the start":              {testSpan{attrs: map[string]any{"langfuse.observation.type": "generation", "langfuse.observation.completion_start_time": "2026-08-21T08:13:19Z"}}, nil, nil},
		"the first of the chunk events": {testSpan{attrs: map[string]any{"llm.request.type": "chat"}, events: []testEvent{{"llm.content.completion.chunk", 42_000_000, nil}, {"llm.content.completion.chunk", 99_000_000, nil}}}, 42.0, true},
		"an attribute before an event":  {testSpan{attrs: map[string]any{"ai.operationId": "ai.streamText.doStream", "ai.response.msToFirstChunk": 7.0}, events: []testEvent{{"ai.stream.firstChunk", 42_000_000, nil}}}, 7.0, true},
		"not a number":                  {chatWith(map[string]any{"gen_ai.response.time_to_first_chunk": "soon"}), nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, got := c.span.mapped(t)
			require.Equal(t, c.ttft, got["ttft_ms"])
			require.Equal(t, c.streaming, got["streaming"])
		})
	}
}

func TestStreaming(t *testing.T) {
	for name, c := range map[string]struct {
		attrs map[string]any
		want  any
	}{
		"python's spelling":      {map[string]any{"llm.is_streaming": "True"}, true},
		"invocation parameters":  {map[string]any{"llm.invocation_parameters": `{"stream":true}`}, true},
		"vercel generates":       {map[string]any{"ai.operationId": "ai.generateText.doGenerate"}, false},
		"a flag before the name": {map[string]any{"ai.operationId": "ai.streamText.doStream", "gen_ai.request.stream": false}, false},
		"sentry":                 {map[string]any{"gen_ai.response.streaming": true}, true},
		"unknown":                {map[string]any{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, got := chatWith(c.attrs).mapped(t)
			require.Equal(t, c.want, got["streaming"])
		})
	}
}

func TestErrors(t *testing.T) {
	exception := func(typ string) testEvent {
		return testEvent{"exception", 1, map[string]any{"exception.type": typ, "exception.message": typ + " happened"}}
	}
	for name, c := range map[string]struct {
		span    testSpan
		typ     any
		message any
	}{
		"status and type":            {testSpan{status: ptrace.StatusCodeError, message: "429", attrs: map[string]any{"error.type": "RateLimit"}}, "RateLimit", "429"},
		"the last exception":         {testSpan{status: ptrace.StatusCodeError, events: []testEvent{exception("First"), exception("Last")}}, "Last", "Last happened"},
		"status alone":               {testSpan{status: ptrace.StatusCodeError}, "_OTHER", nil},
		"error.type without status":  {testSpan{attrs: map[string]any{"error.type": "timeout"}, events: []testEvent{exception("E")}}, "timeout", "E happened"},
		"recorded but overcome":      {testSpan{status: ptrace.StatusCodeOk, events: []testEvent{exception("E")}}, nil, nil},
		"langsmith's status is ok":   {testSpan{scope: "langsmith", status: ptrace.StatusCodeOk, events: []testEvent{exception("Error")}}, "Error", "Error happened"},
		"the tag of a tool":          {testSpan{attrs: map[string]any{"openinference.span.kind": "TOOL", "error": true, "error.message": "index offline"}}, "_OTHER", "index offline"},
		"the tag that says no":       {testSpan{attrs: map[string]any{"openinference.span.kind": "TOOL", "error": false, "error.message": "none"}}, nil, nil},
		"the tag of what is no call": {testSpan{attrs: map[string]any{"error": true}}, nil, nil},
		"langfuse's level":           {testSpan{attrs: map[string]any{"langfuse.observation.type": "tool", "langfuse.observation.level": "ERROR", "langfuse.observation.status_message": "index offline"}}, "_OTHER", "index offline"},
		"langfuse's message alone":   {testSpan{attrs: map[string]any{"langfuse.observation.type": "tool", "langfuse.observation.status_message": "fine"}}, nil, nil},
		"the status speaks first":    {testSpan{status: ptrace.StatusCodeError, message: "said", events: []testEvent{exception("E")}}, "E", "said"},
		"an empty type is no report": {testSpan{attrs: map[string]any{"error.type": ""}}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s, got := c.span.mapped(t)
			require.Equal(t, c.typ, got["error_type"])
			require.Equal(t, c.message, got["error_message"])
			require.Equal(t, map[ptrace.StatusCode]string{0: "unset", 1: "ok", 2: "error"}[c.span.status], s.Status)
		})
	}
}

func TestIdentityByPrecedence(t *testing.T) {
	attrs := map[string]any{}
	for _, key := range []string{
		"mlflow.trace.user", "langsmith.metadata.user_id", "traceloop.association.properties.user_id", "langfuse.trace.metadata.langfuse_user_id",
		"ai.telemetry.metadata.userId", "langwatch.user.id", "llm.user", "gen_ai.user", "gen_ai.request.user", "enduser.id", "user.id", "langfuse.user.id",
	} {
		attrs[key] = key
		_, got := testSpan{attrs: attrs}.mapped(t)
		require.Equal(t, key, got["user_id"])
	}
	attrs = map[string]any{}
	for _, key := range []string{
		"mlflow.trace.session", "mastra.metadata.threadId", "langsmith.metadata.thread_id", "langsmith.metadata.session_id",
		"traceloop.association.properties.thread_id", "traceloop.association.properties.session_id", "langfuse.trace.metadata.langfuse_session_id",
		"ai.telemetry.metadata.sessionId", "gcp.vertex.agent.session_id", "langwatch.thread.id", "gen_ai.conversation.id", "session.id", "langfuse.session.id",
	} {
		attrs[key] = key
		_, got := testSpan{attrs: attrs}.mapped(t)
		require.Equal(t, key, got["session_id"])
	}
	_, got := testSpan{attrs: map[string]any{"langsmith.trace.session_id": "project", "mcp.session.id": "m"}}.mapped(t)
	require.Nil(t, got["session_id"])
}

func TestTagsByPrecedence(t *testing.T) {
	attrs := map[string]any{}
	for _, key := range []string{
		"gen_ai.framework.tags", "langsmith.span.tags", "langwatch.labels", "ai.telemetry.metadata.tags", "tag.tags", "langfuse.tags", "langfuse.trace.tags",
	} {
		attrs[key] = []any{key}
		_, got := testSpan{attrs: attrs}.mapped(t)
		require.Equal(t, []any{key}, got["tags"])
	}
	for _, given := range []any{"a, b", `["a","b"]`, []any{"a", "", "b"}} {
		_, got := testSpan{attrs: map[string]any{"tag.tags": given}}.mapped(t)
		require.Equal(t, []any{"a", "b"}, got["tags"], "%v", given)
	}
}

func TestEnvironmentIsKeyMajorAndReleaseSpanMajor(t *testing.T) {
	env := func(span, resource map[string]any) any {
		_, got := testSpan{attrs: span, resource: resource}.mapped(t)
		return got["environment"]
	}
	require.Equal(t, "r", env(map[string]any{"deployment.environment": "s"}, map[string]any{"deployment.environment.name": "r"}))
	require.Equal(t, "s", env(map[string]any{"deployment.environment": "s"}, map[string]any{"deployment.environment": "r"}))
	require.Equal(t, "r", env(map[string]any{"deployment.environment.name": "s"}, map[string]any{"langfuse.environment": "r"}))
	require.Equal(t, "s", env(map[string]any{"gen_ai.environment": "s"}, nil))
	s, _ := testSpan{attrs: map[string]any{"deployment.environment": "s"}, resource: map[string]any{"deployment.environment.name": "r"}}.mapped(t)
	require.Equal(t, map[string]any{"deployment.environment": "s"}, left(t, s), "what lost stays")

	_, got := testSpan{attrs: map[string]any{"langfuse.version": "2"}, resource: map[string]any{"langfuse.release": "1"}}.mapped(t)
	require.Equal(t, "2", got["release"])
	_, got = testSpan{resource: map[string]any{"service.version": "3", "service.name": "shop"}}.mapped(t)
	require.Equal(t, "3", got["release"])
	require.Equal(t, "shop", got["service_name"])
}

func TestServiceNameOfTheSpanIsOpenLITs(t *testing.T) {
	_, got := testSpan{attrs: map[string]any{"service.name": "peer"}, resource: map[string]any{"service.name": "me"}}.mapped(t)
	require.Equal(t, "me", got["service_name"])
	_, got = testSpan{scope: "openlit.otel.tracing", attrs: map[string]any{"service.name": "app"}, resource: map[string]any{"service.name": "unknown_service"}}.mapped(t)
	require.Equal(t, "app", got["service_name"])
}

func TestPromptNameAndVersionComeFromOnePlace(t *testing.T) {
	_, got := testSpan{attrs: map[string]any{"gen_ai.prompt.name": "n", "traceloop.prompt.key": "k", "traceloop.prompt.version": int64(5)}}.mapped(t)
	require.Equal(t, "n", got["prompt_name"])
	require.Nil(t, got["prompt_version"])
	_, got = testSpan{attrs: map[string]any{"traceloop.prompt.key": "k", "traceloop.prompt.version": int64(5), "llm.prompt_template.version": "9"}}.mapped(t)
	require.Equal(t, "5", got["prompt_version"])
	_, got = testSpan{attrs: map[string]any{"ai.telemetry.metadata.langfusePrompt": `{"name":"p","version":3}`}}.mapped(t)
	require.Equal(t, "p", got["prompt_name"])
	require.Equal(t, "3", got["prompt_version"])
	_, got = testSpan{attrs: map[string]any{"langfuse.observation.type": "agent", "langfuse.observation.prompt.name": "p"}}.mapped(t)
	require.Nil(t, got["prompt_name"], "a prompt is a generation's")
}

func TestModels(t *testing.T) {
	for name, c := range map[string]struct {
		attrs             map[string]any
		request, response any
	}{
		"unknown is none":                     {map[string]any{"gen_ai.request.model": "gpt-4o", "gen_ai.response.model": "unknown"}, "gpt-4o", nil},
		"the parameters name what was asked":  {map[string]any{"llm.model_name": "gpt-4o-2024", "llm.invocation_parameters": `{"model":"gpt-4o"}`}, "gpt-4o", "gpt-4o-2024"},
		"one name is what was asked":          {map[string]any{"llm.model_name": "gpt-4o"}, "gpt-4o", nil},
		"both agree":                          {map[string]any{"llm.model_name": "gpt-4o", "llm.invocation_parameters": `{"model":"gpt-4o"}`}, "gpt-4o", nil},
		"langfuse is the application's word":  {map[string]any{"langfuse.observation.model.name": "mine", "gen_ai.request.model": "gpt-4o"}, "mine", nil},
		"a placeholder gives way to the next": {map[string]any{"gen_ai.request.model": "no-model", "ai.model.id": "gpt-4o"}, "gpt-4o", nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, got := chatWith(c.attrs).mapped(t)
			require.Equal(t, c.request, got["request_model"])
			require.Equal(t, c.response, got["response_model"])
		})
	}
}

func TestRequestParameters(t *testing.T) {
	for name, c := range map[string]struct {
		attrs map[string]any
		want  string
	}{
		"the prefix is cut":        {map[string]any{"gen_ai.request.temperature": 0.5, "gen_ai.request.model": "m", "gen_ai.request.stream": true, "gen_ai.request.user": "u", "gen_ai.request.type": "x"}, `{"temperature":0.5}`},
		"names and numbers":        {map[string]any{"gen_ai.request.choice.count": int64(2), "gen_ai.request.max_tokens": "99"}, `{"choice_count":2,"max_tokens":99}`},
		"a stop is a list":         {map[string]any{"gen_ai.request.stop_sequences": "\n"}, `{"stop_sequences":["\n"]}`},
		"a stop may hold commas":   {map[string]any{"llm.invocation_parameters": `{"stop":"a,b"}`}, `{"stop_sequences":["a,b"]}`},
		"the conventions first":    {map[string]any{"gen_ai.request.max_tokens": int64(1), "llm.invocation_parameters": `{"max_completion_tokens":2,"n":3}`}, `{"max_tokens":1,"choice_count":3}`},
		"words are no parameters":  {map[string]any{"llm.invocation_parameters": `{"temperature":0,"tools":[{}],"system":"s","messages":[],"stream":true,"model":"m"}`}, `{"temperature":0}`},
		"settings of vercel":       {map[string]any{"ai.settings.maxOutputTokens": int64(5), "ai.settings.topP": 0.5, "ai.settings.context.user": "u"}, `{"max_tokens":5,"top_p":0.5}`},
		"traceloop's":              {map[string]any{"llm.presence_penalty": 0.25, "llm.chat.stop_sequences": []any{"x"}}, `{"presence_penalty":0.25,"stop_sequences":["x"]}`},
		"openai's seed":            {map[string]any{"gen_ai.openai.request.seed": int64(7)}, `{"seed":7}`},
		"langfuse's empty values":  {map[string]any{"langfuse.observation.model.parameters": `{"response_format":"","top_p":"0.2","stream":true}`}, `{"top_p":0.2}`},
		"long ones are words":      {map[string]any{"gen_ai.request.schema": strings.Repeat("x", longValue+1), "gen_ai.request.seed": int64(1)}, `{"seed":1}`},
		"text that ends in digits": {map[string]any{"gen_ai.request.service_tier": "tier-2"}, `{"service_tier":"tier-2"}`},
	} {
		t.Run(name, func(t *testing.T) {
			_, got := chatWith(c.attrs).mapped(t)
			require.Equal(t, fromJSON(t, c.want), got["request_parameters"])
		})
	}
}

func TestFinishReasons(t *testing.T) {
	for name, c := range map[string]struct {
		attrs map[string]any
		want  any
	}{
		"a list":                    {map[string]any{"gen_ai.response.finish_reasons": []any{"end_turn", "MAX_TOKENS"}}, []any{"stop", "length"}},
		"a JSON list":               {map[string]any{"gen_ai.response.finish_reasons": `["tool_calls"]`}, []any{"tool_call"}},
		"joined":                    {map[string]any{"gen_ai.response.finish_reasons": "stop, length"}, []any{"stop", "length"}},
		"camel case":                {map[string]any{"gen_ai.response.finish_reason": "contentFiltered"}, []any{"content_filter"}},
		"unknown in lower case":     {map[string]any{"ai.response.finishReason": "Other"}, []any{"other"}},
		"one of each choice":        {map[string]any{"gen_ai.completion.0.finish_reason": "stop", "gen_ai.completion.1.finish_reason": "length"}, []any{"stop", "length"}},
		"of the messages":           {map[string]any{"gen_ai.output.messages": `[{"role":"assistant","parts":[{"type":"text","content":"a"}],"finish_reason":"end_turn"}]`}, []any{"stop"}},
		"the attribute before them": {map[string]any{"gen_ai.response.finish_reasons": []any{"length"}, "gen_ai.output.messages": `[{"role":"assistant","parts":[{"type":"text","content":"a"}],"finish_reason":"end_turn"}]`}, []any{"length"}},
		"an empty list is none":     {map[string]any{"gen_ai.response.finish_reasons": []any{}}, nil},
		"anthropic's own":           {map[string]any{"anthropic.message.stop_reason": "max_tokens"}, []any{"length"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, got := chatWith(c.attrs).mapped(t)
			require.Equal(t, c.want, got["finish_reasons"])
		})
	}
}

func TestFinishReasonsOfMessagesAreRepairedForPostgres(t *testing.T) {
	span := chatWith(map[string]any{})
	span.events = []testEvent{{"gen_ai.choice", 1, map[string]any{"finish_reason": "odd\x00 \xff", "message": `{"role":"assistant","content":"a"}`}}}
	s := New(Options{}).Map(span.traces(t)).Spans[0]
	require.Equal(t, []string{"odd \uFFFD"}, s.FinishReasons)
	require.Contains(t, s.Adjustments.Names(), "nul_removed")
}

// TestNamesOfStreams takes a stream from the name of a call that says nothing else of it.
func TestNamesOfStreams(t *testing.T) {
	for name, want := range map[string]any{
		"OpenAIChat.invoke_stream": true, "ChatModel.astream": true, "streaming response": true, "OpenAIChat.invoke": nil, "chat upstream-model": nil,
	} {
		_, got := testSpan{name: name, attrs: anyMap{"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}}.mapped(t)
		if problem := compare("streaming", want, got["streaming"]); problem != "" {
			t.Errorf("%s: %s", name, problem)
		}
	}
}
