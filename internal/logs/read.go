package logs

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Keep says which records get a row of llm_events.
type Keep string

// The choices of events::keep.
const (
	KeepGenAI Keep = "genai" // those that a program or convention knows, noise apart
	KeepAll   Keep = "all"
)

// Batch is what one batch of records tells.
type Batch struct {
	// Records are the rows of llm_events.
	Records []Record
	// Spans are the calls, tools and prompts that records tell, and, for Words, a span that
	// carries the messages.
	Spans ptrace.Traces
	// Observations say of each of Spans, in order, how a record tells it.
	Observations []Observation
	// Scores are the rows of llm_scores.
	Scores []ScoreRecord
	// Filtered counts the records without a row.
	Filtered int
	// Rejected counts the records that no row can hold, by reason.
	Rejected map[string]int
}

// Record is a record that gets a row.
type Record struct {
	plog.LogRecord
	Scope    pcommon.InstrumentationScope
	Resource pcommon.Resource
	Name     string
	Time     pcommon.Timestamp // never 0
	Session  string
	User     string
}

// Observation is how a record tells a call.
type Observation struct {
	Tells Tells
	// Record is the index of its record among those that were read; Names and the ids
	// tie the observation to others of the same call.
	Trace pcommon.TraceID // the record's own; empty if it has none
	// Call is the span that the record says is the call; empty if it says none.
	Call                          pcommon.SpanID
	Session                       string
	Request, Response, ToolCallID string
	ByTime                        bool
	Program                       string
	Event                         string
}

// ScoreRecord is the result of an evaluation.
type ScoreRecord struct {
	Record     Record
	Name       string
	Value      float64
	HasValue   bool
	Label      string
	Text       string // explanation: words
	ErrorType  string
	ResponseID string
}

// reader reads one batch.
type reader struct {
	keep  Keep
	batch *Batch
	ids   ids
}

// Read reads what records tell. It keeps references into ld, which must not change
// before the batch is stored.
func Read(ld plog.Logs, keep Keep) *Batch {
	r := &reader{keep: keep, batch: &Batch{Spans: ptrace.NewTraces(), Rejected: map[string]int{}}, ids: newIDs()}
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			r.readScope(rl.Resource(), sl)
		}
	}
	return r.batch
}

// readScope reads the records of a scope.
func (r *reader) readScope(res pcommon.Resource, sl plog.ScopeLogs) {
	var spans ptrace.SpanSlice
	some := false
	newSpan := func() ptrace.Span {
		if !some {
			rs := r.batch.Spans.ResourceSpans().AppendEmpty()
			copyMap(res.Attributes(), rs.Resource().Attributes())
			ss := rs.ScopeSpans().AppendEmpty()
			ss.Scope().SetName(sl.Scope().Name())
			ss.Scope().SetVersion(sl.Scope().Version())
			copyMap(sl.Scope().Attributes(), ss.Scope().Attributes())
			spans, some = ss.Spans(), true
		}
		return spans.AppendEmpty()
	}
	for i := range sl.LogRecords().Len() {
		r.read(record{LogRecord: sl.LogRecords().At(i), scope: sl.Scope(), res: res}, newSpan)
	}
}

// read files what one record tells. Records that nothing knows are told by their name
// alone, before anything else of them is read: they may be many.
func (r *reader) read(rec record, newSpan func() ptrace.Span) {
	rec.name = rec.eventName()
	event := rec.name
	if event != "" && event == rec.scope.Name() {
		event = scopeNamed
	}
	var p *program
	if event != "" {
		p = programOf(rec.scope.Name(), event)
	}
	if p == nil && r.keep != KeepAll {
		r.batch.Filtered++
		return
	}
	at := rec.time()
	if at == 0 {
		r.batch.Rejected["no_time"]++
		return
	}
	row := Record{LogRecord: rec.LogRecord, Scope: rec.scope, Resource: rec.res, Name: rec.name, Time: at}
	if p == nil {
		r.batch.Records = append(r.batch.Records, row)
		return
	}
	rec.readBody()
	row.Session, row.User = rec.textOf(p.session), rec.textOf(p.user)
	if row.Session == "" {
		row.Session = resourceText(rec.res, p.session)
	}
	told := rec.rule(p.rules(event))
	if told == nil || told.tells == Noise {
		if r.keep == KeepAll {
			r.batch.Records = append(r.batch.Records, row)
		} else {
			r.batch.Filtered++
		}
		return
	}
	r.batch.Records = append(r.batch.Records, row)
	switch told.tells {
	case Call, Tool, Prompt, Words:
		r.observe(&rec, p, told, &row, newSpan())
	case Score:
		r.batch.Scores = append(r.batch.Scores, scoreOf(&rec, &row))
	}
}

// rule returns the first rule whose conditions hold.
func (r *record) rule(rules []rule) *rule {
	for i := range rules {
		if holdsAll(rules[i].when, r) {
			return &rules[i]
		}
	}
	return nil
}

// textOf returns the first of the attributes that is there as text.
func (r *record) textOf(keys []string) string {
	v, ok := r.first(keys)
	if !ok {
		return ""
	}
	return text(v)
}

func resourceText(res pcommon.Resource, keys []string) string {
	for _, key := range keys {
		if v, ok := res.Attributes().Get(key); ok && !absent(v) {
			return text(v)
		}
	}
	return ""
}

// scoreOf reads the result of an evaluation.
func scoreOf(rec *record, row *Record) ScoreRecord {
	s := ScoreRecord{
		Record: *row, Name: rec.textOf([]string{"gen_ai.evaluation.name"}), Label: rec.textOf([]string{"gen_ai.evaluation.score.label"}),
		Text: rec.textOf([]string{"gen_ai.evaluation.explanation"}), ErrorType: rec.textOf([]string{errorType}), ResponseID: rec.textOf([]string{responseID}),
	}
	if v, ok := rec.get("gen_ai.evaluation.score.value"); ok {
		s.Value, s.HasValue = number(v)
	}
	return s
}

func copyMap(from, to pcommon.Map) {
	for key, v := range from.All() {
		copyValue(v, to.PutEmpty(key))
	}
}
