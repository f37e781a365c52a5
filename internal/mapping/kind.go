package mapping

import (
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
)

// operationKinds tells the kind from gen_ai.operation.name.
var operationKinds = map[string]Kind{
	"chat": KindLLM, "completion": KindLLM, "text_completion": KindLLM, "generate_content": KindLLM, "generate": KindLLM,
	"llm_request": KindLLM, "llm_call": KindLLM, "call_llm": KindLLM, "responses": KindLLM, "aresponses": KindLLM, "acompletion": KindLLM,
	"embeddings": KindEmbedding, "embedding": KindEmbedding, "aembedding": KindEmbedding,
	"execute_tool": KindTool,
	"invoke_agent": KindAgent, "create_agent": KindAgent,
	"retrieval": KindRetriever, "vector_db_retrieve": KindRetriever, "search_memory": KindRetriever,
	"rerank": KindReranker, "arerank": KindReranker,
	"invoke_workflow": KindChain, "execute_task": KindChain, "agent_step": KindChain, "execute_event_loop_cycle": KindChain, "plan": KindChain,
	"create_memory": KindTool, "update_memory": KindTool, "upsert_memory": KindTool, "delete_memory": KindTool,
	"create_memory_store": KindTool, "delete_memory_store": KindTool,
	"vectordb": KindOther,
}

// operationNames maps operations to the names of the GenAI conventions.
var operationNames = map[string]string{
	"completion": "text_completion", "acompletion": "chat", "generate": "chat", "llm_request": "chat", "llm_call": "chat",
	"call_llm": "chat", "responses": "chat", "aresponses": "chat",
	"embedding": "embeddings", "aembedding": "embeddings", "vector_db_retrieve": "retrieval", "arerank": "rerank",
	"tool_call": "execute_tool",
	"framework": "", // Spring AI's own spans
}

// kindOperations is the operation of a kind where the span names none.
var kindOperations = [...]string{
	KindLLM: "chat", KindEmbedding: "embeddings", KindTool: "execute_tool", KindAgent: "invoke_agent",
	KindRetriever: "retrieval", KindReranker: "rerank", KindPrompt: "",
}

// kind decides what the span does: by what its dialect says, else by the words of its
// keys, values and name. overrules tells that the deciding rule is stronger than a
// disagreeing operation.
func (r *reading) kind() (k Kind, overrules bool) {
	if r.announces() {
		r.notes.decided(nil, "the span only says that another one has begun")
		return KindOther, false
	}
	decision, evidenceIgnored, stated := (*boundRule)(nil), false, false
	rules := r.kindRules()
	for i := rules.next(); i >= 0; i = rules.next() {
		rule := r.t.kinds[i]
		if rule.own && r.dialects&rule.dialect == 0 {
			continue
		}
		stated = stated || rule.slot >= 0
		var v verdict
		if k, v = r.apply(rule); v == decided {
			decision = rule
			break
		}
		evidenceIgnored = evidenceIgnored || v == ignoresEvidence
	}
	var why string
	if decision == nil {
		if k, why = r.kindByWords(evidenceIgnored); k == KindOther && why == whyNothing && !stated {
			k, why = r.kindByMembers()
		}
	}
	r.notes.decided(decision, why)
	switch {
	case (k == KindChain || k == KindAgent) && r.isTool():
		k = KindTool
		r.notes.overruled("tool.name names a tool")
	case k == KindTool && r.repeatsTools():
		k = KindOther
		r.notes.overruled("what tools answered that ran at once is no run of a tool")
	case k.IsModel() && r.countsTokens():
		k = KindOther
		r.notes.overruled("a span that counts tokens calls no model")
	case k.IsModel() && fetchesAnswer(r.span.Name()):
		k = KindOther
		r.notes.overruled("an answer that is fetched was counted when it was given")
	case k == KindLLM && r.asksNothing():
		k = KindOther
		r.notes.overruled("an empty request calls no model")
	case k == KindLLM:
		if k = r.kindOfModel(); k != KindLLM {
			r.notes.overruled("the model's name says what it makes")
		}
	}
	return k, decision != nil && decision.overrules
}

// announces reports whether the span only says that another one has begun.
func (r *reading) announces() bool {
	for _, s := range r.stated {
		if s.value.Str() == "pending_span" {
			return true
		}
	}
	return false
}

// kindOfModel is the kind of a model's call, of which the operation or a key says no more than
// that it is one: one operation may stand for all that a client asks of a provider, as Bedrock's
// InvokeModel. A model that says why it stopped wrote an answer.
func (r *reading) kindOfModel() Kind {
	if r.hasText(fFinishReasons) || r.hasText(fOutputTokens) && !r.wroteNothing() {
		return KindLLM
	}
	switch model := r.peekText(fRequestModel); {
	case strings.Contains(model, "rerank"):
		return KindReranker
	case strings.Contains(model, "embed"):
		return KindEmbedding
	}
	return KindLLM
}

// wroteNothing reports whether no token of output is counted, which embeddings tell so too.
func (r *reading) wroteNothing() bool {
	n, _, ok := r.attr("gen_ai.usage.output_tokens").integer()
	return ok && n == 0
}

// repeatsTools reports whether the span holds, once more, what tools answered that ran at once:
// Google's ADK writes it, and what has followed its example.
func (r *reading) repeatsTools() bool {
	name, _ := r.attr("gen_ai.tool.name").str()
	return name == "(merged tools)"
}

// fetchesAnswer reports whether a name ends in that of a method which reads what a model answered before, or
// lists such answers: openai.responses.retrieve.
func fetchesAnswer(name string) bool {
	name, _, _ = strings.Cut(name, " ")
	i := strings.LastIndexByte(name, '.')
	if i < 0 || name[i+1:] != "retrieve" && name[i+1:] != "list" {
		return false
	}
	of := name[strings.LastIndexByte(name[:i], '.')+1 : i]
	return of == "responses" || of == "completions" || of == "messages"
}

// asksNothing reports whether the whole request is an empty object and no tokens are told: the
// span reads an answer that was given before, or a list.
func (r *reading) asksNothing() bool {
	if r.hasText(fInputTokens) || r.hasText(fOutputTokens) || r.span.Status().Code() == ptrace.StatusCodeError {
		return false
	}
	input, _ := r.attr("input.value").str()
	return input == "{}"
}

// countsTokens reports whether the span asks how many tokens a request would have: that
// calls no model.
func (r *reading) countsTokens() bool {
	name := r.span.Name()
	return strings.Contains(name, "ount") && strings.Contains(name, "okens") && countWords(wordsOf(name))
}

func countWords(words []string) bool {
	return slices.Contains(words, "count") && slices.Contains(words, "tokens")
}

// isTool reports whether a span that some key calls a chain or agent runs a tool: it names
// one, and no second key calls it an agent.
func (r *reading) isTool() bool {
	if s, is := r.attr("tool.name").str(); !is || content.Absent(s) {
		return false
	}
	agents := 0
	for _, s := range r.stated {
		if k, l := r.lookAt(s.rank, r.statedText(s)); l == lookedKind && k == KindAgent {
			agents++
		}
	}
	return agents < 2
}

func (r *reading) apply(rule *boundRule) (Kind, verdict) {
	text := r.span.Name()
	if rule.slot >= 0 {
		s := &r.slots[rule.slot]
		if !s.set {
			return KindOther, undecided
		}
		if text = r.jsonText(value{attr: s.value}); text == "" {
			return KindOther, undecided
		}
	}
	if text = unquote(strings.TrimSpace(text)); rule.slot >= 0 && text == "null" {
		return KindOther, undecided
	}
	var buf [64]byte
	if k, ok := rule.values[string(appendLower(buf[:0], text))]; ok {
		return k, decided
	}
	if rule.of != nil && text != "" {
		return rule.of(r, text)
	}
	if k, ok := rule.values[""]; ok {
		return k, decided
	}
	return KindOther, undecided
}

// appendLower appends s in ASCII lower case.
func appendLower(dst []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		dst = append(dst, c)
	}
	return dst
}

// operation resolves the operation: the reported one, unless a stronger word on
// the kind disagrees, else that of the kind.
func (r *reading) operation(overrules bool) string {
	var name string
	r.each(fOperation, func(src *boundSource, v value) bool {
		text, exact, ok := v.text()
		if !ok {
			return false
		}
		low := lower(strings.TrimSpace(text))
		if overrules {
			if k, known := operationKinds[low]; known && k != r.out.Kind {
				return true
			}
		}
		if alias, ok := operationNames[low]; ok {
			text, exact = alias, false
		}
		name = r.key(text)
		r.took(src, exact && name == text)
		return true
	})
	if name != "" {
		return name
	}
	r.notes.lost(fOperation)
	if r.out.Kind == KindLLM && r.dialects&(completionBit|chatBit) == completionBit {
		return "text_completion"
	}
	if int(r.out.Kind) < len(kindOperations) {
		return kindOperations[r.out.Kind]
	}
	return ""
}
