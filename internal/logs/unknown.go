package logs

import (
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/keywords"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// Programs that nobody described call their events and attributes by the same few words as the
// others. An event of theirs is a call only where its name and what it reports both say so.

// unknownProgram names them.
const unknownProgram = "programs that nobody described"

// eventWords is what the name of an event says.
type eventWords struct {
	kind     EventKind // Noise: nothing
	asks     string    // the operation of a call, if the name says that
	failed   bool      // a call that failed
	decision bool      // about a call of a tool, which is a failed one if the tool may not run
	unnamed  bool      // nothing but counts of tokens says that it is a call
}

var (
	// ofModels are words of events about calls of models.
	ofModels = keywords.Set(`llm lm api model ai genai gpt inference generation generations completion completions chat response responses request
		requests provider openai anthropic gemini bedrock vertex ollama embedding embeddings embed rerank usage tokens`)
	// ofMore are those of them that titles have, too, which are about other requests or about many calls.
	ofMore = keywords.Set("api response responses request requests provider usage tokens")
	// ofTools are words of events about tools, doneWords those that say that a tool ran.
	ofTools   = keywords.Set("tool tools function mcp")
	doneWords = keywords.Set(`call calls called result results response use used execution execute executed invocation invoke invoked run ran end
		ended finish finished complete completed completion output done error failed failure`)
	// decisions are words of events that say whether a tool may run.
	decisions = keywords.Set("decision permission approval denied rejected blocked confirmation")
	// notDone are words of events before the end of a call, and of parts of one.
	notDone = keywords.Set(`start started starting begin began begun pending queued scheduled create created delta deltas chunk chunks progress
		partial heartbeat update updated retry retrying retries retried attempt registered loaded list listed available discovered selected`)
	// ofMany are words of events that sum up calls.
	ofMany = keywords.Set(`session sessions turn turns task tasks conversation thread subagent workflow summary summarization total totals
		stats statistics metrics daily budget limit quota compaction compression rate`)
	embeds   = keywords.Set("embedding embeddings embed")
	failures = keywords.Set("error errors failed failure exception timeout")
	people   = keywords.Set("user human")
	asked    = keywords.Set("prompt message input query question")
	answers  = keywords.Set("response message text output reply")
)

// wordsOfEvent reads the name of an event. Its first segment is the program's name, unless that
// is a word about models or tools itself.
func wordsOfEvent(name string) (e eventWords) {
	words := keywords.Of(name)
	if at := strings.IndexAny(name, "./:"); at > 0 {
		if own := keywords.Of(name[:at]); len(own) < len(words) && (len(own) != 1 || !ofModels[own[0]] && !ofTools[own[0]] && !people[own[0]]) {
			words = words[len(own):]
		}
	}
	e.failed = keywords.Any(words, failures)
	switch {
	case len(words) == 0:
	case keywords.Any(words, ofTools) && keywords.Any(words, decisions):
		e.kind, e.decision = Tool, true
	case keywords.Any(words, notDone):
	case keywords.Any(words, ofTools):
		if keywords.Any(words, doneWords) || len(words) == 1 {
			e.kind = Tool
		}
	case keywords.Any(words, people) && keywords.Any(words, asked), words[len(words)-1] == "prompt" && !slices.Contains(words, "system"):
		e.kind = Prompt
	case slices.Contains(words, "assistant") && keywords.Any(words, answers):
		e.kind = Words
	case keywords.Any(words[max(0, len(words)-3):], ofMany):
	case keywords.Any(words, ofModels):
		e.kind = Call
		switch {
		case keywords.Any(words, embeds):
			e.asks = "embeddings"
		case slices.Contains(words, "rerank"):
			e.asks = "rerank"
		}
	}
	return e
}

// use is what an attribute of an unknown program is.
type use uint8

const (
	noUse use = iota
	useSession
	useTurn
	useUser
	useRequest
	useResponse
	useToolCall
	useMillis
	useSeconds
	useDuration // without a unit
	useModel
	useCost
	useTokens
	useError
	useErrorType
	useStatusCode
	useSuccess
	useStatus
	useFails
	useDecision
	useTool
	usePrompt
	useAnswer
	useText // of either
	numUses
)

// keyUse is the use of a key; of several attributes that of the lowest rank counts.
type keyUse struct {
	use  use
	rank uint8
}

// The ranks of counts of tokens: of the input or the output, and any other.
const (
	ofSide uint8 = iota
	ofTotal
)

// tails are the words that keys end in, the first before the others.
var tails = func() map[string]keyUse {
	tails := map[string]keyUse{}
	for use, list := range map[use]string{
		useSession:    "session id, sessionid, conversation id, thread id, chat id, task id, taskid, ulid",
		useTurn:       "prompt id, turn id, interaction id, exchange id",
		useUser:       "user id, userid, enduser id, user email",
		useRequest:    "request id, requestid",
		useResponse:   "response id, completion id, generation id",
		useToolCall:   "tool call id, tool use id, tool invocation id, call id, callid",
		useMillis:     "duration ms, latency ms, elapsed ms, duration millis, time ms, took ms",
		useSeconds:    "duration s, duration seconds, latency seconds, latency s, elapsed seconds, duration sec, operation duration",
		useDuration:   "duration, latency, elapsed, took",
		useModel:      "response model, request model, model, model name, model id, modelid",
		useCost:       "cost usd, usd cost, total cost usd, total cost, cost",
		useError:      "error message, exception message, error, error msg",
		useErrorType:  "error type, exception type, error code, error class, error name",
		useStatusCode: "response status code, status code, http status, error status",
		useSuccess:    "success, succeeded, ok, successful",
		useStatus:     "status, outcome, phase",
		useFails:      "is error, failed",
		useDecision:   "decision, approved",
		useTool:       "tool name, function name, tool call name, tool",
		usePrompt:     "prompt, user prompt, prompt text, user message, input, query",
		useAnswer:     "response, response text, answer, output",
		useText:       "message, text, content",
	} {
		for rank, tail := range strings.Split(list, ", ") {
			tails[tail] = keyUse{use, uint8(rank)}
		}
	}
	return tails
}()

// maxTail is how many words such a tail has at most.
const maxTail = 3

// elsewhere are words before such a tail that make the value another thing's.
var elsewhere = keywords.Set("parent previous prev root last next retry original fallback embedding default child judge target")

// costParts are words before a cost that make it that of a part, or a guess.
var costParts = keywords.Set("input output prompt completion cache reasoning estimated estimate max budget limit session cumulative")

// useOf reads the words of a key.
func useOf(key string) keyUse {
	words := keywords.Of(key)
	if mapping.CountsTokens(words) {
		u := keyUse{use: useTokens, rank: ofTotal}
		if mapping.CountsSide(words) {
			u.rank = ofSide
		}
		return u
	}
	for n := min(maxTail, len(words)); n > 0; n-- {
		u, ok := tails[strings.Join(words[len(words)-n:], " ")]
		if !ok {
			continue
		}
		if before := words[:len(words)-n]; keywords.Any(before, elsewhere) || u.use == useCost && keywords.Any(before, costParts) {
			return keyUse{}
		}
		u.rank += uint8(8 * min(8, len(words)-n)) // the more words before, the less is the value the record's own
		return u
	}
	return keyUse{}
}

// maxKeys bounds how many keys a reader remembers.
const maxKeys = 1 << 12

func (r *reader) useOf(key string) keyUse {
	u, known := r.keys[key]
	if !known && len(key) <= maxName {
		if u = useOf(key); len(r.keys) < maxKeys {
			r.keys[strings.Clone(key)] = u
		}
	}
	return u
}

// findings are the attributes of a record by their uses.
type findings struct {
	keys   [numUses]string
	ranks  [numUses]uint8
	counts bool // tokens
	// countsSide says that tokens of the input or of the output are counted, not a total alone.
	countsSide bool
}

// find looks through the attributes of a record.
func (r *reader) find(rec *record) (f findings) {
	for _, in := range [...]pcommon.Map{rec.Attributes(), rec.flat, rec.body} {
		if in == (pcommon.Map{}) {
			continue
		}
		for key, v := range in.All() {
			r.note(&f, key, v)
		}
	}
	return f
}

func (r *reader) note(f *findings, key string, v pcommon.Value) {
	u := r.useOf(key)
	switch {
	case absent(v):
	case u.use == useTokens:
		f.count(u, v)
	case u.use != noUse:
		if had := f.keys[u.use]; had == "" || u.rank < f.ranks[u.use] || u.rank == f.ranks[u.use] && key < had {
			f.keys[u.use], f.ranks[u.use] = key, u.rank
		}
	case !f.countsSide:
		r.countWithin(f, key, v, maxUsageDepth)
	}
}

// count notes a count of tokens, if the value is one.
func (f *findings) count(u keyUse, v pcommon.Value) {
	if n, ok := number(v); ok && n > 0 {
		f.counts, f.countsSide = true, f.countsSide || u.rank == ofSide
	}
}

// maxUsageDepth and maxUsage bound the objects that are looked through for counts of tokens.
const (
	maxUsageDepth = 3
	maxUsage      = 1 << 14
)

// countWithin notes the counts of tokens that an object has, until one of a side is known.
func (r *reader) countWithin(f *findings, key string, v pcommon.Value, levels int) {
	switch v.Type() {
	case pcommon.ValueTypeMap:
		for inner, v := range v.Map().All() {
			if f.countsSide {
				return
			}
			if len(key)+len(inner) >= maxName {
				continue // no name, and members times the length of the key around them are many bytes
			}
			path := key + "." + inner
			if u := r.useOf(path); u.use == useTokens {
				f.count(u, v)
			} else if levels > 0 {
				r.countWithin(f, path, v, levels-1)
			}
		}
	case pcommon.ValueTypeStr:
		s := v.Str()
		if len(s) > maxUsage || !strings.Contains(key, "sage") && !strings.Contains(key, "oken") {
			return
		}
		if usage, ok := parseJSON(s, "{"); ok {
			r.countWithin(f, key, usage, levels)
		}
	}
}

// nameWords reads the name of an event. A record without one, or whose body alone might be one and says nothing,
// is a call where it has counts of tokens by the conventions' names, as access logs of gateways have; a line of JSON is the
// event that its type says, and a line of a few words the event that these say. What says nothing is no name: a line of the
// text "llm_client.py" or "agent.step" may be one of several that copy the attributes of one span.
func (r *reader) nameWords(rec *record) (e eventWords) {
	if rec.name != "" {
		if e = r.wordsOfEvent(rec.name); e.kind != Noise || !rec.weak {
			return e
		}
	}
	if r.countsByConvention(rec) {
		rec.name, rec.weak = "", false
		return eventWords{kind: Call, unnamed: true}
	}
	name := rec.typeOfLine()
	if name == "" {
		if name = rec.title(); name == "" {
			return e
		}
		rec.weak = true
	}
	rec.name = name
	return r.wordsOfEvent(name)
}

func (r *reader) wordsOfEvent(name string) eventWords {
	e, known := r.events[name]
	if !known && len(name) <= maxName {
		if e = wordsOfEvent(name); len(r.events) < maxKeys {
			r.events[strings.Clone(name)] = e
		}
	}
	return e
}

// maxTitle bounds a body that is a title.
const maxTitle = 40

// title returns the body of a record with attributes where it is two or three words that each begin with a capital: some
// programs name their events so. Lines are many, so most are told by a few bytes.
func (r *record) title() string {
	b := r.Body()
	if b.Type() != pcommon.ValueTypeStr || r.Attributes().Len() < 2 {
		return ""
	}
	s := b.Str()
	if len(s) > maxTitle {
		return ""
	}
	words := 0
	for i := range len(s) {
		c := s[i]
		capital := 'A' <= c && c <= 'Z'
		switch {
		case i == 0 || s[i-1] == ' ':
			if !capital {
				return ""
			}
			words++
		case c != ' ' && !capital && (c < 'a' || c > 'z'):
			return ""
		}
	}
	if words < 2 || words > 3 {
		return ""
	}
	return s
}

// countsByConvention reports whether a record has attributes that count tokens, or what gateways write of the call of a
// model into one member of their access logs, which then is read as attributes.
func (r *reader) countsByConvention(rec *record) bool {
	for key, v := range rec.Attributes().All() {
		if key == conventionKey || strings.HasPrefix(key, conventionUsage) || strings.HasPrefix(key, "genai_tokens_") {
			return true
		}
		if (key == gatewayKey || key == gatewayLogKey) && r.flattenUsage(rec, key, v) {
			return true
		}
	}
	if b := rec.Body(); b.Type() == pcommon.ValueTypeMap {
		if v, ok := b.Map().Get(gatewayKey); ok {
			return r.flattenUsage(rec, gatewayKey, v)
		}
	}
	return false
}

// What gateways call the member of an access log that is about the call of a model: Kong ai, Higress ai_log with JSON.
const (
	gatewayKey    = "ai"
	gatewayLogKey = "ai_log"
)

// flattenUsage takes the members of an object, or of the JSON of one, for attributes if any of them counts tokens.
func (r *reader) flattenUsage(rec *record, key string, v pcommon.Value) (counts bool) {
	if v.Type() == pcommon.ValueTypeStr && strings.HasPrefix(v.Str(), "{") && strings.Contains(v.Str(), "oken") {
		if read, ok := jsonObject(v.Str()); ok {
			v = pcommon.NewValueMap()
			read.MoveTo(v.Map())
		}
	}
	if v.Type() != pcommon.ValueTypeMap {
		return false
	}
	var f findings
	if r.countWithin(&f, key, v, maxUsageDepth); !f.counts {
		return false
	}
	rec.flat = pcommon.NewMap()
	left := maxMembers
	flatten(key, v.Map(), rec.flat, maxUsageDepth, &left)
	return true
}

// typeKeys are where a line says which event it is.
var typeKeys = [...]string{"event_type", "eventType", "event", "type"}

// typeOfLine returns the event that the attributes of a line, or a body with fields, say it is: a name, not a
// sentence. Of text only what counts tokens or names a tool is read: lines may be many.
func (r *record) typeOfLine() string {
	for key, v := range r.Attributes().All() {
		if key == typeKeys[0] || key == typeKeys[1] {
			return lineType(v)
		}
	}
	if b := r.Body(); b.Type() == pcommon.ValueTypeStr {
		line := b.Str()
		if !strings.HasPrefix(line, "{") || !strings.Contains(line, "oken") && !strings.Contains(line, "ool") {
			return ""
		}
	}
	r.readBody()
	if !r.has {
		return ""
	}
	for _, key := range typeKeys {
		if v, ok := r.body.Get(key); ok && lineType(v) != "" {
			return lineType(v)
		}
	}
	return ""
}

func lineType(v pcommon.Value) string {
	if v.Type() != pcommon.ValueTypeStr || len(v.Str()) > maxName || !lineName.MatchString(v.Str()) {
		return ""
	}
	return v.Str()
}

// lineName is a name of one word or several.
var lineName = regexp.MustCompile(`^[a-zA-Z][\w.:/-]*$`)

// fromUnknown reads an event of a program that nobody described: the rule for the event, and
// which attributes name session, user and turn. nil: the event tells nothing.
func (r *reader) fromUnknown(rec *record) (*program, *rule) {
	e := r.nameWords(rec)
	if e.kind == Noise {
		return nil, nil
	}
	rec.readBody()
	rec.flatten()
	f := r.find(rec)
	spec := f.rule(rec, e)
	if spec == nil || rec.titled() && !f.bearsOut(rec, spec.kind) {
		return nil, nil
	}
	p := &program{name: unknownProgram, session: f.of(useSession, sessionKeys...), user: f.of(useUser), turn: f.of(useTurn)}
	for _, id := range [...]use{useSession, useUser, useTurn, useRequest, useResponse, useToolCall} {
		p.names = append(p.names, f.of(id)...)
	}
	return p, spec
}

// titled reports whether the name of an event is but a title.
func (r *record) titled() bool { return r.weak && strings.Contains(r.name, " ") }

// bearsOut reports whether attributes say too that a line is of a call, or of a tool that ran in a session: titles are no names.
// A total alone may be that of many calls.
func (f *findings) bearsOut(rec *record, kind EventKind) bool {
	switch kind {
	case Call:
		return f.countsSide && slices.ContainsFunc(keywords.Of(rec.name), func(word string) bool { return ofModels[word] && !ofMore[word] })
	case Tool:
		return f.inSession(rec)
	}
	return false
}

// inSession reports whether a record or its resource names a session.
func (f *findings) inSession(rec *record) bool {
	return f.keys[useSession] != "" || resourceText(rec.res, sessionKeys) != ""
}

// sessionKeys are the conventions' names of sessions, which resources have, too.
var sessionKeys = []string{"session.id", conversationID}

// of returns the key of a use, if there is one, and others.
func (f *findings) of(u use, others ...string) []string {
	if f.keys[u] != "" {
		others = slices.Insert(others, 0, f.keys[u])
	}
	return others
}

// rule is what an event tells; nil for nothing.
func (f *findings) rule(rec *record, e eventWords) *rule {
	failed := e.failed || f.failed(rec)
	spec := &rule{
		kind: e.kind, fields: map[string][]string{"*": nil}, names: namesCall,
		request: f.of(useRequest), response: f.of(useResponse), toolCall: f.of(useToolCall),
	}
	if failed {
		spec.failed = always
		spec.fields[errorType] = f.of(useErrorType, f.of(useStatusCode)...)
		spec.fields[errorMessage] = f.of(useError)
	}
	if f.says(rec, useStatus, "started start pending running queued in_progress requested") {
		return nil
	}
	spec.duration, spec.seconds = f.took(rec)
	switch e.kind {
	case Call:
		if !f.counts && (f.keys[useModel] == "" || !failed && !f.costs(rec)) {
			return nil
		}
		if e.unnamed && f.keys[useModel] == "" { // the sums of an agent, whose span's attributes the line copies
			return nil
		}
		if of, ok := rec.get(operation); ok && slices.Contains(aroundCalls, text(of)) {
			return nil
		} else if !ok {
			spec.fixed = map[string]string{operation: e.asks}
		}
		if f.keys[useCost] != "" && f.keys[useCost] != cost {
			spec.fields[cost] = f.of(useCost)
		}
		spec.toolCall = nil
	case Tool:
		if f.keys[useTool] == "" || e.decision && !f.refuses(rec) {
			return nil
		}
		if e.decision {
			spec.failed, spec.fixed = always, map[string]string{errorType: "rejected"}
		}
		spec.fields[toolName], spec.fields[toolCallID] = f.of(useTool), f.of(useToolCall)
		spec.request, spec.response = nil, nil
	case Prompt:
		if !f.inSession(rec) && rec.TraceID().IsEmpty() || f.keys[usePrompt]+f.keys[useText] == "" || f.counts {
			return nil
		}
		*spec = rule{kind: Prompt, texts: map[string][]string{inputMessages: f.of(usePrompt, f.of(useText)...)}}
	case Words:
		*spec = rule{kind: Words, texts: map[string][]string{outputMessages: f.of(useAnswer, f.of(useText)...)}, request: spec.request, response: spec.response, names: namesOther}
		if len(spec.request)+len(spec.response) == 0 {
			return nil
		}
	}
	spec.byTime = true // where the span has no id, whatever ids the record has
	spec.setOrder()
	return spec
}

// took returns the attributes that say how long a call took: of those without a unit a fraction is
// of seconds.
func (f *findings) took(rec *record) (millis, seconds []string) {
	millis, seconds = f.of(useMillis), f.of(useSeconds)
	if v, ok := rec.first(f.of(useDuration)); ok && len(millis)+len(seconds) == 0 {
		if n, ok := number(v); ok && n != math.Trunc(n) {
			return nil, f.of(useDuration)
		}
		return f.of(useDuration), nil
	}
	return millis, seconds
}

// failed reports whether a record says that its call failed.
func (f *findings) failed(rec *record) bool {
	for _, u := range [...]use{useStatusCode, useStatus} {
		if code, ok := rec.first(f.of(u)); ok {
			if n, ok := number(code); ok && n >= 400 {
				return true
			}
		}
	}
	return f.says(rec, useSuccess, "false 0 no") || f.says(rec, useStatus, "error failed failure timeout") || f.says(rec, useFails, "true 1 yes") ||
		f.keys[useErrorType] != "" || f.keys[useError] != "" && !f.says(rec, useError, "false none null 0")
}

// costs reports whether a record says what its call costs.
func (f *findings) costs(rec *record) bool {
	v, ok := rec.first(f.of(useCost))
	if !ok {
		return false
	}
	n, ok := number(v)
	return ok && n > 0
}

// says reports whether the attribute of a use is one of some words.
func (f *findings) says(rec *record, u use, words string) bool {
	return f.keys[u] != "" && slices.Contains(strings.Fields(words), strings.ToLower(rec.textOf(f.of(u))))
}

// refuses reports whether a decision is that a tool may not run.
func (f *findings) refuses(rec *record) bool {
	return f.says(rec, useDecision, "reject rejected deny denied abort aborted block blocked refused false no")
}
