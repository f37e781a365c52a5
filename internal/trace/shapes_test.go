package trace

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/shopspring/decimal"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// recipe makes traces of one shape in any size: what a span is depends on its number, and
// on the number of spans.
type recipe struct {
	parent, time, order, ids int
	classes                  []spanClass // by number, in turn
	first, last              *spanClass  // of the first and the last span; nil: as the others
	batch                    int
	seed                     uint64
}

// spanClass is the facts of a span. Facts are 0 where they are absent, or say of how many spans
// in a row they are the same, or that they are the same for all.
type spanClass struct {
	kind                                             mapping.Kind
	scope                                            string
	tokens, response, input, output, tool, call, arg int
	cost, estimate, failed                           bool
}

const (
	everywhere = -1
	parents    = 13
	times      = 7
	orders     = 5
	idents     = 5
)

func randomRecipe(r *rand.Rand) *recipe {
	rc := &recipe{
		parent: r.IntN(parents), time: r.IntN(times), order: r.IntN(orders), ids: max(0, r.IntN(3*idents)-2*idents),
		batch: []int{4, 16, 32}[r.IntN(3)], seed: r.Uint64(),
	}
	kinds := []mapping.Kind{mapping.KindLLM, mapping.KindLLM, mapping.KindLLM, mapping.KindEmbedding, mapping.KindTool, mapping.KindTool, mapping.KindAgent, mapping.KindChain, mapping.KindOther}
	one := func() *spanClass {
		same := func() int { return []int{0, 0, everywhere, everywhere, 1, 2, 3, 10}[r.IntN(8)] }
		c := &spanClass{
			kind: kinds[r.IntN(len(kinds))], scope: []string{"a", "a", "b", "c"}[r.IntN(4)], tokens: same(), response: same(), input: same(), output: same(),
			tool: same(), call: same(), arg: same(), cost: r.IntN(3) == 0, estimate: r.IntN(2) == 0, failed: r.IntN(5) == 0,
		}
		if r.IntN(2) == 0 { // few facts at once, or some hide others
			c.response, c.output = 0, 0
		}
		return c
	}
	for range 1 + r.IntN(4) {
		rc.classes = append(rc.classes, *one())
	}
	if r.IntN(2) == 0 {
		rc.first = one()
	}
	if r.IntN(2) == 0 {
		rc.last = one()
	}
	return rc
}

// spans makes n spans, in the order in which they are stored.
func (rc *recipe) spans(n int) []Span {
	r := rand.New(rand.NewPCG(rc.seed, 2))
	spans := flat(n, func(i int, s *Span) {
		c := &rc.classes[i%len(rc.classes)]
		switch {
		case i == 0 && rc.first != nil:
			c = rc.first
		case i == n-1 && rc.last != nil:
			c = rc.last
		}
		c.set(i, s)
		rc.setTime(i, n, r, s)
	})
	ids := make([]pcommon.SpanID, n)
	for i := range spans {
		ids[i] = spans[rc.identity(i)].ID
	}
	for i := range spans {
		spans[i].ID = ids[i]
		if rc.identity(i) != i { // another observation, at another time
			spans[i].Start, spans[i].End = spans[i].Start+int64(i), spans[i].End+int64(i)
		}
	}
	for i := range spans {
		spans[i].Parent = rc.parentOf(i, n, r, ids)
	}
	return rc.ordered(spans, r)
}

// identity is the first span of the same id.
func (rc *recipe) identity(i int) int {
	switch rc.ids {
	case 1: // all have one
		return 0
	case 2: // pairs
		return i / 2 * 2
	case 3: // every second one
		return i * (i % 2)
	case 4: // ten of all
		return i % 10
	}
	return i
}

func (rc *recipe) parentOf(i, n int, r *rand.Rand, ids []pcommon.SpanID) (parent pcommon.SpanID) {
	at := -1
	switch rc.parent {
	case 0: // none
	case 1: // a chain
		at = i - 1
	case 2: // a star
		if i > 0 {
			at = 0
		}
	case 3: // a comb
		if at = i - 1; i%2 == 0 {
			at = i - 2
		}
	case 4: // a caterpillar: a chain that every tenth span continues
		if at = i / 10 * 10; i%10 == 0 {
			at = i - 10
		}
	case 5:
		at = i/2 - 1 + i%2
	case 6:
		if i > 0 {
			at = r.IntN(i)
		}
	case 7: // one that never comes
		return pcommon.SpanID{0xff, 1}
	case 8: // each another that never comes
		return pcommon.SpanID{0xff, 2, byte(i >> 16), byte(i >> 8), byte(i)}
	case 9: // the last one
		if i < n-1 {
			at = n - 1
		}
	case 10: // the next one
		at = (i + 1) % (n + 1)
	case 11: // a few chains below one that never comes
		if i < 4 {
			return pcommon.SpanID{0xff, 3}
		}
		at = i - 4
	case 12: // ten by ten below one of them, and these below the first
		switch {
		case i == 0:
		case i%10 == 1:
			at = 0
		default:
			at = (i-1)/10*10 + 1
		}
	}
	if at >= 0 && at < n {
		return ids[at]
	}
	return parent
}

func (rc *recipe) setTime(i, n int, r *rand.Rand, s *Span) {
	switch rc.time {
	case 0: // all at one time
	case 1: // one after the other
		s.Start += int64(10 * i)
		s.End = s.Start + 5
	case 2: // two by two
		after(s, i/2*10, i%2)
	case 3:
		s.Start += int64(i)
		s.End = s.Start + int64(n)
	case 4: // each within the one before
		s.Start += int64(i)
		s.End = s.Start + int64(2*(n-i))
	case 5:
		s.Start += int64(r.IntN(10 * n))
		s.End = s.Start + int64(r.IntN(10*n))
	case 6: // all within the first one
		if s.Start += int64(10 * i); i == 0 {
			s.End = s.Start + int64(100*n)
		} else {
			s.End = s.Start + 5
		}
	}
}

func (rc *recipe) ordered(spans []Span, r *rand.Rand) []Span {
	switch rc.order {
	case 1:
		slices.Reverse(spans)
	case 2:
		r.Shuffle(len(spans), func(i, j int) { spans[i], spans[j] = spans[j], spans[i] })
	case 3, 4: // every second one, then the others
		half := slices.Clone(spans[:0])
		for _, odd := range []int{rc.order - 3, 4 - rc.order} {
			for i := odd; i < len(spans); i += 2 {
				half = append(half, spans[i])
			}
		}
		return half
	}
	return spans
}

func (c *spanClass) set(i int, s *Span) {
	number := func(same int) int { // 0: absent
		switch same {
		case 0:
			return 0
		case everywhere:
			return 1
		}
		return 2 + i/same
	}
	text := func(same int) string {
		if n := number(same); n > 0 {
			return strconv.Itoa(n)
		}
		return ""
	}
	id := func(same int) (id [16]byte) {
		copy(id[:], text(same))
		return id
	}
	s.Kind, s.Scope = c.kind, c.scope
	if n := int64(number(c.tokens)); n > 0 {
		s.Input, s.Output = mapping.Int{V: n, OK: true}, mapping.Int{V: n % 7, OK: true}
	}
	if c.cost {
		s.Cost = decimal.NewNullDecimal(decimal.New(1, 0))
	}
	switch {
	case c.kind.IsModel():
		s.Models = newModels("gpt-4o")
		s.ResponseID, s.LastInput, s.FirstOutput = text(c.response), id(c.input), id(c.output)
		if c.estimate && s.reportsTokens() {
			s.Estimate = decimal.NewNullDecimal(decimal.New(1, 0))
		}
		s.Error = c.failed
		s.Failed = s.Error && c.output == 0 && !s.reportsTokens()
	case c.kind == mapping.KindTool:
		s.ToolName, s.ToolCall, s.ToolArguments = text(c.tool), text(c.call), id(c.arg)
	}
}

// String is short, for what a search finds.
func (rc *recipe) String() string {
	return fmt.Sprintf("parent %d time %d order %d ids %d batch %d first %v last %v %+v", rc.parent, rc.time, rc.order, rc.ids, rc.batch, rc.first != nil, rc.last != nil, rc.all())
}

// all are the classes of all spans.
func (rc *recipe) all() []spanClass {
	classes := slices.Clone(rc.classes)
	for _, c := range []*spanClass{rc.first, rc.last} {
		if c != nil {
			classes = append(classes, *c)
		}
	}
	return classes
}

// work is what storing a trace takes, counted.
type work struct{ rows, narrow, changes, asks, wholes, bytes int }

func (rc *recipe) work(t testing.TB, n int) work {
	s := newStorage()
	s.weighs = true
	for batch := range slices.Chunk(rc.spans(n), rc.batch) {
		s.store(t, batch)
	}
	return work{s.read, s.narrow, s.changes, s.asks, s.wholes, int(s.allocated)}
}

// superlinear says what grew faster than the number of spans, by more than twice.
func (w work) superlinear(few work, factor, n int) string {
	type count struct {
		what      string
		few, many int
	}
	counts := []count{{"rows", few.rows, w.rows}, {"changes", few.changes, w.changes}, {"asks", few.asks, w.asks}}
	if w.narrow <= 2*factor*few.narrow { // these take memory
		counts = append(counts, count{"KiB", few.bytes >> 10, w.bytes >> 10})
	}
	for _, count := range counts {
		if count.many > 2*factor*count.few+factor*n {
			return fmt.Sprintf("%s %d -> %d", count.what, count.few, count.many)
		}
	}
	return ""
}

// known reports whether work is known to grow faster than the trace: where tools are nested in
// deep trees; where spans have several observations with other
// parents or tools; and where calls side by side lie in deep trees, as each pair looks through the
// ancestors of its outer call, whose clocks may be odd (package documentation: "What grows with the
// trace").
func (rc *recipe) known() bool {
	tools, scopes := false, map[mapping.Kind]string{}
	mixed := false
	for _, c := range rc.all() {
		tools = tools || c.kind == mapping.KindTool
		if scope, there := scopes[c.kind]; there && scope != c.scope {
			mixed = true
		}
		scopes[c.kind] = c.scope
	}
	deep := !slices.Contains([]int{0, 2, 7, 8, 9, 12}, rc.parent)
	switch rc.ids {
	case 0:
		return deep && (tools || mixed)
	case 4:
		return tools || mixed
	}
	return true
}

// TestShapesNobodyListed makes traces of random shapes, in two sizes, and counts what storing
// them takes: rows of spans, pairs and tools that are read, changes of stored rows, round trips,
// memory. Of calls side by side one narrow row each is read too. SHAPES sets how many shapes,
// SHAPES_FROM the first, and SHAPES_ALL adds those that are known.
func TestShapesNobodyListed(t *testing.T) {
	shapes, from := 200, 0
	if n, err := strconv.Atoi(os.Getenv("SHAPES")); err == nil {
		shapes = n
	}
	if n, err := strconv.Atoi(os.Getenv("SHAPES_FROM")); err == nil {
		from = n
	}
	const n, factor = 128, 4
	for seed := from; seed < from+shapes; seed++ {
		rc := randomRecipe(rand.New(rand.NewPCG(uint64(seed), 3)))
		if rc.known() && os.Getenv("SHAPES_ALL") == "" {
			continue
		}
		few, many := rc.work(t, n), rc.work(t, factor*n)
		if many.superlinear(few, factor, n) == "" {
			continue
		}
		large := 2 * n // beyond what is bounded, as MostObservations is for each id
		if rc.ids == 4 {
			large *= 8
		}
		few, many = rc.work(t, large), rc.work(t, factor*large)
		if what := many.superlinear(few, factor, large); what != "" {
			t.Errorf("shape %d: %s of %d and %d spans: %+v %+v: %v", seed, what, large, factor*large, few, many, rc)
		}
	}
}
