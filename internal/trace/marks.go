package trace

import "github.com/llm-observatory/llmobservatoryexporter/internal/mapping"

// Marks says what lies below a span. Bits are only ever added, so each passes a span at
// most once.
type Marks uint16

// The bits of a model kind are those of llm, shifted by modelShift.
const (
	llmBelow     Marks = 1 << 0 // a call of the kind, failed or not
	llmTokens    Marks = 1 << 3 // … that reports tokens
	groupTokens  Marks = 1 << 6 // an agent or chain span that reports tokens
	llmSucceeded Marks = 1 << 7 // a call of the kind that did not fail
	llmCost      Marks = 1 << 10
	groupCost    Marks = 1 << 13
	toolBelow    Marks = 1 << 14 // a tool span of whatever name

	callMarks    = llmBelow | llmBelow<<1 | llmBelow<<2 | toolBelow
	anySucceeded = llmSucceeded | llmSucceeded<<1 | llmSucceeded<<2
	passesAt     = 7 // where Column keeps what a span passes

	anyTokens = llmTokens | llmTokens<<1 | llmTokens<<2 | groupTokens
	anyCost   = llmCost | llmCost<<1 | llmCost<<2 | groupCost
)

// modelShift gives the position of a model kind among the bits of its kind.
func modelShift(k mapping.Kind) uint {
	switch k {
	case mapping.KindEmbedding:
		return 1
	case mapping.KindReranker:
		return 2
	default:
		return 0
	}
}

// isGroup reports whether spans of a kind may repeat the sums of what lies below them.
func isGroup(k mapping.Kind) bool { return k == mapping.KindAgent || k == mapping.KindChain }

// own is what a span adds to each span above it.
func (s *Span) own() Marks {
	switch {
	case s.Kind.IsModel():
		m := llmBelow
		if !s.Failed {
			m |= llmSucceeded
		}
		if s.reportsTokens() {
			m |= llmTokens
		}
		if s.Cost.Valid {
			m |= llmCost
		}
		return m << modelShift(s.Kind)
	case s.Kind == mapping.KindTool:
		return toolBelow
	case isGroup(s.Kind):
		var m Marks
		if s.reportsTokens() {
			m |= groupTokens
		}
		if s.Cost.Valid {
			m |= groupCost
		}
		return m
	}
	return 0
}

// repeats tells for a model span whether another observation of its call is among
// below: a failed one below one that did not fail is a call of its own.
func (s *Span) repeats(below Marks) bool {
	if !s.Kind.IsModel() {
		return false
	}
	if s.Failed {
		return below&(llmBelow<<modelShift(s.Kind)) != 0
	}
	return below&(llmSucceeded<<modelShift(s.Kind)) != 0
}

// tokensRepeat reports whether tokens that s may report are reported below it, and
// costRepeats the same of cost.
func (s *Span) tokensRepeat(below Marks) bool {
	if s.Kind.IsModel() {
		return below&(llmTokens<<modelShift(s.Kind)) != 0
	}
	return below&anyTokens != 0
}

func (s *Span) costRepeats(below Marks) bool {
	if s.Kind.IsModel() {
		return below&(llmCost<<modelShift(s.Kind)) != 0
	}
	return below&anyCost != 0
}

// Column is the value of llm_spans.below: marks, what the span passes down, and as the sign
// IsCall. A call that reports tokens did not fail, so the bits of a kind for calls and for
// tokens say together whether one did not fail; the bits of the latter are what the span
// passes.
func (f *Flags) Column() int16 {
	column := f.Below&^anySucceeded | Marks(f.Passes)<<passesAt
	for kind := range 3 {
		if f.Below&((llmSucceeded|llmTokens)<<kind) == llmSucceeded<<kind {
			column ^= (llmBelow | llmTokens) << kind // tokens alone: none
		}
	}
	if f.IsCall {
		column |= 1 << 15
	}
	return int16(column)
}

// ReadColumn sets what a value of llm_spans.below says.
func (f *Flags) ReadColumn(column int16) {
	f.IsCall, f.Passes = column < 0, modelKinds(column>>passesAt)&allModels
	f.Below = Marks(column) &^ (anySucceeded | 1<<15)
	for kind := range 3 {
		switch f.Below & ((llmBelow | llmTokens) << kind) {
		case llmTokens << kind:
			f.Below ^= (llmBelow | llmTokens | llmSucceeded) << kind
		case (llmBelow | llmTokens) << kind:
			f.Below |= llmSucceeded << kind
		}
	}
}
