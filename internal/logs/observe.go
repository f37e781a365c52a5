package logs

import (
	"cmp"
	"math"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// observe writes into span what a record tells, in the conventions' words.
func (r *reader) observe(rec *record, p *program, spec *rule, row *mapping.Record, span ptrace.Span) {
	event := cmp.Or(mapping.KeyText(row.Name), mapping.UnnamedEvent)
	o := Observation{Kind: spec.kind, Program: p.name, Session: row.Session, EventCall: mapping.EventCall{Record: row.ID, Event: event, ByTime: spec.byTime, NamesCall: spec.names == namesCall, Derived: rec.TraceID().IsEmpty(), AnySpan: len(p.spans) == 0, OfResource: row.OfResource}}
	for _, keys := range [...][]string{spec.request, spec.response, spec.toolCall} {
		if id := mapping.KeyText(rec.textOf(keys)); id != "" {
			o.IDs = append(o.IDs, id)
		}
	}
	if spec.names == namesCall || spec.kind == Prompt {
		o.Call = rec.SpanID()
	}
	if spec.kind == Prompt {
		o.Turn = p.turnNamed(rec.textOf(p.turn))
	}
	switch {
	case len(o.IDs) > 0 && spec.request != nil && !o.AnySpan: // known spans have it too
		o.ByTime = false
	case len(o.IDs) == 0 && o.Derived && spec.kind != Prompt:
		o.ByTime = true
	}
	// The name of an event names no tool and no agent, as that of a span may: Describe gives it.
	span.SetKind(ptrace.SpanKindClient)
	start, end := spec.span(rec, row.Time)
	span.SetEndTimestamp(end)
	span.SetStartTimestamp(start)
	spec.fill(rec, span.Attributes())
	fillKind(span, spec.kind)
	identify(span, row)
	writeMessages(rec, span)
	if holdsAny(spec.failed, rec) {
		span.Status().SetCode(ptrace.StatusCodeError)
		span.Status().SetMessage(rec.textOf([]string{errorMessage, "error_message", "exception.message", "error"}))
	}
	o.TurnTrace = r.ids.place(rec, p, spec, row, span)
	if r.batch.Observations == nil {
		r.batch.Observations = make([]Observation, 0, partRecords)
	}
	r.batch.Observations = append(r.batch.Observations, o)
}

// span returns when the call that a record tells began and ended. A record is written at the end of its
// call; one that was observed later than its own time by just what the call took has the time of the begin.
func (t *rule) span(rec *record, at pcommon.Timestamp) (start, end pcommon.Timestamp) {
	took := t.took(rec)
	if took <= 0 || took >= float64(at) {
		return at, at
	}
	nanos := pcommon.Timestamp(math.Round(took))
	if late := float64(rec.ObservedTimestamp()) - float64(at); math.Abs(late-took) <= lateness(took) {
		return at, max(at, at+nanos)
	}
	return at - nanos, at
}

// lateness is by how much what a call took may differ from how much later its record was observed, ns.
func lateness(took float64) float64 { return min(took/2, took/50+100e6) }

// took returns how long the call took that a record tells, in ns; 0 where it does not say so.
func (t *rule) took(rec *record) float64 {
	for _, took := range [...]struct {
		keys []string
		unit float64
	}{{t.duration, 1e6}, {t.seconds, 1e9}} {
		if v, ok := rec.first(took.keys); ok {
			if n, ok := number(v); ok && n > 0 {
				return n * took.unit
			}
		}
	}
	return 0
}

// maxAdded is how many attributes a span has besides the record's, mostly: operation, provider,
// session, user and the like.
const maxAdded = 6

// fill writes the attributes of a span.
func (t *rule) fill(rec *record, attrs pcommon.Map) {
	most := len(t.order.fixed) + len(t.order.fields) + len(t.order.sums) + len(t.order.texts) + maxAdded
	if _, all := t.fields["*"]; all {
		most += rec.Attributes().Len()
	}
	attrs.EnsureCapacity(most)
	for _, name := range t.order.fixed {
		if text := t.fixed[name]; text != "" {
			attrs.PutStr(name, text)
		}
	}
	for _, name := range t.order.fields {
		keys := t.fields[name]
		if name == "*" {
			rec.copyAll(attrs)
			continue
		}
		if v, ok := rec.field(keys); ok {
			put(attrs, name, v)
		}
	}
	for _, name := range t.order.sums {
		if n, ok := sum(rec, t.sums[name]); ok {
			attrs.PutInt(name, n)
		}
	}
	for _, name := range t.order.texts {
		if v, ok := rec.first(t.texts[name]); ok {
			putMessage(attrs, name, text(v))
		}
	}
}

// put writes a value under a name, numbers as numbers.
func put(attrs pcommon.Map, name string, v pcommon.Value) {
	switch {
	case name == ttftMillis:
		if n, ok := number(v); ok {
			attrs.PutDouble(timeToFirst, n/1000)
		}
	case strings.HasPrefix(name, "gen_ai.usage.") && v.Type() == pcommon.ValueTypeStr:
		switch n, ok := number(v); {
		case ok && n == math.Trunc(n) && math.Abs(n) < 1<<53:
			attrs.PutInt(name, int64(n))
		case ok && strconv.FormatFloat(n, 'f', -1, 64) == v.Str(): // a column holds all that the text says
			attrs.PutDouble(name, n)
		default:
			copyValue(v, attrs.PutEmpty(name))
		}
	case name == errorType:
		attrs.PutStr(name, text(v))
	default:
		copyValue(v, attrs.PutEmpty(name))
	}
}

// copyAll copies all that a record says in up to maxMembers attributes, apart from what is about the record itself.
func (r *record) copyAll(attrs pcommon.Map) {
	left := maxMembers
	copyFrom := func(m pcommon.Map) {
		for key, v := range m.All() {
			if absent(v) || strings.HasPrefix(key, "event.") || key == "event_name" || key == conventionKey && r.flat != (pcommon.Map{}) {
				continue
			}
			if left--; left < 0 {
				return
			}
			if _, there := attrs.Get(key); !there {
				copyValue(readable(v), attrs.PutEmpty(key))
			}
		}
	}
	for _, from := range [...]pcommon.Map{r.Attributes(), r.flat, r.body} {
		if from != (pcommon.Map{}) {
			copyFrom(from)
		}
	}
}

// sum adds up counts; false if the first is missing.
func sum(rec *record, keys []string) (total int64, ok bool) {
	for i, key := range keys {
		v, there := rec.get(key)
		if !there {
			if i == 0 {
				return 0, false
			}
			continue
		}
		n, isNumber := number(v)
		if !isNumber || n < 0 || n > 1<<53 {
			return 0, false
		}
		total += int64(n)
	}
	return total, true
}

// putMessage writes one message of text.
func putMessage(attrs pcommon.Map, name, text string) {
	if text == "" {
		return
	}
	role := "user"
	if name == outputMessages {
		role = "assistant"
	}
	m := attrs.PutEmptySlice(name).AppendEmpty().SetEmptyMap()
	m.PutStr("role", role)
	part := m.PutEmptySlice("parts").AppendEmpty().SetEmptyMap()
	part.PutStr("type", "text")
	part.PutStr("content", text)
}

// fillKind says what kind of span a record tells, unless it says so itself.
func fillKind(span ptrace.Span, kind EventKind) {
	switch kind {
	case Tool:
		span.Attributes().PutStr(operation, "execute_tool")
	case Prompt:
		span.Attributes().PutStr(operation, "invoke_agent")
		span.SetKind(ptrace.SpanKindInternal)
	case Call:
		if _, there := span.Attributes().Get(operation); !there {
			span.Attributes().PutStr(operation, "chat")
		}
	}
}

// identify writes session and user.
func identify(span ptrace.Span, row *mapping.Record) {
	if row.Session != "" {
		span.Attributes().PutStr(conversationID, row.Session)
	}
	if row.User != "" {
		span.Attributes().PutStr(userID, row.User)
	}
}

// roleOf returns the role that the name of an event of one message says, which may be any: some
// write that of the provider. "" for other events.
func roleOf(event string) string {
	role, ok := strings.CutPrefix(event, "gen_ai.")
	if role, is := strings.CutSuffix(role, ".message"); ok && is && !strings.Contains(role, ".") {
		return role
	}
	return ""
}
