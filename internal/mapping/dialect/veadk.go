package dialect

// VeADK, of Volcano Engine: events whose attributes are flattened messages, and the
// arguments of a tool within its description.
var _ = register(Dialect{
	Name:     "VeADK (Volcano Engine)",
	Versions: "veadk-python 0.2 (source: tracing/telemetry/attributes/extractors)",
	Scopes:   []string{"veadk*"},
	Marks:    []string{"cozeloop.input", "cozeloop.output", "gen_ai.system=veadk"},
	Sources: map[Field][]Source{
		ToolArguments: {{Attr: "cozeloop.input", Path: "parameters"}, {Attr: "gen_ai.tool.input", Path: "parameters", Own: true, At: libraryNames1}},
		ToolResult:    {{Attr: "cozeloop.output", Path: "response"}, {Attr: "gen_ai.tool.output", Path: "response", Own: true, At: libraryNames1}},
	},
})
