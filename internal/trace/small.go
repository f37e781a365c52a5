package trace

// smallTrace is up to how many spans a trace is small that came complete: several spans in one batch,
// with all parents that they name. Its spans are seldom looked for from above, and reading the trace
// finds them, so they have no entry in the index llm_spans_below, which costs 1.6 µs. Of a trace
// that comes in pieces more is to be expected: its spans have entries from the beginning. A small
// trace that outgrows this is read once, and its spans get entries.
const smallTrace = 64

// settleSize notes whether the trace is small. It reports that the trace has to be read since it
// is no longer.
func (p *Planner) settleSize() (outgrown bool) {
	t := p.t
	switch {
	case t.stored == nil:
		if p.batch.Spans > 1 && p.batch.Spans <= smallTrace && p.isComplete() {
			p.after |= small
		}
	case !t.whole:
		return p.after&small != 0 && t.stored.Spans+p.batch.Spans > smallTrace
	case int64(len(t.known))+p.batch.Spans <= smallTrace && t.allSmall():
		p.after |= small
	default:
		p.after &^= small
	}
	return false
}

// isComplete reports whether all parents have arrived.
func (p *Planner) isComplete() bool {
	for v := range p.vertices {
		if !p.vertices[v].arrived() {
			return false
		}
	}
	return true
}

// allSmall reports whether no known span has an entry in llm_spans_below.
func (t *Trace) allSmall() bool {
	for i := range t.known {
		if !t.known[i].Small {
			return false
		}
	}
	return true
}
