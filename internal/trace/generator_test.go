package trace

import (
	"math/rand/v2"
	"strconv"

	"github.com/shopspring/decimal"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// source gives the choices of a generator: random ones, or those of a fuzzer.
type source interface{ IntN(n int) int }

// fuzzed makes choices from the bytes of a fuzzer; once they are used up all are 0.
type fuzzed struct{ data []byte }

func (f *fuzzed) IntN(n int) int {
	if len(f.data) == 0 || n <= 1 {
		return 0
	}
	b := int(f.data[0])
	f.data = f.data[1:]
	return b % n
}

var _ source = (*rand.Rand)(nil)

// shape bends what a forest is made of.
type shape struct {
	size      int
	oddClocks bool // children start before their parents, or end after them
	kinds     []mapping.Kind
	twins     bool // some ids come again at another time
	circles   bool // a parent may be any span, the span itself too
	sums      bool // one scope, and an agent reports what nearly all others cost
}

func randomShape(r source) shape {
	models := []mapping.Kind{mapping.KindLLM, mapping.KindLLM, mapping.KindLLM, mapping.KindEmbedding, mapping.KindAgent}
	tools := []mapping.Kind{mapping.KindTool, mapping.KindTool, mapping.KindTool, mapping.KindOther}
	all := []mapping.Kind{
		mapping.KindLLM, mapping.KindLLM, mapping.KindEmbedding, mapping.KindReranker, mapping.KindTool, mapping.KindTool,
		mapping.KindAgent, mapping.KindChain, mapping.KindOther, mapping.KindRetriever,
	}
	return shape{
		size: []int{2, 3, 8, 16, 40}[r.IntN(5)], oddClocks: r.IntN(2) == 1, kinds: [][]mapping.Kind{models, tools, all}[r.IntN(3)],
		twins: r.IntN(3) == 0, circles: r.IntN(6) == 0, sums: r.IntN(3) == 0,
	}
}

// forest makes the spans of a trace: with calls told twice side by side and nested,
// failures, figures that one side leaves out, equal ids and contents.
func forest(r source, sh shape) []Span {
	spans := make([]Span, 1+r.IntN(sh.size))
	for i := range spans {
		s := &spans[i]
		s.ID = pcommon.SpanID{byte(r.IntN(256)), byte(i + 1), 7}
		if i > 0 && sh.twins && r.IntN(5) == 0 {
			s.ID = spans[r.IntN(i)].ID
		}
		s.Kind = sh.kinds[r.IntN(len(sh.kinds))]
		s.Scope = []string{"", "a", "b", "c"}[r.IntN(4)]
		s.Start = 1_700_000_000_000_000 + int64(r.IntN(20))
		s.End = s.Start + int64(r.IntN(20))
		switch {
		case i > 0 && r.IntN(6) > 0:
			p := &spans[r.IntN(i)]
			s.Parent = p.ID
			if !sh.oddClocks {
				s.Start = p.Start + int64(r.IntN(int(p.End-p.Start)+1))
				s.End = s.Start + int64(r.IntN(int(p.End-s.Start)+1))
			}
		case r.IntN(3) == 0:
			s.Parent = pcommon.SpanID{1, 2, 3, byte(r.IntN(2))} // never arrives
		}
		facts(r, s)
		if sh.sums {
			s.Scope = "a"
			if i == 0 {
				s.Kind, s.Cost = mapping.KindAgent, decimal.NewNullDecimal(decimal.New(1, 0))
			} else if r.IntN(20) > 0 {
				s.Cost = decimal.NullDecimal{}
			}
		}
	}
	if sh.circles {
		for range 2 {
			spans[r.IntN(len(spans))].Parent = spans[r.IntN(len(spans))].ID
		}
	}
	return spans
}

func facts(r source, s *Span) {
	from := &mapping.Span{Name: "span " + strconv.Itoa(r.IntN(4)), Status: "unset"}
	s.From = from
	for _, name := range []string{"cost", "team"} {
		if v := r.IntN(4); v > 0 {
			from.Labels = append(from.Labels, mapping.Label{Name: name, Value: strconv.Itoa(v)})
		}
	}
	from.UserID = []string{"", "", "", "ann", "bob"}[r.IntN(5)]
	s.Error = r.IntN(4) == 0
	if s.Error {
		from.Status = "error"
	}
	if r.IntN(2) == 0 {
		s.Input = mapping.Int{V: int64(r.IntN(3) * 10), OK: r.IntN(4) > 0}
		s.Output = mapping.Int{V: int64(5 + r.IntN(2)), OK: r.IntN(3) > 0}
	}
	if !s.Input.OK {
		s.Input.V = 0
	}
	if !s.Output.OK {
		s.Output.V = 0
	}
	if r.IntN(3) == 0 {
		s.Cost = decimal.NewNullDecimal(decimal.New(int64(r.IntN(1000)), -6))
	}
	if s.Kind.IsModel() && s.reportsTokens() && r.IntN(4) > 0 {
		s.Estimate = decimal.NewNullDecimal(decimal.New(int64(r.IntN(1000)), -6))
	}
	id := func() [16]byte { return [16]byte{byte([]int{0, 0, 1, 2}[r.IntN(4)])} }
	if s.Kind == mapping.KindTool {
		s.ToolName = []string{"", "search", "fetch"}[r.IntN(3)]
		s.ToolCall = []string{"", "", "c1", "c2"}[r.IntN(4)]
		s.ToolArguments = id()
	}
	if !s.Kind.IsModel() {
		return
	}
	s.FirstOutput, s.LastInput = id(), id()
	s.Failed = s.Error && s.FirstOutput == [16]byte{} && !s.reportsTokens()
	from.RequestModel = []string{"", "gpt-4o", "openai/gpt-4o", "claude"}[r.IntN(4)]
	from.ResponseModel = []string{"", "", "gpt-4o-2024", "claude-1"}[r.IntN(4)]
	s.Models = newModels(from.RequestModel, from.ResponseModel)
	s.ResponseID = []string{"", "", "", "r1", "r2"}[r.IntN(5)]
}

// deliveries shuffles spans and cuts them into batches; some come twice.
func deliveries(r source, spans []Span) (batches [][]Span) {
	todo := append(make([]Span, 0, len(spans)+2), spans...)
	for range r.IntN(3) {
		todo = append(todo, spans[r.IntN(len(spans))])
	}
	switch r.IntN(4) {
	case 0: // as they are: roots first
	case 1: // leaves first
		for i, j := 0, len(todo)-1; i < j; i, j = i+1, j-1 {
			todo[i], todo[j] = todo[j], todo[i]
		}
	default:
		for i := len(todo) - 1; i > 0; i-- {
			j := r.IntN(i + 1)
			todo[i], todo[j] = todo[j], todo[i]
		}
	}
	for len(todo) > 0 {
		n := 1 + r.IntN(min(len(todo), 1+r.IntN(8)))
		batches = append(batches, todo[:n])
		todo = todo[n:]
	}
	return batches
}
