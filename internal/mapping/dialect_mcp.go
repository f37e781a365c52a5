package mapping

import "strings"

// Clients and servers of the Model Context Protocol: each method is a span, on both
// sides; only a call of a tool is one.
var _ = register(dialect{
	name:       "Model Context Protocol",
	convention: true,
	versions:   "*mcp* (Python) 2.3.0, *fastmcp* 4.2; semantic conventions 1.39 on",
	scopes:     []string{"mcp-python-sdk", "fastmcp"},
	marks:      []string{"mcp.method.name"},
	sources: map[field][]source{
		fToolName: {{attr: "mcp.tool.name", at: last1}, {as: asName, with: mcpToolName, note: "after `tools/call`, where `mcp.method.name` is that"}},
	},
	kinds: []kindRule{
		{at: kindByIntent, attr: "mcp.method.name", of: mcpKind, note: "`tools/call` → tool; any other → other"},
	},
})

const mcpToolCall = "tools/call"

func mcpKind(_ Reading, method string) (Kind, verdict) {
	if method == mcpToolCall {
		return KindTool, decided
	}
	return KindOther, decided
}

// mcpToolName reads the name of a span: a client that tells nothing else ends it in
// the tool's name.
func mcpToolName(r Reading, _ value) value {
	if method, _ := r.attr("mcp.method.name").str(); method != mcpToolCall {
		return value{}
	}
	if _, name, ok := strings.Cut(r.Span().Name(), mcpToolCall+" "); ok {
		return r.textValue(name)
	}
	return value{}
}
