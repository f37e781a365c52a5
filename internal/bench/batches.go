package main

import (
	"encoding/binary"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// requestSpans is how many spans an SDK sends at once by default: those of one resource and scope here.
const requestSpans = 512

// hosts is how many instances of the application send, each with a resource of its own.
const hosts = 8

// spanTime lies between the starts of two spans of a trace.
const spanTime = int64(3 * time.Millisecond)

// builder cuts whole traces into requests and requests into batches.
type builder struct {
	*writer
	batchSpans int
	scope      string
	now        int64 // of the next trace, in ns
	step       int64 // between the starts of two traces

	batches []ptrace.Traces
	spans   ptrace.SpanSlice // of the request being filled
	inBatch int
	host    int
}

func newBuilder(seed uint64, begin time.Time, batchSpans int, scope string) *builder {
	return &builder{
		writer: newWriter(seed), batchSpans: batchSpans, scope: scope,
		now: begin.UnixNano(), step: int64(2 * time.Millisecond),
	}
}

// full tells that a batch more would begin with the next trace of so many spans.
func (b *builder) full(batches, traceSpans int) bool {
	return len(b.batches) == batches && b.inBatch+traceSpans > b.batchSpans
}

// trace returns a function that appends the spans of a new trace, n in all.
func (b *builder) trace(n int) *traceBuilder {
	if len(b.batches) == 0 || b.inBatch+n > b.batchSpans {
		b.batches = append(b.batches, ptrace.NewTraces())
		b.inBatch = 0
	}
	if b.inBatch == 0 || b.spans.Len()+n > requestSpans {
		b.request(b.batches[len(b.batches)-1])
	}
	b.inBatch += n
	t := &traceBuilder{b: b, now: b.now}
	binary.BigEndian.PutUint64(t.id[:8], b.Uint64())
	binary.BigEndian.PutUint64(t.id[8:], b.Uint64())
	b.now += b.step
	return t
}

func (b *builder) request(td ptrace.Traces) {
	rs := td.ResourceSpans().AppendEmpty()
	b.host = (b.host + 1) % hosts
	putAll(rs.Resource().Attributes(),
		"service.name", "assistant", "service.version", "3.14.1", "service.instance.id", fmt.Sprintf("assistant-%d", b.host),
		"deployment.environment.name", "production", "host.name", fmt.Sprintf("node-%d.example.com", b.host),
		"telemetry.sdk.language", "python", "telemetry.sdk.name", "opentelemetry", "telemetry.sdk.version", "1.38.0")
	scope := rs.ScopeSpans().AppendEmpty()
	scope.Scope().SetName(b.scope)
	scope.Scope().SetVersion("2.3.0")
	b.spans = scope.Spans()
	b.spans.EnsureCapacity(requestSpans)
}

// traceBuilder appends the spans of one trace.
type traceBuilder struct {
	b   *builder
	id  pcommon.TraceID
	now int64
}

// span appends a span that lasts for d below parent; the zero parent makes a root.
func (t *traceBuilder) span(name string, kind ptrace.SpanKind, parent pcommon.SpanID, d time.Duration) ptrace.Span {
	span := t.b.spans.AppendEmpty()
	span.SetTraceID(t.id)
	var id pcommon.SpanID
	binary.BigEndian.PutUint64(id[:], t.b.Uint64()|1)
	span.SetSpanID(id)
	span.SetParentSpanID(parent)
	span.SetName(name)
	span.SetKind(kind)
	span.SetFlags(0x101) // sampled; the parent is not remote
	span.SetStartTimestamp(pcommon.Timestamp(t.now))
	span.SetEndTimestamp(pcommon.Timestamp(t.now + int64(d)))
	t.now += spanTime
	return span
}

// putAll sets pairs of key and value.
func putAll(attrs pcommon.Map, pairs ...string) {
	attrs.EnsureCapacity(len(pairs)/2 + 8)
	for i := 0; i < len(pairs); i += 2 {
		attrs.PutStr(pairs[i], pairs[i+1])
	}
}
