package mapping

import (
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
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
	showsOtherAI // than a tool
)

// aiWords are words of keys that programs without a model hardly have.
var aiWords = wordSet("llm genai agent agents prompt prompts completion completions model token tokens embedding embeddings openai anthropic claude gemini ollama bedrock langchain tool ai rag rerank reranked reranker reranking")

// vectorKeys stand behind the word in keys of searches that compare vectors.
var vectorKeys = wordSet("search db database store index top query collection results")

// runFacts are what keys tell of how a tool ran.
var runFacts = wordSet("status success duration latency exit error outcome risk")

// guardFacts are what keys tell of a guard.
var guardFacts = wordSet("name passed result action verdict violations triggered")

var vectorSizes = wordSet("dim dims dimension dimensions size")

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
	if ends("model", "calls") || ends("llm", "calls") || ends("model", "call", "count") || ends("llm", "call", "count") {
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

var toolKeys = [][]string{
	{"tool", "name"}, {"tool", "call", "id"}, {"tool", "arguments"}, {"tool", "args"}, {"tool", "result"},
	{"tool", "call", "name"}, {"tool", "call", "arguments"}, {"tool", "call", "args"}, {"tool", "call", "result"}, {"tool", "function", "name"},
	{"tool", "call", "function", "arguments"}, {"mcp", "tool"}, {"tool", "input"}, {"tool", "output"},
}

// fieldEvidence is what the fields show that dialects know of.
var fieldEvidence = [...]struct {
	field field
	shows evidence
}{
	{fProvider, showsProvider},
	{fInputMessages, showsMessages}, {fOutputMessages, showsMessages}, {fResponseID, showsEnd}, {fFinishReasons, showsEnd},
	{fAgentName, showsAgentName}, {fInputTokens, showsInput}, {fOutputTokens, showsOutput}, {fTotalTokens, showsTotal},
}

// evidence lists what the attributes of the span show; events show nothing, since spans
// around a call repeat them.
func (r *reading) evidence() (e evidence) {
	e = r.shows
	for _, fe := range fieldEvidence {
		if r.fed&(1<<fe.field) != 0 && r.hasText(fe.field) {
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
	name, _ := value{attr: s.value}.str()
	return knownProviders[canonicalProvider(name)]
}

// hasText reports whether an attribute of the span says anything of a field.
func (r *reading) hasText(f field) bool {
	left := r.ready[f]
	for src := r.next(f, &left); src != nil; src = r.next(f, &left) {
		if src.slot < 0 || src.as == asName || src.ownOf != 0 && r.dialects&src.ownOf == 0 || len(src.steps) > 0 || src.notWhole() {
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
	return src.mixed || src.guessed || src.with != nil && !src.list
}

// kindByEvidence tells the kind from what the span has, and what that is; nothing if
// nothing tells.
func (r *reading) kindByEvidence(e evidence, byName Kind, named bool) (Kind, string) {
	tokens := e&showsInput != 0 && e&showsOutput != 0
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
	if e&showsModel != 0 && e&showsOutput == 0 {
		asked, answered := lower(r.peekText(fRequestModel)), lower(r.peekText(fResponseModel))
		switch {
		case strings.Contains(asked, "rerank") || strings.Contains(answered, "rerank"):
			return KindReranker, "the model is a reranker by its name"
		case strings.Contains(asked, "embed") || strings.Contains(answered, "embed"):
			return KindEmbedding, "the model makes embeddings by its name"
		}
	}
	switch {
	case named && (byName != KindChain || !tokens):
		return byName, "the name of the span"
	case tokens && e&showsCalls != 0:
		return KindChain, "the span counts the calls of a model, and their tokens"
	case tokens:
		return KindLLM, "the span counts input and output tokens"
	}
	return KindOther, ""
}

// kindByWeakEvidence: a model alone, or messages alone, make no call.
func kindByWeakEvidence(e evidence) (Kind, string) {
	switch {
	case e&showsAgentName != 0 && e&(showsMessages|showsEnd) == 0:
		return KindAgent, "the span names an agent"
	case e&showsMessages != 0 && e&showsModel != 0:
		return KindLLM, "the span has a model and messages"
	case e&showsModel != 0 && e&showsPrompt != 0:
		return KindLLM, "the span has a model and a prompt"
	case e&showsEnd != 0:
		return KindLLM, "the span says why an answer ended"
	case e&showsModel != 0 && e&(showsTotal|showsInput) != 0:
		return KindLLM, "the span has a model and counts tokens"
	case e&showsModel != 0 && e&showsProvider != 0:
		return KindLLM, "the span has a model and a provider"
	}
	return KindOther, whyNothing
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
	if r.tellsMember(fRequestModel) {
		e |= showsModel
	}
	if e&showsInput != 0 && e&showsOutput != 0 {
		return KindLLM, "the span counts input and output tokens"
	}
	return kindByWeakEvidence(e)
}

// isMember reports whether a source is a member of an attribute that holds facts.
func (t *table) isMember(src *boundSource) bool {
	return src.slot >= 0 && len(src.steps) > 0 && src.with == nil && !t.info(src.slot).words
}

// tellsMember reports whether a member of an attribute that a dialect of the span describes says
// anything of a field. What was said tells nothing: spans around a call repeat its answer, usage and all.
func (r *reading) tellsMember(f field) bool {
	if r.fed&(1<<f) == 0 {
		return false
	}
	left := r.ready[f]
	for src := r.next(f, &left); src != nil; src = r.next(f, &left) {
		if src.dialect&r.dialects == 0 || !r.t.isMember(src) || !r.usable(src) {
			continue
		}
		if v, ok := r.value(src); ok && v.exists() {
			return true
		}
	}
	return false
}
