package mapping

import (
	"slices"
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/keywords"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// tokenFact is what a reported number counts.
type tokenFact uint8

// The facts.
const (
	noTokens       tokenFact = iota
	tokensResponse           // output, or a total beside it: after all others
	tokensUncached           // input without the cache: after the whole
	tokensInput
	tokensOutput
	tokensTotal
	tokensRead
	tokensWrite
	tokensWrite5m
	tokensWrite1h
	tokensReasoning
	tokensCandidates // Gemini's output, with or without thoughts
	tokensInputAudio
	tokensOutputAudio
	tokensInputImage
	tokensOutputImage
	webSearches
	numTokenFacts
)

// tokenFields are the fields that the facts feed, if no dialect says so.
var tokenFields = [numTokenFacts]dialect.Field{
	tokensResponse: dialect.OutputTokens, tokensUncached: dialect.InputTokens, tokensInput: dialect.InputTokens, tokensOutput: dialect.OutputTokens, tokensTotal: dialect.TotalTokens, tokensRead: dialect.CacheRead,
	tokensWrite: dialect.CacheCreation, tokensWrite5m: dialect.CacheWrite5m, tokensWrite1h: dialect.CacheWrite1h, tokensReasoning: dialect.Reasoning, tokensCandidates: dialect.OutputTokens,
	tokensInputAudio: dialect.InputAudio, tokensOutputAudio: dialect.OutputAudio, tokensInputImage: dialect.InputImage, tokensOutputImage: dialect.OutputImage,
	webSearches: dialect.WebSearches,
}

// tokenFactNames name the facts as the documentation does.
var tokenFactNames = [numTokenFacts]string{
	tokensResponse: "*.response_tokens", tokensUncached: "*.uncached_input_tokens", tokensInput: "*.input_tokens", tokensOutput: "*.output_tokens", tokensTotal: "*.total_tokens", tokensRead: "*.cache_read_tokens",
	tokensWrite: "*.cache_write_tokens", tokensWrite5m: "*.ephemeral_5m_tokens", tokensWrite1h: "*.ephemeral_1h_tokens",
	tokensReasoning: "*.reasoning_tokens", tokensCandidates: "*.candidates_tokens", tokensInputAudio: "*.input_audio_tokens",
	tokensOutputAudio: "*.output_audio_tokens", tokensInputImage: "*.input_image_tokens", tokensOutputImage: "*.output_image_tokens",
	webSearches: "*.web_search_requests",
}

// tokenWords are the words that the name of a count is made of.
var tokenWords = keywords.Set(`usage token tokens count counts input prompt prefill output completion completions candidates total cache cached read reads hit
	write writes written creation reasoning thoughts thought thinking details detail no non uncached content ephemeral 5m 1h audio image web
	search requests server tool use used in out generated`)

// noTokenWords are words of counts that are none of the facts: limits, rates, sums over
// calls, parts that are not told apart.
var noTokenWords = keywords.Set(`max maximum min budget limit limits remaining ratelimit quota prediction accepted rejected cost costs price text
	video document aggregated aggregate per rate ratio time duration latency threshold compaction estimated estimate size context
	window available percentage percent est`)

// tokenFactOf reads the words of a key: of an attribute, or of a member of a usage
// object with the keys around it before.
func tokenFactOf(words []string) tokenFact {
	from := len(words)
	for from > 0 && tokenWords[words[from-1]] {
		from--
	}
	for _, w := range words {
		if noTokenWords[w] {
			return noTokens
		}
	}
	name := words[from:]
	if n := len(name); n > 2 && strings.HasPrefix(name[n-3], "completion") && ofCompletions[name[n-2]] && name[n-1] == "tokens" {
		name = name[n-2:] // completion.prompt_tokens
	}
	if at := slices.Index(name, "usage"); at > 0 && at < len(name)-1 {
		name = name[at:] // of the input or output is the usage, not the count
	}
	if n := len(words); n > 1 && words[n-2] == "eval" && words[n-1] == "count" { // Ollama
		if n > 2 && words[n-3] == "prompt" {
			return tokensInput
		}
		return tokensOutput
	}
	has := func(any ...string) bool {
		return slices.ContainsFunc(name, func(w string) bool { return slices.Contains(any, w) })
	}
	input, output := has("input", "prompt", "prefill", "in"), has("output", "completion", "completions", "out", "generated")
	before := ""
	if from > 0 {
		before = words[from-1]
	}
	switch {
	case has("web") && has("search") && has("requests"):
		return webSearches
	case before == "response" && len(name) == 1 && name[0] == "tokens":
		return tokensResponse
	case tokenOwners[before] && len(name) == 2 && name[0] == "cache": // ai.cache.read, beside ai.tokens.input
		return map[string]tokenFact{"read": tokensRead, "write": tokensWrite, "creation": tokensWrite}[name[1]]
	case len(words) == 2 && words[0] == "cache": // cacheReads and cacheWrites, beside tokensIn
		if fact := map[string]tokenFact{"reads": tokensRead, "writes": tokensWrite}[words[1]]; fact != noTokens {
			return fact
		}
	}
	switch {
	case !has("token", "tokens", "usage"), has("tool", "search", "requests"):
		return noTokens
	case has("ephemeral") && has("1h"):
		return tokensWrite1h
	case has("ephemeral") && has("5m"):
		return tokensWrite5m
	case has("audio"):
		return partFact(has("cache", "cached"), input, output, tokensInputAudio, tokensOutputAudio)
	case has("image"):
		return partFact(has("cache", "cached"), input, output, tokensInputImage, tokensOutputImage)
	case has("reasoning", "thoughts", "thought", "thinking"):
		return tokensReasoning
	case has("uncached"), has("no", "non") && has("cache", "cached"):
		return tokensUncached
	case has("cache", "cached") && has("write", "writes", "written", "creation"):
		return tokensWrite
	case has("cache", "cached"):
		return tokensRead
	case has("candidates"):
		return tokensCandidates
	case input != output && has("details", "detail"):
		return noTokens
	case input && !output:
		return tokensInput
	case output && !input:
		return tokensOutput
	case has("total"), countsAll(words[:from], name):
		return tokensTotal
	}
	return noTokens
}

// ofCompletions are the words of what counts in the name space of a completion.
var ofCompletions = keywords.Set("prompt input completion output total")

// countsAll reports whether a count is of all tokens because its name does not say of which, as in
// ai.tokens, llm.token_usage and tokens_used.
func countsAll(before, name []string) bool {
	switch strings.Join(name, " ") {
	case "tokens used":
		return true
	case "tokens", "token usage", "token count", "tokens count":
		return len(before) == 0 || tokenOwners[before[len(before)-1]]
	}
	return false
}

// tokenOwners are words before such a count that say whose tokens are counted.
var tokenOwners = keywords.Set("ai llm genai embedding embeddings openai anthropic gemini mistral cohere bedrock vertex ollama groq")

func partFact(cached, input, output bool, ofInput, ofOutput tokenFact) tokenFact {
	switch {
	case cached || input == output:
		return noTokens
	case input:
		return ofInput
	}
	return ofOutput
}

// statement is what one place of a span says of the usage: an attribute says one
// number, a usage object in JSON several.
type statement struct {
	facts  [numTokenFacts]Int
	object bool
	// separate says that the object has the members of Anthropic's API, whose input lacks
	// the cached part.
	separate bool
}

// maxStatements bounds the statements that are compared.
const maxStatements = 64

// gather lists all that the span says of its usage.
func (r *reading) gather() {
	r.statements = r.statements[:0]
	i := -1
	for _, v := range r.span.Attributes().All() {
		i++
		t := r.read[i].traits
		switch v.Type() {
		case pcommon.ValueTypeStr:
			if s := v.Str(); s != "" && (s[0] == '{' || s[0] == '[') {
				r.gatherText(t, s)
				continue
			}
		case pcommon.ValueTypeMap:
			r.gatherText(t, r.JSONText(value.Value{Attr: v}))
			continue
		}
		if t.count == noTokens {
			continue
		}
		if n, _, ok := (value.Value{Attr: v}).Integer(); ok {
			if s := r.say(); s != nil {
				s.facts[t.count] = Int{n, true}
			}
		}
	}
}

// say returns the next statement, empty; nil beyond the bound.
func (r *reading) say() *statement {
	if len(r.statements) >= maxStatements {
		return nil
	}
	r.statements = append(r.statements, statement{})
	return &r.statements[len(r.statements)-1]
}

// gatherText reads the usage objects in JSON text, without parsing what is around them. What a
// model or tool was given does not count its own tokens.
func (r *reading) gatherText(t *traits, text string) {
	switch {
	case t.usage:
		r.gatherObject(text)
		return
	case t.given:
		return
	}
	for rest := text; ; {
		i := jsonval.Index(rest, "sage")
		if i < 0 {
			return
		}
		rest = rest[i+len("sage"):]
		end := strings.IndexByte(rest[:min(len(rest), len(`_metadata"`))], '"')
		if end < 0 || strings.ContainsAny(rest[:end], " {}[],:") {
			continue
		}
		object := strings.TrimLeft(rest[end+1:], " :\n\t\r")
		if strings.HasPrefix(object, "{") {
			if n := jsonval.End(object[:min(len(object), maxUsageObject)], 0); n > 0 {
				r.gatherObject(object[:n])
			}
		}
	}
}

// maxUsageObject bounds the text of a usage object.
const maxUsageObject = 4096

func (r *reading) gatherObject(text string) {
	if len(text) > maxUsageObject {
		return
	}
	var ignored jsonval.Repairs
	n, ok := r.doc.Parse(text, &ignored)
	if !ok {
		return
	}
	s := r.say()
	if s == nil {
		return
	}
	s.object = true
	r.readUsage(s, n, "", 0)
	s.separate = n.Get("input_tokens").Exists() && !s.facts[tokensTotal].OK &&
		(n.Get("cache_read_input_tokens").Exists() || n.Get("cache_creation_input_tokens").Exists())
}

// fileUsage files what a usage object of an emitter that nobody described counts: emitters of
// known scopes have other objects of usage, for what lies below a span. The attribute stays,
// since each number that is filed is a part of its value.
func (r *reading) fileUsage(v pcommon.Value, attr, event int32) {
	if v.Type() == pcommon.ValueTypeBytes || v.Type() == pcommon.ValueTypeStr && len(v.Str()) > maxUsageObject {
		return
	}
	n := r.ParseOnce(value.Value{Attr: v})
	if !value.IsObject(n) {
		return
	}
	var s statement
	r.readUsage(&s, n, "", 0)
	for fact, figure := range s.facts {
		if info := r.t.counts[fact]; figure.OK && info != nil {
			r.file(info, pcommon.NewValueDouble(float64(figure.V)), attr, event)
		}
	}
}

// readUsage takes the facts of a usage object, details in objects included.
func (r *reading) readUsage(s *statement, n jsonval.Node, parent string, depth int) {
	known := r.membersOf(parent)
	for c := n.First(); value.IsObject(n) && c.Exists() && depth < 4; c = c.Next() {
		if value.IsObject(c) {
			r.readUsage(s, c, c.Key(), depth+1)
			continue
		}
		fact := memberFact(known, parent, c.Key())
		if fact == noTokens || s.facts[fact].OK {
			continue
		}
		if i, _, ok := (value.Value{Node: c}).Integer(); ok {
			s.facts[fact] = Int{i, true}
		}
	}
}

// membersOf are what members of usage objects count, by their keys, under the key of the object
// around them: of those seen before.
func (r *reading) membersOf(parent string) map[string]tokenFact {
	facts := r.memberFacts[parent]
	if facts == nil || len(facts) >= maxMembers {
		facts = map[string]tokenFact{}
		if len(r.memberFacts) >= maxParents {
			clear(r.memberFacts)
		}
		if len(parent) <= maxKeyLength {
			r.memberFacts[strings.Clone(parent)] = facts
		}
	}
	return facts
}

// The bounds of what is remembered of members of usage objects.
const (
	maxParents = 64
	maxMembers = 128
)

// memberFact is what a member of a usage object counts, by its key and that of the object
// around it; known are those of that object.
func memberFact(known map[string]tokenFact, parent, key string) tokenFact {
	fact, ok := known[key]
	if !ok {
		fact = tokenFactOf(append(append([]string{"usage"}, keywords.Of(parent)...), keywords.Of(key)...))
		if len(key) <= maxKeyLength {
			known[strings.Clone(key)] = fact
		}
	}
	return fact
}

// CountsTokens reports whether a number is a count of a call's tokens by the words of its key.
func CountsTokens(words []string) bool {
	if len(words) == 0 || keywords.Any(words, countedElsewhere) {
		return false
	}
	fact := tokenFactOf(words)
	return fact != noTokens && fact != webSearches
}

// CountsSide reports whether a number is a count of the input's or of the output's tokens by the words of its key.
func CountsSide(words []string) bool {
	fact := tokenFactOf(words)
	field := tokenFields[fact]
	return fact != noTokens && (field == dialect.InputTokens || field == dialect.OutputTokens)
}
