package acceptance

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// spelling is how a program writes its records.
type spelling struct {
	keys    func(words string) string // of an attribute, whose words are joined by _
	values  string                    // of numbers: int, text or double
	name    string                    // where the name of the event is
	members string                    // where the attributes are: attributes, map, JSON or bytes
	session string                    // where the session is: record or resource
}

func (s *spelling) String() string {
	return fmt.Sprint(s.keys("input_tokens"), ", numbers as ", s.values, ", name in ", s.name, ", members in ", s.members, ", session on the ", s.session)
}

var keySpellings = []func(string) string{
	func(words string) string { return words },
	func(words string) string { return "acme." + words },
	func(words string) string { return strings.ReplaceAll(words, "_", ".") },
	func(words string) string {
		parts := strings.Split(words, "_")
		for i := range parts[1:] {
			parts[1+i] = strings.ToUpper(parts[1+i][:1]) + parts[1+i][1:]
		}
		return strings.Join(parts, "")
	},
}

func randomSpelling(r *rand.Rand) *spelling {
	return &spelling{
		keys: keySpellings[r.IntN(len(keySpellings))], values: []string{"int", "text", "double"}[r.IntN(3)],
		name:    []string{"event.name", "event_name", "the field", "event_type"}[r.IntN(4)],
		members: []string{"attributes", "a map", "JSON", "bytes"}[r.IntN(4)], session: []string{"record", "resource"}[r.IntN(2)],
	}
}

// write tells an event.
func (s *spelling) write(m *madeUp, event string, at float64, session string, members attrs) {
	all := attrs{}
	for words, v := range members {
		if n, ok := v.(int); ok && s.values == "text" {
			v = fmt.Sprint(n)
		} else if ok && s.values == "double" {
			v = float64(n)
		}
		all[s.keys(words)] = v
	}
	if s.session == "record" {
		all[s.keys("session_id")] = session
	}
	outside := attrs{}
	switch s.name {
	case "event.name", "event_name", "event_type":
		outside[s.name] = "acme." + event
	}
	if s.members == "attributes" {
		for key, v := range all {
			outside[key] = v
		}
		m.record(0, "", at, outside, nil)
	} else {
		m.record(0, "", at, outside, nil)
		body := m.logs.At(m.logs.Len() - 1).Body()
		text, err := json.Marshal(all)
		switch {
		case err != nil:
			panic(err)
		case s.members == "a map":
			err = body.SetEmptyMap().FromRaw(all)
		case s.members == "JSON":
			body.SetStr(string(text))
		default:
			body.SetEmptyBytes().FromRaw(text)
		}
		if err != nil {
			panic(err)
		}
	}
	if s.name == "the field" {
		m.logs.At(m.logs.Len() - 1).SetEventName("acme." + event)
	}
	m.noTrace()
}

// spelledSession is a session with two calls, one of which fails, a tool, a prompt and a score.
func spelledSession(s *spelling, n byte, begin time.Time, withSpans bool) *madeUp {
	m := newMadeUp(n, "acme.instrumentation", begin)
	session := fmt.Sprint("spelled ", n)
	if s.session == "resource" {
		m.ofResource("session.id", session)
	}
	response := fmt.Sprint("r", n)
	if withSpans {
		m.span(1, 0, "invoke_agent a", 0, 9, attrs{"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "a", "gen_ai.conversation.id": session})
		m.span(2, 1, "chat m-1", 1, 3, chatAttrs(usage, attrs{"gen_ai.conversation.id": session, "gen_ai.response.id": response}))
		m.span(3, 1, "execute_tool look", 3, 4, attrs{"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "look", "gen_ai.tool.call.id": "c1", "gen_ai.conversation.id": session})
		m.span(4, 1, "chat m-1", 5, 6, chatAttrs(attrs{"gen_ai.conversation.id": session}))
		m.spans.At(3).Status().SetCode(2)
	}
	s.write(m, "user_prompt", 0, session, attrs{"prompt": "look it up"})
	s.write(m, "llm_response", 3, session, attrs{"model": "m-1", "provider": "acme", "input_tokens": 7, "output_tokens": 3, "cost_usd": 0.5, "duration_ms": 2000, "response_id": response, "response": "I look"})
	s.write(m, "tool_result", 4, session, attrs{"tool_name": "look", "tool_call_id": "c1", "success": true, "duration_ms": 1000})
	s.write(m, "api_error", 6, session, attrs{"model": "m-1", "provider": "acme", "error_message": "overloaded", "status_code": 529, "duration_ms": 1000})
	m.record(0, "gen_ai.evaluation.result", 8, attrs{"gen_ai.evaluation.name": "tone", "gen_ai.evaluation.score.value": 0.5, "gen_ai.response.id": response}, nil)
	m.noTrace()
	for _, rec := range m.logs.All() {
		rec.SetSpanID(pcommon.SpanID{})
	}
	return m
}

// spelledViews are what views show of a session, without ids.
var spelledViews = []string{
	`SELECT concat_ws(' ', 'call', is_call, model, provider, input_tokens, output_tokens, total_tokens, total_cost, failed, error_type, error_message, start_time - $2::timestamptz, duration_us,
		(SELECT string_agg(llm_internal_said(m), ' ') FROM jsonb_array_elements(output_messages) m)) FROM llm_calls WHERE session_id = $1 ORDER BY start_time`,
	`SELECT concat_ws(' ', 'tool', tool_name, tool_call_id, failed, start_time - $2::timestamptz, duration_us) FROM llm_tool_calls WHERE session_id = $1 AND start_time >= $2::timestamptz ORDER BY start_time`,
	`SELECT concat_ws(' ', 'session', llm_call_count, tool_call_count, error_count, input_tokens, output_tokens, total_tokens, total_cost) FROM llm_sessions WHERE session_id = $1 AND $2::timestamptz IS NOT NULL`,
	`SELECT concat_ws(' ', 'message', direction, role, content, is_new) FROM llm_messages WHERE session_id = $1 AND start_time >= $2::timestamptz ORDER BY start_time, direction, position`,
	`SELECT concat_ws(' ', 'transcript', role, content) FROM llm_transcript($1) WHERE $2::timestamptz IS NOT NULL ORDER BY position`,
	`SELECT concat_ws(' ', 'score', score_name, value) FROM llm_call_scores WHERE session_id = $1 AND $2::timestamptz IS NOT NULL`,
	`SELECT concat_ws(' ', 'facts', kind, model, input_tokens, output_tokens, failed) FROM llm_call_facts WHERE session_id = $1 AND start_time >= $2::timestamptz ORDER BY start_time`,
}

func viewsOfSession(t *testing.T, db *pgxpool.Pool, session string, begin time.Time) string {
	t.Helper()
	var all []string
	for _, query := range spelledViews {
		all = append(all, column[string](t, db, query, session, begin.UTC().Truncate(time.Microsecond))...)
	}
	return strings.ReplaceAll(strings.Join(all, "\n"), session, "SESSION")
}

// TestOneSessionInAllSpellings has one session told in random spellings, alone and beside spans, record by record in random
// orders to two collectors: all views show the same.
func TestOneSessionInAllSpellings(t *testing.T) {
	url := storetest.NewDatabase(t)
	collectors, db := []collector{startBoth(t, url, nil), startBoth(t, url, nil)}, storetest.Pool(t, url)
	day := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -1).Add(6 * time.Hour) // no session lasts till the next
	for _, withSpans := range []bool{false, true} {
		want := ""
		for n := range byte(60) {
			r := rand.New(rand.NewPCG(uint64(n), 36))
			s := randomSpelling(r)
			begin := day.Add(time.Duration(n) * 10 * time.Minute)
			if withSpans {
				n += 100
			}
			m := spelledSession(s, 1+n, begin, withSpans)
			all := pieces(m.td, m.ld)
			if n%100 > 0 {
				r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
			}
			for i, a := range all {
				a.send(t, collectors[(i+int(n))%2])
			}
			got := viewsOfSession(t, db, fmt.Sprint("spelled ", 1+n), begin)
			if want == "" {
				want = got
				t.Logf("%v:\n%s", s, want)
			}
			require.Equal(t, want, got, "spans %v, %d: %v", withSpans, n, s)
		}
	}
	rowcheck.Consistent(t, db)
}
