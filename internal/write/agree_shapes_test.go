package write

import (
	"math/rand/v2"
	"time"

	"github.com/shopspring/decimal"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// gatewayTrace makes an agent whose calls go through gateways, which tell the cost, to
// clients, which tell the tokens after failed tries and fallbacks. Three people share it.
func gatewayTrace(r *rand.Rand) []mapping.Span {
	trace := &gatewayShape{r: r, id: randomTraceID(r), begin: time.Now().Add(-time.Hour).UnixMicro()}
	root := trace.add(pcommon.SpanID{}, mapping.KindAgent, "app", 60)
	root.AgentName = "boss"
	if r.IntN(3) == 0 {
		root.Usage.Input, root.Usage.Output = mapping.Int{V: 900, OK: true}, mapping.Int{V: 90, OK: true}
		root.Usage.Total = mapping.Int{V: 990, OK: true}
	}
	rootID := root.SpanID
	for range 1 + r.IntN(4) {
		trace.call(rootID)
	}
	return trace.spans
}

type gatewayShape struct {
	r     *rand.Rand
	id    pcommon.TraceID
	begin int64
	spans []mapping.Span
}

// add appends a span that lasts some time or none, and may begin before the span around.
func (g *gatewayShape) add(parent pcommon.SpanID, kind mapping.Kind, scope string, length int64) *mapping.Span {
	r := g.r
	s := mapping.Span{
		TraceID: g.id, SpanID: randomSpanID(r), ParentSpanID: parent, Kind: kind, ScopeName: scope, SpanKind: "internal", Status: "unset",
		Start: g.begin + int64(r.IntN(10)) - 5, ServiceName: "api", UserID: []string{"", "ann", "bob", "cid"}[r.IntN(4)], SessionID: []string{"", "s1", "s2", "s3"}[r.IntN(4)],
	}
	s.End = s.Start + length*int64(r.IntN(2))
	s.Day = int32(s.Start / 86_400_000_000)
	g.spans = append(g.spans, s)
	return &g.spans[len(g.spans)-1]
}

func (g *gatewayShape) call(around pcommon.SpanID) {
	r := g.r
	for range r.IntN(3) { // gateways, and requests between
		kind := []mapping.Kind{mapping.KindLLM, mapping.KindLLM, mapping.KindOther, mapping.KindChain}[r.IntN(4)]
		s := g.add(around, kind, "gateway", 40)
		if kind == mapping.KindLLM {
			s.RequestModel = "openai/gpt-4o"
			if r.IntN(2) == 0 {
				s.Usage.TotalCost = decimal.NewNullDecimal(decimal.New(int64(1+r.IntN(1000)), -6))
			}
			if r.IntN(4) == 0 {
				g.tokens(s)
			}
		}
		around = s.SpanID
	}
	for range r.IntN(3) {
		s := g.add(around, mapping.KindLLM, "client", 5)
		s.RequestModel, s.ErrorType, s.Status = []string{"gpt-4o", "claude"}[r.IntN(2)], "429", "error"
	}
	s := g.add(around, mapping.KindLLM, "client", 20)
	s.RequestModel, s.OutputMessageIDs = []string{"gpt-4o", "claude"}[r.IntN(2)], []content.ID{{byte(1 + r.IntN(3))}}
	if r.IntN(5) > 0 {
		g.tokens(s)
	}
	if r.IntN(4) == 0 {
		s.Usage.TotalCost = decimal.NewNullDecimal(decimal.New(int64(1+r.IntN(1000)), -6))
	}
	if r.IntN(3) == 0 {
		g.add(around, mapping.KindTool, "client", 9).ToolName = "search"
	}
}

func (g *gatewayShape) tokens(s *mapping.Span) {
	s.Usage.Input, s.Usage.Output = mapping.Int{V: int64(1 + g.r.IntN(50)), OK: true}, mapping.Int{V: int64(g.r.IntN(9)), OK: true}
	s.Usage.Total = mapping.Int{V: s.Usage.Input.V + s.Usage.Output.V, OK: true}
	if g.r.IntN(2) == 0 {
		s.EstimatedCost = decimal.NewNullDecimal(decimal.New(int64(g.r.IntN(1000)), -6))
	}
}
