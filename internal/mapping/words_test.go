package mapping

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestProse(t *testing.T) {
	for text, want := range map[string]bool{
		"How is the weather":                  true,
		"How is the":                          false,
		"gpt-4o":                              false,
		"1 2 3 4 5":                           false,
		"":                                    false,
		`{"q":"How is the weather in Paris"}`: true,
		`{"a": 1, "b": 2, "c": 3, "d": 4}`:    false,
		`["one", "two", "three", "four"]`:     false,
		`[{"x":["one two three four"]}]`:      true,
		`{"cut":"How is the weather`:          true,
		"Как погода в Париже":                 true,
		"今日の天気は":                              true,
	} {
		require.Equal(t, want, saysProse(text), text)
	}
}

func TestWordsOfKeys(t *testing.T) {
	for key, want := range map[string]fate{
		"http.request.method": stays, "messaging.message.id": stays, "k8s.pod.name": stays, "db.statement": words, "db.query.text": words,
		"db.query.parameter.name": words, "acme.question": words, "acmeUserQuestion": words, "acme_prompts": words, "tool-args": words,
		"acme:result": words, "color": unsure, "crew_agents": unsure, "process.command_args": unsure, "exception.stacktrace": words,
		"exception.message": stays, "acme.description": words, "context": words, "messages": words, "message.received": words,
	} {
		span := testSpan{attrs: map[string]any{key: "x"}}.traces(t)
		v, _ := allSpans(span)[0].Attributes().Get(key)
		require.Equal(t, want, traitsOf(key).fate(v), key)
	}
}

// TestNoWordsAmongFacts looks, in each case, for what was said in the columns that hold
// facts.
func TestNoWordsAmongFacts(t *testing.T) {
	m := New(Options{})
	for _, name := range fixtureNames(t) {
		t.Run(strings.TrimPrefix(filepath.ToSlash(name), "testdata/fixtures/"), func(t *testing.T) {
			b := m.Map(loadTraces(t, name))
			said := map[string]bool{}
			for _, body := range b.Contents {
				collectProse(decode(t, body), said)
			}
			requireNotAmongFacts(t, b, said)
			bare := New(Options{Capture: CaptureMetadata}).Map(loadTraces(t, name))
			require.Empty(t, bare.Contents)
			requireNotAmongFacts(t, bare, said)
		})
	}
}

// collectProse lists the texts of four or more words in JSON.
func collectProse(v any, said map[string]bool) {
	switch v := v.(type) {
	case string:
		var inner any
		if isJSONText(v) && json.Unmarshal([]byte(v), &inner) == nil {
			collectProse(inner, said)
		} else if isProse(v) {
			said[v] = true
		}
	case []any:
		for _, e := range v {
			collectProse(e, said)
		}
	case map[string]any:
		for _, e := range v {
			collectProse(e, said)
		}
	}
}

func requireNotAmongFacts(t *testing.T, b *Batch, said map[string]bool) {
	t.Helper()
	for i := range b.Spans {
		s := &b.Spans[i]
		for column, facts := range map[string][]byte{
			"attributes": s.Attributes, "events": s.Events, "links": s.Links, "request_parameters": s.RequestParameters,
			"resource": b.Resources[s.ResourceID],
		} {
			for text := range said {
				if s.ErrorMessage != "" && (strings.Contains(s.ErrorMessage, text) || strings.Contains(text, s.ErrorMessage)) {
					continue // what went wrong is a fact
				}
				quoted, _ := json.Marshal(text)
				if strings.Contains(string(facts), strings.Trim(string(quoted), `"`)) {
					t.Errorf("%s of %s (%s): %.120q stands among facts", column, s.SpanID, s.Name, text)
				}
			}
		}
	}
}

// TestNoWordsOfStrangersAmongFacts hides a secret sentence and a secret word under keys
// of emitters that nobody knows.
func TestNoWordsOfStrangersAmongFacts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	seps, names := []string{".", "_", ":", "-", "/"}, []string{"acme", "zed", "runner", "step", "user", "last", "x1"}
	speaking := []string{"input", "outputs", "prompt", "completion", "msg", "content", "text", "args", "kwargs", "question", "transcript", "goal", "memory"}
	const sentence, word = "the vault opens at midnight", "xyzzyplugh"
	for range 2000 {
		sep := seps[r.IntN(len(seps))]
		key := names[r.IntN(len(names))] + sep + names[r.IntN(len(names))]
		value := map[int]any{
			0: sentence, 1: fmt.Sprintf(`{"a":[{"b":%q}]}`, sentence), 2: map[string]any{"k": []any{sentence}}, 3: []any{sentence, int64(1)},
		}[r.IntN(4)]
		if r.IntN(2) == 0 {
			key += sep + speaking[r.IntN(len(speaking))]
			value = map[int]any{0: word, 1: []any{word}, 2: map[string]any{"k": word}}[r.IntN(3)]
		}
		span := testSpan{resource: map[string]any{key: value}, attrs: map[string]any{key: value}, events: []testEvent{{"e", 1, map[string]any{key: value}}}}
		td := span.traces(t)
		link := allSpans(td)[0].Links().AppendEmpty()
		require.NoError(t, link.Attributes().FromRaw(map[string]any{key: value}))
		require.NoError(t, td.ResourceSpans().At(0).ScopeSpans().At(0).Scope().Attributes().FromRaw(map[string]any{key: value}))
		for _, capture := range []Capture{CaptureFull, CaptureMetadata} {
			b := New(Options{Capture: capture}).Map(td)
			s := &b.Spans[0]
			for column, facts := range map[string][]byte{"attributes": s.Attributes, "events": s.Events, "links": s.Links, "resource": b.Resources[s.ResourceID]} {
				require.NotContains(t, string(facts), sentence, "%s: %s", column, key)
				require.NotContains(t, string(facts), word, "%s: %s", column, key)
			}
			require.Equal(t, capture == CaptureMetadata, len(b.Contents) == 0)
			require.Equal(t, capture == CaptureMetadata, s.Adjustments&ContentOmitted != 0)
			for _, kept := range []string{key, scopeWordsKey, resourceWordsKey, linkWordsKey} {
				require.Equal(t, capture == CaptureFull, strings.Contains(string(s.Attributes), `"`+kept+`":{"$content"`), "%s is kept", kept)
			}
		}
	}
}
