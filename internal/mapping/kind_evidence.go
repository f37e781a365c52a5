package mapping

import (
	"slices"
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/keywords"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// evidence is a set of what keys show to be on a span.
type evidence uint32

const (
	showsAI evidence = 1 << iota
	showsModel
	showsProvider
	showsGuardrail
	showsTool
	showsRerank
	showsRetrieval
	showsQuery
	showsDocuments
	showsVectors
	showsMessages
	showsEnd // a response id or a finish reason
	showsAgentName
	showsInput // tokens
	showsOutput
	showsTotal
	showsEmbedding
	showsVectorSize
	showsCalls // how many calls lie below
	showsRun   // how a tool ran
	showsPrompt
	showsOtherAI    // than a tool
	showsAsked      // what a model was given
	showsAnswered   // what it answered
	showsFirstToken // when the first token came
)

// toldInWords is what only texts and lists can show.
const toldInWords = showsQuery | showsDocuments | showsVectors | showsMessages | showsPrompt | showsAsked | showsAnswered

// aiWords are words of keys that programs without a model hardly have.
var aiWords = keywords.Set("llm genai agent agents subagent subagents prompt prompts completion completions model token tokens embedding embeddings openai anthropic claude gemini ollama bedrock langchain tool ai rag rerank reranked reranker reranking")

// vectorKeys stand behind the word in keys of searches that compare vectors.
var vectorKeys = keywords.Set("search db database store index top query collection results")

// runFacts are what keys tell of how a tool ran.
var runFacts = keywords.Set("status success duration latency exit error outcome risk hits results items rows matches")

// guardFacts are what keys tell of a guard.
var guardFacts = keywords.Set("name passed result action verdict violations triggered")

var vectorSizes = keywords.Set("dim dims dimension dimensions size")

// evidenceOf reads the words of a key.
func evidenceOf(words []string) (e evidence) {
	last := words[len(words)-1]
	ends := func(tail ...string) bool {
		return len(words) >= len(tail) && slices.Equal(words[len(words)-len(tail):], tail)
	}
	if slices.ContainsFunc(words, func(w string) bool { return aiWords[w] }) {
		e |= showsAI
		if words[0] != "tool" {
			e |= showsOtherAI
		}
	}
	if i := slices.Index(words, "vector"); i >= 0 && i+1 < len(words) && vectorKeys[words[i+1]] {
		e |= showsAI
	}
	if n := len(words); n > 1 && (words[n-2] == "guard" && guardFacts[last] || slices.Contains(words[:min(n, 3)], "guardrail") && last != "guardrail") {
		e |= showsGuardrail
	}
	if slices.ContainsFunc(words[:min(len(words), 3)], func(w string) bool { return w == "rerank" || w == "reranker" || w == "reranking" }) {
		e |= showsRerank
	}
	indexed := slices.ContainsFunc(words, func(w string) bool { return w[0] >= '0' && w[0] <= '9' })
	for _, tail := range toolKeys {
		if !indexed && ends(tail...) {
			e |= showsTool
		}
	}
	if slices.Contains(words, "retrieval") || slices.Contains(words, "retrieved") {
		e |= showsRetrieval
	}
	if i := slices.Index(words, "tool"); i >= 0 && i+1 < len(words) && runFacts[words[i+1]] {
		e |= showsRun
	}
	if ends("model", "calls") || ends("llm", "calls") || ends("model", "call", "count") || ends("llm", "call", "count") || ends("agent", "count") {
		e |= showsCalls
	}
	if words[0] == "a2a" && ends("agent", "name") {
		e |= showsAgentName
	}
	if ends("input", "messages") || ends("output", "messages") {
		e |= showsMessages
	}
	if e&showsAI != 0 && (last == "provider" || ends("provider", "name") || ends("ai", "system")) {
		e |= showsProvider
	}
	if last == "model" || ends("model", "name") || ends("model", "id") || ends("model", "selected") {
		e |= showsModel
	}
	if ends("completion", "message") || ends("generation", "output") {
		e |= showsAI | showsEnd
	}
	if n := len(words); n > 1 && words[n-2] == "vector" && vectorSizes[last] {
		e |= showsVectorSize
	}
	if i := slices.Index(words, "embedding"); i >= 0 && i+1 < len(words) && words[i+1] == "model" {
		e |= showsEmbedding
	}
	switch names := unknownKeyOf(words); {
	case names == namesTTFT || names == namesTTFTSeconds || names == namesTTFTMillis:
		e |= showsAI | showsFirstToken
	case e&showsMessages != 0 || !keywords.Any(words, modelSaid):
	case names.isAsked():
		e |= showsAsked
	case names.isAnswered():
		e |= showsAnswered
	case names == namesFinish, names == namesResponseID:
		e |= showsAI | showsEnd
	}
	switch last {
	case "prompt":
		e |= showsPrompt
	case "query":
		e |= showsQuery
	case "documents", "contexts":
		e |= showsDocuments
	case "vector", "vectors", "embedding", "embeddings":
		e |= showsVectors
	case "dimension", "dimensions", "model":
		if n := len(words); n > 1 && (words[n-2] == "embedding" || words[n-2] == "embeddings") {
			e |= showsEmbedding
		}
	}
	return e
}

// modelSaid are words of keys of what was said that show it to be a model's, and not a program's.
var modelSaid = keywords.Set("llm genai gen ai model prompt prompts completion completions assistant")

// isAsked reports whether a value may be what a model is given.
func (n unnamed) isAsked() bool {
	return n == namesInput || n == namesRequest || n == namesQuestion || n == namesMessages
}

// isAnswered reports whether a value may be what a model answered.
func (n unnamed) isAnswered() bool {
	return n == namesOutput || n == namesAnswer || n == namesOutputMessages
}

var toolKeys = [][]string{
	{"tool", "name"}, {"tool", "call", "id"}, {"tool", "arguments"}, {"tool", "args"}, {"tool", "result"},
	{"tool", "call", "name"}, {"tool", "call", "arguments"}, {"tool", "call", "args"}, {"tool", "call", "result"}, {"tool", "function", "name"},
	{"tool", "call", "function", "arguments"}, {"mcp", "tool"}, {"tool", "input"}, {"tool", "output"},
}

// fieldEvidence is what the fields show that dialects know of.
var fieldEvidence = [...]struct {
	field dialect.Field
	shows evidence
}{
	{dialect.Provider, showsProvider},
	{dialect.InputMessages, showsMessages}, {dialect.OutputMessages, showsMessages}, {dialect.ResponseID, showsEnd}, {dialect.FinishReasons, showsEnd},
	{dialect.AgentName, showsAgentName}, {dialect.InputTokens, showsInput}, {dialect.OutputTokens, showsOutput}, {dialect.TotalTokens, showsTotal}, {dialect.TTFT, showsFirstToken},
}

// evidence lists what the attributes of the span show; events show nothing, since spans
// around a call repeat them.
func (r *reading) evidence() (e evidence) {
	e = r.shows
	for _, fe := range fieldEvidence {
		if r.fed&(1<<fe.field) != 0 && r.HasText(fe.field) {
			e |= fe.shows | showsAI
		}
	}
	if e&(showsModel|showsProvider) == showsModel && r.namesProvider() {
		e |= showsProvider
	}
	return e
}

// namesProvider reports whether a key that any program may use holds the name of a provider.
func (r *reading) namesProvider() bool {
	s := &r.slots[r.t.unnamed[namesKnownProvider].slot]
	if !s.set {
		return false
	}
	name, _ := value.Value{Attr: s.value}.Str()
	return knownProviders[canonicalProvider(name)]
}

// HasText reports whether an attribute of the span says anything of a field.
func (r *reading) HasText(f dialect.Field) bool {
	left := r.ready[f]
	for src := r.next(f, &left); src != nil; src = r.next(f, &left) {
		if src.slot < 0 || src.As == dialect.AsName || src.ownOf != 0 && r.dialects&src.ownOf == 0 || len(src.steps) > 0 || src.notWhole() {
			continue
		}
		s := &r.slots[src.slot]
		if !s.set || s.attr < 0 {
			continue
		}
		if src.list || s.value == (pcommon.Value{}) { // put together of several attributes
			return true
		}
		if says(s.value) {
			return true
		}
	}
	return false
}

// notWhole reports whether a source takes a part of an attribute that says other things too.
func (src *boundSource) notWhole() bool {
	return src.Mixed || src.guessed || src.With != nil && !src.list
}

// kindOfModelsName tells a model that ranks or makes embeddings by its name, unless it wrote something.
func (r *reading) kindOfModelsName(e evidence) Kind {
	if e&showsModel == 0 || e&showsOutput != 0 {
		return KindOther
	}
	asked, answered := strings.ToLower(r.peekText(dialect.RequestModel)), strings.ToLower(r.peekText(dialect.ResponseModel))
	switch {
	case strings.Contains(asked, "rerank") || strings.Contains(answered, "rerank"):
		return KindReranker
	case strings.Contains(asked, "embed") || strings.Contains(answered, "embed"):
		return KindEmbedding
	}
	return KindOther
}

// callFacts counts what the span tells of a model's call: its model, each side of its tokens, how it ended,
// when the first token came, what was asked and what was answered.
func callFacts(e evidence) (n int) {
	for _, shows := range [...]evidence{
		showsModel, showsEnd, showsFirstToken, showsInput | showsTotal, showsOutput,
		showsAsked | showsMessages | showsPrompt, showsAnswered,
	} {
		if e&shows != 0 {
			n++
		}
	}
	return n
}

const whyNothing = "nothing tells of a call"

// kindByMembers tells the kind from what the members of JSON attributes show beside the rest: some
// dialects write a group of facts into one attribute, and leave out the one that states the kind.
func (r *reading) kindByMembers() (Kind, string) {
	if r.dialects&r.t.grouped == 0 {
		return KindOther, whyNothing
	}
	e := r.evidence()
	for _, fe := range fieldEvidence {
		if r.tellsMember(fe.field) {
			e |= fe.shows | showsAI
		}
	}
	if r.tellsMember(dialect.RequestModel) {
		e |= showsModel
	}
	if e&showsInput != 0 && e&showsOutput != 0 {
		return KindLLM, "the span counts input and output tokens"
	}
	return kindByFacts(e)
}

// isMember reports whether a source is a member of an attribute that holds facts.
func (t *table) isMember(src *boundSource) bool {
	return src.slot >= 0 && len(src.steps) > 0 && src.With == nil && !t.info(src.slot).words
}

// tellsMember reports whether a member of an attribute that a dialect of the span describes says
// anything of a field. What was said tells nothing: spans around a call repeat its answer, usage and all.
func (r *reading) tellsMember(f dialect.Field) bool {
	if r.fed&(1<<f) == 0 {
		return false
	}
	left := r.ready[f]
	for src := r.next(f, &left); src != nil; src = r.next(f, &left) {
		if src.dialect&r.dialects == 0 || !r.t.isMember(src) || !r.usable(src) {
			continue
		}
		if v, ok := r.value(src); ok && v.Exists() {
			return true
		}
	}
	return false
}
