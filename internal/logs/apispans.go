package logs

import (
	"slices"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// apiScopes are the scopes of spans that a model's API writes itself. Such a span and that of the client tell one call, in
// one trace or, where the API does not get the client's context, in two: the id of the response ties them.
var apiScopes = []string{"com.anthropic.claude-platform*"}

// apiCall stands for the name of an event where a span of an API tells the call.
const apiCall = "span of the model's API"

// ObserveAPICalls has the answered calls that spans of a model's API tell be observed as calls that events without
// context tell are: each goes to the trace of the client's span, if there is one.
func ObserveAPICalls(spans []mapping.Span) {
	scope, ofAPI := "", false
	for i := range spans {
		s := &spans[i]
		if s.ScopeName != scope {
			scope = s.ScopeName
			ofAPI = slices.ContainsFunc(apiScopes, func(pattern string) bool { return matches(pattern, scope) })
		}
		if ofAPI && s.Kind.IsModel() && s.ResponseID != "" {
			s.Event = &mapping.EventCall{Event: apiCall, Derived: true}
		}
	}
}
