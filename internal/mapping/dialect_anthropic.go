package mapping

import "strings"

// The spans that Anthropic's SDKs and API emit themselves. Methods that ask no model
// to answer name a model, too.
var _ = register(dialect{
	name:     "Anthropic SDK and API",
	versions: "*@anthropic-ai/sdk* 0.137.0 and 1.14.0, *anthropic* (Python) 2.14.0, *anthropic-sdk-go* 2.15.0, *anthropic-java* 3.14.0; the API's own spans",
	scopes:   []string{"com.anthropic.sdk.*", "com.anthropic.claude-platform*"},
	sources: map[field][]source{
		fFinishReasons: {{attr: "anthropic.message.stop_reason"}},
		fToolResult:    {{attr: "anthropic.tool_result.content"}},
	},
	kinds: []kindRule{
		{at: kindByIntent, own: true, of: anthropicKind, note: "`anthropic.….count_tokens` and other methods than `create`, `stream`, `parse` → other"},
	},
	words: []string{"anthropic.tool_result.content"},
})

// anthropicKind passes over the names of methods that make no call.
func anthropicKind(r Reading, name string) (Kind, verdict) {
	name, _, spaced := strings.Cut(name, " ")
	if spaced || !strings.HasPrefix(name, "anthropic.") || r.attr("gen_ai.operation.name").exists() {
		return KindOther, undecided
	}
	switch name[strings.LastIndexByte(name, '.')+1:] {
	case "create", "stream", "parse":
		if strings.Contains(name, ".messages.") && !strings.Contains(name, ".batches.") || strings.Contains(name, ".completions.") {
			return KindOther, undecided
		}
	case "tool_runner", "custom_tool_use":
		return KindOther, undecided
	}
	return KindOther, decided
}
