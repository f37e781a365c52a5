package logs

import (
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// carriesWords reports whether a record has words of a span that another signal or another
// record tells.
func (t *rule) carriesWords() bool {
	switch t.kind {
	case Words:
		return true
	case Call, Tool:
		return t.names == namesCall
	}
	return false
}

// carriedByCall reports whether the span of the call that a record tells carries the words
// too: both are of one day, whose contents they refer to.
func carriedByCall(rec *record, spec *rule, row *mapping.Record) bool {
	day := func(t pcommon.Timestamp) int64 { return int64(t) / int64(24*time.Hour) }
	start, _ := spec.span(rec, row.Time)
	return spec.kind != Words && day(start) == day(row.Time)
}

// carry writes the words of a record into a span that is mapped for nothing else.
func (r *reader) carry(rec *record, spec *rule, row *mapping.Record, words *mapping.Words, span ptrace.Span) {
	span.SetTraceID(row.Trace)
	span.SetSpanID(pcommon.SpanID(row.ID[:8]))
	span.SetStartTimestamp(row.Time)
	span.SetEndTimestamp(row.Time)
	spec.fill(rec, span.Attributes())
	writeMessages(rec, span)
	r.batch.Words = append(r.batch.Words, *words)
}

// wordsOf says whose the words of a record are.
func (r *reader) wordsOf(rec *record, p *program, spec *rule, row *mapping.Record) *mapping.Words {
	r.wordRecords++
	w := &mapping.Words{
		Record: row.ID, Trace: row.Trace, Named: rec.SpanID(), NamesCall: spec.names == namesCall && !rec.SpanID().IsEmpty(),
		Tool: spec.kind == Tool, TellsCall: spec.kind != Words, At: int64(row.Time), Ordinal: r.wordRecords,
		Single: rec.message() != "" || spec.texts != nil,
		Block:  rec.message() == choiceEvent && strings.EqualFold(rec.textOf([]string{provider, "gen_ai.system"}), "anthropic"),
		ID:     storable(rec.textOf(spec.response)),
	}
	w.Exact = w.NamesCall && !w.TellsCall && rec.message() == ""
	switch rec.message() {
	case choiceEvent:
		_, ended := rec.get("finish_reason")
		w.Chunk = !ended && !w.Block
	case toolMessage:
		w.Result = true
	case userMessage:
		w.Results = onlyResults(rec)
	}
	if w.ID == "" {
		w.ID = storable(rec.textOf(spec.request))
	}
	if w.Named.IsEmpty() && rec.TraceID().IsEmpty() && row.Session != "" {
		w.Named = r.ids.agentOf(rec, p, row)
	}
	for _, key := range []string{requestModel, responseModel, "model"} {
		if model := storable(rec.textOf([]string{key})); model != "" {
			w.Models = append(w.Models, model)
		}
	}
	if v, ok := rec.get("index"); ok {
		if n, ok := number(v); ok && n >= 0 && n < 1<<31 {
			w.Index = int32(n)
		}
	}
	return w
}

// onlyResults reports whether the content of a message is nothing but the results of tools, as
// Bedrock, Anthropic and Gemini send them: in the user's name.
func onlyResults(rec *record) bool {
	v, ok := rec.get(contentKey)
	if !ok || v.Type() != pcommon.ValueTypeSlice || v.Slice().Len() == 0 {
		return false
	}
	for _, part := range v.Slice().All() {
		if part.Type() != pcommon.ValueTypeMap {
			return false
		}
		typ := member(part, "type")
		if typ != "tool_result" && typ != "tool-result" && !hasMember(part.Map(), "toolResult") && !hasMember(part.Map(), "function_response") && !hasMember(part.Map(), "functionResponse") {
			return false
		}
	}
	return true
}

// maxID is longer than any id or name of a model; the key of an index holds some 2.7 kB.
const maxID = 1 << 10

// storable is an id or a name as the columns of spans have it, with which it is compared.
func storable(text string) string {
	if len(text) > maxID {
		return ""
	}
	var repairs jsonval.Repairs
	return jsonval.CleanString(text, &repairs)
}

const (
	choiceEvent = "gen_ai.choice"
	// Older names of what became one event a message.
	contentPrompt     = "gen_ai.content.prompt"
	contentCompletion = "gen_ai.content.completion"

	userMessage  = "gen_ai.user.message"
	toolMessage  = "gen_ai.tool.message"
	contentKey   = "content"
	toolsKey     = "tools"
	messageKey   = "message"
	messagesKey  = "messages"
	roleKey      = "role"
	systemRole   = "system"
	toolRole     = "tool"
	inputSide    = "input"
	outputSide   = "output"
	maxSpliced   = 10_000
	toolCallsKey = "tool_calls"
)

// message returns the name of the conventions' event that is one message, if a record is one: some
// write the role into the body of an older event, whose attributes have the words alone.
func (r *record) message() string {
	switch r.name {
	case contentPrompt:
		if role, ok := r.get(roleKey); ok {
			if name := "gen_ai." + text(role) + ".message"; roleOf(name) != "" {
				return name
			}
		}
	case contentCompletion:
		if _, ok := r.get(messageKey); ok {
			return choiceEvent
		}
	default:
		if r.name == choiceEvent || roleOf(r.name) != "" {
			return r.name
		}
	}
	return ""
}

// writeMessages writes the messages that a record is, or that its body has under input and
// output.
func writeMessages(rec *record, span ptrace.Span) {
	switch {
	case rec.message() != "":
		writeMessage(rec, span)
	case rec.name == rec.scope.Name() && rec.has:
		writeSides(rec.body, span.Attributes())
	}
}

// roles are those of which span events of the same name are read.
var roles = []string{"system", "user", "assistant", "tool"}

// wordKeys are where a record has the words of a message; saidKeys have the refusal of one beside.
var (
	wordKeys = []string{contentKey, messageKey, toolCallsKey, "toolCalls", "parts", "gen_ai.event.content"}
	saidKeys = append([]string{"refusal"}, wordKeys...)
)

// writeMessage writes the message that a record is, as the span event of the same name. One
// without any words is none; definitions of tools come as the content of a user, too.
func writeMessage(rec *record, span ptrace.Span) {
	name := rec.message()
	if v, ok := rec.get(contentKey); ok && name == userMessage && v.Type() == pcommon.ValueTypeMap && v.Map().Len() == 1 {
		if tools, ok := v.Map().Get(toolsKey); ok && tools.Type() == pcommon.ValueTypeSlice {
			copyValue(tools, span.Attributes().PutEmpty(toolList))
			return
		}
	}
	e := span.Events().AppendEmpty()
	e.SetName(name)
	e.SetTimestamp(rec.time())
	rec.copyAll(e.Attributes())
	if role := roleOf(name); role != "" && !slices.Contains(roles, role) {
		e.SetName(userMessage)
		if _, told := e.Attributes().Get(roleKey); !told {
			e.Attributes().PutStr(roleKey, role)
		}
	}
	rec.writeText(e.Attributes())
	if v, ok := e.Attributes().Get(messageKey); ok && name == choiceEvent && v.Type() == pcommon.ValueTypeMap {
		v.Map().Remove("name") // of the agent, which the next call's history does not have
	}
	for _, key := range saidKeys {
		if v, ok := e.Attributes().Get(key); ok && says(v) {
			return
		}
	}
	if v, ok := rec.get("finish_reason"); ok && name == choiceEvent {
		span.Attributes().PutEmptySlice(finishReasons).AppendEmpty().SetStr(text(v))
	}
	span.Events().RemoveIf(func(ptrace.SpanEvent) bool { return true })
}

// writeText takes a text under the attribute of an older event, or a body that is one, for the message.
func (r *record) writeText(attrs pcommon.Map) {
	for _, key := range wordKeys {
		if _, there := attrs.Get(key); there {
			return
		}
	}
	older := "gen_ai.prompt"
	if r.message() == choiceEvent {
		older = "gen_ai.completion"
	}
	b, ok := r.get(older)
	if !ok || b.Type() != pcommon.ValueTypeStr {
		if b = readable(r.Body()); b.Type() != pcommon.ValueTypeStr || r.has || absent(b) || b.Str() == r.name {
			return
		}
	}
	if r.message() == choiceEvent {
		attrs = attrs.PutEmptyMap(messageKey)
		attrs.PutStr(roleKey, "assistant")
	}
	b.CopyTo(attrs.PutEmpty(contentKey))
}

// says reports whether a value is more than a redaction.
func says(v pcommon.Value) bool {
	if absent(v) {
		return false
	}
	if v.Type() != pcommon.ValueTypeMap {
		return true
	}
	for key, inner := range v.Map().All() {
		if key != roleKey && !absent(inner) {
			return true
		}
	}
	return false
}

// writeSides writes the messages of a body with input and output. A content may be the
// JSON of messages, or of the parts of the system's, or the attributes of the span event that was the message.
func writeSides(body, attrs pcommon.Map) {
	asked, given := messagesOf(body, inputSide), messagesOf(body, outputSide)
	if asked != nil {
		asked, given = withPastAnswers(asked, given)
	}
	for _, side := range [...]struct {
		key, name string
		messages  []pcommon.Value
	}{{inputSide, inputMessages, asked}, {outputSide, outputMessages, given}} {
		v, ok := body.Get(side.key)
		switch {
		case !ok:
			continue
		case side.messages == nil:
			copyValue(v, attrs.PutEmpty(side.name))
			continue
		}
		list := pcommon.NewSlice()
		for _, m := range side.messages {
			splice(m, list, attrs)
		}
		if list.Len() > 0 {
			list.MoveAndAppendTo(attrs.PutEmptySlice(side.name))
		}
	}
}

// messagesOf returns the messages that a body has under a key; nil if it has no list of them, or a
// long one.
func messagesOf(body pcommon.Map, key string) []pcommon.Value {
	v, ok := body.Get(key)
	if ok && v.Type() == pcommon.ValueTypeMap {
		if inner, has := v.Map().Get(messagesKey); has {
			v = inner
		}
	}
	if !ok || v.Type() != pcommon.ValueTypeSlice || v.Slice().Len() > maxSpliced {
		return nil
	}
	messages := make([]pcommon.Value, 0, v.Slice().Len())
	for _, m := range v.Slice().All() {
		messages = append(messages, m)
	}
	return messages
}

// withPastAnswers moves answers of earlier calls, which the call was given, to what it was asked, before
// the results of tools. They are events with a content, as those of an answer have a message.
func withPastAnswers(asked, given []pcommon.Value) (_, _ []pcommon.Value) {
	if !slices.ContainsFunc(given, func(m pcommon.Value) bool { return hasMember(eventOf(m), messageKey) }) {
		return asked, given
	}
	var past, rest []pcommon.Value
	for _, m := range given {
		if event := eventOf(m); hasMember(event, contentKey) && !hasMember(event, messageKey) {
			past = append(past, m)
		} else {
			rest = append(rest, m)
		}
	}
	at := slices.IndexFunc(asked, func(m pcommon.Value) bool { return m.Type() == pcommon.ValueTypeMap && member(m, roleKey) == toolRole })
	if at < 0 {
		at = len(asked)
	}
	return slices.Insert(asked, at, past...), rest
}

// eventOf returns the attributes of the span event that the content of a message is; else the zero map.
func eventOf(m pcommon.Value) pcommon.Map {
	if m.Type() == pcommon.ValueTypeMap {
		if c, ok := m.Map().Get(contentKey); ok && c.Type() == pcommon.ValueTypeMap {
			return c.Map()
		}
	}
	return pcommon.Map{}
}

func hasMember(m pcommon.Map, key string) bool {
	if m == (pcommon.Map{}) {
		return false
	}
	_, ok := m.Get(key)
	return ok
}

// splice adds a message, or the messages that its content is the JSON of.
func splice(m pcommon.Value, list pcommon.Slice, attrs pcommon.Map) {
	if event := eventOf(m); hasMember(event, contentKey) {
		whole := pcommon.NewValueMap()
		copyMap(event, whole.Map())
		if role, ok := m.Map().Get(roleKey); ok {
			copyValue(role, whole.Map().PutEmpty(roleKey))
		}
		m = whole
	}
	if inner, ok := listIn(m); ok {
		switch {
		case member(inner.At(0), roleKey) != "":
			inner.MoveAndAppendTo(list)
			return
		case member(m, roleKey) == systemRole:
			inner.MoveAndAppendTo(attrs.PutEmptySlice(systemPrompt))
			return
		}
	}
	copyValue(m, list.AppendEmpty())
}

// member returns a member of a map as text.
func member(m pcommon.Value, key string) string {
	if v, ok := m.Map().Get(key); ok {
		return text(v)
	}
	return ""
}

// listIn returns the list of objects that the content of a message is the JSON of.
func listIn(m pcommon.Value) (list pcommon.Slice, ok bool) {
	if m.Type() != pcommon.ValueTypeMap {
		return list, false
	}
	c, ok := m.Map().Get(contentKey)
	if !ok {
		return list, false
	}
	return jsonList(c)
}
