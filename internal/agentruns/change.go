package agentruns

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Change changes a run such that the run means the same.
type Change struct {
	Name string
	Do   func(*rand.Rand, *Run)
}

// Changes are all changes that can be combined in any way, in the order in which they are
// to be made.
var Changes = []Change{
	{"other ids", OtherIDs},
	{"another time", func(r *rand.Rand, run *Run) { run.Shift(time.Duration(r.IntN(3600)) * time.Second) }},
	{"less noise", withoutNoise},
	{"other types", otherTypes},
	{"one name of two", oneName},
	{"no ids of requests", unidentified},
	{"turns named by spans", turns},
	{"attributes in the body", bodies},
	{"other places of the event's name", renameEvents},
	{"observed times", observed},
	{"another service", services},
	{"a shell's session and user", shells},
	{"records of no trace", untraced},
	{"clocks apart", clocksApart},
	{"a newer version", newer},
	{"no ids of turns", withoutTurns},
	{"several resources", split},
	{"another order", shuffle},
}

// Vary makes some of the changes.
func Vary(r *rand.Rand, run *Run) (made []string) {
	for _, c := range Changes {
		if r.IntN(2) == 0 {
			c.Do(r, run)
			made = append(made, c.Name)
		}
	}
	return made
}

// Copy copies a run.
func (r *Run) Copy() Run {
	c := Run{Name: r.Name, Truth: r.Truth, Traces: ptrace.NewTraces(), Logs: plog.NewLogs(), Untraced: r.Untraced}
	r.Traces.CopyTo(c.Traces)
	r.Logs.CopyTo(c.Logs)
	return c
}

// eachRecords calls do with the records of each scope.
func (r *Run) eachRecords(do func(plog.LogRecordSlice)) {
	for _, rl := range r.Logs.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			do(sl.LogRecords())
		}
	}
}

// eachSpans calls do with the spans of each scope.
func (r *Run) eachSpans(do func(ptrace.SpanSlice)) {
	for _, rs := range r.Traces.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			do(ss.Spans())
		}
	}
}

func (r *Run) eachRecord(do func(plog.LogRecord)) {
	r.eachRecords(func(records plog.LogRecordSlice) {
		for _, rec := range records.All() {
			do(rec)
		}
	})
}

func (r *Run) eachSpan(do func(ptrace.Span)) {
	r.eachSpans(func(spans ptrace.SpanSlice) {
		for _, span := range spans.All() {
			do(span)
		}
	})
}

func (r *Run) eachResource(do func(pcommon.Map)) {
	for _, rs := range r.Traces.ResourceSpans().All() {
		do(rs.Resource().Attributes())
	}
	for _, rl := range r.Logs.ResourceLogs().All() {
		do(rl.Resource().Attributes())
	}
}

// eachAttributes calls do with the attributes of all spans, span events, records and resources.
func (r *Run) eachAttributes(do func(pcommon.Map)) {
	r.eachResource(do)
	r.eachRecord(func(rec plog.LogRecord) { do(rec.Attributes()) })
	r.eachSpan(func(s ptrace.Span) {
		do(s.Attributes())
		for _, e := range s.Events().All() {
			do(e.Attributes())
		}
	})
}

// sessionIDs, turnIDs and callIDs are the attributes with ids.
var (
	sessionIDs = []string{"session.id", "conversation.id", "gen_ai.conversation.id", "user.id", "installation.id", "thread.id"}
	turnIDs    = []string{"prompt.id", "prompt_id", "turn.id"}
	callIDs    = []string{
		"request_id", "gen_ai.response.id", "response_id", "auth.request_id", "call_id", "tool_use_id", "gen_ai.tool.call.id", "gen_ai.tool.call_id", "ai.response.id", "ai.toolCall.id",
	}
)

// OtherIDs gives a run other ids throughout. Ids of turns, and of calls, which are short,
// stay in every other run: those of several sessions may be the same.
func OtherIDs(r *rand.Rand, run *Run) {
	keys := slices.Clone(sessionIDs)
	for _, some := range [...][]string{turnIDs, callIDs} {
		if r.IntN(2) == 0 {
			keys = append(keys, some...)
		}
	}
	others := map[string]string{}
	run.eachAttributes(func(attrs pcommon.Map) {
		for _, key := range keys {
			if v, ok := attrs.Get(key); ok && v.Type() == pcommon.ValueTypeStr && len(v.Str()) > 3 && others[v.Str()] == "" {
				others[v.Str()] = v.Str() + fmt.Sprintf("-%08x", r.Uint32())
			}
		}
	})
	run.eachSpan(func(s ptrace.Span) {
		for _, id := range []string{s.TraceID().String(), s.SpanID().String()} {
			if others[id] == "" {
				fresh := make([]byte, len(id)/2)
				for i := range fresh {
					fresh[i] = byte(1 + r.IntN(255))
				}
				others[id] = hex.EncodeToString(fresh)
			}
		}
	})
	run.replace(others)
}

// replace replaces texts wherever they stand, longer ones before their parts.
func (r *Run) replace(others map[string]string) {
	var pairs []string
	ids := slices.SortedFunc(maps.Keys(others), func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	for _, id := range ids {
		pairs = append(pairs, id, others[id])
	}
	replacer := strings.NewReplacer(pairs...)
	spans, err := (&ptrace.JSONMarshaler{}).MarshalTraces(r.Traces)
	must(err)
	r.Traces, err = (&ptrace.JSONUnmarshaler{}).UnmarshalTraces([]byte(replacer.Replace(string(spans))))
	must(err)
	records, err := (&plog.JSONMarshaler{}).MarshalLogs(r.Logs)
	must(err)
	r.Logs, err = (&plog.JSONUnmarshaler{}).UnmarshalLogs([]byte(replacer.Replace(string(records))))
	must(err)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// Shift moves a run in time.
func (r *Run) Shift(by time.Duration) {
	move := func(t pcommon.Timestamp) pcommon.Timestamp {
		if t == 0 {
			return 0
		}
		return t + pcommon.Timestamp(by)
	}
	written := func(attrs pcommon.Map) {
		if v, ok := attrs.Get("event.timestamp"); ok {
			if t, err := time.Parse(time.RFC3339Nano, v.AsString()); err == nil {
				v.SetStr(t.Add(by).Format("2006-01-02T15:04:05.000Z"))
			}
		}
	}
	r.eachRecord(func(rec plog.LogRecord) {
		rec.SetTimestamp(move(rec.Timestamp()))
		rec.SetObservedTimestamp(move(rec.ObservedTimestamp()))
		written(rec.Attributes())
	})
	r.eachSpan(func(s ptrace.Span) {
		s.SetStartTimestamp(move(s.StartTimestamp()))
		s.SetEndTimestamp(move(s.EndTimestamp()))
		for _, e := range s.Events().All() {
			e.SetTimestamp(move(e.Timestamp()))
			written(e.Attributes())
		}
	})
}

// otherTypes writes numbers and truth values of records as other types.
func otherTypes(r *rand.Rand, run *Run) {
	run.eachRecord(func(rec plog.LogRecord) {
		for _, v := range rec.Attributes().All() {
			retype(r, v)
		}
	})
}

func retype(r *rand.Rand, v pcommon.Value) {
	n, isNumber := 0.0, false
	switch v.Type() {
	case pcommon.ValueTypeInt:
		n, isNumber = float64(v.Int()), true
	case pcommon.ValueTypeStr:
		if f, err := strconv.ParseFloat(v.Str(), 64); err == nil && len(v.Str()) < 12 && strconv.FormatFloat(f, 'f', -1, 64) == v.Str() {
			n, isNumber = f, true
		}
		if v.Str() == "true" || v.Str() == "false" {
			v.SetBool(v.Str() == "true")
		}
	case pcommon.ValueTypeBool:
		if r.IntN(2) == 0 {
			v.SetStr(strconv.FormatBool(v.Bool()))
		}
	}
	if !isNumber {
		return
	}
	switch r.IntN(3) {
	case 0:
		v.SetStr(strconv.FormatFloat(n, 'f', -1, 64))
	case 1:
		v.SetDouble(n)
	default:
		if n == float64(int64(n)) {
			v.SetInt(int64(n))
		}
	}
}

// oneName leaves of two attributes that say the same the other one.
func oneName(r *rand.Rand, run *Run) {
	same := map[string]string{
		"duration_ms": "duration", "error_message": "error.message", "error_type": "error.type", "model": "model_name", "prompt": "prompt_text",
	}
	if run.Agent() == "codex" {
		same = map[string]string{"model": "slug"}
	}
	run.eachRecord(func(rec plog.LogRecord) {
		for from, to := range same {
			if _, there := rec.Attributes().Get(to); there && r.IntN(2) == 0 {
				rec.Attributes().Remove(from)
			}
		}
	})
}

// renameEvents writes the name of events elsewhere.
func renameEvents(r *rand.Rand, run *Run) {
	prefix := map[string]string{"claude": "claude_code."}[run.Agent()]
	how := r.IntN(4)
	run.eachRecord(func(rec plog.LogRecord) {
		v, ok := rec.Attributes().Get("event.name")
		if !ok {
			return
		}
		name := v.AsString()
		switch how {
		case 0: // with the program's prefix
			if !strings.HasPrefix(name, prefix) {
				v.SetStr(prefix + name)
			}
		case 1:
			rec.Attributes().Remove("event.name")
			rec.Attributes().PutStr("event_name", name)
		case 2:
			rec.Attributes().Remove("event.name")
			rec.SetEventName(name)
		default:
			if b := rec.Body(); b.Type() == pcommon.ValueTypeStr && !strings.HasPrefix(b.Str(), "{") || b.Type() == pcommon.ValueTypeEmpty {
				rec.Attributes().Remove("event.name")
				if !strings.Contains(name, ".") {
					name = prefix + name
				}
				rec.Body().SetStr(name)
			}
		}
	})
}

// bodies moves the attributes of records into their bodies, as a map or as the JSON of one.
func bodies(r *rand.Rand, run *Run) {
	asText := r.IntN(2) == 0
	run.eachRecord(func(rec plog.LogRecord) {
		if b := rec.Body(); b.Type() != pcommon.ValueTypeStr && b.Type() != pcommon.ValueTypeEmpty {
			return
		}
		body := pcommon.NewMap()
		rec.Attributes().RemoveIf(func(key string, v pcommon.Value) bool {
			if key == "event.name" {
				return false
			}
			v.CopyTo(body.PutEmpty(key))
			return true
		})
		if !asText {
			body.CopyTo(rec.Body().SetEmptyMap())
			return
		}
		text, err := json.Marshal(body.AsRaw())
		must(err)
		rec.Body().SetStr(string(text))
	})
}

// observed leaves records the time at which they were observed, or that which an
// attribute says.
func observed(r *rand.Rand, run *Run) {
	attribute := r.IntN(2) == 0
	run.eachRecord(func(rec plog.LogRecord) {
		rec.SetObservedTimestamp(cmp.Or(rec.ObservedTimestamp(), rec.Timestamp()))
		if _, ok := rec.Attributes().Get("event.timestamp"); attribute && ok {
			rec.SetObservedTimestamp(0)
		}
		rec.SetTimestamp(0)
	})
}

// turns names the turn of Claude Code on the agents' spans, as Qwen Code does.
func turns(r *rand.Rand, run *Run) {
	name := []string{"prompt.id", "claude_code.prompt.id"}[r.IntN(2)]
	if run.Agent() != "claude" {
		return
	}
	turn := ""
	run.eachRecord(func(rec plog.LogRecord) {
		if v, ok := rec.Attributes().Get("prompt.id"); ok {
			turn = v.AsString()
		}
	})
	run.eachSpan(func(s ptrace.Span) {
		if turn != "" && s.Name() == "claude_code.interaction" {
			s.Attributes().PutStr(name, turn)
		}
	})
}

// services names another service in each signal.
func services(_ *rand.Rand, run *Run) {
	for _, rs := range run.Traces.ResourceSpans().All() {
		rs.Resource().Attributes().PutStr("service.name", "spans of an agent")
	}
	for _, rl := range run.Logs.ResourceLogs().All() {
		rl.Resource().Attributes().PutStr("service.name", "records of an agent")
		rl.Resource().Attributes().PutStr("team", "red")
	}
}

// EachResource calls do with the attributes of each resource of a run.
func EachResource(run *Run, do func(pcommon.Map)) { run.eachResource(do) }

// shells has the environment name a session and a user: what programs say themselves comes first.
func shells(r *rand.Rand, run *Run) {
	session := fmt.Sprintf("shell-%08x", r.Uint32())
	run.eachResource(func(attrs pcommon.Map) {
		attrs.PutStr("user.id", "jane")
		if _, there := attrs.Get("session.id"); !there {
			attrs.PutStr("session.id", session)
		}
	})
}

// tellsNothing are names of events from which nothing follows for any sum.
var tellsNothing = []string{"plugin_loaded", "internal_error", "config", "startup", "hook", "memory", "routing", "fallback", "turn_ttft", "conversation_starts", "subagent_completed", "user_prompt", "managed_settings"}

// withoutNoise loses records from which no call follows, and prompts.
func withoutNoise(r *rand.Rand, run *Run) {
	run.eachRecords(func(records plog.LogRecordSlice) {
		records.RemoveIf(func(rec plog.LogRecord) bool {
			name, ok := rec.Attributes().Get("event.name")
			return ok && slices.ContainsFunc(tellsNothing, func(s string) bool { return strings.Contains(name.AsString(), s) }) && r.IntN(2) == 0
		})
	})
}

// untraced takes records out of their traces, as programs do that have no tracer. Qwen Code
// and the errors of Gemini CLI then lose what ties them to their spans, but for ids; records of a
// program that nobody described are not looked for among all spans.
func untraced(_ *rand.Rand, run *Run) {
	if run.Agent() == "gemini" || run.Agent() == "unknown" {
		return
	}
	run.eachRecord(func(rec plog.LogRecord) {
		rec.SetTraceID(pcommon.TraceID{})
		rec.SetSpanID(pcommon.SpanID{})
	})
}

// InsideCalls has records of calls name the spans of these, or of requests below them.
func InsideCalls(r *rand.Rand, run *Run) {
	if run.Agent() != "claude" {
		return
	}
	below := r.IntN(2) == 0
	calls := map[string]place{}
	run.eachSpans(func(spans ptrace.SpanSlice) {
		for i := range spans.Len() {
			s := spans.At(i)
			id, ok := s.Attributes().Get("request_id")
			if !ok || s.Name() != "claude_code.llm_request" {
				continue
			}
			at := place{s.TraceID(), s.SpanID()}
			if below {
				request := spans.AppendEmpty()
				spans.At(i).CopyTo(request) // the slice may have moved
				request.Attributes().Clear()
				request.SetName("POST")
				request.SetParentSpanID(at.span)
				at.span[0] ^= 0x55
				request.SetSpanID(at.span)
				request.Status().SetCode(ptrace.StatusCodeUnset)
			}
			calls[id.AsString()] = at
		}
	})
	run.eachRecord(func(rec plog.LogRecord) {
		event, _ := rec.Attributes().Get("event.name")
		id, ok := rec.Attributes().Get("request_id")
		if !ok || event.AsString() != "api_request" && event.AsString() != "api_error" {
			return
		}
		if at, ok := calls[id.AsString()]; ok {
			rec.SetTraceID(at.trace)
			rec.SetSpanID(at.span)
		}
	})
}

// SilenceErrors has the spans of calls say nothing of their failure.
func SilenceErrors(run *Run) {
	run.eachSpan(func(s ptrace.Span) {
		_, tied := s.Attributes().Get("request_id")
		if !slices.Contains(callSpans, s.Name()) || run.Agent() == "claude" && !tied { // nothing but time and the error would tie
			return
		}
		s.Status().SetCode(ptrace.StatusCodeUnset)
		s.Status().SetMessage("")
		s.Events().RemoveIf(func(ptrace.SpanEvent) bool { return true })
		for _, key := range []string{"success", "error", "error.type", "error.message", "error_class", "status_code", "exception.type", "exception.message"} {
			s.Attributes().Remove(key)
		}
	})
}

// unidentified drops the ids of requests, as gateways do whose answers have none.
func unidentified(r *rand.Rand, run *Run) {
	run.eachRecord(func(rec plog.LogRecord) { withoutRequests(run, rec.Attributes()) })
	if r.IntN(2) == 0 {
		return
	}
	run.eachSpan(func(s ptrace.Span) {
		withoutRequests(run, s.Attributes())
		for _, e := range s.Events().All() {
			withoutRequests(run, e.Attributes())
		}
	})
}

// withoutRequests drops the ids of a request.
func withoutRequests(run *Run, attrs pcommon.Map) {
	for _, key := range []string{"request_id", "auth.request_id"} {
		attrs.Remove(key)
	}
	if run.Agent() == "claude" {
		attrs.Remove("gen_ai.response.id")
	}
}

// clocksApart has records tell times a little before or after those of spans.
func clocksApart(r *rand.Rand, run *Run) {
	spans := run.Traces
	run.Traces = ptrace.NewTraces()
	run.Shift(time.Duration(r.IntN(400)-200) * time.Millisecond)
	run.Traces = spans
}

// newer adds events and attributes that nobody knows.
func newer(r *rand.Rand, run *Run) {
	names := map[string]string{"claude": "claude_code.context_ready", "codex": "codex.context_ready", "gemini": "gemini_cli.context_ready", "qwen": "qwen-code.context_ready", "unknown": "context_ready"}
	run.eachRecords(func(records plog.LogRecordSlice) {
		for i := range records.Len() {
			rec := records.At(i)
			rec.Attributes().PutStr("release.channel", "beta")
			rec.Attributes().PutInt("queue.depth", 3)
			if name := names[run.Agent()]; name != "" && r.IntN(4) == 0 {
				other := records.AppendEmpty()
				records.At(i).CopyTo(other) // the slice may have moved
				other.Attributes().Clear()
				other.SetEventName("")
				other.Body().SetStr(name)
				other.Attributes().PutStr("event.name", name)
				other.Attributes().PutInt("files", 12)
			}
		}
	})
	run.eachSpan(func(s ptrace.Span) { s.Attributes().PutStr("release.channel", "beta") })
}

// withoutTurns drops the ids of turns from records.
func withoutTurns(_ *rand.Rand, run *Run) {
	run.eachRecord(func(rec plog.LogRecord) {
		for _, key := range turnIDs {
			rec.Attributes().Remove(key)
		}
	})
}

// split sends each record or span in a resource and scope of its own, some from another host.
func split(r *rand.Rand, run *Run) {
	ld, td := plog.NewLogs(), ptrace.NewTraces()
	for _, rl := range run.Logs.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, rec := range sl.LogRecords().All() {
				to := ld.ResourceLogs().AppendEmpty()
				rl.Resource().CopyTo(to.Resource())
				if r.IntN(2) == 0 {
					to.Resource().Attributes().PutStr("host.name", "b")
				}
				toScope := to.ScopeLogs().AppendEmpty()
				sl.Scope().CopyTo(toScope.Scope())
				rec.CopyTo(toScope.LogRecords().AppendEmpty())
			}
		}
	}
	for _, rs := range run.Traces.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				to := td.ResourceSpans().AppendEmpty()
				rs.Resource().CopyTo(to.Resource())
				toScope := to.ScopeSpans().AppendEmpty()
				ss.Scope().CopyTo(toScope.Scope())
				span.CopyTo(toScope.Spans().AppendEmpty())
			}
		}
	}
	run.Logs, run.Traces = ld, td
}

// LoseRecords loses some records.
func LoseRecords(r *rand.Rand, run *Run) {
	run.eachRecords(func(records plog.LogRecordSlice) {
		records.RemoveIf(func(plog.LogRecord) bool { return r.IntN(3) == 0 })
	})
}

// LoseSpans loses some spans.
func LoseSpans(r *rand.Rand, run *Run) {
	run.eachSpans(func(spans ptrace.SpanSlice) {
		spans.RemoveIf(func(ptrace.Span) bool { return r.IntN(3) == 0 })
	})
}

// callSpans are the names of the spans that observe calls of models.
var callSpans = []string{"handle_responses", "claude_code.llm_request", "llm_call", "qwen-code.llm_request"}

// LoseCalls loses the spans that observe calls of models, so that log records alone tell
// them, and spans their sums.
func LoseCalls(run *Run) {
	run.eachSpans(func(spans ptrace.SpanSlice) {
		spans.RemoveIf(func(s ptrace.Span) bool { return slices.Contains(callSpans, s.Name()) })
	})
}

// shuffle changes the order of records and spans.
func shuffle(r *rand.Rand, run *Run) {
	run.eachRecords(func(records plog.LogRecordSlice) {
		records.Sort(func(a, b plog.LogRecord) bool {
			return cmp.Or(a.Timestamp(), a.ObservedTimestamp()) > cmp.Or(b.Timestamp(), b.ObservedTimestamp())
		})
	})
	run.eachSpans(func(spans ptrace.SpanSlice) {
		salt := byte(r.IntN(256))
		spans.Sort(func(a, b ptrace.Span) bool { return a.SpanID()[7]^salt < b.SpanID()[7]^salt })
	})
}

// Together puts runs of several sessions into one batch of each signal.
func Together(runs ...Run) Run {
	all := Run{Traces: ptrace.NewTraces(), Logs: plog.NewLogs()}
	for _, r := range runs {
		for _, rs := range r.Traces.ResourceSpans().All() {
			rs.CopyTo(all.Traces.ResourceSpans().AppendEmpty())
		}
		for _, rl := range r.Logs.ResourceLogs().All() {
			rl.CopyTo(all.Logs.ResourceLogs().AppendEmpty())
		}
		all.Name += r.Name + " "
		all.Truth.Add(r.Truth)
	}
	return all
}
