package dialect

import "strings"

// The spans that Anthropic's SDKs and API emit themselves. Methods that ask no model
// to answer name a model, too.
var _ = register(Dialect{
	Name:     "Anthropic SDK and API",
	Versions: "*@anthropic-ai/sdk* 0.137.0 and 1.14.0, *anthropic* (Python) 2.14.0, *anthropic-sdk-go* 2.15.0, *anthropic-java* 3.14.0; the API's own spans",
	Scopes:   []string{"com.anthropic.sdk.*", "com.anthropic.claude-platform*"},
	Sources: map[Field][]Source{
		FinishReasons: {{Attr: "anthropic.message.stop_reason"}},
		ToolResult:    {{Attr: "anthropic.tool_result.content"}},
	},
	Kinds: []KindRule{
		{Group: kindByIntent, Own: true, Of: anthropicKind, Note: "`anthropic.….count_tokens` and other methods than `create`, `stream`, `parse` → other"},
	},
	Words: []string{"anthropic.tool_result.content"},
})

// anthropicKind passes over the names of methods that make no call.
func anthropicKind(r Reading, name string) (Kind, Verdict) {
	name, _, spaced := strings.Cut(name, " ")
	if spaced || !strings.HasPrefix(name, "anthropic.") || r.Attr("gen_ai.operation.name").Exists() {
		return KindOther, Undecided
	}
	switch name[strings.LastIndexByte(name, '.')+1:] {
	case "create", "stream", "parse":
		if strings.Contains(name, ".messages.") && !strings.Contains(name, ".batches.") || strings.Contains(name, ".completions.") {
			return KindOther, Undecided
		}
	case "tool_runner", "custom_tool_use":
		return KindOther, Undecided
	}
	return KindOther, Decided
}
