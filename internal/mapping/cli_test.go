package mapping

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
)

// TestCodingAgentsTraces compares what the spans of coding agents tell with what their
// model endpoint was asked: truth.json, as far as the program's spans tell it.
func TestCodingAgentsTraces(t *testing.T) {
	const folder = "testdata/fixtures/cli/"
	var truth map[string]struct {
		Calls      int
		Failed     int   `json:"failed_requests"`
		Input      int64 `json:"input"`
		CacheRead  int64 `json:"cache_read"`
		CacheWrite int64 `json:"cache_write"`
		Output     int64 `json:"output"`
		Reasoning  int64 `json:"reasoning"`
	}
	data, err := os.ReadFile(folder + "truth.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &truth))
	m := New(Options{})
	for run, c := range map[string]struct {
		lacksParts bool // no cache and no reasoning on spans
		tools      int
	}{
		"claude-code-2.1.332-tools":  {tools: 1},
		"codex-0.171.0-tools":        {tools: 1},
		"copilot-cli-1.0.102-tools":  {tools: 1},
		"gemini-cli-0.61.0-tools":    {tools: 1, lacksParts: true},
		"gemini-cli-0.61.0-error429": {tools: 1, lacksParts: true},
		"opencode-1.18.33-tools":     {tools: 1},
		"qwen-code-0.24.4-tools":     {tools: 1},
	} {
		t.Run(run, func(t *testing.T) {
			want := truth[run]
			var calls, failed, tools int
			var sum Usage
			for _, s := range m.Map(loadTraces(t, folder+run+".traces")).Spans {
				switch {
				case s.Kind == KindTool:
					tools++
				case s.Kind == KindLLM && s.ErrorType != "":
					failed++
				case s.Kind == KindLLM:
					calls++
					sum.Input.V += s.Usage.Input.V
					sum.Output.V += s.Usage.Output.V
					sum.CacheRead.V += s.Usage.CacheRead.V
					sum.CacheCreation.V += s.Usage.CacheCreation.V
					sum.Reasoning.V += s.Usage.Reasoning.V
				}
			}
			require.Equal(t, want.Calls, calls, "calls")
			require.Equal(t, want.Failed, failed, "failed calls")
			require.Equal(t, c.tools, tools, "tool calls")
			require.Equal(t, want.Input, sum.Input.V, "input")
			if c.lacksParts {
				require.Equal(t, want.Output-want.Reasoning, sum.Output.V, "output")
				return
			}
			require.Equal(t, want.Output, sum.Output.V, "output")
			require.Equal(t, want.CacheRead, sum.CacheRead.V, "cache read")
			require.Equal(t, want.CacheWrite, sum.CacheCreation.V, "cache creation")
			require.Equal(t, want.Reasoning, sum.Reasoning.V, "reasoning")
		})
	}
}

// TestChunksOfAStreamAreOneAnswer has an answer of which Gemini CLI lists the chunks, and the next call's
// history with it: both are one content. Log records give the answer the role of the system.
func TestChunksOfAStreamAreOneAnswer(t *testing.T) {
	m := New(Options{})
	call := func(input, output string) *Span {
		return &m.Map(testSpan{name: "llm_call", scope: "gemini-cli", attrs: map[string]any{
			"gen_ai.operation.name": "llm_call", "gen_ai.input.messages": input, "gen_ai.output.messages": output,
		}}.traces(t)).Spans[0]
	}
	const asked, answer = `{"role":"user","parts":[{"text":"look"}]}`, `{"role":"model","parts":[{"text":"Let me look."},{"functionCall":{"id":"ls_1_0","name":"ls","args":{}}}]}`
	told := call("["+asked+","+answer+"]", `[{"role":"model","parts":[{"text":"Nothing there."}]}]`).InputMessageIDs[1]
	for name, chunks := range map[string]string{
		"of the API": `[{"role":"model","parts":[{"text":"Let me "}]},{"role":"model","parts":[{"text":"look."}]},{"role":"model","parts":[{"functionCall":{"id":"ls__ls_1_0","name":"ls","args":{}}}]}]`,
		"of records": `[{"role":"system","finish_reason":"stop","parts":[{"type":"text","content":"Let me "}]},{"role":"system","finish_reason":"stop","parts":[{"type":"text","content":"look."}]},
			{"role":"system","finish_reason":"stop","parts":[{"type":"tool_call","id":"ls__ls_1_0","name":"ls","arguments":{}}]}]`,
		"one": `[{"role":"system","parts":[{"type":"text","content":"Let me look."},{"type":"tool_call","id":"ls_1_0","name":"ls","arguments":{}}]}]`,
	} {
		require.Equal(t, []content.ID{told}, call("["+asked+"]", chunks).OutputMessageIDs, name)
	}
	require.Len(t, call("["+asked+"]", `[{"role":"assistant","parts":[{"type":"text","content":"one"}]},{"role":"assistant","parts":[{"type":"text","content":"other"}]}]`).OutputMessageIDs, 2)
}

// TestAnswersOfAHistoryAreTheModels has histories as Gemini CLI writes them, on spans by the API's
// roles and on records with the role system for the model: each answer is one content wherever it stands.
func TestAnswersOfAHistoryAreTheModels(t *testing.T) {
	m := New(Options{})
	call := func(input, output string) *Span {
		return &m.Map(testSpan{name: "llm_call", scope: "gemini-cli", attrs: map[string]any{
			"gen_ai.operation.name": "llm_call", "gen_ai.input.messages": input, "gen_ai.output.messages": output, "gen_ai.system_instructions": `[{"type":"text","content":"Be brief."}]`,
		}}.traces(t)).Spans[0]
	}
	const asked, more = `{"role":"user","parts":[{"type":"text","content":"hello"}]}`, `{"role":"user","parts":[{"type":"text","content":"more {\"role\":\"system\",\"parts\":[]}"}]}`
	first := call("["+asked+"]", `[{"finish_reason":"stop","role":"system","parts":[{"type":"text","content":"Hi."}]}]`)
	for name, answer := range map[string]string{
		"records": `{"role":"system","parts":[{"type":"text","content":"Hi."}]}`, "with blanks": `{"role": "system", "parts": [{"type":"text","content":"Hi."}]}`,
		"API": `{"role":"model","parts":[{"text":"Hi."}]}`,
	} {
		then := call("["+asked+","+answer+","+more+"]", `[{"role":"model","parts":[{"text":"That is all."}]}]`)
		require.Equal(t, []content.ID{first.InputMessageIDs[0], first.OutputMessageIDs[0]}, then.InputMessageIDs[:2], name)
		require.Equal(t, first.SystemInstructionsID, then.SystemInstructionsID, name)
	}
}
