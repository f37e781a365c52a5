package mapping

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/bits"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
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
	for key, want := range map[string]attrClass{
		"http.request.method": classFact, "messaging.message.id": classFact, "k8s.pod.name": classFact, "db.statement": classWords, "db.query.text": classWords,
		"db.query.parameter.name": classWords, "acme.question": classWords, "acmeUserQuestion": classWords, "acme_prompts": classWords, "tool-args": classWords,
		"acme:result": classWords, "color": classUnknown, "crew_agents": classUnknown, "process.command_args": classUnknown, "exception.stacktrace": classWords,
		"exception.message": classErrorText, "error.message": classErrorText, "acme.description": classWords, "context": classWords, "messages": classWords, "message.received": classWords,
		"input.mime_type": classFactUnlessProse, "output.mimeType": classFactUnlessProse, "acme.body.content_type": classFactUnlessProse, "acme.mime_type.text": classWords,
		"request_id": classFactUnlessProse, "acme.messageId": classFactUnlessProse, "acme.id.of.message": classWords,
	} {
		span := testSpan{attrs: map[string]any{key: "x"}}.traces(t)
		v, _ := allSpans(span)[0].Attributes().Get(key)
		require.Equal(t, want, new(traitsOf(key)).class(v), key)
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
			for i := range bare.Spans {
				s := &bare.Spans[i]
				require.Empty(t, s.StatusMessage+s.ErrorMessage)
				require.NotContains(t, said, s.Name)
				require.NotContains(t, said, s.ErrorType)
			}
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

// TestNoWordsOfUnknownEmittersAmongFacts hides a secret sentence and a secret word under keys
// of emitters that nobody knows.
func TestNoWordsOfUnknownEmittersAmongFacts(t *testing.T) {
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

// TestTextsOfErrorsAreWords hides a sentence, and a word, in each place where spans say what
// went wrong: without contents the type of the error is all that is kept.
func TestTextsOfErrorsAreWords(t *testing.T) {
	spans := map[string]testSpan{"a status": {status: ptrace.StatusCodeError}, "a type that is a text": {status: ptrace.StatusCodeError}}
	for _, key := range []string{"exception.message", "exception.stacktrace", "error.message"} {
		spans["an event's "+key] = testSpan{status: ptrace.StatusCodeError, events: []testEvent{{"exception", 1, map[string]any{"exception.type": "E"}}}}
		spans["a span's "+key] = testSpan{status: ptrace.StatusCodeError}
	}
	for _, src := range compiled().sources[dialect.ErrorMessage] {
		span := testSpan{status: ptrace.StatusCodeError, attrs: map[string]any{}}
		if src.guessed {
			continue
		}
		if d := compiled().dialects[bits.TrailingZeros64(src.dialect)]; len(d.Scopes) > 0 {
			span.scope = strings.TrimSuffix(d.Scopes[0], "*")
		} else if len(d.Marks) > 0 {
			key, value, _ := strings.Cut(strings.NewReplacer(".#", ".0", ".*", ".x").Replace(d.Marks[0]), "=")
			span.attrs[key] = value
		}
		spans["a span's "+src.Attr] = span
	}
	for place, span := range spans {
		for _, said := range []string{"the vault opens at midnight", "xyzzyplugh", `{"error":{"message":"xyzzyplugh is no question for us"}}`} {
			span := span
			span.attrs = maps.Clone(span.attrs)
			if span.attrs == nil {
				span.attrs = map[string]any{}
			}
			kind, key, _ := strings.Cut(place, "'s ")
			switch {
			case place == "a status":
				span.message = said
			case place == "a type that is a text":
				span.attrs["error.type"] = "the vault opens at midnight"
			case kind == "an event":
				span.events = []testEvent{{"exception", 1, map[string]any{"exception.type": "E", key: said}}}
			default:
				span.attrs[key] = said
			}
			s := &New(Options{Capture: CaptureMetadata}).Map(span.traces(t)).Spans[0]
			kept := fmt.Sprint(s.Name, s.StatusMessage, s.ErrorMessage, s.ErrorType, string(s.Attributes), string(s.Events))
			require.NotContains(t, kept, "vault", place)
			require.NotContains(t, kept, "xyzzyplugh", place)
			require.NotZero(t, s.Adjustments&ContentOmitted, place)
			require.NotEmpty(t, s.ErrorType, place)
		}
	}
}

// TestNameOfASpan is a fact, and so is what repeats the name. Where an application names
// spans after what it was asked, the name is words.
func TestNameOfASpan(t *testing.T) {
	const question, template = "How is the weather in Paris?", "answered {n} questions of a user"
	for name, c := range map[string]struct {
		span testSpan
		want string // without contents
	}{
		"a template":                    {testSpan{name: template, attrs: map[string]any{"logfire.msg_template": template, "logfire.msg": "answered 2 questions of a user"}}, template},
		"a message without any":         {testSpan{name: template, attrs: map[string]any{"logfire.msg_template": template, "logfire.msg": template}}, template},
		"a name that nobody says":       {testSpan{name: question}, question},
		"a question":                    {testSpan{name: question, attrs: map[string]any{"gen_ai.operation.name": "invoke_agent", "input.value": question}}, "invoke_agent"},
		"a message":                     {testSpan{name: question, attrs: map[string]any{"gen_ai.operation.name": "chat", "gen_ai.prompt.0.content": question}}, "chat"},
		"an unknown emitter's question": {testSpan{name: question, scope: "acme", attrs: map[string]any{"acme.topic": question}}, "acme"},
		"an agent's name":               {testSpan{name: "the best of all agents", attrs: map[string]any{"gen_ai.agent.name": "the best of all agents"}}, "the best of all agents"},
	} {
		t.Run(name, func(t *testing.T) {
			bare := &New(Options{Capture: CaptureMetadata}).Map(c.span.traces(t)).Spans[0]
			require.Equal(t, c.want, bare.Name)
			full := New(Options{}).Map(c.span.traces(t))
			require.Equal(t, c.span.name, full.Spans[0].Name)
			if c.want != c.span.name {
				require.NotZero(t, bare.Adjustments&ContentOmitted)
			}
			for _, body := range full.Contents {
				require.NotContains(t, string(body), template)
			}
		})
	}
}
