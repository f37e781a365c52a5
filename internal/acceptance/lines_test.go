package acceptance

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/agentruns"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// TestLinesInsideACallAreNoCalls writes lines inside of calls as a log library that copies the attributes which
// a span has by then, to each line: calls and their tokens count once, whichever of the signals tell them.
func TestLinesInsideACallAreNoCalls(t *testing.T) {
	url := storetest.NewDatabase(t)
	collectors, db := []collector{startBoth(t, url, nil), startBoth(t, url, nil)}, storetest.Pool(t, url)
	var lines, calls int64
	var sums agentruns.Truth
	for seed := range agentruns.Seeds(40) {
		r := rand.New(rand.NewPCG(uint64(seed), 61))
		p := newLineLogger(r, time.Now().Add(-20*time.Hour+time.Duration(seed)*5*time.Minute), seed)
		trace, around := p.traceID(), p.spanID()
		begin := p.now
		for range 1 + r.IntN(3) {
			lines += p.call(trace, around)
			calls++
		}
		p.span(trace, around, pcommon.SpanID{}, begin, map[string]any{"http.request.method": "POST"})
		if seed%3 == 0 { // records alone
			p.run.Traces = ptrace.NewTraces()
		}
		sums.Add(p.run.Truth)
		list := batches(r, p.run)
		for range 1 + r.IntN(4)/3 {
			for _, a := range list {
				a.send(t, collectors[r.IntN(2)])
			}
		}
		requireTruth(t, db, sums, p.run.Name)
	}
	rowcheck.Consistent(t, db)
	require.Greater(t, lines, 2*calls)
}

// lineLogger makes up a program with such a log library.
type lineLogger struct{ inventedRun }

func newLineLogger(r *rand.Rand, begin time.Time, number int) *lineLogger {
	made, spans, records := newInventedRun(r, begin, fmt.Sprint("lines-", number))
	spans.scope.SetName("acme.client")
	records.scope.SetName("acme::http")
	return &lineLogger{made}
}

// call adds a call and the lines inside, of which it returns the number. The last has all that the span has.
func (p *lineLogger) call(trace pcommon.TraceID, around pcommon.SpanID) (n int64) {
	id, from := p.spanID(), p.now
	in, out, cached := int64(1000+p.r.IntN(1000)), int64(10+p.r.IntN(100)), int64(p.r.IntN(2)*500)
	steps := []map[string]any{
		{"gen_ai.operation.name": "chat", "gen_ai.request.model": "m-1"}, {"gen_ai.usage.input_tokens": in}, {"gen_ai.usage.cache_read.input_tokens": cached},
		{"gen_ai.usage.output_tokens": out}, {"gen_ai.response.finish_reasons": []any{"stop"}},
	}
	most, pause := []int{1, 4, 40}[p.r.IntN(3)], []int{3, 300}[p.r.IntN(2)]
	attrs := map[string]any{}
	if p.r.IntN(2) == 0 {
		attrs["session.id"] = fmt.Sprint("of-", trace) // then time ties the lines to others, too
	}
	line := func() {
		n++
		p.now = p.now.Add(time.Duration(1+p.r.IntN(pause)) * time.Millisecond)
		rec := p.records.AppendEmpty()
		rec.SetTimestamp(pcommon.NewTimestampFromTime(p.now))
		rec.SetTraceID(trace)
		rec.SetSpanID(id)
		rec.Body().SetStr("read some bytes")
		if p.r.IntN(2) == 0 { // as Rust's
			rec.SetEventName(fmt.Sprintf("event src/llm/chat.rs:%d", 10+n%7))
		}
		put(rec.Attributes(), attrs)
		put(rec.Attributes(), map[string]any{"bytes": p.r.IntN(1000)})
	}
	for _, step := range steps {
		for range p.r.IntN(most) {
			line()
		}
		maps.Copy(attrs, step)
	}
	for range 1 + p.r.IntN(most) {
		line()
	}
	p.span(trace, id, around, from, attrs)
	p.now = p.now.Add(time.Duration(p.r.IntN(5)) * time.Second)
	t := &p.run.Truth
	t.Calls, t.Input, t.Output, t.CacheRead = t.Calls+1, t.Input+in, t.Output+out, t.CacheRead+cached
	return n
}
