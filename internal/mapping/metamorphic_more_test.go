package mapping

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/keywords"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// otherConventions are attributes that any span may have.
var otherConventions = anyMap{
	"http.request.method": "POST", "http.response.status_code": int64(200), "url.full": "https://api.example.com/v1", "url.path": "/v1", "network.protocol.version": "2",
	"k8s.pod.name": "web-1", "k8s.namespace.name": "shop", "thread.id": int64(7), "thread.name": "main", "code.function.name": "run", "code.line.number": int64(12),
	"process.pid": int64(1), "host.name": "h1", "cloud.region": "eu", "container.id": "c1", "peer.service": "api", "otel.library.name": "x", "busy_ns": int64(5), "idle_ns": int64(7),
	"feature_flag.key": "beta", "user_agent.original": "curl", "client.address": "10.0.0.1", "tenant": "blue", "retry.count": int64(0), "sampling.priority": int64(1),
}

// surroundings change what stands around the words and figures of a span: rows do not depend on it.
var surroundings = map[string]func(t *testing.T, span ptrace.Span){
	"with attributes of other conventions": func(t *testing.T, span ptrace.Span) {
		for key, v := range otherConventions {
			if _, has := span.Attributes().Get(key); !has {
				require.NoError(t, span.Attributes().PutEmpty(key).FromRaw(v))
			}
		}
	},
	"with other events": func(t *testing.T, span ptrace.Span) {
		e := span.Events().AppendEmpty()
		e.SetName("cache.miss")
		e.SetTimestamp(span.StartTimestamp() + 1)
		require.NoError(t, e.Attributes().FromRaw(anyMap{"cache.key": "k1", "attempt": int64(1)}))
	},
	"doubles as text": func(_ *testing.T, span ptrace.Span) {
		for _, v := range span.Attributes().All() {
			if v.Type() == pcommon.ValueTypeDouble {
				v.SetStr(strconv.FormatFloat(v.Double(), 'g', -1, 64))
			}
		}
	},
	"JSON encoded once more": func(t *testing.T, span ptrace.Span) {
		for key, v := range span.Attributes().All() {
			if v.Type() == pcommon.ValueTypeStr && isJSONText(v.Str()) && !strings.HasSuffix(key, ".content") {
				text, err := json.Marshal(v.Str())
				require.NoError(t, err)
				v.SetStr(string(text))
			}
		}
	},
	"blanks around JSON": func(_ *testing.T, span ptrace.Span) {
		for key, v := range span.Attributes().All() {
			if v.Type() == pcommon.ValueTypeStr && isJSONText(v.Str()) && !strings.HasSuffix(key, ".content") && key != "ai.response.object" {
				v.SetStr("\n  " + v.Str() + " \n")
			}
		}
	},
	"indexed keys as lists": func(t *testing.T, span ptrace.Span) {
		lists := map[string]map[string]any{}
		for key, v := range span.Attributes().All() {
			if m := indexedKey.FindStringSubmatch(key); m != nil {
				if lists[m[1]] == nil {
					lists[m[1]] = map[string]any{}
				}
				if v.AsString() == "" || strings.Contains(key, ".message_content.") {
					return // a message that says nothing is there in a list, and blocks of a tool are text
				}
				lists[m[1]][m[2]] = v.AsRaw()
			}
		}
		for base, members := range lists {
			if _, has := span.Attributes().Get(base); has {
				continue
			}
			span.Attributes().RemoveIf(func(key string, _ pcommon.Value) bool {
				return indexedKey.MatchString(key) && strings.HasPrefix(key, base+".")
			})
			text, err := json.Marshal(nestedLists(members))
			require.NoError(t, err)
			span.Attributes().PutStr(base, string(text))
		}
	},
}

// indexedKey cuts the keys of families of messages at their first index.
var indexedKey = regexp.MustCompile(`^(gen_ai\.prompt|gen_ai\.completion|llm\.input_messages|llm\.output_messages)\.(\d+\..+)$`)

// nestedLists nests dotted members, with lists where the segments are numbers.
func nestedLists(members map[string]any) any {
	children := map[string]map[string]any{}
	leaves := map[string]any{}
	for key, v := range members {
		head, rest, dotted := strings.Cut(key, ".")
		if !dotted {
			leaves[head] = v
			continue
		}
		if children[head] == nil {
			children[head] = map[string]any{}
		}
		children[head][rest] = v
	}
	var indexes []int
	for head, below := range children {
		leaves[head] = nestedLists(below)
	}
	for head := range leaves {
		i, err := strconv.Atoi(head)
		if err != nil {
			return leaves
		}
		indexes = append(indexes, i)
	}
	slices.Sort(indexes)
	list := make([]any, 0, len(indexes))
	for _, i := range indexes {
		list = append(list, leaves[strconv.Itoa(i)])
	}
	return list
}

// byText are fields whose values are texts as they came.
var byText = map[string][]string{
	"JSON encoded once more": {"tool_arguments", "tool_result", "retrieval_query", "input_messages", "output_messages"},
	"blanks around JSON":     {"tool_arguments", "retrieval_query"},
}

// TestSurroundings changes what stands around the words and figures of all cases.
func TestSurroundings(t *testing.T) {
	for name, change := range surroundings {
		t.Run(name, func(t *testing.T) { requireSameRows(t, change, byText[name]) })
	}
}

// TestKindsOfOpenTelemetrySayNothing gives all cases other kinds: the rows stay the same.
func TestKindsOfOpenTelemetrySayNothing(t *testing.T) {
	for kind := ptrace.SpanKindUnspecified; kind <= ptrace.SpanKindConsumer; kind++ {
		requireSameRows(t, func(_ *testing.T, span ptrace.Span) { span.SetKind(kind) }, nil)
	}
}

// otherPrefixes write the keys of the GenAI conventions as programs do that have not read them.
var otherPrefixes = map[string]func(string) string{
	"with underscores":     func(key string) string { return strings.ReplaceAll(key, ".", "_") },
	"with colons":          func(key string) string { return strings.ReplaceAll(key, ".", ":") },
	"in camel case":        func(key string) string { w := keywords.Of(key); return w[0] + pascal(w[1:]) },
	"in an app's space":    func(key string) string { return "app." + key },
	"below attributes":     func(key string) string { return "attributes." + key },
	"as llm's":             func(key string) string { return "llm." + strings.TrimPrefix(key, "gen_ai.") },
	"as ai's":              func(key string) string { return "ai." + strings.TrimPrefix(key, "gen_ai.") },
	"as genai's":           func(key string) string { return "genai." + strings.TrimPrefix(key, "gen_ai.") },
	"without a name space": func(key string) string { return strings.TrimPrefix(key, "gen_ai.") },
}

// TestKeysOfTheConventionsElsewhere writes the keys of sourced spans of calls in the GenAI conventions
// with other prefixes. The operation and parameters that only the conventions name are not compared.
func TestKeysOfTheConventionsElsewhere(t *testing.T) {
	compared := 0
	for _, c := range sourced {
		ok := len(c.span.attrs) > 0 && len(c.span.events) == 0 && compiled().dialectsOfScope(c.span.scope) == 0
		for key := range c.span.attrs {
			ok = ok && strings.HasPrefix(key, "gen_ai.") && !indexInKey.MatchString(key)
		}
		_, want := c.span.mapped(t)
		if !ok || want["kind"] == "other" {
			continue
		}
		for how, rename := range otherPrefixes {
			other := c.span
			other.attrs = anyMap{}
			for key, v := range c.span.attrs {
				other.attrs[rename(key)] = v
			}
			_, got := other.mapped(t)
			compared++
			before := maps.Clone(want)
			for _, field := range []string{"attributes", "operation", "request_parameters"} {
				delete(before, field)
				delete(got, field)
			}
			switch how {
			case "without a name space": // a bare provider is one only if it is known
				delete(before, "provider")
				delete(got, "provider")
			case "as ai's": // ai.response.text is the Vercel SDK's, and no list
				delete(before, "output_messages")
				delete(got, "output_messages")
			}
			requireSameRow(t, c.source+" "+c.name+" "+how, before, got)
		}
	}
	t.Logf("%d rows compared", compared)
}
