package trace

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// observations makes calls of a few sessions, each observed by a span, by one or two
// events, or by some of these: halves are lost, ids are left out on one side, short ones
// come again in other sessions, calls fail beside others, and many end at about one time.
func observations(r source) (all []Candidate) {
	for range 1 + r.IntN(12) {
		session := fmt.Sprint("s", r.IntN(3))
		call := Candidate{Kind: []mapping.Kind{mapping.KindLLM, mapping.KindLLM, mapping.KindTool}[r.IntN(3)], Session: session}
		if session == "s2" { // is the session of nothing
			call.Session = ""
		}
		call.End = 1_700_000_000_000_000 + int64(r.IntN(3))*70_000_000 + int64(r.IntN(4))*1_500_000
		call.Start = call.End - int64(r.IntN(3))*1_000_000
		call.Models = newModels([]string{"", "gpt", "gpt-4o", "claude"}[r.IntN(4)])
		if call.Kind == mapping.KindTool {
			call.ToolName = []string{"bash", "read"}[r.IntN(2)]
		} else if r.IntN(4) == 0 {
			call.Failed = true
		} else {
			call.Input, call.Output = mapping.Int{V: int64(r.IntN(2)), OK: true}, mapping.Int{V: int64(10 * (1 + r.IntN(2))), OK: true}
		}
		id := []string{"", "c1", "c2"}[r.IntN(3)]
		traceID := pcommon.TraceID{1, byte(r.IntN(3)), session[1]}
		var span pcommon.SpanID
		around := pcommon.SpanID{8, byte(r.IntN(2))}
		if r.IntN(4) > 0 {
			s := observed(r, call, traceID, len(all), "", id)
			span, s.Parent = s.ID, around
			if call.Session != "" && r.IntN(4) == 0 { // it names no session, its trace another one, too
				s.Session, s.Others, s.Sessionless = "s3", []string{call.Session}, true
			}
			all = append(all, s)
		}
		for _, event := range []string{"request", "details"} {
			if r.IntN(3) == 0 {
				continue
			}
			e := observed(r, call, traceID, len(all), event, id)
			e.ByTime = r.IntN(2) == 0
			if call.Kind == mapping.KindTool && r.IntN(4) == 0 { // as a server's tool
				e.ToolName = []string{"", "mcp__files__" + call.ToolName, "files" + call.ToolName}[r.IntN(3)]
			}
			switch r.IntN(3) {
			case 0: // the record names its span
				e.Names = span
				if r.IntN(4) == 0 { // without the tool's name
					e.ToolName = ""
				}
			case 1:
				if call.Session == "" {
					break
				}
				e.Origin, e.Derived = pcommon.TraceID{2, session[1], byte(r.IntN(2))}, true
				e.Place = e.Origin
			case 2:
				if r.IntN(3) == 0 { // the span around
					e.Names = around
				}
			}
			e.NamesCall = !e.Names.IsEmpty() || r.IntN(2) == 0
			all = append(all, e)
		}
	}
	for range r.IntN(3) { // spans that report the sums of calls, by clocks that are apart
		end := 1_700_000_000_000_000 + int64(r.IntN(3))*70_000_000 + int64(r.IntN(6))*1_500_000 + int64(r.IntN(5)-2)*300_000
		session := fmt.Sprint("s", r.IntN(3))
		in := pcommon.TraceID{1, byte(r.IntN(3)), session[1]}
		all = append(all, Candidate{
			ID: pcommon.SpanID{9, byte(len(all) / 256), byte(len(all))}, Origin: in, Place: in, Kind: mapping.KindAgent, Sums: true, Session: session,
			Start: end - int64(r.IntN(3))*3_000_000, End: end, Tokens: true, Cost: r.IntN(2) == 0,
		})
	}
	all = append(all, turns(r, len(all))...)
	if r.IntN(4) == 0 {
		all = append(all, again(all, r.IntN(2) == 0)...)
	}
	return all
}

// again says the same as others do at the same time, in other traces, with ids of spans of its own, in
// sessions of its own or in the same.
func again(all []Candidate, inSessions bool) []Candidate {
	trace := func(id pcommon.TraceID) pcommon.TraceID { id[15] = 1; return id }
	span := func(id pcommon.SpanID) pcommon.SpanID {
		if !id.IsEmpty() {
			id[7] = 1
		}
		return id
	}
	session := func(name string) string {
		if name != "" && inSessions {
			return name + " again"
		}
		return name
	}
	twins := slices.Clone(all)
	for i := range twins {
		c := &twins[i]
		c.ID, c.Parent, c.Names, c.Agent = span(c.ID), span(c.Parent), span(c.Names), span(c.Agent)
		c.Origin, c.Place, c.Session = trace(c.Origin), trace(c.Place), session(c.Session)
		c.Others = slices.Clone(c.Others)
		for n := range c.Others {
			c.Others[n] = session(c.Others[n])
		}
	}
	return twins
}

// turns makes spans of agents, some of which report sums, and prompts of their turns, whose
// ids come again in other sessions.
func turns(r source, before int) (all []Candidate) {
	for range r.IntN(4) {
		session, turn := fmt.Sprint("s", r.IntN(3)), fmt.Sprint(r.IntN(3))
		if turn == "0" {
			turn = ""
		}
		end := 1_700_000_000_000_000 + int64(r.IntN(3))*170_000_000
		in := pcommon.TraceID{1, byte(r.IntN(3)), session[1]}
		agent := Candidate{
			ID: pcommon.SpanID{8, byte(before + len(all))}, Origin: in, Place: in, Kind: mapping.KindAgent, Start: end - int64(r.IntN(2))*200_000_000, End: end, Turn: turn,
			Session: session, Sums: r.IntN(4) == 0,
		}
		if r.IntN(4) == 0 {
			agent.Session = ""
		}
		agent.Tokens = agent.Sums
		if r.IntN(4) > 0 {
			all = append(all, agent)
		}
		for n := range r.IntN(3) {
			prompt := Candidate{
				ID: pcommon.SpanID{7, byte(before + len(all))}, Origin: pcommon.TraceID{3, session[1], byte(len(turn)), byte(before + len(all))}, Derived: true,
				Kind: mapping.KindAgent, Event: "prompt", Turn: turn, Session: session,
			}
			if prompt.Start = agent.Start + int64(n)*1_000_000; r.IntN(6) == 0 {
				prompt.Start = agent.End + 61_000_000
			}
			if prompt.Place, prompt.End = prompt.Origin, prompt.Start; r.IntN(3) == 0 {
				prompt.Origin, prompt.Place, prompt.Derived, prompt.Names = in, in, false, agent.ID
			}
			all = append(all, prompt)
		}
	}
	return all
}

func observed(r source, call Candidate, in pcommon.TraceID, n int, event, id string) Candidate {
	call.ID, call.Origin, call.Place, call.Event = pcommon.SpanID{9, byte(n / 256), byte(n)}, in, in, event
	call.End += int64(r.IntN(3)) * 1000
	call.Error = call.Failed || r.IntN(5) == 0
	if id != "" && r.IntN(3) > 0 {
		call.IDs, call.HasID = []string{id}, true
		if call.Kind == mapping.KindTool {
			call.ToolCall = id
		}
	}
	if !call.Failed && call.Kind != mapping.KindTool {
		call.Tokens, call.Figures = true, 2+r.IntN(3)
		if r.IntN(4) == 0 {
			call.Reasoning = mapping.Int{V: 5, OK: true}
			call.Output.V += 5
		}
		if r.IntN(6) == 0 {
			call.Input, call.Output, call.Reasoning, call.Tokens, call.Figures = mapping.Int{}, mapping.Int{}, mapping.Int{}, false, 0
		}
	}
	call.Cost = call.Tokens && r.IntN(3) == 0
	return call
}

// pairByDefinition is the rule of docs/counting.md for two signals, without a thought of keys.
func pairByDefinition(a, b *Candidate) bool {
	if a.Kind == mapping.KindAgent && b.Kind == mapping.KindAgent {
		return promptByDefinition(a, b) || promptByDefinition(b, a)
	}
	if a.Sums || b.Sums {
		return false
	}
	if a.Kind != b.Kind || a.Event == "" && b.Event == "" || a.Event == b.Event {
		return false
	}
	apart := max(a.End-b.End, b.End-a.End)
	names := func(e, s *Candidate) bool {
		if e.Failed && e.Kind != mapping.KindTool && (s.End-e.End > 2_000_000 || s.Tokens && !s.Failed && s.End-e.End > 500_000) {
			return false // one of several tries
		}
		return e.Event != "" && s.Event == "" && !e.Names.IsEmpty() && e.Names == s.ID && e.Origin == s.Origin
	}
	sameTool := a.Kind != mapping.KindTool || a.ToolName == b.ToolName
	if (names(a, b) || names(b, a)) && (sameTool || a.ToolName == "" || b.ToolName == "") {
		return true
	}
	if !shareSession(a, b) {
		return false
	}
	partOf := strings.HasSuffix(a.ToolName, b.ToolName) || strings.HasSuffix(b.ToolName, a.ToolName)
	if slices.ContainsFunc(a.IDs, func(id string) bool { return slices.Contains(b.IDs, id) }) && apart <= 60_000_000 && partOf {
		return true
	}
	if !sameTool {
		return false
	}
	tied := func(c *Candidate) bool { return c.ByTime || c.Event == "" || !c.HasID }
	around := aroundByDefinition(a, b) && (a.Failed && b.Failed && a.Kind != mapping.KindTool || tied(a) && tied(b))
	if !a.ByTime && !b.ByTime && !around || a.HasID && b.HasID || apart > 2_000_000 {
		return false
	}
	if a.Session == "" && !around {
		return false
	}
	if a.Kind == mapping.KindTool {
		return true
	}
	if !a.Models.agree(&b.Models) || a.Failed != b.Failed {
		return false
	}
	sameOutput := a.Output == b.Output || a.Reasoning.OK != b.Reasoning.OK && a.Output.V-a.Reasoning.V == b.Output.V-b.Reasoning.V
	switch {
	case a.Failed:
		return true
	case a.Tokens != b.Tokens:
		long, longer := min(a.End-a.Start, b.End-b.Start), max(a.End-a.Start, b.End-b.Start)
		return a.Start <= b.End && b.Start <= a.End || long > 0 && longer-long <= longer/16+20_000
	}
	return a.Tokens && a.Input == b.Input && sameOutput
}

// shareSession reports whether two candidates may be of one session, or are of one trace
// without any.
func shareSession(a, b *Candidate) bool {
	if a.Session == "" || b.Session == "" {
		return a.Session == b.Session && a.Origin == b.Origin
	}
	return slices.ContainsFunc(append([]string{a.Session}, a.Others...), func(session string) bool {
		return session == b.Session || slices.Contains(b.Others, session)
	})
}

// aroundByDefinition reports whether an event that is meant to name its call may be the other's
// by the span around, of two events that both name it.
func aroundByDefinition(a, b *Candidate) bool {
	if a.Event == "" {
		a, b = b, a
	}
	switch {
	case a.Origin != b.Origin || !a.NamesCall || a.Derived:
		return false
	case b.Event == "":
		return a.Names.IsEmpty() || a.Names == b.Parent
	}
	return b.NamesCall && !b.Derived && a.Names == b.Names
}

// promptByDefinition reports whether an event tells the prompt of a span's turn.
func promptByDefinition(prompt, span *Candidate) bool {
	if prompt.Event == "" || span.Event != "" {
		return false
	}
	return prompt.Names == span.ID && prompt.Origin == span.Origin || prompt.Turn != "" && prompt.Turn == span.Turn &&
		(span.Session == "" || span.Session == prompt.Session) && span.Start-60_000_000 <= prompt.End && prompt.End <= span.End+60_000_000
}

// signalStorage holds what the tables hold of candidates.
type signalStorage struct {
	rows  []Candidate
	keys  map[uint64][]int
	index map[pcommon.SpanID]int
	pairs map[[2]pcommon.SpanID]Effects
	// byTrace are the pairs that are known in each trace.
	byTrace map[pcommon.TraceID]map[[2]pcommon.SpanID]bool
}

// store pairs a batch as package write does.
func (s *signalStorage) store(t *testing.T, batch []Candidate) {
	signals := NewSignals(nil)
	for i := range batch {
		c := batch[i]
		if at, stored := s.index[c.ID]; stored && s.rows[at].Event != "" && (s.rows[at].Settled || s.rows[at].Place != s.rows[at].Origin) {
			continue // its place is known
		}
		c.InTrace = slices.ContainsFunc(s.rows, func(o Candidate) bool { return o.Event != "" && o.Origin == c.Origin }) ||
			slices.ContainsFunc(batch, func(o Candidate) bool { return o.Event != "" && o.Origin == c.Origin })
		c.First = !slices.ContainsFunc(s.rows, func(o Candidate) bool { return o.Place == c.Origin })
		signals.Add(&c)
	}
	for i := range signals.Candidates {
		e := signals.Candidates[i]
		if e.Event == "" || e.Derived || slices.ContainsFunc(s.rows, func(o Candidate) bool { return o.Event != "" && o.Origin == e.Origin }) {
			continue
		}
		for _, c := range s.rows { // the first events of the trace
			if c.Origin == e.Origin && c.Event == "" && (c.Failed && c.Kind.IsModel() || c.Kind == mapping.KindTool && c.HasID) {
				c.Stored, c.Again, c.InTrace, c.Counted = true, true, true, s.counts(&c)
				signals.Add(&c)
			}
		}
	}
	for i := range signals.Candidates {
		if e := signals.Candidates[i]; e.ReadsAround() {
			for _, c := range s.rows {
				if c.Origin == e.Origin && c.Event == "" && (c.Kind.IsModel() || c.Kind == mapping.KindTool) {
					c.Stored, c.Again, c.InTrace, c.Counted = true, true, true, s.counts(&c)
					signals.Add(&c)
				}
			}
		}
	}
	signals.Absent = s.absence(batch)
	for i := range signals.Candidates {
		if c := &signals.Candidates[i]; signals.Absent.hasAll(c) {
			for _, key := range c.LookedUp() {
				found := key.way == byName || key.inTrace || signals.Absent.has(c, key)
				require.True(t, found, "%+v: %+v", c, key)
			}
		}
	}
	for _, l := range signals.Lookups() {
		for _, at := range s.keys[l.Key.Hash] {
			if c := s.rows[at]; c.End >= l.First && c.End <= l.Last && (c.ByTime || !l.OnlyByTime) && (!c.HasID || !l.WithoutID) {
				c.Stored, c.IDs, c.Turn, c.Counted = true, nil, "", s.counts(&c)
				signals.Add(&c, l.Key)
			}
		}
	}
	for i := range signals.Candidates {
		c := &signals.Candidates[i]
		if at, there := s.find(c.Names, c.Origin); c.Event != "" && there && !c.Stored {
			named := s.rows[at]
			named.Stored, named.IDs, named.Turn = true, nil, ""
			signals.Add(&named, c.Named())
		}
	}
	placements, pairs := signals.Settle()
	present := signals.Presence()
	for i := range signals.Candidates {
		c := signals.Candidates[i]
		listed := append(c.Listed(), present[i]...)
		if at, stored := s.index[c.ID]; stored {
			s.rows[at].Place = c.Place
			for _, key := range listed {
				if c.Again && !slices.Contains(s.keys[key.Hash], at) {
					s.keys[key.Hash] = append(s.keys[key.Hash], at)
				}
			}
			continue
		}
		s.index[c.ID] = len(s.rows)
		for _, key := range listed {
			s.keys[key.Hash] = append(s.keys[key.Hash], len(s.rows))
		}
		s.rows = append(s.rows, c)
	}
	for _, p := range placements {
		if p.Event.Stored {
			for pair := range s.byTrace[p.From] {
				if pair[0] == p.Event.ID || pair[1] == p.Event.ID {
					pairs[p.Event.Place] = append(pairs[p.Event.Place], EventPair{pair[0], pair[1], s.pairs[pair]})
				}
			}
		}
		s.rows[s.index[p.Event.ID]].Settled = p.Settled
	}
	for id, list := range pairs {
		for _, p := range list {
			s.pairs[[2]pcommon.SpanID{p.Inner, p.Outer}] |= p.Effects
			if s.byTrace[id] == nil {
				s.byTrace[id] = map[[2]pcommon.SpanID]bool{}
			}
			s.byTrace[id][[2]pcommon.SpanID{p.Inner, p.Outer}] = true
		}
	}
}

// absence asks what is listed, as package write does.
func (s *signalStorage) absence(batch []Candidate) Absence {
	var sessions []string
	first, last := int64(math.MaxInt64), int64(math.MinInt64)
	for i := range batch {
		if c := &batch[i]; c.Session != "" && !slices.Contains(sessions, c.Session) {
			sessions = append(sessions, c.Session)
		}
		first, last = min(first, batch[i].End), max(last, batch[i].End)
	}
	absences := AbsencesOf(sessions, first, last, true)
	for i, l := range absences.Lookups {
		absences.Listed[i] = slices.ContainsFunc(s.keys[l.Key.Hash], func(at int) bool { return s.rows[at].End >= l.First && s.rows[at].End <= l.Last })
	}
	return absences.Absence()
}

// counts reports whether a sum counts as far as pairs say.
func (s *signalStorage) counts(c *Candidate) bool {
	var e Effects
	for pair, effects := range s.pairs {
		if pair[1] == c.ID {
			e |= effects
		}
	}
	return e&OuterTokens == 0 || c.Cost && e&OuterCost == 0
}

// requireSums compares which sums count no more with the rule.
func (s *signalStorage) requireSums(t *testing.T, seed uint64, all []Candidate) (sums int) {
	for i := range all {
		sum := &all[i]
		if !sum.Sums {
			continue
		}
		var want, got Effects
		for j := range all {
			e := &all[j]
			if e.Event != "" && e.Tokens && e.Kind.IsModel() && (e.Origin == sum.Origin && !e.Derived || e.Session != "" && e.Session == sum.Session) && min(sum.Start, sum.End-500_000) <= e.End && e.End <= sum.End+500_000 {
				want |= OuterTokens
				if e.Cost {
					want |= OuterCost
				}
			}
		}
		for pair, e := range s.pairs {
			if pair[1] == sum.ID {
				sums++
				got |= e
				require.True(t, s.byTrace[sum.Place][pair], "seed %d", seed)
			}
		}
		if !sum.Cost { // of which nothing can follow
			want, got = want&^OuterCost, got&^OuterCost
		}
		require.Equal(t, want, got, "seed %d: sum %x", seed, sum.ID)
	}
	return sums
}

func (s *signalStorage) find(id pcommon.SpanID, in pcommon.TraceID) (int, bool) {
	at, there := s.index[id]
	return at, there && !id.IsEmpty() && s.rows[at].Origin == in
}

// TestPairsMatchTheDefinition delivers sets of observations in random orders and batches,
// some twice, and compares the pairs and what follows from them with the definition.
func TestPairsMatchTheDefinition(t *testing.T) {
	for seed := range uint64(20_000) {
		r := rand.New(rand.NewPCG(seed, 7))
		all := observations(r)
		s := &signalStorage{
			keys: map[uint64][]int{}, index: map[pcommon.SpanID]int{}, pairs: map[[2]pcommon.SpanID]Effects{},
			byTrace: map[pcommon.TraceID]map[[2]pcommon.SpanID]bool{},
		}
		todo := slices.Clone(all)
		for range r.IntN(4) {
			if len(all) > 0 {
				todo = append(todo, all[r.IntN(len(all))])
			}
		}
		r.Shuffle(len(todo), func(i, j int) { todo[i], todo[j] = todo[j], todo[i] })
		for len(todo) > 0 {
			n := 1 + r.IntN(min(len(todo), 6))
			s.store(t, todo[:n])
			todo = todo[n:]
		}
		s.require(t, seed, all)
	}
}

func (s *signalStorage) require(t *testing.T, seed uint64, all []Candidate) {
	want := map[[2]pcommon.SpanID]Effects{}
	spanOf := map[pcommon.SpanID][]pcommon.TraceID{}
	for i := range all {
		for j := range all {
			a, b := &all[i], &all[j]
			if i == j || !pairByDefinition(a, b) || !inside(a, b) {
				continue
			}
			want[[2]pcommon.SpanID{a.ID, b.ID}] = effects(a, b)
			if a.Event == "" {
				spanOf[b.ID] = append(spanOf[b.ID], a.Place)
			}
		}
	}
	for pair, e := range want {
		got, found := s.pairs[pair]
		if e != got || !found {
			var b strings.Builder
			for i := range all {
				fmt.Fprintf(&b, "%+v\n", all[i])
			}
			require.Equal(t, e, got, "seed %d: pair %x\n%s", seed, pair, b.String())
		}
		for _, id := range pair { // each of the two knows in its own trace what follows
			row := &s.rows[s.index[id]]
			if outer := id == pair[1]; outer && e&(OuterCall|OuterTokens|OuterCost) != 0 || !outer && e&(InnerTokens|InnerPriced) != 0 {
				require.True(t, s.byTrace[row.Place][pair], "seed %d: pair %x is unknown to %x in its trace", seed, pair, id)
			}
		}
	}
	require.Len(t, s.pairs, len(want)+s.requireSums(t, seed, all), "seed %d", seed)
	for i := range all {
		row := &s.rows[s.index[all[i].ID]]
		if spans := spanOf[row.ID]; len(spans) > 0 {
			require.Contains(t, spans, row.Place, "seed %d: an event is in the trace of a span of its call", seed)
			require.True(t, row.Settled)
		}
	}
}

// TestCrowdedSessionsAreTold has more calls at one time than are compared with one another:
// the nearest are compared, and that there were more is told.
func TestCrowdedSessionsAreTold(t *testing.T) {
	for calls, crowded := range map[int]bool{maxGroup: false, 4 * maxGroup: true} {
		s := NewSignals(nil)
		for i := range calls {
			for _, event := range []string{"", "event"} {
				c := Candidate{
					Kind: mapping.KindLLM, Session: "s", ID: pcommon.SpanID{byte(i >> 8), byte(i), byte(len(event))}, Event: event, ByTime: event != "",
					End: 1_700_000_000_000_000 + int64(i), Tokens: true, Input: mapping.Int{V: int64(i), OK: true}, Output: mapping.Int{V: 1, OK: true}, Figures: 2,
				}
				s.Add(&c)
			}
		}
		_, pairs := s.Settle()
		require.Len(t, pairs[pcommon.TraceID{}], calls, "each call has its pair, since the nearest are compared")
		require.Equal(t, crowded, s.Crowded > 0)
	}
}

// TestARecordOfAFailedSpanIsNoOtherCall: a stream that was broken off has an error on its span,
// and what had come until then on the record that names the span.
func TestARecordOfAFailedSpanIsNoOtherCall(t *testing.T) {
	span := Candidate{Kind: mapping.KindLLM, Failed: true, Error: true}
	record := Candidate{Kind: mapping.KindLLM, Event: "gen_ai.client.inference.operation.details", Error: true}
	require.NotZero(t, effects(&span, &record)&OuterCall)
}
