package main

import (
	"fmt"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

const smallTraceSpans = 10

// buildSmall makes what surrounds LLM spans in a trace: plain HTTP spans with some 300 bytes of attributes and
// no words.
func buildSmall(seed uint64, begin time.Time, batches, batchSpans int) []ptrace.Traces {
	b := newBuilder(seed, begin, batchSpans, "opentelemetry.instrumentation.httpx")
	for !b.full(batches, smallTraceSpans) {
		t := b.trace(smallTraceSpans)
		root := httpSpan(b, t, ptrace.SpanKindServer, pcommon.SpanID{})
		parent := root
		for i := range smallTraceSpans - 1 {
			span := httpSpan(b, t, ptrace.SpanKindClient, parent)
			if i%3 == 0 {
				parent = span
			}
		}
	}
	return b.batches
}

func httpSpan(b *builder, t *traceBuilder, kind ptrace.SpanKind, parent pcommon.SpanID) pcommon.SpanID {
	method := []string{"GET", "GET", "POST", "PUT"}[b.IntN(4)]
	path := fmt.Sprintf("/%s/%s/%d", b.word(), b.word(), b.IntN(100_000))
	span := t.span(method, kind, parent, time.Duration(b.IntN(50_000))*time.Microsecond)
	host := b.word() + ".internal.example.com"
	putAll(span.Attributes(),
		"http.request.method", method, "url.full", "https://"+host+path+"?q="+b.word(), "url.scheme", "https", "url.path", path,
		"server.address", host, "network.protocol.version", "1.1", "user_agent.original", "python-httpx/0.28.1")
	span.Attributes().PutInt("server.port", 443)
	span.Attributes().PutInt("http.response.status_code", 200)
	return span.SpanID()
}
