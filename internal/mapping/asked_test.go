package mapping

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestArgumentsThatAsk: what decorators write of a function's arguments is what the model is asked, if one of
// them only can be that and nothing else on the span says what was asked.
func TestArgumentsThatAsk(t *testing.T) {
	for name, attrs := range map[string]anyMap{
		"Laminar":  {"lmnr.span.type": "LLM", "lmnr.span.input": `{"q":"` + ask + `"}`},
		"Langfuse": {"langfuse.observation.type": "generation", "langfuse.observation.input": `{"args":[],"kwargs":{"topic":"` + ask + `","n":2}}`},
		"MLflow":   {"mlflow.spanType": "LLM", "mlflow.spanInputs": `{"question_text":"` + ask + `","style":"brief"}`},
		"unknown":  {"halcyon.kind": "llm", "halcyon.llm.model": "gpt-4o", "halcyon.llm.input": `{"q":"` + ask + `"}`},
	} {
		_, got := testSpan{name: "ask", attrs: attrs}.mapped(t)
		require.Equal(t, "llm", got["kind"], name)
		require.Empty(t, compare("input_messages", asked, got["input_messages"]), name)
	}
	for _, other := range []string{`{"q":"Paris"}`, `{"a":"one two","b":"three four"}`, `{"a":"one two","state":{"b":1}}`, `{}`, `{"q":"  "}`} {
		_, got := testSpan{name: "ask", attrs: anyMap{"lmnr.span.type": "LLM", "lmnr.span.input": other}}.mapped(t)
		require.Nil(t, got["input_messages"], other)
	}
}
