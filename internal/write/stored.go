package write

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// spans implements store.
func (t *transaction) spans(ctx context.Context, refs []spanRef) ([]node, []edge, error) {
	rows := make([]refRow, len(refs))
	var beside []refRow
	for i, r := range refs {
		tr := &t.traces[r.trace]
		rows[i] = refRow{r.trace, tr.id, r.span}
		if tr.stored.beside {
			beside = append(beside, rows[i])
		}
	}
	nodes, err := t.readNodes(ctx, appendRows(nil, "look up spans", &t.w.sql.storedSpans, rows, t.bounds()...))
	if err != nil || len(beside) == 0 {
		return nodes, nil, err
	}
	edges, err := t.readEdges(ctx, appendRows(nil, "look up calls side by side", &t.w.sql.storedEdges, beside))
	return nodes, edges, err
}

func (t *transaction) readNodes(ctx context.Context, s []statement) ([]node, error) {
	var nodes []node
	s[0].row = func(v [][]byte) error {
		n, err := readNode(v)
		nodes = append(nodes, n)
		return err
	}
	return nodes, exec(ctx, t.pg, s...)
}

func (t *transaction) readEdges(ctx context.Context, s []statement) ([]edge, error) {
	var edges []edge
	s[0].row = func(v [][]byte) error {
		var e edge
		r := reader{values: v}
		e.trace = int32(r.int())
		r.spanID(e.inner[:])
		r.spanID(e.outer[:])
		e.settled = r.bool().V
		edges = append(edges, e)
		return r.err
	}
	return edges, exec(ctx, t.pg, s...)
}

// readAwaited tells f of each of rows that something waits for.
func (t *transaction) readAwaited(ctx context.Context, rows []refRow, f func(spanRef, awaited)) error {
	s := appendRows(nil, "look up awaited spans", &t.w.sql.awaited, rows)
	if len(s) == 0 {
		return nil
	}
	s[0].row = func(v [][]byte) error {
		var (
			ref spanRef
			a   awaited
		)
		r := reader{values: v}
		ref.trace = int32(r.int())
		r.spanID(ref.span[:])
		a.below = marks(r.int())
		a.tools = r.strings()
		if r.err == nil {
			f(ref, a)
		}
		return r.err
	}
	return exec(ctx, t.pg, s...)
}

// readNode reads storedColumns.
func readNode(v [][]byte) (node, error) {
	n := node{stored: true}
	r := reader{values: v}
	n.trace = int32(r.int())
	r.spanID(n.span[:])
	r.spanID(n.parent[:])
	n.start, n.end = r.int(), r.int()
	n.kind = mapping.KindOf(r.string())
	n.tool, n.scope, n.response = r.string(), r.string(), r.string()
	n.input, n.output, n.total = r.optInt(), r.optInt(), r.optInt()
	n.cost = r.optDecimal()
	n.below = marks(r.int())
	n.wasCounted, n.wasUsageCounted = r.bool(), r.bool()
	n.wasBelow, n.reports = n.below, n.wasUsageCounted.OK
	n.toolBelow = n.kind == mapping.KindTool && !n.wasCounted.V
	return n, r.err
}

// readTrace reads a row of lockTraces.
func readTrace(v [][]byte, id *[16]byte, row *rollup) error {
	r := reader{values: v}
	r.uuid(id)
	r.skip() // trace_id
	rootID := r.string()
	var values [fieldCount]string
	for f := range values {
		values[f] = r.string()
	}
	row.start, row.end = r.int(), r.int()
	status := r.string()
	row.spans, row.llmCalls, row.toolCalls, row.errors = r.int(), r.int(), r.int(), r.int()
	row.input, row.output, row.total = r.int(), r.int(), r.int()
	row.cost = r.optDecimal().Decimal
	row.tags, row.models = r.strings(), r.strings()
	origins, err := hex.AppendDecode(nil, r.next())
	r.fail(err)
	if r.err != nil {
		return r.err
	}
	if err := row.readOrigins(origins, rootID, values); err != nil {
		return err
	}
	if row.root.ok {
		row.root.status = status
	} else {
		row.foreign.root, row.foreign.status = rootID, status
	}
	for f, v := range values {
		if row.value(f) == "" {
			row.foreign.values[f] = v
		}
	}
	return nil
}

// reader reads the values of a result row in text format, in order. The first
// error sticks.
type reader struct {
	values [][]byte
	at     int
	err    error
}

func (r *reader) next() []byte {
	v := r.values[r.at]
	r.at++
	return v
}

func (r *reader) skip() { r.at++ }

func (r *reader) fail(err error) {
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("result column %d: %w", r.at, err)
	}
}

func (r *reader) string() string { return string(r.next()) }

func (r *reader) int() int64 { return r.optInt().V }

func (r *reader) optInt() mapping.Int {
	v := r.next()
	if v == nil {
		return mapping.Int{}
	}
	n, err := textInt(v)
	r.fail(err)
	return mapping.Int{V: n, OK: true}
}

func (r *reader) bool() mapping.Bool {
	v := r.next()
	return mapping.Bool{V: string(v) == "t", OK: v != nil}
}

func (r *reader) optDecimal() decimal.NullDecimal {
	v := r.next()
	if v == nil {
		return decimal.NullDecimal{}
	}
	d, err := decimal.NewFromString(string(v))
	r.fail(err)
	return decimal.NewNullDecimal(d)
}

func (r *reader) strings() []string {
	var list []string
	if v := r.next(); v != nil {
		r.fail(json.Unmarshal(v, &list))
	}
	return list
}

func (r *reader) spanID(dst []byte) {
	if v := r.next(); len(v) > 0 {
		_, err := hex.Decode(dst, v[:min(len(v), 16)])
		r.fail(err)
	}
}

func (r *reader) uuid(dst *[16]byte) {
	text := bytes.ReplaceAll(r.next(), []byte("-"), nil)
	_, err := hex.Decode(dst[:], text[:min(len(text), 32)])
	r.fail(err)
}

func compareAwaited(a, b awaitedRow) int {
	return cmp.Or(slices.Compare(a.trace[:], b.trace[:]), slices.Compare(a.span[:], b.span[:]))
}
