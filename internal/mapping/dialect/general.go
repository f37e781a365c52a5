package dialect

import (
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// Attributes that are no LLM convention's, but mean the same on every span.
var _ = register(Dialect{
	Name:       "OpenTelemetry general",
	Convention: true,
	Versions:   "all",
	Sources: map[Field][]Source{
		UserID:        {{Attr: "user.id"}, {Attr: "enduser.id"}, {Attr: "enduser.pseudo.id", At: last1}},
		SessionID:     {{Attr: "session.id"}},
		ServerAddress: {{Attr: "server.address"}, {Attr: "net.peer.name"}},
		ServiceName:   {{Attr: "service.name", Resource: true}},
		Environment:   {{Attr: "deployment.environment.name"}, {Attr: "deployment.environment"}},
		Release:       {{Attr: "service.version"}},
		ErrorType:     {{Attr: "error.type"}, {Attr: "error.class", At: last1}, {Attr: "exception.type", With: ofFailure, Note: "of a span whose status is error", At: last1}},
		ErrorMessage:  {{Attr: "exception.message", At: last1}, {Attr: "error.message", At: last1}},
	},
})

// ofFailure passes over what a span that did not fail says of an exception: it was handled.
func ofFailure(r Reading, v value.Value) value.Value {
	if r.Span().Status().Code() != ptrace.StatusCodeError {
		return value.Value{}
	}
	return v
}
