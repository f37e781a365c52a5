package dialect

// Kind is what a span does in an LLM application; the column llm_spans.kind.
type Kind uint8

// The kinds, in the order of their names in kindNames.
const (
	KindOther Kind = iota
	KindLLM
	KindEmbedding
	KindTool
	KindAgent
	KindChain
	KindRetriever
	KindReranker
	KindGuardrail
	KindEvaluator
	KindPrompt
)

var kindNames = [...]string{
	"other", "llm", "embedding", "tool", "agent", "chain",
	"retriever", "reranker", "guardrail", "evaluator", "prompt",
}

// String returns the name stored in llm_spans.kind.
func (k Kind) String() string { return kindNames[k] }

// KindOf returns the kind with the given name; KindOther for an unknown one.
func KindOf(name string) Kind {
	for k, n := range kindNames {
		if n == name {
			return Kind(k)
		}
	}
	return KindOther
}

// IsModel reports whether spans of this kind are calls of a model, the only ones
// whose token and cost columns are filled.
func (k Kind) IsModel() bool { return k == KindLLM || k == KindEmbedding || k == KindReranker }

// KindSet is a set of kinds.
type KindSet uint16

// KindsOf returns the set of some kinds.
func KindsOf(kinds ...Kind) KindSet {
	var s KindSet
	for _, k := range kinds {
		s |= 1 << k
	}
	return s
}

// Has reports whether a kind is in the set.
func (s KindSet) Has(k Kind) bool { return s&(1<<k) != 0 }

// Sets of kinds that sources are often limited to.
var (
	AnyKind      = ^KindSet(0)
	OnlyLLM      = KindsOf(KindLLM)
	OnlyTool     = KindsOf(KindTool)
	ModelKinds   = KindsOf(KindLLM, KindEmbedding, KindReranker)
	MessageKinds = KindsOf(KindLLM, KindAgent, KindChain, KindPrompt, KindGuardrail, KindEvaluator, KindOther)
)

// spanKindValues are the kinds of tracers that name a span's kind as OpenInference does.
var spanKindValues = map[string]Kind{
	"llm": KindLLM, "generation": KindLLM, "chat": KindLLM, "embedding": KindEmbedding, "retriever": KindRetriever, "reranker": KindReranker,
	"rerank": KindReranker, "tool": KindTool, "agent": KindAgent, "chain": KindChain, "task": KindChain, "step": KindChain, "workflow": KindChain,
	"entry": KindChain, "guardrail": KindGuardrail, "evaluator": KindEvaluator, "prompt": KindPrompt, "memory": KindOther, "vector_db": KindRetriever,
}
