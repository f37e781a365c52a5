package logs

import (
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// NameTurns notes on the mapped spans of agents which turn each is, as the prompt's record
// names the turn. The spans are in the order of td.
func NameTurns(td ptrace.Traces, spans []mapping.Span) {
	before, next := 0, 0
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			first := before
			before += ss.Spans().Len()
			p := programOfTurns(ss.Scope().Name())
			if p == nil {
				continue
			}
			for next < len(spans) && int(spans[next].Ordinal) < first {
				next++
			}
			for ; next < len(spans) && int(spans[next].Ordinal) < before; next++ {
				if s := &spans[next]; s.Kind == mapping.KindAgent {
					s.Turn = p.turnOf(ss.Spans().At(int(s.Ordinal) - first).Attributes())
				}
			}
		}
	}
}

// programOfTurns returns the program whose spans have a scope and whose records name turns.
func programOfTurns(scope string) *program {
	for _, p := range programs {
		if p.turn != nil && slices.ContainsFunc(p.spans, func(s string) bool { return matches(s, scope) }) {
			return p
		}
	}
	return nil
}

// turnNamed returns the turn of an id, which other programs may use too.
func (p *program) turnNamed(id string) string {
	if id = storable(id); id == "" {
		return ""
	}
	return p.name + " " + id
}

// turnOf returns the turn that a span names, with or without the prefix of the program.
func (p *program) turnOf(attrs pcommon.Map) string {
	for _, key := range p.turn {
		for _, name := range [...]string{p.prefix + key, key} {
			if v, ok := attrs.Get(name); ok && !absent(v) {
				return p.turnNamed(text(v))
			}
		}
	}
	return ""
}
