package trace

import (
	"bytes"
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/shopspring/decimal"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// The fields of llm_traces that are the root span's, or else those of the earliest
// span that has them.
const (
	FieldName = iota
	FieldService
	FieldEnvironment
	FieldRelease
	FieldUser
	FieldSession
	FieldCount
)

func fieldsOf(s *mapping.Span) [FieldCount]string {
	return [FieldCount]string{s.Name, s.ServiceName, s.Environment, s.Release, s.UserID, s.SessionID}
}

// position orders the spans of a trace: by start, then by span id.
type position struct {
	start int64
	span  pcommon.SpanID
}

func (p position) compare(q position) int {
	return cmp.Or(cmp.Compare(p.start, q.start), bytes.Compare(p.span[:], q.span[:]))
}

// earliest is a field of the earliest span that has it; empty: none has.
type earliest struct {
	position
	value string
}

// rootSpan is the earliest span without a parent.
type rootSpan struct {
	arrived bool
	position
	status string
	fields [FieldCount]string
	labels []mapping.Label
}

// Rollup is a row of llm_traces. Merging is commutative and associative, so the row is
// the same whatever the order and batching of the spans.
type Rollup struct {
	Start, End int64    // µs
	Tags       []string // sorted
	Models     []string // sorted

	Spans, LLMCalls, ToolCalls, Errors int64
	Input, Output, Total               int64
	cost                               decimal.Decimal
	costs                              int64 // how many spans it sums up
	estimated                          decimal.Decimal
	estimates                          int64 // how many spans that sums up
	Unpriced                           int64 // calls whose cost neither a report nor a price tells

	root     rootSpan
	earliest [FieldCount]earliest
	labels   map[string]earliest // by name
	hours    []int64             // in which spans start, sorted; the last maxHours
	awaited  Awaited             // what lies below one span that has not arrived
	// Scopes of model and of tool spans, hashed, the first two of each: where there is
	// one, no calls are side by side.
	modelScopes, toolScopes []uint64
	foreign                 foreign
	state                   state
}

// foreign is what another program wrote into the row and no span says.
type foreign struct {
	fields       [FieldCount]string
	labels       []mapping.Label
	root, status string
}

// state is what is known of how a trace was counted.
type state uint8

const (
	// current: all stored spans of the trace were counted by the rules of this version.
	current state = 1 << iota
	// paired: pairs of calls side by side are stored.
	paired
	// nested: a tool span lies below another.
	nested
	// registered: calls, and nested tools, are stored where later batches find them.
	registered
	// covering: a span reports the cost of others below it that report tokens.
	covering
	// repeated: a call of a model is not counted, since another span below it repeats it.
	repeated
	// evented: an event observes a call of the trace.
	evented
)

// addSpan merges a span, its counts apart.
func (r *Rollup) addSpan(s *Span) {
	if r.Spans == 0 || s.Start < r.Start {
		r.Start = s.Start
	}
	if r.Spans == 0 || s.End > r.End {
		r.End = s.End
	}
	r.Spans++
	at, fields := position{s.Start, s.ID}, fieldsOf(s.From)
	for f, v := range fields {
		if v != "" && (r.earliest[f].value == "" || at.compare(r.earliest[f].position) < 0) {
			r.earliest[f] = earliest{at, v}
		}
	}
	if s.Parent.IsEmpty() && (!s.Event || !s.isCall()) && (!r.root.arrived || at.compare(r.root.position) < 0) {
		r.root = rootSpan{arrived: true, position: at, status: s.From.Status, fields: fields, labels: s.From.Labels}
	}
	for _, l := range s.From.Labels {
		r.addLabel(l.Name, earliest{at, l.Value})
	}
	r.addHour(hourOf(s.Start))
	for _, t := range s.From.Tags {
		r.Tags = insert(r.Tags, t)
	}
	switch {
	case s.Kind.IsModel():
		if model := cmp.Or(s.From.RequestModel, s.From.ResponseModel); model != "" {
			r.Models = insert(r.Models, model)
		}
		if !s.Event {
			r.modelScopes = addScope(r.modelScopes, scopeHash(s.Scope))
		}
	case s.Kind == mapping.KindTool && !s.Event:
		r.toolScopes = addScope(r.toolScopes, scopeHash(s.Scope))
	}
}

func addScope(scopes []uint64, scope uint64) []uint64 {
	if len(scopes) < 2 && !slices.Contains(scopes, scope) {
		return append(scopes, scope)
	}
	return scopes
}

func scopeHash(name string) uint64 { return hashed(fnvOffset, name) }

// Current reports whether all stored spans of the trace were counted by the rules of this
// version.
func (r *Rollup) Current() bool { return r.state&current != 0 }

// Evented reports whether an event observes a call of the trace.
func (r *Rollup) Evented() bool { return r.state&evented != 0 }

// awaits reports whether the row says what lies below a span that has not arrived. Most traces await one at most,
// so that they need no row of llm_internal_awaited_spans, which has what lies below all others.
func (r *Rollup) awaits() bool { return r.awaited.Below != 0 }

// mixed reports whether calls of different scopes are known, which may be side by side.
func (r *Rollup) mixed() bool { return len(r.modelScopes) > 1 || len(r.toolScopes) > 1 }

// count adds a span's part in the sums, or with sign -1 takes it back.
func (r *Rollup) count(s *Span, f Flags, sign int64) {
	if f.Counted.V {
		if s.Kind == mapping.KindLLM {
			r.LLMCalls += sign
		}
		if s.Kind == mapping.KindTool {
			r.ToolCalls += sign
		}
		if s.Error {
			r.Errors += sign
		}
	}
	if f.UsageCounted.V {
		r.Input = addTokens(r.Input, sign*s.Input.V)
		r.Output = addTokens(r.Output, sign*s.Output.V)
		r.Total = addTokens(r.Total, sign*s.Total.V)
	}
	if f.CostCounted.V && s.Cost.Valid {
		r.addCost(s.Cost, sign)
	}
	if f.UsageCounted.V && s.Estimate.Valid {
		r.estimates += sign
		r.estimated = sum(r.estimated, signed(s.Estimate, sign))
	}
	switch {
	case !f.EstimateCounted.V:
	case s.Estimate.Valid:
		r.addCost(s.Estimate, sign)
	default:
		r.Unpriced += sign
	}
}

func (r *Rollup) addCost(cost decimal.NullDecimal, sign int64) {
	r.costs += sign
	r.cost = sum(r.cost, signed(cost, sign))
}

// sum is a + b, without memory for it where one of them is 0.
func sum(a, b decimal.Decimal) decimal.Decimal {
	switch {
	case a.IsZero():
		return b
	case b.IsZero():
		return a
	}
	return a.Add(b)
}

func signed(d decimal.NullDecimal, sign int64) decimal.Decimal {
	if sign < 0 {
		return d.Decimal.Neg()
	}
	return d.Decimal
}

// Reprice replaces the estimate of a span of the trace. What counts does not depend on
// prices.
func (r *Rollup) Reprice(f Flags, from, to decimal.NullDecimal) {
	f.Counted = mapping.Bool{} // the span is a call before and after
	s := Span{Estimate: from}  // and reports the same
	r.count(&s, f, -1)
	s.Estimate = to
	r.count(&s, f, 1)
}

// Estimated is the sum of the estimates of calls whose usage counts, beside a reported
// cost too; null where there is none.
func (r *Rollup) Estimated() decimal.NullDecimal {
	return decimal.NullDecimal{Decimal: r.estimated, Valid: r.estimates > 0}
}

// SetEstimated takes the estimate of a stored row.
func (r *Rollup) SetEstimated(cost decimal.NullDecimal) { r.estimated = cost.Decimal }

// Cost is the reported cost, and the estimates where nothing is reported; null where
// there is neither.
func (r *Rollup) Cost() decimal.NullDecimal {
	return decimal.NullDecimal{Decimal: r.cost, Valid: r.costs > 0}
}

// SetCost takes the cost of a stored row.
func (r *Rollup) SetCost(cost decimal.NullDecimal) { r.cost = cost.Decimal }

// addTokens adds counts and stays at the largest number that a bigint holds, which
// only nonsense reaches.
func addTokens(a, b int64) int64 {
	if sum := a + b; a < 0 || b < 0 || sum >= 0 {
		return sum
	}
	return math.MaxInt64
}

// merge adds other, the same trace's row over other spans.
func (r *Rollup) merge(other *Rollup) {
	if other.Spans > 0 {
		if r.Spans == 0 || other.Start < r.Start {
			r.Start = other.Start
		}
		if r.Spans == 0 || other.End > r.End {
			r.End = other.End
		}
	}
	for f, e := range other.earliest {
		if e.value != "" && (r.earliest[f].value == "" || e.compare(r.earliest[f].position) < 0) {
			r.earliest[f] = e
		}
	}
	if other.root.arrived && (!r.root.arrived || other.root.compare(r.root.position) < 0) {
		r.root = other.root
	}
	for name, e := range other.labels {
		r.addLabel(name, e)
	}
	for _, hour := range other.hours {
		r.addHour(hour)
	}
	for _, t := range other.Tags {
		r.Tags = insert(r.Tags, t)
	}
	for _, m := range other.Models {
		r.Models = insert(r.Models, m)
	}
	for _, s := range other.modelScopes {
		r.modelScopes = addScope(r.modelScopes, s)
	}
	for _, s := range other.toolScopes {
		r.toolScopes = addScope(r.toolScopes, s)
	}
	r.Spans += other.Spans
	r.Errors += other.Errors
	r.LLMCalls += other.LLMCalls
	r.ToolCalls += other.ToolCalls
	r.Input = addTokens(r.Input, other.Input)
	r.Output = addTokens(r.Output, other.Output)
	r.Total = addTokens(r.Total, other.Total)
	r.cost, r.costs = sum(r.cost, other.cost), r.costs+other.costs
	r.estimated, r.estimates = sum(r.estimated, other.estimated), r.estimates+other.estimates
	r.Unpriced += other.Unpriced
}

// clone returns a copy that can be merged into without a change to r.
func (r *Rollup) clone() *Rollup {
	c := *r
	c.Tags, c.Models = slices.Clone(r.Tags), slices.Clone(r.Models)
	c.labels, c.hours = maps.Clone(r.labels), slices.Clone(r.hours)
	c.modelScopes, c.toolScopes = slices.Clone(r.modelScopes), slices.Clone(r.toolScopes)
	return &c
}

// Field returns what llm_traces shows of field f.
func (r *Rollup) Field(f int) string {
	return cmp.Or(r.root.fields[f], r.earliest[f].value, r.foreign.fields[f])
}

// Status is the root's.
func (r *Rollup) Status() string { return cmp.Or(r.root.status, r.foreign.status, "unset") }

// RootID is the root's span id in hex; "" while there is none.
func (r *Rollup) RootID() string {
	if r.root.arrived {
		return r.root.span.String()
	}
	return r.foreign.root
}

// insert adds v to a sorted set.
func insert(set []string, v string) []string {
	at, found := slices.BinarySearch(set, v)
	if found || at >= maxEntries {
		return set
	}
	set = slices.Insert(set, at, v)
	return set[:min(len(set), maxEntries)]
}
