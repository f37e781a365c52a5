package main

import (
	"cmp"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// buildCalls makes calls of a model, each the only span of its trace, with a prompt and an
// answer that no other has.
func buildCalls(seed uint64, begin time.Time, batches, batchSpans int) []ptrace.Traces {
	b := newBuilder(seed, begin, batchSpans, "opentelemetry.util.genai")
	for !b.full(batches, 1) {
		call := b.trace(1).span("chat gpt-4o", ptrace.SpanKindClient, pcommon.SpanID{}, 1800*time.Millisecond)
		putAnswered(b, call, b.id("session-", 16))
	}
	return b.batches
}

// buildOngoing makes such calls of sessions that go on from batch to batch, some 16 of each in a batch of 1,024.
func buildOngoing(seed uint64, begin time.Time, batches, batchSpans int) []ptrace.Traces {
	b := newBuilder(seed, begin, batchSpans, "opentelemetry.util.genai")
	sessions := make([]string, 64)
	for i := range sessions {
		sessions[i] = b.id("session-", 16)
	}
	for n := 0; !b.full(batches, 1); n++ {
		call := b.trace(1).span("chat gpt-4o", ptrace.SpanKindClient, pcommon.SpanID{}, 1800*time.Millisecond)
		putAnswered(b, call, sessions[n%len(sessions)])
	}
	return b.batches
}

// buildEvents makes the calls of buildCalls, each told by a log record of the conventions.
func buildEvents(seed uint64, begin time.Time, batches, batchSpans int) []plog.Logs {
	return recordsOf(buildCalls(seed, begin, batches, batchSpans), detailsOf, "")
}

// buildOngoingEvents makes the calls of buildOngoing, told so.
func buildOngoingEvents(seed uint64, begin time.Time, batches, batchSpans int) []plog.Logs {
	return recordsOf(buildOngoing(seed, begin, batches, batchSpans), detailsOf, "")
}

// detailsOf makes a record of the conventions of a call.
func detailsOf(call ptrace.Span, rec plog.LogRecord) {
	rec.SetEventName("gen_ai.client.inference.operation.details")
	call.Attributes().CopyTo(rec.Attributes())
}

// recordsOf makes a log record of each call; of another scope, unless that is empty.
func recordsOf(calls []ptrace.Traces, write func(ptrace.Span, plog.LogRecord), scope string) []plog.Logs {
	var records []plog.Logs
	for _, td := range calls {
		ld := plog.NewLogs()
		for _, rs := range td.ResourceSpans().All() {
			rl := ld.ResourceLogs().AppendEmpty()
			rs.Resource().CopyTo(rl.Resource())
			for _, ss := range rs.ScopeSpans().All() {
				sl := rl.ScopeLogs().AppendEmpty()
				ss.Scope().CopyTo(sl.Scope())
				sl.Scope().SetName(cmp.Or(scope, ss.Scope().Name()))
				for _, call := range ss.Spans().All() {
					rec := sl.LogRecords().AppendEmpty()
					rec.SetTimestamp(call.EndTimestamp())
					rec.SetTraceID(call.TraceID())
					rec.SetSpanID(call.SpanID())
					write(call, rec)
				}
			}
		}
		records = append(records, ld)
	}
	return records
}

// buildBare makes calls of a model without words, each the only span of its trace, with a user and a reported cost.
func buildBare(seed uint64, begin time.Time, batches, batchSpans int) []ptrace.Traces {
	b := newBuilder(seed, begin, batchSpans, "opentelemetry.util.genai")
	for !b.full(batches, 1) {
		call := b.trace(1).span("chat gpt-4o", ptrace.SpanKindClient, pcommon.SpanID{}, 1800*time.Millisecond)
		session := b.id("session-", 16)
		putCall(b, call, session, "stop")
		putAll(call.Attributes(), "user.id", "4f1c"+session)
		call.Attributes().PutDouble("gen_ai.usage.cost", 0.0123)
	}
	return b.batches
}

// buildRequestSpans makes the calls of buildBare as spans of Claude Code, with the attributes that a captured run of it has.
func buildRequestSpans(seed uint64, begin time.Time, batches, batchSpans int) []ptrace.Traces {
	traces := buildBare(seed, begin, batches, batchSpans)
	for _, td := range traces {
		for _, rs := range td.ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				ss.Scope().SetName("com.anthropic.claude_code.tracing")
				for _, call := range ss.Spans().All() {
					c := claudeCallOf(call)
					attrs := pcommon.NewMap()
					c.put(attrs)
					putAll(attrs, "gen_ai.provider.name", "anthropic", "span.type", "llm_request", "gen_ai.system", "anthropic", "gen_ai.request.model", "claude-sonnet-4-5",
						"gen_ai.operation.name", "chat", "llm_request.context", "interaction", "gen_ai.conversation.id", c.session, "query_source_safe", "sdk",
						"gen_ai.response.id", c.id, "stop_reason", "end_turn", "gen_ai.response.model", "claude-sonnet-4-5-20250929")
					attrs.PutBool("success", true)
					attrs.PutInt("attempt", 1)
					attrs.PutInt("first_content_ms", 27)
					attrs.PutEmptySlice("gen_ai.response.finish_reasons").AppendEmpty().SetStr("end_turn")
					attrs.PutInt("gen_ai.usage.input_tokens", c.input+1500)
					attrs.PutInt("gen_ai.usage.output_tokens", c.output)
					attrs.PutInt("gen_ai.usage.cache_read.input_tokens", 1200)
					attrs.PutInt("gen_ai.usage.cache_write.input_tokens", 300)
					call.SetName("claude_code.llm_request")
					attrs.CopyTo(call.Attributes())
				}
			}
		}
	}
	return traces
}

// buildRequests makes these calls, each told by a log record as Claude Code writes them: here without a trace, as it sends
// them by default, and each in a turn of its own.
func buildRequests(seed uint64, begin time.Time, batches, batchSpans int) []plog.Logs {
	return recordsOf(buildBare(seed, begin, batches, batchSpans), func(call ptrace.Span, rec plog.LogRecord) {
		rec.SetTraceID(pcommon.TraceID{})
		rec.SetSpanID(pcommon.SpanID{})
		rec.SetObservedTimestamp(rec.Timestamp())
		rec.Body().SetStr("claude_code.api_request")
		c, attrs := claudeCallOf(call), rec.Attributes()
		c.put(attrs)
		putAll(attrs, "event.name", "api_request", "event.timestamp", rec.Timestamp().AsTime().Format(time.RFC3339Nano), "prompt.id", "prompt-"+c.session, "query_source", "sdk")
		attrs.PutInt("event.sequence", 7)
		attrs.PutInt("cache_creation_5m_tokens", 300)
		attrs.PutInt("cache_creation_1h_tokens", 0)
		attrs.PutDouble("cost_usd", 0.0123)
		attrs.PutInt("cost_usd_micros", 12300)
	}, "com.anthropic.claude_code.events")
}

// claudeCall is what Claude Code says of a call in both signals.
type claudeCall struct {
	session, user, id string
	input, output     int64
}

// claudeCallOf takes from a call what differs from call to call.
func claudeCallOf(call ptrace.Span) claudeCall {
	text := func(key string) string { v, _ := call.Attributes().Get(key); return v.Str() }
	count := func(key string) int64 { v, _ := call.Attributes().Get(key); return v.Int() }
	return claudeCall{
		session: text("gen_ai.conversation.id"), user: text("user.id"), id: text("gen_ai.response.id"),
		input: count("gen_ai.usage.input_tokens"), output: count("gen_ai.usage.output_tokens"),
	}
}

func (c *claudeCall) put(attrs pcommon.Map) {
	attrs.EnsureCapacity(40)
	putAll(attrs, "team.id", "platform", "cost_center", "eng-1", "user.id", c.user, "session.id", c.session, "app.version", "2.1.332",
		"anthropic.provider", "firstParty", "terminal.type", "vscode", "model", "claude-sonnet-4-5-20250929", "request_id", c.id, "speed", "normal")
	attrs.PutBool("anthropic.custom_base_url", true)
	attrs.PutInt("input_tokens", c.input)
	attrs.PutInt("output_tokens", c.output)
	attrs.PutInt("cache_read_tokens", 1200)
	attrs.PutInt("cache_creation_tokens", 300)
	attrs.PutInt("duration_ms", 1800)
	attrs.PutInt("ttft_ms", 260)
}

// buildPlain makes log records of an application, which tell nothing of calls.
func buildPlain(seed uint64, begin time.Time, batches, batchRecords int) []plog.Logs {
	w := newWriter(seed)
	var plain []plog.Logs
	for range batches {
		ld := plog.NewLogs()
		rl := ld.ResourceLogs().AppendEmpty()
		putAll(rl.Resource().Attributes(), "service.name", "shop")
		sl := rl.ScopeLogs().AppendEmpty()
		sl.Scope().SetName("com.example.shop")
		for i := range batchRecords {
			rec := sl.LogRecords().AppendEmpty()
			rec.SetTimestamp(pcommon.NewTimestampFromTime(begin.Add(time.Duration(i) * time.Millisecond)))
			rec.SetSeverityNumber(plog.SeverityNumberInfo)
			rec.Body().SetStr("GET /" + w.word() + " 200 in 12 ms for customer " + w.word())
			putAll(rec.Attributes(), "thread.name", "main", "log.logger", "com.example.shop."+w.word(), "http.route", "/basket", "customer.tier", "gold")
		}
		plain = append(plain, ld)
	}
	return plain
}
