package mapping

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// Capture says what is kept of words.
type Capture string

// The captures.
const (
	CaptureFull     Capture = "full"
	CaptureMetadata Capture = "metadata" // facts only: no content is stored
)

// Options configures a Mapper.
type Options struct {
	Capture  Capture  // default CaptureFull
	MaxBytes int      // of one content; 0: the default of the content package
	Labels   []string // names of attributes that are labels
	Logger   *zap.Logger
}

// Mapper maps batches of spans. It is safe for concurrent use.
type Mapper struct {
	opts     Options
	table    *table
	norm     *content.Normalizer
	readings sync.Pool
	faults   faults
}

// New returns a Mapper.
func New(opts Options) *Mapper {
	opts.Labels = slices.Compact(slices.Sorted(slices.Values(opts.Labels)))
	m := &Mapper{
		opts:  opts,
		table: compiled(),
		norm:  content.NewNormalizer(content.Options{MaxBytes: opts.MaxBytes}),
	}
	m.readings.New = func() any {
		return &reading{
			t: m.table, norm: m.norm, opts: &m.opts, faults: &m.faults,
			slots: make([]slot, m.table.slots), jsonNeed: need{perSpan: firstJSON}, idNeed: need{perSpan: firstIDs}, keysRead: map[string]*keyRead{}, membersRead: map[string]*keyRead{}, eventNames: map[string]eventName{}, memberFacts: map[string]map[string]tokenFact{},
			nameKinds: map[string]kindFound{}, valueKinds: map[string]kindFound{}, resources: map[string]*resource{},
			scopes: map[string]uint64{}, ofScope: m.table.dialectsOfScope,
		}
	}
	m.faults.logger = opts.Logger
	return m
}

// Map maps every span of td, whatever its kind, and leaves td as it is. Spans that
// no row can hold are counted in Batch.Rejected.
func (m *Mapper) Map(td ptrace.Traces) *Batch {
	n := td.SpanCount()
	b := m.mapRange(context.Background(), td, 0, n, make([]Span, n))
	b.unfold()
	return b
}

// maxRoom bounds for how many contents there is room from the begin.
const maxRoom = 1 << 13

// mapRange maps some spans of td with a reading of the pool.
func (m *Mapper) mapRange(ctx context.Context, td ptrace.Traces, from, to int, spans []Span) *Batch {
	r := m.readings.Get().(*reading)
	b := r.mapRange(ctx, td, from, to, spans)
	m.readings.Put(r)
	return b
}

// mapRange maps the spans of td from one ordinal to another into spans, which are
// empty. It stops at the next span when the context ends.
func (r *reading) mapRange(ctx context.Context, td ptrace.Traces, from, to int, spans []Span) *Batch {
	b := &Batch{
		Spans:     spans[:0],
		Contents:  make(map[content.Key][]byte, min(r.contentsBefore, maxRoom)),
		Resources: map[content.ID][]byte{},
	}
	r.batch, r.spans = b, to-from
	at := 0
	for _, rs := range td.ResourceSpans().All() {
		r.around = around{resource: rs.Resource()}
		for _, ss := range rs.ScopeSpans().All() {
			first, last := max(from-at, 0), min(to-at, ss.Spans().Len())
			if first < last {
				r.mapScope(ctx, ss, at, first, last)
			}
			at += ss.Spans().Len()
		}
	}
	r.contentsBefore = len(b.Contents)
	r.release()
	return b
}

// around is what the spans of a scope share. It is read with the first of them.
type around struct {
	resource      pcommon.Resource
	res           *resource
	scope         pcommon.InstrumentationScope
	scopeKnown    bool
	name, version fitted          // of the scope
	scopeJSON     []byte          // its attributes; nil for none
	longScope     content.Content // its attributes if they are long
	scopeWords    content.Content // what words it has
	scopeRep      jsonval.Repairs
	scopeDialects uint64
	byHand        uint64 // dialects of the scope, if programs begin its spans themselves
	exclusions    uint32 // those that spans of the scope may be of, once asked for
	excluding     bool   // they have been asked for
}

// mapScope maps spans of one instrumentation scope, from first to before last; before is
// how many spans of the pdata lie before the scope.
func (r *reading) mapScope(ctx context.Context, ss ptrace.ScopeSpans, before, first, last int) {
	r.around.scope, r.around.scopeKnown = ss.Scope(), false
	for i := first; i < last && ctx.Err() == nil; i++ {
		span := ss.Spans().At(i)
		switch {
		case span.TraceID().IsEmpty():
			r.batch.reject(emptyTraceID, 1)
			continue
		case span.SpanID().IsEmpty():
			r.batch.reject(emptySpanID, 1)
			continue
		}
		r.batch.Spans = r.batch.Spans[:len(r.batch.Spans)+1]
		out := &r.batch.Spans[len(r.batch.Spans)-1]
		out.Ordinal = int32(before + i)
		r.mapSafely(span, out)
	}
}

// mapSafely sets a span aside that brings the mapper down, so that it neither costs
// its neighbours nor comes back from a persistent queue again and again.
func (r *reading) mapSafely(span ptrace.Span, out *Span) {
	defer func() {
		if cause := recover(); cause != nil {
			r.faults.log(cause)
			*out = Span{}
			r.batch.Spans = r.batch.Spans[:len(r.batch.Spans)-1]
			r.batch.reject(mappingFailed, 1)
		}
	}()
	r.readAround()
	r.start(span, out, r.around.scopeDialects)
	r.rep |= r.around.scopeRep
	r.notes.start()
	r.mapSpan(r.around.res)
	r.notes.end(r)
}

// The reasons why no row can hold a span.
const (
	emptyTraceID  = "empty_trace_id"
	emptySpanID   = "empty_span_id"
	mappingFailed = "mapping_failed"
)

// readAround reads the resource and the scope of the next span, unless they are
// those of the span before.
func (r *reading) readAround() {
	r.dialects = 0 // the span before says nothing of what their attributes are
	a := &r.around
	if a.res == nil {
		a.res = r.resource(a.resource.Attributes())
	}
	if a.scopeKnown {
		return
	}
	r.scopeName, r.scopeVersion = a.scope.Name(), a.scope.Version()
	a.name, a.version = fit(r.scopeName), fit(r.scopeVersion)
	a.scopeDialects = remember(r.scopes, r.scopeName, r.ofScope)
	a.byHand = r.t.byHand[r.scopeName]
	a.excluding = false
	a.scopeJSON, a.longScope, a.scopeWords, a.scopeRep = nil, content.Content{}, content.Content{}, 0
	if a.scope.Attributes().Len() > 0 {
		facts, said := r.factsAndWords(a.scope.Attributes())
		a.scopeWords = r.wordsOf(said, &a.scopeRep)
		a.scopeJSON = jsonval.AppendKvlist(nil, facts, &a.scopeRep)
	}
	if len(a.scopeJSON) > longValue {
		a.longScope = r.norm.Raw(a.scopeJSON, &a.scopeRep)
	}
	a.scopeKnown = true
}

// dialectsOfScope returns the dialects whose scope has this name.
func (t *table) dialectsOfScope(name string) (dialects uint64) {
	dialects = t.scopes[name]
	for _, s := range t.scopePrefixes {
		if strings.HasPrefix(name, s.prefix) {
			dialects |= s.dialect
		}
	}
	return dialects
}

// mapSpan fills r.out from r.span.
func (r *reading) mapSpan(res *resource) {
	r.envelope()
	r.scan()
	r.passOverCopies()
	r.scanEvents()
	r.guess()
	r.settleOwn()
	r.out.Kind, r.overrules = r.kind()
	r.facts(res)
	r.params()
	r.contentFields()
	r.out.ResourceID = res.id
	r.withholdName()
	r.buf = r.appendLinks(r.buf[:0])
	r.out.Links = r.keep(r.buf)
	r.buf = r.appendAttributes(r.buf[:0], r.span.Attributes())
	r.out.Attributes = r.keep(r.buf)
	r.buf = r.appendEvents(r.buf[:0])
	r.out.Events = r.keep(r.buf)
	if r.scored {
		r.scores()
	}
	if len(r.referred) > 0 {
		r.out.referred = r.newIDs(len(r.referred))
		copy(r.out.referred, r.referred)
	}
	r.out.Adjustments |= adjustmentsOf(r.rep)
}

// envelope fills what every span has.
func (r *reading) envelope() {
	s, span := r.out, r.span
	s.TraceID, s.SpanID, s.ParentSpanID = span.TraceID(), span.SpanID(), span.ParentSpanID()
	s.Name = r.key(span.Name())
	s.SpanKind = spanKinds[ptrace.SpanKindUnspecified]
	if k := span.Kind(); k > 0 && int(k) < len(spanKinds) {
		s.SpanKind = spanKinds[k]
	}
	s.ScopeName, s.ScopeVersion = r.fitted(r.around.name), r.fitted(r.around.version)
	s.Start, s.End = micros(span.StartTimestamp()), micros(span.EndTimestamp())
	if s.Start == 0 && s.End > 0 {
		s.Start = s.End
		s.Adjustments |= TimeClamped
	}
	if s.End < s.Start {
		s.End = s.Start
		s.Adjustments |= TimeClamped
	}
	s.Day = int32(s.Start / MicrosPerDay)
	s.Status = statuses[ptrace.StatusCodeUnset]
	if c := span.Status().Code(); c > 0 && int(c) < len(statuses) {
		s.Status = statuses[c]
	}
	s.StatusMessage = jsonval.CleanString(span.Status().Message(), &r.rep)
	s.TraceState = jsonval.CleanString(span.TraceState().AsRaw(), &r.rep)
	s.Flags = span.Flags()
	s.DroppedAttributes, s.DroppedEvents, s.DroppedLinks = span.DroppedAttributesCount(), span.DroppedEventsCount(), span.DroppedLinksCount()
}

// withholdName replaces, without contents, a name that is words: a sentence that an attribute
// with words says too.
func (r *reading) withholdName() {
	if r.opts.Capture != CaptureMetadata || !isProse(r.span.Name()) {
		return
	}
	i := -1
	for key, v := range r.span.Attributes().All() {
		i++
		if v.Type() == pcommon.ValueTypeStr && v.Str() == r.span.Name() && r.isWords(key, r.classes[i]) {
			r.out.Name = cmp.Or(r.out.Operation, r.out.ScopeName)
			r.out.Adjustments |= ContentOmitted
			return
		}
	}
}

// MicrosPerDay are the µs of a UTC day.
const MicrosPerDay = 24 * 3600 * 1_000_000

// micros fits every OTLP time: 2^64 ns are the year 2554.
func micros(t pcommon.Timestamp) int64 { return int64(t / 1000) }

var spanKinds = [...]string{
	ptrace.SpanKindUnspecified: "unspecified", ptrace.SpanKindInternal: "internal", ptrace.SpanKindServer: "server",
	ptrace.SpanKindClient: "client", ptrace.SpanKindProducer: "producer", ptrace.SpanKindConsumer: "consumer",
}

var statuses = [...]string{ptrace.StatusCodeUnset: "unset", ptrace.StatusCodeOk: "ok", ptrace.StatusCodeError: "error"}

// adjustmentsOf names the repairs of values.
func adjustmentsOf(rep jsonval.Repairs) (a Adjustments) {
	for _, x := range [...]struct {
		repair jsonval.Repairs
		adjust Adjustments
	}{
		{jsonval.NulRemoved, NulRemoved}, {jsonval.UTF8Replaced, UTF8Replaced}, {jsonval.NumberNotFinite, NumberNotFinite},
		{jsonval.DuplicateKey, DuplicateKey}, {jsonval.ContentCut, ContentCut}, {jsonval.NestingCut, ContentCut},
	} {
		if rep&x.repair != 0 {
			a |= x.adjust
		}
	}
	return a
}
