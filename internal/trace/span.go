package trace

import (
	"strings"

	"github.com/shopspring/decimal"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// Span is what counting needs of a span. An empty string and a zero id are unknown.
type Span struct {
	ID, Parent pcommon.SpanID
	Start, End int64 // µs
	Kind       mapping.Kind
	Error      bool
	Failed     bool // an error that the observation itself tells, and neither output nor tokens

	Input, Output, Total mapping.Int
	Cost                 decimal.NullDecimal
	Estimate             decimal.NullDecimal // what a model span's tokens cost by the prices

	Scope                  string
	Event                  bool // an event observes the call
	ResponseID             string
	Models                 Models
	FirstOutput, LastInput [16]byte // contents
	ToolName, ToolCall     string
	ToolArguments          [16]byte

	// From says what the trace's row takes from the span; nil for a stored span, unless
	// the whole trace is read.
	From *mapping.Span
}

// Models are the names of the model asked for and of the one that answered, without
// the provider's prefix.
type Models struct {
	names [2]string
	count int8
}

// newModels cuts the prefixes off names; an empty name is unknown.
func newModels(names ...string) (m Models) {
	for _, name := range names {
		if name != "" {
			m.names[m.count] = name[strings.LastIndexByte(name, '/')+1:]
			m.count++
		}
	}
	return m
}

func (m *Models) named() bool { return m.count > 0 }

// agree reports whether two spans may name the same model.
func (m *Models) agree(other *Models) bool {
	if m.count == 0 || other.count == 0 {
		return true
	}
	for _, a := range m.names[:m.count] {
		for _, b := range other.names[:other.count] {
			if strings.HasPrefix(a, b) || strings.HasPrefix(b, a) {
				return true
			}
		}
	}
	return false
}

// Of takes from a mapped span what counting needs.
func Of(s *mapping.Span) Span {
	c := Span{
		ID: s.SpanID, Parent: s.ParentSpanID, Start: s.Start, End: s.End, Kind: s.Kind,
		Error: s.Status == "error" || s.ErrorType != "",
		Input: s.Usage.Input, Output: s.Usage.Output, Total: s.Usage.Total, Cost: s.Usage.TotalCost,
		Estimate: s.EstimatedCost,
		Scope:    s.ScopeName, Event: s.Event != nil, From: s,
	}
	if s.Kind == mapping.KindTool {
		c.ToolName, c.ToolCall, c.ToolArguments = s.ToolName, s.ToolCallID, s.ToolArgumentsID
	}
	if !s.Kind.IsModel() {
		return c
	}
	c.Failed = c.Error && s.Adjustments&mapping.ErrorFromRecord == 0 && len(s.OutputMessageIDs) == 0 && !c.reportsTokens()
	c.ResponseID = s.ResponseID
	c.Models = newModels(s.RequestModel, s.ResponseModel)
	if n := len(s.InputMessageIDs); n > 0 {
		c.LastInput = s.InputMessageIDs[n-1]
	}
	if len(s.OutputMessageIDs) > 0 {
		c.FirstOutput = s.OutputMessageIDs[0]
	}
	return c
}

func (s *Span) reportsTokens() bool { return s.Input.OK || s.Output.OK || s.Total.OK }

func (s *Span) reports() bool { return s.reportsTokens() || s.Cost.Valid }

// mayLieBeside reports whether a span may be one call with another side by side: events
// are paired otherwise.
func (s *Span) mayLieBeside() bool { return s.isCall() && !s.Event }

// isCall reports whether a span is a call of a model or a tool.
func (s *Span) isCall() bool { return s.Kind.IsModel() || s.Kind == mapping.KindTool }

// Flags are the columns of a span that depend on other spans: those below it, and for
// EstimateCounted those around it too.
type Flags struct {
	Below                              Marks
	Passes                             modelKinds // what the span passes to those below it, see cover.go
	IsCall                             bool       // this observation is none of a model's call with tokens, but another of the span is
	Counted, UsageCounted, CostCounted mapping.Bool
	// EstimateCounted tells for a model span with tokens whether what they cost by the
	// prices counts.
	EstimateCounted mapping.Bool
}

// Stored is a span of an earlier batch, with the flags it has.
type Stored struct {
	Span
	Flags
}
