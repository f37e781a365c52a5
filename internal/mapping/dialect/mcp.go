package dialect

import (
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// Clients and servers of the Model Context Protocol: each method is a span, on both
// sides; only a call of a tool is one.
var _ = register(Dialect{
	Name:       "Model Context Protocol",
	Convention: true,
	Versions:   "*mcp* (Python) 2.3.0, *fastmcp* 4.2; semantic conventions 1.39 on",
	Scopes:     []string{"mcp-python-sdk", "fastmcp"},
	Marks:      []string{"mcp.method.name"},
	Sources: map[Field][]Source{
		ToolName: {{Attr: "mcp.tool.name", At: last1}, {As: AsName, With: mcpToolName, Note: "after `tools/call`, where `mcp.method.name` is that"}},
	},
	Kinds: []KindRule{
		{Group: kindByIntent, Attr: "mcp.method.name", Of: mcpKind, Note: "`tools/call` → tool; any other → other"},
	},
})

const mcpToolCall = "tools/call"

func mcpKind(_ Reading, method string) (Kind, Verdict) {
	if method == mcpToolCall {
		return KindTool, Decided
	}
	return KindOther, Decided
}

// mcpToolName reads the name of a span: a client that tells nothing else ends it in
// the tool's name.
func mcpToolName(r Reading, _ value.Value) value.Value {
	if method, _ := r.Attr("mcp.method.name").Str(); method != mcpToolCall {
		return value.Value{}
	}
	if _, name, ok := strings.Cut(r.Span().Name(), mcpToolCall+" "); ok {
		return r.TextValue(name)
	}
	return value.Value{}
}
