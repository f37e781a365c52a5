package write

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// hostile sets the i-th of n spans of a trace, which come to an end at one time and name
// no parent unless it says otherwise. On each of these traces some way of counting takes
// time that grows with the square of the trace.
var hostile = []struct {
	name string
	set  func(i, n int, s *mapping.Span)
}{
	{"siblings below a parent that never comes", func(_, _ int, s *mapping.Span) { s.Kind, s.ParentSpanID = mapping.KindLLM, never(0) }},
	{"each below a parent that never comes", func(i, _ int, s *mapping.Span) { s.Kind, s.ParentSpanID = mapping.KindLLM, never(i) }},
	{"chain of tools of distinct names", func(i, _ int, s *mapping.Span) { nested(i, s, strconv.Itoa(i), "") }},
	{"chain of tools of one name", func(i, _ int, s *mapping.Span) { nested(i, s, "agent", "") }},
	{"chain of tools of one name and distinct calls", func(i, _ int, s *mapping.Span) { nested(i, s, "agent", strconv.Itoa(i)) }},
	{"agents that are tools, with the tools they call", func(i, _ int, s *mapping.Span) {
		switch {
		case i == 0:
			s.Kind = mapping.KindAgent
		case i%10 == 1:
			s.Kind, s.ToolName, s.ParentSpanID = mapping.KindTool, "agent", some(0)
		default:
			s.Kind, s.ToolName, s.ParentSpanID = mapping.KindTool, strconv.Itoa(i%4), some(i/10*10+1)
		}
	}},
	{"chain of model calls", func(i, _ int, s *mapping.Span) {
		nested(i, s, "", "")
		call(i, s)
		s.Usage.Input = mapping.Int{V: int64(i), OK: true}
	}},
	{"equal tokens one after the other", func(i, _ int, s *mapping.Span) { call(i, s); tokens(s, 10); after(i, s) }},
	{"equal tokens one after the other, below a parent that never comes", func(i, _ int, s *mapping.Span) {
		call(i, s)
		tokens(s, 10)
		after(i, s)
		s.ParentSpanID = never(0)
	}},
	{"equal tokens at one time", func(i, _ int, s *mapping.Span) { call(i, s); tokens(s, 10) }},
	{"equal tokens that overlap", func(i, n int, s *mapping.Span) {
		call(i, s)
		tokens(s, 10)
		s.Start += int64(i)
		s.End = s.Start + int64(n)
	}},
	{"one response id", func(i, _ int, s *mapping.Span) { call(i, s); s.ResponseID = "r"; after(i, s) }},
	{"one response id at one time", func(i, _ int, s *mapping.Span) { call(i, s); s.ResponseID = "r" }},
	{"one prompt and one answer at one time", func(i, _ int, s *mapping.Span) {
		call(i, s)
		s.InputMessageIDs, s.OutputMessageIDs = []content.ID{{1}}, []content.ID{{2}}
	}},
	{"all failed at one time", func(i, _ int, s *mapping.Span) { call(i, s); s.Status, s.ErrorType = "error", "timeout" }},
	{"equal output, other input, at one time", func(i, _ int, s *mapping.Span) { call(i, s); tokens(s, int64(10+i)) }},
	{"tools of one name and call at one time", func(i, _ int, s *mapping.Span) {
		s.Kind, s.ScopeName, s.ToolName, s.ToolCallID = mapping.KindTool, []string{"a", "b"}[i%2], "search", "c"
	}},
	{"tools of long distinct names below a parent that never comes", func(i, _ int, s *mapping.Span) {
		s.Kind, s.ToolName, s.ParentSpanID = mapping.KindTool, fmt.Sprintf("%01500d", i), never(0)
	}},
	{"one span id at ever new times", func(i, _ int, s *mapping.Span) {
		s.Kind, s.SpanID = mapping.KindLLM, pcommon.SpanID{1}
		s.Start, s.End = s.Start+int64(i), s.End+int64(i)
	}},
	{"as many users as spans", func(i, _ int, s *mapping.Span) {
		s.Kind, s.UserID, s.SessionID, s.Tags = mapping.KindLLM, strconv.Itoa(i), strconv.Itoa(i), []string{strconv.Itoa(i % 100)}
	}},
	{"costs around estimates, in two scopes", func(i, _ int, s *mapping.Span) {
		call(i, s)
		tokens(s, 10)
		after(i, s)
		if i%2 == 0 {
			s.Usage.TotalCost = decimal.NewNullDecimal(decimal.New(1, 0))
		} else {
			s.EstimatedCost = decimal.NewNullDecimal(decimal.New(1, 0))
		}
	}},
	{"estimates, in two scopes, below an agent with a cost that comes last", func(i, n int, s *mapping.Span) {
		if i == n-1 {
			s.Kind, s.SpanID = mapping.KindAgent, never(0)
			s.Usage.TotalCost = decimal.NewNullDecimal(decimal.New(1, 0))
			return
		}
		call(i, s)
		tokens(s, int64(i))
		s.EstimatedCost = decimal.NewNullDecimal(decimal.New(1, 0))
		s.ParentSpanID = never(0)
	}},
}

func never(i int) (id pcommon.SpanID) {
	binary.BigEndian.PutUint64(id[:], uint64(i)<<16+0xff)
	return id
}

func some(i int) (id pcommon.SpanID) {
	binary.BigEndian.PutUint64(id[:], uint64(i+1)*0x9e3779b97f4a7c15)
	return id
}

func nested(i int, s *mapping.Span, tool, call string) {
	s.Kind, s.ToolName, s.ToolCallID = mapping.KindTool, tool, call
	if i > 0 {
		s.ParentSpanID = some(i - 1)
	}
}

func call(i int, s *mapping.Span) {
	s.Kind, s.ScopeName, s.RequestModel, s.ToolName = mapping.KindLLM, []string{"a", "b"}[i%2], "gpt-4o", ""
}

func tokens(s *mapping.Span, input int64) {
	s.Usage.Input, s.Usage.Output = mapping.Int{V: input, OK: true}, mapping.Int{V: 5, OK: true}
}

// after gives every second span a time within that of the one before.
func after(i int, s *mapping.Span) {
	s.Start += int64(i/2*10 + i%2)
	s.End = s.Start + int64(8-2*(i%2))
}

// hostileTrace makes the spans of a hostile trace, which name no trace yet.
func hostileTrace(n int, set func(i, n int, s *mapping.Span), reverse bool) []mapping.Span {
	base := (time.Now().Unix()/86_400*86_400 + 3600) * 1_000_000
	made := make([]mapping.Span, n)
	for i := range made {
		s := &made[i]
		s.SpanID, s.SpanKind, s.Status, s.Name = some(i), "internal", "unset", "span"
		s.Start, s.End, s.Day = base, base, int32(base/86_400_000_000)
		set(i, n, s)
	}
	if reverse {
		slices.Reverse(made)
	}
	return made
}

// TestCostOfHostileTraces writes hostile traces in batches of one size, at n and 8n
// spans, roots first and leaves first: the time may grow by twice as much as the number
// of spans. COST_SPANS sets 8n, for an idle machine, and batches of 1,000.
func TestCostOfHostileTraces(t *testing.T) {
	n, batch, slack := 200, 40, 3*time.Second
	if size, err := strconv.Atoi(os.Getenv("COST_SPANS")); err == nil {
		n, batch, slack = size/8, 1000, time.Second
	}
	url, _ := storetest.Open(t)
	w := New(storetest.Pool(t, url), "public", window)
	require.NoError(t, w.EnsureAhead(t.Context()))
	id := byte(0)
	cost := func(t *testing.T, spans []mapping.Span) time.Duration {
		id++
		for i := range spans {
			spans[i].TraceID = pcommon.TraceID{id}
		}
		begin := time.Now()
		for part := range slices.Chunk(spans, batch) {
			write(t, w, part...)
		}
		return time.Since(begin)
	}
	cost(t, hostileTrace(n, hostile[0].set, false)) // caches
	for _, shape := range hostile {
		for _, order := range []string{"first first", "last first"} {
			t.Run(shape.name+", "+order, func(t *testing.T) {
				small := cost(t, hostileTrace(n, shape.set, order == "last first"))
				large := cost(t, hostileTrace(8*n, shape.set, order == "last first"))
				t.Logf("%d spans %v, %d spans %v: %.1f", n, small.Round(time.Millisecond), 8*n, large.Round(time.Millisecond), float64(large)/float64(small))
				require.Less(t, large, 16*small+slack)
			})
		}
	}
}

// endless are shapes of which the work on a trace is more than in proportion to the spans (package
// trace: "What grows with the trace").
var endless = []struct {
	name string
	set  func(i, n int, s *mapping.Span)
}{
	{"chain of tools and of calls in two scopes that say the same", func(i, _ int, s *mapping.Span) {
		if nested(i, s, "agent", ""); i%3 > 0 {
			call(i, s)
			tokens(s, 10)
		}
	}},
	{"calls that say the same below calls of two scopes, with tools between", func(i, _ int, s *mapping.Span) {
		if nested(i, s, "", ""); i%2 == 0 {
			s.Kind, s.ToolName = mapping.KindTool, strconv.Itoa(i%8)
			return
		}
		call(i/2, s)
		s.ResponseID = "r"
	}},
}

// TestBatchesOfHostileTracesEnd writes traces that ask for more work than is done. No batch may
// take as long as one attempt is given, beside other tests too.
func TestBatchesOfHostileTracesEnd(t *testing.T) {
	url, _ := storetest.Open(t)
	w := New(storetest.Pool(t, url), "public", window)
	require.NoError(t, w.EnsureAhead(t.Context()))
	for i, shape := range endless {
		for _, order := range []string{"first first", "last first", "in no order"} {
			t.Run(shape.name+", "+order, func(t *testing.T) {
				spans := hostileTrace(2000, shape.set, order == "last first")
				if order == "in no order" {
					rand.New(rand.NewPCG(1, 1)).Shuffle(len(spans), func(a, b int) { spans[a], spans[b] = spans[b], spans[a] })
				}
				for part := range slices.Chunk(spans, 500) {
					for s := range part {
						part[s].TraceID = pcommon.TraceID{1, byte(i), byte(len(order))}
					}
					begin := time.Now()
					write(t, w, part...)
					require.Less(t, time.Since(begin), 10*time.Second)
				}
			})
		}
	}
}

// TestViewsOfHostileTraces asks an analyst's questions while a hostile trace is stored: each has its answer
// soon, whatever the trace has the views look for.
func TestViewsOfHostileTraces(t *testing.T) {
	const spans, bound = 600, 10 * time.Second // the slowest take 1 s
	url, pool := storetest.Open(t)
	w := New(storetest.Pool(t, url), "public", window)
	require.NoError(t, w.EnsureAhead(t.Context()))
	shapes := append(slices.Clone(hostile), endless...)
	shapes = append(shapes, struct {
		name string
		set  func(i, n int, s *mapping.Span)
	}{"calls of two scopes below one with their cost", func(i, _ int, s *mapping.Span) {
		if call(i, s); i == 0 {
			s.ScopeName, s.Usage.TotalCost = "c", decimal.NewNullDecimal(decimal.New(1, 0))
			return
		}
		s.ParentSpanID = some(0)
	}})
	for i, shape := range shapes {
		made := hostileTrace(spans, shape.set, false)
		for k := range made {
			made[k].TraceID = pcommon.TraceID{byte(i + 1)}
		}
		write(t, w, made...)
		exec(t, pool, "ANALYZE llm_spans, llm_traces")
		for _, question := range []string{
			`SELECT sum(total_tokens), count(agent_name), count(input_messages), count(output_messages), count(model), sum(total_cost), count(response_id) FROM llm_calls`,
			`SELECT count(agent_name), count(tool_arguments), count(tool_result), count(tool_call_id) FROM llm_tool_calls`,
			`SELECT sum(total_tokens) FROM llm_usage`,
			`SELECT count(*) FILTER (WHERE is_new) FROM llm_messages`,
			`SELECT count(input), count(output) FROM llm_trace_io`,
			`SELECT count(m) FROM llm_traces, llm_transcript(trace_id) m`,
		} {
			begin := time.Now()
			exec(t, pool, question)
			require.Less(t, time.Since(begin), bound, "%s: %s", shape.name, question)
		}
		exec(t, pool, "TRUNCATE llm_spans, llm_traces, llm_internal_pairs, llm_side_by_side")
	}
}
