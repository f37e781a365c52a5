package content

import (
	"slices"
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// reader finds the messages in a value of any shape and builds their canonical
// form in the same Doc.
type reader struct {
	d         *jsonval.Doc
	dir       Direction
	r         *jsonval.Repairs
	found     []draft
	inContent []string // canonical calls of the content of the message being read
}

func (s *scratch) reader(d *jsonval.Doc, dir Direction, r *jsonval.Repairs) *reader {
	s.read = reader{d: d, dir: dir, r: r, found: s.read.found[:0]}
	return &s.read
}

// draft is a message being built.
type draft struct {
	parts  jsonval.Node // an array
	name   jsonval.Node
	role   string
	finish string
}

// node returns the message as it is stored.
func (f draft) node() jsonval.Node {
	d := f.parts.Doc()
	n := d.Object()
	n.Put("name", f.name)
	n.Put("role", d.String(f.role))
	n.Put("parts", f.parts)
	return n
}

func (rd *reader) draft(role string) draft { return draft{role: role, parts: rd.d.Array()} }

// end adds a message to those found and settles its role.
func (rd *reader) end(f draft) {
	switch {
	case onlyOf(f.parts, typeToolResponse):
		f.role = "tool"
	case f.role == "tool" && onlyOf(f.parts, typeToolCall):
		f.role = "assistant" // Koog files calls under what answers them
	case f.role != "":
	case rd.dir == Output:
		f.role = "assistant"
	default:
		f.role = "user"
	}
	rd.found = append(rd.found, f)
}

func onlyOf(parts jsonval.Node, typ string) bool {
	for p := parts.First(); p.Exists(); p = p.Next() {
		if p.Get("type").Str() != typ {
			return false
		}
	}
	return parts.First().Exists()
}

// maxDecode is how often a string in a string is decoded.
const maxDecode = 3

// text reads JSON or plain text.
func (rd *reader) text(s string) bool {
	for range maxDecode {
		t := strings.TrimLeft(s, " \t\r\n")
		if t == "" {
			return false
		}
		if strings.IndexByte(`[{"n`, t[0]) < 0 {
			break
		}
		n, ok := rd.d.Parse(s, rd.r)
		if !ok {
			if n, ok = rd.python(s); ok && !rd.isMessages(n) {
				break
			}
		}
		switch {
		case !ok:
		case n.Kind() == jsonval.String:
			s = n.Str()
			continue
		default:
			return rd.any(n)
		}
		break
	}
	if strings.TrimSpace(s) == "" {
		return false
	}
	if n, ok := rd.printedMessage(s); ok && rd.any(n) {
		return true
	}
	rd.textMessage(rd.d.String(s))
	return true
}

// othersMessages begin the classes of messages that no model wrote.
var othersMessages = [...]string{"Human", "User", "System", "Developer", "Tool", "Function"}

// printedMessage reads the only message that Python printed as the whole text. Where the message names no
// role, its class does, which the text of an answer need not.
func (rd *reader) printedMessage(s string) (n jsonval.Node, ok bool) {
	var made string
	switch s = strings.TrimSpace(s); {
	case jsonval.PrintsObjectOf(s, "Message"):
		made, ok = jsonval.FromPython(s)
	case strings.HasPrefix(s, "content=") && strings.Contains(s, " additional_kwargs="): // of LangChain
		made, ok = jsonval.FromPythonFields(s)
	}
	if !ok {
		return n, false
	}
	if n, ok = rd.d.Parse(made, rd.r); !ok || n.Kind() != jsonval.Object || !n.Get("content").Exists() {
		return n, false
	}
	if !n.Get("role").Exists() {
		if rd.dir != Output || slices.ContainsFunc(othersMessages[:], func(class string) bool { return strings.HasPrefix(s, class) }) ||
			n.Get("tool_call_id").Exists() {
			return n, false
		}
		n.Set("role", rd.d.String("assistant"))
	}
	return n, true
}

// isMessages reports whether a value of Python is a message or a list of messages and blocks, and not
// what a message says.
func (rd *reader) isMessages(n jsonval.Node) bool {
	if n.Kind() != jsonval.Array {
		return standalone(n) || rd.isKeyed(n)
	}
	for c := n.First(); c.Exists(); c = c.Next() {
		if !standalone(c) && !rd.isKeyed(c) && !isPart(c) {
			return false
		}
	}
	return n.Len() > 0
}

func (rd *reader) textMessage(text jsonval.Node) {
	f := rd.draft("")
	rd.addText(f.parts, text)
	rd.end(f)
}

// any reads a parsed value and reports whether it holds messages.
func (rd *reader) any(n jsonval.Node) bool {
	switch n.Kind() {
	case jsonval.String:
		if n.Blank() {
			return false
		}
		rd.textMessage(n)
		return true
	case jsonval.Number, jsonval.Bool:
		rd.textMessage(rd.d.String(n.Text()))
		return true
	case jsonval.Array:
		return rd.list(n)
	case jsonval.Object:
		return rd.body(n, "")
	}
	return false
}

// list reads a list of messages, of lists of messages, of texts (a message each),
// or of content blocks and items (which make up messages together).
func (rd *reader) list(n jsonval.Node) bool {
	before := len(rd.found)
	texts := onlyStrings(n)
	if texts && n.Len() > maxTexts {
		rd.textMessage(rd.asText(n))
		return true
	}
	known := false // whether anything is sure to be words of a conversation
	open := draft{}
	flush := func() {
		if open.parts.Len() > 0 {
			rd.end(open)
		}
		open = draft{}
	}
	join := func(role string) jsonval.Node {
		if !open.parts.Exists() || open.role != role || role == "tool" {
			flush()
			open = rd.draft(role)
		}
		return open.parts
	}
	for c := n.First(); c.Exists(); c = c.Next() {
		if inner, ok := rd.decoded(c); ok {
			switch {
			case isItem(inner) || standalone(inner):
				flush()
				known = rd.body(inner, "") || known
				continue
			case rd.isKeyed(inner):
				flush()
				rd.keyed(inner)
				known = true
				continue
			case isSilent(inner):
				continue
			}
		}
		switch {
		case rd.isOther(c):
		case isPair(c):
			flush()
			rd.pair(c)
			known = true
		case rd.isKeyed(c):
			flush()
			rd.keyed(c)
			known = true
		case c.Kind() == jsonval.Array:
			flush()
			known = rd.list(c) || known
		case unwrapTyped(c) != c:
			flush()
			known = rd.any(unwrapTyped(c)) || known
		case c.Kind() == jsonval.String && texts:
			known = rd.any(c) || known
		case c.Kind() == jsonval.String:
			rd.addText(join(""), c)
		case isItem(c):
			rd.item(join(itemRole(c)), c)
			known = true
		case rd.isMessage(c) || !isPart(c) && !c.Get("type").Exists():
			flush()
			known = rd.body(c, "") || known
		default:
			rd.part(join(""), c)
			known = known || isPart(c)
		}
	}
	flush()
	if !known {
		rd.found = rd.found[:before]
	}
	return len(rd.found) > before
}

// maxTexts is how many bare texts of a list are a message or document each. Of more, the
// list as a whole is one text: a message takes a hundred times the memory of such a text.
const maxTexts = 10_000

// asText returns the JSON of a value as a string.
func (rd *reader) asText(n jsonval.Node) jsonval.Node {
	var r jsonval.Repairs
	text := rd.d.String(string(jsonval.Append(nil, n, &r)))
	*rd.r |= r
	return text
}

// isPair reports whether n is a role and what was said, the short form of LangChain.
func isPair(n jsonval.Node) bool {
	if n.Kind() != jsonval.Array || n.Len() != 2 || !onlyStrings(n) {
		return false
	}
	_, ok := roleNames[n.First().Str()]
	return ok
}

func (rd *reader) pair(n jsonval.Node) {
	f := rd.draft(roleNames[n.First().Str()])
	rd.addText(f.parts, n.First().Next())
	rd.end(f)
}

// isKeyed reports whether n is an object whose only key is the role of who said its value.
// What a model answers may be such an object itself, about a user: an answer is the assistant's.
func (rd *reader) isKeyed(n jsonval.Node) bool {
	if n.Kind() != jsonval.Object || n.Len() != 1 {
		return false
	}
	switch c := n.First(); c.Key() {
	case "model": // or the name of one
		return rd.dir == Output && strings.Contains(strings.TrimSpace(c.Str()), " ")
	case "system", "developer", "user", "human", "tool":
		if rd.dir == Output {
			return false
		}
		fallthrough
	case "assistant", "ai":
		return c.Kind() == jsonval.String && !c.Blank() || c.Kind() == jsonval.Array && c.Len() > 0 || isPart(c)
	}
	return false
}

// isSilent reports whether n is an object whose only key is a role that said nothing.
func isSilent(n jsonval.Node) bool {
	return n.Kind() == jsonval.Object && n.Len() == 1 && n.First().Kind() == jsonval.Null && roleNames[n.First().Key()] != ""
}

func (rd *reader) keyed(n jsonval.Node) {
	c := n.First()
	f := rd.draft(roleNames[c.Key()])
	switch {
	case f.role == "tool":
		rd.toolContent(f.parts, jsonval.Node{}, c)
	case c.Kind() == jsonval.Array:
		for p := c.First(); p.Exists(); p = p.Next() {
			if block, ok := rd.decoded(p); ok && isPart(block) {
				p = block
			}
			rd.part(f.parts, p)
		}
	default:
		rd.blocks(f.parts, c)
	}
	rd.end(f)
}

func onlyStrings(n jsonval.Node) bool {
	for c := n.First(); c.Exists(); c = c.Next() {
		if c.Kind() != jsonval.String {
			return false
		}
	}
	return true
}

// wrappers are the keys that hold messages inside a request or response body, in
// the order they are looked at.
var wrappers = [...]*jsonval.Keys{
	Input: jsonval.KeysOf("messages", "contents", "input", "inputs", "prompt", "prompts", "chat_history",
		"output", "outputs", "choices", "candidates", "generations", "inputText", "value"),
	Output: jsonval.KeysOf("choices", "candidates", "generations", "output", "outputs", "messages", "contents",
		"completion", "completions", "results", "response", "generation", "input", "inputs", "value"),
}

// requestKeys are wrappers of what a model is given.
var requestKeys = map[string]bool{"messages": true, "contents": true, "input": true, "inputs": true}

// body reads one object: a message, a content block, or what wraps messages.
func (rd *reader) body(n jsonval.Node, finish string) bool {
	before := len(rd.found)
	if own := finishOf(n); own != "" {
		finish = own
	}
	if rd.dir == Output && rd.isKeyed(n) {
		rd.keyed(n)
		return true
	}
	if rd.dir == Output && n.Len() == 1 && n.Get("tools").First().Get("tool_arguments").Exists() {
		f := rd.draft("")
		for call := n.Get("tools").First(); call.Exists(); call = call.Next() {
			rd.addToolCall(f.parts, call, 0)
		}
		rd.end(f)
		return true
	}
	if isItem(n) || !rd.isMessage(n) && isPart(n) {
		f := rd.draft("")
		if isItem(n) {
			f.role = itemRole(n)
			rd.item(f.parts, n)
		} else {
			rd.part(f.parts, n)
		}
		if f.parts.Len() == 0 {
			return false
		}
		f.finish = finish
		rd.end(f)
		return true
	}
	if rd.isMessage(n) {
		return rd.object(n, finish)
	}
	if kwargs := n.Get("kwargs"); kwargs.Kind() == jsonval.Object { // of a function that is traced
		if inner := kwargs.Get("messages"); inner.Exists() {
			return rd.any(inner)
		}
		if given := n.Get("args").First(); n.Len() == 2 && given.Exists() {
			return rd.any(given)
		}
	}
	keys := wrappers[rd.dir]
	for at, c := n.Any(keys, 0); at >= 0; at, c = n.Any(keys, at+1) {
		if rd.dir == Output && requestKeys[c.Key()] && (n.Get("model").Exists() || n.Get("error").Exists()) {
			continue // a request that was not answered
		}
		if rd.wrapped(n, c, finish) {
			rd.finishAll(before, finish)
			return true
		}
	}
	return rd.answer(n, finish)
}

// wrapped reads a value c of a body n.
func (rd *reader) wrapped(n, c jsonval.Node, finish string) bool {
	switch c.Kind() {
	case jsonval.Object:
		return rd.body(c, finish)
	case jsonval.String:
		if c.Key() == "value" && !n.Get("type").Exists() {
			return false
		}
		return rd.text(c.Str())
	case jsonval.Array:
		return rd.list(c)
	}
	return false
}

// finishAll gives the only message found since the finish reason of the body
// around it.
func (rd *reader) finishAll(before int, finish string) {
	if len(rd.found) == before+1 && rd.found[before].finish == "" {
		rd.found[before].finish = finish
	}
}

var answers = jsonval.KeysOf("text", "toolCalls", "tool_calls", "outputText", "generated_text")

// answer reads a body whose own keys are the answer: text, reasoning, tool calls.
func (rd *reader) answer(n jsonval.Node, finish string) bool {
	if !first(n, answers).Exists() {
		return false
	}
	before := len(rd.found)
	rd.fields(n, "", finish)
	if rd.found[before].parts.Len() == 0 {
		rd.found = rd.found[:before]
		return false
	}
	return true
}

// finishOf returns the finish reason an object names.
func finishOf(n jsonval.Node) string {
	switch s := first(n, reasons); {
	case s.Kind() == jsonval.Number:
		return finishReasons[s.Text()] // a number of an enum; others are ids of tokens
	case s.Exists():
		return FinishReason(s.Str())
	}
	if _, inner := n.Any(reasonsInside, 0); inner.Exists() {
		return finishOf(inner)
	}
	return ""
}

var (
	reasons       = jsonval.KeysOf("finish_reason", "finishReason", "stop_reason", "stopReason", "done_reason")
	reasonsInside = jsonval.KeysOf("generation_info", "response_metadata")
)
