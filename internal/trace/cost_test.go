package trace

import (
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// hostile are traces on which naive counting takes time that grows with the square of
// the number of spans, or worse.
var hostile = map[string]func(n int) []Span{
	"chain of tools of distinct names": func(n int) []Span {
		return chain(n, func(i int, s *Span) { s.Kind, s.ToolName = mapping.KindTool, strconv.Itoa(i) })
	},
	"chain of tools of distinct names below a parent that never comes": func(n int) []Span {
		spans := chain(n, func(i int, s *Span) { s.Kind, s.ToolName = mapping.KindTool, strconv.Itoa(i) })
		spans[0].Parent = pcommon.SpanID{0xff}
		return spans
	},
	"chain of tools of one name": func(n int) []Span {
		return chain(n, func(_ int, s *Span) { s.Kind, s.ToolName = mapping.KindTool, "agent" })
	},
	"chain of tools of one name and distinct calls": func(n int) []Span {
		return chain(n, func(i int, s *Span) { s.Kind, s.ToolName, s.ToolCall = mapping.KindTool, "agent", strconv.Itoa(i) })
	},
	"tools of one name below another tool": func(n int) []Span {
		return flat(n, func(i int, s *Span) {
			if s.Kind, s.ToolName = mapping.KindTool, "search"; i > 0 {
				s.Parent = pcommon.SpanID(binary.BigEndian.AppendUint64(nil, 0x9e3779b97f4a7c15))
			} else {
				s.ToolName = "agent"
			}
		})
	},
	"agents that are tools, with the tools they call": func(n int) []Span {
		agent := pcommon.SpanID{}
		return flat(n, func(i int, s *Span) {
			root := pcommon.SpanID(binary.BigEndian.AppendUint64(nil, 0x9e3779b97f4a7c15))
			switch {
			case i == 0:
				s.Kind = mapping.KindAgent
			case i%10 == 1:
				agent = s.ID
				s.Kind, s.ToolName, s.Parent = mapping.KindTool, "agent", root
			default:
				s.Kind, s.ToolName, s.Parent = mapping.KindTool, strconv.Itoa(i%4), agent
			}
		})
	},
	"chain of tools of ten names": func(n int) []Span {
		return chain(n, func(i int, s *Span) { s.Kind, s.ToolName = mapping.KindTool, strconv.Itoa(i%10) })
	},
	"chain of model calls": func(n int) []Span {
		return chain(n, func(i int, s *Span) { model(s, i); s.Input = mapping.Int{V: int64(i), OK: true} })
	},
	"chain of other spans with a call at the end": func(n int) []Span {
		return chain(n, func(i int, s *Span) {
			if i == n-1 {
				model(s, 0)
			}
		})
	},
	"equal tokens one after the other": func(n int) []Span {
		return flat(n, func(i int, s *Span) { model(s, i); tokens(s); after(s, i/2*10, i%2) })
	},
	"equal tokens at one time": func(n int) []Span {
		return flat(n, func(i int, s *Span) { model(s, i); tokens(s) })
	},
	"equal tokens that overlap": func(n int) []Span {
		return flat(n, func(i int, s *Span) { model(s, i); tokens(s); s.Start += int64(i); s.End = s.Start + int64(n) })
	},
	"equal tokens below a remote parent that never comes": func(n int) []Span {
		return below(flat(n, func(i int, s *Span) { model(s, i); tokens(s); after(s, i/2*10, i%2) }), pcommon.SpanID{0xff})
	},
	"one response id": func(n int) []Span {
		return flat(n, func(i int, s *Span) { model(s, i); s.ResponseID = "r"; after(s, i/2*10, i%2) })
	},
	"one response id at one time": func(n int) []Span {
		return flat(n, func(i int, s *Span) { model(s, i); s.ResponseID = "r" })
	},
	"one prompt": func(n int) []Span {
		return flat(n, func(i int, s *Span) { model(s, i); s.LastInput[0] = 1; after(s, i/2*10, i%2) })
	},
	"one prompt at one time": func(n int) []Span {
		return flat(n, func(i int, s *Span) { model(s, i); s.LastInput[0] = 1 })
	},
	"one prompt and one answer at one time": func(n int) []Span {
		return flat(n, func(i int, s *Span) { model(s, i); s.LastInput[0], s.FirstOutput[0] = 1, 1 })
	},
	"costs around equal tokens at one time": func(n int) []Span {
		return flat(n, func(i int, s *Span) {
			model(s, i)
			tokens(s)
			if i%2 == 0 {
				s.Cost = decimal.NewNullDecimal(decimal.New(1, 0))
			}
		})
	},
	"chain of agents around a call, with a cost at its top": func(n int) []Span {
		return chain(n, func(i int, s *Span) {
			s.Kind = mapping.KindAgent
			switch i {
			case 0:
				s.Cost = decimal.NewNullDecimal(decimal.New(1, 0))
			case n - 1:
				model(s, 0)
				tokens(s)
			}
		})
	},
	"all failed at one time": func(n int) []Span {
		return flat(n, func(i int, s *Span) { model(s, i); s.Error, s.Failed = true, true })
	},
	"equal output tokens, other input, at one time": func(n int) []Span {
		return flat(n, func(i int, s *Span) {
			model(s, i)
			s.Input, s.Output = mapping.Int{V: int64(i + 1), OK: true}, mapping.Int{V: 5, OK: true}
		})
	},
	"tools of one name and call at one time": func(n int) []Span {
		return flat(n, func(i int, s *Span) {
			s.Kind, s.ToolName, s.ToolCall, s.Scope = mapping.KindTool, "search", "c", []string{"a", "b"}[i%2]
		})
	},
	"tools of one name and equal arguments at one time": func(n int) []Span {
		return flat(n, func(i int, s *Span) {
			s.Kind, s.ToolName, s.ToolArguments[0], s.Scope = mapping.KindTool, "search", 1, []string{"a", "b"}[i%2]
		})
	},
	"tools of long distinct names below a parent that never comes": func(n int) []Span {
		return below(flat(n, func(i int, s *Span) {
			s.Kind, s.ToolName = mapping.KindTool, fmt.Sprintf("%01500d", i)
		}), pcommon.SpanID{0xff})
	},
	"one span id at ever new times": func(n int) []Span {
		return flat(n, func(i int, s *Span) { model(s, 0); s.ID = pcommon.SpanID{1}; s.Start += int64(i); s.End = s.Start })
	},
	"one span id at ever new times, with ever new parents": func(n int) []Span {
		return flat(n, func(i int, s *Span) {
			model(s, 0)
			s.Parent, s.ID = s.ID, pcommon.SpanID{1}
			s.Start += int64(i)
			s.End = s.Start
		})
	},
	"siblings of a parent that never comes": func(n int) []Span {
		return below(flat(n, func(i int, s *Span) { model(s, 0) }), pcommon.SpanID{0xff})
	},
}

func chain(n int, set func(i int, s *Span)) []Span {
	spans := flat(n, set)
	for i := 1; i < n; i++ {
		spans[i].Parent = spans[i-1].ID
	}
	return spans
}

func flat(n int, set func(i int, s *Span)) []Span {
	spans := make([]Span, n)
	from := &mapping.Span{Name: "span", Status: "unset"}
	for i := range spans {
		binary.BigEndian.PutUint64(spans[i].ID[:], uint64(i+1)*0x9e3779b97f4a7c15)
		spans[i].From, spans[i].Start, spans[i].End = from, 1_700_000_000_000_000, 1_700_000_000_000_000
		set(i, &spans[i])
	}
	return spans
}

func below(spans []Span, parent pcommon.SpanID) []Span {
	for i := range spans {
		spans[i].Parent = parent
	}
	return spans
}

func model(s *Span, i int) {
	s.Kind, s.Scope, s.Models = mapping.KindLLM, []string{"a", "b"}[i%2], newModels("gpt-4o")
}

func tokens(s *Span) { s.Input, s.Output = mapping.Int{V: 10, OK: true}, mapping.Int{V: 5, OK: true} }

// after sets a time of its own, within which an inner span lies.
func after(s *Span, at, inner int) {
	s.Start += int64(at + inner)
	s.End = s.Start + int64(8-2*inner)
}

// TestCostIsNearLinear delivers hostile traces at n and 8n spans, at once and in
// batches, roots first and leaves first: time and the rows that are read may grow by
// twice as much as the number of spans. COST_SPANS sets 8n, for an idle machine.
func TestCostIsNearLinear(t *testing.T) {
	n, slack := 250, time.Second // machines that run other tests beside this one are slow now and then
	if size, err := strconv.Atoi(os.Getenv("COST_SPANS")); err == nil {
		n, slack = size/8, 50*time.Millisecond
	}
	for name, spans := range hostile {
		for _, order := range []string{"roots first", "leaves first"} {
			for _, batches := range []int{1, 25} {
				t.Run(fmt.Sprintf("%s, %s, %d batches", name, order, batches), func(t *testing.T) {
					small, few := cost(t, spans(n), order, batches)
					large, many := cost(t, spans(8*n), order, batches)
					t.Logf("%v and %v, rows %d and %d", small, large, few, many)
					require.Less(t, many, 16*few+100*batches, "rows read")
					require.Less(t, large, 16*small+slack)
				})
			}
		}
	}
}

// cost returns the shortest of some times that a delivery took, and the rows it read.
func cost(t *testing.T, spans []Span, order string, batches int) (time.Duration, int) {
	if order == "leaves first" {
		slices.Reverse(spans)
	}
	best, read := time.Hour, 0
	for range 3 {
		s := newStorage()
		for b := range batches {
			batch := spans[len(spans)*b/batches : len(spans)*(b+1)/batches]
			s.store(t, batch)
		}
		best, read = min(best, s.took), s.read
	}
	return best, read
}

// TestCallsBelowAReportedCostReadTheirAncestors lets calls come in many batches below an agent that reports what they
// cost. Each batch reads the agent, not the calls before.
func TestCallsBelowAReportedCostReadTheirAncestors(t *testing.T) {
	const batches, size = 200, 10
	s := newStorage()
	spans := flat(1+batches*size, func(_ int, s *Span) { model(s, 0); tokens(s) })
	agent := &spans[0]
	*agent = Span{ID: agent.ID, From: agent.From, Start: agent.Start, End: agent.End, Kind: mapping.KindAgent, Cost: decimal.NewNullDecimal(decimal.New(1, 0))}
	calls := below(spans[1:], agent.ID)
	s.store(t, spans[:1])
	for b := range batches {
		s.store(t, calls[b*size:(b+1)*size])
	}
	s.require(t, spans)
	require.Less(t, s.read, 4*len(spans), "rows read")
}

// TestAgentsAsToolsReadWhatTheyCall lets agents that are tools come after the tools that they call, and their root last.
// Each batch reads the tools below its agents, not the agents before, of which one might be below, too.
func TestAgentsAsToolsReadWhatTheyCall(t *testing.T) {
	spans := hostile["agents that are tools, with the tools they call"](2001)
	slices.Reverse(spans)
	s := newStorage()
	for batch := range slices.Chunk(spans[:2000], 20) {
		s.store(t, batch)
	}
	require.Less(t, s.read, 2000, "rows read")
	s.store(t, spans[2000:])
	s.require(t, spans)
}
