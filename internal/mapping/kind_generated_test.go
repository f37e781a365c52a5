package mapping

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/keywords"
)

// factFamilies spell the facts of one call as emitters of different kinds do: after the conventions, and
// in name spaces that nobody has described.
var factFamilies = map[string]map[string]anyMap{
	"conventions": {
		"model": {"gen_ai.request.model": "gpt-4o"}, "input": {"gen_ai.usage.input_tokens": 40}, "output": {"gen_ai.usage.output_tokens": 9},
		"end": {"gen_ai.response.finish_reasons": []any{"stop"}}, "first token": {"gen_ai.response.time_to_first_chunk": 0.1},
	},
	"llm": {
		"model": {"llm.model": "gpt-4o"}, "input": {"llm.tokens.input": 40}, "output": {"llm.tokens.output": 9},
		"end": {"llm.finish_reason": "stop"}, "first token": {"llm.ttft_ms": 100},
		"asked": {"llm.prompt": "How is the weather?"}, "answered": {"llm.completion": "It is mild."},
	},
	"ai": {
		"model": {"ai_model": "gpt-4o"}, "input": {"ai_prompt_tokens": 40}, "output": {"ai_completion_tokens": 9},
		"end": {"ai_finish_reason": "stop"}, "first token": {"ai_time_to_first_token_ms": 100},
		"asked": {"ai_prompt": "How is the weather?"}, "answered": {"ai_completion": "It is mild."},
	},
	"invented": {
		"model": {"quetzal.llm.modelName": "gpt-4o"}, "input": {"quetzal.llm.inputTokens": 40}, "output": {"quetzal.llm.outputTokens": 9},
		"end": {"quetzal.llm.finishReason": "stop"}, "first token": {"quetzal.llm.ttftMs": 100},
		"asked": {"quetzal.llm.prompt": "How is the weather?"}, "answered": {"quetzal.llm.response": "It is mild."},
	},
}

// spokenFacts are those of which two make no call either: whoever is asked answers.
var spokenFacts = keywords.Set("asked answered")

// TestTwoFactsMakeACall gives spans with names that say nothing each one and each two facts of a call, in
// each spelling: one alone makes no call, but that a model stopped; two make one.
func TestTwoFactsMakeACall(t *testing.T) {
	for family, facts := range factFamilies {
		names := slices.Sorted(maps.Keys(facts))
		for i, a := range names {
			one := maps.Clone(facts[a])
			want := "other"
			if a == "end" {
				want = "llm"
			}
			requireKind(t, testSpan{name: "handle", attrs: one}, want, family, a)
			for _, b := range names[i+1:] {
				two := maps.Clone(one)
				maps.Copy(two, facts[b])
				want := "llm"
				if spokenFacts[a] && spokenFacts[b] {
					want = "other"
				}
				requireKind(t, testSpan{name: "handle", attrs: two}, want, family, a, b)
			}
		}
	}
}

// TestNamesDoNotOutrankFacts names a span that tells of a model, its tokens and its answer in many ways,
// and puts attributes of others beside: it stays a call.
func TestNamesDoNotOutrankFacts(t *testing.T) {
	besides := []anyMap{
		{}, {"http.request.method": "POST"}, {"customer.tier": "gold"}, {"deployment.zone": "b"}, {"retry.count": 2}, {"feature.flag": true},
		{"workflow.step": "draft"}, {"cache.hit": false}, {"thread.id": 7}, {"quetzal.version": "2"}, {"tenant": `{"a":[1,2]}`},
	}
	for family, facts := range factFamilies {
		for _, name := range []string{
			"", "run", "POST", "pipeline", "planner", "agent.run", "workflow", "task", "step 3", "evaluate", "call", "tool", "search_docs", "embedding",
			"summarize", "chat", "llm.call", "invoke", "session",
		} {
			for _, beside := range besides {
				for _, last := range []string{"end", "first token"} {
					attrs := maps.Clone(beside)
					for _, fact := range []string{"model", "input", "output", last} {
						maps.Copy(attrs, facts[fact])
					}
					requireKind(t, testSpan{name: name, attrs: attrs}, "llm", family, "named "+name, last)
				}
			}
		}
	}
}

// TestFiguresAreNoWords gives spans a number or a truth under keys of words: how many there are, or
// whether, does not say what the span does.
func TestFiguresAreNoWords(t *testing.T) {
	for _, key := range []string{"rag.generate_embeddings", "llm.prompt", "llm.completion", "search.documents", "index.vectors", "job.query"} {
		for _, v := range []any{true, 3, 0.5} {
			requireKind(t, testSpan{name: "handle", attrs: anyMap{key: v, "llm.model": "gpt-4o"}}, "other", key)
		}
	}
}

func requireKind(t *testing.T, span testSpan, want string, of ...string) {
	t.Helper()
	if _, got := span.mapped(t); got["kind"] != want {
		t.Errorf("%s: want %s got %s: %v", strings.Join(of, ", "), want, got["kind"], span.attrs)
	}
}
