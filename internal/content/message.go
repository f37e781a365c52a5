package content

import (
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// roleNames maps roles, LangChain types and class names, in lower case.
var roleNames = map[string]string{
	"user": "user", "human": "user", "humanmessage": "user", "humanmessagechunk": "user",
	"assistant": "assistant", "ai": "assistant", "model": "assistant", "aimessage": "assistant",
	"aimessagechunk": "assistant", "chatbot": "assistant",
	"system": "system", "systemmessage": "system", "systemmessagechunk": "system",
	"developer": "developer",
	"tool":      "tool", "function": "tool", "toolmessage": "tool", "toolmessagechunk": "tool",
	"functionmessage": "tool", "functionmessagechunk": "tool",
}

// canonicalRole returns the stored name of a role; unknown roles are kept.
func canonicalRole(role string, r *jsonval.Repairs) string {
	if known, ok := roleNames[role]; ok {
		return known
	}
	if known, ok := roleNames[strings.ToLower(role)]; ok {
		return known
	}
	if i := strings.LastIndexByte(role, '.'); i > 0 { // the name of an enum before that of its value
		if known, ok := roleNames[strings.ToLower(role[i+1:])]; ok {
			return known
		}
	}
	role = jsonval.CleanString(strings.TrimSpace(role), r)
	if short := prefix(role, maxRole); len(short) < len(role) {
		*r |= jsonval.ContentCut
		role = short
	}
	return strings.Clone(role)
}

// maxRole bounds a role, in bytes.
const maxRole = 64

// eventKey names the event in the object form of a message event; its attributes
// stand beside it.
const eventKey = "event.name"

// isOther reports whether n is an event of the other direction: lists of events hold
// what a model was given and, as gen_ai.choice, what it answered.
func (rd *reader) isOther(n jsonval.Node) bool {
	name := n.Get(eventKey)
	return name.Exists() && (name.Str() == "gen_ai.choice") != (rd.dir == Output)
}

// eventRole returns the role that the name of a message event implies.
func eventRole(name string) string {
	role, ok := strings.CutPrefix(name, "gen_ai.")
	if !ok {
		return ""
	}
	if role == "choice" {
		return "assistant"
	}
	if role, ok = strings.CutSuffix(role, ".message"); ok {
		return roleNames[role]
	}
	return ""
}

// isSerialised reports whether n is an object in LangChain's serial form.
func isSerialised(n jsonval.Node) bool {
	return n.Get("lc").Exists() && n.Get("kwargs").Kind() == jsonval.Object
}

// className returns the last element of the id of a serialised object.
func className(n jsonval.Node) string {
	var last jsonval.Node
	for c := n.Get("id").First(); c.Exists(); c = c.Next() {
		last = c
	}
	return last.Str()
}

// isDumped reports whether n is a LangChain message in its plain form: the type is
// the role.
func isDumped(n jsonval.Node) bool {
	if n.Get("role").Exists() || !n.Get("content").Exists() && n.Get("data").Kind() != jsonval.Object {
		return false
	}
	_, ok := roleNames[strings.ToLower(n.Get("type").Str())]
	return ok
}

// standalone reports whether an element of a list is a message whatever is beside it.
func standalone(n jsonval.Node) bool {
	if n.Kind() != jsonval.Object || isItem(n) || n.Get(eventKey).Exists() {
		return false
	}
	if n.Get("role").Kind() == jsonval.String || n.Get("parts").Kind() == jsonval.Array {
		return true
	}
	switch n.Get("message").Kind() {
	case jsonval.Object, jsonval.Array, jsonval.String:
		return true
	}
	return isSerialised(n) && n.Get("kwargs").Get("content").Exists()
}

// isMessage reports whether an object is a message, in any shape.
func (rd *reader) isMessage(n jsonval.Node) bool {
	if standalone(n) || isDumped(n) || n.Get(eventKey).Exists() || n.Get("delta").Kind() == jsonval.Object {
		return true
	}
	typ := n.Get("type").Str()
	if n.Get("content").Exists() && (typ == "" || typ == "message") {
		return true
	}
	if n.Get("output").Kind() == jsonval.Array {
		return false // the body of a response, whose text and reasoning are settings
	}
	for _, key := range [...]string{"text", "completion"} {
		if k := n.Get(key).Kind(); (k == jsonval.String || k == jsonval.Null) && typ == "" && isChoice(n) {
			return true
		}
	}
	return false
}

// isChoice reports whether a text is one of a model's answers rather than a block.
func isChoice(n jsonval.Node) bool {
	at, _ := n.Any(choiceKeys, 0)
	return at >= 0 || finishOf(n) != ""
}

var choiceKeys = jsonval.KeysOf("generation_info", "index", "toolCalls", "tool_calls", "reasoning", "reasoningText", "files", "sources", "warnings")

// object reads a message: serialised, a choice or event around it, or bare.
func (rd *reader) object(n jsonval.Node, finish string) bool {
	if own := finishOf(n); own != "" {
		finish = own
	}
	role := ""
	switch {
	case isSerialised(n):
		class := className(n)
		n = n.Get("kwargs")
		if own := finishOf(n); own != "" {
			finish = own
		}
		if role = roleNames[strings.ToLower(class)]; role == "" && n.Get("role").Blank() {
			role = roleNames[n.Get("type").Str()]
		}
	case isDumped(n):
		role = roleNames[strings.ToLower(n.Get("type").Str())]
		if data := n.Get("data"); data.Kind() == jsonval.Object {
			n = data
		}
	}
	inner := n.Get("message")
	if !inner.Exists() {
		inner = n.Get("delta")
	}
	if n.Get("role").Exists() && inner.Kind() == jsonval.String {
		inner = jsonval.Node{} // Cohere: the text of the message
	}
	if inner.Exists() && inner.Kind() != jsonval.Null {
		return rd.choice(n, inner, finish)
	}
	if c := n.Get("content"); c.Kind() == jsonval.Object && standalone(c) {
		return rd.object(c, finish)
	}
	rd.fields(n, role, finish)
	return true
}

// choice reads the message inside a choice or event.
func (rd *reader) choice(outer, inner jsonval.Node, finish string) bool {
	if inner.Kind() == jsonval.String {
		if n, ok := rd.decoded(inner); ok && (n.Kind() == jsonval.Array || rd.isMessage(n)) {
			inner = n
		}
	}
	if inner.Kind() == jsonval.Object && (isSerialised(inner) || isDumped(inner)) {
		return rd.object(inner, finish)
	}
	if inner.Kind() != jsonval.Object || !rd.isMessage(inner) && isPart(inner) {
		f := rd.draft(rd.roleOf(outer))
		f.finish = finish
		rd.blocks(f.parts, inner)
		rd.calls(f.parts, outer)
		rd.end(f)
		return true
	}
	if own := finishOf(inner); own != "" {
		finish = own
	}
	role := rd.roleOf(inner)
	if role == "" {
		role = rd.roleOf(outer)
	}
	rd.fields(inner, role, finish)
	return true
}

func (rd *reader) roleOf(n jsonval.Node) string {
	if role := n.Get("role"); !role.Blank() {
		return canonicalRole(role.Str(), rd.r)
	}
	return eventRole(n.Get(eventKey).Str())
}

var (
	thoughts     = jsonval.KeysOf("reasoning_content", "reasoning", "thinking", "reasoningText")
	messageTexts = jsonval.KeysOf("contents", "blocks", "text", "message", "completion", "outputText", "generated_text")
	answeredIDs  = jsonval.KeysOf("tool_call_id", "toolCallId", "tool_use_id")
)

// fields reads a message from its own keys.
func (rd *reader) fields(n jsonval.Node, role, finish string) {
	f := rd.draft(role)
	if role == "" {
		f.role = rd.roleOf(n)
	}
	f.finish = finish
	if isToolsName(n, f.role) {
		f.role = "tool"
		rd.addToolResponse(f.parts, filled(n.Get("tool_call_id")), n.Get("role"), n.Get("content"))
		rd.end(f)
		return
	}
	if name := n.Get("name"); name.Kind() == jsonval.String && !name.Blank() {
		f.name = name
	}
	if c := first(n, thoughts); c.Exists() {
		rd.addReasoning(f.parts, c)
	}
	rd.content(f, n)
	rd.calls(f.parts, n)
	if c := n.Get("refusal"); !c.Blank() {
		p := rd.d.Object()
		p.Put("type", rd.d.String("refusal"))
		p.Put("refusal", c)
		f.parts.Add(p)
	}
	rd.end(f)
}

// isToolsName reports whether a role is the name of the tool that answers: Langfuse's handler for LangChain.js
// gives the answers of tools and functions such roles, and only them LangChain's additional_kwargs.
func isToolsName(n jsonval.Node, role string) bool {
	return role != "" && roleNames[role] == "" && n.Get("additional_kwargs").Kind() == jsonval.Object && n.Get("role").Kind() == jsonval.String
}

// content reads what a message says, under whichever key it says it.
func (rd *reader) content(f draft, n jsonval.Node) {
	c := n.Get("content")
	if parts := n.Get("parts"); parts.Kind() == jsonval.Array && (parts.Len() > 0 || c.Blank()) {
		if id := filled(n.Get("tool_call_id")); id.Exists() && f.role == "tool" && !holdsToolResponse(parts) {
			rd.addToolResponse(f.parts, id, jsonval.Node{}, rd.plain(parts))
			return
		}
		rd.blocks(f.parts, parts)
		return
	}
	if c.Blank() {
		c = or(first(n, messageTexts), or(n.Get("generated_text"), c))
	}
	id := first(n, answeredIDs)
	if f.role == "tool" && !id.Exists() {
		id = filled(n.Get("additional_kwargs").Get("tool_call_id"))
	}
	if f.role == "tool" && !id.Exists() {
		id = filled(n.Get("id"))
	}
	if f.role == "assistant" && id.Exists() && rd.calling(f.parts, id, c) {
		return
	}
	if f.role == "tool" || id.Exists() {
		rd.toolContent(f.parts, id, c)
		return
	}
	rd.blocks(f.parts, c)
}

// calling reads the call of a tool that is all an assistant says, its id beside it.
func (rd *reader) calling(parts, id, c jsonval.Node) bool {
	call, _ := rd.decoded(c)
	if call.Kind() != jsonval.Object || !call.Get("name").Exists() || !call.Get("arguments").Exists() {
		return false
	}
	if !call.Get("id").Exists() {
		call.Set("id", id)
	}
	rd.addToolCall(parts, call, 0)
	return true
}

// toolContent reads the content of a message that answers a tool call: the blocks
// in it that are results, or else the whole as the one result.
func (rd *reader) toolContent(parts, id, c jsonval.Node) {
	blocks := c
	if c.Kind() == jsonval.String {
		blocks, _ = rd.decoded(c)
	}
	if holdsToolResponse(blocks) || onlyCalls(blocks) {
		rd.blocks(parts, blocks)
		return
	}
	if c.Kind() == jsonval.Array && c.First().Get("message_content").Exists() {
		c = onlyText(c)
	}
	if v := unwrapTyped(blocks); v != blocks {
		c = v
	}
	if c.Kind() == jsonval.Absent || c.Kind() == jsonval.Null && !id.Exists() {
		return
	}
	rd.addToolResponse(parts, id, jsonval.Node{}, c)
}

// onlyText returns the text of indexed contents that are one text, else them.
func onlyText(c jsonval.Node) jsonval.Node {
	if text := c.First().Get("message_content").Get("text"); c.Len() == 1 && text.Exists() {
		return text
	}
	return c
}

// onlyCalls reports whether all of a list are calls of tools as OpenAI lists them.
func onlyCalls(list jsonval.Node) bool {
	if list.Kind() != jsonval.Array {
		return false
	}
	for b := list.First(); b.Exists(); b = b.Next() {
		if b.Get("type").Str() != "function" || kindOf(b) != partToolCall {
			return false
		}
	}
	return list.Len() > 0
}

func holdsToolResponse(c jsonval.Node) bool {
	for b := c.First(); b.Exists(); b = b.Next() {
		if isToolResponse(b) {
			return true
		}
	}
	return isToolResponse(c)
}

// blocks reads content: text, a list of blocks (also as JSON text), or one block.
func (rd *reader) blocks(parts, c jsonval.Node) {
	switch c.Kind() {
	case jsonval.String:
		if list, ok := rd.decoded(c); ok && list.Kind() == jsonval.Array && onlyParts(list) {
			rd.blocks(parts, list)
			return
		}
		rd.addText(parts, c)
	case jsonval.Array:
		for b := c.First(); b.Exists(); b = b.Next() {
			rd.part(parts, b)
		}
	case jsonval.Object:
		if v := unwrapTyped(c); v != c {
			rd.blocks(parts, v)
			return
		}
		if isPart(c) || !c.Get("type").Blank() {
			rd.part(parts, c)
			return
		}
		if text := c.Get("text").Get("value"); c.Len() == 1 && text.Kind() == jsonval.String {
			rd.addText(parts, text) // Azure AI Agents
			return
		}
		rd.addText(parts, rd.asText(c))
	case jsonval.Number, jsonval.Bool:
		rd.addText(parts, rd.d.String(c.Text()))
	}
}

func onlyParts(list jsonval.Node) bool {
	for b := list.First(); b.Exists(); b = b.Next() {
		if !isPart(b) {
			return false
		}
	}
	return list.Len() > 0
}

// decoded parses a string that looks like a JSON list or object.
func (rd *reader) decoded(c jsonval.Node) (jsonval.Node, bool) {
	if c.Kind() != jsonval.String {
		return c, false
	}
	s := strings.TrimLeft(c.Str(), " \t\r\n")
	if s == "" || s[0] != '[' && s[0] != '{' {
		return c, false
	}
	var r jsonval.Repairs
	n, ok := rd.d.Parse(s, &r)
	if !ok {
		if n, ok = rd.python(s); !ok {
			return c, false
		}
	}
	*rd.r |= r
	return n, true
}

// printed reads the answer or the call of a tool that Python printed as the text of an answer.
func (rd *reader) printed(parts, text jsonval.Node) bool {
	if rd.dir != Output || !mayBePrinted(text.Spelt()) {
		return false
	}
	s := text.Str()
	if !printsAnswer(s) && !printsCall(s) {
		return false
	}
	made, ok := jsonval.FromPython(s)
	if !ok {
		return false
	}
	n, ok := rd.d.Parse(made, rd.r)
	before := parts.Len()
	switch {
	case !ok:
	case printsCall(s):
		rd.addToolCall(parts, n, 0)
	default:
		rd.addText(parts, n.Get("content"))
		rd.calls(parts, n)
	}
	return parts.Len() > before
}

// mayBePrinted reports whether a text as JSON spells it begins as what Python prints: the escapes
// of most texts so stay as they are.
func mayBePrinted(spelt string) bool {
	if strings.HasPrefix(spelt, "{'") || strings.HasPrefix(spelt, `{\`) || strings.HasPrefix(spelt, `\`) {
		return true
	}
	i := strings.IndexByte(spelt[:min(len(spelt), 64*maxEscape)], '(')
	return i > 0 && strings.HasSuffix(spelt[:i], "ToolCall")
}

// printsAnswer reports whether text may be the dict of an OpenAI message.
func printsAnswer(s string) bool {
	return strings.HasPrefix(s, "{'") && strings.Contains(s, "'role': 'assistant'")
}

// printsCall reports whether text may be an object that is the call of a tool.
func printsCall(s string) bool {
	i := strings.IndexByte(s[:min(len(s), 64)], '(')
	return i > 0 && strings.HasSuffix(s[:i], "ToolCall") && strings.Contains(s, "arguments=")
}

// python reads what Python prints of a dict, or of a list of dicts or objects.
func (rd *reader) python(s string) (n jsonval.Node, ok bool) {
	if !jsonval.PrintsPython(s) {
		return n, false
	}
	text, ok := jsonval.FromPython(s)
	if ok {
		n, ok = rd.d.Parse(text, rd.r)
	}
	return n, ok
}

// calls adds the tool calls that stand beside the content of a message.
func (rd *reader) calls(parts, n jsonval.Node) {
	extra := n.Get("additional_kwargs")
	before := parts.Len()
	rd.inContent = rd.inContent[:0]
	for _, list := range [...]jsonval.Node{
		n.Get("tool_calls"), n.Get("toolCalls"), n.Get("toolRequests"), extra.Get("tool_calls"),
	} {
		if list.Kind() == jsonval.String {
			list, _ = rd.decoded(list)
		}
		if list.Kind() == jsonval.Object {
			rd.addToolCall(parts, list, before)
		}
		for c := list.First(); list.Kind() == jsonval.Array && c.Exists(); c = c.Next() {
			call, _ := rd.decoded(c)
			rd.addToolCall(parts, call, before)
		}
		if parts.Len() > before {
			return
		}
	}
	call := n.Get("function_call")
	if call.Kind() != jsonval.Object {
		call = extra.Get("function_call")
	}
	if name := n.Get("function_call_name"); !call.Exists() && !name.Blank() {
		call = rd.d.Object()
		call.Set("name", name)
		call.Set("arguments", n.Get("function_call_arguments_json"))
	}
	if call.Kind() == jsonval.Object {
		rd.addToolCall(parts, call, before)
	}
}
