package content

import (
	"slices"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

var (
	innerCalls    = jsonval.KeysOf("toolUse", "functionCall", "function_call", "toolRequest", "tool_call", "function", "payload")
	callIDs       = jsonval.KeysOf("call_id", "toolCallId", "toolUseId", "tool_call_id", "tool_use_id", "tool_id", "ref", "id")
	toolNames     = jsonval.KeysOf("name", "toolName", "tool_name", "tool_function", "function_name", "tool.name")
	callArguments = jsonval.KeysOf("arguments", "args", "input", "parameters", "tool_arguments", "tool.args", "arguments_json", "args_json", "input_json")
	innerResults  = jsonval.KeysOf("toolResult", "functionResponse", "function_response", "toolResponse", "tool_call_result")
	responses     = jsonval.KeysOf("response", "result", "output", "content")
)

// addToolCall adds a tool_call part, unless the parts hold the same call already: some producers write a call in
// the content and beside the content. before is how many parts the content gave, 0 while the content is read.
func (rd *reader) addToolCall(parts, n jsonval.Node, before int) {
	id := callID(n)
	for at, inner := n.Any(innerCalls, 0); at >= 0; at, inner = n.Any(innerCalls, at+1) {
		if inner.Kind() == jsonval.Object {
			n = inner
			if own := callID(n); own.Exists() {
				id = own
			}
		}
	}
	name := first(n, toolNames)
	args := rd.arguments(n)
	if !id.Exists() && !name.Exists() && !args.Exists() {
		return
	}
	p := rd.d.Object()
	p.Put("type", rd.d.String(typeToolCall))
	p.Put("id", id)
	p.Put("name", name)
	p.Put("arguments", args)
	if !rd.hasCall(parts, p, before) {
		parts.Add(p)
	}
}

func callID(n jsonval.Node) jsonval.Node {
	id := first(n, callIDs)
	if id.Str() == notSpecified {
		return jsonval.Node{}
	}
	return id
}

// notSpecified is what Google's ADK writes for an id it does not know.
const notSpecified = "<not specified>"

// arguments returns the arguments of a call, decoded where they are JSON text.
func (rd *reader) arguments(n jsonval.Node) jsonval.Node {
	raw := first(n, callArguments)
	v := raw
	for range maxDecode {
		if v.Kind() != jsonval.String {
			return v
		}
		inner, ok := rd.parsed(v.Str())
		if !ok {
			return raw
		}
		v = inner
	}
	return raw
}

// parsed reads text that holds a JSON object, array or string.
func (rd *reader) parsed(s string) (jsonval.Node, bool) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case ' ', '\t', '\r', '\n':
			continue
		case '{', '[', '"':
			var r jsonval.Repairs
			n, ok := rd.d.Parse(s[i:], &r)
			if ok {
				*rd.r |= r
			}
			return n, ok
		}
		break
	}
	return jsonval.Node{}, false
}

// unfolded is parsed, of text that may have been encoded more than once.
func (rd *reader) unfolded(s string) (n jsonval.Node, ok bool) {
	n, ok = rd.parsed(s)
	for range maxDecode {
		if !ok || n.Kind() != jsonval.String {
			return n, ok
		}
		inner, is := rd.parsed(n.Str())
		if !is {
			return n, true
		}
		n = inner
	}
	return n, ok
}

// maxCompared bounds how many parts a call is compared with.
const maxCompared = 256

// hasCall reports whether the parts hold a call with the id of p or, both without
// id, whether those of the content hold one of its name and arguments.
func (rd *reader) hasCall(parts, p jsonval.Node, before int) bool {
	id := p.Get("id").Text()
	if id == "" && before > 0 {
		return rd.hasBody(parts, p, before)
	}
	at := 0
	for c := parts.First(); c.Exists() && at < maxCompared; c = c.Next() {
		at++
		if c.Get("type").Str() != typeToolCall {
			continue
		}
		if id != "" && c.Get("id").Text() == id {
			return true
		}
	}
	return id != "" && before > 0 && rd.namesCall(parts, p, before)
}

// hasBody reports whether the parts of the content hold the call p.
func (rd *reader) hasBody(parts, p jsonval.Node, before int) bool {
	var r jsonval.Repairs
	return slices.Contains(rd.withoutID(parts, before), string(jsonval.Append(nil, p, &r)))
}

// namesCall gives its id to the call in the content that is p but for that, and reports whether there is one.
func (rd *reader) namesCall(parts, p jsonval.Node, before int) bool {
	calls := rd.withoutID(parts, before)
	if !slices.ContainsFunc(calls, func(body string) bool { return body != "" }) {
		return false
	}
	nameless := rd.d.Object()
	for _, key := range [...]string{"type", "name", "arguments"} {
		nameless.Put(key, p.Get(key))
	}
	var r jsonval.Repairs
	at := slices.Index(calls, string(jsonval.Append(nil, nameless, &r)))
	if at < 0 {
		return false
	}
	c := parts.First()
	for range at {
		c = c.Next()
	}
	c.Set("id", p.Get("id"))
	calls[at] = "" // it is no other call's
	return true
}

// withoutID lists what the calls in the content are that have no id, "" for each other part. It writes each
// once for all calls that are compared with them.
func (rd *reader) withoutID(parts jsonval.Node, before int) []string {
	var r jsonval.Repairs
	c := parts.First()
	for len(rd.inContent) < min(before, maxCompared) {
		body := ""
		if c.Get("type").Str() == typeToolCall && c.Get("id").Text() == "" {
			body = string(jsonval.Append(nil, c, &r))
		}
		rd.inContent = append(rd.inContent, body)
		c = c.Next()
	}
	return rd.inContent
}

// toolResponsePart reads a tool's result from a content block.
func (rd *reader) toolResponsePart(parts, n jsonval.Node) {
	id := callID(n)
	named := n.Get("type").Str() == typeToolResponse
	for at, inner := n.Any(innerResults, 0); at >= 0; at, inner = n.Any(innerResults, at+1) {
		if inner.Kind() != jsonval.Object {
			continue
		}
		n = inner
		if own := callID(n); own.Exists() {
			id = own
			named = inner.Key() == "function_response" // a result without an id names no call
		} else if own := callID(n.Get("origin")); own.Exists() {
			id = own // Haystack repeats the call
		}
		break
	}
	name := jsonval.Node{}
	if named {
		name = filled(n.Get("name"))
	}
	_, c := n.Any(responses, 0)
	rd.addToolResponse(parts, id, name, unwrapTyped(c))
}

func (rd *reader) addToolResponse(parts, id, name, response jsonval.Node) {
	p := rd.d.Object()
	p.Put("type", rd.d.String(typeToolResponse))
	p.Put("id", id)
	p.Put("name", name)
	p.Put("response", response)
	if p.Len() > 1 {
		parts.Add(p)
	}
}

// typedValues are the types of {"type","value"} around a value of any kind.
var typedValues = map[string]bool{
	"text": true, "json": true, "error-text": true, "error-json": true, "content": true,
	"execution-denied": true, "list": true, "chat_messages": true, "raw": true,
}

// unwrapTyped returns the value in {"type","value"}, other nodes as they are.
func unwrapTyped(n jsonval.Node) jsonval.Node {
	if v := n.Get("value"); v.Exists() && n.Len() == 2 && typedValues[n.Get("type").Str()] {
		return v
	}
	return n
}
