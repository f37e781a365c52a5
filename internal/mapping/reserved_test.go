package mapping

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// reservedKeys are those that the writer uses itself, and what comes near them.
var reservedKeys = []string{
	"$content", "$scope", "$$scope", "$$$scope", "$long_scope", "$$long_scope", "$bytes", "$map", "$$content", "$", "$$", "", "content",
	"scope", "a\"$map", "{\"$content\":\"", "$scope ", "$Scope", scopeWordsKey, resourceWordsKey, linkWordsKey, "$" + resourceWordsKey,
}

// putReserved puts some attributes with reserved keys, some of which look like what the
// writer makes.
func putReserved(r *rand.Rand, m pcommon.Map, victim string, depth int) {
	for range 1 + r.IntN(4) {
		v, _ := m.GetOrPutEmpty(reservedKeys[r.IntN(len(reservedKeys))])
		switch n := r.IntN(8); {
		case n < 2:
			v.SetStr([]string{victim, "no uuid", `{"$content":"` + victim + `"}`, strings.Repeat(victim, 100)}[r.IntN(4)])
		case n == 2:
			v.SetInt(7)
		case n == 3:
			v.SetEmptyBytes().FromRaw([]byte(victim))
		case depth == 0:
			v.SetDouble(1)
		case n == 4:
			putReserved(r, v.SetEmptySlice().AppendEmpty().SetEmptyMap(), victim, depth-1)
		default:
			putReserved(r, v.SetEmptyMap(), victim, depth-1)
		}
	}
}

// putBack does what the views do: it puts the contents back that attributes refer to.
func putBack(t *testing.T, b *Batch, s *Span, attributes []byte) (back pcommon.Map, refs []content.ID) {
	t.Helper()
	var values map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(attributes, &values))
	for key, v := range values {
		for k, body := range b.Contents {
			if string(v) == string(appendReference(nil, k.ID)) && k.Day == s.Day {
				values[key] = body
				refs = append(refs, k.ID)
			}
		}
	}
	text, err := json.Marshal(values)
	require.NoError(t, err)
	back = pcommon.NewMap()
	require.NoError(t, jsonval.DecodeMap(text, back), "%s", text)
	return back, refs
}

// unscoped takes the attributes of the scope, and the words of the resource and of the
// links, out of those of a span.
func unscoped(m pcommon.Map) (span, scope, resource, links map[string]any) {
	span, scope = map[string]any{}, map[string]any{}
	for key, v := range m.AsRaw() {
		switch {
		case key == scopeKey || key == longScopeKey || key == scopeWordsKey:
			maps.Copy(scope, v.(map[string]any))
		case key == resourceWordsKey:
			resource = v.(map[string]any)
		case key == linkWordsKey:
			links = v.(map[string]any)
		case isScopeKey(key):
			span[key[1:]] = v
		default:
			span[key] = v
		}
	}
	return span, scope, resource, links
}

// Whatever attributes are called and hold, they come back as they were, and only what
// the mapper put there refers to a content.
func TestReservedKeysComeBack(t *testing.T) {
	r := rand.New(rand.NewPCG(14, 19))
	victim := strings.TrimSuffix(strings.TrimPrefix(string(appendReference(nil, content.Of([]byte(`"victim"`)))), `{"$content":"`), `"}`)
	m := New(Options{})
	for range 3000 {
		td := testSpan{name: "x", events: []testEvent{{name: "e"}}}.traces(t)
		scope := td.ResourceSpans().At(0).ScopeSpans().At(0).Scope().Attributes()
		span := allSpans(td)[0]
		event, link := span.Events().At(0).Attributes(), span.Links().AppendEmpty().Attributes()
		resource := td.ResourceSpans().At(0).Resource().Attributes()
		for _, attrs := range []pcommon.Map{scope, span.Attributes(), event, link, resource} {
			if r.IntN(4) > 0 {
				putReserved(r, attrs, victim, 2)
			}
		}
		b := m.Map(td)
		checkStorable(t, b)
		s := &b.Spans[0]
		require.Zero(t, s.Adjustments)
		var refs []content.ID
		back, of := putBack(t, b, s, orEmpty(s.Attributes))
		spanBack, scopeBack, resourceWords, linkWords := unscoped(back)
		require.Equal(t, span.Attributes().AsRaw(), spanBack, "%s", s.Attributes)
		require.Equal(t, scope.AsRaw(), scopeBack, "%s", s.Attributes)
		refs = append(refs, of...)

		var events, links []struct{ Attributes json.RawMessage }
		require.NoError(t, json.Unmarshal(s.Events, &events))
		back, of = putBack(t, b, s, events[0].Attributes)
		require.Equal(t, event.AsRaw(), back.AsRaw(), "%s", s.Events)
		require.ElementsMatch(t, append(refs, of...), s.referred)

		require.NoError(t, json.Unmarshal(s.Links, &links))
		back = pcommon.NewMap()
		require.NoError(t, jsonval.DecodeMap(orEmpty(links[0].Attributes), back))
		require.Equal(t, link.AsRaw(), merged(back.AsRaw(), linkWords["0"]))
		back = pcommon.NewMap()
		require.NoError(t, jsonval.DecodeMap(b.Resources[s.ResourceID], back))
		require.Equal(t, resource.AsRaw(), merged(back.AsRaw(), resourceWords))
	}
}

// merged adds the words that stood elsewhere to facts.
func merged(facts map[string]any, words any) map[string]any {
	if said, ok := words.(map[string]any); ok {
		maps.Copy(facts, said)
	}
	return facts
}

func orEmpty(object []byte) []byte {
	if object == nil {
		return []byte("{}")
	}
	return object
}
