package write

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"

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

var fieldNames = [fieldCount]string{"name", "service_name", "environment", "release", "user_id", "session_id"}

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
	// scopes are those of the model spans, the first two: where there is only
	// one, no call can be told side by side.
	scopes []string
	beside bool // calls told side by side are on record

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
		r.addScope(s.ScopeName)
	}
}

func (r *rollup) addScope(scope string) {
	if len(r.scopes) < 2 && !slices.Contains(r.scopes, scope) {
		r.scopes = append(r.scopes, scope)
	}
}

// otherScope tells whether a model span of another scope than scope is known.
func (r *rollup) otherScope(scope string) bool {
	return len(r.scopes) > 1 || len(r.scopes) == 1 && r.scopes[0] != scope
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
		r.input += sign * n.input.V
		r.output += sign * n.output.V
		r.total += sign * n.total.V
		if n.cost.Valid {
			r.cost = r.cost.Add(n.cost.Decimal.Mul(decimal.NewFromInt(sign)))
		}
	}
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
	r.input += other.input
	r.output += other.output
	r.total += other.total
	r.cost = r.cost.Add(other.cost)
}

// value returns what llm_traces shows of field f.
func (r *rollup) value(f int) string { return cmp.Or(r.root.values[f], r.said[f].value) }

// status is the root's.
func (r *rollup) status() string { return cmp.Or(r.root.status, "unset") }

// insert adds v to a sorted set.
func insert(set []string, v string) []string {
	at, found := slices.BinarySearch(set, v)
	if found {
		return set
	}
	return slices.Insert(set, at, v)
}

// appendOrigins appends llm_traces.origins: who said what. Values that the
// row's own columns hold are not repeated.
func (r *rollup) appendOrigins(dst []byte) []byte {
	open := byte('{')
	key := func(name string) {
		dst = append(dst, open, '"')
		dst = append(dst, name...)
		dst = append(dst, '"', ':')
		open = ','
	}
	if r.root.ok {
		key("root")
		dst = append(dst, '[')
		dst = strconv.AppendInt(dst, r.root.start, 10)
		dst = append(dst, ',')
		dst = strconv.AppendInt(dst, int64(r.rootFields()), 10)
		dst = append(dst, ']')
	}
	key("said")
	dst = r.appendSaid(dst)
	if len(r.scopes) > 0 {
		key("scopes")
		dst = appendJSON(dst, r.scopes)
	}
	if r.beside {
		key("beside")
		dst = append(dst, "true"...)
	}
	return append(dst, '}')
}

// rootFields is the set of fields that the root says, as bits.
func (r *rollup) rootFields() int {
	fields := 0
	for f, v := range r.root.values {
		if v != "" {
			fields |= 1 << f
		}
	}
	return fields
}

// appendSaid appends [[start, "span", fields, {"field": value that no column shows}?], …].
func (r *rollup) appendSaid(dst []byte) []byte {
	dst = append(dst, '[')
	done := 0
	for f := range r.said {
		if r.said[f].value == "" || done&(1<<f) != 0 {
			continue
		}
		if done != 0 {
			dst = append(dst, ',')
		}
		fields := 0
		var hidden map[string]string
		for g := f; g < fieldCount; g++ {
			if r.said[g].value == "" || r.said[g].origin != r.said[f].origin {
				continue
			}
			fields |= 1 << g
			if r.said[g].value != r.value(g) {
				if hidden == nil {
					hidden = map[string]string{}
				}
				hidden[fieldNames[g]] = r.said[g].value
			}
		}
		done |= fields
		dst = append(dst, '[')
		dst = strconv.AppendInt(dst, r.said[f].start, 10)
		dst = append(dst, ',', '"')
		dst = hex.AppendEncode(dst, r.said[f].span[:])
		dst = append(dst, '"', ',')
		dst = strconv.AppendInt(dst, int64(fields), 10)
		if hidden != nil {
			dst = append(dst, ',')
			dst = appendJSON(dst, hidden)
		}
		dst = append(dst, ']')
	}
	return append(dst, ']')
}

// appendJSON appends strings, or a map of them, as JSON.
func appendJSON(dst []byte, v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings always marshal
	}
	return append(dst, text...)
}

// readOrigins restores what appendOrigins wrote; the values come from the
// row's columns.
func (r *rollup) readOrigins(text []byte, rootID string, values [fieldCount]string) error {
	var o struct {
		Root   [2]int64
		Said   [][]json.RawMessage
		Scopes []string
		Beside bool
	}
	if err := json.Unmarshal(text, &o); err != nil {
		return err
	}
	r.scopes, r.beside = o.Scopes, o.Beside
	if rootID != "" {
		r.root.ok = true
		r.root.start = o.Root[0]
		if err := readSpanID(&r.root.span, rootID); err != nil {
			return err
		}
		for f := range values {
			if o.Root[1]&(1<<f) != 0 {
				r.root.values[f] = values[f]
			}
		}
	}
	for _, entry := range o.Said {
		if err := r.readSaid(entry, values); err != nil {
			return err
		}
	}
	return nil
}

func (r *rollup) readSaid(entry []json.RawMessage, values [fieldCount]string) error {
	var (
		at     origin
		span   string
		fields int
		hidden map[string]string
	)
	for i, into := range []any{&at.start, &span, &fields, &hidden} {
		if i < len(entry) {
			if err := json.Unmarshal(entry[i], into); err != nil {
				return err
			}
		}
	}
	if err := readSpanID(&at.span, span); err != nil {
		return err
	}
	for f := range values {
		if fields&(1<<f) == 0 {
			continue
		}
		value, ok := hidden[fieldNames[f]]
		if !ok {
			value = values[f]
		}
		r.said[f] = said{at, value}
	}
	return nil
}

func readSpanID(id *pcommon.SpanID, text string) error {
	_, err := hex.Decode(id[:], []byte(text)[:min(len(text), 16)])
	return err
}
