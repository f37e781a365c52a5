package main

import (
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

// buildEvents makes the calls of buildCalls, each told by a log record of the conventions.
func buildEvents(seed uint64, begin time.Time, batches, batchSpans int) []plog.Logs {
	var told []plog.Logs
	for _, td := range buildCalls(seed, begin, batches, batchSpans) {
		ld := plog.NewLogs()
		for _, rs := range td.ResourceSpans().All() {
			rl := ld.ResourceLogs().AppendEmpty()
			rs.Resource().CopyTo(rl.Resource())
			for _, ss := range rs.ScopeSpans().All() {
				sl := rl.ScopeLogs().AppendEmpty()
				ss.Scope().CopyTo(sl.Scope())
				for _, call := range ss.Spans().All() {
					rec := sl.LogRecords().AppendEmpty()
					rec.SetEventName("gen_ai.client.inference.operation.details")
					rec.SetTimestamp(call.EndTimestamp())
					rec.SetTraceID(call.TraceID())
					rec.SetSpanID(call.SpanID())
					call.Attributes().CopyTo(rec.Attributes())
				}
			}
		}
		told = append(told, ld)
	}
	return told
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
