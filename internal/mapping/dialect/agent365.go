package dialect

// Agent 365, of Microsoft.
var _ = register(Dialect{
	Name:     "Microsoft Agent 365",
	Versions: "*microsoft-agents-a365-observability* 2.0.0",
	Scopes:   []string{"Agent365Sdk"},
	Marks:    []string{"microsoft.a365.agent.blueprint.id", "telemetry.sdk.name=A365ObservabilitySDK"},
	Sources: map[Field][]Source{
		SessionID: {{Attr: "microsoft.session.id", At: last1}},
		InputMessages: {
			{Attr: "microsoft.security.content.input.value", As: AsText, Only: KindsOf(KindGuardrail)},
		},
		OutputMessages: {
			{Attr: "microsoft.security.content.output.value", As: AsText, Only: KindsOf(KindGuardrail)},
		},
	},
	Kinds: []KindRule{
		{Group: kindByOperation, Attr: "gen_ai.operation.name", Own: true, Values: map[string]Kind{
			"apply_guardrail": KindGuardrail, "invokeagent": KindAgent, "executetool": KindTool, "inferencecall": KindLLM, "outputmessages": KindOther,
		}},
	},
})
