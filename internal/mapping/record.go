package mapping

import (
	"context"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
	"github.com/llm-observatory/llmobservatoryexporter/internal/parallel"
)

// Record is a log record that becomes an Event.
type Record struct {
	plog.LogRecord
	Scope    pcommon.InstrumentationScope
	Resource pcommon.Resource
	ID       content.ID
	Name     string
	Time     pcommon.Timestamp // never 0
	Session  string
	User     string
	Facts    []string        // attributes that name session, user, turn or call: no words, whatever their keys say
	Trace    pcommon.TraceID // to which the record belongs
	// OfResource says that Session is the resource's.
	OfResource bool
	Scores     []pcommon.Map // the attributes of results of evaluations; none for most records
	// ScoresOmitted says that the record has more results.
	ScoresOmitted bool
}

// Event is a log record as a row of llm_events. Strings and JSON are as those of a Span.
type Event struct {
	ID  content.ID
	Day int32 // UTC day of Time

	Time, ObservedTime int64 // µs; ObservedTime is 0 if nobody says
	Name               string
	EventName          string // the field of OTLP
	Severity           string
	SeverityNumber     int32
	TraceID            pcommon.TraceID // empty: the record has none
	SpanID             pcommon.SpanID
	Belongs            pcommon.TraceID // the record's trace, or the one derived for it; empty for none

	ServiceName, ScopeName, ScopeVersion string
	SessionID, UserID                    string

	BodyID            content.ID
	ResourceID        content.ID
	Attributes        []byte // JSON object
	Flags             uint32
	DroppedAttributes uint32
	Adjustments       Adjustments

	Scores   []*Score
	Words    *Words // of a span told elsewhere; nil for none
	CallKeys []byte // by which others find the call that the record tells; see trace.CallKeys
	// FoundByCall says that the span of that call, which the batch brings, names the record's user and session and begins
	// on its day: who looks for the record's need not look for the record.
	FoundByCall bool

	referred []content.ID // contents that Attributes refers to
}

// AddEvents maps log records to events of a batch, each once, on as many cores as there are
// parts. When the context ends before, it returns the context's error.
func (m *Mapper) AddEvents(ctx context.Context, b *Batch, records []Record) error {
	records = b.once(records)
	calls := make(map[content.ID]*Span, len(b.Spans))
	for i := range b.Spans {
		if e := b.Spans[i].Event; e != nil {
			calls[e.Record] = &b.Spans[i]
		}
	}
	parts := make([]*Batch, (len(records)+partSpans-1)/partSpans)
	room := make([]Event, len(records))
	parallel.Parts(len(parts), func(i int) {
		from, to := i*partSpans, min((i+1)*partSpans, len(records))
		parts[i] = m.mapRecords(ctx, b, records[from:to], calls, room[from:from:to])
	})
	if err := ctx.Err(); err != nil {
		return err
	}
	b.Events = room[:0]
	for _, part := range parts {
		b.Events = append(b.Events, part.Events...) // they are there, unless a record before was set aside
		b.share(part)
		for reason, n := range part.RejectedRecords {
			b.RejectedRecords[reason] += n
		}
	}
	return nil
}

// once returns the records without repetitions, which it counts.
func (b *Batch) once(records []Record) []Record {
	seen := make(map[content.ID]bool, len(records))
	return slices.DeleteFunc(records, func(rec Record) bool {
		repeated := seen[rec.ID]
		if seen[rec.ID] = true; repeated {
			b.RepeatedRecords++
		}
		return repeated
	})
}

// mapRecords maps records, some of which tell calls of the batch of, to a batch of their own with room for the events.
func (m *Mapper) mapRecords(ctx context.Context, of *Batch, records []Record, calls map[content.ID]*Span, room []Event) *Batch {
	r := m.readings.Get().(*reading)
	defer func() {
		r.templates.batch = nil
		r.release()
		m.readings.Put(r)
	}()
	part := &Batch{Events: room, Contents: map[content.Key][]byte{}, Resources: map[content.ID][]byte{}, RejectedRecords: map[string]int{}}
	r.batch, r.spans, r.templates.batch = part, len(records), of
	for i := range records {
		if ctx.Err() != nil {
			return part
		}
		rec := &records[i]
		if i == 0 || rec.Resource != r.around.resource {
			r.around = around{resource: rec.Resource}
		}
		if !r.around.scopeKnown || rec.Scope != r.around.scope {
			r.around.scope, r.around.scopeKnown = rec.Scope, false
		}
		r.mapRecordSafely(rec, calls[rec.ID])
	}
	return part
}

// mapRecordSafely maps a record, which tells the given call or none, and sets it aside that brings the mapper down.
func (r *reading) mapRecordSafely(rec *Record, call *Span) {
	defer func() {
		if cause := recover(); cause != nil {
			r.faults.log(cause)
			r.batch.RejectedRecords[mappingFailed]++
		}
	}()
	if call != nil && call.Day == int32(micros(rec.Time)/MicrosPerDay) {
		r.templates.call, r.templates.known = call, false
	}
	defer func() { r.templates.call = nil }()
	r.batch.Events = append(r.batch.Events, r.event(rec))
}

// event maps a record. Days and adjustments are noted on a span that nobody keeps.
func (r *reading) event(rec *Record) Event {
	scratch := &r.scratch
	*scratch = Span{}
	r.readAround()
	r.start(ptrace.Span{}, scratch, r.around.scopeDialects)
	r.rep |= r.around.scopeRep
	at := micros(rec.Time)
	scratch.Day = int32(at / MicrosPerDay)
	e := Event{
		ID: rec.ID, Day: scratch.Day, Time: at, ObservedTime: micros(rec.ObservedTimestamp()),
		Name: r.key(rec.Name), EventName: r.key(rec.EventName()), Severity: r.key(rec.SeverityText()), SeverityNumber: int32(rec.SeverityNumber()),
		TraceID: rec.TraceID(), SpanID: rec.SpanID(), Belongs: rec.Trace,
		ServiceName: r.fitted(r.around.res.serviceName), ScopeName: r.fitted(r.around.name), ScopeVersion: r.fitted(r.around.version),
		SessionID: r.key(rec.Session), UserID: r.key(rec.User),
		ResourceID: r.around.res.id, Flags: uint32(rec.Flags()), DroppedAttributes: rec.DroppedAttributesCount(),
	}
	e.BodyID = r.body(rec)
	r.read = slices.Grow(r.read[:0], rec.Attributes().Len())[:rec.Attributes().Len()]
	for key, v := range rec.Attributes().All() {
		r.see(key, int32(len(r.classes)))
		class := r.classOf(key, v)
		if slices.Contains(rec.Facts, key) {
			class = classFact
		}
		r.classes = append(r.classes, class)
	}
	r.buf = r.appendAttributes(r.buf[:0], rec.Attributes())
	e.Attributes = r.keep(r.buf)
	for i, attrs := range rec.Scores {
		s := r.score(attrs)
		s.ID, s.Time, s.SessionID = scoreID(e.ID, i), e.Time, e.SessionID
		s.TraceID, s.Belongs, s.SpanID = e.TraceID, e.Belongs, e.SpanID
		e.Scores = append(e.Scores, s)
	}
	if len(r.referred) > 0 {
		e.referred = slices.Clone(r.referred)
	}
	if rec.ScoresOmitted {
		scratch.Adjustments |= ScoresOmitted
	}
	e.Adjustments = scratch.Adjustments | adjustmentsOf(r.rep)
	return e
}

// body stores the body of a record. One that only repeats the name of the event is no
// word that would be missed.
func (r *reading) body(rec *Record) content.ID {
	b := rec.Body()
	if b.Type() == pcommon.ValueTypeEmpty {
		return content.ID{}
	}
	if r.opts.Capture == CaptureMetadata && b.Type() == pcommon.ValueTypeStr && b.Str() == rec.Name {
		return content.ID{}
	}
	r.buf = jsonval.AppendValue(r.buf[:0], b, &r.rep)
	return r.store(r.norm.Raw(r.buf, &r.rep))
}

// contentIDs lists the contents of its day that an event refers to, besides its words.
func (e *Event) contentIDs() []content.ID { return append([]content.ID{e.BodyID}, e.referred...) }
