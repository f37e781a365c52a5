package acceptance

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// weekQuestion is what somebody asks of the shop's week, and the answer by what was sent.
type weekQuestion struct {
	ask, sql string
	answer   func(w *week) string
}

func (m *modelUse) isAnswered() bool { return m.failed == "" }

// by groups what rows say by a key, and says a line a key.
func by[T any](rows []T, key func(T) string, line func(of []T) string) string {
	groups := map[string][]T{}
	for _, row := range rows {
		if k := key(row); k != "" {
			groups[k] = append(groups[k], row)
		}
	}
	var text []string
	for k, of := range groups {
		if l := line(of); l != "" {
			text = append(text, k+"|"+l)
		}
	}
	return inOrder(text)
}

func only[T any](rows []T, is func(T) bool) (some []T) {
	for _, row := range rows {
		if is(row) {
			some = append(some, row)
		}
	}
	return some
}

func sum[T any](rows []T, of func(T) int) (n int) {
	for _, row := range rows {
		n += of(row)
	}
	return n
}

// percent is 100 a/b, rounded as PostgreSQL rounds numerics.
func percent(a, b int) string { return fmt.Sprint((200*a + b) / (2 * b)) }

func usd(micro int64) string {
	return strings.TrimRight(strings.TrimRight(fmt.Sprintf("%d.%06d", micro/1e6, micro%1e6), "0"), ".")
}

func (w *week) answered() []*modelUse { return only(w.models, (*modelUse).isAnswered) }

func byModel(m *modelUse) string { return m.model }

func spentOn(of []*modelUse) string {
	micro, known := int64(0), false
	for _, m := range of {
		if m.microUSD >= 0 {
			micro, known = micro+m.microUSD, true
		}
	}
	if !known {
		return ""
	}
	return usd(micro)
}

func monday(t time.Time) string {
	return t.AddDate(0, 0, -(int(t.Weekday())+6)%7).Format("2006-01-02")
}

func hexOfVisit(v *visit) string { return fmt.Sprintf("%02x%02x28%026d", byte(v.n), byte(v.n>>8), 0) }

var weekQuestions = []weekQuestion{
	{"Percentiles by model and hour", `SELECT model, to_char(start_time, 'YYYY-MM-DD HH24'), percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY duration_us / 1000)::text
		FROM llm_call_facts WHERE is_call AND kind = 'llm' AND NOT failed GROUP BY 1, 2 ORDER BY 1, 2`, func(w *week) string {
		return by(w.answered(), func(m *modelUse) string { return m.model + "|" + m.after(m.from).Format("2006-01-02 15") }, func(of []*modelUse) string {
			var took []int
			for _, m := range of {
				took = append(took, m.took)
			}
			return fmt.Sprintf("{%d,%d,%d}", percentile(took, 50), percentile(took, 95), percentile(took, 99))
		})
	}},
	{"Cost per session, retries included", `SELECT session_id, trim_scale(total_cost), failed_calls FROM llm_sessions WHERE total_cost > 0 ORDER BY 1`, func(w *week) string {
		return by(w.models, func(m *modelUse) string { return m.session }, func(of []*modelUse) string {
			cost := spentOn(of)
			if cost == "" {
				return ""
			}
			return fmt.Sprintf("%s|%d", cost, len(of)-len(only(of, (*modelUse).isAnswered)))
		})
	}},
	{"Tokens per user and week", `SELECT user_id, date_trunc('week', day)::date::text, sum(total_tokens) FROM llm_usage_daily GROUP BY 1, 2 HAVING sum(total_tokens) > 0 ORDER BY 1, 2`, func(w *week) string {
		found := map[string]int{}
		for _, m := range w.models {
			found[m.user+"|"+monday(m.after(m.from))] += m.input + m.output
		}
		for _, v := range w.visits {
			if v.embedded > 0 {
				found[v.user+"|"+monday(v.after(2))] += v.embedded
			}
		}
		var text []string
		for key, n := range found {
			if n > 0 {
				text = append(text, fmt.Sprintf("%s|%d", key, n))
			}
		}
		return inOrder(text)
	}},
	{"Cache hit share by prompt", `SELECT prompt_name, prompt_version, round(100.0 * sum(cache_read_tokens) / sum(input_tokens)) FROM llm_usage_daily
		WHERE prompt_name IS NOT NULL GROUP BY 1, 2 HAVING sum(input_tokens) > 0 ORDER BY 1, 2`, func(w *week) string {
		return by(w.answered(), func(m *modelUse) string {
			if m.prompt == "" {
				return ""
			}
			return m.prompt + "|" + m.version
		}, func(of []*modelUse) string {
			return percent(sum(of, func(m *modelUse) int { return m.cached }), sum(of, func(m *modelUse) int { return m.input }))
		})
	}},
	{"Did the time to the first token get worse with a release?", `SELECT release, percentile_disc(0.5) WITHIN GROUP (ORDER BY ttft_ms), count(ttft_ms) FROM llm_call_facts
		WHERE is_call AND streaming AND ttft_ms IS NOT NULL GROUP BY 1 ORDER BY 1`, func(w *week) string {
		return by(only(w.models, func(m *modelUse) bool { return m.first > 0 }), func(m *modelUse) string { return m.release }, func(of []*modelUse) string {
			var first []int
			for _, m := range of {
				first = append(first, m.first)
			}
			return fmt.Sprintf("%d|%d", percentile(first, 50), len(of))
		})
	}},
	{"Which tools fail twice in a row?", `SELECT tool_name, count(*) FROM (SELECT tool_name, failed AND lag(failed) OVER (PARTITION BY trace_id ORDER BY start_time, span_id)
			AND lag(tool_name) OVER (PARTITION BY trace_id ORDER BY start_time, span_id) = tool_name AS again FROM llm_tool_facts) t
		WHERE again GROUP BY 1 ORDER BY 1`, func(w *week) string {
		found := map[string]int{}
		for _, v := range w.visits {
			for i := 1; i < len(v.tools); i++ {
				if a, b := v.tools[i-1], v.tools[i]; a.name == b.name && a.failed != "" && b.failed != "" {
					found[b.name]++
				}
			}
		}
		return linesOf(found)
	}},
	{"How deep do agents call agents?", `SELECT depth, count(*) FROM (SELECT t.id, max(x.depth) + 1 AS depth FROM llm_traces t CROSS JOIN LATERAL llm_trace(t.id) x
		WHERE x.kind = 'agent' GROUP BY 1) d GROUP BY 1 ORDER BY 1`, func(w *week) string {
		found := map[string]int{}
		for _, v := range w.visits {
			depth := v.agents
			if v.rootless {
				depth--
			}
			if depth > 0 {
				found[fmt.Sprint(depth)]++
			}
		}
		return linesOf(found)
	}},
	{"Where does an agent go in circles?", `SELECT trace_hex, tool_name, tool_arguments ->> 'of', count(*) FROM llm_tool_calls GROUP BY 1, 2, 3 HAVING count(*) >= 3 ORDER BY 1, 2, 3`, func(w *week) string {
		return by(w.tools, func(t *toolUse) string { return hexOfVisit(t.visit) + "|" + t.name + "|" + t.of }, func(of []*toolUse) string {
			if len(of) < 3 {
				return ""
			}
			return fmt.Sprint(len(of))
		})
	}},
	{"The longest prompts", `SELECT trace_hex, input_tokens FROM llm_call_facts WHERE is_call AND kind = 'llm' AND input_tokens IS NOT NULL ORDER BY input_tokens DESC, trace_hex LIMIT 3`, func(w *week) string {
		all := w.answered()
		slices.SortFunc(all, func(a, b *modelUse) int {
			if a.input != b.input {
				return b.input - a.input
			}
			return strings.Compare(hexOfVisit(a.visit), hexOfVisit(b.visit))
		})
		var text []string
		for _, m := range all[:3] {
			text = append(text, fmt.Sprintf("%s|%d", hexOfVisit(m.visit), m.input))
		}
		return strings.Join(text, "\n")
	}},
	{"What share of answers is cut?", `SELECT model, round(100.0 * count(*) FILTER (WHERE 'length' = ANY (finish_reasons)) / count(*)) FROM llm_call_facts
		WHERE is_call AND kind = 'llm' AND NOT failed GROUP BY 1 ORDER BY 1`, func(w *week) string {
		return by(w.answered(), byModel, func(of []*modelUse) string {
			return percent(len(only(of, func(m *modelUse) bool { return m.finish == "length" })), len(of))
		})
	}},
	{"Why do answers end?", `SELECT reason, count(*) FROM llm_call_facts, unnest(finish_reasons) reason WHERE is_call GROUP BY 1 ORDER BY 1`, func(w *week) string {
		found := map[string]int{}
		for _, m := range w.answered() {
			found[strings.TrimSuffix(m.finish, "s")]++
		}
		return linesOf(found)
	}},
	{"Which calls hold images?", `SELECT model, count(*) FROM llm_calls WHERE is_call AND input_messages @? '$[*].parts[*] ? (@.modality == "image")' GROUP BY 1 ORDER BY 1`, func(w *week) string {
		return by(only(w.models, func(m *modelUse) bool { return m.image }), byModel, func(of []*modelUse) string { return fmt.Sprint(len(of)) })
	}},
	{"Embeddings by length of their vectors", `SELECT embedding_dimensions, count(*), sum(input_tokens) FROM llm_call_facts WHERE is_call AND kind = 'embedding' GROUP BY 1 ORDER BY embedding_dimensions::text`, func(w *week) string {
		return by(only(w.visits, func(v *visit) bool { return v.dimensions > 0 }), func(v *visit) string { return fmt.Sprint(v.dimensions) }, func(of []*visit) string {
			return fmt.Sprintf("%d|%d", len(of), sum(of, func(v *visit) int { return v.embedded }))
		})
	}},
	{"How often is reranked, and by what?", `SELECT model, count(*), sum(cardinality(document_ids)) FROM llm_call_facts WHERE is_call AND kind = 'reranker' GROUP BY 1`, func(w *week) string {
		n := len(only(w.visits, func(v *visit) bool { return v.reranked }))
		return fmt.Sprintf("rerank-3|%d|%d", n, n)
	}},
	{"Which documents are found most?", `SELECT d ->> 'id', count(*) FROM llm_retrievals, jsonb_array_elements(documents) d GROUP BY 1 ORDER BY 1`, func(w *week) string {
		found := map[string]int{}
		for _, v := range w.visits {
			for _, d := range v.found {
				found[fmt.Sprint("doc-", d)]++
			}
		}
		return linesOf(found)
	}},
	{"Which documents are found and not used?", `SELECT d ->> 'id', count(*) FROM llm_retrievals r, jsonb_array_elements(r.documents) d
		WHERE NOT EXISTS (SELECT FROM llm_messages m WHERE m.trace_id = r.trace_id AND m.direction = 'output' AND m.content LIKE '%' || (d ->> 'id') || '.%')
		GROUP BY 1 ORDER BY 1`, func(w *week) string {
		found := map[string]int{}
		for _, v := range w.visits {
			for _, d := range v.found {
				if !slices.ContainsFunc(v.models, func(m *modelUse) bool { return strings.Contains(m.answer, fmt.Sprintf("doc-%d.", d)) }) {
					found[fmt.Sprint("doc-", d)]++
				}
			}
		}
		return linesOf(found)
	}},
	{"How often does a guardrail block?", `SELECT count(*), count(*) FILTER (WHERE error_type = 'blocked') FROM llm_spans WHERE kind = 'guardrail'`, func(w *week) string {
		return fmt.Sprintf("%d|%d", len(only(w.visits, func(v *visit) bool { return v.guarded })), len(only(w.visits, func(v *visit) bool { return v.blocked })))
	}},
	{"Scores by model", `SELECT model, count(*), round(100 * avg(value)::numeric) FROM llm_call_scores WHERE score_name = 'helpful' GROUP BY 1 ORDER BY 1`, func(w *week) string {
		return by(only(w.models, func(m *modelUse) bool { return m.scored }), byModel, func(of []*modelUse) string {
			return fmt.Sprintf("%d|%s", len(of), percent(sum(of, func(m *modelUse) int { return m.score }), 100*len(of)))
		})
	}},
	{"Scores and cost of two versions of a prompt", `SELECT f.prompt_version, count(*), round(100.0 * sum(s.value)::numeric / count(s.value)), trim_scale(sum(f.total_cost)) FROM llm_call_facts f
		LEFT JOIN llm_call_scores s ON s.trace_id = f.trace_id AND s.span_id = f.span_id WHERE f.is_call AND f.prompt_name = 'sell' GROUP BY 1 ORDER BY 1`, func(w *week) string {
		return by(only(w.models, func(m *modelUse) bool { return m.prompt == "sell" }), func(m *modelUse) string { return m.version }, func(of []*modelUse) string {
			scored := only(of, func(m *modelUse) bool { return m.scored })
			return fmt.Sprintf("%d|%s|%s", len(of), percent(sum(scored, func(m *modelUse) int { return m.score }), 100*len(scored)), spentOn(of))
		})
	}},
	{"Cost by team", `SELECT labels ->> 'team', trim_scale(sum(total_cost)) FROM llm_usage GROUP BY 1 ORDER BY 1`, func(w *week) string {
		return by(w.models, func(m *modelUse) string { return m.team }, spentOn)
	}},
	{"Which teams spend more than a budget in a day?", `SELECT labels ->> 'team', day::text FROM llm_usage_daily GROUP BY 1, 2 HAVING sum(total_cost) > 0.1 ORDER BY 1, 2`, func(w *week) string {
		micro := map[string]int64{}
		for _, m := range w.models {
			micro[m.team+"|"+m.after(m.from).Format("2006-01-02")] += max(m.microUSD, 0)
		}
		maps.DeleteFunc(micro, func(_ string, n int64) bool { return n <= 100_000 })
		return strings.Join(slices.Sorted(maps.Keys(micro)), "\n")
	}},
	{"Whose words leave the European Union?", `SELECT user_id, count(*) FROM llm_calls WHERE is_call AND kind = 'llm' AND resource_attributes ->> 'cloud.region' NOT LIKE 'eu-%' GROUP BY 1 ORDER BY 1`, func(w *week) string {
		return by(only(w.models, func(m *modelUse) bool { return !strings.HasPrefix(m.region, "eu-") }), func(m *modelUse) string { return m.user }, func(of []*modelUse) string { return fmt.Sprint(len(of)) })
	}},
	{"Which traces are incomplete?", `SELECT count(*) FILTER (WHERE root_span_id IS NULL), count(*) FROM llm_traces`, func(w *week) string {
		return fmt.Sprintf("%d|%d", len(only(w.visits, func(v *visit) bool { return v.rootless })), len(w.visits))
	}},
	{"Spans whose parent is missing", `SELECT count(*) FROM llm_spans s WHERE parent_span_id IS NOT NULL
		AND NOT EXISTS (SELECT FROM llm_spans p WHERE p.trace_id = s.trace_id AND p.span_id = s.parent_span_id)`, func(w *week) string {
		n := 0
		for _, v := range w.visits {
			if !v.rootless {
				continue
			}
			root := spanOf(v.traces()[0]).ParentSpanID()
			for _, td := range v.traces() {
				if spanOf(td).ParentSpanID() == root {
					n++
				}
			}
		}
		return fmt.Sprint(n)
	}},
	{"Is anything stored twice?", `SELECT count(*), count(*) - count(DISTINCT (trace_id, span_id)) FROM llm_spans`, func(w *week) string {
		return fmt.Sprintf("%d|0", sum(w.visits, func(v *visit) int { return v.spans }))
	}},
	{"What came late?", `SELECT count(*) FROM llm_spans WHERE stored_at - end_time > interval '1 hour'`, func(w *week) string {
		return fmt.Sprint(sum(w.visits, func(v *visit) int { return v.spans }))
	}},
	{"Which models have no price?", `SELECT provider, model, calls, total_tokens FROM llm_unpriced_models ORDER BY 1, 2`, func(w *week) string {
		of := only(w.answered(), func(m *modelUse) bool { return m.microUSD < 0 })
		return fmt.Sprintf("vllm|house-7|%d|%d", len(of), sum(of, func(m *modelUse) int { return m.input + m.output }))
	}},
	{"Who writes mail addresses into prompts?", `SELECT user_id, count(*) FROM llm_messages WHERE role = 'user' AND is_new AND content ~* '[a-z0-9._%+-]+@[a-z0-9.-]+\.[a-z]{2,}' GROUP BY 1 ORDER BY 1`, func(w *week) string {
		found, seen := map[string]int{}, map[string]bool{}
		for _, m := range w.models {
			if key := m.session + m.question + fmt.Sprint(m.image); strings.Contains(m.question, "@") && !seen[key] {
				seen[key] = true
				found[m.user]++
			}
		}
		return linesOf(found)
	}},
	{"What was a user last answered?", `SELECT model, output_messages #>> '{0,parts,0,content}' FROM llm_user_calls('u3', 1000) WHERE is_call AND kind = 'llm' AND NOT failed LIMIT 1`, func(w *week) string {
		of := only(w.answered(), func(m *modelUse) bool { return m.user == "u3" })
		last := slices.MaxFunc(of, func(a, b *modelUse) int { return a.after(a.from).Compare(b.after(b.from)) })
		return last.model + "|" + last.answer
	}},
	{"How fast do streams come, in tokens a second?", `SELECT model, round(sum(output_tokens) / sum(duration_us / 1000 - ttft_ms)::numeric * 1000) FROM llm_call_facts
		WHERE is_call AND streaming AND ttft_ms < duration_us / 1000 GROUP BY 1 ORDER BY 1`, func(w *week) string {
		return by(only(w.models, func(m *modelUse) bool { return m.first > 0 && m.first < m.took }), byModel, func(of []*modelUse) string {
			return percent(10*sum(of, func(m *modelUse) int { return m.output }), sum(of, func(m *modelUse) int { return m.took - m.first }))
		})
	}},
	{"Who still uses an old model?", `SELECT user_id, max(day)::text FROM llm_usage_daily WHERE model = 'gpt-4o' AND calls > 0 GROUP BY 1 ORDER BY 1`, func(w *week) string {
		last := map[string]string{}
		for _, m := range w.models {
			if m.model == "gpt-4o" {
				last[m.user] = max(last[m.user], m.after(m.from).Format("2006-01-02"))
			}
		}
		var text []string
		for user, day := range last {
			text = append(text, user+"|"+day)
		}
		return inOrder(text)
	}},
	{"Which model answers for which name?", `SELECT request_model, response_model, count(*) FROM llm_call_facts WHERE is_call AND kind = 'llm' AND response_model <> request_model GROUP BY 1, 2 ORDER BY 1, 2`, func(w *week) string {
		return by(only(w.answered(), func(m *modelUse) bool { return m.asked != m.answered }), func(m *modelUse) string { return m.asked + "|" + m.answered }, func(of []*modelUse) string { return fmt.Sprint(len(of)) })
	}},
	{"Which temperatures are asked for?", `SELECT round(10 * (request_parameters ->> 'temperature')::numeric), count(*) FROM llm_call_facts WHERE is_call AND kind = 'llm' GROUP BY 1 ORDER BY 1`, func(w *week) string {
		return by(w.models, func(m *modelUse) string { return fmt.Sprint(m.temperature) }, func(of []*modelUse) string { return fmt.Sprint(len(of)) })
	}},
	{"How many calls run at once?", `SELECT max(running) FROM (SELECT sum(step) OVER (ORDER BY at, step) AS running FROM (
		SELECT start_time AS at, 1 AS step FROM llm_call_facts WHERE is_call AND kind = 'llm' UNION ALL SELECT end_time, -1 FROM llm_call_facts WHERE is_call AND kind = 'llm') x) y`, func(w *week) string {
		most := 0
		for _, m := range w.models {
			running := 0
			for _, o := range w.models {
				if !o.after(o.from).After(m.after(m.from)) && o.after(o.from+o.took).After(m.after(m.from)) {
					running++
				}
			}
			most = max(most, running)
		}
		return fmt.Sprint(most)
	}},
	{"Which tool calls of models were never run?", `SELECT count(*) FROM llm_calls c, jsonb_path_query(c.output_messages, '$[*].parts[*] ? (@.type == "tool_call")') p
		WHERE c.is_call AND NOT EXISTS (SELECT FROM llm_tool_facts t WHERE t.trace_id = c.trace_id AND t.tool_call_id = p ->> 'id')`, func(w *week) string {
		return fmt.Sprint(len(only(w.models, func(m *modelUse) bool { return strings.HasPrefix(m.wants, "never") })))
	}},
	{"How often is a tool offered and called?", `SELECT tool_name, sum(offered), sum(called), sum(failed) FROM llm_tool_usage GROUP BY 1 ORDER BY 1`, func(w *week) string {
		offered := len(only(w.models, func(m *modelUse) bool { return m.wants != "" }))
		text := []string{fmt.Sprintf("fax|%d|0|0", offered)}
		for _, name := range []string{"map", "stock", "mail"} {
			of := only(w.tools, func(t *toolUse) bool { return t.name == name })
			failed := len(only(of, func(t *toolUse) bool { return t.failed != "" }))
			text = append(text, fmt.Sprintf("%s|%d|%d|%d", name, offered*int(when(name == "map")), len(of), failed))
		}
		return inOrder(text)
	}},
	{"Where does the time of traces go?", `SELECT round(sum(duration_us) FILTER (WHERE kind = 'llm') / 1000), round(sum(duration_us) FILTER (WHERE kind = 'tool') / 1000)
		FROM llm_spans WHERE counted`, func(w *week) string {
		return fmt.Sprintf("%d|%d", sum(w.models, func(m *modelUse) int { return m.took }), sum(w.tools, func(t *toolUse) int { return t.took }))
	}},
	{"Most tokens in a minute", `SELECT max(n) FROM (SELECT sum(total_tokens) AS n FROM llm_call_facts WHERE kind = 'llm' GROUP BY date_trunc('minute', start_time)) m`, func(w *week) string {
		minutes, most := map[time.Time]int{}, 0
		for _, m := range w.models {
			minute := m.after(m.from).Truncate(time.Minute)
			minutes[minute] += m.input + m.output
			most = max(most, minutes[minute])
		}
		return fmt.Sprint(most)
	}},
	{"What share of the output is thought?", `SELECT model, round(100.0 * sum(reasoning_tokens) / sum(output_tokens)) FROM llm_usage WHERE kind = 'llm' GROUP BY 1 HAVING sum(output_tokens) > 0 ORDER BY 1`, func(w *week) string {
		return by(w.answered(), byModel, func(of []*modelUse) string {
			return percent(sum(of, func(m *modelUse) int { return m.thought }), sum(of, func(m *modelUse) int { return m.output }))
		})
	}},
	{"New users by day", `SELECT first::text, count(*) FROM (SELECT user_id, min(day) AS first FROM llm_usage_daily WHERE calls > 0 AND user_id IS NOT NULL GROUP BY 1) u GROUP BY 1 ORDER BY 1`, func(w *week) string {
		first := map[string]string{}
		for _, m := range w.models {
			day := m.after(m.from).Format("2006-01-02")
			if before, known := first[m.user]; !known || day < before {
				first[m.user] = day
			}
		}
		found := map[string]int{}
		for _, day := range first {
			found[day]++
		}
		return linesOf(found)
	}},
	{"How often do models refuse?", `SELECT model, count(*) FROM llm_messages WHERE direction = 'output' AND content ILIKE 'i''m sorry%' GROUP BY 1 ORDER BY 1`, func(w *week) string {
		return by(only(w.models, func(m *modelUse) bool { return strings.HasPrefix(m.answer, "I'm sorry") }), byModel, func(of []*modelUse) string { return fmt.Sprint(len(of)) })
	}},
	{"Which agent calls which?", `SELECT p.agent_name, s.agent_name, count(*) FROM llm_spans s JOIN llm_spans p ON p.trace_id = s.trace_id AND p.span_id = s.parent_span_id
		WHERE s.kind = 'agent' AND p.kind = 'agent' GROUP BY 1, 2 ORDER BY 1, 2`, func(w *week) string {
		found := map[string]int{}
		for _, v := range w.visits {
			for depth := 1; depth < v.agents; depth++ {
				if depth > 1 || !v.rootless {
					found[fmt.Sprintf("agent %d|agent %d", depth, depth+1)]++
				}
			}
		}
		return linesOf(found)
	}},
	{"Tokens by agent and model", `SELECT agent_name, model, sum(total_tokens) FROM llm_calls WHERE kind = 'llm' AND agent_name IS NOT NULL GROUP BY 1, 2 HAVING sum(total_tokens) > 0 ORDER BY 1, 2`, func(w *week) string {
		return by(w.answered(), func(m *modelUse) string {
			if m.rootless && m.agents == 1 {
				return ""
			}
			return m.agent + "|" + m.model
		}, func(of []*modelUse) string {
			return fmt.Sprint(sum(of, func(m *modelUse) int { return m.input + m.output }))
		})
	}},
	{"How many calls does an answer take?", `SELECT model, count(*), count(*) FILTER (WHERE NOT failed) FROM llm_call_facts WHERE is_call AND kind = 'llm' GROUP BY 1 ORDER BY 1`, func(w *week) string {
		return by(w.models, byModel, func(of []*modelUse) string {
			return fmt.Sprintf("%d|%d", len(of), len(only(of, (*modelUse).isAnswered)))
		})
	}},
	{"How many turns has a session?", `SELECT session_id, count(*) FROM llm_call_facts WHERE is_call AND kind = 'llm' AND NOT failed GROUP BY 1 ORDER BY 1`, func(w *week) string {
		return by(w.answered(), func(m *modelUse) string { return m.session }, func(of []*modelUse) string { return fmt.Sprint(len(of)) })
	}},
	{"Which errors by environment?", `SELECT environment, error_type, count(*) FROM llm_call_facts WHERE failed GROUP BY 1, 2 ORDER BY 1, 2`, func(w *week) string {
		return by(only(w.models, func(m *modelUse) bool { return m.failed != "" }), func(m *modelUse) string { return m.environment + "|" + m.failed }, func(of []*modelUse) string { return fmt.Sprint(len(of)) })
	}},
	{"Error rate by release, from the sums", `SELECT service_name, sum(failed_calls), sum(calls) FROM llm_usage WHERE kind = 'llm' AND environment = 'prod' GROUP BY 1 HAVING sum(calls) > 0 ORDER BY 1`, func(w *week) string {
		return by(only(w.models, func(m *modelUse) bool { return m.environment == "prod" }), func(m *modelUse) string { return m.service }, func(of []*modelUse) string {
			return fmt.Sprintf("%d|%d", len(of)-len(only(of, (*modelUse).isAnswered)), len(of))
		})
	}},
}

// linesOf says a line a key with its number.
func linesOf(found map[string]int) string {
	var text []string
	for key, n := range found {
		text = append(text, fmt.Sprintf("%s|%d", key, n))
	}
	return inOrder(text)
}
