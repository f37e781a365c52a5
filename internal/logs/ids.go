package logs

import (
	"crypto/sha256"
	"encoding/binary"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// ids derives ids.
type ids struct {
	buf    []byte
	around []byte // what the records of a scope share, once known
}

// of returns the id of a record: the first 128 bits of SHA-256 over the record in its
// canonical form, the same for every resend, whatever batch it is in.
func (d *ids) of(r *record) (id content.ID) {
	var rep jsonval.Repairs
	b := d.buf[:0]
	for _, n := range []uint64{uint64(r.Timestamp()), uint64(r.ObservedTimestamp()), uint64(r.SeverityNumber()), uint64(r.Flags())} {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	trace, span := r.TraceID(), r.SpanID()
	b = append(append(b, trace[:]...), span[:]...)
	b = appendTexts(b, r.EventName(), r.SeverityText())
	b = jsonval.AppendValue(b, r.Body(), &rep)
	b = jsonval.AppendMap(b, r.Attributes(), &rep)
	if d.around == nil {
		d.around = appendTexts(nil, r.scope.Name(), r.scope.Version())
		d.around = jsonval.AppendMap(d.around, r.scope.Attributes(), &rep)
		d.around = jsonval.AppendMap(d.around, r.res.Attributes(), &rep)
	}
	b = append(b, d.around...)
	d.buf = b
	sum := sha256.Sum256(b)
	copy(id[:], sum[:])
	return id
}

func appendTexts(b []byte, texts ...string) []byte {
	for _, text := range texts {
		b = append(binary.AppendUvarint(b, uint64(len(text))), text...)
	}
	return b
}

var serviceName = []string{"service.name"}

// turnOf hashes what a record without a trace belongs to, each part after its length so that no two turns are alike.
func (d *ids) turnOf(rec *record, p *program, row *mapping.Record) *[sha256.Size]byte {
	if rec.turn == nil {
		d.buf = appendTexts(d.buf[:0], "turn", resourceText(rec.res, serviceName), row.Session)
		if turn := rec.textOf(p.turn); turn != "" {
			d.buf = appendTexts(d.buf, turn)
		}
		sum := sha256.Sum256(d.buf)
		rec.turn = &sum
	}
	return rec.turn
}

// settleTrace gives a record without a trace the one of its turn; where nothing tells
// which turn, it stands for itself.
func (d *ids) settleTrace(rec *record, p *program, row *mapping.Record) {
	switch {
	case !row.Trace.IsEmpty():
	case row.Session == "":
		row.Trace = pcommon.TraceID(row.ID)
	default:
		row.Trace = pcommon.TraceID(d.turnOf(rec, p, row)[:16])
	}
}

// place gives the span of a record its ids, and returns the trace that is derived from the turn of a
// prompt or of a record without a trace. A call's span id is the record's; the agent
// of a turn has one that the records of its calls can derive as well.
func (d *ids) place(rec *record, p *program, spec *rule, row *mapping.Record, span ptrace.Span) (turn pcommon.TraceID) {
	span.SetTraceID(row.Trace)
	if rec.TraceID().IsEmpty() {
		turn = row.Trace
	}
	if spec.kind != Prompt && (!rec.SpanID().IsEmpty() || !rec.TraceID().IsEmpty() || row.Session == "") {
		span.SetSpanID(pcommon.SpanID(row.ID[:8]))
		if spec.names == namesParent {
			span.SetParentSpanID(rec.SpanID())
		}
		return turn
	}
	of := d.turnOf(rec, p, row)
	agent := pcommon.SpanID(of[16:24])
	if spec.kind == Prompt {
		span.SetSpanID(agent)
		span.SetParentSpanID(rec.SpanID())
		if row.Session != "" {
			turn = pcommon.TraceID(of[:16])
		}
		return turn
	}
	span.SetSpanID(pcommon.SpanID(row.ID[:8]))
	span.SetParentSpanID(agent)
	return turn
}

// agentOf returns the span id of the agent of a record's turn.
func (d *ids) agentOf(rec *record, p *program, row *mapping.Record) pcommon.SpanID {
	return pcommon.SpanID(d.turnOf(rec, p, row)[16:24])
}
