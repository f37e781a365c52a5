package mapping

import (
	"slices"
	"strings"
	"unicode"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/keywords"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// What follows tells the kind of spans that no dialect knows from the words of their
// keys, values and names. No rule names an emitter.

// kindRank is how much the value of a key says of the kind; the lowest counts first.
type kindRank uint8

const (
	statesNoKind    kindRank = iota
	statesKind               // X.span.kind and the like
	statesInside             // the same, in the member "type" of a JSON object
	statesOp                 // X.op = gen_ai.Y, X.operationId = ai.Y
	statesOperation          // X.operation.name
	statesWeakly             // names that others use as well
	statesEntity             // of what the span is a part
)

// kindRankOf reads the words of a key.
func kindRankOf(key string, words []string) kindRank {
	ends := func(tail ...string) bool {
		return len(words) >= len(tail) && slices.Equal(words[len(words)-len(tail):], tail)
	}
	last := words[len(words)-1]
	switch {
	case len(words) > 2 && (ends("span", "kind") || ends("span", "type") || ends("observation", "type") || ends("attributes", "type")):
		return statesKind
	case last == "attributes" && len(words) > 1:
		return statesInside
	case last == "op" && len(words) > 1, ends("operation", "id"):
		return statesOp
	case len(words) > 2 && ends("operation", "name"):
		return statesOperation
	case ends("request", "endpoint"), key == "span.type", key == "span.kind", key == "span_type", ends("operation", "name"), last == "operation", last == "subtype",
		last == "kind" && len(words) > 1:
		return statesWeakly
	case key == "entity.type":
		return statesEntity
	case last == "type" && len(words) > 1 && weakTypes[words[len(words)-2]]:
		return statesWeakly
	}
	return statesNoKind
}

var weakTypes = keywords.Set("event run node request component")

// stated is a key that states a kind.
type stated struct {
	rank  kindRank
	value pcommon.Value
}

// look reads the words of a value or name.
type looked uint8

const (
	lookedInVain looked = iota
	lookedKind
	lookedAmbiguous // a kind, beside other evidence of a model's work
	lookedNever     // what is no call, whatever model it names
)

// kindTable are values by the kind they state.
var kindTable = kindValuesOf(map[Kind]string{
	KindLLM: `llm chat generation chat_model generator model completion completions chat_completion chat_completions text_completion
		inference response responses generate generate_content generate_text generate_object stream_text chat_generator messages
		interactions acompletion aresponses`,
	KindEmbedding: "embedding embeddings embedder embed aembedding",
	KindTool:      "tool function_tool tools_call",
	KindAgent:     "agent subagent",
	KindChain: `chain workflow task agent_step workflow_step event_loop_cycle pipeline session chat_client flow step function crew graph
		plan`,
	KindRetriever: `retriever retrieval vector_db_retrieve retrieve vector_store vector_search document_search similarity_search
		semantic_search knowledge_search`,
	KindReranker:  "reranker rerank reranking ranker arerank",
	KindGuardrail: "guardrail guardrails guard moderation guardrail_input guardrail_output apply_guardrail",
	KindEvaluator: "evaluator score evaluation eval evaluate scorer",
	KindPrompt:    "prompt prompt_template",
})

func kindValuesOf(lists map[Kind]string) map[string]Kind {
	kinds := map[string]Kind{}
	for k, list := range lists {
		for _, v := range strings.Fields(list) {
			kinds[v] = k
		}
	}
	return kinds
}

var (
	ambiguousKinds = keywords.Set("inference model completion chat generation task step session score function flow")
	fillerWords    = keywords.Set("run invoke execute create execution executing invocation call running request operation span turn root gen ai genai mcp executor runner loop http async sync")
	neverWords     = keywords.Set(`fetch list submit chunk sessions stt tts parser count poll get cancel delete upload download transcribe
		transcription transcriptions speech image images video audio thread threads file files batch batches pending
		management tokenize tokenization`)
	mediaWords  = keywords.Set("image images audio speech video videos transcription transcriptions file files batch batches")
	neverNames  = keywords.Set("retrieve list get delete cancel update poll fetch count upload download submit")
	clearNouns  = map[string]Kind{"embedding": KindEmbedding, "rerank": KindReranker, "retriever": KindRetriever, "retrieval": KindRetriever, "guardrail": KindGuardrail, "evaluator": KindEvaluator}
	saysNothing = keywords.Set("span default event")
)

// look tells what words state.
func look(words []string) (Kind, looked) {
	n := len(words)
	joined := strings.Join(words, "_")
	switch {
	case n == 0:
		return KindOther, lookedInVain
	case n >= 2 && words[n-2] == "thread" && words[n-1] == "run":
		return KindAgent, lookedKind
	case joined == "search_memory":
		return KindRetriever, lookedKind
	case n == 2 && words[1] == "memory", n == 3 && words[1] == "memory" && words[2] == "store":
		return KindTool, lookedKind
	case joined == "create_message", joined == "message_create",
		slices.ContainsFunc(words, func(w string) bool { return neverWords[w] }):
		return KindOther, lookedNever
	}
	if k, ok := kindTable[joined]; ok {
		return k, ambiguity(joined)
	}
	rest := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return fillerWords[w] })
	joined = strings.Join(rest, "_")
	if k, ok := kindTable[joined]; ok {
		return k, ambiguity(joined)
	}
	if n <= 3 {
		for _, w := range words {
			if k, ok := clearNouns[w]; ok {
				return k, lookedKind
			}
		}
	}
	return KindOther, lookedInVain
}

func ambiguity(value string) looked {
	if ambiguousKinds[value] {
		return lookedAmbiguous
	}
	return lookedKind
}

// deliversMessage reports whether the span is of a message that a program sends or takes
// from a queue.
func (r *reading) deliversMessage() bool {
	return r.Attr("messaging.operation").Exists() || r.Attr("messaging.operation.type").Exists() || r.Attr("messaging.operation.name").Exists()
}

// statement looks for a key that states the kind.
func (r *reading) statement(e evidence) (k Kind, found looked, ignored bool) {
	chain := false
	for rank := statesKind; rank <= statesEntity; rank++ {
		for _, s := range r.stated {
			if s.rank != rank || rank == statesEntity && r.statesItself() {
				continue
			}
			text := r.statedText(s)
			ignored = ignored || rank == statesKind && r.around.byHand == 0 && saysNothing[strings.ToLower(text)]
			kind, l := r.lookAt(rank, text)
			switch {
			case l == lookedAmbiguous && rank >= statesWeakly && e&(showsAI|showsProvider) == 0:
			case l == lookedAmbiguous && rank >= statesWeakly && kind == KindLLM && e&showsAgentName != 0 && e&(showsModel|showsInput|showsOutput|showsEnd) == 0:
			case l == lookedNever && rank >= statesWeakly:
			case l == lookedNever:
				return KindOther, lookedNever, ignored
			case l == lookedInVain:
			case kind == KindChain:
				chain = true
			default:
				return kind, lookedKind, ignored
			}
		}
	}
	if chain {
		return KindChain, lookedKind, ignored
	}
	return KindOther, lookedInVain, ignored
}

// statesItself reports whether keys state anything of the span itself.
func (r *reading) statesItself() bool {
	return slices.ContainsFunc(r.stated, func(s stated) bool { return s.rank == statesKind || s.rank == statesWeakly })
}

// statedText returns the value of a key that states a kind, without the wrapping of JSON
// and of enums.
func (r *reading) statedText(s stated) string {
	text, _ := value.Value{Attr: s.value}.Str()
	if s.rank == statesInside {
		if !strings.Contains(text, `"type"`) {
			return ""
		}
		var ignored jsonval.Repairs
		n, _ := r.doc.Parse(text, &ignored)
		text = n.Get("type").Str()
	}
	return enumValue(value.Unquote(strings.TrimSpace(text)))
}

func (r *reading) lookAt(rank kindRank, text string) (Kind, looked) {
	if rank == statesOp {
		rest, ok := strings.CutPrefix(text, "gen_ai.")
		if !ok {
			return kindOfOperationID(text)
		}
		text = rest
	}
	found := remember(r.valueKinds, text, func(text string) kindFound {
		k, l := look(keywords.Of(text))
		return kindFound{k, l}
	})
	return found.kind, found.looked
}

// kindFound is what words state.
type kindFound struct {
	kind   Kind
	looked looked
}

// kindByName reads the name of the span, up to the first blank.
func (r *reading) kindByName(e evidence) (Kind, looked) {
	name, rest, _ := strings.Cut(r.span.Name(), " ")
	switch {
	case doneWords[strings.ToLower(rest)]:
		return KindOther, lookedInVain // Crew Created: what there is now, and no run of it
	case rest != "" && providerAliases[strings.ToLower(name)] != "":
		name, _, _ = strings.Cut(rest, " ") // openai embeddings/create
	}
	found := remember(r.nameKinds, name, kindOfName)
	k, l := found.kind, found.looked
	counts := e&showsInput != 0 && e&showsOutput != 0 && e&(showsCalls|showsAgentName) == 0 && !r.slots[r.t.unnamed[namesAgent].slot].set
	if l == lookedInVain && (e&showsModel == 0 && !counts || r.slots[r.t.unnamed[namesAgent].slot].set) && behindAgent(name) {
		k, l = KindAgent, lookedKind
	}
	switch {
	case (e&showsRun != 0 || r.slots[r.t.unnamed[namesTool].slot].set || e&(showsOtherAI|showsModel) == showsOtherAI && (strings.HasPrefix(name, "tool.") || strings.Contains(name, ".tool."))) &&
		e&(showsInput|showsOutput) == 0 && behindTool(name):
		k, l = KindTool, lookedKind
	case l == lookedInVain && behindAgent(name) && r.namesAgent(name[strings.LastIndexByte(name, '.')+1:]):
		k, l = KindAgent, lookedKind
	}
	if l == lookedNever || l == lookedInVain {
		return KindOther, l
	}
	if k == KindRetriever && searchesVectors(name) {
		return k, lookedKind
	}
	if (k == KindLLM && e&(showsModel|showsInput|showsOutput|showsEnd) == 0 || k == KindPrompt) && behindAgent(name) {
		k = KindAgent // what an agent says, not a model's answer
	}
	guards := k == KindGuardrail && strings.Contains(strings.ToLower(name), "guardrail") // a guard may be that of a route
	if e&showsAI == 0 && !guards && (k != KindTool || !r.slots[r.t.unnamed[namesTool].slot].set) || (k == KindLLM || k == KindEmbedding && e&showsVectorSize == 0) && callFacts(e) == 0 {
		return KindOther, lookedInVain
	}
	if k == KindChain && l == lookedAmbiguous {
		return k, l // a task, step or function may be anything's: what the span says of a model or an agent counts first
	}
	return k, lookedKind
}

// searchNames are what is done to find what a model is given.
var searchNames = keywords.Set("retrieve retrieval search query")

// namesAgent reports whether the span says that an agent of this name is at work.
func (r *reading) namesAgent(name string) bool {
	agent, _ := r.Attr("agent.name").Str()
	return agent != "" && agent == name
}

// behindAgent reports whether the last segment of a name stands behind the word, as what an agent does.
func behindAgent(name string) bool {
	return strings.HasPrefix(name, "agent.") || strings.HasPrefix(name, "agent:") || strings.Contains(name, ".agent.")
}

// behindTool reports whether the last segment of a name stands behind the word, as that of a tool.
func behindTool(name string) bool {
	i := strings.LastIndexAny(name, ".:")
	if i <= 0 || i == len(name)-1 {
		return false
	}
	before := name[:i]
	return strings.ToLower(before[strings.LastIndexAny(before, ".:")+1:]) == "tool"
}

// searchesVectors reports whether a name has vector_search in it, in whatever spelling.
func searchesVectors(name string) bool {
	words := keywords.Of(name)
	i := slices.Index(words, "vector")
	return i >= 0 && i+1 < len(words) && words[i+1] == "search"
}

// endsInRAG reports whether a name ends in that of retrieval-augmented generation.
func endsInRAG(name string) bool {
	words := keywords.Of(name)
	return len(words) > 0 && words[len(words)-1] == "rag"
}

// doneWords end the names of spans that say what was made.
var doneWords = keywords.Set("created updated deleted added registered")

func kindOfName(name string) kindFound {
	full, plain, media := name, true, false
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		last := name[i+1:]
		if searchNames[last] && endsInRAG(name[:i]) {
			return kindFound{KindRetriever, lookedKind}
		}
		if neverNames[last] {
			return kindFound{KindOther, lookedNever}
		}
		media = keywords.Any(keywords.Of(name[:i]), mediaWords)
		for i >= 0 && fillerWords[strings.ToLower(last)] { // what is run stands before
			name = name[:i]
			i = strings.LastIndexByte(name, '.')
			last = name[i+1:]
		}
		name, plain = last, false
	}
	words := keywords.Of(name)
	k, l := look(words)
	if l == lookedKind && len(words) == 1 && words[0] == "plan" && saysLLM(full) {
		return kindFound{KindLLM, lookedKind} // llm.plan, which an LLM makes
	}
	if k == KindLLM && media { // images.generate
		return kindFound{KindOther, lookedNever}
	}
	if l == lookedInVain && len(words) > 1 { // embed_documents
		if first, found := look(words[:1]); found == lookedKind && (first == KindEmbedding || first == KindReranker || first == KindEvaluator) {
			return kindFound{first, found}
		}
	}
	for i := 1; i < len(words) && l == lookedInVain && (!plain || isOneWord(name)); i++ {
		if k, l = look(words[i:]); l == lookedAmbiguous && words[i] == "model" && keywords.Any(words[:i], modelChores) {
			return kindFound{KindOther, lookedNever}
		}
	}
	if l == lookedInVain {
		if k, is := kindOfHead(full); is {
			return kindFound{k, lookedKind}
		}
	}
	if l == lookedInVain && len(words) > 0 && modelWords[words[len(words)-1]] { // genai.request
		return kindFound{KindLLM, lookedKind}
	}
	switch {
	case l == lookedInVain && (saysLLM(full) || asksProvider(full)):
		return kindFound{KindLLM, lookedKind}
	case l == lookedInVain && searchesVectors(full):
		return kindFound{KindRetriever, lookedKind}
	case k == KindLLM && keywords.Any(words, otherModels): // onnx_inference
		return kindFound{KindOther, lookedNever}
	}
	return kindFound{k, l}
}

// kindOfHead reads the first segment of a dotted name that says more than that a model is at work:
// guardrails.rail, retrieval.support-kb, gen_ai.evaluation.relevance.
func kindOfHead(name string) (Kind, bool) {
	for {
		head, rest, dotted := strings.Cut(name, ".")
		if !dotted {
			return KindOther, false
		}
		if noun := strings.TrimSuffix(strings.ToLower(head), "s"); noun == "evaluation" {
			return KindEvaluator, true
		} else if k, is := clearNouns[noun]; is {
			return k, true
		}
		if strings.ToLower(head) != "gen_ai" && strings.ToLower(head) != "genai" {
			return KindOther, false
		}
		name = rest
	}
}

// modelChores are done to a model before it is called: load_model.
var modelChores = keywords.Set("load loading unload warmup init initialize select register validate download compile")

// saysLLM reports whether a name says that an LLM is at work, and no word what else is done with it:
// llm.summarize, nova.llm.complete, but not llm.cache_lookup.
func saysLLM(name string) bool {
	words := keywords.Of(name)
	i := slices.Index(words, "llm")
	return i >= 0 && i < len(words)-1 && !keywords.Any(words, besidesLLM)
}

// asksProvider reports whether a name says no more than that a provider is called: openai.call.
func asksProvider(name string) bool {
	words := keywords.Of(name)
	return len(words) > 1 && knownProviders[canonicalProvider(words[0])] && !slices.ContainsFunc(words[1:], func(w string) bool { return !fillerWords[w] })
}

// besidesLLM are words of what programs do about a model, which is no call of it.
var besidesLLM = keywords.Set(`cache cached router route routing select selected selection selector switch config configure configuration init
	initialize load loader loading warmup startup setup health check validate validation validator parse parsing postprocess preprocess
	format budget quota cost costs price pricing metrics usage log logging queue wait pool register registry rate limit limiter limits
	retry fallback policy settings context memory session sessions turn step stream_start prepare build render record track`)

// otherModels are words of programs whose models speak no language.
var otherModels = keywords.Set("onnx sklearn xgboost lightgbm yolo")

// isOneWord reports whether a name without dots joins words: run_agent, RunAgent.
func isOneWord(name string) bool {
	return strings.Contains(name, "_") || strings.IndexFunc(name, unicode.IsLower) >= 0 && strings.LastIndexFunc(name, unicode.IsUpper) > 0
}

// modelWords are names of spans around a model's work that say no more than that.
var modelWords = keywords.Set("genai ai")

// kindOfOperationID reads ai.X, which may be followed by the function's id: that of an SDK, or a
// program's own.
func kindOfOperationID(id string) (Kind, looked) {
	if k, known := dialect.SDKOperation(id); known {
		return k, lookedKind
	}
	if own := dialect.OwnOperation(id); own != "" {
		return look(keywords.Of(own))
	}
	return KindOther, lookedInVain
}

// enumValue cuts what languages print around the value of an enum: Kinds.TOOL,
// <Kinds.TOOL: 'tool'>, <class 'a.b.C'>.
func enumValue(s string) string {
	if strings.HasPrefix(s, "<") && strings.HasSuffix(s, ">") {
		if _, quoted, ok := strings.Cut(s, "'"); ok {
			s, _, _ = strings.Cut(quoted, "'")
			return s
		}
		s = strings.Trim(s, "<>")
		s, _, _ = strings.Cut(s, ":")
	}
	head, last, ok := strings.Cut(s, ".")
	if ok && !strings.ContainsAny(s, " /") && head != "" && head[0] >= 'A' && head[0] <= 'Z' && last != "" && strings.ToUpper(last) == last {
		return last
	}
	return s
}
