package mapping

import (
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/keywords"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// What dialects ask of the span that is read (dialect.Reading), beside the methods that the engine needs itself.

var _ dialect.Reading = (*reading)(nil)

// Span returns the span as it came.
func (r *reading) Span() ptrace.Span { return r.span }

// ScopeName returns the name of the instrumentation scope.
func (r *reading) ScopeName() string { return r.scopeName }

// ScopeVersion returns its version.
func (r *reading) ScopeVersion() string { return r.scopeVersion }

// Kind returns the kind that was found.
func (r *reading) Kind() Kind { return r.out.Kind }

// RequestModel returns the model that was found to be asked for.
func (r *reading) RequestModel() string { return r.out.RequestModel }

// Streamed returns whether the answer was found to come in parts, if anything told.
func (r *reading) Streamed() (streamed, told bool) { return r.out.Streaming.V, r.out.Streaming.OK }

// HasException reports whether the span has an event of an exception.
func (r *reading) HasException() bool { return r.exception >= 0 }

// Doc makes nodes that live as long as the span is read.
func (r *reading) Doc() *jsonval.Doc { return &r.doc }

// Guessed returns the messages that an unknown emitter has under a name of its own.
func (r *reading) Guessed(f dialect.Field) value.Value {
	names := namesMessages
	if f == dialect.OutputMessages {
		names = namesOutputMessages
	}
	if s := &r.slots[r.t.unnamed[names].slot]; s.set {
		return value.Value{Attr: s.value}
	}
	return value.Value{}
}

// KindInWords is the kind that the words of a text name.
func (r *reading) KindInWords(text string) (k Kind, named bool) {
	k, l := look(keywords.Of(text))
	return k, l == lookedKind
}

// NamesModel implements dialect.Reading.
func (r *reading) NamesModel(text string) bool { return modelProvider(text) != "" }

// countedAs are the facts of a usage object that give a field whole.
var countedAs = map[dialect.Field]tokenFact{
	dialect.InputTokens: tokensInput, dialect.OutputTokens: tokensOutput, dialect.TotalTokens: tokensTotal, dialect.CacheRead: tokensRead, dialect.CacheCreation: tokensWrite,
	dialect.Reasoning: tokensReasoning,
}

// CountIn takes the count of a field out of a usage object.
func (r *reading) CountIn(usage jsonval.Node, f dialect.Field) (n int64, ok bool) {
	var s statement
	r.readUsage(&s, usage, "", 0)
	fact := s.facts[countedAs[f]]
	return fact.V, fact.OK
}
