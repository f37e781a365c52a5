package mapping

import "go.opentelemetry.io/collector/pdata/ptrace"

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
		fErrorType:     {{attr: "error.type"}, {attr: "error.class", at: last1}, {attr: "exception.type", with: ofFailure, note: "of a span whose status is error", at: last1}},
		fErrorMessage:  {{attr: "exception.message", at: last1}, {attr: "error.message", at: last1}},
	},
})

// ofFailure passes over what a span that did not fail says of an exception: it was handled.
func ofFailure(r Reading, v value) value {
	if r.Span().Status().Code() != ptrace.StatusCodeError {
		return value{}
	}
	return v
}
