package dialect

// opencode: the Vercel AI SDK's spans, under its own scope, and its own around them.
var _ = register(Dialect{
	Name:          "opencode",
	Versions:      "*1.18.33*",
	Scopes:        []string{"opencode"},
	NamesSessions: true,
	Kinds: []KindRule{
		{Group: kindByOthers, Own: true, Values: map[string]Kind{"tool.execute": KindOther}},
	},
})
