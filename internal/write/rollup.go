package write

import (
	"bytes"
	"cmp"
	"hash/fnv"
	"math"
	"slices"

	"github.com/shopspring/decimal"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// The fields of llm_traces that are the root span's, or else those of the
// earliest span that says them.
const (
	fieldName = iota
	fieldService
	fieldEnvironment
	fieldRelease
	fieldUser
	fieldSession
	fieldCount
)

func fieldValues(s *mapping.Span) [fieldCount]string {
	return [fieldCount]string{s.Name, s.ServiceName, s.Environment, s.Release, s.UserID, s.SessionID}
}

// origin orders the spans of a trace: by start, then by span id.
type origin struct {
	start int64
	span  pcommon.SpanID
}

func (o origin) compare(p origin) int {
	return cmp.Or(cmp.Compare(o.start, p.start), bytes.Compare(o.span[:], p.span[:]))
}

// said is the earliest word on a field; an empty value: nobody said it yet.
type said struct {
	origin
	value string
}

// rootSpan is the earliest span without a parent.
type rootSpan struct {
	ok bool
	origin
	status string
	values [fieldCount]string
}

// rollup is a row of llm_traces. Merging is commutative and associative, so a
// trace's row is the same whatever the order and batching of its spans.
type rollup struct {
	start, end int64
	root       rootSpan
	said       [fieldCount]said
	tags       []string // sorted
	models     []string // sorted
	// scopes are hashes of those of the model spans, the first two: where there
	// is only one, no call can be told side by side.
	scopes []uint64
	beside bool // calls told side by side are on record
	// foreign is what another program wrote into the row that no span says.
	foreign struct {
		values       [fieldCount]string
		root, status string
	}

	spans, llmCalls, toolCalls, errors int64
	input, output, total               int64
	cost                               decimal.Decimal
}

// addSpan merges a newly stored span, its counts apart.
func (r *rollup) addSpan(s *mapping.Span) {
	if r.spans == 0 || s.Start < r.start {
		r.start = s.Start
	}
	if r.spans == 0 || s.End > r.end {
		r.end = s.End
	}
	r.spans++
	if s.ErrorType != "" {
		r.errors++
	}
	at, values := origin{s.Start, s.SpanID}, fieldValues(s)
	for f, v := range values {
		if v != "" && (r.said[f].value == "" || at.compare(r.said[f].origin) < 0) {
			r.said[f] = said{at, v}
		}
	}
	if s.ParentSpanID.IsEmpty() && (!r.root.ok || at.compare(r.root.origin) < 0) {
		r.root = rootSpan{ok: true, origin: at, status: s.Status, values: values}
	}
	for _, t := range s.Tags {
		r.tags = insert(r.tags, t)
	}
	if s.Kind.IsModel() {
		if model := cmp.Or(s.RequestModel, s.ResponseModel); model != "" {
			r.models = insert(r.models, model)
		}
		r.addScope(scopeHash(s.ScopeName))
	}
}

func (r *rollup) addScope(scope uint64) {
	if len(r.scopes) < 2 && !slices.Contains(r.scopes, scope) {
		r.scopes = append(r.scopes, scope)
	}
}

// otherScope tells whether a model span of another scope than scope is known.
func (r *rollup) otherScope(scope uint64) bool {
	return len(r.scopes) > 1 || len(r.scopes) == 1 && r.scopes[0] != scope
}

func scopeHash(name string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(name))
	return h.Sum64()
}

// count adds a span's part in the sums, or with sign -1 takes it back.
func (r *rollup) count(n *node, counted, usageCounted mapping.Bool, sign int64) {
	if counted.V && n.kind == mapping.KindLLM {
		r.llmCalls += sign
	}
	if counted.V && n.kind == mapping.KindTool {
		r.toolCalls += sign
	}
	if usageCounted.V {
		r.input = addTokens(r.input, sign*n.input.V)
		r.output = addTokens(r.output, sign*n.output.V)
		r.total = addTokens(r.total, sign*n.total.V)
		if n.cost.Valid {
			r.cost = r.cost.Add(n.cost.Decimal.Mul(decimal.NewFromInt(sign)))
		}
	}
}

// addTokens adds counts and stays at the largest number that a bigint holds, which
// only nonsense reaches.
func addTokens(a, b int64) int64 {
	if sum := a + b; a < 0 || b < 0 || sum >= 0 {
		return sum
	}
	return math.MaxInt64
}

// merge adds other, the same trace's row over other spans.
func (r *rollup) merge(other *rollup) {
	if other.spans == 0 {
		return
	}
	if r.spans == 0 || other.start < r.start {
		r.start = other.start
	}
	if r.spans == 0 || other.end > r.end {
		r.end = other.end
	}
	for f, s := range other.said {
		if s.value != "" && (r.said[f].value == "" || s.compare(r.said[f].origin) < 0) {
			r.said[f] = s
		}
	}
	if other.root.ok && (!r.root.ok || other.root.compare(r.root.origin) < 0) {
		r.root = other.root
	}
	for _, t := range other.tags {
		r.tags = insert(r.tags, t)
	}
	for _, m := range other.models {
		r.models = insert(r.models, m)
	}
	for _, s := range other.scopes {
		r.addScope(s)
	}
	r.beside = r.beside || other.beside
	r.spans += other.spans
	r.errors += other.errors
	r.llmCalls += other.llmCalls
	r.toolCalls += other.toolCalls
	r.input = addTokens(r.input, other.input)
	r.output = addTokens(r.output, other.output)
	r.total = addTokens(r.total, other.total)
	r.cost = r.cost.Add(other.cost)
}

// value returns what llm_traces shows of field f.
func (r *rollup) value(f int) string {
	return cmp.Or(r.root.values[f], r.said[f].value, r.foreign.values[f])
}

// status is the root's.
func (r *rollup) status() string { return cmp.Or(r.root.status, r.foreign.status, "unset") }

// rootID is the root's span id in hex; "" while there is none.
func (r *rollup) rootID() string {
	if r.root.ok {
		return r.root.span.String()
	}
	return r.foreign.root
}

// insert adds v to a sorted set.
func insert(set []string, v string) []string {
	at, found := slices.BinarySearch(set, v)
	if found {
		return set
	}
	return slices.Insert(set, at, v)
}
