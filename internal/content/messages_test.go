package content

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// said renders messages as "role finish? parts", parts in canonical JSON.
func said(messages []Message) []string {
	var out []string
	for _, m := range messages {
		out = append(out, strings.Join(strings.Fields(m.Role+" "+m.FinishReason), " ")+" "+string(partsOf(m.Body)))
	}
	return out
}

// want brings the parts of expected messages into canonical JSON.
func want(t *testing.T, messages ...string) []string {
	t.Helper()
	var out []string
	for _, m := range messages {
		head, parts, _ := strings.Cut(m, "[")
		var d jsonval.Doc
		var r jsonval.Repairs
		n, ok := d.Parse("["+parts, &r)
		require.True(t, ok, m)
		out = append(out, string(jsonval.Append([]byte(head), n, &r)))
	}
	return out
}

const (
	call     = `{"type":"tool_call","id":"c1","name":"f","arguments":{"a":1}}`
	callNoID = `{"type":"tool_call","name":"f","arguments":{"a":1}}`
	result   = `{"type":"tool_call_response","id":"c1","response":{"b":2}}`
	hi       = `{"type":"text","content":"hi"}`
	thought  = `{"type":"reasoning","content":"hm"}`
)

// shapes are what messages look like in the dialects; out is read on output.
var shapes = []struct {
	name, in string
	out      bool
	want     []string
}{
	{name: "OTel", in: `[{"role":"user","parts":[{"type":"text","content":"hi"}],"name":"Ann"}]`, want: []string{"user [" + hi + "]"}},
	{name: "OTel reasoning, call and finish reason", out: true,
		in:   `[{"role":"assistant","parts":[{"type":"reasoning","content":"hm"},{"type":"tool_call","id":"c1","name":"f","arguments":"{\"a\":1}"}],"finish_reason":"tool_calls"}]`,
		want: []string{"assistant tool_call [" + thought + "," + call + "]"}},
	{name: "a call as the content of an assistant", in: `[{"role":"assistant","content":"{\"name\": \"f\", \"arguments\": \"{\\\"a\\\": 1}\"}","tool_call_id":"c1"},{"role":"tool","content":"{\"b\":2}","tool_call_id":"c1"}]`,
		want: []string{"assistant [" + call + "]", `tool [{"type":"tool_call_response","id":"c1","response":"{\"b\":2}"}]`}},
	{name: "the list of calls as the content", in: `[{"role":"assistant","content":"[{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1}\"}}]"}]`, want: []string{"assistant [" + call + "]"}},
	{name: "the same under a tool's role", in: `[{"role":"tool","content":"[{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1}\"}}]"}]`, want: []string{"assistant [" + call + "]"}},
	{name: "a list of tools is no list of calls", in: `[{"role":"tool","content":"[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{}}}]"}]`,
		want: []string{`tool [{"type":"tool_call_response","response":"[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{}}}]"}]`}},
	{name: "as Python prints it", in: `[{'role': 'user', 'content': [{'type': 'text', 'text': 'hi'}]}]`, want: []string{"user [" + hi + "]"}},
	{name: "blocks as Python prints them", in: `[{"role":"user","content":"[{'type': 'text', 'text': 'hi'}]"}]`, want: []string{"user [" + hi + "]"}},
	{name: "keyed by the role, as Python prints it", in: `["{'user': 'hi'}"]`, want: []string{"user [" + hi + "]"}},
	{name: "an answer in Python", in: `[{'a': 1}]`, out: true, want: []string{`assistant [{"type":"text","content":"[{'a': 1}]"}]`}},
	{name: "an answer that Python printed", in: `[{"role":"assistant","parts":[{"type":"text","content":"{'content': None, 'role': 'assistant', 'tool_calls': [{'id': 'c1', 'function': {'arguments': '{\"a\": 1}', 'name': 'f'}, 'type': 'function'}]}"}]}]`, out: true,
		want: []string{"assistant [" + call + "]"}},
	{name: "calls that Python printed", in: `[{"role":"assistant","parts":[{"type":"text","content":"ResponseFunctionToolCall(arguments='{\"a\": 1}', call_id='c1', name='f', type='function_call', status=None)"}]}]`, out: true,
		want: []string{"assistant [" + call + "]"}},
	{name: "calls with dotted keys", in: `[{"tool.name":"f","tool.args":"{\"a\":1}"}]`, out: true, want: []string{"assistant [" + callNoID + "]"}},
	{name: "LlamaIndex's blocks", in: `[{"role":"user","additional_kwargs":{},"blocks":[{"block_type":"text","text":"hi"}]},{"role":"tool","additional_kwargs":{"tool_call_id":"c1"},"blocks":[{"block_type":"text","text":"mild"}]}]`,
		want: []string{"user [" + hi + "]", `tool [{"type":"tool_call_response","id":"c1","response":[{"block_type":"text","text":"mild"}]}]`}},
	{name: "a role that said nothing", in: `["{\"user\":\"hi\"}","{\"model\":null}","{\"user\":null}"]`, want: []string{"user [" + hi + "]"}},
	{name: "a call keyed by the role", in: `{"ai":{"name":"f","args":{"a":1},"id":"c1","type":"tool_call"}}`, out: true, want: []string{"assistant [" + call + "]"}},
	{name: "calls under tools", in: `{"tools":[{"tool_id":"c1","tool_name":"f","tool_arguments":"{\"a\":1}"}]}`, out: true, want: []string{"assistant [" + call + "]"}},
	{name: "keyed by model", in: `{"model":"hi there"}`, out: true, want: []string{`assistant [{"type":"text","content":"hi there"}]`}},
	{name: "plain text", in: `hi`, want: []string{"user [" + hi + "]"}},
	{name: "plain answer", in: `hi`, out: true, want: []string{"assistant [" + hi + "]"}},
	{name: "text encoded twice", in: `"\"hi\""`, want: []string{"user [" + hi + "]"}},
	{name: "list encoded twice", in: `"[{\"role\":\"user\",\"content\":\"hi\"}]"`, want: []string{"user [" + hi + "]"}},
	{name: "keyed by the role", in: `[{"system":"be nice"},"{\"user\":\"hi\"}",{"assistant":["{\"tool_function\":\"f\",\"tool_arguments\":\"{\\\"a\\\":1}\"}"]},{"tool":"{\"b\":2}"}]`,
		want: []string{`system [{"type":"text","content":"be nice"}]`, "user [" + hi + "]", "assistant [" + callNoID + "]", `tool [{"type":"tool_call_response","response":"{\"b\":2}"}]`}},
	{name: "an answer keyed by the role", in: `{"assistant":[{"tool_id":"c1","tool_name":"f","tool_arguments":"{\"a\":1}"}]}`, out: true, want: []string{"assistant [" + call + "]"}},
	{name: "number", in: `42`, want: []string{`user [{"type":"text","content":"42"}]`}},
	{name: "truncated", in: `[{"role":"user","content":"hi"},{"ro`, want: []string{`user [{"type":"text","content":"[{\"role\":\"user\",\"content\":\"hi\"},{\"ro"}]`}},
	{name: "one object", in: `{"role":"model","content":"hi"}`, out: true, want: []string{"assistant [" + hi + "]"}},
	{name: "texts", in: `["hi","","ho"]`, want: []string{"user [" + hi + "]", `user [{"type":"text","content":"ho"}]`}},
	{name: "content is null or blank", in: `[{"role":"user","content":"hi"},{"role":"assistant","content":null},{"role":"assistant","content":" \n"}]`,
		want: []string{"user [" + hi + "]", "assistant []", "assistant []"}},
	{name: "empty text and thoughts", in: `[{"role":"ai","parts":[{"type":"text","content":""},{"type":"reasoning","content":""},{"type":"text","content":"hi"}]}]`,
		want: []string{"assistant [" + hi + "]"}},
	{name: "unknown part", in: `[{"role":"user","parts":[{"type":"hologram","x":[1]}]}]`, want: []string{`user [{"type":"hologram","x":[1]}]`}},
	{name: "other role", in: `[{"role":"developer","content":"hi"},{"role":"Critic","content":"hi"},{"role":"HUMAN","content":"hi"}]`,
		want: []string{"developer [" + hi + "]", "Critic [" + hi + "]", "user [" + hi + "]"}},

	{name: "OpenAI chat", in: `[{"role":"system","content":"hi"},{"role":"user","content":[{"type":"text","text":"hi"}]},
		{"role":"assistant","content":"hi","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},
		{"role":"tool","tool_call_id":"c1","content":"{\"b\":2}"}]`,
		want: []string{"system [" + hi + "]", "user [" + hi + "]", "assistant [" + hi + "," + call + "]",
			`tool [{"type":"tool_call_response","id":"c1","response":"{\"b\":2}"}]`}},
	{name: "OpenAI functions", in: `[{"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{\"a\":1}"}},{"role":"function","name":"f","content":"4"}]`,
		want: []string{"assistant [" + callNoID + "]", `tool [{"type":"tool_call_response","response":"4"}]`}},
	{name: "OpenAI answer", out: true, in: `{"id":"x","choices":[{"index":0,"message":{"role":"assistant","content":"hi","refusal":null},"finish_reason":"stop"},{"index":1,"message":{"role":"assistant","refusal":"no"},"finish_reason":"content_filter"}]}`,
		want: []string{"assistant stop [" + hi + "]", `assistant content_filter [{"type":"refusal","refusal":"no"}]`}},
	{name: "OpenAI request", in: `{"model":"m","messages":[{"role":"user","content":"hi"}],"tools":[]}`, want: []string{"user [" + hi + "]"}},
	{name: "OpenAI completion", out: true, in: `{"choices":[{"text":"hi","index":0,"finish_reason":"length"}]}`, want: []string{"assistant length [" + hi + "]"}},
	{name: "calls beside empty parts", out: true, in: `[{"role":"assistant","parts":[],"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}],"finish_reason":"tool_calls"}]`,
		want: []string{"assistant tool_call [" + call + "]"}},
	{name: "reasoning beside content", out: true, in: `{"role":"assistant","reasoning_content":"hm","content":"hi"}`, want: []string{"assistant [" + thought + "," + hi + "]"}},
	{name: "OpenAI media", in: `[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://x/y.png","detail":"low"}},{"type":"image_url","image_url":{"url":"data:image/png;base64,QUJD"}},
		{"type":"input_audio","input_audio":{"data":"QUJD","format":"wav"}},{"type":"file","file":{"file_id":"f1"}},{"type":"input_image","image_url":"https://x/y.png"},{"type":"input_file","file_id":"f1"}]}]`,
		want: []string{`user [{"type":"uri","modality":"image","uri":"https://x/y.png"},{"type":"blob","modality":"image","mime_type":"image/png","content":"QUJD"},
			{"type":"blob","modality":"audio","mime_type":"audio/wav","content":"QUJD"},{"type":"file","file_id":"f1"},{"type":"uri","modality":"image","uri":"https://x/y.png"},{"type":"file","file_id":"f1"}]`}},

	{name: "Responses request", in: `{"model":"m","instructions":"x","input":"hi"}`, want: []string{"user [" + hi + "]"}},
	{name: "Responses items", in: `{"input":[{"role":"user","content":[{"type":"input_text","text":"hi"}]},{"type":"reasoning","id":"r","summary":[{"type":"summary_text","text":"hm"}]},
		{"type":"function_call","id":"fc","call_id":"c1","name":"f","arguments":"{\"a\":1}"},{"type":"function_call_output","call_id":"c1","output":"4"},{"type":"function_call_output","call_id":"c2","output":"5"}]}`,
		want: []string{"user [" + hi + "]", "assistant [" + thought + "," + call + "]", `tool [{"type":"tool_call_response","id":"c1","response":"4"}]`, `tool [{"type":"tool_call_response","id":"c2","response":"5"}]`}},
	{name: "Responses answer", out: true, in: `{"object":"response","status":"completed","output":[{"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}]},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"hi","annotations":[]}]},{"type":"web_search_call","id":"w"}]}`,
		want: []string{"assistant [" + thought + "," + hi + `,{"type":"web_search_call","id":"w"}]`}},

	{name: "Anthropic", in: `[{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"},{"type":"redacted_thinking","data":"zz"},{"type":"text","text":"hi"},{"type":"tool_use","id":"c1","name":"f","input":{"a":1}}]},
		{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":{"b":2}}]},
		{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":[{"type":"text","text":"4"}]},{"type":"text","text":"hi"}]},
		{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"QUJD"}},{"type":"image","source":{"type":"url","url":"https://x/y.png"}}]}]`,
		want: []string{"assistant [" + thought + `,{"type":"redacted_thinking","data":"zz"},` + hi + "," + call + "]", "tool [" + result + "]",
			`user [{"type":"tool_call_response","id":"c1","response":[{"type":"text","text":"4"}]},` + hi + "]",
			`user [{"type":"blob","modality":"image","mime_type":"image/png","content":"QUJD"},{"type":"uri","modality":"image","uri":"https://x/y.png"}]`}},
	{name: "Anthropic answer", out: true, in: `{"id":"m","type":"message","role":"assistant","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn"}`, want: []string{"assistant stop [" + hi + "]"}},

	{name: "Gemini request", in: `{"contents":[{"role":"user","parts":[{"text":"hi"},{"inlineData":{"mimeType":"image/png","data":"QUJD"}},{"file_data":{"mime_type":"video/mp4","file_uri":"gs://b/v"}}]},
		{"role":"model","parts":[{"text":"hm","thought":true},{"functionCall":{"name":"f","args":{"a":1}}}]},{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"b":2}}}]}],"config":{"temperature":1}}`,
		want: []string{"user [" + hi + `,{"type":"blob","modality":"image","mime_type":"image/png","content":"QUJD"},{"type":"uri","modality":"video","mime_type":"video/mp4","uri":"gs://b/v"}]`,
			"assistant [" + thought + "," + callNoID + "]", `tool [{"type":"tool_call_response","response":{"b":2}}]`}},
	{name: "Gemini in snake case", in: `[{"role":"model","parts":[{"function_call":{"id":"c1","name":"f","args":{"a":1}}}]},{"role":"user","parts":[{"function_response":{"id":"c1","name":"f","response":{"b":2}}}]}]`,
		want: []string{"assistant [" + call + "]", `tool [{"type":"tool_call_response","id":"c1","name":"f","response":{"b":2}}]`}},
	{name: "Gemini answer", out: true, in: `{"content":{"role":"model","parts":[{"text":"hi"}]},"finishReason":"MAX_TOKENS"}`, want: []string{"assistant length [" + hi + "]"}},
	{name: "Gemini candidates", out: true, in: `{"candidates":[{"content":{"role":"model","parts":[{"text":"hi"}]},"finishReason":"STOP"}]}`, want: []string{"assistant stop [" + hi + "]"}},

	{name: "Bedrock", in: `[{"role":"user","content":[{"text":"hi"},{"cachePoint":{"type":"default"}}]},{"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"hm"}}},{"toolUse":{"toolUseId":"c1","name":"f","input":{"a":1}}}]},
		{"role":"user","content":[{"toolResult":{"toolUseId":"c1","status":"success","content":[{"json":{"b":2}}]}}]}]`,
		want: []string{"user [" + hi + "]", "assistant [" + thought + "," + call + "]", `tool [{"type":"tool_call_response","id":"c1","response":[{"json":{"b":2}}]}]`}},
	{name: "Bedrock flat", out: true, in: `[{"type":"textBlock","text":"hi"},{"type":"toolUse","name":"f","toolUseId":"c1","input":{"a":1}}]`,
		want: []string{`assistant [{"type":"textBlock","text":"hi"},` + call + "]"}},
	{name: "Bedrock answer", out: true, in: `{"output":{"message":{"role":"assistant","content":[{"text":"hi"}]}},"stopReason":"end_turn"}`, want: []string{"assistant stop [" + hi + "]"}},
	{name: "Strands event content", in: `[{"event.name":"gen_ai.user.message","content":"[{\"text\":\"hi\"}]"},{"event.name":"gen_ai.tool.message","content":"[{\"toolResult\":{\"toolUseId\":\"c1\",\"content\":{\"b\":2}}}]"},{"event.name":"gen_ai.choice","message":"x"}]`,
		want: []string{"user [" + hi + "]", "tool [" + result + "]"}},
	{name: "events, what was answered", out: true, in: `[{"event.name":"gen_ai.user.message","content":"x"},{"event.name":"gen_ai.choice","finish_reason":"tool_use","message":"[{\"text\":\"hi\"},{\"type\":\"toolUse\",\"name\":\"f\",\"toolUseId\":\"c1\",\"input\":{\"a\":1}}]"}]`,
		want: []string{"assistant tool_call [" + hi + "," + call + "]"}},
	{name: "event with tool id", in: `[{"event.name":"gen_ai.tool.message","id":"c1","content":"4"},{"event.name":"gen_ai.assistant.message","tool_calls":"[{\"id\":\"c1\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1}\"}}]"}]`,
		want: []string{`tool [{"type":"tool_call_response","id":"c1","response":"4"}]`, "assistant [" + call + "]"}},

	{name: "Vercel", in: `[{"role":"assistant","content":[{"type":"reasoning","text":"hm"},{"type":"tool-call","toolCallId":"c1","toolName":"f","input":{"a":1}}]},{"role":"tool","content":[{"type":"tool-result","toolCallId":"c1","toolName":"f","output":{"type":"json","value":{"b":2}}}]},
		{"role":"tool","content":[{"type":"tool-result","toolCallId":"c1","toolName":"f","output":{"type":"error-text","value":"off"}}]},{"role":"user","content":[{"type":"image","image":"https://x/y.png"},{"type":"file","data":"QUJD","mediaType":"application/pdf"}]}]`,
		want: []string{"assistant [" + thought + "," + call + "]", "tool [" + result + "]", `tool [{"type":"tool_call_response","id":"c1","response":"off"}]`,
			`user [{"type":"uri","modality":"image","uri":"https://x/y.png"},{"type":"blob","modality":"document","mime_type":"application/pdf","content":"QUJD"}]`}},
	{name: "Vercel outer prompt", in: `{"system":"x","prompt":"hi"}`, want: []string{"user [" + hi + "]"}},
	{name: "Vercel calls", out: true, in: `{"role":"assistant","content":"hi","tool_calls":"[{\"toolCallType\":\"function\",\"toolCallId\":\"c1\",\"toolName\":\"f\",\"args\":\"{\\\"a\\\":1}\"}]"}`,
		want: []string{"assistant [" + hi + "," + call + "]"}},
	{name: "Genkit", in: `{"messages":[{"role":"model","content":[{"toolRequest":{"name":"f","ref":"c1","input":{"a":1}}}]},{"role":"tool","content":[{"toolResponse":{"name":"f","ref":"c1","output":{"b":2}}}]},{"role":"user","content":[{"media":{"contentType":"image/png","url":"data:image/png;base64,QUJD"}}]}]}`,
		want: []string{"assistant [" + call + "]", "tool [" + result + "]", `user [{"type":"blob","modality":"image","mime_type":"image/png","content":"QUJD"}]`}},
	{name: "Genkit answer", out: true, in: `{"finishReason":"stop","message":{"role":"model","content":[{"text":"hi"}]},"usage":{}}`, want: []string{"assistant stop [" + hi + "]"}},

	{name: "LangChain serialised", in: `{"messages":[[{"lc":1,"type":"constructor","id":["langchain","schema","HumanMessage"],"kwargs":{"content":"hi"}},
		{"lc":1,"id":["x","AIMessage"],"kwargs":{"content":[{"type":"text","text":"hi"},{"type":"tool_use","id":"c1","name":"f","input":{"a":1}}],"tool_calls":[{"id":"c1","name":"f","args":{"a":1}}]}},
		{"lc":1,"id":["x","ToolMessage"],"kwargs":{"content":"4","tool_call_id":"c1","type":"tool"}}]]}`,
		want: []string{"user [" + hi + "]", "assistant [" + hi + "," + call + "]", `tool [{"type":"tool_call_response","id":"c1","response":"4"}]`}},
	{name: "LangChain generations", out: true, in: `{"generations":[[{"text":"hi","generation_info":{"finish_reason":"stop"},"message":{"lc":1,"id":["x","AIMessageChunk"],"kwargs":{"content":"hi"}}}]],"llm_output":null}`,
		want: []string{"assistant stop [" + hi + "]"}},
	{name: "LangChain dumped", in: `[{"type":"human","content":"hi"},{"type":"ai","data":{"content":"","additional_kwargs":{"tool_calls":[{"id":"c1","function":{"name":"f","arguments":"{\"a\":1}"}}]}}}]`,
		want: []string{"user [" + hi + "]", "assistant [" + call + "]"}},
	{name: "LangSmith wrapped value", out: true, in: `{"outputs":[{"role":"assistant","content":"hi"}]}`, want: []string{"assistant [" + hi + "]"}},
	{name: "LangWatch typed value", in: `{"type":"chat_messages","value":[{"role":"user","content":"hi"}]}`, want: []string{"user [" + hi + "]"}},
	{name: "LangWatch typed text", out: true, in: `{"type":"text","value":"hi"}`, want: []string{"assistant [" + hi + "]"}},

	{name: "OpenInference", in: `[{"message":{"role":"user","contents":[{"message_content":{"type":"text","text":"hi"}},{"message_content":{"type":"image","image":{"image":{"url":"https://x/y.png"}}}}]}},
		{"message":{"role":"assistant","contents":[{"message_content":{"type":"text","text":"hi"}},{"message_content":{"type":"tool_use"},"tool_call":{"id":"c1","function":{"name":"f","arguments":"{\"a\":1}"}}}],"tool_calls":[{"tool_call":{"id":"c1","function":{"name":"f","arguments":"{\"a\":1}"}}}]}},
		{"message":{"role":"user","tool_call_id":"c1","content":"4"}},{"message":{"role":"tool","content":"4"}}]`,
		want: []string{"user [" + hi + `,{"type":"uri","modality":"image","uri":"https://x/y.png"}]`, "assistant [" + hi + "," + call + "]",
			`tool [{"type":"tool_call_response","id":"c1","response":"4"}]`, `tool [{"type":"tool_call_response","response":"4"}]`}},
	{name: "OpenInference oddities", in: `[{"message":{"role":"assistant","content":"hi","tool_calls":[{"tool_call":{"id":null,"function":{"name":null}}}]}},{"message":{"role":"assistant","contents":[{"message_content":{"type":"tool-call"}}],"tool_calls":[{"tool_call":{"id":"c1","function":{"name":"f","arguments":"\"{\\\"a\\\":1}\""}}}]}},
		{"message":{"role":"tool","tool_call_id":"c1","content":"{\"type\":\"json\",\"value\":{\"b\":2}}"}},{"message":{"role":"assistant","contents":[{"message_content":{"type":"reasoning","text":"hm","signature":"s"}}]}},
		{"message":{"role":"assistant","function_call_name":"f","function_call_arguments_json":"{\"a\":1}"}}]`,
		want: []string{"assistant [" + hi + "]", "assistant [" + call + "]", "tool [" + result + "]", "assistant [" + thought + "]", "assistant [" + callNoID + "]"}},
	{name: "OpenInference completions", out: true, in: `[{"completion":{"text":"hi"}}]`, want: []string{"assistant [" + hi + "]"}},
	{name: "OpenLLMetry", in: `[{"role":"assistant","content":"hi","tool_calls":[{"id":"c1","name":"f","arguments":"{\"a\":1}"}]},{"role":"tool","tool_call_id":"c1","content":"4"},{"role":"user","content":"[{\"type\":\"text\",\"text\":\"hi\"}]"}]`,
		want: []string{"assistant [" + hi + "," + call + "]", `tool [{"type":"tool_call_response","id":"c1","response":"4"}]`, "user [" + hi + "]"}},
	{name: "pydantic result and binary", in: `[{"role":"user","parts":[{"type":"tool_call_response","id":"c1","name":"f","result":12.0}]},{"role":"user","parts":[{"type":"binary","media_type":"image/png","content":"QUJD"},{"type":"image-url","url":"https://x/y.png"}]}]`,
		want: []string{`tool [{"type":"tool_call_response","id":"c1","name":"f","response":12.0}]`, `user [{"type":"blob","modality":"image","mime_type":"image/png","content":"QUJD"},{"type":"uri","modality":"image","uri":"https://x/y.png"}]`}},
	{name: "google-genai blob", in: `[{"role":"user","parts":[{"type":"blob","modality":"image","mime_type":"image/png","data":"QUJD"}]}]`,
		want: []string{`user [{"type":"blob","modality":"image","mime_type":"image/png","content":"QUJD"}]`}},
	{name: "Cohere and Mastra answers", out: true, in: `{"text":"hi","files":[],"toolCalls":[{"toolCallId":"c1","toolName":"f","args":{"a":1}}]}`, want: []string{"assistant [" + hi + "," + call + "]"}},
	{name: "Cohere history", in: `[{"role":"USER","message":"hi"},{"role":"CHATBOT","message":"hi"}]`, want: []string{"user [" + hi + "]", "assistant [" + hi + "]"}},
	{name: "Ollama answer", out: true, in: `{"message":{"role":"assistant","content":"hi"},"done_reason":"stop"}`, want: []string{"assistant stop [" + hi + "]"}},
	{name: "one call told twice without id", in: `[{"message":{"role":"assistant","contents":[{"message_content":{"type":"tool_use"},"tool_call":{"function":{"name":"f","arguments":"{\"a\":1}"}}}],"tool_calls":[{"tool_call":{"function":{"name":"f","arguments":"{\"a\":1}"}}}]}}]`,
		want: []string{"assistant [" + callNoID + "]"}},
	{name: "tool result in indexed contents", in: `[{"message":{"role":"tool","tool_call_id":"c1","contents":[{"message_content":{"type":"text","text":"4"}}]}}]`,
		want: []string{`tool [{"type":"tool_call_response","id":"c1","response":"4"}]`}},
	{name: "content that is no text", in: `[{"role":"user","content":{"question":"q"}},{"role":"user","content":7},{"role":"user","content":{"type":"text","text":"hi"}}]`,
		want: []string{`user [{"type":"text","content":"{\"question\":\"q\"}"}]`, `user [{"type":"text","content":"7"}]`, "user [" + hi + "]"}},
	{name: "file and address kept", in: `[{"role":"user","parts":[{"type":"file","modality":"image","file_id":"f1","x":1},{"type":"uri","modality":"image","uri":"gs://b/i"},{"type":"document","source":{"type":"text","media_type":"text/plain","data":"hi"}},{"type":"image"}]}]`,
		want: []string{`user [{"type":"file","modality":"image","file_id":"f1","x":1},{"type":"uri","modality":"image","uri":"gs://b/i"},` + hi + `,{"type":"image"}]`}},
	{name: "undecodable arguments", in: `[{"role":"assistant","tool_calls":[{"id":"c1","function":{"name":"f","arguments":"{\"a\":"}}]}]`, want: []string{`assistant [{"type":"tool_call","id":"c1","name":"f","arguments":"{\"a\":"}]`}},
	{name: "two equal calls without id", in: `[{"role":"assistant","tool_calls":[{"name":"f","args":{"a":1}},{"name":"f","args":{"a":1}}]}]`, want: []string{"assistant [" + callNoID + "," + callNoID + "]"}},
	{name: "Mastra answer with thoughts", out: true, in: `{"text":"hi","files":[],"reasoning":[{"type":"reasoning","text":"hm"}],"sources":[],"warnings":[]}`,
		want: []string{"assistant [" + thought + "," + hi + "]"}},
	{name: "Mastra call in a payload", out: true, in: `{"text":"","toolCalls":[{"type":"tool-call","payload":{"toolCallId":"c1","toolName":"f","args":{"a":1}}}]}`,
		want: []string{"assistant [" + call + "]"}},
	{name: "OpenRouter answer", out: true, in: `{"completion":"hi","reasoning":"hm","tool_calls":[{"id":"c1","function":{"name":"f","arguments":"{\"a\":1}"}}]}`,
		want: []string{"assistant [" + thought + "," + hi + "," + call + "]"}},
	{name: "Genkit thoughts", out: true, in: `{"message":{"role":"model","content":[{"reasoning":"hm","metadata":{"thoughtSignature":"s"}},{"reasoning":"hm"},{"text":"hi"}]}}`,
		want: []string{"assistant [" + thought + "," + thought + "," + hi + "]"}},
	{name: "ADK call without id", out: true, in: `{"content":{"role":"model","parts":[{"function_call":{"id":"<not specified>","name":"f","args":{"a":1}}}]}}`,
		want: []string{"assistant [" + callNoID + "]"}},
	{name: "LangChain pairs", in: `{"messages":[["system","hi"],["human","hi"]]}`, want: []string{"system [" + hi + "]", "user [" + hi + "]"}},
	{name: "LangWatch list", in: `{"type":"list","value":[{"type":"text","value":"hi"},{"type":"chat_messages","value":[{"role":"ai","content":"hi"}]}]}`,
		want: []string{"user [" + hi + "]", "assistant [" + hi + "]"}},
	{name: "typed content", in: `{"role":"user","content":{"type":"text","value":"hi"}}`, want: []string{"user [" + hi + "]"}},
	{name: "refusal block", out: true, in: `{"role":"assistant","content":[{"type":"refusal","refusal":"no"}]}`, want: []string{`assistant [{"type":"refusal","refusal":"no"}]`}},
	{name: "file by address", in: `{"role":"user","content":[{"type":"file","data":"https://x/a.pdf","mediaType":"application/pdf"}]}`,
		want: []string{`user [{"type":"uri","modality":"document","mime_type":"application/pdf","uri":"https://x/a.pdf"}]`}},
	{name: "Titan and Llama answers", out: true, in: `[{"outputText":"hi","completionReason":"FINISH"},{"generation":"hi","stop_reason":"length"}]`,
		want: []string{"assistant [" + hi + "]", "assistant length [" + hi + "]"}},
	{name: "smolagents answer of Python", out: true, in: `ChatMessage(role=<MessageRole.ASSISTANT: 'assistant'>, content='hi', tool_calls=[ChatMessageToolCall(function=ChatMessageToolCallFunction(arguments='{"a": 1}', name='f', description=None), id='c1', type='function')], raw=None, token_usage=TokenUsage(input_tokens=1, output_tokens=2))`,
		want: []string{"assistant [" + hi + "," + call + "]"}},
	{name: "smolagents question of Python", in: `ChatMessage(role=<MessageRole.USER: 'user'>, content=[{'type': 'text', 'text': 'hi'}], tool_calls=None)`, want: []string{"user [" + hi + "]"}},
	{name: "OpenAI answer of Python", out: true, in: `ChatCompletionMessage(content='hi', refusal=None, role='assistant', audio=None, tool_calls=None)`, want: []string{"assistant [" + hi + "]"}},
	{name: "LangChain answer of Python", out: true, in: `AIMessage(content='hi', additional_kwargs={}, response_metadata={}, id='run-1')`, want: []string{"assistant [" + hi + "]"}},
	{name: "LangChain answer of Python as text", out: true, in: `content='hi' additional_kwargs={} response_metadata={} id='run-1'`, want: []string{"assistant [" + hi + "]"}},
	{name: "a tool's answer under the role of its name", in: `[{"role":"f","content":"{\"b\":2}","additional_kwargs":{}},{"role":"f","content":"hi"},{"role":"user","content":"hi","additional_kwargs":{}}]`,
		want: []string{`tool [{"type":"tool_call_response","name":"f","response":"{\"b\":2}"}]`, "f [" + hi + "]", "user [" + hi + "]"}},
	{name: "a block of data is JSON text", out: true, in: `{"role":"model","content":[{"data":{"b":2}}]}`, want: []string{`assistant [{"type":"text","content":"{\"b\":2}"}]`}},
	{name: "a block of data that is more than that", out: true, in: `{"role":"model","content":[{"data":{"b":2},"kind":"c"}]}`, want: []string{`assistant [{"data":{"b":2},"kind":"c"}]`}},
	{name: "arguments under a key that says how they are written", out: true, in: `{"role":"assistant","tool_calls":[{"id":"c1","function":{"name":"f","arguments_json":"{\"a\":1}"}}]}`, want: []string{"assistant [" + call + "]"}},
	{name: "another's message of Python", out: true, in: `HumanMessage(content='hi')`, want: []string{`assistant [{"type":"text","content":"HumanMessage(content='hi')"}]`}},
	{name: "a text about a class of Python", out: true, in: `ChatMessage(role='user', content='hi') is printed (see above)`, want: []string{`assistant [{"type":"text","content":"ChatMessage(role='user', content='hi') is printed (see above)"}]`}},
}

func TestShapes(t *testing.T) {
	z := NewNormalizer(Options{})
	for _, c := range shapes {
		t.Run(c.name, func(t *testing.T) {
			dir := Input
			if c.out {
				dir = Output
			}
			var r jsonval.Repairs
			got, ok := z.Messages(nil, pcommon.NewValueStr(c.in), dir, &r)
			require.True(t, ok)
			require.Equal(t, want(t, c.want...), said(got))
			require.Zero(t, r)

			var d jsonval.Doc
			if n, ok := d.Parse(c.in, &r); ok {
				again, ok := z.MessagesNode(nil, n, dir, &r)
				require.True(t, ok)
				require.Equal(t, got, again)
			}
		})
	}
}

func TestTextPartThatLooksLikeJSONIsText(t *testing.T) {
	z := NewNormalizer(Options{})
	var r jsonval.Repairs
	got, _ := z.Messages(nil, pcommon.NewValueStr(`[{"role":"user","content":[{"type":"text","text":"[{\"type\":\"text\",\"text\":\"hi\"}]"}]}]`), Input, &r)
	require.Equal(t, want(t, `user [{"type":"text","content":"[{\"type\":\"text\",\"text\":\"hi\"}]"}]`), said(got))
}

// Wide inputs take time in proportion to their size: a quadratic step would take
// minutes here.
func TestWideInputs(t *testing.T) {
	z := NewNormalizer(Options{})
	var r jsonval.Repairs
	calls := strings.Repeat(`{"id":"c","name":"f"},{"name":"f","args":{}},`, 50_000)
	got, ok := z.Messages(nil, pcommon.NewValueStr(`[{"role":"assistant","content":"hi","tool_calls":[`+calls[:len(calls)-1]+`]}]`), Output, &r)
	require.True(t, ok)
	require.Len(t, got, 1)
	var keys strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&keys, `,"k%d":%d`, i, i)
	}
	wide := `{"id":"d","text":"hi"` + keys.String() + `}`
	_, ok = z.Documents(nil, pcommon.NewValueStr(wide), &r)
	require.True(t, ok)
	_, ok = z.Messages(nil, pcommon.NewValueStr(wide), Input, &r)
	require.True(t, ok)
}

func TestNothingMessageLike(t *testing.T) {
	z := NewNormalizer(Options{})
	for _, in := range []string{
		``, ` `, `null`, `[]`, `{}`, `[[]]`, `[null]`, `[""]`, `""`, `{"city":"Paris"}`, `[{"city":"Paris"}]`, `[1,2]`,
		`{"messages":[]}`, `[{"role":"user","content":""}]`, `{"args":[],"kwargs":{}}`, `[{"type":"search","q":"x"}]`,
	} {
		var r jsonval.Repairs
		got, ok := z.Messages(nil, pcommon.NewValueStr(in), Input, &r)
		require.False(t, ok, in)
		require.Empty(t, got, in)
	}
	var r jsonval.Repairs
	_, ok := z.Messages(nil, pcommon.NewValueEmpty(), Input, &r)
	require.False(t, ok)
	_, ok = z.MessagesNode(nil, jsonval.Node{}, Input, &r)
	require.False(t, ok)
}

func TestStructuredValueEqualsItsJSON(t *testing.T) {
	z := NewNormalizer(Options{})
	v := pcommon.NewValueEmpty()
	require.NoError(t, v.FromRaw([]any{map[string]any{"role": "user", "parts": []any{
		map[string]any{"type": "text", "content": "hi"},
		map[string]any{"type": "blob", "mime_type": "image/png", "content": []byte("ABC")},
	}}}))
	var r jsonval.Repairs
	got, ok := z.Messages(nil, v, Input, &r)
	require.True(t, ok)
	require.Equal(t, want(t, "user ["+hi+`,{"type":"blob","modality":"image","mime_type":"image/png","content":"QUJD"}]`), said(got))
}

func TestAnswerAndItsCopyInTheHistoryAreOneContent(t *testing.T) {
	z := NewNormalizer(Options{})
	var r jsonval.Repairs
	out, _ := z.Messages(nil, pcommon.NewValueStr(`[{"role":"assistant","finish_reason":"tool_call","parts":[`+call+`]}]`), Output, &r)
	in, _ := z.Messages(nil, pcommon.NewValueStr(`[{"parts":[{"arguments":{"a" : 1},"name":"f","type":"tool_call","id":"c1"}], "role":"assistant"}]`), Input, &r)
	require.Equal(t, out[0].Content, in[0].Content)
	require.Equal(t, Of(in[0].Body), in[0].ID)
	require.Equal(t, `{"role":"assistant","parts":[{"id":"c1","name":"f","type":"tool_call","arguments":{"a":1}}]}`, string(in[0].Body))
}

func TestNameIsPartOfTheMessage(t *testing.T) {
	z := NewNormalizer(Options{})
	var r jsonval.Repairs
	got, _ := z.Messages(nil, pcommon.NewValueStr(`[{"role":"user","content":"hi","name":"A\"parts\":n"}]`), Input, &r)
	require.Equal(t, `{"name":"A\"parts\":n","role":"user","parts":[{"type":"text","content":"hi"}]}`, string(got[0].Body))
	require.Equal(t, `[{"type":"text","content":"hi"}]`, string(partsOf(got[0].Body)))
}

func TestTextMessageKeepsJSONAsText(t *testing.T) {
	z := NewNormalizer(Options{})
	var r jsonval.Repairs
	m := z.TextMessage(`{"answer":42}`, Output, &r)
	require.Equal(t, want(t, `assistant [{"type":"text","content":"{\"answer\":42}"}]`), said([]Message{m}))
}

func TestFinishReason(t *testing.T) {
	for in, want := range map[string]string{
		"stop": "stop", "STOP": "stop", "end_turn": "stop", "endTurn": "stop", "stop sequence": "stop", " EOS ": "stop", "completed": "stop",
		"MAX_TOKENS": "length", "maxTokens": "length", "max-output-tokens": "length", "model_length": "length",
		"tool-calls": "tool_call", "toolUse": "tool_call", "TOOL_USE": "tool_call", "function_call": "tool_call",
		"contentFiltered": "content_filter", "SAFETY": "content_filter", "guardrail_intervened": "content_filter",
		"FinishReason.TOOL_CALLS": "tool_call", "FinishReason.STOP": "stop", "TOOL_EXECUTION": "tool_call",
		"error": "error", "Pause_Turn": "pause_turn", "": "",
		fmt.Sprintf("%040d", 0): fmt.Sprintf("%040d", 0),
	} {
		require.Equal(t, want, FinishReason(in), in)
	}
}

// TestWholeResponseBodyIsRead reads a body of OpenAI's Responses API, whose key
// text holds settings.
func TestWholeResponseBodyIsRead(t *testing.T) {
	n := NewNormalizer(Options{})
	var r jsonval.Repairs
	body := `{"object":"response","text":{"format":{"type":"text"}},"reasoning":{"effort":"low"},"output":[
		{"type":"reasoning","summary":[{"type":"summary_text","text":"Thought."}]},
		{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Hello."}]}]}`
	got, ok := n.Messages(nil, pcommon.NewValueStr(body), Output, &r)
	require.True(t, ok)
	require.Len(t, got, 1)
	require.JSONEq(t, `{"role":"assistant","parts":[{"type":"reasoning","content":"Thought."},{"type":"text","content":"Hello."}]}`, string(got[0].Body))
}

// Of very many bare texts none is a message or document of its own.
func TestVeryManyTextsAreOne(t *testing.T) {
	z := NewNormalizer(Options{})
	list := func(n int) string { return "[" + strings.Repeat(`"x",`, n-1) + `"x"]` }
	var r jsonval.Repairs
	for n, want := range map[int]int{maxTexts: maxTexts, maxTexts + 1: 1} {
		messages, ok := z.Messages(nil, pcommon.NewValueStr(list(n)), Input, &r)
		require.True(t, ok)
		require.Len(t, messages, want)
		documents, ok := z.Documents(nil, pcommon.NewValueStr(list(n)), &r)
		require.True(t, ok)
		require.Len(t, documents, want)
		if want == 1 {
			require.Contains(t, string(messages[0].Body), strings.ReplaceAll(list(n), `"`, `\"`), "nothing is lost")
			require.Contains(t, string(documents[0].Body), strings.ReplaceAll(list(n), `"`, `\"`))
		}
	}
	require.Zero(t, r)
}
