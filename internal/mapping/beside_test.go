package mapping

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEachModelIsThatOfItsSpan puts the model of embeddings beside that of a chat, each under several names: a
// call of the one names no other.
func TestEachModelIsThatOfItsSpan(t *testing.T) {
	for _, chat := range []string{"llm.model", "custom.chat_model", "app.llm.modelName"} {
		for _, embedding := range []string{"custom.embedding_model", "rag.embeddingModel", "app.embed_model_name"} {
			both := anyMap{chat: "gpt-4o", embedding: "text-embedding-3-small"}
			_, got := testSpan{name: "chat", attrs: with(both, anyMap{"llm.tokens.input": 40, "llm.tokens.output": 9})}.mapped(t)
			require.Equal(t, "gpt-4o", got["request_model"], "%s beside %s", chat, embedding)
			_, got = testSpan{name: "rag.embed", attrs: with(both, anyMap{"rag.span.kind": "embedding"})}.mapped(t)
			require.Equal(t, "text-embedding-3-small", got["request_model"], "embeddings beside %s", chat)
		}
	}
}

// TestListsOfMessagesBesideTexts puts what was said as plain text under OpenInference's names beside lists of
// messages under other ones: the lists say who said it. What is JSON, or no list, changes nothing.
func TestListsOfMessagesBesideTexts(t *testing.T) {
	call := anyMap{"openinference.span.kind": "LLM", "llm.model_name": "gpt-4o"}
	texts := anyMap{"input.value": "How is the weather?", "output.value": "It is mild."}
	messages := func(text, role string) any {
		return []any{anyMap{"role": role, "parts": []any{anyMap{"type": "text", "content": text}}}}
	}
	for _, c := range []struct {
		asked, answered string
		listed          bool
	}{
		{`[{"role":"user","content":"And in Rome?"}]`, `[{"index":0,"message":{"role":"assistant","content":"Hot."}}]`, true},
		{"3", "1", false},
	} {
		for _, keys := range [][2]string{{"llm.request.messages", "llm.response.choices"}, {"app.messages", "app.output_messages"}} {
			_, got := testSpan{name: "ask", attrs: with(call, texts, anyMap{keys[0]: c.asked, keys[1]: c.answered})}.mapped(t)
			input, output := "How is the weather?", "It is mild."
			if c.listed {
				input, output = "And in Rome?", "Hot."
			}
			require.Equal(t, messages(input, "user"), got["input_messages"], keys)
			require.Equal(t, messages(output, "assistant"), got["output_messages"], keys)
		}
	}
	body := with(call, anyMap{"input.value": `{"messages":[{"role":"user","content":"In Oslo?"}]}`, "app.messages": `[{"role":"user","content":"And in Rome?"}]`})
	_, got := testSpan{name: "ask", attrs: body}.mapped(t)
	require.Equal(t, messages("In Oslo?", "user"), got["input_messages"])
}

// TestGuards has guards that no span shows to be an AI's: those of routes are none of ours.
func TestGuards(t *testing.T) {
	for name, want := range map[string]string{
		"guardrails.rail": "guardrail", "app.guardrail": "guardrail", "InputGuardrail": "guardrail",
		"guard": "other", "auth.guard": "other", "moderation": "other", "moderation.queue": "other",
	} {
		_, got := testSpan{name: name, attrs: anyMap{"http.route": "/a"}}.mapped(t)
		require.Equal(t, want, got["kind"], name)
	}
}

func with(all ...anyMap) anyMap {
	attrs := anyMap{}
	for _, m := range all {
		maps.Copy(attrs, m)
	}
	return attrs
}
