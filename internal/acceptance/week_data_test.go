package acceptance

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// visit is a trace of a shop's assistant: somebody asks, agents call models and tools.
type visit struct {
	n                                     int
	at                                    time.Time
	service, environment, release, region string
	team, user, session                   string
	rootless                              bool // the root never arrives
	agents                                int  // one around the next
	models                                []*modelUse
	tools                                 []*toolUse
	query                                 string
	found                                 []int // documents
	dimensions, embedded                  int
	reranked                              bool
	guarded, blocked                      bool
	spans                                 int
	end                                   int // ms after at
}

// modelUse is one call of a language model; times are in ms.
type modelUse struct {
	*visit
	from, took, first                      int
	asked, answered, model, provider       string
	input, output, cached, thought         int
	microUSD                               int64 // reported; -1 for none
	prompt, version, finish, failed, agent string
	streamed, image, wrapped, scored       bool
	temperature                            int // tenths
	question, answer, wants                string
	score                                  int // percent
}

// toolUse is one call of a tool.
type toolUse struct {
	*visit
	from, took                    int
	name, call, of, failed, agent string
}

type week struct {
	visits []*visit
	models []*modelUse
	tools  []*toolUse
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// shopWeek makes visits of eight days, the last of them two days ago.
func shopWeek(seed uint64, visits int) *week {
	r := rand.New(rand.NewPCG(seed, 40))
	w := &week{}
	begin := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -9)
	for n := range visits {
		v := &visit{
			n: n, at: begin.Add(time.Duration(r.Int64N(int64(8*24*time.Hour - 10*time.Minute)))).Truncate(time.Millisecond),
			service: pick(r, "web", "web", "batch"), environment: pick(r, "prod", "prod", "staging"), region: pick(r, "eu-west-1", "eu-central-1", "us-east-1"),
			team: pick(r, "red", "blue", "green"), user: fmt.Sprint("u", r.IntN(9)), session: fmt.Sprint("s", r.IntN(1+visits/4)),
			rootless: r.IntN(15) == 0, agents: 1 + r.IntN(3), guarded: r.IntN(3) == 0, end: 1,
		}
		v.release = "v1"
		if v.at.After(begin.AddDate(0, 0, 5)) {
			v.release = "v2"
		}
		v.blocked = v.guarded && r.IntN(4) == 0
		if r.IntN(3) == 0 {
			v.query = fmt.Sprint("where is item ", r.IntN(30))
			for range 1 + r.IntN(3) {
				if d := r.IntN(12); !slices.Contains(v.found, d) {
					v.found = append(v.found, d)
				}
			}
			v.dimensions, v.embedded, v.reranked = pick(r, 256, 1536), 5+r.IntN(9), r.IntN(2) == 0
		}
		v.callModels(r)
		v.callTools(r)
		w.visits, w.models, w.tools = append(w.visits, v), append(w.models, v.models...), append(w.tools, v.tools...)
	}
	return w
}

func (v *visit) agent() string { return fmt.Sprint("agent ", v.agents) }

// callModels has one to three answers, each after failed tries.
func (v *visit) callModels(r *rand.Rand) {
	at := 10
	for turn := range 1 + r.IntN(3) {
		for try := 0; ; try++ {
			m := &modelUse{visit: v, from: at, took: 300 + r.IntN(4000), agent: v.agent(), microUSD: -1, temperature: r.IntN(4) * 3,
				prompt: pick(r, "greet", "sell", ""), finish: "stop", streamed: r.IntN(2) == 0, wrapped: r.IntN(3) == 0}
			v.models = append(v.models, m)
			at += m.took + 5
			which := r.IntN(4)
			m.asked = []string{"gpt-4o", "gpt-4o-mini", "claude-sonnet-4-20250514", "house-7"}[which]
			m.model = []string{"gpt-4o", "gpt-4o-mini", "claude-sonnet-4", "house-7"}[which]
			m.provider = []string{"openai", "openai", "anthropic", "vllm"}[which]
			if m.prompt != "" {
				m.version = pick(r, "1", "2")
			}
			m.question = fmt.Sprintf("question %d of visit %d", turn, v.n)
			if r.IntN(12) == 0 {
				m.question = fmt.Sprintf("mail me at person%d@example.com", v.n)
			}
			m.image = r.IntN(10) == 0
			if try < 2 && r.IntN(6) == 0 {
				m.failed, m.took, m.finish, m.streamed = pick(r, "rate_limit", "timeout"), 20+r.IntN(40), "", false
				continue
			}
			m.answers(r, which)
			break
		}
	}
	v.end = at
}

func (m *modelUse) answers(r *rand.Rand, which int) {
	m.answered = []string{"gpt-4o-2024-08-06", "gpt-4o-mini", "claude-sonnet-4-20250514", "house-7"}[which]
	m.input, m.output = 50+r.IntN(900), 5+r.IntN(300)
	m.cached, m.thought = r.IntN(m.input), r.IntN(m.output)
	if which < 3 {
		m.microUSD = int64(1 + r.IntN(20000))
	}
	if m.streamed {
		m.first = 20 + r.IntN(m.took-20)
	}
	if r.IntN(7) == 0 {
		m.finish = "length"
	}
	m.answer = fmt.Sprintf("answer to %s", m.question)
	if len(m.found) > 0 && r.IntN(2) == 0 {
		m.answer += fmt.Sprintf(" by doc-%d.", m.found[0])
	}
	if r.IntN(9) == 0 {
		m.answer = "I'm sorry, I can't help with that."
	}
	m.scored, m.score = r.IntN(3) == 0, r.IntN(101)
}

// callTools has models ask for tools, of which some are run, some twice, and some never.
func (v *visit) callTools(r *rand.Rand) {
	for i := range r.IntN(5) {
		t := &toolUse{visit: v, from: v.end + 5, took: 10 + r.IntN(500), name: pick(r, "map", "stock", "mail"), call: fmt.Sprintf("call-%d-%d", v.n, i),
			of: fmt.Sprint("x", r.IntN(2)), agent: v.agent()}
		if r.IntN(3) == 0 {
			t.failed = pick(r, "timeout", "denied")
		}
		v.tools = append(v.tools, t)
		v.end += t.took + 10
	}
	last := v.models[len(v.models)-1]
	if len(v.tools) > 0 {
		last.wants = v.tools[0].call
	} else if r.IntN(3) == 0 {
		last.wants = fmt.Sprint("never run ", v.n)
	}
	if last.wants != "" {
		last.finish = "tool_calls"
	}
}

// traces are the spans of a visit, one each.
func (v *visit) traces() (all []ptrace.Traces) {
	id := byte(0)
	add := func(scope string, parent byte, from, took int, attributes map[string]any) (byte, ptrace.Span) {
		id++
		td, span := newSpan(scope, id, parent, v.at.Add(time.Duration(from)*time.Millisecond), v.at.Add(time.Duration(from+took)*time.Millisecond))
		span.SetTraceID(pcommon.TraceID{byte(v.n), byte(v.n >> 8), 40})
		resource := td.ResourceSpans().At(0).Resource().Attributes()
		for key, text := range map[string]string{"service.name": v.service, "deployment.environment.name": v.environment, "service.version": v.release,
			"cloud.region": v.region, "team": v.team} {
			resource.PutStr(key, text)
		}
		if err := span.Attributes().FromRaw(attributes); err != nil {
			panic(err)
		}
		if failed, ok := attributes["error.type"]; ok {
			span.Status().SetCode(ptrace.StatusCodeError)
			span.Status().SetMessage(fmt.Sprint("failed with ", failed))
		}
		all = append(all, td)
		return id, span
	}
	inner := byte(0)
	for depth := range v.agents {
		attributes := agent(fmt.Sprint("agent ", depth+1))
		if depth == 0 {
			attributes = mergeMaps(attributes, whose(v.user, v.session))
		}
		inner, _ = add("app", inner, 0, v.end+10, attributes)
	}
	if v.guarded {
		attributes := map[string]any{"openinference.span.kind": "GUARDRAIL", "guardrail.name": "pii"}
		if v.blocked {
			attributes["error.type"] = "blocked"
		}
		add("guards", inner, 1, 5, attributes)
	}
	if v.query != "" {
		v.look(inner, add)
	}
	for _, m := range v.models {
		m.spans(inner, add)
	}
	for _, t := range v.tools {
		attributes := mergeMaps(tool(t.name, t.call), map[string]any{"gen_ai.tool.call.arguments": fmt.Sprintf(`{"of":%q}`, t.of), "gen_ai.tool.call.result": `{"ok":true}`})
		if t.failed != "" {
			attributes["error.type"] = t.failed
			delete(attributes, "gen_ai.tool.call.result")
		}
		add("app", inner, t.from, t.took, attributes)
	}
	if v.rootless {
		all = all[1:]
		whom := spanOf(all[0]).Attributes() // whoever comes first says whose the trace is
		whom.PutStr("user.id", v.user)
		whom.PutStr("gen_ai.conversation.id", v.session)
	}
	v.visitEnds(all)
	return all
}

func (v *visit) visitEnds(all []ptrace.Traces) { v.spans = len(all) }

type adder func(scope string, parent byte, from, took int, attributes map[string]any) (byte, ptrace.Span)

// look has documents looked up: an embedding, a retrieval, and a reranker.
func (v *visit) look(inner byte, add adder) {
	add("app", inner, 2, 3, map[string]any{"gen_ai.operation.name": "embeddings", "gen_ai.provider.name": "openai", "gen_ai.request.model": "text-embedding-3-small",
		"gen_ai.usage.input_tokens": v.embedded, "gen_ai.embeddings.dimension.count": v.dimensions, "gen_ai.usage.cost": 0.0})
	var documents []map[string]any
	for i, d := range v.found {
		documents = append(documents, map[string]any{"id": fmt.Sprint("doc-", d), "content": fmt.Sprintf("text of doc-%d", d), "score": 0.9 - float64(i)/10})
	}
	text, err := json.Marshal(documents)
	if err != nil {
		panic(err)
	}
	add("app", inner, 5, 4, map[string]any{"gen_ai.operation.name": "retrieval", "gen_ai.retrieval.query.text": v.query, "gen_ai.retrieval.documents": string(text)})
	if v.reranked {
		add("app", inner, 9, 1, map[string]any{"openinference.span.kind": "RERANKER", "reranker.model_name": "rerank-3", "reranker.top_k": 3,
			"reranker.output_documents.0.document.id": fmt.Sprint("doc-", v.found[0]), "reranker.output_documents.0.document.content": "text"})
	}
}

func (m *modelUse) spans(inner byte, add adder) {
	attributes := map[string]any{"gen_ai.operation.name": "chat", "gen_ai.provider.name": m.provider, "gen_ai.request.model": m.asked,
		"gen_ai.request.temperature": float64(m.temperature) / 10, "gen_ai.request.stream": m.streamed}
	put := func(key string, value any, is bool) {
		if is {
			attributes[key] = value
		}
	}
	parts := []map[string]any{{"type": "text", "content": m.question}}
	if m.image {
		parts = append(parts, map[string]any{"type": "blob", "modality": "image", "mime_type": "image/png", "content": "iVBORw0KGgo="})
	}
	put("gen_ai.input.messages", messageText("user", parts), true)
	put("gen_ai.prompt.name", m.prompt, m.prompt != "")
	put("gen_ai.prompt.version", m.version, m.prompt != "")
	put("error.type", m.failed, m.failed != "")
	if m.failed == "" {
		parts = []map[string]any{{"type": "text", "content": m.answer}}
		if m.wants != "" {
			parts = append(parts, map[string]any{"type": "tool_call", "id": m.wants, "name": "map", "arguments": map[string]any{"of": "x"}})
		}
		put("gen_ai.output.messages", messageText("assistant", parts), true)
		put("gen_ai.response.model", m.answered, true)
		put("gen_ai.response.finish_reasons", []any{m.finish}, true)
		put("gen_ai.usage.input_tokens", m.input, true)
		put("gen_ai.usage.output_tokens", m.output, true)
		put("gen_ai.usage.cache_read.input_tokens", m.cached, true)
		put("gen_ai.usage.reasoning.output_tokens", m.thought, true)
		put("gen_ai.usage.cost", float64(m.microUSD)/1e6, m.microUSD >= 0)
		put("gen_ai.response.time_to_first_chunk", float64(m.first)/1000, m.first > 0)
		put("gen_ai.tool.definitions", `[{"type":"function","name":"map"},{"type":"function","name":"fax"}]`, m.wants != "")
	}
	if m.wrapped {
		around := map[string]any{"gen_ai.operation.name": "chat", "gen_ai.request.model": m.asked}
		if m.failed != "" {
			around["error.type"] = m.failed
		}
		inner, _ = add("langchain", inner, m.from, m.took, around)
	}
	_, span := add("openai", inner, m.from, m.took, attributes)
	if m.scored {
		event := span.Events().AppendEmpty()
		event.SetName("gen_ai.evaluation.result")
		event.SetTimestamp(span.EndTimestamp())
		event.Attributes().PutStr("gen_ai.evaluation.name", "helpful")
		event.Attributes().PutDouble("gen_ai.evaluation.score.value", float64(m.score)/100)
	}
}

func messageText(role string, parts []map[string]any) string {
	text, err := json.Marshal([]map[string]any{{"role": role, "parts": parts}})
	if err != nil {
		panic(err)
	}
	return string(text)
}

func mergeMaps(maps ...map[string]any) map[string]any { return all(maps...) }

// after is when a call began: that may be in the hour after its visit's.
func (v *visit) after(ms int) time.Time { return v.at.Add(time.Duration(ms) * time.Millisecond) }

// percentile is percentile_disc of PostgreSQL.
func percentile[T cmp.Ordered](values []T, percent int) T {
	slices.Sort(values)
	return values[max(0, (len(values)*percent+99)/100-1)]
}
