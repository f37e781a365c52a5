package mapping

import (
	"math"
	"strings"
	"time"
)

// unknownFeeds are the fields that are fed, and the kinds of spans that they are fed on.
var unknownFeeds = [numUnnamed][]struct {
	field Field
	kinds KindSet
}{
	namesUser:             {{UserID, AnyKind}},
	namesSession:          {{SessionID, AnyKind}},
	namesThread:           {{SessionID, knownKinds}},
	namesInput:            {{InputMessages, talks}, {ToolArguments, OnlyTool}, {RetrievalQuery, searchKinds}},
	namesOutput:           {{OutputMessages, talks}, {ToolResult, OnlyTool}, {Documents, searchKinds}},
	namesArguments:        {{ToolArguments, OnlyTool}},
	namesResult:           {{ToolResult, OnlyTool}},
	namesModel:            {{RequestModel, ModelKinds | KindsOf(KindAgent)}},
	namesEmbeddingModel:   {{RequestModel, KindsOf(KindEmbedding)}},
	namesResponseModel:    {{ResponseModel, ModelKinds}},
	namesKnownProvider:    {{Provider, ModelKinds}},
	namesProvider:         {{Provider, ModelKinds}},
	namesFinish:           {{FinishReasons, OnlyLLM}},
	namesTool:             {{ToolName, OnlyTool}},
	namesEntity:           {{AgentName, knownKinds}},
	namesAgent:            {{AgentName, knownKinds}},
	namesEstimate:         {{TotalCost, spends}},
	namesCost:             {{TotalCost, spends}},
	namesRequest:          {{InputMessages, OnlyLLM}, {ToolArguments, OnlyTool}},
	namesEvents:           {{InputMessages, talks}, {OutputMessages, talks}},
	namesQuestion:         {{InputMessages, OnlyLLM}, {RetrievalQuery, searchKinds}},
	namesMessages:         {{InputMessages, talks}},
	namesAnswer:           {{OutputMessages, OnlyLLM}, {ToolResult, OnlyTool}, {Documents, searchKinds}},
	namesOutputMessages:   {{OutputMessages, talks}},
	namesSystem:           {{SystemInstructions, talks}},
	namesSystemText:       {{SystemInstructions, talks}, {Provider, ModelKinds}},
	namesTools:            {{ToolDefinitions, talks}},
	namesToolCalls:        {{OutputMessages, OnlyLLM}},
	namesThinking:         {{OutputMessages, OnlyLLM}},
	namesQuery:            {{RetrievalQuery, searchKinds}},
	namesDocuments:        {{Documents, searchKinds}},
	namesHits:             {{Documents, searchKinds}, {ToolResult, OnlyTool}},
	namesCallArguments:    {{ToolArguments, OnlyTool}},
	namesCallResult:       {{ToolResult, OnlyTool}, {Documents, searchKinds}, {OutputMessages, OnlyLLM}},
	namesCallID:           {{ToolCallID, OnlyTool}},
	namesAgentID:          {{AgentID, knownKinds}},
	namesResponseID:       {{ResponseID, ModelKinds}},
	namesCents:            {{TotalCost, spends}},
	namesInputCost:        {{InputCost, ModelKinds}},
	namesOutputCost:       {{OutputCost, ModelKinds}},
	namesStream:           {{Streaming, OnlyLLM}},
	namesTTFT:             {{TTFT, OnlyLLM}},
	namesTTFTSeconds:      {{TTFT, OnlyLLM}},
	namesTTFTMillis:       {{TTFT, OnlyLLM}},
	namesDimensions:       {{EmbeddingDimensions, KindsOf(KindEmbedding)}},
	namesTags:             {{Tags, knownKinds}},
	namesPromptName:       {{PromptName, knownKinds}},
	namesPromptVersion:    {{PromptVersion, knownKinds}},
	namesServiceTier:      {{ServiceTier, ModelKinds}},
	namesErrorType:        {{ErrorType, knownKinds}},
	namesErrorMessage:     {{ErrorMessage, knownKinds}},
	namesTemperature:      {{RequestParameters, ModelKinds}},
	namesTopP:             {{RequestParameters, ModelKinds}},
	namesTopK:             {{RequestParameters, ModelKinds}},
	namesMaxTokens:        {{RequestParameters, ModelKinds}},
	namesFrequencyPenalty: {{RequestParameters, ModelKinds}},
	namesPresencePenalty:  {{RequestParameters, ModelKinds}},
	namesSeed:             {{RequestParameters, ModelKinds}},
	namesStopSequences:    {{RequestParameters, ModelKinds}},
	namesReasoningEffort:  {{RequestParameters, ModelKinds}},
}

var (
	knownKinds = AnyKind &^ KindsOf(KindOther)
	talks      = KindsOf(KindLLM, KindAgent)
	spends     = ModelKinds | KindsOf(KindAgent, KindChain)
)

// addUnnamed adds, as the last source of each field, what the words of a key say. All but the
// user counts only on spans that something else makes a call, a tool or an agent.
func (t *table) addUnnamed() {
	for names := namesUser; names < numUnnamed; names++ {
		t.unnamed[names] = t.newKey()
		if names == namesToolCalls || names == namesThinking {
			t.unnamed[names].fields |= 1 << OutputMessages // parts of an answer
			continue
		}
		for _, feed := range unknownFeeds[names] {
			t.addGuessed(t.unnamed[names], names, feed.field, feed.kinds, Source{Attr: unnamedKeys[names]})
			if names == namesEvents {
				continue
			}
			if feed.field == InputMessages || feed.field == OutputMessages || feed.field == Documents || feed.field == ToolDefinitions {
				if t.lists[names] == nil {
					t.lists[names] = t.newKey()
				}
				t.addGuessed(t.lists[names], names, feed.field, feed.kinds, Source{Attr: unnamedKeys[names] + ".#", Drop: unknownWraps})
			}
		}
	}
}

// addNames adds, after all that names tools and agents, the names of their spans.
func (t *table) addNames() {
	for f, kinds := range map[Field]KindSet{ToolName: OnlyTool, AgentName: KindsOf(KindAgent)} {
		t.nameFeeds |= 1 << f
		t.sources[f] = append(t.sources[f], boundSource{
			Source: &Source{As: AsName, With: calledAs, Note: "unless it only says what the span is"}, rank: math.MaxInt, kinds: kinds, slot: t.name,
		})
	}
}

// calledAs takes the name of a tool or of an agent from that of its span, which decorators name so.
func calledAs(r Reading, _ Value) Value {
	name := strings.TrimSpace(r.Span().Name())
	for _, verb := range [...]string{"execute_tool ", "invoke_agent "} {
		name = strings.TrimPrefix(name, verb)
	}
	if r.Kind() == KindTool && behindTool(name) {
		name = name[strings.LastIndexAny(name, ".:")+1:]
	}
	if owner, _, is := strings.Cut(name, "."); is && r.Kind() == KindAgent && !strings.Contains(name, " ") {
		name = owner // of the method that runs the agent
	}
	name = r.Bracketed(name)
	if onlySays(name, runWords) || frameworks[strings.ToLower(name)] {
		return Value{}
	}
	return r.TextValue(name)
}

// Bracketed is the name in brackets behind words that only say what is run: agent_run [planner].
func (r *reading) Bracketed(name string) string {
	before, after, is := strings.Cut(name, "[")
	if inner, whole := strings.CutSuffix(after, "]"); is && whole && inner != "" && onlySays(before, runWords) {
		return inner
	}
	return name
}

// onlySays reports whether all words of a name are such words.
func onlySays(name string, words map[string]bool) bool {
	var buf [24]byte
	word := buf[:0]
	for i := 0; i <= len(name); i++ {
		var c byte
		if i < len(name) {
			c = name[i]
		}
		upper := 'A' <= c && c <= 'Z'
		letter := upper || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c >= 0x80
		if (!letter || upper && 'a' <= name[i-min(i, 1)] && name[i-min(i, 1)] <= 'z') && len(word) > 0 {
			if !words[string(word)] {
				return false
			}
			word = buf[:0]
		}
		if upper {
			c |= 0x20
		}
		if letter {
			if len(word) == len(buf) {
				return false // no word of the list is that long
			}
			word = append(word, c)
		}
	}
	return true
}

// runWords are words of names that say what a span is, and not whose.
var runWords = wordSet(`a an the my this tool tools agent agents assistant bot call calls execute executes execution executor run runs running runner invoke invocation
	invoker task tasks step steps turn workflow chain graph function functions session conversation chat handle handler process request response
	stream async arun ainvoke mcp client server method operation trace span root main app node llm model start loop iteration`)

// addAnswers adds answers whose tool calls or thoughts stand beside the text.
func (t *table) addAnswers() {
	for i, text := range [...]unnamed{namesAnswer, namesOutput} {
		s := Source{Answer: &Answer{Text: unnamedKeys[text], Reasoning: unnamedKeys[namesThinking], ToolCalls: unnamedKeys[namesToolCalls], NeedsText: i == 0}}
		b := boundSource{Source: &s, rank: math.MaxInt - 2*int(numTokenFacts+tokenFact(numUnnamed)) + i, kinds: OnlyLLM, slot: -1, guessed: true}
		b.parts = [answerParts]int16{
			answerText: t.unnamed[text].slot, answerReasoning: t.unnamed[namesThinking].slot, answerToolCalls: t.unnamed[namesToolCalls].slot, answerObject: -1,
		}
		t.sources[OutputMessages] = append(t.sources[OutputMessages], b)
	}
}

// addUnknownEvents adds what events of unknown emitters report.
func (t *table) addUnknownEvents() {
	t.guessedEvents[0], t.guessedEvents[1], t.firstToken = t.newSlot(), t.newSlot(), t.newSlot()
	for _, b := range [...]struct {
		field Field
		kinds KindSet
		slot  int16
		from  Source
	}{
		{InputMessages, talks, t.guessedEvents[0], Source{As: AsMessageEvents}},
		{OutputMessages, talks, t.guessedEvents[1], Source{As: AsMessageEvents}},
		{TTFT, OnlyLLM, t.firstToken, Source{Event: "*chunk", Streams: true}},
	} {
		t.sources[b.field] = append(t.sources[b.field], boundSource{
			Source: &b.from, rank: math.MaxInt, kinds: b.kinds, slot: b.slot, guessed: true,
		})
	}
}

// unknownWraps are segments of indexed keys that only wrap.
var unknownWraps = []string{"message", "message_content", "tool_call", "document", "tool", "json_schema"}

func (t *table) addGuessed(info *keyInfo, names unnamed, f Field, kinds KindSet, s Source) {
	switch {
	case names == namesEvents:
		s.As = AsEventList
	case f == InputMessages && names == namesMessages:
		s.As, s.With, s.Note = AsBody, onlyEncoded, "no plain text"
	case f == InputMessages && names == namesInput:
		s.As, s.With, s.Note = AsBody, calledWith, "or the first of the `args` in it"
	case f == OutputMessages && names == namesOutput:
		s.As, s.With, s.Note = AsBody, noState, "of an agent: no object"
	case f == InputMessages || f == OutputMessages:
		s.As = AsBody
	case f == ToolArguments && names == namesCallArguments:
		s.With, s.Note = NoSchema, "unless it is a schema"
	case names == namesEntity:
		s.With, s.Note = ofAgent, "if `entity.type` is `agent`"
	case names == namesCents:
		s.With, s.Note = ofCents, "in cents"
	case names == namesTTFTMillis:
		s.As = AsMillis
	case names == namesTTFTSeconds:
		s.As = AsSeconds
	case names == namesTTFT:
		s.As, s.With, s.Note = AsSeconds, likelySeconds, "in seconds, or in milliseconds where the span is not that long"
	case names == namesKnownProvider, names == namesSystemText && f == Provider:
		s.With, s.Note = knownProvider, "that is known"
	case names == namesSystemText:
		s.With, s.Note = proseOnly, "of four words or more"
	case f == RetrievalQuery:
		s.With, s.Note = QueryOf, "or the query in its JSON"
	case f == RequestParameters:
		s.Param = strings.TrimPrefix(unnamedKeys[names], "*.")
	}
	rank := math.MaxInt - 2*(int(numTokenFacts)+int(names))
	if names == namesPromptVersion {
		rank = math.MaxInt - 2*(int(numTokenFacts)+int(namesPromptName)) // that of the name
	}
	info.fields |= 1 << f
	list := strings.HasSuffix(s.Attr, ".#")
	if list {
		rank++
	}
	t.sources[f] = append(t.sources[f], boundSource{
		Source: &s, rank: rank, kinds: kinds, slot: info.slot, guessed: true, list: list,
	})
}

// knownProvider and proseOnly tell the two things apart that a key called system may hold.
func knownProvider(_ Reading, v Value) Value {
	if s, _ := v.Str(); knownProviders[canonicalProvider(s)] {
		return v
	}
	return Value{}
}

func proseOnly(_ Reading, v Value) Value {
	if s, is := v.Str(); is && !saysProse(s) {
		return Value{}
	}
	return v
}

func onlyEncoded(_ Reading, v Value) Value {
	if s, is := v.Str(); is && !LooksEncoded(s) {
		return Value{}
	}
	return v
}

// likelySeconds reads a latency that has no unit: the first token comes before the end.
func likelySeconds(r Reading, v Value) Value {
	f, _, ok := v.Float()
	if !ok {
		return spelledSeconds(r, v)
	}
	if f > float64(r.Span().EndTimestamp()-r.Span().StartTimestamp())/1e9 {
		f /= 1e3
	}
	return Value{Node: r.Doc().Float(f)}
}

// spelledSeconds reads a latency as Go prints it, with its unit: 310ms, 1.2s.
func spelledSeconds(r Reading, v Value) Value {
	s, _ := v.Str()
	d, err := time.ParseDuration(strings.TrimSpace(s))
	if err != nil {
		return Value{}
	}
	return Value{Node: r.Doc().Float(d.Seconds())}
}

// calledWith takes the messages out of the arguments that a wrapped function was called with.
func calledWith(r Reading, v Value) Value {
	if !MayBeObject(v.Attr) {
		return v
	}
	n := r.ParseOnce(v)
	args, kwargs := n.Get("args"), n.Get("kwargs")
	if !args.Exists() || !kwargs.Exists() {
		return noState(r, v)
	}
	if given := Child(kwargs, []string{"messages", "prompt", "input", "contents", "query"}); given.Exists() {
		return Value{Node: given}
	}
	return Value{Node: args.First()}
}

// noState passes over an object on the span of an agent: it may be any state, where what a model
// is given or answers is known to be a body.
func noState(r Reading, v Value) Value {
	if r.Kind() == KindAgent && MayBeObject(v.Attr) {
		return Value{}
	}
	return v
}

// ofCents reads a cost in cents.
func ofCents(r Reading, v Value) Value {
	f, _, ok := v.Float()
	if !ok {
		return Value{}
	}
	return Value{Node: r.Doc().Float(f / 100)}
}

// ofAgent passes on the name of an entity that is an agent.
func ofAgent(r Reading, v Value) Value {
	if kind, _ := r.Attr("entity.type").Str(); strings.ToLower(kind) == "agent" {
		return v
	}
	return Value{}
}
