package mapping

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestKinds(t *testing.T) {
	for name, c := range map[string]struct {
		span      testSpan
		kind      string
		operation any
	}{
		"langfuse generation":                {testSpan{attrs: map[string]any{"langfuse.observation.type": "generation"}}, "llm", "chat"},
		"langfuse embedding as generation":   {testSpan{attrs: map[string]any{"langfuse.observation.type": "generation", "langfuse.observation.model.name": "text-embedding-3-small", "langfuse.observation.output": ""}}, "embedding", "embeddings"},
		"langfuse span silences evidence":    {testSpan{attrs: map[string]any{"langfuse.observation.type": "span", "gen_ai.request.model": "gpt-4o"}}, "other", nil},
		"langfuse span with an operation":    {testSpan{attrs: map[string]any{"langfuse.observation.type": "span", "gen_ai.operation.name": "chat"}}, "llm", "chat"},
		"old langfuse generation":            {testSpan{scope: "langfuse-sdk", version: "3.3.2", attrs: map[string]any{"langfuse.observation.type": "span", "langfuse.observation.model.name": "gpt-4o"}}, "llm", "chat"},
		"newer langfuse span":                {testSpan{scope: "langfuse-sdk", version: "3.4.0", attrs: map[string]any{"langfuse.observation.type": "span", "langfuse.observation.model.name": "gpt-4o"}}, "other", nil},
		"openinference":                      {testSpan{attrs: map[string]any{"openinference.span.kind": "RERANKER"}}, "reranker", "rerank"},
		"openinference unknown goes on":      {testSpan{attrs: map[string]any{"openinference.span.kind": "UNKNOWN", "gen_ai.operation.name": "chat"}}, "llm", "chat"},
		"openinference empty goes on":        {testSpan{attrs: map[string]any{"openinference.span.kind": "", "llm.model_name": "gpt-4o", "llm.system": "openai"}}, "llm", "chat"},
		"langsmith overrules the operation":  {testSpan{attrs: map[string]any{"langsmith.span.kind": "retriever", "gen_ai.operation.name": "embeddings"}}, "retriever", "retrieval"},
		"langsmith prompt":                   {testSpan{attrs: map[string]any{"langsmith.span.kind": "prompt", "gen_ai.operation.name": "chat"}}, "prompt", nil},
		"langsmith parser":                   {testSpan{attrs: map[string]any{"langsmith.span.kind": "parser", "gen_ai.operation.name": "chat"}}, "other", nil},
		"langsmith keeps unknown operations": {testSpan{attrs: map[string]any{"langsmith.span.kind": "chain", "gen_ai.operation.name": "chain"}}, "chain", "chain"},
		"mlflow quoted":                      {testSpan{attrs: map[string]any{"mlflow.spanType": `"CHAT_MODEL"`}}, "llm", "chat"},
		"mlflow rest":                        {testSpan{attrs: map[string]any{"mlflow.spanType": `"PARSER"`, "gen_ai.request.model": "x"}}, "other", nil},
		"operation aliases":                  {testSpan{attrs: map[string]any{"gen_ai.operation.name": "acompletion"}}, "llm", "chat"},
		"text completion":                    {testSpan{attrs: map[string]any{"gen_ai.operation.name": "completion"}}, "llm", "text_completion"},
		"embedding alias":                    {testSpan{attrs: map[string]any{"gen_ai.operation.name": "aembedding"}}, "embedding", "embeddings"},
		"vector search":                      {testSpan{attrs: map[string]any{"gen_ai.operation.name": "vector_db_retrieve"}}, "retriever", "retrieval"},
		"memory":                             {testSpan{attrs: map[string]any{"gen_ai.operation.name": "search_memory"}}, "retriever", "search_memory"},
		"memory written":                     {testSpan{attrs: map[string]any{"gen_ai.operation.name": "upsert_memory"}}, "tool", "upsert_memory"},
		"agent step":                         {testSpan{attrs: map[string]any{"gen_ai.operation.name": "agent_step"}}, "chain", "agent_step"},
		"unknown operation goes on":          {testSpan{attrs: map[string]any{"gen_ai.operation.name": "workflow", "traceloop.span.kind": "workflow"}}, "chain", "workflow"},
		"vector database":                    {testSpan{attrs: map[string]any{"gen_ai.operation.name": "vectordb", "gen_ai.request.model": "x"}}, "other", "vectordb"},
		"score of an answer":                 {testSpan{name: "gen_ai.evaluation.relevance", attrs: map[string]any{"gen_ai.evaluation.score": int64(4), "gen_ai.response.id": "resp_1"}}, "evaluator", nil},
		"verdict of a person":                {testSpan{name: "gen_ai.evaluation.result", attrs: map[string]any{"gen_ai.evaluation.score.value": 1.0, "gen_ai.response.id": "resp_1"}}, "evaluator", nil},
		"scored call":                        {testSpan{name: "gen_ai.chat", attrs: map[string]any{"gen_ai.evaluation.relevance.score": 0.9, "gen_ai.request.model": "gpt-4o", "gen_ai.response.id": "resp_1"}}, "llm", "chat"},
		"a model that is loaded":             {testSpan{name: "specialist.load_model", attrs: map[string]any{"model.name": "risk", "loading.time_ms": int64(812)}}, "other", nil},
		"a model that is registered":         {testSpan{name: "registerModel", attrs: map[string]any{"model.name": "risk", "model.provider": "acme"}}, "other", nil},
		"a model that is called":             {testSpan{name: "specialist.call_model", attrs: map[string]any{"model.name": "gpt-4o", "model.input_tokens": int64(8), "model.output_tokens": int64(3)}}, "llm", "chat"},
		"vercel inner call":                  {testSpan{attrs: map[string]any{"ai.operationId": "ai.generateObject.doGenerate"}}, "llm", "chat"},
		"vercel outer call":                  {testSpan{attrs: map[string]any{"ai.operationId": "ai.streamText", "gen_ai.request.model": "gpt-4o"}}, "chain", nil},
		"vercel by operation.name":           {testSpan{attrs: map[string]any{"operation.name": "ai.embedMany.doEmbed answer"}}, "embedding", "embeddings"},
		"vercel tool":                        {testSpan{attrs: map[string]any{"ai.operationId": "ai.toolCall"}}, "tool", "execute_tool"},
		"somebody's operation.name":          {testSpan{attrs: map[string]any{"operation.name": "aims.doStream"}}, "other", nil},
		"traceloop task":                     {testSpan{attrs: map[string]any{"traceloop.span.kind": "task"}}, "chain", nil},
		"request type completion":            {testSpan{attrs: map[string]any{"llm.request.type": "completion"}}, "llm", "text_completion"},
		"request type rerank":                {testSpan{attrs: map[string]any{"llm.request.type": "rerank"}}, "reranker", "rerank"},
		"claude code, prefixed":              {testSpan{scope: "com.anthropic.claude_code.tracing", attrs: map[string]any{"span.type": "claude_code.llm_request"}}, "llm", "chat"},
		"claude code, other":                 {testSpan{scope: "com.anthropic.claude_code.tracing", attrs: map[string]any{"span.type": "tool.blocked_on_user", "gen_ai.tool.name": "x"}}, "other", nil},
		"span.type of somebody":              {testSpan{attrs: map[string]any{"span.type": "web"}}, "other", nil},
		"codex turn":                         {testSpan{name: "session_task.turn", scope: "codex_cli_rs"}, "agent", "invoke_agent"},
		"the name alone":                     {testSpan{name: "session_task.turn"}, "other", nil},
		"genkit embedder":                    {testSpan{attrs: map[string]any{"genkit:metadata:subtype": "embedder"}}, "embedding", "embeddings"},
		"mastra workflow":                    {testSpan{attrs: map[string]any{"mastra.span.type": "workflow_step"}}, "chain", nil},
		"strands cycle":                      {testSpan{attrs: map[string]any{"agent_loop.cycle_id": "c"}}, "chain", nil},
		"adk tool by name":                   {testSpan{name: "execute_tool mayor", scope: "gcp.vertex.agent"}, "tool", "execute_tool"},
		"logfire's echo of a stream":         {testSpan{name: "streaming response from 'gpt-4' took 1.20s", scope: "logfire.openai", attrs: map[string]any{"gen_ai.request.model": "gpt-4"}}, "other", nil},
		"claude code by name":                {testSpan{name: "claude_code.interaction", scope: "com.anthropic.claude_code.traces"}, "agent", "invoke_agent"},
		"evidence of a tool":                 {testSpan{attrs: map[string]any{"gen_ai.tool.call.id": "c1", "gen_ai.request.model": "x"}}, "tool", "execute_tool"},
		"evidence of retrieval":              {testSpan{attrs: map[string]any{"gen_ai.retrieval.query.text": "q", "gen_ai.request.model": "x"}}, "retriever", "retrieval"},
		"any evidence of retrieval":          {testSpan{attrs: map[string]any{"gen_ai.retrieval.top_k": 3, "gen_ai.request.model": "x"}}, "retriever", "retrieval"},
		"chat in former prompts":             {testSpan{attrs: map[string]any{"llm.request.type": "chat", "llm.prompts.0.content": "q"}}, "llm", "chat"},
		"pydantic agent by name":             {testSpan{name: "invoke_agent bank", scope: "pydantic-ai"}, "agent", "invoke_agent"},
		"litellm's raw request":              {testSpan{name: "raw_gen_ai_request", scope: "litellm", attrs: map[string]any{"gen_ai.request.model": "x"}}, "other", nil},
		"livekit node with a model":          {testSpan{name: "llm_node", scope: "livekit-agents", attrs: map[string]any{"gen_ai.request.model": "x"}}, "chain", nil},
		"livekit node without":               {testSpan{name: "llm_node", scope: "livekit-agents"}, "chain", nil},
		"old langfuse span with a model":     {testSpan{scope: "langfuse-sdk", version: "3.2.0", attrs: map[string]any{"langfuse.observation.type": "span", "gen_ai.request.model": "x"}}, "llm", "chat"},
		"messages alone":                     {testSpan{attrs: map[string]any{"gen_ai.output.messages": `[{"role":"assistant","content":"a"}]`}}, "other", nil},
		"evidence of messages":               {testSpan{attrs: map[string]any{"gen_ai.output.messages": `[{"role":"assistant","content":"a"}]`, "gen_ai.request.model": "x"}}, "llm", "chat"},
		"events are no evidence": {testSpan{events: []testEvent{{name: inferenceDetailsEvent, attrs: map[string]any{
			"gen_ai.input.messages": "[]"}}}}, "other", nil},
		"plain span": {testSpan{name: "POST", attrs: map[string]any{"http.request.method": "POST"}}, "other", nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, got := c.span.mapped(t)
			require.Equal(t, c.kind, got["kind"])
			require.Equal(t, c.operation, got["operation"])
		})
	}
}

func TestKindNamesAreThoseOfTheColumn(t *testing.T) {
	require.Equal(t, "other", KindOther.String())
	require.Equal(t, "prompt", KindPrompt.String())
	require.True(t, KindReranker.IsModel())
	require.False(t, KindAgent.IsModel())
}
