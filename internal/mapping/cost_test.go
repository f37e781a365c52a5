package mapping

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// hostileShape makes a request of about n KiB that costs much if anything can.
type hostileShape struct {
	name string
	make func(n int) ptrace.Traces
}

// spanOf makes a request of one span.
func spanOf(fill func(span ptrace.Span)) ptrace.Traces {
	td := ptrace.NewTraces()
	fill(addSpan(td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty(), 1))
	return td
}

func addSpan(ss ptrace.ScopeSpans, id int) ptrace.Span {
	span := ss.Spans().AppendEmpty()
	span.SetTraceID([16]byte{1})
	span.SetSpanID([8]byte{1, byte(id), byte(id >> 8), byte(id >> 16)})
	span.SetName("chat")
	span.SetStartTimestamp(testStart)
	span.SetEndTimestamp(testStart + 1000)
	return span
}

// withText makes a request of one span with one attribute.
func withText(key, text string) ptrace.Traces {
	return spanOf(func(span ptrace.Span) {
		span.Attributes().PutStr("gen_ai.operation.name", "chat")
		span.Attributes().PutStr(key, text)
	})
}

// repeatTo repeats parts, joined by commas, to about n KiB.
func repeatTo(n int, part string) string {
	return strings.TrimSuffix(strings.Repeat(part+",", max(1, n<<10/(len(part)+1))), ",")
}

// putMany puts attributes of about n KiB.
func putMany(m pcommon.Map, n int, key string) {
	count := n << 10 / (len(key) + 20)
	m.EnsureCapacity(count)
	for i := range count {
		v := m.PutEmpty(fmt.Sprintf(key, i)) // keys are new
		v.SetStr("value")
	}
}

// textKeys are attributes that dialects read as words or as bodies.
var textKeys = []string{
	"gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.tool.definitions", "gen_ai.system_instructions", "gen_ai.prompt",
	"input.value", "output.value", "ai.prompt.messages", "ai.response.toolCalls", "langfuse.observation.input", "langfuse.observation.output",
	"traceloop.entity.input", "llm.input_messages.0.message.content", "gen_ai.prompt.0.content", "gen_ai.tool.call.arguments",
	"langfuse.observation.usage_details", "llm.invocation_parameters", "gcp.vertex.agent.llm_request", "mlflow.spanInputs", "tags",
	"logfire.msg", "pydantic_ai.all_messages", "events", "user_prompt",
}

// hostileTexts are values of text attributes, of about n KiB.
func hostileTexts() map[string]func(n int) string {
	nested := func(open, inner, end string) func(n int) string {
		return func(n int) string {
			depth := n << 10 / (len(open) + len(end))
			return strings.Repeat(open, depth) + inner + strings.Repeat(end, depth)
		}
	}
	encoded := func(n int) string {
		text := `{"role":"user","content":"x"}`
		for len(text) < n<<9 {
			text = `{"input":` + strconv.Quote(text) + `}`
		}
		return text
	}
	listOf := func(element string) func(n int) string {
		return func(n int) string { return "[" + repeatTo(n, element) + "]" }
	}
	return map[string]func(n int) string{
		"arrays in arrays":     nested("[", "", "]"),
		"objects in objects":   nested(`{"input":`, "1", "}"),
		"messages in messages": nested(`{"message":{"content":`, `"x"`, "}}"),
		"arrays without end":   nested("[", "", ""),
		"objects without end":  nested(`{"a":`, "", ""),
		"JSON in JSON":         encoded,
		"tiny messages":        listOf(`{"role":"user","content":"x"}`),
		"tiny chunks":          listOf(`{"role":"model","parts":[{"text":"x"}]}`),
		"chunks":               listOf(`{"role":"model","parts":[{"text":"` + strings.Repeat("word ", 100) + `"}]}`),
		"tiny texts":           listOf(`"x"`),
		"tiny numbers":         listOf(`1`),
		"empty objects":        listOf(`{}`),
		"empty lists":          listOf(`[]`),
		"huge numbers":         listOf(`1e1099`),
		"large numbers":        listOf(`1e308`),
		"small numbers":        listOf(`1e-1099`),
		"long number":          func(n int) string { return "[" + strings.Repeat("9", n<<10) + "]" },
		"tool calls": func(n int) string {
			return `[{"role":"assistant","content":"","tool_calls":[` + repeatTo(n, `{"function":{"name":"f","arguments":"{\"a\":1}"}}`) + `]}]`
		},
		"tool calls said twice": func(n int) string {
			return `[{"role":"assistant","content":[` + repeatTo(n/2, `{"type":"tool_use","name":"f","input":{"a":1}}`) + `],"tool_calls":[` +
				repeatTo(n/2, `{"function":{"name":"f","arguments":"{\"a\":2}"}}`) + `]}]`
		},
		"parts": func(n int) string {
			return `[{"role":"user","parts":[` + repeatTo(n, `{"type":"text","content":"x"}`) + `]}]`
		},
		"results": func(n int) string {
			return `[{"role":"user","content":[` + repeatTo(n, `{"type":"tool_result","tool_use_id":"1","content":"x"}`) + `]}]`
		},
		"many keys":  func(n int) string { return "{" + numbered(n, `"key%d":1`) + "}" },
		"same keys":  func(n int) string { return "{" + repeatTo(n, `"key":1`) + "}" },
		"parameters": func(n int) string { return `{"config":{` + numbered(n, `"key%d":1`) + `}}` },
		"tools":      listOf(`{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}}`),
		"documents":  listOf(`{"page_content":"x","metadata":{"a":1}}`),
		"base64": func(n int) string {
			return `[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,` + base64.StdEncoding.EncodeToString(make([]byte, n<<10*3/4)) + `"}}]}]`
		},
		"backslashes":        func(n int) string { return `"` + strings.Repeat(`\`, n<<10&^1) + `"` },
		"backslashes, odd":   func(n int) string { return `["` + strings.Repeat(`\`, n<<10|1) },
		"quotes":             func(n int) string { return strings.Repeat(`"`, n<<10) },
		"escapes":            func(n int) string { return `["` + strings.Repeat(`\u0041`, n<<10/6) + `"]` },
		"surrogates":         func(n int) string { return `["` + strings.Repeat(`\ud800`, n<<10/6) + `"]` },
		"control characters": func(n int) string { return strings.Repeat("\x01", n<<10) },
		"zeros":              func(n int) string { return strings.Repeat("\x00", n<<10) },
		"invalid UTF-8":      func(n int) string { return strings.Repeat("\xed\xa0\x80\xff", n<<10/4) },
		"blanks":             func(n int) string { return strings.Repeat(" \n\t\r", n<<10/4) },
		"commas":             func(n int) string { return strings.Repeat(",", n<<10) },
		"entries":            func(n int) string { return numbered(n, "tag%d") },
		"apostrophes":        func(n int) string { return "{'" + strings.Repeat("'", n<<10) },
		"Python":             func(n int) string { return "{'a': [" + repeatTo(n, "{'b': None}") + "]}" },
		"angle brackets":     func(n int) string { return strings.Repeat("<", n<<10) },
		"parentheses":        func(n int) string { return strings.Repeat("(", n<<10) },
		"letters":            func(n int) string { return strings.Repeat("a", n<<10) },
		"lines":              func(n int) string { return strings.Repeat("a: b\n", n<<10/5) },
		"wrapped values":     nested(`{"type":"text","value":`, `"x"`, "}"),
	}
}

// cached is a call with cached tokens, whose other attributes may tell what its input includes.
func cached(text string) ptrace.Traces {
	td := withText("gen_ai.input.messages", text)
	attrs := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Attributes()
	attrs.PutInt("gen_ai.usage.input_tokens", 10)
	attrs.PutInt("gen_ai.usage.cache_read.input_tokens", 5)
	return td
}

// numbered is a list of about n KiB whose elements have a number each.
func numbered(n int, format string) string {
	var b strings.Builder
	for i := 0; b.Len() < n<<10; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// hostileStructures are requests that are hostile by their structure.
func hostileStructures() []hostileShape {
	deep := func(v pcommon.Value, depth int) {
		for i := range depth {
			if i%2 == 0 {
				v = v.SetEmptySlice().AppendEmpty()
				continue
			}
			v = v.SetEmptyMap().PutEmpty("k")
		}
	}
	shapes := []hostileShape{
		{"many resources", func(n int) ptrace.Traces {
			td := ptrace.NewTraces()
			for i := range n << 10 / 100 {
				rs := td.ResourceSpans().AppendEmpty()
				rs.Resource().Attributes().PutInt("id", int64(i))
				addSpan(rs.ScopeSpans().AppendEmpty(), i)
			}
			return td
		}},
		{"many scopes", func(n int) ptrace.Traces {
			td := ptrace.NewTraces()
			rs := td.ResourceSpans().AppendEmpty()
			for i := range n << 10 / 100 {
				ss := rs.ScopeSpans().AppendEmpty()
				ss.Scope().SetName(fmt.Sprint("scope", i))
				addSpan(ss, i)
			}
			return td
		}},
		{"long scope and many spans", func(n int) ptrace.Traces {
			td := ptrace.NewTraces()
			ss := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty()
			putMany(ss.Scope().Attributes(), n/2, "scope%d")
			for i := range n << 9 / 60 {
				addSpan(ss, i)
			}
			return td
		}},
		{"long resource and many scopes", func(n int) ptrace.Traces {
			td := ptrace.NewTraces()
			rs := td.ResourceSpans().AppendEmpty()
			putMany(rs.Resource().Attributes(), n/2, "resource%d")
			for i := range n << 9 / 70 {
				addSpan(rs.ScopeSpans().AppendEmpty(), i)
			}
			return td
		}},
		{"links", func(n int) ptrace.Traces {
			return spanOf(func(span ptrace.Span) {
				for range n << 10 / 50 {
					span.Links().AppendEmpty().Attributes().PutStr("a", "b")
				}
			})
		}},
		{"events told twice", func(n int) ptrace.Traces {
			return spanOf(func(span ptrace.Span) {
				putMany(span.Attributes(), n/2, "key%d")
				for range n << 9 / 60 {
					e := span.Events().AppendEmpty()
					e.SetName("gen_ai.content.prompt")
					e.Attributes().PutStr("gen_ai.prompt", "x")
					e.Attributes().PutStr("key0", "value")
				}
			})
		}},
		{"tool definitions on every span", func(n int) ptrace.Traces {
			td := ptrace.NewTraces()
			ss := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty()
			tools := "[" + repeatTo(n/8, `{"type":"function","function":{"name":"f","description":"d"}}`) + "]"
			for i := range 8 {
				span := addSpan(ss, i)
				span.Attributes().PutStr("gen_ai.operation.name", "chat")
				span.Attributes().PutStr("gen_ai.tool.definitions", tools)
			}
			return td
		}},
		{"a long message on every span", func(n int) ptrace.Traces {
			td := ptrace.NewTraces()
			ss := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty()
			for i := range n << 10 / 1000 {
				span := addSpan(ss, i)
				span.Attributes().PutStr("gen_ai.operation.name", "chat")
				span.Attributes().PutStr("gen_ai.input.messages", fmt.Sprintf(`[{"role":"user","content":"%800d"}]`, i))
			}
			return td
		}},
		{"usage in words", func(n int) ptrace.Traces { return cached(`["` + strings.Repeat("usage ", n<<10/6) + `"]`) }},
		{"usage in usage", func(n int) ptrace.Traces { return cached(strings.Repeat(`{"usage":`, n<<10/9)) }},
		{"doubles", func(n int) ptrace.Traces {
			return spanOf(func(span ptrace.Span) {
				list := span.Attributes().PutEmptySlice("a")
				for range n << 10 / 13 {
					list.AppendEmpty().SetDouble(5e-324)
				}
			})
		}},
		{"bytes", func(n int) ptrace.Traces {
			return spanOf(func(span ptrace.Span) {
				span.Attributes().PutEmptyBytes("gen_ai.input.messages").FromRaw(make([]byte, n<<10))
			})
		}},
	}
	for _, key := range []string{
		"key%d", "gen_ai.prompt.%d.content", "gen_ai.prompt.%d00000.role", "gen_ai.prompt.0.key%d", "gen_ai.prompt.0.a.b.c.%d.d.e",
		"gen_ai.prompt.0.tool_calls.%d.arguments", "gen_ai.completion.%d.finish_reason", "llm.input_messages.%d.message.content",
		"llm.input_messages.0.message.contents.%d.message_content.text", "llm.input_messages.0.message.tool_calls.%d.tool_call.function.name",
		"llm.tools.%d.tool.json_schema", "retrieval.documents.%d.document.content", "retrieval.documents.0.document.key%d",
		"gen_ai.request.key%d", "metadata.key%d", "langfuse.trace.metadata.key%d", "traceloop.association.properties.key%d", "ai.settings.key%d",
		"llm.request.functions.%d.name", "gen_ai.prompt." + strings.Repeat("a.", 100) + "%d", "gen_ai.prompt.0." + strings.Repeat("0.", 100) + "%d",
		strings.Repeat(".", 100) + "%d", strings.Repeat("9", 50) + ".%d", "tag.tags.%d", "embedding.embeddings.%d.embedding.text",
	} {
		shapes = append(shapes, hostileShape{"span attributes " + key, func(n int) ptrace.Traces {
			return spanOf(func(span ptrace.Span) {
				span.Attributes().PutStr("gen_ai.operation.name", "chat")
				putMany(span.Attributes(), n, key)
			})
		}})
	}
	for _, kind := range []string{"LLM", "TOOL", "RETRIEVER", "EMBEDDING"} {
		shapes = append(shapes, hostileShape{kind + " with documents", func(n int) ptrace.Traces {
			return spanOf(func(span ptrace.Span) {
				span.Attributes().PutStr("openinference.span.kind", kind)
				putMany(span.Attributes(), n, "retrieval.documents.%d.document.content")
			})
		}})
	}
	for _, name := range []string{
		"e", "db.query.result", "gen_ai.user.message", "gen_ai.choice", "gen_ai.content.prompt", "gen_ai.content.completion", "exception",
		"gen_ai.client.inference.operation.details", "gen_ai.tool.message", "llm.content.completion.chunk",
	} {
		for _, key := range []string{"key%d", "db.query.result.key%d", "content.%d"} {
			shapes = append(shapes, hostileShape{"event " + name + " attributes " + key, func(n int) ptrace.Traces {
				return spanOf(func(span ptrace.Span) {
					span.Attributes().PutStr("openinference.span.kind", "RETRIEVER")
					e := span.Events().AppendEmpty()
					e.SetName(name)
					putMany(e.Attributes(), n, key)
				})
			}})
		}
		shapes = append(shapes, hostileShape{"events " + name, func(n int) ptrace.Traces {
			return spanOf(func(span ptrace.Span) {
				span.Attributes().PutStr("gen_ai.operation.name", "chat")
				for i := range n << 10 / 60 {
					e := span.Events().AppendEmpty()
					e.SetName(name)
					e.Attributes().PutStr("content", "x")
					e.Attributes().PutStr("gen_ai.prompt", "x")
					e.Attributes().PutInt("index", int64(-i))
				}
			})
		}})
	}
	for _, place := range []string{"span", "known", "event", "link", "scope", "resource"} {
		shapes = append(shapes,
			hostileShape{"depth in " + place, func(n int) ptrace.Traces {
				return at(place, func(m pcommon.Map) { deep(m.PutEmpty("gen_ai.input.messages"), n<<10/4) })
			}},
			hostileShape{"attributes of " + place, func(n int) ptrace.Traces {
				return at(place, func(m pcommon.Map) { putMany(m, n, "key%d") })
			}},
			hostileShape{"keys in a kvlist of " + place, func(n int) ptrace.Traces {
				return at(place, func(m pcommon.Map) { putMany(m.PutEmptyMap("gen_ai.output.messages"), n, "key%d") })
			}},
			hostileShape{"one key in " + place, func(n int) ptrace.Traces {
				return withOneKey(at(place, func(m pcommon.Map) { distinctKeys(m, n<<10/20) }))
			}},
		)
	}
	return shapes
}

// at fills the attributes of one place of a request.
func at(place string, fill func(pcommon.Map)) ptrace.Traces {
	td := spanOf(func(ptrace.Span) {})
	rs := td.ResourceSpans().At(0)
	ss := rs.ScopeSpans().At(0)
	span := ss.Spans().At(0)
	switch place {
	case "known":
		span.Attributes().PutStr("gen_ai.operation.name", "chat")
		fill(span.Attributes())
	case "span":
		fill(span.Attributes())
	case "event":
		fill(span.Events().AppendEmpty().Attributes())
	case "link":
		fill(span.Links().AppendEmpty().Attributes())
	case "scope":
		fill(ss.Scope().Attributes())
	case "resource":
		fill(rs.Resource().Attributes())
	}
	return td
}

// distinctKeys fills m with keys of one length.
func distinctKeys(m pcommon.Map, n int) {
	m.EnsureCapacity(n)
	for i := range n {
		m.PutEmpty(fmt.Sprintf("k%07d", i)).SetInt(1)
	}
}

// withOneKey gives all distinctKeys of a request one name, as only a sender can that
// writes the protocol itself.
func withOneKey(td ptrace.Traces) ptrace.Traces {
	data, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(td)
	if err != nil {
		panic(err)
	}
	if td, err = (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(regexp.MustCompile(`k\d{7}`).ReplaceAll(data, []byte("k0000000"))); err != nil {
		panic(err)
	}
	return td
}

// cost is what mapping a request takes the first time, with nothing remembered.
func cost(t *testing.T, td ptrace.Traces) (took time.Duration, allocated uint64) {
	t.Helper()
	m := New(Options{})
	// A collection that making the request has begun took up to forty times as long as mapping a small one.
	runtime.GC()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begin := cpuTime(t)
	b := m.Map(td)
	took = cpuTime(t) - begin
	runtime.ReadMemStats(&after)
	require.Empty(t, b.Rejected)
	runtime.KeepAlive(b)
	return took, after.TotalAlloc - before.TotalAlloc
}

// cpuTime is what this process has had of the processors, which other processes on a
// busy machine do not change much.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func sizeOf(td ptrace.Traces) int { return (&ptrace.ProtoMarshaler{}).TracesSize(td) }

// The bounds of what mapping costs. A node takes 64 bytes, and a text may have a value in
// two bytes and be looked at by several dialects.
const (
	mostPerByte = 250                  // bytes allocated for one of the request, in total
	mostAtAll   = 1 << 20              // allocated beside
	mostTime    = 3 * time.Microsecond // of a processor for one byte
	mostGrowth  = 20                   // for eight times the request: 8 and noise, where 64 is quadratic
	noise       = 10 * time.Millisecond
)

// TestCostIsLinear maps hostile requests and the same eight times as large: neither time
// nor memory grows faster than the request, nor is it a large multiple of its bytes.
func TestCostIsLinear(t *testing.T) {
	shapes := hostileStructures()
	for name, text := range hostileTexts() {
		for _, key := range textKeys {
			shapes = append(shapes, hostileShape{name + " in " + key, func(n int) ptrace.Traces { return withText(key, text(n)) }})
		}
	}
	for _, s := range shapes {
		t.Run(s.name, func(t *testing.T) {
			small, large := s.make(16), s.make(128)
			took, allocated := cost(t, small)
			tookLarge, allocatedLarge := cost(t, large)
			size := sizeOf(large)
			most := func() time.Duration { return max(noise, min(took*mostGrowth, time.Duration(size)*mostTime)) }
			for try := 0; tookLarge > most() && try < 5; try++ {
				took, _ = cost(t, small) // beside each other, both meet the same noise
				tookLarge, _ = cost(t, large)
			}
			require.LessOrEqual(t, tookLarge, most(), "%v for an eighth", took)
			require.LessOrEqual(t, allocatedLarge, mostAtAll+mostPerByte*uint64(size))
			require.LessOrEqual(t, allocatedLarge, mostAtAll+allocated*mostGrowth)
		})
	}
}
