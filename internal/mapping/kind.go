package mapping

import (
	"slices"
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/keywords"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

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
		if rule.Own && r.dialects&rule.dialect == 0 {
			continue
		}
		stated = stated || rule.slot >= 0
		var v dialect.Verdict
		if k, v = r.apply(rule); v == dialect.Decided {
			decision = rule
			break
		}
		evidenceIgnored = evidenceIgnored || v == dialect.IgnoresEvidence
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
	return k, decision != nil && decision.Overrules
}

// kindByWords is the kind of a span of which no dialect says any, and why. The first of these steps that
// decides wins: what a key states, what other things than calls of a model show, a call that shows itself
// beyond doubt, the name of the span, the tokens of a call, two facts of one. evidenceIgnored tells that
// the name and the last step do not count.
func (r *reading) kindByWords(evidenceIgnored bool) (Kind, string) {
	e := r.evidence()

	// What is stated.
	k, found, ignored := r.statement(e)
	switch {
	case found == lookedNever:
		return KindOther, "the value of a key says that this is no call"
	case found == lookedKind:
		return k, "the value of a key states the kind"
	case strings.HasPrefix(r.span.Name(), "chunk"):
		return KindOther, "the name is that of a part of an answer"
	case e&(showsModel|showsEnd) == 0 && r.deliversMessage():
		return KindOther, "the span delivers a message, which may tell of calls that others made"
	}
	evidenceIgnored = evidenceIgnored || ignored
	byName, looks := KindOther, lookedInVain
	if !evidenceIgnored {
		byName, looks = r.kindByName(e)
	}
	named, tokens := looks == lookedKind, e&showsInput != 0 && e&showsOutput != 0

	// What only other things than calls of a model have.
	switch {
	case e&showsGuardrail != 0 && (!tokens || e&showsModel == 0 || named && byName != KindLLM || strings.Contains(r.span.Name(), "uard")):
		return KindGuardrail, "the span has keys of a guardrail"
	case e&showsTool != 0 && !tokens:
		return KindTool, "the span has keys of a tool"
	case e&showsRerank != 0:
		return KindReranker, "the span has keys of a reranker"
	case named && byName == KindReranker:
		return KindReranker, "the name of the span"
	case e&showsRetrieval != 0 && !tokens, e&showsQuery != 0 && e&showsDocuments != 0:
		return KindRetriever, "the span has keys of a retrieval"
	case e&showsVectors != 0:
		return KindEmbedding, "the span has vectors"
	case e&showsEmbedding != 0 && e&(showsOutput|showsMessages|showsAgentName) == 0 && (!named || byName == KindLLM):
		return KindEmbedding, "the span names the model of embeddings, or their length"
	}
	if k := r.kindOfModelsName(e); k != KindOther {
		return k, "the model's name says what it makes"
	}

	// A call of a model that shows itself, the name, the tokens of a call.
	switch {
	case tokens && e&showsModel != 0 && e&(showsEnd|showsFirstToken) != 0 && e&(showsAgentName|showsCalls) == 0:
		return KindLLM, "the span tells of a model, its tokens and its answer"
	case named && (byName != KindChain || !tokens):
		return byName, "the name of the span"
	case tokens && e&showsCalls != 0:
		return KindChain, "the span counts the calls of a model, and their tokens"
	case tokens:
		return KindLLM, "the span counts input and output tokens"
	case evidenceIgnored:
		return KindOther, "the dialect says that the span tells of no call"
	case looks == lookedNever:
		return KindOther, "the name says that this is no call"
	}

	// Two facts of a call. An ambiguous name decides where they do not.
	k, why := kindByFacts(e)
	if looks == lookedAmbiguous && (k == KindOther || k == KindLLM && e&showsModel == 0) {
		return byName, "the name of the span"
	}
	return k, why
}

// kindByFacts tells the kind from facts of which one alone makes no call, but that a model stopped. What was
// said makes none, whoever was asked: memories and stores of vectors are asked too.
func kindByFacts(e evidence) (Kind, string) {
	const figures = showsModel | showsFirstToken | showsInput | showsOutput | showsTotal
	switch {
	case e&showsAgentName != 0 && e&(showsMessages|showsEnd) == 0:
		return KindAgent, "the span names an agent"
	case e&showsEnd != 0:
		return KindLLM, "the span says why an answer ended"
	case e&showsProvider != 0 && e&figures != 0:
		return KindLLM, "the span tells who provides a model, and a fact of its call"
	case e&figures != 0 && callFacts(e) >= 2:
		return KindLLM, "the span tells two facts of a model's call"
	}
	return KindOther, whyNothing
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
	if r.HasText(dialect.FinishReasons) || r.HasText(dialect.OutputTokens) && !r.wroteNothing() {
		return KindLLM
	}
	switch model := r.peekText(dialect.RequestModel); {
	case strings.Contains(model, "rerank"):
		return KindReranker
	case strings.Contains(model, "embed"):
		return KindEmbedding
	}
	return KindLLM
}

// wroteNothing reports whether no token of output is counted, which embeddings tell so too.
func (r *reading) wroteNothing() bool {
	n, _, ok := r.Attr("gen_ai.usage.output_tokens").Integer()
	return ok && n == 0
}

// repeatsTools reports whether the span holds, once more, what tools answered that ran at once:
// Google's ADK writes it, and what has followed its example.
func (r *reading) repeatsTools() bool {
	name, _ := r.Attr("gen_ai.tool.name").Str()
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

// asksNothing reports whether the whole request is an empty object, and no tokens are told but in what an
// API answered: the span reads an answer that was given before, or a list.
func (r *reading) asksNothing() bool {
	if input, _ := r.Attr("input.value").Str(); input != "{}" || r.span.Status().Code() == ptrace.StatusCodeError {
		return false
	}
	if !r.HasText(dialect.InputTokens) && !r.HasText(dialect.OutputTokens) {
		return true
	}
	output, _ := r.Attr("output.value").Str()
	return jsonval.Index(output, `"object"`) >= 0
}

// countsTokens reports whether the span asks how many tokens a request would have: that
// calls no model.
func (r *reading) countsTokens() bool {
	name := r.span.Name()
	return strings.Contains(name, "ount") && strings.Contains(name, "okens") && countWords(keywords.Of(name))
}

func countWords(words []string) bool {
	return slices.Contains(words, "count") && slices.Contains(words, "tokens")
}

// isTool reports whether a span that some key calls a chain or agent runs a tool: it names
// one, and no second key calls it an agent.
func (r *reading) isTool() bool {
	if s, is := r.Attr("tool.name").Str(); !is || content.Absent(s) {
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

func (r *reading) apply(rule *boundRule) (Kind, dialect.Verdict) {
	text := r.span.Name()
	if rule.slot >= 0 {
		s := &r.slots[rule.slot]
		if !s.set {
			return KindOther, dialect.Undecided
		}
		if text = r.JSONText(value.Value{Attr: s.value}); text == "" {
			return KindOther, dialect.Undecided
		}
	}
	if text = value.Unquote(strings.TrimSpace(text)); rule.slot >= 0 && text == "null" {
		return KindOther, dialect.Undecided
	}
	var buf [64]byte
	if k, ok := rule.Values[string(appendLower(buf[:0], text))]; ok {
		return k, dialect.Decided
	}
	if rule.Of != nil && text != "" {
		return rule.Of(r, text)
	}
	if k, ok := rule.Values[""]; ok {
		return k, dialect.Decided
	}
	return KindOther, dialect.Undecided
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
	r.each(dialect.Operation, func(src *boundSource, v value.Value) bool {
		text, exact, ok := v.Text()
		if !ok {
			return false
		}
		low := strings.ToLower(strings.TrimSpace(text))
		if overrules {
			if k, known := dialect.OperationKinds[low]; known && k != r.out.Kind {
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
	r.notes.lost(dialect.Operation)
	if r.out.Kind == KindLLM && r.dialects&(completionBit|chatBit) == completionBit {
		return "text_completion"
	}
	if int(r.out.Kind) < len(kindOperations) {
		return kindOperations[r.out.Kind]
	}
	return ""
}
