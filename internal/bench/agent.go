package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

const (
	conversationTurns = 30
	turnSpans         = 4 // agent, call, tool, call
	systemBytes       = 2000
	questionBytes     = 200
	resultBytes       = 600
	replyBytes        = 500
	agentTools        = 8
)

// agentApp is what all conversations with one agent share.
type agentApp struct {
	name, system, tools string
	toolNames           []string
}

func newAgentApp(b *builder, name string) *agentApp {
	app := &agentApp{name: name, system: toJSON([]part{{Type: "text", Content: b.text(systemBytes)}})}
	type property struct {
		Type        string `json:"type"`
		Description string `json:"description"`
	}
	type parameters struct {
		Type       string              `json:"type"`
		Properties map[string]property `json:"properties"`
		Required   []string            `json:"required"`
	}
	type tool struct {
		Type        string     `json:"type"`
		Name        string     `json:"name"`
		Description string     `json:"description"`
		Parameters  parameters `json:"parameters"`
	}
	var tools []tool
	for i := range agentTools {
		app.toolNames = append(app.toolNames, fmt.Sprintf("%s_%d", b.word(), i))
		p := parameters{Type: "object", Properties: map[string]property{}, Required: []string{"query"}}
		for _, key := range []string{"query", "limit", b.word()} {
			p.Properties[key] = property{"string", b.text(40)}
		}
		tools = append(tools, tool{"function", app.toolNames[i], b.text(120), p})
	}
	app.tools = toJSON(tools)
	return app
}

// conversation grows by a turn at a time; history holds its messages as JSON.
type conversation struct {
	app           *agentApp
	session, user string
	history       []string
	left          int // turns
}

// buildAgent makes conversations of 30 turns with agents, of which many go on at once: the batches hold turns
// of all of them, at every age. A turn is a trace of its own, joined to the others by gen_ai.conversation.id,
// since a person answers minutes later and agents answer each request in a trace of its own.
func buildAgent(seed uint64, begin time.Time, batches, batchSpans int) []ptrace.Traces {
	b := newBuilder(seed, begin, batchSpans, "opentelemetry.instrumentation.openai_agents")
	apps := []*agentApp{newAgentApp(b, "support"), newAgentApp(b, "research"), newAgentApp(b, "billing")}
	total := max(1, batches*batchSpans/(conversationTurns*turnSpans))
	var waiting, active []*conversation
	for i := range total {
		waiting = append(waiting, &conversation{
			app: apps[i%len(apps)], session: b.id("conv_", 24), user: fmt.Sprintf("user-%d", b.IntN(5000)), left: conversationTurns,
		})
	}
	// A few conversations begin with each step, so that the old and the new are mixed.
	newcomers := (total + conversationTurns - 1) / conversationTurns
	for len(waiting)+len(active) > 0 {
		n := min(newcomers, len(waiting))
		active, waiting = append(active, waiting[:n]...), waiting[n:]
		going := active[:0]
		for _, c := range active {
			c.turn(b, b.trace(turnSpans))
			if c.left > 0 {
				going = append(going, c)
			}
		}
		active = going
	}
	return b.batches
}

// turn is a question, a call that asks for a tool, the tool, and a call that answers.
func (c *conversation) turn(b *builder, t *traceBuilder) {
	c.left--
	c.history = append(c.history, toJSON(textMessage("user", b.text(questionBytes))))
	agent := t.span("invoke_agent "+c.app.name, ptrace.SpanKindInternal, pcommon.SpanID{}, 9*time.Second)
	putAll(agent.Attributes(),
		"gen_ai.operation.name", "invoke_agent", "gen_ai.provider.name", "openai", "gen_ai.agent.name", c.app.name,
		"gen_ai.conversation.id", c.session, "user.id", c.user)

	tool, callID := c.app.toolNames[b.IntN(agentTools)], b.id("call_", 24)
	arguments := json.RawMessage(toJSON(map[string]string{"query": b.text(60), "limit": "10"}))
	result := json.RawMessage(toJSON(map[string]any{"found": b.IntN(100), "text": b.text(resultBytes)}))
	c.call(b, t, agent.SpanID(), message{Role: "assistant", FinishReason: "tool_call",
		Parts: []part{{Type: "tool_call", ID: callID, Name: tool, Arguments: arguments}}})

	run := t.span("execute_tool "+tool, ptrace.SpanKindInternal, agent.SpanID(), 800*time.Millisecond)
	putAll(run.Attributes(),
		"gen_ai.operation.name", "execute_tool", "gen_ai.tool.name", tool, "gen_ai.tool.call.id", callID, "gen_ai.tool.type", "function",
		"gen_ai.tool.call.arguments", string(arguments), "gen_ai.tool.call.result", string(result))
	c.history = append(c.history, toJSON(message{Role: "tool", Parts: []part{{Type: "tool_call_response", ID: callID, Response: result}}}))

	answer := textMessage("assistant", b.text(replyBytes))
	answer.FinishReason = "stop"
	c.call(b, t, agent.SpanID(), answer)
}

// call sends the whole history to the model, as agents do, and adds its answer to it.
func (c *conversation) call(b *builder, t *traceBuilder, parent pcommon.SpanID, answer message) {
	call := t.span("chat gpt-4o", ptrace.SpanKindClient, parent, 3*time.Second)
	putCall(b, call, c.session, answer.FinishReason)
	call.Attributes().PutStr("gen_ai.system_instructions", c.app.system)
	call.Attributes().PutStr("gen_ai.tool.definitions", c.app.tools)
	call.Attributes().PutStr("gen_ai.input.messages", "["+strings.Join(c.history, ",")+"]")
	call.Attributes().PutStr("gen_ai.output.messages", toJSON([]message{answer}))
	answer.FinishReason = ""
	c.history = append(c.history, toJSON(answer))
}
