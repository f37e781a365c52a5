package content

import (
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// The part types whose shape is settled here.
const (
	typeText         = "text"
	typeReasoning    = "reasoning"
	typeToolCall     = "tool_call"
	typeToolResponse = "tool_call_response"
	typeBlob         = "blob"
	typeURI          = "uri"
	typeFile         = "file"
)

// partKind is what a content block of any dialect stands for.
type partKind uint8

const (
	partUnknown partKind = iota
	partText
	partReasoning
	partToolCall
	partToolResponse
	partMedia
	partVerbatim
	partNothing // belongs to the call, not to what was said
)

// partTypes are the values of "type" that a block is known by.
var partTypes = map[string]partKind{
	"text": partText, "input_text": partText, "output_text": partText, "summary_text": partText,
	"thinking": partReasoning, "reasoning": partReasoning, "reasoning_text": partReasoning,
	"reasoningContent": partReasoning,
	"tool_call":        partToolCall, "tool_use": partToolCall, "tool-call": partToolCall, "toolUse": partToolCall,
	"function_call": partToolCall, "custom_tool_call": partToolCall,
	"tool_call_response": partToolResponse, "tool_result": partToolResponse, "tool-result": partToolResponse,
	"toolResult": partToolResponse, "function_call_output": partToolResponse,
	"custom_tool_call_output": partToolResponse, "function_response": partToolResponse,
	"image_url": partMedia, "input_image": partMedia, "image-url": partMedia, "image": partMedia,
	"document": partMedia, "file": partMedia, "input_file": partMedia, "input_audio": partMedia,
	"audio": partMedia, "audio_url": partMedia, "audio-url": partMedia, "video": partMedia,
	"video_url": partMedia, "video-url": partMedia, "document-url": partMedia, "binary": partMedia,
	"blob": partMedia, "uri": partMedia, "media": partMedia,
	"refusal": partVerbatim, "redacted_thinking": partVerbatim,
	"server_tool_use": partVerbatim, "web_search_tool_result": partVerbatim,
}

// blockKeys are the keys that blocks without a type are known by, the first wins.
var blockKeys = [...]struct {
	key  string
	kind partKind
}{
	{"toolUse", partToolCall}, {"functionCall", partToolCall}, {"function_call", partToolCall},
	{"toolRequest", partToolCall}, {"tool_call", partToolCall}, {"tool_arguments", partToolCall}, {"tool.args", partToolCall},
	{"toolResult", partToolResponse}, {"functionResponse", partToolResponse},
	{"function_response", partToolResponse}, {"toolResponse", partToolResponse}, {"tool_call_result", partToolResponse},
	{"reasoningContent", partReasoning},
	{"text", partText},
	{"inlineData", partMedia}, {"inline_data", partMedia}, {"fileData", partMedia}, {"file_data", partMedia},
	{"media", partMedia}, {"image", partMedia}, {"document", partMedia}, {"video", partMedia},
	{"executableCode", partVerbatim}, {"executable_code", partVerbatim},
	{"codeExecutionResult", partVerbatim}, {"code_execution_result", partVerbatim},
	{"guardContent", partVerbatim},
	{"cachePoint", partNothing},
}

// partKeys are the keys of blockKeys.
var partKeys = func() *jsonval.Keys {
	names := make([]string, len(blockKeys))
	for i, k := range blockKeys {
		names[i] = k.key
	}
	return jsonval.KeysOf(names...)
}()

func kindOf(n jsonval.Node) partKind {
	if n.Kind() != jsonval.Object {
		return partUnknown
	}
	if typ := n.Get("type"); typ.Kind() == jsonval.String && !typ.Blank() {
		if n.Len() == 2 && n.Get("value").Exists() {
			return partUnknown // a typed value, not a block
		}
		if typ.Str() == "function" && n.Get("function").Get("arguments").Exists() {
			return partToolCall // of the list that OpenAI has beside what is said
		}
		return partTypes[typ.Str()]
	}
	if n.Get("message_content").Exists() {
		return partText
	}
	if n.Get("reasoning").Kind() == jsonval.String && (n.Len() == 1 || n.Get("metadata").Exists()) {
		return partReasoning // Genkit
	}
	if isData(n) {
		return partText
	}
	for at, v := n.Any(partKeys, 0); at >= 0; at, v = n.Any(partKeys, at+1) {
		kind := blockKeys[at].kind
		if kind == partText && (v.Kind() == jsonval.Object || v.Kind() == jsonval.Null && n.Get("output").Exists()) {
			continue // how to answer, in the body of a request or response
		}
		if v.Kind() != jsonval.Null || kind == partText {
			return kind
		}
	}
	return partUnknown
}

// isData reports whether a block is nothing but an object: Genkit's answers in a given schema.
func isData(n jsonval.Node) bool {
	return n.Len() == 1 && n.Get("data").Kind() == jsonval.Object
}

// isPart reports whether n is a content block of a known shape.
func isPart(n jsonval.Node) bool { return kindOf(n) != partUnknown }

func isToolResponse(n jsonval.Node) bool { return kindOf(n) == partToolResponse }

// part adds the canonical form of a content block.
func (rd *reader) part(parts, n jsonval.Node) {
	if n.Kind() == jsonval.String {
		rd.addText(parts, n)
		return
	}
	if n.Kind() != jsonval.Object {
		return
	}
	if inner := n.Get("message_content"); inner.Exists() {
		rd.indexedPart(parts, n, inner)
		return
	}
	switch kindOf(n) {
	case partText:
		rd.textPart(parts, n)
	case partReasoning:
		rd.reasoningPart(parts, n)
	case partToolCall:
		rd.addToolCall(parts, n, 0)
	case partToolResponse:
		rd.toolResponsePart(parts, n)
	case partMedia:
		rd.mediaPart(parts, n)
	case partNothing:
	default:
		if n.Len() > 0 {
			parts.Add(n)
		}
	}
}

// indexedPart reads OpenInference's {"message_content":{…},"tool_call"?:{…}}.
func (rd *reader) indexedPart(parts, n, inner jsonval.Node) {
	if call := n.Get("tool_call"); call.Kind() == jsonval.Object {
		rd.addToolCall(parts, call, 0)
		return
	}
	rd.part(parts, inner)
}

func (rd *reader) textPart(parts, n jsonval.Node) {
	if thought, _ := n.Get("thought").Bool(); thought {
		rd.addReasoning(parts, n.Get("text"))
		return
	}
	if isData(n) {
		rd.addText(parts, rd.asText(n.Get("data")))
		return
	}
	text := n.Get("text")
	if text.Kind() == jsonval.Object {
		text = text.Get("value")
	}
	if !text.Exists() {
		if c := n.Get("content"); c.Kind() == jsonval.String && n.Get("type").Str() == typeText {
			if rd.printed(parts, c) {
				return
			}
			if !c.Blank() && !absentText(c) {
				parts.Add(n)
			}
			return
		}
		text = n.Get("content")
	}
	if text.Kind() == jsonval.String {
		rd.addText(parts, text) // text that looks like JSON is still text
		return
	}
	rd.blocks(parts, text)
}

// reasoningPart reads thoughts, which some producers keep in a list.
func (rd *reader) reasoningPart(parts, n jsonval.Node) {
	if inner := n.Get("reasoningContent"); inner.Exists() {
		if text := inner.Get("reasoningText"); text.Exists() {
			rd.addReasoning(parts, text)
		} else {
			parts.Add(n)
		}
		return
	}
	rd.addReasoning(parts, first(n, reasoningTexts))
}

var (
	reasoningTexts = jsonval.KeysOf("content", "text", "thinking", "reasoning", "summary")
	thoughtTexts   = jsonval.KeysOf("text", "content", "thinking")
)

func (rd *reader) addReasoning(parts, c jsonval.Node) {
	switch c.Kind() {
	case jsonval.String:
		rd.addTyped(parts, typeReasoning, c)
	case jsonval.Array:
		for t := c.First(); t.Exists(); t = t.Next() {
			rd.addReasoning(parts, t)
		}
	case jsonval.Object:
		rd.addReasoning(parts, first(c, thoughtTexts))
	}
}

func (rd *reader) addText(parts, text jsonval.Node) { rd.addTyped(parts, typeText, text) }

// addTyped adds {type,content}, unless there is nothing to read in it.
func (rd *reader) addTyped(parts jsonval.Node, typ string, text jsonval.Node) {
	if text.Kind() != jsonval.String || text.Blank() || absentText(text) {
		return
	}
	p := rd.d.Object()
	p.Put("type", rd.d.String(typ))
	p.Put("content", text)
	parts.Add(p)
}

// first returns the value of the first of the keys whose value says something.
func first(n jsonval.Node, keys *jsonval.Keys) jsonval.Node {
	for at, c := n.Any(keys, 0); at >= 0; at, c = n.Any(keys, at+1) {
		if !c.Blank() {
			return c
		}
	}
	return jsonval.Node{}
}

// filled returns a value that says something, else none.
func filled(c jsonval.Node) jsonval.Node {
	if c.Blank() {
		return jsonval.Node{}
	}
	return c
}

// item adds an item of an OpenAI Responses body.
func (rd *reader) item(parts, n jsonval.Node) {
	if n.Get("type").Str() == "message" {
		rd.blocks(parts, n.Get("content"))
		return
	}
	if n.Get("type").Str() == typeReasoning {
		rd.addReasoning(parts, n.Get("summary"))
		rd.addReasoning(parts, n.Get("content"))
		return
	}
	rd.part(parts, n)
}

// isItem reports whether n is an item of a Responses body that makes up a message
// together with its neighbours.
func isItem(n jsonval.Node) bool {
	typ := n.Get("type").Str()
	switch typ {
	case "":
		return false
	case "message":
		return roleNames[n.Get("role").Str()] == "assistant"
	case typeReasoning:
		return n.Get("summary").Kind() == jsonval.Array && !n.Get("role").Exists()
	case "function_call", "custom_tool_call", "mcp_list_tools", "mcp_approval_request":
		return !n.Get("role").Exists()
	case typeToolCall, "tool-call":
		return false
	}
	return strings.HasSuffix(typ, "_call") || strings.HasSuffix(typ, "_call_output")
}

func itemRole(n jsonval.Node) string {
	if strings.HasSuffix(n.Get("type").Str(), "_output") {
		return "tool"
	}
	return "assistant"
}
