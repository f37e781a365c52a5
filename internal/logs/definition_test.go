package logs

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// observed is a call, a tool or an agent as a span or a record tells it: what the plain
// definition of "counted once, in two signals" needs.
type observed struct {
	mapping.Span
	event   bool
	name    string // of the event
	byTime  bool
	named   pcommon.SpanID // the span that the record says is the call
	ids     map[string]bool
	session string
	others  []string // sessions that spans of its trace name, where it names none
	models  []string
	failed  bool
	// What the definition says:
	below                              map[int]bool
	counted, usageCounted, costCounted bool
}

func isCallKind(k mapping.Kind) bool { return k.IsModel() || k == mapping.KindTool }

func newEvent(o *Observation, s mapping.Span) observed {
	t := newObserved(s)
	t.event, t.name, t.byTime, t.named = true, o.Event, o.ByTime, o.Call
	for _, id := range o.IDs {
		t.ids[id] = true
	}
	return t
}

func newObserved(s mapping.Span) observed {
	t := observed{Span: s, ids: map[string]bool{}, session: s.SessionID}
	if s.Kind == mapping.KindTool {
		if s.ToolCallID != "" {
			t.ids[s.ToolCallID] = true
		}
	} else if s.ResponseID != "" {
		t.ids[s.ResponseID] = true
	}
	for _, m := range []string{s.RequestModel, s.ResponseModel} {
		if m != "" {
			t.models = append(t.models, m[strings.LastIndexByte(m, '/')+1:])
		}
	}
	reports := s.Usage.Input.OK || s.Usage.Output.OK || s.Usage.Total.OK
	t.failed = (s.Status == "error" || s.ErrorType != "") && len(s.OutputMessageIDs) == 0 && !reports
	return t
}

// settleSessions gives a span that names no session those of its trace, and a model span that names no model
// that of its nearest ancestor.
func settleSessions(all []observed) {
	sessions := map[pcommon.TraceID][]string{}
	parents := map[pcommon.TraceID]map[pcommon.SpanID]int{}
	for i := range all {
		t := &all[i]
		if t.session != "" && !slices.Contains(sessions[t.TraceID], t.session) && !t.event {
			sessions[t.TraceID] = append(sessions[t.TraceID], t.session)
		}
		if parents[t.TraceID] == nil {
			parents[t.TraceID] = map[pcommon.SpanID]int{}
		}
		parents[t.TraceID][t.SpanID] = i
	}
	for i := range all {
		t := &all[i]
		if of := sessions[t.TraceID]; t.session == "" && len(of) > 0 {
			t.session, t.others = of[0], of[1:]
		}
		if !t.Kind.IsModel() {
			continue
		}
		for at, ok := parents[t.TraceID][t.ParentSpanID]; ok && len(t.models) == 0; at, ok = parents[t.TraceID][all[at].ParentSpanID] {
			t.models = all[at].models
		}
	}
}

func agree(a, b []string) bool {
	if len(a) == 0 || len(b) == 0 {
		return true
	}
	for _, x := range a {
		for _, y := range b {
			if strings.HasPrefix(x, y) || strings.HasPrefix(y, x) {
				return true
			}
		}
	}
	return false
}

func within(a, b int64, d time.Duration) bool {
	return a-b <= d.Microseconds() && b-a <= d.Microseconds()
}

func share(a, b map[string]bool) bool {
	for id := range a {
		if b[id] {
			return true
		}
	}
	return false
}

// oneCall reports whether two observations of which one at least is an event are one call.
func oneCall(a, b *observed) bool {
	if a.Kind != b.Kind || !isCallKind(a.Kind) || !a.event && !b.event {
		return false
	}
	if a.event && b.event && a.name == b.name {
		return false
	}
	if a.TraceID == b.TraceID && (a.event && !a.named.IsEmpty() && a.named == b.SpanID || b.event && !b.named.IsEmpty() && b.named == a.SpanID) {
		return true
	}
	sameNames := a.Kind != mapping.KindTool || strings.HasSuffix(a.ToolName, b.ToolName) || strings.HasSuffix(b.ToolName, a.ToolName)
	together := a.TraceID == b.TraceID || inOneSession(a, b) || a.session == "" || b.session == ""
	if share(a.ids, b.ids) && sameNames && together && within(a.End, b.End, time.Minute) {
		return true
	}
	return (a.event && a.byTime || b.event && b.byTime) && byTime(a, b)
}

func inOneSession(a, b *observed) bool {
	return a.session == b.session || slices.Contains(a.others, b.session) || slices.Contains(b.others, a.session)
}

// byTime is the last of the definition's rules.
func byTime(a, b *observed) bool {
	if len(a.ids) > 0 && len(b.ids) > 0 || !inOneSession(a, b) || !agree(a.models, b.models) || !within(a.End, b.End, 2*time.Second) {
		return false
	}
	if a.Kind == mapping.KindTool {
		return a.ToolName == b.ToolName
	}
	if a.failed != b.failed {
		return false
	}
	if a.failed {
		return true
	}
	known := func(t *observed) bool { return t.Usage.Input.OK || t.Usage.Output.OK }
	if known(a) != known(b) {
		return a.Start <= b.End && b.Start <= a.End
	}
	return known(a) && a.Usage.Input == b.Usage.Input && sameOutput(a, b)
}

// sameOutput compares output up to the reasoning that only one of two tells.
func sameOutput(a, b *observed) bool {
	if a.Usage.Output == b.Usage.Output {
		return true
	}
	if a.Usage.Reasoning.OK == b.Usage.Reasoning.OK {
		return false
	}
	return a.Usage.Output.V-a.Usage.Reasoning.V == b.Usage.Output.V-b.Usage.Reasoning.V
}

func figures(t *observed) (n int) {
	for _, f := range []mapping.Int{t.Usage.Input, t.Usage.Output, t.Usage.CacheRead, t.Usage.CacheCreation, t.Usage.Reasoning} {
		if f.OK {
			n++
		}
	}
	return n
}

// define works out the flags from the definition.
func define(all []observed) {
	n := len(all)
	edges := make([][]int, n) // from an observation to those it lies below
	for i := range all {
		for j := range all {
			if i == j {
				continue
			}
			if all[i].TraceID == all[j].TraceID && all[i].ParentSpanID == all[j].SpanID {
				edges[i] = append(edges[i], j)
			}
		}
	}
	pairs := map[[2]int]bool{}
	for i := range all {
		for j := range i {
			if oneCall(&all[i], &all[j]) {
				inner, outer := inside(all, i, j)
				pairs[[2]int{inner, outer}] = true
			}
		}
	}
	// A paired event lies below neither its span nor anything under that span.
	for pair := range pairs {
		inner, outer := pair[0], pair[1]
		if !all[inner].event {
			edges[outer] = slices.DeleteFunc(edges[outer], func(j int) bool { return j == inner || reaches(edges, j, inner) })
		}
	}
	for pair := range pairs {
		edges[pair[0]] = append(edges[pair[0]], pair[1])
	}
	for i := range all {
		all[i].below = map[int]bool{}
	}
	for i := range all {
		for _, j := range reached(edges, i) {
			all[j].below[i] = true
		}
	}
	for i := range all {
		flag(all, i, pairs)
	}
}

// inside tells which of a pair lies below the other: the span, or of two events the one
// with more figures.
func inside(all []observed, i, j int) (inner, outer int) {
	a, b := &all[i], &all[j]
	switch {
	case !a.event:
		return i, j
	case !b.event:
		return j, i
	case cmp.Or(cmp.Compare(figures(a), figures(b)), cmp.Compare(a.name, b.name), cmp.Compare(string(a.SpanID[:]), string(b.SpanID[:]))) > 0:
		return i, j
	}
	return j, i
}

func reached(edges [][]int, from int) []int {
	seen := map[int]bool{from: true}
	var found []int
	todo := slices.Clone(edges[from])
	for len(todo) > 0 {
		j := todo[0]
		todo = todo[1:]
		if !seen[j] {
			seen[j] = true
			found = append(found, j)
			todo = append(todo, edges[j]...)
		}
	}
	return found
}

func reaches(edges [][]int, from, to int) bool { return slices.Contains(reached(edges, from), to) }

func flag(all []observed, i int, pairs map[[2]int]bool) {
	t := &all[i]
	tokens := func(t *observed) bool { return t.Usage.Input.OK || t.Usage.Output.OK || t.Usage.Total.OK }
	t.counted, t.usageCounted, t.costCounted = isCallKind(t.Kind), tokens(t), t.Usage.TotalCost.Valid
	aggregate := t.Kind == mapping.KindAgent || t.Kind == mapping.KindChain
	if !aggregate && !t.Kind.IsModel() {
		t.usageCounted, t.costCounted = false, false
	}
	for j := range t.below {
		d := &all[j]
		if d.Kind == t.Kind && (t.Kind != mapping.KindTool || d.ToolName == t.ToolName && (d.ToolCallID == "" || t.ToolCallID == "" || d.ToolCallID == t.ToolCallID)) &&
			(t.failed || !d.failed || t.Kind == mapping.KindTool) {
			t.counted = false
		}
		same := d.Kind == t.Kind || aggregate && (d.Kind.IsModel() || d.Kind == mapping.KindAgent || d.Kind == mapping.KindChain)
		if same && tokens(d) && (!pairs[[2]int{j, i}] || figures(t) <= figures(d)) {
			t.usageCounted = false
		}
		if same && d.Usage.TotalCost.Valid {
			t.costCounted = false
		}
	}
	for pair := range pairs {
		if pair[0] == i && figures(&all[pair[1]]) > figures(t) {
			t.usageCounted = false
		}
	}
	if !aggregate {
		return
	}
	for j := range all {
		e := &all[j]
		if e.event && e.Kind.IsModel() && tokens(e) && (e.TraceID == t.TraceID || e.session != "" && e.session == t.session) && (t.Start <= e.End && e.End <= t.End || within(e.End, t.End, time.Second/2)) {
			t.usageCounted = false
		}
	}
}
