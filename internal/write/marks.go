package write

import "github.com/llm-observatory/llmobservatoryexporter/internal/mapping"

// marks says what kinds of span lie below a span; the column llm_spans.below.
// Bits are only ever added, so each is carried past a span at most once.
type marks uint8

const (
	belowLLM marks = 1 << iota
	belowEmbedding
	belowReranker
	belowLLMUsage
	belowEmbeddingUsage
	belowRerankerUsage
	belowAgentUsage

	belowAnyUsage = belowLLMUsage | belowEmbeddingUsage | belowRerankerUsage | belowAgentUsage
)

// kindMarks gives the bits of a model span: for being there, and for reporting
// usage.
func kindMarks(k mapping.Kind) (there, usage marks) {
	switch k {
	case mapping.KindLLM:
		return belowLLM, belowLLMUsage
	case mapping.KindEmbedding:
		return belowEmbedding, belowEmbeddingUsage
	case mapping.KindReranker:
		return belowReranker, belowRerankerUsage
	}
	return 0, 0
}

// ownMarks is what a span adds to each of its ancestors.
func ownMarks(k mapping.Kind, reports bool) marks {
	there, usage := kindMarks(k)
	if (k == mapping.KindAgent || k == mapping.KindChain) && reports {
		return belowAgentUsage
	}
	if !reports {
		return there
	}
	return there | usage
}

// countedFlag is the column counted of a model span over below. Tool spans
// depend on names, see node.
func countedFlag(k mapping.Kind, below marks) mapping.Bool {
	there, _ := kindMarks(k)
	return mapping.Bool{V: below&there == 0, OK: there != 0}
}

// usageFlag is the column usage_counted of a span over below.
func usageFlag(k mapping.Kind, reports bool, below marks) mapping.Bool {
	_, usage := kindMarks(k)
	switch {
	case !reports:
		return mapping.Bool{}
	case usage != 0:
		return mapping.Bool{V: below&usage == 0, OK: true}
	case k == mapping.KindAgent || k == mapping.KindChain:
		return mapping.Bool{V: below&belowAnyUsage == 0, OK: true}
	}
	return mapping.Bool{OK: true}
}
