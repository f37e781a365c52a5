package mapping

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
)

// TestExplainSaysWhatMapGives explains every fixture: the columns it names have the values
// of the row, none is missing, and each source it names is on the span.
func TestExplainSaysWhatMapGives(t *testing.T) {
	for _, name := range fixtureNames(t) {
		t.Run(strings.TrimPrefix(filepath.ToSlash(name), "testdata/fixtures/"), func(t *testing.T) {
			td := loadTraces(t, name)
			b := New(Options{}).Map(td)
			explained := Explain(td)
			require.Len(t, explained, len(b.Spans))
			for i := range explained {
				x, s := &explained[i], &b.Spans[i]
				require.Equal(t, s.SpanID.String(), x.SpanID)
				require.Equal(t, s.Kind.String(), x.Kind)
				require.NotEmpty(t, x.KindBy)
				for _, d := range x.Dialects {
					require.NotEmpty(t, d.By, "%s: why %s", x.SpanID, d.Dialect)
				}
				said := map[string]FieldExplanation{}
				for _, f := range x.Fields {
					said[f.Column] = f
				}
				for f := range dialect.Field(dialect.NumFields) {
					column := said[fields[f].column]
					require.Equal(t, rowValue(f, b, s), column.Value, "%s %s", x.SpanID, fields[f].column)
					if column.Value != "" {
						require.True(t, column.From != nil || column.By != "", "%s: what filled %s", x.SpanID, column.Column)
					}
				}
				require.Len(t, x.Corrections, len(s.Adjustments.Names()))
			}
		})
	}
}

// TestExplainNamesTheSource takes an attribute that filled a column off its span: no column
// is filled by that attribute any more.
func TestExplainNamesTheSource(t *testing.T) {
	eachWithout(t, func(x *Explanation) (keys []string) {
		for _, f := range x.Fields {
			for _, o := range f.From {
				keys = append(keys, o.Attribute)
			}
		}
		return keys
	}, func(key string, before, after *Explanation) {
		for _, f := range after.Fields {
			for _, o := range f.From {
				require.NotEqual(t, key, o.Attribute, "%s of %s is filled by what is not there", f.Column, after.SpanID)
			}
		}
		require.NotEqual(t, before.Fields, after.Fields, "%s of %s filled nothing", key, after.SpanID)
	})
}

// TestExplainNamesWhatIsUnread takes an attribute that is called unread off its span: every
// column has the same value from the same attributes, unless the attribute shows a dialect
// or the kind.
func TestExplainNamesWhatIsUnread(t *testing.T) {
	eachWithout(t, func(x *Explanation) (keys []string) {
		for _, u := range x.Unread {
			keys = append(keys, u.Key)
		}
		return keys
	}, func(key string, before, after *Explanation) {
		if before.Kind != after.Kind || !slices.Equal(before.Dialects, after.Dialects) {
			return
		}
		require.Equal(t, origins(before), origins(after), "%s of %s is read", key, before.SpanID)
	})
}

func origins(x *Explanation) map[string][]string {
	all := map[string][]string{}
	for _, f := range x.Fields {
		if f.Value != "" {
			all[f.Column] = []string{f.Value}
			for _, o := range f.From {
				all[f.Column] = append(all[f.Column], o.Attribute)
			}
		}
	}
	return all
}

// eachWithout takes chosen attributes off the spans of all fixtures, one at a time, and
// explains each span before and after.
func eachWithout(t *testing.T, choose func(*Explanation) []string, check func(key string, before, after *Explanation)) {
	t.Helper()
	tried := 0
	for _, name := range fixtureNames(t) {
		for _, rs := range loadTraces(t, name).ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				for _, span := range ss.Spans().All() {
					before := Explain(alone(rs, ss, span, ""))
					for _, key := range choose(&before[0]) {
						if _, ok := span.Attributes().Get(key); ok {
							check(key, &before[0], &Explain(alone(rs, ss, span, key))[0])
							tried++
						}
					}
				}
			}
		}
	}
	require.Greater(t, tried, 1000)
}

// alone is a span without its neighbours and without an attribute.
func alone(rs ptrace.ResourceSpans, ss ptrace.ScopeSpans, span ptrace.Span, without string) ptrace.Traces {
	td := ptrace.NewTraces()
	r := td.ResourceSpans().AppendEmpty()
	rs.Resource().CopyTo(r.Resource())
	s := r.ScopeSpans().AppendEmpty()
	ss.Scope().CopyTo(s.Scope())
	span.CopyTo(s.Spans().AppendEmpty())
	s.Spans().At(0).Attributes().Remove(without)
	return td
}

// TestExplainRejected names the spans that no row can hold at their places.
func TestExplainRejected(t *testing.T) {
	td := testSpan{name: "first"}.traces(t)
	spans := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
	spans.At(0).CopyTo(spans.AppendEmpty())
	spans.At(0).SetSpanID(pcommon.SpanID{})
	spans.At(0).CopyTo(spans.AppendEmpty())
	spans.At(2).SetTraceID(pcommon.TraceID{})
	explained := Explain(td)
	require.Len(t, explained, 3)
	require.Equal(t, []string{"empty_span_id", "", "empty_trace_id"},
		[]string{explained[0].Rejected, explained[1].Rejected, explained[2].Rejected})
	require.Equal(t, "other", explained[1].Kind)
}

// TestExplainCorrections says by which step a part was added, and of which attribute a value
// was refused.
func TestExplainCorrections(t *testing.T) {
	const chat, in, out, total, read = "gen_ai.operation.name", "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens",
		"gen_ai.usage.total_tokens", "gen_ai.usage.cache_read.input_tokens"
	for want, span := range map[string]testSpan{
		"input_tokens is 10 + 100: " + whySize:       {attrs: map[string]any{chat: "chat", in: 10, out: 5, read: 100}},
		"input_tokens is 150 + 100: " + whyTotal:     {attrs: map[string]any{chat: "chat", in: 150, out: 5, total: 255, read: 100}},
		"input_tokens is 150 + 100: " + whyTwin:      {attrs: map[string]any{chat: "chat", in: 150, "x.usage.input_tokens": 250, out: 5, read: 100}},
		"input_tokens is 150 + 100: " + whyException: {scope: "openlit.instrumentation.anthropic", attrs: map[string]any{chat: "chat", in: 150, out: 5, read: 100}},
		in: {attrs: map[string]any{chat: "chat", in: "many", out: 5}},
	} {
		x := Explain(span.traces(t))[0]
		require.Len(t, x.Corrections, 1, want)
		require.Equal(t, want, x.Corrections[0].Because)
	}
}

// TestEveryColumnHasAValue wants what each column holds; fields with a remark behind the
// column's name only add to that of another field.
func TestEveryColumnHasAValue(t *testing.T) {
	for _, info := range fields {
		if !strings.Contains(info.column, " ") {
			require.NotNil(t, info.of, "field.go does not say what %s holds", info.column)
		}
	}
}
