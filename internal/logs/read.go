package logs

import (
	"maps"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/parallel"
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
	Records []mapping.Record
	// Spans are the calls, tools and prompts that records tell.
	Spans ptrace.Traces
	// Observations say of each of Spans, in order, how a record tells it.
	Observations []Observation
	// WordSpans carry the words that records have of spans told elsewhere, unless Spans
	// carry them too, and Words say of each, in order, whose words they are.
	WordSpans ptrace.Traces
	Words     []mapping.Words
	// Filtered counts the records without a row.
	Filtered int
	// Rejected counts the records that no row can hold, by reason.
	Rejected map[string]int
}

// Observation is how a record tells a call.
type Observation struct {
	Kind    EventKind
	Program string
	Session string
	Turn    string // that a prompt begins
	mapping.EventCall
}

// Describe notes on the mapped spans how records tell them.
func (b *Batch) Describe(spans []mapping.Span) {
	for i := range spans {
		o := &b.Observations[spans[i].Ordinal]
		spans[i].Name, spans[i].Event, spans[i].Turn = o.Event, &o.EventCall, o.Turn
	}
}

// reader reads one batch.
type reader struct {
	keep        Keep
	fault       func(cause any) // is told what a record fails with; may be nil
	batch       *Batch
	ids         ids
	wordRecords int32 // that have words of spans
	// What names of events, and keys, of unknown programs say.
	events map[string]eventWords
	keys   map[string]keyUse
}

func newReader(keep Keep, fault func(cause any)) *reader {
	return &reader{
		keep: keep, fault: fault, batch: &Batch{Spans: ptrace.NewTraces(), WordSpans: ptrace.NewTraces(), Rejected: map[string]int{}},
		events: map[string]eventWords{}, keys: map[string]keyUse{},
	}
}

// Read reads what records tell, on as many cores as there are parts. It keeps references into
// ld, which must not change before the batch is stored. fault, which may be nil, is told of
// panics of the reader, on any goroutine: each costs the record that was being read.
func Read(ld plog.Logs, keep Keep, fault func(cause any)) *Batch {
	parts := partsOf(ld)
	read := make([]*reader, len(parts))
	parallel.Parts(len(parts), func(i int) {
		read[i] = newReader(keep, fault)
		for _, scope := range parts[i] {
			read[i].readScope(scope)
		}
	})
	if len(read) == 0 {
		return newReader(keep, fault).batch
	}
	read[0].grow(read[1:])
	for _, part := range read[1:] {
		read[0].join(part)
	}
	return read[0].batch
}

// partRecords is how many records one goroutine reads before it looks for more.
const partRecords = 256

// scopePart is some of the records of a scope.
type scopePart struct {
	plog.ScopeLogs
	res      pcommon.Resource
	from, to int
}

// partsOf divides records.
func partsOf(ld plog.Logs) (parts [][]scopePart) {
	room := 0
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for from := 0; from < sl.LogRecords().Len(); {
				if room == 0 {
					parts, room = append(parts, nil), partRecords
				}
				n := min(room, sl.LogRecords().Len()-from)
				last := &parts[len(parts)-1]
				*last = append(*last, scopePart{sl, rl.Resource(), from, from + n})
				from, room = from+n, room-n
			}
		}
	}
	return parts
}

// grow makes room for what others have read.
func (r *reader) grow(others []*reader) {
	records, observations, words := 0, 0, 0
	for _, o := range others {
		records, observations, words = records+len(o.batch.Records), observations+len(o.batch.Observations), words+len(o.batch.Words)
	}
	b := r.batch
	b.Records, b.Observations, b.Words = slices.Grow(b.Records, records), slices.Grow(b.Observations, observations), slices.Grow(b.Words, words)
}

// join appends what another reader has read of the records that follow.
func (r *reader) join(next *reader) {
	b, n := r.batch, next.batch
	for i := range n.Observations {
		if w := n.Observations[i].Words; w != nil {
			w.Ordinal += r.wordRecords
		}
	}
	for i := range n.Words {
		n.Words[i].Ordinal += r.wordRecords
	}
	r.wordRecords += next.wordRecords
	b.Records, b.Observations, b.Words = append(b.Records, n.Records...), append(b.Observations, n.Observations...), append(b.Words, n.Words...)
	n.Spans.ResourceSpans().MoveAndAppendTo(b.Spans.ResourceSpans())
	n.WordSpans.ResourceSpans().MoveAndAppendTo(b.WordSpans.ResourceSpans())
	b.Filtered += n.Filtered
	for reason, count := range n.Rejected {
		b.Rejected[reason] += count
	}
}

// readScope reads records of a scope.
func (r *reader) readScope(p scopePart) {
	spans, words := &scopeSpans{in: r.batch.Spans}, &scopeSpans{in: r.batch.WordSpans}
	r.ids.around = nil
	for i := p.from; i < p.to; i++ {
		r.readSafely(&record{LogRecord: p.LogRecords().At(i), scope: p.Scope(), res: p.res}, spans, words)
	}
}

// readFailed is the reason for setting a record aside that brings the reader down.
const readFailed = "mapping_failed"

// readSafely sets a record aside that brings the reader down, with all that it has told by
// then: neither its neighbours nor the process pay for it.
func (r *reader) readSafely(rec *record, spans, words *scopeSpans) {
	defer r.setAside(spans, words)()
	r.read(rec, spans, words)
}

// setAside returns what, deferred, recovers and takes back what has been read since.
func (r *reader) setAside(spans, words *scopeSpans) func() {
	observations, wordsBefore := len(r.batch.Observations), len(r.batch.Words)
	spansLen, wordsLen := spans.len(), words.len()
	return func() {
		cause := recover()
		if cause == nil {
			return
		}
		if r.fault != nil {
			r.fault(cause)
		}
		r.batch.Rejected[readFailed]++
		r.batch.Observations, r.batch.Words = r.batch.Observations[:observations], r.batch.Words[:wordsBefore]
		spans.cut(spansLen)
		words.cut(wordsLen)
	}
}

// scopeSpans are the spans of one scope, made with the first.
type scopeSpans struct {
	in    ptrace.Traces
	some  bool
	spans ptrace.SpanSlice
}

func (s *scopeSpans) add(rec *record) ptrace.Span {
	res, scope := rec.res, rec.scope
	if !s.some {
		rs := s.in.ResourceSpans().AppendEmpty()
		copyMap(res.Attributes(), rs.Resource().Attributes())
		ss := rs.ScopeSpans().AppendEmpty()
		ss.Scope().SetName(scope.Name())
		ss.Scope().SetVersion(scope.Version())
		copyMap(scope.Attributes(), ss.Scope().Attributes())
		s.spans, s.some = ss.Spans(), true
	}
	return s.spans.AppendEmpty()
}

func (s *scopeSpans) len() int {
	if !s.some {
		return 0
	}
	return s.spans.Len()
}

// cut removes the spans after the first n.
func (s *scopeSpans) cut(n int) {
	if s.len() == n {
		return
	}
	i := -1
	s.spans.RemoveIf(func(ptrace.Span) bool {
		i++
		return i >= n
	})
}

// read files what one record tells. Records that nothing knows are told by their name
// alone, before anything else of them is read: they may be many.
func (r *reader) read(rec *record, spans, words *scopeSpans) {
	p, spec := r.ruleOf(rec)
	if p == nil && r.keep != KeepAll {
		r.batch.Filtered++
		return
	}
	at := rec.time()
	if at == 0 {
		r.batch.Rejected["no_time"]++
		return
	}
	row := mapping.Record{
		LogRecord: rec.LogRecord, Scope: rec.scope, Resource: rec.res, Name: rec.name, Time: at, Trace: rec.TraceID(),
		ID: r.ids.of(rec),
	}
	if r.batch.Records == nil {
		r.batch.Records = make([]mapping.Record, 0, partRecords)
	}
	if p == nil {
		r.batch.Records = append(r.batch.Records, row)
		return
	}
	row.Facts = p.names
	if spec != nil && spec.facts != nil { // an unknown program has but one rule
		row.Facts = spec.facts
	}
	row.Session, row.User = rec.textOf(p.session), rec.textOf(p.user)
	if row.Session == "" {
		row.Session = resourceText(rec.res, p.session)
		row.OfResource = row.Session != ""
	}
	if row.User == "" {
		_, row.User = mapping.Whose(rec.res.Attributes())
	}
	if spec == nil || spec.kind == Noise {
		if r.keep == KeepAll {
			r.batch.Records = append(r.batch.Records, row)
		} else {
			r.batch.Filtered++
		}
		return
	}
	r.ids.settleTrace(rec, p, &row)
	var carried *mapping.Words
	if spec.carriesWords() {
		if w := r.wordsOf(rec, p, spec, &row); carriedByCall(rec, spec, &row) {
			carried = w
		} else {
			r.carry(rec, spec, &row, w, words.add(rec))
		}
	}
	switch spec.kind {
	case Call, Tool, Prompt:
		r.observe(rec, p, spec, &row, spans.add(rec))
		r.batch.Observations[len(r.batch.Observations)-1].Words = carried
	case Score:
		row.Scores, row.ScoresOmitted = rec.evaluations()
	}
	r.batch.Records = append(r.batch.Records, row)
}

// ruleOf returns the program that knows the event that a record is, and what the program says of
// the event; nil for none.
func (r *reader) ruleOf(rec *record) (*program, *rule) {
	rec.name = rec.eventName()
	p, event := rec.program()
	if p == nil {
		return r.fromUnknown(rec)
	}
	rec.readBody()
	rec.flatten()
	return p, rec.rule(p.rules(event))
}

// program returns the program that knows the event that a record is, and the event's name
// in the program's rules; nil for none.
func (r *record) program() (p *program, event string) {
	switch r.name {
	case "":
		return nil, ""
	case r.scope.Name():
		return programOf(r.scope.Name(), scopeNamed), scopeNamed
	}
	event = eventKind(r.name)
	if p = programOf(r.scope.Name(), event); p == nil && r.Body().Type() == pcommon.ValueTypeStr {
		if p = programOfPrefix(r.Body().Str()); p != nil {
			return p, r.Body().Str()
		}
	}
	return p, event
}

// Only returns a copy of the records with the given ids.
func Only(ld plog.Logs, records map[content.ID]bool) plog.Logs {
	some := plog.NewLogs()
	ld.CopyTo(some)
	var ids ids
	some.ResourceLogs().RemoveIf(func(rl plog.ResourceLogs) bool {
		rl.ScopeLogs().RemoveIf(func(sl plog.ScopeLogs) bool {
			ids.around = nil
			sl.LogRecords().RemoveIf(func(rec plog.LogRecord) bool {
				return !records[ids.of(&record{LogRecord: rec, scope: sl.Scope(), res: rl.Resource()})]
			})
			return sl.LogRecords().Len() == 0
		})
		return rl.ScopeLogs().Len() == 0
	})
	return some
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

// maxScores bounds how many results one record has: more are left out, which the adjustments of the record's row say.
const maxScores = 1000

// evaluations returns the attributes of the results of evaluations that a record is and has lists of, its own first and
// those of lists in the order of their names, which a body of JSON has in none. omitted says that there are more.
func (r *record) evaluations() (all []pcommon.Map, omitted bool) {
	lists := map[string][]pcommon.Map{}
	for _, in := range r.attributes() {
		for key, v := range in.All() {
			if results := scoresIn(v); results != nil && lists[key] == nil {
				lists[key] = results
			}
		}
	}
	own := r.evaluation()
	if len(lists) == 0 {
		return []pcommon.Map{own}, false
	}
	if hasMember(own, scoreName) && (hasMember(own, scoreValue) || hasMember(own, scoreLabel) || hasMember(own, errorType)) {
		alone := pcommon.NewMap()
		copyMap(own, alone)
		alone.RemoveIf(func(key string, _ pcommon.Value) bool { return lists[key] != nil })
		all = append(all, alone)
	}
	for _, key := range slices.Sorted(maps.Keys(lists)) {
		for _, result := range lists[key] {
			if len(all) == maxScores {
				return all, true
			}
			all = append(all, r.withResponse(result))
		}
	}
	return all, false
}

// attributes returns where a record has attributes.
func (r *record) attributes() (in []pcommon.Map) {
	for _, m := range [...]pcommon.Map{r.Attributes(), r.flat, r.body} {
		if m != (pcommon.Map{}) {
			in = append(in, m)
		}
	}
	return in
}

// scoresIn returns the results of evaluations in a list, or the JSON of one; nil for any other value.
func scoresIn(v pcommon.Value) (all []pcommon.Map) {
	list := pcommon.Slice{}
	switch v.Type() {
	case pcommon.ValueTypeSlice:
		list = v.Slice()
	case pcommon.ValueTypeStr:
		if !strings.Contains(v.Str(), scoreName) {
			return nil
		}
		read, ok := jsonList(v)
		if !ok {
			return nil
		}
		list = read
	default:
		return nil
	}
	for _, one := range list.All() {
		if one.Type() == pcommon.ValueTypeMap && hasMember(one.Map(), scoreName) {
			all = append(all, one.Map())
		}
	}
	return all
}

// withResponse returns the attributes of a result with the id of the response that the record is about, unless they name one.
func (r *record) withResponse(result pcommon.Map) pcommon.Map {
	id := r.textOf([]string{responseID})
	if id == "" || hasMember(result, responseID) {
		return result
	}
	all := pcommon.NewMap()
	copyMap(result, all)
	all.PutStr(responseID, id)
	return all
}

// evaluation returns the attributes of the evaluation's result that a record is. Some write all or a part of
// them into the body; beside the conventions' names there, bodies repeat the same by others.
func (r *record) evaluation() pcommon.Map {
	if !r.has && r.flat == (pcommon.Map{}) {
		return r.Attributes()
	}
	all := pcommon.NewMap()
	copyMap(r.Attributes(), all)
	named, left := hasMember(all, scoreName), maxMembers
	for _, in := range r.attributes()[1:] {
		for key, v := range in.All() {
			if left--; left < 0 {
				return all
			}
			if _, there := all.Get(key); !there && (!named || strings.HasPrefix(key, "gen_ai.") || key == errorType) {
				copyValue(v, all.PutEmpty(key))
			}
		}
	}
	return all
}

// copyMap copies attributes into a map that has none.
func copyMap(from, to pcommon.Map) {
	for _, v := range from.All() {
		if !shallow(v, maxDepth) {
			copyDeep(from, to)
			return
		}
	}
	from.CopyTo(to)
}

// copyDeep copies attributes of which some nest too deep for a copy by recursion, these as their JSON. It gives
// more than maxMembers to the new map at once, in no order: each put looks through all before.
func copyDeep(from, to pcommon.Map) {
	if from.Len() > maxMembers {
		raw := make(map[string]any, from.Len())
		for key, v := range from.All() {
			whole := pcommon.NewValueEmpty()
			copyValue(v, whole)
			raw[key] = whole.AsRaw()
		}
		_ = to.FromRaw(raw) // AsRaw gives nothing that FromRaw refuses
		return
	}
	for key, v := range from.All() {
		if _, there := to.Get(key); !there {
			copyValue(v, to.PutEmpty(key))
		}
	}
}
