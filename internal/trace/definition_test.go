package trace

import (
	"bytes"
	"cmp"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// define computes the flags of a trace straight from their definition, without a
// thought of cost (testdata/counting.sql says the same in SQL). Spans are told apart
// by id, observations of one id share what lies below it. Of an id whose observations
// differ in kind, only calls of models and tools can repeat a call.
func define(spans []Span) []Flags {
	byID := map[pcommon.SpanID][]int{}
	parents := map[pcommon.SpanID][]pcommon.SpanID{}
	for i := range spans {
		byID[spans[i].ID] = append(byID[spans[i].ID], i)
		if !spans[i].Parent.IsEmpty() {
			parents[spans[i].ID] = append(parents[spans[i].ID], spans[i].Parent)
		}
	}
	nested := closure(parents)
	edges := map[pcommon.SpanID][]pcommon.SpanID{}
	for id, p := range parents {
		edges[id] = slices.Clone(p)
	}
	for i := range spans {
		for o := range spans {
			if besideByDefinition(&spans[i], &spans[o]) && !nested[spans[o].ID][spans[i].ID] {
				edges[spans[i].ID] = append(edges[spans[i].ID], spans[o].ID)
			}
		}
	}
	under := map[pcommon.SpanID][]int{} // by span: what lies below it
	for leaf, above := range closure(edges) {
		for anc := range above {
			under[anc] = append(under[anc], byID[leaf]...)
		}
	}
	result := make([]Flags, len(spans))
	for i := range spans {
		var same, modelTokens, modelCost, tokens, cost bool
		for _, a := range byID[spans[i].ID] {
			for _, d := range under[spans[i].ID] {
				a, d := &spans[a], &spans[d]
				group := d.Kind.IsModel() || d.Kind == mapping.KindAgent || d.Kind == mapping.KindChain
				rt, rc := group && d.reportsTokens(), group && d.Cost.Valid
				same = same || sameByDefinition(a, d)
				modelTokens = modelTokens || rt && a.Kind == d.Kind && a.Kind.IsModel()
				modelCost = modelCost || rc && a.Kind == d.Kind && a.Kind.IsModel()
				tokens, cost = tokens || rt, cost || rc
			}
		}
		s := &spans[i]
		f := &result[i]
		if s.Kind.IsModel() || s.Kind == mapping.KindTool {
			f.Counted = mapping.Bool{V: !same, OK: true}
		}
		if !s.reports() {
			continue
		}
		f.UsageCounted.OK, f.CostCounted.OK = true, true
		switch {
		case s.Kind.IsModel():
			f.UsageCounted.V, f.CostCounted.V = !modelTokens, !modelCost
		case s.Kind == mapping.KindAgent || s.Kind == mapping.KindChain:
			f.UsageCounted.V, f.CostCounted.V = !tokens, !cost
		}
	}
	defineEstimates(spans, byID, closure(edges), result)
	return result
}

// defineEstimates: what the tokens of a model span cost counts where neither itself nor
// another of its kind below it reports the cost, and no span above it reports one that
// counts and that is of its kind or sums up what is below.
func defineEstimates(spans []Span, byID map[pcommon.SpanID][]int, above map[pcommon.SpanID]map[pcommon.SpanID]bool, flags []Flags) {
	for i := range spans {
		s, f := &spans[i], &flags[i]
		if !s.Kind.IsModel() || !s.reportsTokens() {
			continue
		}
		reported := s.Cost.Valid || !f.CostCounted.V
		for id := range above[s.ID] {
			for _, o := range byID[id] {
				around := spans[o].Kind == s.Kind || spans[o].Kind == mapping.KindAgent || spans[o].Kind == mapping.KindChain
				reported = reported || around && spans[o].Cost.Valid && flags[o].CostCounted.V
			}
		}
		f.EstimateCounted = mapping.Bool{V: f.UsageCounted.V && !reported, OK: true}
	}
}

// closure returns what can be reached over edges.
func closure(edges map[pcommon.SpanID][]pcommon.SpanID) map[pcommon.SpanID]map[pcommon.SpanID]bool {
	reach := map[pcommon.SpanID]map[pcommon.SpanID]bool{}
	for from := range edges {
		reach[from] = map[pcommon.SpanID]bool{}
		todo := slices.Clone(edges[from])
		for len(todo) > 0 {
			to := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			if !reach[from][to] {
				reach[from][to] = true
				todo = append(todo, edges[to]...)
			}
		}
	}
	return reach
}

// sameByDefinition: d, below a, repeats the call of a.
func sameByDefinition(a, d *Span) bool {
	if a.Kind != d.Kind || !a.isCall() {
		return false
	}
	if a.Kind == mapping.KindTool {
		return a.ToolName == d.ToolName && (a.ToolCall == "" || d.ToolCall == "" || a.ToolCall == d.ToolCall)
	}
	return a.Failed || !d.Failed
}

// besideByDefinition: i and o are one call side by side, i the inner one.
func besideByDefinition(i, o *Span) bool {
	if i.Kind != o.Kind || !i.Kind.IsModel() && i.Kind != mapping.KindTool || i.ID == o.ID || i.Scope == o.Scope {
		return false
	}
	if i.Start < o.Start || i.End > o.End || i.Start == o.Start && i.End == o.End && bytes.Compare(i.ID[:], o.ID[:]) <= 0 {
		return false
	}
	if i.Kind == mapping.KindTool {
		sameID := i.ToolCall != "" && i.ToolCall == o.ToolCall
		sameArguments := (i.ToolCall == "" || o.ToolCall == "") && i.ToolArguments != [16]byte{} && i.ToolArguments == o.ToolArguments
		return i.ToolName != "" && i.ToolName == o.ToolName && (sameID || sameArguments)
	}
	if i.ResponseID != "" && i.ResponseID == o.ResponseID || i.Input.OK && i.Input == o.Input && i.Output.OK && i.Output == o.Output {
		return true
	}
	if !i.Models.agree(&o.Models) {
		return false
	}
	null := [16]byte{}
	named := i.Models.count > 0 && o.Models.count > 0
	outputs := o.FirstOutput != null && o.FirstOutput == i.FirstOutput &&
		(o.LastInput == i.LastInput && o.LastInput != null || o.LastInput == null || i.LastInput == null)
	inputs := (o.FirstOutput == null || i.FirstOutput == null) && o.LastInput != null && o.LastInput == i.LastInput
	failures := o.Failed && i.Failed && named
	tokens := o.Output.OK && o.Output == i.Output && (o.Input.V == 0 || i.Input.V == 0) && named
	return outputs || inputs || failures || tokens
}

// labelsByDefinition: of each label the value of the earliest span without a parent, else
// that of the earliest span that has it.
func labelsByDefinition(spans []Span) (labels []mapping.Label) {
	sorted := make([]*Span, len(spans))
	for i := range spans {
		sorted[i] = &spans[i]
	}
	slices.SortFunc(sorted, func(a, b *Span) int { return cmp.Or(cmp.Compare(a.Start, b.Start), bytes.Compare(a.ID[:], b.ID[:])) })
	if root := slices.IndexFunc(sorted, func(s *Span) bool { return s.Parent.IsEmpty() }); root >= 0 {
		sorted = append([]*Span{sorted[root]}, sorted...)
	}
	for _, name := range []string{"cost", "team"} {
		for i := range sorted {
			if value := labelIn(sorted[i].From.Labels, name); value != "" {
				labels = append(labels, mapping.Label{Name: name, Value: value})
				break
			}
		}
	}
	return labels
}
