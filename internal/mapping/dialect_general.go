package mapping

// Attributes that are no LLM convention's, but mean the same on every span.
var _ = register(dialect{
	name:       "OpenTelemetry general",
	convention: true,
	versions:   "all",
	sources: map[field][]source{
		fUserID:        {{attr: "user.id"}, {attr: "enduser.id"}, {attr: "enduser.pseudo.id", at: last1}},
		fSessionID:     {{attr: "session.id"}},
		fServerAddress: {{attr: "server.address"}, {attr: "net.peer.name"}},
		fServiceName:   {{attr: "service.name", resource: true}},
		fEnvironment:   {{attr: "deployment.environment.name"}, {attr: "deployment.environment"}},
		fRelease:       {{attr: "service.version"}},
		fErrorType:     {{attr: "error.type"}},
	},
})
