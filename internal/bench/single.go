package main

import (
	"encoding/json"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Messages as instrumentations of the current GenAI conventions write them.
type message struct {
	Role         string `json:"role"`
	Parts        []part `json:"parts"`
	FinishReason string `json:"finish_reason,omitempty"`
}

type part struct {
	Type      string          `json:"type"`
	Content   string          `json:"content,omitempty"`
	ID        string          `json:"id,omitempty"`
	Name      string          `json:"name,omitempty"`
	Arguments json.RawMessage `json:"arguments,omitempty"`
	Response  json.RawMessage `json:"response,omitempty"`
}

func textMessage(role, text string) message {
	return message{Role: role, Parts: []part{{Type: "text", Content: text}}}
}

// toJSON panics on what no workload holds: values without a JSON form.
func toJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

const (
	promptBytes = 1200
	answerBytes = 800
)

// buildSingle makes single-turn traffic: an application's span, the agent's, and the model's with a prompt
// and an answer that no other trace has.
func buildSingle(seed uint64, begin time.Time, batches, batchSpans int) []ptrace.Traces {
	b := newBuilder(seed, begin, batchSpans, "opentelemetry.instrumentation.openai_v2")
	for !b.full(batches, 3) {
		singleTurn(b, b.trace(3), pcommon.SpanID{})
	}
	return b.batches
}

// singleTurn appends three spans below parent and returns the first.
func singleTurn(b *builder, t *traceBuilder, parent pcommon.SpanID) pcommon.SpanID {
	session, user := b.id("session-", 16), fmt.Sprintf("user-%d", b.IntN(5000))
	root := t.span("POST /v1/answers", ptrace.SpanKindServer, parent, 2*time.Second)
	putAll(root.Attributes(),
		"http.request.method", "POST", "http.route", "/v1/answers", "url.path", "/v1/answers", "url.scheme", "https",
		"server.address", "assistant.example.com", "user_agent.original", "Mozilla/5.0 (X11; Linux x86_64)",
		"session.id", session, "user.id", user)
	root.Attributes().PutInt("http.response.status_code", 200)

	agent := t.span("invoke_agent answers", ptrace.SpanKindInternal, root.SpanID(), 1900*time.Millisecond)
	putAll(agent.Attributes(),
		"gen_ai.operation.name", "invoke_agent", "gen_ai.provider.name", "openai", "gen_ai.agent.name", "answers",
		"gen_ai.agent.id", "asst_5j66UpCpwteGg4YSxUnt7lPY", "gen_ai.conversation.id", session)

	call := t.span("chat gpt-4o", ptrace.SpanKindClient, agent.SpanID(), 1800*time.Millisecond)
	putAnswered(b, call, session)
	return root.SpanID()
}

// putAnswered sets what a call of a prompt and an answer says, both of which no other call has.
func putAnswered(b *builder, call ptrace.Span, session string) {
	putCall(b, call, session, "stop")
	answer := textMessage("assistant", b.text(answerBytes))
	answer.FinishReason = "stop"
	call.Attributes().PutStr("gen_ai.input.messages", toJSON([]message{textMessage("user", b.text(promptBytes))}))
	call.Attributes().PutStr("gen_ai.output.messages", toJSON([]message{answer}))
}

// putCall sets what every call of a model says besides its words.
func putCall(b *builder, call ptrace.Span, session, finish string) {
	attrs := call.Attributes()
	putAll(attrs,
		"gen_ai.operation.name", "chat", "gen_ai.provider.name", "openai", "gen_ai.request.model", "gpt-4o",
		"gen_ai.response.model", "gpt-4o-2024-08-06", "gen_ai.response.id", b.id("chatcmpl-", 28),
		"gen_ai.conversation.id", session, "server.address", "api.openai.com")
	attrs.PutInt("server.port", 443)
	attrs.PutInt("gen_ai.request.max_tokens", 2048)
	attrs.PutDouble("gen_ai.request.temperature", 0.2)
	attrs.PutInt("gen_ai.usage.input_tokens", int64(200+b.IntN(4000)))
	attrs.PutInt("gen_ai.usage.output_tokens", int64(20+b.IntN(800)))
	attrs.PutEmptySlice("gen_ai.response.finish_reasons").AppendEmpty().SetStr(finish)
}
