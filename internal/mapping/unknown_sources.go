package mapping

import (
	"math"
	"strings"
	"time"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/keywords"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// unknownFeeds are the fields that are fed, and the kinds of spans that they are fed on.
var unknownFeeds = [numUnnamed][]struct {
	field dialect.Field
	kinds dialect.KindSet
}{
	namesUser:             {{dialect.UserID, dialect.AnyKind}},
	namesSession:          {{dialect.SessionID, dialect.AnyKind}},
	namesThread:           {{dialect.SessionID, knownKinds}},
	namesInput:            {{dialect.InputMessages, talks}, {dialect.ToolArguments, dialect.OnlyTool}, {dialect.RetrievalQuery, searchKinds}},
	namesOutput:           {{dialect.OutputMessages, talks}, {dialect.ToolResult, dialect.OnlyTool}, {dialect.Documents, searchKinds}},
	namesArguments:        {{dialect.ToolArguments, dialect.OnlyTool}},
	namesResult:           {{dialect.ToolResult, dialect.OnlyTool}},
	namesModel:            {{dialect.RequestModel, dialect.ModelKinds | dialect.KindsOf(KindAgent)}},
	namesEmbeddingModel:   {{dialect.RequestModel, dialect.KindsOf(KindEmbedding)}},
	namesResponseModel:    {{dialect.ResponseModel, dialect.ModelKinds}},
	namesKnownProvider:    {{dialect.Provider, dialect.ModelKinds}},
	namesProvider:         {{dialect.Provider, dialect.ModelKinds}},
	namesFinish:           {{dialect.FinishReasons, dialect.OnlyLLM}},
	namesTool:             {{dialect.ToolName, dialect.OnlyTool}},
	namesEntity:           {{dialect.AgentName, knownKinds}},
	namesAgent:            {{dialect.AgentName, knownKinds}},
	namesEstimate:         {{dialect.TotalCost, spends}},
	namesCost:             {{dialect.TotalCost, spends}},
	namesRequest:          {{dialect.InputMessages, dialect.OnlyLLM}, {dialect.ToolArguments, dialect.OnlyTool}},
	namesEvents:           {{dialect.InputMessages, talks}, {dialect.OutputMessages, talks}},
	namesQuestion:         {{dialect.InputMessages, dialect.OnlyLLM}, {dialect.RetrievalQuery, searchKinds}},
	namesMessages:         {{dialect.InputMessages, talks}},
	namesAnswer:           {{dialect.OutputMessages, dialect.OnlyLLM}, {dialect.ToolResult, dialect.OnlyTool}, {dialect.Documents, searchKinds}},
	namesOutputMessages:   {{dialect.OutputMessages, talks}},
	namesSystem:           {{dialect.SystemInstructions, talks}},
	namesSystemText:       {{dialect.SystemInstructions, talks}, {dialect.Provider, dialect.ModelKinds}},
	namesTools:            {{dialect.ToolDefinitions, talks}},
	namesToolCalls:        {{dialect.OutputMessages, dialect.OnlyLLM}},
	namesThinking:         {{dialect.OutputMessages, dialect.OnlyLLM}},
	namesQuery:            {{dialect.RetrievalQuery, searchKinds}},
	namesDocuments:        {{dialect.Documents, searchKinds}},
	namesHits:             {{dialect.Documents, searchKinds}, {dialect.ToolResult, dialect.OnlyTool}},
	namesCallArguments:    {{dialect.ToolArguments, dialect.OnlyTool}},
	namesCallResult:       {{dialect.ToolResult, dialect.OnlyTool}, {dialect.Documents, searchKinds}, {dialect.OutputMessages, dialect.OnlyLLM}},
	namesCallID:           {{dialect.ToolCallID, dialect.OnlyTool}},
	namesAgentID:          {{dialect.AgentID, knownKinds}},
	namesResponseID:       {{dialect.ResponseID, dialect.ModelKinds}},
	namesCents:            {{dialect.TotalCost, spends}},
	namesInputCost:        {{dialect.InputCost, dialect.ModelKinds}},
	namesOutputCost:       {{dialect.OutputCost, dialect.ModelKinds}},
	namesStream:           {{dialect.Streaming, dialect.OnlyLLM}},
	namesTTFT:             {{dialect.TTFT, dialect.OnlyLLM}},
	namesTTFTSeconds:      {{dialect.TTFT, dialect.OnlyLLM}},
	namesTTFTMillis:       {{dialect.TTFT, dialect.OnlyLLM}},
	namesDimensions:       {{dialect.EmbeddingDimensions, dialect.KindsOf(KindEmbedding)}},
	namesTags:             {{dialect.Tags, knownKinds}},
	namesPromptName:       {{dialect.PromptName, knownKinds}},
	namesPromptVersion:    {{dialect.PromptVersion, knownKinds}},
	namesServiceTier:      {{dialect.ServiceTier, dialect.ModelKinds}},
	namesErrorType:        {{dialect.ErrorType, knownKinds}},
	namesErrorMessage:     {{dialect.ErrorMessage, knownKinds}},
	namesTemperature:      {{dialect.RequestParameters, dialect.ModelKinds}},
	namesTopP:             {{dialect.RequestParameters, dialect.ModelKinds}},
	namesTopK:             {{dialect.RequestParameters, dialect.ModelKinds}},
	namesMaxTokens:        {{dialect.RequestParameters, dialect.ModelKinds}},
	namesFrequencyPenalty: {{dialect.RequestParameters, dialect.ModelKinds}},
	namesPresencePenalty:  {{dialect.RequestParameters, dialect.ModelKinds}},
	namesSeed:             {{dialect.RequestParameters, dialect.ModelKinds}},
	namesStopSequences:    {{dialect.RequestParameters, dialect.ModelKinds}},
	namesReasoningEffort:  {{dialect.RequestParameters, dialect.ModelKinds}},
}

var (
	knownKinds = dialect.AnyKind &^ dialect.KindsOf(KindOther)
	talks      = dialect.KindsOf(KindLLM, KindAgent)
	spends     = dialect.ModelKinds | dialect.KindsOf(KindAgent, KindChain)
)

// addUnnamed adds, as the last source of each field, what the words of a key say. All but the
// user counts only on spans that something else makes a call, a tool or an agent.
func (t *table) addUnnamed() {
	for names := namesUser; names < numUnnamed; names++ {
		t.unnamed[names] = t.newKey()
		if names == namesToolCalls || names == namesThinking {
			t.unnamed[names].fields |= 1 << dialect.OutputMessages // parts of an answer
			continue
		}
		for _, feed := range unknownFeeds[names] {
			t.addGuessed(t.unnamed[names], names, feed.field, feed.kinds, dialect.Source{Attr: unnamedKeys[names]})
			if names == namesEvents {
				continue
			}
			if feed.field == dialect.InputMessages || feed.field == dialect.OutputMessages || feed.field == dialect.Documents || feed.field == dialect.ToolDefinitions {
				if t.lists[names] == nil {
					t.lists[names] = t.newKey()
				}
				t.addGuessed(t.lists[names], names, feed.field, feed.kinds, dialect.Source{Attr: unnamedKeys[names] + ".#", Drop: unknownWraps})
			}
		}
	}
}

// addNames adds, after all that names tools and agents, the names of their spans.
func (t *table) addNames() {
	for f, kinds := range map[dialect.Field]dialect.KindSet{dialect.ToolName: dialect.OnlyTool, dialect.AgentName: dialect.KindsOf(KindAgent)} {
		t.nameFeeds |= 1 << f
		t.sources[f] = append(t.sources[f], boundSource{
			Source: &dialect.Source{As: dialect.AsName, With: calledAs, Note: "unless it only says what the span is"}, rank: math.MaxInt, kinds: kinds, slot: t.name,
		})
	}
}

// calledAs takes the name of a tool or of an agent from that of its span, which decorators name so.
func calledAs(r dialect.Reading, _ value.Value) value.Value {
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
	if onlySays(name, runWords) || dialect.Frameworks[strings.ToLower(name)] {
		return value.Value{}
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
var runWords = keywords.Set(`a an the my this tool tools agent agents assistant bot call calls execute executes execution executor run runs running runner invoke invocation
	invoker task tasks step steps turn workflow chain graph function functions session conversation chat handle handler process request response
	stream async arun ainvoke mcp client server method operation trace span root main app node llm model start loop iteration`)

// addAnswers adds answers whose tool calls or thoughts stand beside the text.
func (t *table) addAnswers() {
	for i, text := range [...]unnamed{namesAnswer, namesOutput} {
		s := dialect.Source{Answer: &dialect.Answer{Text: unnamedKeys[text], Reasoning: unnamedKeys[namesThinking], ToolCalls: unnamedKeys[namesToolCalls], NeedsText: i == 0}}
		b := boundSource{Source: &s, rank: math.MaxInt - 2*int(numTokenFacts+tokenFact(numUnnamed)) + i, kinds: dialect.OnlyLLM, slot: -1, guessed: true}
		b.parts = [answerParts]int16{
			answerText: t.unnamed[text].slot, answerReasoning: t.unnamed[namesThinking].slot, answerToolCalls: t.unnamed[namesToolCalls].slot, answerObject: -1,
		}
		t.sources[dialect.OutputMessages] = append(t.sources[dialect.OutputMessages], b)
	}
}

// addUnknownEvents adds what events of unknown emitters report.
func (t *table) addUnknownEvents() {
	t.guessedEvents[0], t.guessedEvents[1], t.firstToken = t.newSlot(), t.newSlot(), t.newSlot()
	for _, b := range [...]struct {
		field dialect.Field
		kinds dialect.KindSet
		slot  int16
		from  dialect.Source
	}{
		{dialect.InputMessages, talks, t.guessedEvents[0], dialect.Source{As: dialect.AsMessageEvents}},
		{dialect.OutputMessages, talks, t.guessedEvents[1], dialect.Source{As: dialect.AsMessageEvents}},
		{dialect.TTFT, dialect.OnlyLLM, t.firstToken, dialect.Source{Event: "*chunk", Streams: true}},
	} {
		t.sources[b.field] = append(t.sources[b.field], boundSource{
			Source: &b.from, rank: math.MaxInt, kinds: b.kinds, slot: b.slot, guessed: true,
		})
	}
}

// unknownWraps are segments of indexed keys that only wrap.
var unknownWraps = []string{"message", "message_content", "tool_call", "document", "tool", "json_schema"}

func (t *table) addGuessed(info *keyInfo, names unnamed, f dialect.Field, kinds dialect.KindSet, s dialect.Source) {
	switch {
	case names == namesEvents:
		s.As = dialect.AsEventList
	case f == dialect.InputMessages && names == namesMessages:
		s.As, s.With, s.Note = dialect.AsBody, onlyEncoded, "no plain text"
	case f == dialect.InputMessages && names == namesInput:
		s.As, s.With, s.Note = dialect.AsBody, calledWith, "or the first of the `args` in it"
	case f == dialect.OutputMessages && names == namesOutput:
		s.As, s.With, s.Note = dialect.AsBody, noState, "of an agent: no object"
	case f == dialect.InputMessages || f == dialect.OutputMessages:
		s.As = dialect.AsBody
	case f == dialect.ToolArguments && names == namesCallArguments:
		s.With, s.Note = dialect.NoSchema, "unless it is a schema"
	case names == namesEntity:
		s.With, s.Note = ofAgent, "if `entity.type` is `agent`"
	case names == namesCents:
		s.With, s.Note = ofCents, "in cents"
	case names == namesTTFTMillis:
		s.As = dialect.AsMillis
	case names == namesTTFTSeconds:
		s.As = dialect.AsSeconds
	case names == namesTTFT:
		s.As, s.With, s.Note = dialect.AsSeconds, likelySeconds, "in seconds, or in milliseconds where the span is not that long"
	case names == namesKnownProvider, names == namesSystemText && f == dialect.Provider:
		s.With, s.Note = knownProvider, "that is known"
	case names == namesSystemText:
		s.With, s.Note = proseOnly, "of four words or more"
	case f == dialect.RetrievalQuery:
		s.With, s.Note = dialect.QueryOf, "or the query in its JSON"
	case f == dialect.RequestParameters:
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
func knownProvider(_ dialect.Reading, v value.Value) value.Value {
	if s, _ := v.Str(); knownProviders[canonicalProvider(s)] {
		return v
	}
	return value.Value{}
}

func proseOnly(_ dialect.Reading, v value.Value) value.Value {
	if s, is := v.Str(); is && !saysProse(s) {
		return value.Value{}
	}
	return v
}

func onlyEncoded(_ dialect.Reading, v value.Value) value.Value {
	if s, is := v.Str(); is && !value.LooksEncoded(s) {
		return value.Value{}
	}
	return v
}

// likelySeconds reads a latency that has no unit: the first token comes before the end.
func likelySeconds(r dialect.Reading, v value.Value) value.Value {
	f, _, ok := v.Float()
	if !ok {
		return spelledSeconds(r, v)
	}
	if f > float64(r.Span().EndTimestamp()-r.Span().StartTimestamp())/1e9 {
		f /= 1e3
	}
	return value.Value{Node: r.Doc().Float(f)}
}

// spelledSeconds reads a latency as Go prints it, with its unit: 310ms, 1.2s.
func spelledSeconds(r dialect.Reading, v value.Value) value.Value {
	s, _ := v.Str()
	d, err := time.ParseDuration(strings.TrimSpace(s))
	if err != nil {
		return value.Value{}
	}
	return value.Value{Node: r.Doc().Float(d.Seconds())}
}

// calledWith takes the messages out of the arguments that a wrapped function was called with.
func calledWith(r dialect.Reading, v value.Value) value.Value {
	if !value.MayBeObject(v.Attr) {
		return v
	}
	n := r.ParseOnce(v)
	args, kwargs := n.Get("args"), n.Get("kwargs")
	if !args.Exists() || !kwargs.Exists() {
		return noState(r, v)
	}
	if given := value.Child(kwargs, []string{"messages", "prompt", "input", "contents", "query"}); given.Exists() {
		return value.Value{Node: given}
	}
	return value.Value{Node: args.First()}
}

// noState passes over an object on the span of an agent: it may be any state, where what a model
// is given or answers is known to be a body.
func noState(r dialect.Reading, v value.Value) value.Value {
	if r.Kind() == KindAgent && value.MayBeObject(v.Attr) {
		return value.Value{}
	}
	return v
}

// ofCents reads a cost in cents.
func ofCents(r dialect.Reading, v value.Value) value.Value {
	f, _, ok := v.Float()
	if !ok {
		return value.Value{}
	}
	return value.Value{Node: r.Doc().Float(f / 100)}
}

// ofAgent passes on the name of an entity that is an agent.
func ofAgent(r dialect.Reading, v value.Value) value.Value {
	if kind, _ := r.Attr("entity.type").Str(); strings.ToLower(kind) == "agent" {
		return v
	}
	return value.Value{}
}
