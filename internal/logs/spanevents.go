package logs

import (
	"cmp"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// onSpan ends the name of a call that a span event tells: the log record of the same event
// is another observation of the call.
const onSpan = " (span event)"

// ReadSpanEvents reads the calls that span events tell, of programs that write an event both
// as a log record and onto a span. Span events have no rows in llm_events. The result is nil
// where there is no such event that tells a call or fails the reader. fault is as for Read.
func ReadSpanEvents(td ptrace.Traces, fault func(cause any)) *Batch {
	var r *reader
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			p := programOfSpans(ss.Scope().Name())
			if p == nil {
				continue
			}
			if r == nil {
				r = newReader(KeepGenAI, fault)
			}
			r.readSpanEvents(p, rs.Resource(), ss)
		}
	}
	if r == nil || len(r.batch.Observations)+len(r.batch.Rejected) == 0 {
		return nil
	}
	return r.batch
}

// programOfSpans returns the program whose spans have a scope and carry events.
func programOfSpans(scope string) *program {
	for _, p := range programs {
		if p.spanEvents != nil && slices.ContainsFunc(p.spans, func(s string) bool { return matches(s, scope) }) {
			return p
		}
	}
	return nil
}

func (r *reader) readSpanEvents(p *program, res pcommon.Resource, ss ptrace.ScopeSpans) {
	for _, span := range ss.Spans().All() {
		if span.TraceID().IsEmpty() || span.SpanID().IsEmpty() {
			continue // it is set aside, with its events
		}
		for _, e := range span.Events().All() {
			name, ok := e.Attributes().Get("event.name")
			if ok && slices.Contains(p.spanEvents, strings.TrimPrefix(name.AsString(), p.prefix)) {
				r.readSpanEvent(p, &spanEvent{e, span, ss.Scope(), res})
			}
		}
	}
}

// spanEvent is an event with what is around it.
type spanEvent struct {
	ptrace.SpanEvent
	span  ptrace.Span
	scope pcommon.InstrumentationScope
	res   pcommon.Resource
}

// record is the event as a log record. The tracing library of Rust calls target what a log
// record has as its scope.
func (e *spanEvent) record() *record {
	rec := &record{LogRecord: plog.NewLogRecord(), scope: pcommon.NewInstrumentationScope(), res: e.res}
	copyMap(e.Attributes(), rec.Attributes())
	rec.SetEventName(e.Name())
	rec.SetTraceID(e.span.TraceID())
	rec.SetSpanID(e.span.SpanID())
	rec.SetTimestamp(cmp.Or(e.Timestamp(), e.span.EndTimestamp()))
	rec.scope.SetName(cmp.Or(rec.textOf([]string{"target"}), e.scope.Name()))
	rec.scope.SetVersion(e.scope.Version())
	rec.name = rec.eventName()
	return rec
}

// readSpanEvent files the call that an event tells, if it tells one. An event that brings the
// reader down tells none; its span is stored whole.
func (r *reader) readSpanEvent(p *program, e *spanEvent) {
	spans := &scopeSpans{in: r.batch.Spans}
	defer r.setAside(spans, &scopeSpans{})()
	rec := e.record()
	spec := rec.rule(p.rules(rec.name))
	if spec == nil || spec.kind != Call || rec.time() == 0 {
		return
	}
	r.ids.around = nil
	row := mapping.Record{
		Name: rec.name + onSpan, Time: rec.time(), Trace: rec.TraceID(), ID: r.ids.of(rec),
		Session: rec.textOf(p.session), User: rec.textOf(p.user),
	}
	r.observe(rec, p, spec, &row, spans.add(rec))
}
