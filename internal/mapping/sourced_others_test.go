package mapping

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// sourcedOthers are spans as programs in Go, Rust, Java, C#, Python and JavaScript write them that no rule
// was made for.
var sourcedOthers = []sourcedSpan{
	{"Go agent tracer", "tool", inventedSpan{testSpan{name: "agent.tool.get_weather", attrs: anyMap{"tool.name": "get_weather", "tool.input": weather, "tool.output": celsius, "tool.duration_ms": 12.5}},
		toolRow("get_weather", anyMap{"tool_arguments": paris, "tool_result": is18})}},
	{"Java agent of China", "call", inventedSpan{testSpan{name: "llm调用", attrs: anyMap{
		"llm.modelId": "qwen-max", "llm.promptType": "chat", "llm.promptLength": int64(200), "llm.promptTokens": int64(9), "llm.responseTokens": int64(3), "llm.latencyMs": int64(800), "llm.success": true,
	}}, llmRow("qwen-max", 9, 3, anyMap{"input_messages": nil})}},
	{"Java agent of China", "tool", inventedSpan{testSpan{name: "tool调用", attrs: anyMap{"tool.name": "get_weather", "tool.category": "query", "tool.latencyMs": int64(12), "tool.success": true}}, toolRow("get_weather", nil)}},
	{"Rust poker player", "decision", inventedSpan{testSpan{name: "llm.decision", attrs: anyMap{
		"gen_ai.system": "anthropic", "gen_ai.request.model": "claude-haiku-4-5", "poker.street": "flop", "poker.pot": int64(120), "gen_ai.usage.input_tokens": int64(9), "gen_ai.usage.output_tokens": int64(3), "poker.action_chosen": "Call",
	}}, llmRow("claude-haiku-4-5", 9, 3, anyMap{"provider": "anthropic", "output_messages": nil})}},
	{"Rust evaluation runner", "attempt of several calls", inventedSpan{testSpan{name: "eval.attempt", attrs: anyMap{
		"status": "completed", "eval.score.status": "passed", "agent.model_calls": int64(3), "agent.tool_calls": int64(2), "gen_ai.usage.input_tokens": int64(3000), "gen_ai.usage.output_tokens": int64(400),
	}}, anyMap{"input_tokens": nil, "aggregate_usage": anyMap{"input_tokens": 3000.0, "output_tokens": 400.0}}}},
	{"C# Gemini guidance", "guidance", inventedSpan{testSpan{name: "Gemini GetGuidance", attrs: anyMap{
		"gen_ai.system": "google_gemini", "gen_ai.request.model": "gemini-1.5-pro", "gen_ai.usage.prompt_tokens": int64(9), "gen_ai.usage.completion_tokens": int64(3),
	}}, llmRow("gemini-1.5-pro", 9, 3, anyMap{"provider": "gcp.gemini"})}},
	{"microsoft/agent-framework, documentation", "agent", inventedSpan{testSpan{name: "invoke_agent Joker", scope: "agent_framework", attrs: anyMap{
		"gen_ai.operation.name": "invoke_agent", "gen_ai.system": "openai", "gen_ai.agent.name": "Joker", "gen_ai.request.instructions": systemIs, "gen_ai.usage.input_tokens": int64(26), "gen_ai.usage.output_tokens": int64(29),
	}}, anyMap{"kind": "agent", "agent_name": "Joker", "system_instructions": toldSystem, "aggregate_usage": anyMap{"input_tokens": 26.0, "output_tokens": 29.0}}}},
	{"Python agent forge", "call behind a guard", inventedSpan{testSpan{name: "runtime.gateway", attrs: anyMap{
		"tenant.id": "1042", "llm.model": "gemini-1.5-flash", "llm.temperature": 0.1, "llm.prompt_tokens": int64(9), "llm.completion_tokens": int64(3), "guardrail.injection_scan": "CLEAN", "guardrail.pii_redacted": false,
	}}, llmRow("gemini-1.5-flash", 9, 3, anyMap{"request_parameters": anyMap{"temperature": 0.1}})}},
	{"Python analysis of incidents", "retrieve", inventedSpan{testSpan{name: "rag.retrieve", attrs: anyMap{"agent.step": "rca", "rag.hit_count": int64(3)}}, anyMap{"kind": "retriever"}}},
	{"Python guide of RAG", "query", inventedSpan{testSpan{name: "rag.query", attrs: anyMap{"rag.query.text": ask, "rag.query.top_k": int64(5), "rag.query.strategy": "vector"}}, anyMap{"kind": "retriever", "retrieval_query": ask}}},
	{"TypeScript session viewer", "api", inventedSpan{testSpan{name: "api_call", attrs: anyMap{
		"ai.model": "claude-sonnet-4-5", "ai.tokens.input": int64(100), "ai.tokens.output": int64(20), "ai.cache.read": int64(80), "ai.cache.write": int64(5), "ai.cost.usd": 0.01,
	}}, llmRow("claude-sonnet-4-5", 100, 20, anyMap{"cache_read_tokens": 80.0, "cache_creation_tokens": 5.0, "total_cost": 0.01})}},
	{"Neovim pipeline", "tool", inventedSpan{testSpan{name: "manage.write", attrs: anyMap{"role": "implement", "stage": "execute", "tool": "write", "toolInput": `{"path":"/w/H.md"}`, "tool.exit_code": int64(0)}},
		toolRow("write", anyMap{"tool_arguments": anyMap{"path": "/w/H.md"}})}},
	{"Python analyser of logs", "call", inventedSpan{testSpan{name: "ollama.host_call", attrs: anyMap{
		"llm.model": "llama3.1", "llm.input_tokens": int64(900), "peer.service": "ollama-host", "net.peer.port": int64(11434),
	}, events: []testEvent{{"pre_call_delay", 1, anyMap{"seconds": int64(1)}}}}, anyMap{"kind": "llm", "request_model": "llama3.1", "input_tokens": 900.0}}},
	{"probelabs/probe#529", "request", inventedSpan{testSpan{name: "ai.request", attrs: anyMap{
		"ai.model": "gemini-2.5-pro", "ai.provider": "google", "ai.input": ask, "ai.input_length": int64(34), "max_steps": int64(20), "max_tokens": int64(4000), "temperature": 0.3, "ai.output": sunny,
	}}, anyMap{"kind": "llm", "request_model": "gemini-2.5-pro", "provider": "gcp.gen_ai", "input_messages": asked, "output_messages": said18, "request_parameters": anyMap{"max_tokens": 4000.0, "temperature": 0.3}}}},
	{"TypeScript runtime of MCP", "tool", inventedSpan{testSpan{name: "tools/call get_issue", attrs: anyMap{
		"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "get_issue", "gen_ai.tool.call.arguments": weather, "mcp.method.name": "tools/call", "mcp.session.id": "session-1",
	}}, toolRow("get_issue", anyMap{"tool_arguments": paris, "session_id": nil})}},
	{"Python decorators", "tool that failed", inventedSpan{testSpan{name: "tool.get_weather", status: ptrace.StatusCodeError, message: timedOut, attrs: anyMap{"tool.name": "get_weather", "tool.input": weather, "tool.success": false, "tool.error": timedOut}},
		toolRow("get_weather", anyMap{"tool_arguments": paris, "error_message": timedOut})}},
}

// sourcedByHand are spans as documentation, issues and programs set them by hand.
var sourcedByHand = []sourcedSpan{
	{"rag-control, documentation", "embedding", inventedSpan{testSpan{name: "rag_control.request.run.stage.embedding", attrs: anyMap{"embedding_model": "text-embedding-ada-002", "embedding_dimensions": int64(1536), "stage_latency_ms": int64(350)}},
		anyMap{"kind": "embedding", "request_model": "text-embedding-ada-002", "embedding_dimensions": 1536.0}}},
	{"rag-control, documentation", "retrieval", inventedSpan{testSpan{name: "rag_control.request.run.stage.retrieval", attrs: anyMap{"vector_index": "qdrant", "returned": int64(5)}}, anyMap{"kind": "retriever"}}},
	{"Judgment, documentation", "call", inventedSpan{testSpan{name: "generate_content claude", attrs: anyMap{
		"judgment.span_kind": "llm", "judgment.input": `[{"role":"user","content":"` + ask + `"}]`, "judgment.output": `[{"role":"assistant","content":"` + sunny + `"}]`, "judgment.llm.provider": "anthropic", "judgment.llm.model": "claude-haiku-4-5",
		"judgment.usage.non_cached_input_tokens": int64(3051), "judgment.usage.output_tokens": int64(294), "judgment.usage.cache_read_input_tokens": int64(10), "judgment.usage.cache_creation_input_tokens": int64(20), "judgment.session_id": "s1",
	}}, llmRow("claude-haiku-4-5", 3081, 294, anyMap{"provider": "anthropic", "cache_read_tokens": 10.0, "cache_creation_tokens": 20.0, "input_messages": asked, "output_messages": said18, "session_id": "s1"})}},
	{"ax-llm/ax#206", "chat", inventedSpan{testSpan{name: "Chat Request", attrs: anyMap{
		"gen_ai.system": "OpenAI", "gen_ai.request.model": "gpt-4.1", "gen_ai.request.temperature": int64(0), "gen_ai.request.llm_is_streaming": false, "response.time": int64(1254), "response.retries": int64(0),
	}}, anyMap{"kind": "llm", "provider": "openai", "request_model": "gpt-4.1", "streaming": false, "request_parameters": anyMap{"temperature": 0.0}}}},
	{"wso2/agent-manager, documentation", "retriever", inventedSpan{testSpan{name: "vector_search", attrs: anyMap{"db.system.name": "qdrant", "db.collection.name": "docs", "db.vector.query.top_k": int64(5)}}, anyMap{"kind": "retriever"}}},
	{"wso2/agent-manager, documentation", "rerank", inventedSpan{testSpan{name: "rerank", attrs: anyMap{"traceloop.span.kind": "rerank", "gen_ai.operation.name": "rerank", "rerank.model": "bge", "gen_ai.request.model": "bge"}}, anyMap{"kind": "reranker", "request_model": "bge"}}},
	{"Chinese guide of RAG", "search", inventedSpan{testSpan{name: "vector.search", attrs: anyMap{"vector.db": "pinecone", "vector.top_k": int64(10), "vector.results_count": int64(10)}}, anyMap{"kind": "retriever"}}},
	{"Chinese guide of RAG", "compress", inventedSpan{testSpan{name: "context.compress", attrs: anyMap{"context.original_tokens": int64(900), "context.compressed_tokens": int64(300)}}, anyMap{"kind": "other", "input_tokens": nil, "output_tokens": nil}}},
	{"Python hooks of Claude Code", "tool", inventedSpan{testSpan{name: "claude.tool.Bash", attrs: anyMap{"claude.tool": "Bash", "claude.session_id": "s1", "claude.est_out_tokens": int64(20), "claude.est_in_tokens": int64(10)}},
		toolRow("Bash", anyMap{"session_id": "s1", "input_tokens": nil})}},
	{"TypeScript prototype kit", "form", inventedSpan{testSpan{name: "createForm", attrs: anyMap{"gemini.prompt": ask, "gemini.model": "gemini-2.0-flash"}}, anyMap{"kind": "llm", "request_model": "gemini-2.0-flash", "input_messages": asked}}},
	{"French agent harness", "tool", inventedSpan{testSpan{name: "tool.shell", attrs: anyMap{"tool.risk": "low", "tool.exit_code": int64(0)}}, toolRow("shell", nil)}},
	{"Python server of ONNX", "inference", inventedSpan{testSpan{name: "onnx_inference", attrs: anyMap{"batch.size": int64(32), "model.name": "fraud", "model.version": "3", "onnx.provider": "CPU"}}, anyMap{"kind": "other"}}},
	{"Go completion service", "completion", inventedSpan{testSpan{name: "CreateCompletion", attrs: anyMap{
		"completion.model": "gpt-4o", "completion.prompt_tokens": int64(9), "completion.completion_tokens": int64(3), "completion.total_tokens": int64(12), "completion.finish_reason": "stop",
	}}, llmRow("gpt-4o", 9, 3, anyMap{"total_tokens": 12.0, "finish_reasons": []any{"stop"}})}},
	{"Python retriever of assets", "retriever", inventedSpan{testSpan{name: "retriever", scope: "pydantic_ai", attrs: anyMap{"vector_search.query": ask, "vector_search.collection": "docs", "vector_search.limit": int64(5)}}, anyMap{"kind": "retriever", "retrieval_query": ask}}},
	{"C# tool of traces", "tool", inventedSpan{testSpan{name: "tool.last_trace", attrs: anyMap{"ai.operation": "last_trace", "conversation.id": "c1", "user.id": "u1"}}, toolRow("last_trace", anyMap{"session_id": "c1", "user_id": "u1"})}},
	{"TypeScript cost callback", "run", inventedSpan{testSpan{name: "agent.clerk", attrs: anyMap{"agent.name": "clerk", "agent.model": "gpt-4o", "agent.tokens_in": int64(9), "agent.tokens_out": int64(3), "agent.cost": 0.01}},
		anyMap{"kind": "agent", "agent_name": "clerk", "input_tokens": nil}}},
	{"Python matcher of catalogues", "search", inventedSpan{testSpan{name: "vector_search.cosine_match", attrs: anyMap{"vector_search.top_k": int64(5), "vector_search.catalog_size": int64(900)}}, anyMap{"kind": "retriever"}}},
}

// TestSearchesOfRAG: a search is a retriever where its name says that it is one for a model, in
// any program's name space, and no call of a model is.
func TestSearchesOfRAG(t *testing.T) {
	for search := range searchNames {
		for _, before := range []string{"rag.", "quetzal.rag.", "quetzal_rag."} {
			_, got := testSpan{name: before + search, attrs: anyMap{"rag.top_k": int64(3)}}.mapped(t)
			require.Equal(t, "retriever", got["kind"], before+search)
		}
		for _, before := range []string{"ragtime.", "storage.", "rag.ui.", ""} {
			_, got := testSpan{name: before + search, attrs: anyMap{"quetzal.top_k": int64(3)}}.mapped(t)
			require.NotEqual(t, "retriever", got["kind"], before+search)
		}
	}
}

// TestCallsCounted: tokens beside a count of calls are those of the spans below, those of a span
// named as a call its own.
func TestCallsCounted(t *testing.T) {
	attrs := anyMap{"quetzal.usage.input_tokens": int64(9), "quetzal.usage.output_tokens": int64(3)}
	_, got := testSpan{name: "quetzal", attrs: attrs}.mapped(t)
	require.Equal(t, "llm", got["kind"])
	for _, key := range []string{"quetzal.model_calls", "llm_calls", "quetzal.llm.call.count", "modelCallCount"} {
		span := testSpan{name: "quetzal", attrs: anyMap{key: int64(2)}}
		for k, v := range attrs {
			span.attrs[k] = v
		}
		_, got := span.mapped(t)
		require.Equal(t, "chain", got["kind"], key)
		require.Nil(t, got["input_tokens"], key)
		require.Equal(t, anyMap{"input_tokens": 9.0, "output_tokens": 3.0, "total_tokens": 12.0}, got["aggregate_usage"], key)
		span.name = "llm_call"
		_, got = span.mapped(t)
		require.Equal(t, 9.0, got["input_tokens"], key)
	}
}

// TestGuardBesideCall: what a guard said does not make a guard of a span that counts the tokens of
// a model, unless its name does.
func TestGuardBesideCall(t *testing.T) {
	attrs := anyMap{"guardrail.name": "pii", "llm.model": "gpt-4o", "llm.input_tokens": int64(9), "llm.output_tokens": int64(3)}
	for name, want := range map[string]string{"quetzal": "llm", "llm_call": "llm", "guardrail.check": "guardrail", "PII guard": "guardrail", "InputGuardrail": "guardrail"} {
		_, got := testSpan{name: name, attrs: attrs}.mapped(t)
		require.Equal(t, want, got["kind"], name)
	}
	delete(attrs, "llm.model")
	_, got := testSpan{name: "quetzal", attrs: attrs}.mapped(t)
	require.Equal(t, "guardrail", got["kind"])
}

// TestResponseTokens: tokens of the response are the output where nothing else counts it, in any
// order of the attributes.
func TestResponseTokens(t *testing.T) {
	attrs := anyMap{"quetzal.model": "m", "quetzal.prompt_tokens": int64(9), "quetzal.response_tokens": int64(12)}
	_, got := testSpan{name: "quetzal", attrs: attrs}.mapped(t)
	require.Equal(t, 12.0, got["output_tokens"])
	for _, key := range []string{"quetzal.completion_tokens", "a.output_tokens", "z.usage.output_tokens", "candidates_token_count"} {
		attrs[key] = int64(3)
		_, got := testSpan{name: "quetzal", attrs: attrs}.mapped(t)
		require.Equal(t, 3.0, got["output_tokens"], key)
		delete(attrs, key)
	}
}

// TestInputByParts: where only what is not cached counts the input, the input is that and the cached
// parts, in any spelling.
func TestInputByParts(t *testing.T) {
	for _, uncached := range []string{"non_cached_input_tokens", "uncached_input_tokens", "input_no_cache_tokens"} {
		attrs := anyMap{"quetzal.model": "m", "quetzal.usage." + uncached: int64(100), "quetzal.usage.output_tokens": int64(3)}
		_, got := testSpan{name: "llm_call", attrs: attrs}.mapped(t)
		require.Equal(t, 100.0, got["input_tokens"], uncached)
		attrs["quetzal.usage.cache_read_tokens"] = int64(10)
		attrs["quetzal.usage.cache_write_tokens"] = int64(5)
		_, got = testSpan{name: "llm_call", attrs: attrs}.mapped(t)
		require.Equal(t, 115.0, got["input_tokens"], uncached)
		attrs["quetzal.usage.input_tokens"] = int64(115)
		_, got = testSpan{name: "llm_call", attrs: attrs}.mapped(t)
		require.Equal(t, 115.0, got["input_tokens"], uncached)
	}
}

// TestToolBehindTheWord: the last segment of a name behind that of a tool is the tool's, where keys
// tell how it ran.
func TestToolBehindTheWord(t *testing.T) {
	for _, before := range []string{"tool.", "tool:", "quetzal.tool.", "a.b.Tool:"} {
		span := testSpan{name: before + "get_weather", attrs: anyMap{"tool.status": "success"}}
		_, got := span.mapped(t)
		require.Equal(t, "tool", got["kind"], before)
		require.Equal(t, "get_weather", got["tool_name"], before)
		span.attrs = anyMap{"tool.status": "success", "quetzal.input_tokens": int64(9), "quetzal.output_tokens": int64(3)}
		_, got = span.mapped(t)
		require.Equal(t, "llm", got["kind"], before)
		span.attrs = anyMap{"tool.count": int64(3)}
		_, got = span.mapped(t)
		require.Equal(t, "other", got["kind"], before)
	}
	for _, name := range []string{"tool", ".tool", "tooling.x", "retool.x", "tool.", "x.tools.y"} {
		require.False(t, behindTool(name), name)
	}
}

// TestSearchesOfVectors: a search of vectors is a retriever by its name alone.
func TestSearchesOfVectors(t *testing.T) {
	for _, name := range []string{"vector_search", "VectorSearch", "qdrant.vector_search", "vector.search", "vector_search.match"} {
		_, got := testSpan{name: name, attrs: anyMap{"vector.top_k": int64(3)}}.mapped(t)
		require.Equal(t, "retriever", got["kind"], name)
	}
	for _, name := range []string{"vector.add", "search", "vectorise.search", "search.vector"} {
		_, got := testSpan{name: name, attrs: anyMap{"shape.size": int64(3)}}.mapped(t)
		require.Equal(t, "other", got["kind"], name)
	}
}
