package dialect

// Copilot CLI: current conventions, but a call's input is only what is new in it.
var _ = register(Dialect{
	Name:     "GitHub Copilot CLI",
	Versions: "*1.0.102*",
	Scopes:   []string{"github.copilot"},
	Sources: map[Field][]Source{
		InputMessages: {{Attr: "gen_ai.input.messages", Own: true, Only: OnlyLLM, Delta: true}},
	},
})
