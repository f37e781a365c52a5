package mapping

import (
	"math"
	"strings"
	"time"
)

// unknownFeeds are the fields that are fed, and the kinds of spans that they are fed on.
var unknownFeeds = [numUnnamed][]struct {
	field field
	kinds kindSet
}{
	namesUser:             {{fUserID, anyKind}},
	namesSession:          {{fSessionID, anyKind}},
	namesThread:           {{fSessionID, knownKinds}},
	namesInput:            {{fInputMessages, talks}, {fToolArguments, onlyTool}, {fRetrievalQuery, searchKinds}},
	namesOutput:           {{fOutputMessages, talks}, {fToolResult, onlyTool}, {fDocuments, searchKinds}},
	namesArguments:        {{fToolArguments, onlyTool}},
	namesResult:           {{fToolResult, onlyTool}},
	namesModel:            {{fRequestModel, modelKinds | kindsOf(KindAgent)}},
	namesEmbeddingModel:   {{fRequestModel, kindsOf(KindEmbedding)}},
	namesResponseModel:    {{fResponseModel, modelKinds}},
	namesKnownProvider:    {{fProvider, modelKinds}},
	namesProvider:         {{fProvider, modelKinds}},
	namesFinish:           {{fFinishReasons, onlyLLM}},
	namesTool:             {{fToolName, onlyTool}},
	namesEntity:           {{fAgentName, knownKinds}},
	namesAgent:            {{fAgentName, knownKinds}},
	namesEstimate:         {{fTotalCost, spends}},
	namesCost:             {{fTotalCost, spends}},
	namesRequest:          {{fInputMessages, onlyLLM}, {fToolArguments, onlyTool}},
	namesEvents:           {{fInputMessages, talks}, {fOutputMessages, talks}},
	namesQuestion:         {{fInputMessages, onlyLLM}, {fRetrievalQuery, searchKinds}},
	namesMessages:         {{fInputMessages, talks}},
	namesAnswer:           {{fOutputMessages, onlyLLM}, {fToolResult, onlyTool}, {fDocuments, searchKinds}},
	namesOutputMessages:   {{fOutputMessages, talks}},
	namesSystem:           {{fSystemInstructions, talks}},
	namesSystemText:       {{fSystemInstructions, talks}, {fProvider, modelKinds}},
	namesTools:            {{fToolDefinitions, talks}},
	namesToolCalls:        {{fOutputMessages, onlyLLM}},
	namesThinking:         {{fOutputMessages, onlyLLM}},
	namesQuery:            {{fRetrievalQuery, searchKinds}},
	namesDocuments:        {{fDocuments, searchKinds}},
	namesHits:             {{fDocuments, searchKinds}, {fToolResult, onlyTool}},
	namesCallArguments:    {{fToolArguments, onlyTool}},
	namesCallResult:       {{fToolResult, onlyTool}, {fDocuments, searchKinds}, {fOutputMessages, onlyLLM}},
	namesCallID:           {{fToolCallID, onlyTool}},
	namesAgentID:          {{fAgentID, knownKinds}},
	namesResponseID:       {{fResponseID, modelKinds}},
	namesCents:            {{fTotalCost, spends}},
	namesInputCost:        {{fInputCost, modelKinds}},
	namesOutputCost:       {{fOutputCost, modelKinds}},
	namesStream:           {{fStreaming, onlyLLM}},
	namesTTFT:             {{fTTFT, onlyLLM}},
	namesTTFTSeconds:      {{fTTFT, onlyLLM}},
	namesTTFTMillis:       {{fTTFT, onlyLLM}},
	namesDimensions:       {{fEmbeddingDimensions, kindsOf(KindEmbedding)}},
	namesTags:             {{fTags, knownKinds}},
	namesPromptName:       {{fPromptName, knownKinds}},
	namesPromptVersion:    {{fPromptVersion, knownKinds}},
	namesServiceTier:      {{fServiceTier, modelKinds}},
	namesErrorType:        {{fErrorType, knownKinds}},
	namesErrorMessage:     {{fErrorMessage, knownKinds}},
	namesTemperature:      {{fRequestParameters, modelKinds}},
	namesTopP:             {{fRequestParameters, modelKinds}},
	namesTopK:             {{fRequestParameters, modelKinds}},
	namesMaxTokens:        {{fRequestParameters, modelKinds}},
	namesFrequencyPenalty: {{fRequestParameters, modelKinds}},
	namesPresencePenalty:  {{fRequestParameters, modelKinds}},
	namesSeed:             {{fRequestParameters, modelKinds}},
	namesStopSequences:    {{fRequestParameters, modelKinds}},
	namesReasoningEffort:  {{fRequestParameters, modelKinds}},
}

var (
	knownKinds = anyKind &^ kindsOf(KindOther)
	talks      = kindsOf(KindLLM, KindAgent)
	spends     = modelKinds | kindsOf(KindAgent, KindChain)
)

// addUnnamed adds, as the last source of each field, what the words of a key say. All but the
// user counts only on spans that something else makes a call, a tool or an agent.
func (t *table) addUnnamed() {
	for names := namesUser; names < numUnnamed; names++ {
		t.unnamed[names] = t.newKey()
		if names == namesToolCalls || names == namesThinking {
			t.unnamed[names].fields |= 1 << fOutputMessages // parts of an answer
			continue
		}
		for _, feed := range unknownFeeds[names] {
			t.addGuessed(t.unnamed[names], names, feed.field, feed.kinds, source{attr: unnamedKeys[names]})
			if names == namesEvents {
				continue
			}
			if feed.field == fInputMessages || feed.field == fOutputMessages || feed.field == fDocuments || feed.field == fToolDefinitions {
				if t.lists[names] == nil {
					t.lists[names] = t.newKey()
				}
				t.addGuessed(t.lists[names], names, feed.field, feed.kinds, source{attr: unnamedKeys[names] + ".#", drop: unknownWraps})
			}
		}
	}
}

// addNames adds, after all that names tools and agents, the names of their spans.
func (t *table) addNames() {
	for f, kinds := range map[field]kindSet{fToolName: onlyTool, fAgentName: kindsOf(KindAgent)} {
		t.nameFeeds |= 1 << f
		t.sources[f] = append(t.sources[f], boundSource{
			source: &source{as: asName, with: calledAs, note: "unless it only says what the span is"}, rank: math.MaxInt, kinds: kinds, slot: t.name,
		})
	}
}

// calledAs takes the name of a tool or of an agent from that of its span, which decorators name so.
func calledAs(r Reading, _ value) value {
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
	name = r.bracketed(name)
	if onlySays(name, runWords) || frameworks[strings.ToLower(name)] {
		return value{}
	}
	return r.textValue(name)
}

// bracketed is the name in brackets behind words that only say what is run: agent_run [planner].
func (r *reading) bracketed(name string) string {
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
		s := source{answer: &answer{text: unnamedKeys[text], reasoning: unnamedKeys[namesThinking], toolCalls: unnamedKeys[namesToolCalls], needsText: i == 0}}
		b := boundSource{source: &s, rank: math.MaxInt - 2*int(numTokenFacts+tokenFact(numUnnamed)) + i, kinds: onlyLLM, slot: -1, guessed: true}
		b.parts = [answerParts]int16{
			answerText: t.unnamed[text].slot, answerReasoning: t.unnamed[namesThinking].slot, answerToolCalls: t.unnamed[namesToolCalls].slot, answerObject: -1,
		}
		t.sources[fOutputMessages] = append(t.sources[fOutputMessages], b)
	}
}

// addUnknownEvents adds what events of unknown emitters report.
func (t *table) addUnknownEvents() {
	t.guessedEvents[0], t.guessedEvents[1], t.firstToken = t.newSlot(), t.newSlot(), t.newSlot()
	for _, b := range [...]struct {
		field field
		kinds kindSet
		slot  int16
		from  source
	}{
		{fInputMessages, talks, t.guessedEvents[0], source{as: asMessageEvents}},
		{fOutputMessages, talks, t.guessedEvents[1], source{as: asMessageEvents}},
		{fTTFT, onlyLLM, t.firstToken, source{event: "*chunk", streams: true}},
	} {
		t.sources[b.field] = append(t.sources[b.field], boundSource{
			source: &b.from, rank: math.MaxInt, kinds: b.kinds, slot: b.slot, guessed: true,
		})
	}
}

// unknownWraps are segments of indexed keys that only wrap.
var unknownWraps = []string{"message", "message_content", "tool_call", "document", "tool", "json_schema"}

func (t *table) addGuessed(info *keyInfo, names unnamed, f field, kinds kindSet, s source) {
	switch {
	case names == namesEvents:
		s.as = asEventList
	case f == fInputMessages && names == namesMessages:
		s.as, s.with, s.note = asBody, onlyEncoded, "no plain text"
	case f == fInputMessages && names == namesInput:
		s.as, s.with, s.note = asBody, calledWith, "or the first of the `args` in it"
	case f == fOutputMessages && names == namesOutput:
		s.as, s.with, s.note = asBody, noState, "of an agent: no object"
	case f == fInputMessages || f == fOutputMessages:
		s.as = asBody
	case f == fToolArguments && names == namesCallArguments:
		s.with, s.note = noSchema, "unless it is a schema"
	case names == namesEntity:
		s.with, s.note = ofAgent, "if `entity.type` is `agent`"
	case names == namesCents:
		s.with, s.note = ofCents, "in cents"
	case names == namesTTFTMillis:
		s.as = asMillis
	case names == namesTTFTSeconds:
		s.as = asSeconds
	case names == namesTTFT:
		s.as, s.with, s.note = asSeconds, likelySeconds, "in seconds, or in milliseconds where the span is not that long"
	case names == namesKnownProvider, names == namesSystemText && f == fProvider:
		s.with, s.note = knownProvider, "that is known"
	case names == namesSystemText:
		s.with, s.note = proseOnly, "of four words or more"
	case f == fRetrievalQuery:
		s.with, s.note = queryOf, "or the query in its JSON"
	case f == fRequestParameters:
		s.param = strings.TrimPrefix(unnamedKeys[names], "*.")
	}
	rank := math.MaxInt - 2*(int(numTokenFacts)+int(names))
	if names == namesPromptVersion {
		rank = math.MaxInt - 2*(int(numTokenFacts)+int(namesPromptName)) // that of the name
	}
	info.fields |= 1 << f
	list := strings.HasSuffix(s.attr, ".#")
	if list {
		rank++
	}
	t.sources[f] = append(t.sources[f], boundSource{
		source: &s, rank: rank, kinds: kinds, slot: info.slot, guessed: true, list: list,
	})
}

// knownProvider and proseOnly tell the two things apart that a key called system may hold.
func knownProvider(_ Reading, v value) value {
	if s, _ := v.str(); knownProviders[canonicalProvider(s)] {
		return v
	}
	return value{}
}

func proseOnly(_ Reading, v value) value {
	if s, is := v.str(); is && !saysProse(s) {
		return value{}
	}
	return v
}

func onlyEncoded(_ Reading, v value) value {
	if s, is := v.str(); is && !looksEncoded(s) {
		return value{}
	}
	return v
}

// likelySeconds reads a latency that has no unit: the first token comes before the end.
func likelySeconds(r Reading, v value) value {
	f, _, ok := v.float()
	if !ok {
		return spelledSeconds(r, v)
	}
	if f > float64(r.Span().EndTimestamp()-r.Span().StartTimestamp())/1e9 {
		f /= 1e3
	}
	return value{node: r.Doc().Float(f)}
}

// spelledSeconds reads a latency as Go prints it, with its unit: 310ms, 1.2s.
func spelledSeconds(r Reading, v value) value {
	s, _ := v.str()
	d, err := time.ParseDuration(strings.TrimSpace(s))
	if err != nil {
		return value{}
	}
	return value{node: r.Doc().Float(d.Seconds())}
}

// calledWith takes the messages out of the arguments that a wrapped function was called with.
func calledWith(r Reading, v value) value {
	if !mayBeObject(v.attr) {
		return v
	}
	n := r.parseOnce(v)
	args, kwargs := n.Get("args"), n.Get("kwargs")
	if !args.Exists() || !kwargs.Exists() {
		return noState(r, v)
	}
	if given := child(kwargs, []string{"messages", "prompt", "input", "contents", "query"}); given.Exists() {
		return value{node: given}
	}
	return value{node: args.First()}
}

// noState passes over an object on the span of an agent: it may be any state, where what a model
// is given or answers is known to be a body.
func noState(r Reading, v value) value {
	if r.Kind() == KindAgent && mayBeObject(v.attr) {
		return value{}
	}
	return v
}

// ofCents reads a cost in cents.
func ofCents(r Reading, v value) value {
	f, _, ok := v.float()
	if !ok {
		return value{}
	}
	return value{node: r.Doc().Float(f / 100)}
}

// ofAgent passes on the name of an entity that is an agent.
func ofAgent(r Reading, v value) value {
	if kind, _ := r.attr("entity.type").str(); strings.ToLower(kind) == "agent" {
		return v
	}
	return value{}
}
