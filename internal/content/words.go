package content

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// whole reads an attribute as one content, through the memo where it is text.
func (z *Normalizer) whole(k kind, v pcommon.Value, r *jsonval.Repairs, read func(*scratch, jsonval.Node, *jsonval.Repairs) jsonval.Node) (Content, bool) {
	s := z.open()
	defer z.close(s)
	if v.Type() != pcommon.ValueTypeStr {
		return z.found(s, read(s, s.doc.FromValue(v, r), r), r)
	}
	e, hash := z.memo.get(k, v.Str())
	if e != nil {
		*r |= e.repairs
		return e.content, true
	}
	e = &entry{kind: k}
	c, ok := z.found(s, read(s, s.doc.String(v.Str()), &e.repairs), &e.repairs)
	if ok {
		e.raw, e.content = v.Str(), c
		*r |= e.repairs
		z.memo.put(e, hash)
	}
	return c, ok
}

func (z *Normalizer) found(s *scratch, n jsonval.Node, r *jsonval.Repairs) (Content, bool) {
	if !n.Exists() {
		return Content{}, false
	}
	return z.store(s, n, r), true
}

// SystemInstructions reads parts, messages, a plain string, or a request body
// (system, instructions, system_instruction, config.…) into one array of parts.
func (z *Normalizer) SystemInstructions(v pcommon.Value, r *jsonval.Repairs) (Content, bool) {
	return z.whole(kindSystem, v, r, readSystem)
}

// SystemInstructionsNode is SystemInstructions for a part of a tree.
func (z *Normalizer) SystemInstructionsNode(n jsonval.Node, r *jsonval.Repairs) (Content, bool) {
	s := z.open()
	defer z.close(s)
	return z.found(s, readSystem(s, n, r), r)
}

// systemKeys are where request bodies keep the system instructions.
var systemKeys = jsonval.KeysOf("system", "instructions", "system_instruction", "systemInstruction", "system_prompt")

func readSystem(s *scratch, n jsonval.Node, r *jsonval.Repairs) jsonval.Node {
	if !n.Exists() {
		return n
	}
	rd := s.reader(n.Doc(), Input, r)
	if n.Kind() == jsonval.String {
		if inner, ok := rd.unfolded(n.Str()); ok {
			n = inner
		} else if n.Str() == "null" {
			return jsonval.Node{}
		}
	}
	for _, body := range [...]jsonval.Node{n, n.Get("config")} {
		if body.Get("role").Exists() {
			break
		}
		if c := first(body, systemKeys); c.Exists() {
			return readSystem(s, c, r)
		}
	}
	if n.Kind() == jsonval.Object && !isInstruction(n) || !rd.any(n) {
		return jsonval.Node{}
	}
	parts := rd.d.Array()
	for _, f := range rd.found {
		for p := f.parts.First(); p.Exists(); p = p.Next() {
			parts.Add(p)
		}
	}
	if parts.Len() == 0 {
		return jsonval.Node{}
	}
	return parts
}

// isInstruction reports whether an object instructs a model: a part, or a message of
// the system or of nobody; not one that somebody else said. Google's clients call the
// content of an instruction the user's.
func isInstruction(n jsonval.Node) bool {
	if role := n.Get("role"); role.Exists() {
		known := roleNames[strings.ToLower(role.Str())]
		return known == "system" || known == "developer" || (n.Key() == "systemInstruction" || n.Key() == "system_instruction") && n.Get("parts").Exists()
	}
	return isPart(n) || isSerialised(n) || n.Get("content").Exists() || n.Get("parts").Exists()
}

// SystemOf copies the parts of the leading system messages.
func (z *Normalizer) SystemOf(messages []Message) (Content, bool) {
	lead := 0
	for lead < len(messages) && messages[lead].Role == "system" {
		lead++
	}
	switch lead {
	case 0:
		return Content{}, false
	case 1:
		parts := partsOf(messages[0].Body)
		if len(parts) <= len("[]") {
			return Content{}, false
		}
		return z.keep(parts), true
	}
	joined := []byte{'['}
	for _, m := range messages[:lead] {
		parts := partsOf(m.Body)
		if len(parts) <= len("[]") {
			continue
		}
		if len(joined) > 1 {
			joined = append(joined, ',')
		}
		joined = append(joined, parts[1:len(parts)-1]...)
	}
	if len(joined) == 1 {
		return Content{}, false
	}
	return z.keep(append(joined, ']')), true
}

// ToolDefinitions reads a list of tools, or a request body holding one, into
// [{type,name,description?,parameters?}].
func (z *Normalizer) ToolDefinitions(v pcommon.Value, r *jsonval.Repairs) (Content, bool) {
	return z.whole(kindTools, v, r, readTools)
}

// ToolDefinitionsNode is ToolDefinitions for a part of a tree.
func (z *Normalizer) ToolDefinitionsNode(n jsonval.Node, r *jsonval.Repairs) (Content, bool) {
	s := z.open()
	defer z.close(s)
	return z.found(s, readTools(s, n, r), r)
}

func readTools(s *scratch, n jsonval.Node, r *jsonval.Repairs) jsonval.Node {
	if !n.Exists() {
		return n
	}
	rd := s.reader(n.Doc(), Input, r)
	list := rd.d.Array()
	rd.tools(list, n, 0)
	if list.Len() == 0 {
		return jsonval.Node{}
	}
	return list
}

// toolLists are the keys that hold tools, in a request body or in a tool that
// stands for several.
var toolLists = jsonval.KeysOf(
	"tools", "functions", "function_declarations", "functionDeclarations", "function_tools", "toolConfig", "config", "value", "data",
)

// maxToolNesting is how deep lists of tools nest in each other.
const maxToolNesting = 6

func (rd *reader) tools(list, n jsonval.Node, depth int) {
	if depth > maxToolNesting {
		return
	}
	switch n.Kind() {
	case jsonval.String:
		if inner, ok := rd.parsed(n.Str()); ok {
			rd.tools(list, inner, depth+1)
		}
	case jsonval.Array:
		for c := n.First(); c.Exists(); c = c.Next() {
			rd.tools(list, c, depth+1)
		}
	case jsonval.Object:
		before := list.Len()
		if !n.Get("name").Exists() {
			for at, c := n.Any(toolLists, 0); at >= 0; at, c = n.Any(toolLists, at+1) {
				rd.tools(list, c, depth+1)
			}
		}
		if list.Len() == before {
			rd.tool(list, n)
		}
	}
}

// tool adds one definition.
func (rd *reader) tool(list, n jsonval.Node) {
	typ := n.Get("type")
	for _, key := range [...]string{"tool", "json_schema", "function", "toolSpec"} {
		inner := n.Get(key)
		if inner.Kind() == jsonval.String {
			inner, _ = rd.parsed(inner.Str())
		}
		if inner.Kind() == jsonval.Object && !n.Get("name").Exists() {
			n, typ = inner, or(n.Get("type"), filled(inner.Get("type")))
		}
	}
	if typ.Kind() == jsonval.String && typ.Str() != "function" && typ.Str() != "custom" {
		list.Add(n)
		return
	}
	name := filled(n.Get("name"))
	if !name.Exists() {
		return
	}
	t := rd.d.Object()
	t.Put("type", or(typ, rd.d.String("function")))
	t.Put("name", name)
	t.Put("description", filled(n.Get("description")))
	t.Put("parameters", rd.parameters(n))
	list.Add(t)
}

var schemas = jsonval.KeysOf("parameters", "input_schema", "inputSchema", "json_schema", "parameters_json_schema", "parametersJsonSchema", "schema")

func (rd *reader) parameters(n jsonval.Node) jsonval.Node {
	p := first(n, schemas)
	if inner := p.Get("json"); p.Len() == 1 && inner.Kind() == jsonval.Object {
		p = inner // Bedrock
	}
	if inner := p.Get("jsonSchema"); inner.Kind() == jsonval.Object {
		p = inner // Vercel
	}
	if p.Kind() == jsonval.String {
		if inner, ok := rd.unfolded(p.Str()); ok {
			p = inner
		}
	}
	if p.Exists() {
		return p
	}
	if schema, _ := rd.decoded(n.Get("arguments")); schema.Get("type").Str() == "object" {
		return schema // OpenLLMetry in JavaScript
	}
	return p
}

// Value reads a tool's arguments or result: a string that holds a JSON object,
// array or quoted string is decoded, other text stays text; encoded says that the
// producer always encodes, so that scalars are decoded too.
func (z *Normalizer) Value(v pcommon.Value, encoded bool, r *jsonval.Repairs) (Content, bool) {
	s := z.open()
	defer z.close(s)
	return z.found(s, readValue(s, s.doc.FromValue(v, r), encoded, r), r)
}

// Unwrapped is Value without what libraries put around the arguments or the result of a
// tool.
func (z *Normalizer) Unwrapped(v pcommon.Value, encoded bool, r *jsonval.Repairs) (Content, bool) {
	s := z.open()
	defer z.close(s)
	return z.found(s, withoutWrapper(s, readValue(s, s.doc.FromValue(v, r), encoded, r), r), r)
}

// UnwrappedNode is Unwrapped for a part of a tree.
func (z *Normalizer) UnwrappedNode(n jsonval.Node, encoded bool, r *jsonval.Repairs) (Content, bool) {
	s := z.open()
	defer z.close(s)
	return z.found(s, withoutWrapper(s, readValue(s, n, encoded, r), r), r)
}

func withoutWrapper(s *scratch, n jsonval.Node, r *jsonval.Repairs) jsonval.Node {
	if inner := unwrapCall(n); inner.Exists() {
		if output := n.Get("tool_output"); output.Exists() {
			if raw := unwrapCall(output); raw.Exists() {
				inner = raw
			}
		}
		return readValue(s, inner, false, r)
	}
	return n
}

func readValue(s *scratch, n jsonval.Node, encoded bool, r *jsonval.Repairs) jsonval.Node {
	if n.Blank() {
		return jsonval.Node{}
	}
	rd := s.reader(n.Doc(), Input, r)
	n = rd.value(n, encoded)
	if n.Kind() == jsonval.Null {
		return jsonval.Node{}
	}
	return n
}

func (rd *reader) value(n jsonval.Node, encoded bool) jsonval.Node {
	if n.Kind() == jsonval.String {
		if inner, ok := rd.parsed(n.Str()); ok {
			n = inner
		} else if encoded {
			var r jsonval.Repairs
			if inner, ok := rd.d.Parse(n.Str(), &r); ok {
				return inner
			}
		}
	}
	n = unwrapTyped(n)
	for _, message := range [...]jsonval.Node{n, n.Get("output")} {
		if text := message.Str(); jsonval.PrintsMessage(text) {
			message = rd.fieldsOf(message)
		}
		if c := toolMessageContent(message); c.Exists() {
			return rd.value(c, false)
		}
	}
	return n
}

// fieldsOf reads the message of a tool that LangChain printed, which its type is not part of.
func (rd *reader) fieldsOf(n jsonval.Node) jsonval.Node {
	text, ok := jsonval.FromPythonFields(n.Str())
	if !ok {
		return n
	}
	var r jsonval.Repairs
	message, _ := rd.d.Parse(text, &r)
	if message.Get("tool_call_id").Exists() {
		message.Put("role", rd.d.String("tool"))
	}
	return message
}

// callWrappers are objects in which libraries keep the arguments or the result of a tool:
// the member that holds them, the members that must be there, and those that may.
var callWrappers = []struct {
	inner            string
	demands, permits []string
}{
	{inner: "kwargs", permits: []string{"args", "sanitize_inputs_outputs"}},
	{inner: "inputs", demands: []string{"input_str"}, permits: []string{"tags", "metadata", "kwargs"}},
	{inner: "output", demands: []string{"kwargs"}},
	{inner: "raw_output", demands: []string{"tool_name"}, permits: []string{"blocks", "raw_input", "is_error", "content", "exception"}},
	{inner: "response", demands: []string{"id", "name"}},
	{inner: "tool_output", demands: []string{"tool_name", "tool_kwargs", "tool_id"}, permits: []string{"return_direct"}},
}

// unwrapCall takes off what a library put around the arguments or the result of a tool.
// Arguments by position are arguments too: with any, the wrapper stays.
func unwrapCall(n jsonval.Node) jsonval.Node {
	if n.Kind() != jsonval.Object {
		return jsonval.Node{}
	}
	for _, w := range callWrappers {
		inner := n.Get(w.inner)
		if !inner.Exists() || w.inner == "kwargs" && (inner.Kind() != jsonval.Object || n.Get("args").Len() > 0) {
			continue
		}
		known := 1
		for _, key := range w.demands {
			if !n.Get(key).Exists() {
				known = -len(w.permits)
				break
			}
			known++
		}
		for _, key := range w.permits {
			if n.Get(key).Exists() {
				known++
			}
		}
		if known == n.Len() {
			return inner
		}
	}
	return jsonval.Node{}
}

// toolMessageContent returns what a tool answered in a LangChain ToolMessage, or what it was
// given or answered in the only message of a list, which is the tool's.
func toolMessageContent(n jsonval.Node) jsonval.Node {
	if choices := n.Get("choices"); choices.Len() == 1 && choices.First().Get("message").Get("role").Str() == "tool" {
		return choices.First().Get("message").Get("content") // put into the shape of a response
	}
	if n.Kind() == jsonval.Array && n.Len() == 1 {
		n = n.First()
	}
	switch {
	case n.Get("role").Str() == "tool" && n.Get("tool_call_id").Exists() && n.Get("content").Exists() && !n.Get("parts").Exists():
		return n.Get("content")
	case n.Get("role").Str() == "tool" && n.Len() <= 3:
		if part := n.Get("parts").First(); part.Get("type").Str() == typeToolResponse && n.Get("parts").Len() == 1 {
			return part.Get("response")
		}
		return n.Get("content")
	case isSerialised(n) && strings.HasPrefix(className(n), "ToolMessage"):
		return n.Get("kwargs").Get("content")
	case n.Get("type").Str() == "tool" && n.Get("tool_call_id").Exists():
		return n.Get("content")
	case n.Get("type").Str() == "tool" && n.Get("data").Get("content").Exists():
		return n.Get("data").Get("content")
	}
	return jsonval.Node{}
}

// ToolPart returns the arguments of the first tool_call part (Input) or the
// response of the first tool_call_response part (Output) of the messages.
func (z *Normalizer) ToolPart(messages []Message, dir Direction) (Content, bool) {
	typ, key := typeToolCall, "arguments"
	if dir == Output {
		typ, key = typeToolResponse, "response"
	}
	s := z.open()
	defer z.close(s)
	var r jsonval.Repairs
	for _, m := range messages {
		n, _ := s.doc.Parse(string(m.Body), &r)
		for p := n.Get("parts").First(); p.Exists(); p = p.Next() {
			if c := p.Get(key); c.Exists() && p.Get("type").Str() == typ {
				return z.found(s, readValue(s, c, false, &r), &r)
			}
		}
	}
	return Content{}, false
}
