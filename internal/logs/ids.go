package logs

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
)

// ID is the first 128 bits of SHA-256 over a record in its canonical form.
type ID [16]byte

// ids derives ids.
type ids struct {
	hash hash.Hash
	buf  []byte
}

func newIDs() ids { return ids{hash: sha256.New()} }

// of returns the id of a record: the same for every resend, whatever batch it is in.
func (d *ids) of(r plog.LogRecord, scope pcommon.InstrumentationScope, res pcommon.Resource) (id ID) {
	var rep jsonval.Repairs
	b := d.buf[:0]
	for _, n := range []uint64{uint64(r.Timestamp()), uint64(r.ObservedTimestamp()), uint64(r.SeverityNumber()), uint64(r.Flags())} {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	trace, span := r.TraceID(), r.SpanID()
	b = append(append(b, trace[:]...), span[:]...)
	for _, text := range []string{r.EventName(), r.SeverityText(), scope.Name(), scope.Version()} {
		b = append(binary.AppendUvarint(b, uint64(len(text))), text...)
	}
	b = jsonval.AppendValue(b, r.Body(), &rep)
	b = jsonval.AppendMap(b, r.Attributes(), &rep)
	b = jsonval.AppendMap(b, scope.Attributes(), &rep)
	b = jsonval.AppendMap(b, res.Attributes(), &rep)
	d.buf = b
	sum := sha256.Sum256(b)
	copy(id[:], sum[:])
	return id
}

// derived hashes parts, each after its length so that no two lists are alike.
func (d *ids) derived(parts ...string) (sum [32]byte) {
	d.hash.Reset()
	for _, p := range parts {
		_, _ = d.hash.Write(binary.AppendUvarint(nil, uint64(len(p)))) // never fails
		_, _ = d.hash.Write([]byte(p))
	}
	d.hash.Sum(sum[:0])
	return sum
}

var serviceName = []string{"service.name"}

// turn is what a record without a trace belongs to.
func (rec *record) turn(p *program, row *Record) []string {
	parts := []string{"turn", resourceText(rec.res, serviceName), row.Session}
	if turn := rec.textOf(p.turn); turn != "" {
		parts = append(parts, turn)
	}
	return parts
}

// place gives the span of a record its ids. A call's span id is the record's; the agent
// of a turn has one that the records of its calls can derive as well.
func (d *ids) place(rec *record, p *program, told *rule, row *Record, span ptrace.Span) {
	own := d.of(rec.LogRecord, rec.scope, rec.res)
	id := pcommon.SpanID(own[:8])
	turn := d.derived(rec.turn(p, row)...)
	agent := pcommon.SpanID(turn[16:24])
	trace := rec.TraceID()
	if trace.IsEmpty() {
		trace = pcommon.TraceID(turn[:16])
		if row.Session == "" {
			// Nothing tells which turn: a record stands for itself.
			trace = pcommon.TraceID(own)
		}
	}
	span.SetTraceID(trace)
	if told.tells == Prompt {
		span.SetSpanID(agent)
		span.SetParentSpanID(rec.SpanID())
		return
	}
	span.SetSpanID(id)
	switch {
	case !rec.SpanID().IsEmpty() && told.names == namesParent:
		span.SetParentSpanID(rec.SpanID())
	case rec.TraceID().IsEmpty() && row.Session != "":
		span.SetParentSpanID(agent)
	}
}
