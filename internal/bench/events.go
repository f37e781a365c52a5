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

// buildRequests makes the calls of buildBare, each told by a log record as Claude Code writes
// them: without a trace, and each in a turn of its own.
func buildRequests(seed uint64, begin time.Time, batches, batchSpans int) []plog.Logs {
	return recordsOf(buildBare(seed, begin, batches, batchSpans), func(call ptrace.Span, rec plog.LogRecord) {
		said := func(key string) string {
			v, _ := call.Attributes().Get(key)
			return v.AsString()
		}
		rec.SetTraceID(pcommon.TraceID{})
		rec.SetSpanID(pcommon.SpanID{})
		rec.Body().SetStr("claude_code.api_request")
		session := said("gen_ai.conversation.id")
		putAll(rec.Attributes(), "event.name", "api_request", "session.id", session, "user.id", said("user.id"), "prompt.id", "prompt-"+session,
			"organization.id", "9a7d0a4e", "terminal.type", "vscode", "event.timestamp", rec.Timestamp().AsTime().Format(time.RFC3339Nano), "event.sequence", "7",
			"model", "claude-sonnet-4-5", "request_id", said("gen_ai.response.id"), "input_tokens", said("gen_ai.usage.input_tokens"),
			"output_tokens", said("gen_ai.usage.output_tokens"), "cache_read_tokens", "0", "cache_creation_tokens", "0", "cost_usd", "0.0123", "duration_ms", "1800")
	}, "com.anthropic.claude_code.events")
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
