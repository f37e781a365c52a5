package mapping

import "go.opentelemetry.io/collector/pdata/ptrace"

const (
	voltAgent   = "VoltAgent/voltagent@3377f6d"
	agentScope  = "modelscope/agentscope@b01fef5"
	langtrace   = "Scale3-Labs/langtrace-python-sdk@b62abd9"
	langdb      = "langdb/ai-gateway@8f3a206"
	plano       = "katanemo/plano@003c36a"
	higress     = "alibaba/higress@4e0d691"
	eino        = "cloudwego/eino-ext@c9a5dc9"
	embabel     = "embabel/embabel-agent@747d650"
	agentGW     = "agentgateway/agentgateway@75b4e6c"
	forge       = "IBM/mcp-context-forge@ecba50e"
	tensorZero  = "tensorzero/tensorzero@7a6159a"
	dapr        = "dapr/dapr-agents@5a3c834"
	autogen     = "microsoft/autogen@027ecf0"
	judgeval    = "JudgmentLabs/judgeval@0e6fac2"
	latitude    = "latitude-dev/latitude-llm@10c6c2d"
	effectAI    = "Effect-TS/effect@1144032"
	chatOfThree = `[{"role":"user","content":"How is the weather in Paris?"}]`
)

// sourcedFrameworks are spans of frameworks, SDKs and gateways.
var sourcedFrameworks = []sourcedSpan{
	{voltAgent, "llm", inventedSpan{testSpan{name: "llm:streamText", attrs: anyMap{
		"entity.id": "a1", "entity.type": "agent", "entity.name": "planner", "user.id": "u1", "conversation.id": "s1", "operation.id": "op1",
		"span.type": "llm", "llm.operation": "streamText", "llm.model": "openai/gpt-4o", "llm.stream": true, "llm.provider": "openai",
		"llm.temperature": 0.2, "llm.max_output_tokens": int64(300), "llm.max_retries": int64(3), "llm.top_p": 0.9, "llm.messages.count": int64(2), "llm.messages": chatJSON,
		"llm.tools.count": int64(1), "llm.tools": "get_weather", "llm.usage.prompt_tokens": int64(1520), "llm.usage.completion_tokens": int64(20), "llm.usage.total_tokens": int64(1540),
		"llm.usage.cached_tokens": int64(1024), "llm.usage.reasoning_tokens": int64(8), "usage.cost": 0.004, "usage.is_byok": false, "llm.finish_reason": "stop",
	}}, llmRow("openai/gpt-4o", 1520, 20, anyMap{"provider": "openai", "input_messages": askedSystem, "total_tokens": 1540.0, "cache_read_tokens": 1024.0, "reasoning_tokens": 8.0,
		"total_cost": 0.004, "finish_reasons": []any{"stop"}, "streaming": true, "session_id": "s1", "user_id": "u1", "agent_name": "planner",
		"request_parameters": anyMap{"temperature": 0.2, "max_tokens": 300.0, "top_p": 0.9}})}},
	{voltAgent, "tool", inventedSpan{testSpan{name: "tool.execution:get_weather", attrs: anyMap{
		"entity.id": "a1", "entity.type": "agent", "entity.name": "planner", "user.id": "u1", "conversation.id": "s1", "operation.id": "op1", "span.type": "tool", "span.label": "get_weather",
		"tool.name": "get_weather", "tool.call.id": "call_1", "tool.description": "Get the weather", "tool.parameters": `{"type":"object","properties":{"city":{"type":"string"}}}`,
		"input": weather, "output": celsius,
	}}, toolRow("get_weather", anyMap{"tool_call_id": "call_1", "tool_arguments": paris, "tool_result": is18, "session_id": "s1", "user_id": "u1"})}},
	{voltAgent, "agent", inventedSpan{testSpan{name: "planner", attrs: anyMap{
		"entity.id": "a1", "entity.type": "agent", "entity.name": "planner", "user.id": "u1", "conversation.id": "s1", "operation.id": "op1", "input": ask, "output": sunny,
		"agent.state": "completed", "agent.instructions": systemIs, "ai.model.name": "gpt-4o", "ai.model.temperature": 0.2, "usage.prompt_tokens": int64(300), "usage.completion_tokens": int64(60),
		"usage.total_tokens": int64(360), "ai.response.finish_reason": "stop",
	}}, anyMap{"kind": "agent", "agent_name": "planner", "session_id": "s1", "user_id": "u1", "input_messages": asked, "output_messages": said18, "system_instructions": toldSystem,
		"aggregate_usage": anyMap{"input_tokens": 300.0, "output_tokens": 60.0, "total_tokens": 360.0}}}},
	{voltAgent, "retriever", inventedSpan{testSpan{name: "retriever.search", attrs: anyMap{
		"entity.id": "a1", "entity.type": "agent", "entity.name": "planner", "span.type": "retriever", "retriever.name": "kb", "input": "capital of France", "output": docsJSON,
	}}, anyMap{"kind": "retriever", "retrieval_query": "capital of France", "documents": twoDocs}}},
	{voltAgent, "memory", inventedSpan{testSpan{name: "memory.read", attrs: anyMap{"entity.type": "agent", "entity.name": "planner", "span.type": "memory", "memory.message_count": int64(3), "output": chatJSON}},
		anyMap{"kind": "other", "output_messages": nil}}},

	{agentScope, "llm", inventedSpan{testSpan{name: "OpenAIChatModel.__call__", scope: "agentscope.tracing._trace", attrs: anyMap{
		"span.kind": `"LLM"`, "project.run_id": "run1", "input": `{"args":[` + chatJSON + `],"kwargs":{"tools":null,"tool_choice":null}}`, "metadata": `{"model_name":"gpt-4o","stream":true}`,
		"output": `{"content":[{"type":"text","text":"` + sunny + `"}],"id":"2025-08-21_1","created_at":"2025-08-21 10:00:00","type":"chat","usage":{"input_tokens":9,"output_tokens":3,"time":1.2,"type":"chat"},"metadata":null}`,
	}}, llmRow("gpt-4o", 9, 3, anyMap{"input_messages": askedSystem, "output_messages": said18, "streaming": true, "provider": "openai"})}},
	{agentScope, "tool", inventedSpan{testSpan{name: "call_tool_function", scope: "agentscope.tracing._trace", attrs: anyMap{
		"span.kind": `"TOOL"`, "project.run_id": "run1", "input": `{"tool_call":{"type":"tool_use","id":"call_1","name":"get_weather","input":{"city":"Paris"}}}`,
		"metadata": `{"type":"tool_use","id":"call_1","name":"get_weather","input":{"city":"Paris"}}`,
		"output":   `{"content":[{"type":"text","text":"18"}],"metadata":null,"stream":false,"is_last":true,"id":"x"}`,
	}}, toolRow("get_weather", anyMap{"tool_call_id": "call_1", "tool_arguments": paris})}},
	{agentScope, "agent", inventedSpan{testSpan{name: "ReActAgent.reply", scope: "agentscope.tracing._trace", attrs: anyMap{
		"span.kind": `"AGENT"`, "project.run_id": "run1", "input": `{"args":[{"id":"m1","name":"user","role":"user","content":"` + ask + `","metadata":null}],"kwargs":{}}`,
		"metadata": `{"id":"a1","name":"Friday"}`, "output": `{"id":"m2","name":"Friday","role":"assistant","content":"` + sunny + `","metadata":null}`,
	}}, anyMap{"kind": "agent"}}},
	{agentScope, "embedding", inventedSpan{testSpan{name: "DashScopeTextEmbedding.__call__", scope: "agentscope.tracing._trace", attrs: anyMap{
		"span.kind": `"EMBEDDING"`, "input": `{"args":[["a text"]],"kwargs":{}}`, "metadata": `{"model_name":"text-embedding-v4"}`, "output": `{"embeddings":[[0.1]],"id":"x","source":"api"}`,
	}}, anyMap{"kind": "embedding", "request_model": "text-embedding-v4"}}},

	{langtrace, "openai", inventedSpan{testSpan{name: "openai.chat.completions.create", scope: "langtrace_python_sdk.instrumentation.openai.instrumentation", attrs: anyMap{
		"langtrace.sdk.name": "langtrace-python-sdk", "langtrace.service.name": "OpenAI", "langtrace.service.type": "llm", "langtrace.service.version": "1.30.1", "langtrace.version": "3.8.21",
		"url.full": "https://api.openai.com/v1/", "url.path": "/chat/completions", "gen_ai.system": "openai", "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.request.stream": true,
		"gen_ai.request.temperature": 0.2, "gen_ai.request.top_p": 0.9, "gen_ai.response_id": "chatcmpl-1", "gen_ai.response.model": "gpt-4o-2024-08-06", "gen_ai.usage.input_tokens": int64(9), "gen_ai.usage.output_tokens": int64(3), "gen_ai.usage.total_tokens": int64(12),
	}, events: []testEvent{{"gen_ai.content.prompt", 1, anyMap{"gen_ai.prompt": chatJSON}}, {"gen_ai.content.completion", 9, anyMap{"gen_ai.completion": `[{"role":"assistant","content":"` + sunny + `"}]`}}}},
		llmRow("gpt-4o", 9, 3, anyMap{"provider": "openai", "operation": "chat", "response_model": "gpt-4o-2024-08-06", "response_id": "chatcmpl-1", "input_messages": askedSystem, "output_messages": said18, "streaming": true, "total_tokens": 12.0})}},
	{langtrace, "failed", inventedSpan{testSpan{name: "openai.chat.completions.create", status: ptrace.StatusCodeError, message: "Error code: 429", attrs: anyMap{
		"langtrace.sdk.name": "langtrace-python-sdk", "langtrace.service.name": "OpenAI", "langtrace.service.type": "llm", "gen_ai.system": "openai", "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o",
	}, events: []testEvent{{"exception", 1, anyMap{"exception.type": "RateLimitError", "exception.message": "Error code: 429"}}}},
		anyMap{"kind": "llm", "error_type": "RateLimitError", "error_message": "Error code: 429", "request_model": "gpt-4o", "input_tokens": nil}}},
	{langtrace, "agno agent", inventedSpan{testSpan{name: "agno.agent.run", attrs: anyMap{
		"langtrace.sdk.name": "langtrace-python-sdk", "langtrace.service.name": "Agno", "langtrace.service.type": "framework", "agno.agent.inputs": `{"message":"` + ask + `"}`, "agno.agent.name": "planner", "agno.agent.model": "gpt-4o",
		"agno.agent.run_id": "r1", "agno.agent.response_content": sunny, "agno.agent.token_usage.input": int64(300), "agno.agent.token_usage.output": int64(60), "agno.agent.token_usage.total": int64(360),
	}}, anyMap{"kind": "agent", "agent_name": "planner", "aggregate_usage": anyMap{"input_tokens": 300.0, "output_tokens": 60.0, "total_tokens": 360.0}}}},

	{langdb, "openai", inventedSpan{testSpan{name: "openai", attrs: anyMap{
		"tags": `{}`, "retries_left": int64(3), "request": openAIBody, "output": openAISaid, "usage": `{"input_tokens":1520,"output_tokens":20,"total_tokens":1540,"prompt_tokens_details":{"cached_tokens":1024}}`,
		"raw_usage": `{"prompt_tokens":1520,"completion_tokens":20,"total_tokens":1540}`, "ttft": int64(310000), "code.namespace": "langdb::model", "thread.id": int64(3), "busy_ns": int64(5), "idle_ns": int64(7),
	}}, llmRow("gpt-4o", 1520, 20, anyMap{"response_model": "gpt-4o-2024-08-06", "response_id": "chatcmpl-1", "input_messages": askedSystem, "output_messages": said18, "total_tokens": 1540.0, "cache_read_tokens": 1024.0,
		"finish_reasons": []any{"stop"}, "session_id": nil, "tool_definitions": weatherTool})}},
	{plano, "llm", inventedSpan{testSpan{name: "POST /v1/chat/completions gpt-4o", attrs: anyMap{
		"http.method": "POST", "http.target": "/v1/chat/completions", "http.status_code": int64(200), "llm.model": "gpt-4o", "llm.provider": "openai", "llm.is_streaming": true, "llm.response_bytes": int64(900), "llm.duration_ms": int64(890), "llm.time_to_first_token": int64(310),
		"llm.usage.prompt_tokens": int64(1520), "llm.usage.completion_tokens": int64(20), "llm.usage.total_tokens": int64(1540), "llm.usage.cached_input_tokens": int64(1024), "llm.usage.cache_creation_tokens": int64(10), "llm.usage.reasoning_tokens": int64(8),
		"llm.usage.input_cost_usd": 0.003, "llm.usage.output_cost_usd": 0.001, "llm.usage.total_cost_usd": 0.004, "llm.temperature": 0.2, "llm.tools": "get_weather", "llm.user_message_preview": "How is the",
		"routing.strategy": "least-latency", "plano.session_id": "s1", "plano.session.total_cost_in_usd": 7.0, "plano.distinct_id": "d1", "plano.switch.cost_in_usd": 0.5,
	}}, llmRow("gpt-4o", 1520, 20, anyMap{"provider": "openai", "total_tokens": 1540.0, "cache_read_tokens": 1024.0, "cache_creation_tokens": 10.0, "reasoning_tokens": 8.0, "input_cost": 0.003, "output_cost": 0.001, "total_cost": 0.004,
		"streaming": true, "ttft_ms": 310.0, "session_id": "s1", "request_parameters": anyMap{"temperature": 0.2}})}},
	{higress, "llm", inventedSpan{testSpan{name: "egress", attrs: anyMap{
		"gen_ai.span.kind": "LLM", "gen_ai.request.model": "qwen-max", "gen_ai.model_name": "qwen-max-2025", "gen_ai.usage.input_tokens": "1520", "gen_ai.usage.output_tokens": "20", "gen_ai.usage.total_tokens": "1540",
		"question": ask, "answer": sunny, "reasoning_tokens": "8", "cached_tokens": "1024", "http.status_code": "200", "upstream_cluster": "outbound|443||qwen",
	}}, llmRow("qwen-max", 1520, 20, anyMap{"total_tokens": 1540.0, "response_model": "qwen-max-2025", "input_messages": asked, "output_messages": said18, "reasoning_tokens": 8.0, "cache_read_tokens": 1024.0})}},

	{eino, "chat model", inventedSpan{testSpan{name: "ChatModelOpenAI", attrs: anyMap{
		"gen_ai.span.kind": "chatmodel", "gen_ai.prompt.0.role": "system", "gen_ai.prompt.0.content": systemIs, "gen_ai.prompt.1.role": "user", "gen_ai.prompt.1.content": ask, "gen_ai.request.model": "gpt-4o", "gen_ai.request.max_tokens": int64(200),
		"gen_ai.request.temperature": 0.2, "gen_ai.request.top_p": 0.9, "gen_ai.request.stop": []any{"END"}, "gen_ai.system": "eino", "runinfo.name": "chat", "runinfo.type": "OpenAI", "runinfo.component": "ChatModel", "gen_ai.session.id": "s1", "gen_ai.user.id": "u1",
		"gen_ai.completion.0.role": "assistant", "gen_ai.completion.0.content": sunny, "gen_ai.response.finish_reason": "stop", "gen_ai.response.model": "gpt-4o", "gen_ai.usage.total_tokens": int64(12), "gen_ai.usage.prompt_tokens": int64(9), "gen_ai.usage.completion_tokens": int64(3), "gen_ai.is_streaming": true,
	}}, llmRow("gpt-4o", 9, 3, anyMap{"provider": "openai", "input_messages": askedSystem, "output_messages": said18, "finish_reasons": []any{"stop"}, "streaming": true, "session_id": "s1", "user_id": "u1", "total_tokens": 12.0,
		"request_parameters": anyMap{"temperature": 0.2, "max_tokens": 200.0, "top_p": 0.9, "stop_sequences": []any{"END"}}})}},
	{eino, "tool", inventedSpan{testSpan{name: "get_weather", attrs: anyMap{
		"gen_ai.span.kind": "tool", "gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": `{"ArgumentsInJSON":"{\"city\":\"Paris\"}"}`, "gen_ai.system": "eino", "runinfo.name": "get_weather", "runinfo.type": "", "runinfo.component": "Tool",
		"gen_ai.completion.0.role": "assistant", "gen_ai.completion.0.content": `{"Response":"18"}`, "gen_ai.is_streaming": false,
	}}, anyMap{"kind": "tool", "provider": nil}}},
	{eino, "root", inventedSpan{testSpan{name: "Graph", attrs: anyMap{"gen_ai.span.kind": "workflow", "gen_ai.input": chatJSON, "gen_ai.output": sunny, "gen_ai.system": "eino", "runinfo.name": "g", "runinfo.component": "Graph", "gen_ai.session.id": "s1"}},
		anyMap{"kind": "chain", "session_id": "s1"}}},

	{embabel, "tool", inventedSpan{testSpan{name: "execute_tool get_weather", scope: "org.springframework.boot", attrs: anyMap{
		"embabel.event.type": "tool_call", "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "get_weather", "gen_ai.tool.type": "function", "embabel.tool.name": "get_weather", "embabel.tool.duration_ms": "12", "embabel.tool.correlation_id": "c1",
		"gen_ai.tool.call.arguments": weather, "embabel.tool.status": "success", "gen_ai.tool.call.result": celsius,
	}}, toolRow("get_weather", anyMap{"tool_arguments": paris, "tool_result": is18, "operation": "execute_tool"})}},
	{embabel, "failed tool", inventedSpan{testSpan{name: "execute_tool get_weather", scope: "org.springframework.boot", status: ptrace.StatusCodeError, attrs: anyMap{
		"embabel.event.type": "tool_call", "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "get_weather", "embabel.tool.name": "get_weather", "embabel.tool.status": "error", "embabel.tool.error.type": "IOException", "embabel.tool.error.message": "timed out",
	}}, toolRow("get_weather", anyMap{"error_type": "IOException", "error_message": "timed out"})}},
	{embabel, "embedding", inventedSpan{testSpan{name: "embeddings text-embedding-3-small", scope: "org.springframework.boot", attrs: anyMap{
		"embabel.event.type": "embedding", "gen_ai.operation.name": "embeddings", "gen_ai.request.model": "text-embedding-3-small", "embabel.interaction.id": "i1", "gen_ai.usage.input_tokens": "5", "gen_ai.usage.total_tokens": "5", "embabel.llm.cost": "0.0001",
	}}, anyMap{"kind": "embedding", "request_model": "text-embedding-3-small", "input_tokens": 5.0, "total_tokens": 5.0, "total_cost": 0.0001, "provider": "openai"}}},

	{agentGW, "chat", inventedSpan{testSpan{name: "POST /v1/chat/completions", attrs: anyMap{
		"gateway": "default/gw", "listener": "http", "http.method": "POST", "http.path": "/v1/chat/completions", "http.status": int64(200), "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o", "gen_ai.response.model": "gpt-4o-2024-08-06",
		"gen_ai.usage.input_tokens": int64(1520), "gen_ai.usage.cache_creation.input_tokens": int64(10), "gen_ai.usage.cache_read.input_tokens": int64(1024), "gen_ai.usage.output_tokens": int64(20), "gen_ai.usage.reasoning_tokens": int64(8), "agw.ai.time_to_first_token": 0.31,
		"agw.ai.time_per_output_token": 0.01, "agw.ai.usage.cost.total": "0.004", "gen_ai.usage.input_audio_tokens": int64(5), "gen_ai.usage.output_audio_tokens": int64(2), "gen_ai.request.temperature": 0.2,
	}}, llmRow("gpt-4o", 1520, 20, anyMap{"provider": "openai", "response_model": "gpt-4o-2024-08-06", "cache_read_tokens": 1024.0, "cache_creation_tokens": 10.0, "reasoning_tokens": 8.0, "ttft_ms": 310.0, "total_cost": 0.004, "input_audio_tokens": 5.0, "output_audio_tokens": 2.0})}},
	{agentGW, "embeddings", inventedSpan{testSpan{name: "POST /v1/embeddings", attrs: anyMap{
		"http.method": "POST", "gen_ai.operation.name": "embeddings", "gen_ai.provider.name": "openai", "gen_ai.request.model": "text-embedding-3-small", "gen_ai.usage.input_tokens": int64(5), "gen_ai.embeddings.dimension.count": int64(1536),
	}}, anyMap{"kind": "embedding", "embedding_dimensions": 1536.0, "input_tokens": 5.0, "provider": "openai"}}},
	{agentGW, "mcp", inventedSpan{testSpan{name: "tools/call", attrs: anyMap{"http.method": "POST", "mcp.method.name": "tools/call", "mcp.target": "weather", "gen_ai.tool.name": "get_weather", "mcp.session.id": "m1"}}, toolRow("get_weather", anyMap{"session_id": nil})}},

	{forge, "llm proxy", inventedSpan{testSpan{name: "llm.proxy", attrs: anyMap{
		"langfuse.observation.type": "generation", "gen_ai.system": "openai", "gen_ai.request.model": "gpt-4o", "llm.provider.id": "2f1d", "llm.provider.type": "openai", "llm.model.id": "9c3a", "llm.stream": true,
		"gen_ai.usage.prompt_tokens": int64(9), "gen_ai.usage.completion_tokens": int64(3), "gen_ai.usage.total_tokens": int64(12),
	}}, llmRow("gpt-4o", 9, 3, anyMap{"provider": "openai", "streaming": true, "total_tokens": 12.0})}},
	{forge, "tool", inventedSpan{testSpan{name: "tool.invoke", attrs: anyMap{"tool.name": "get_weather", "tool.id": "t1", "tool.integration_type": "MCP", "tool.gateway_id": "g1", "user.email": "a@b.c"}}, toolRow("get_weather", anyMap{"tool_arguments": nil})}},
	{forge, "tool list", inventedSpan{testSpan{name: "tool.list", attrs: anyMap{"user.email": "a@b.c", "include_inactive": false}}, anyMap{"kind": "other"}}},
	{forge, "a2a", inventedSpan{testSpan{name: "a2a.invoke", attrs: anyMap{"a2a.agent.name": "helper", "a2a.agent.id": "a1", "a2a.agent.url": "http://x", "a2a.agent.type": "generic", "a2a.interaction_type": "query"}}, anyMap{"kind": "agent", "agent_name": "helper", "agent_id": "a1"}}},

	{tensorZero, "gen_ai", inventedSpan{testSpan{name: "model_provider_inference", attrs: anyMap{
		"provider_name": "openai", "gen_ai.operation.name": "chat", "gen_ai.system": "openai", "gen_ai.request.model": "gpt-4o", "gen_ai.agent.name": "weather_bot", "gen_ai.usage.input_tokens": int64(9), "gen_ai.usage.output_tokens": int64(3), "gen_ai.usage.total_tokens": int64(12), "stream": true,
	}}, llmRow("gpt-4o", 9, 3, anyMap{"provider": "openai", "agent_name": "weather_bot", "total_tokens": 12.0, "streaming": true})}},
	{tensorZero, "OpenInference", inventedSpan{testSpan{name: "model_provider_inference", attrs: anyMap{
		"provider_name": "openai", "openinference.span.kind": "LLM", "llm.system": "openai", "llm.model_name": "gpt-4o", "input.value": openAIBody, "input.mime_type": "application/json", "output.value": openAISaid, "output.mime_type": "application/json",
		"llm.token_count.prompt": int64(1520), "llm.token_count.completion": int64(20), "llm.token_count.total": int64(1540),
	}}, llmRow("gpt-4o", 1520, 20, anyMap{"provider": "openai", "input_messages": askedSystem, "output_messages": said18, "total_tokens": 1540.0})}},

	{dapr, "llm", inventedSpan{testSpan{name: "chat gpt-4o", attrs: anyMap{
		"openinference.span.kind": "LLM", "input.mime_type": "application/json", "output.mime_type": "application/json", "agent.name": "planner", "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "llm.model_name": "gpt-4o", "gen_ai.request.model": "gpt-4o",
		"input.value": `{"messages":` + chatJSON + `,"tools":[]}`, "llm.input_messages.0.message.role": "system", "llm.input_messages.0.message.content": systemIs, "llm.input_messages.1.message.role": "user", "llm.input_messages.1.message.content": ask,
		"gen_ai.input.messages": chatJSON, "llm.output_messages.0.message.role": "assistant", "llm.output_messages.0.message.content": sunny, "output.value": `{"content":"` + sunny + `"}`, "gen_ai.response.id": "r1", "gen_ai.response.finish_reasons": []any{"stop"},
		"llm.token_count.prompt": int64(9), "llm.token_count.completion": int64(3), "gen_ai.usage.input_tokens": int64(9), "gen_ai.usage.output_tokens": int64(3), "gen_ai.usage.cache_read.input_tokens": int64(4),
	}}, llmRow("gpt-4o", 9, 3, anyMap{"provider": "openai", "agent_name": "planner", "input_messages": askedSystem, "output_messages": said18, "response_id": "r1", "finish_reasons": []any{"stop"}, "cache_read_tokens": 4.0})}},
	{dapr, "failed tool", inventedSpan{testSpan{name: "execute_tool get_weather", status: ptrace.StatusCodeError, message: "timed out", attrs: anyMap{
		"openinference.span.kind": "TOOL", "input.value": weather, "input.mime_type": "application/json", "agent.name": "planner", "tool.name": "get_weather", "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "get_weather", "error.type": "TimeoutError",
	}}, toolRow("get_weather", anyMap{"tool_arguments": paris, "agent_name": "planner", "error_type": "TimeoutError", "error_message": "timed out"})}},
	{autogen, "tool", inventedSpan{testSpan{name: "execute_tool get_weather", attrs: anyMap{
		"gen_ai.operation.name": "execute_tool", "gen_ai.system": "autogen", "gen_ai.tool.name": "get_weather", "gen_ai.tool.description": "Get the weather", "gen_ai.tool.call.id": "call_1",
	}}, toolRow("get_weather", anyMap{"tool_call_id": "call_1", "provider": nil})}},
	{autogen, "agent", inventedSpan{testSpan{name: "invoke_agent planner", attrs: anyMap{"gen_ai.operation.name": "invoke_agent", "gen_ai.system": "autogen", "gen_ai.agent.name": "planner", "gen_ai.agent.id": "a1"}},
		anyMap{"kind": "agent", "agent_name": "planner", "agent_id": "a1", "provider": nil}}},

	{judgeval, "anthropic", inventedSpan{testSpan{name: "ANTHROPIC_API_CALL", attrs: anyMap{
		"judgment.span_kind": "llm", "gen_ai.prompt": chatOfThree, "judgment.llm.model": "claude-sonnet-4-5", "gen_ai.completion": sunny, "judgment.usage.non_cached_input_tokens": int64(24), "judgment.usage.output_tokens": int64(40),
		"judgment.usage.cache_read_input_tokens": int64(1500), "judgment.usage.cache_creation_input_tokens": int64(0), "judgment.usage.metadata": `{"input_tokens":24,"output_tokens":40,"cache_read_input_tokens":1500,"cache_creation_input_tokens":0}`,
		"judgment.usage.total_cost_usd": 0.01, "judgment.session_id": "s1", "judgment.customer_user_id": "u1", "judgment.project_id": "p1",
	}}, llmRow("claude-sonnet-4-5", 1524, 40, anyMap{"provider": "anthropic", "cache_read_tokens": 1500.0, "cache_creation_tokens": 0.0, "total_cost": 0.01, "session_id": "s1", "user_id": "u1", "input_messages": asked, "output_messages": said18})}},
	{judgeval, "openai", inventedSpan{testSpan{name: "OPENAI_API_CALL", attrs: anyMap{
		"judgment.span_kind": "llm", "gen_ai.prompt": chatOfThree, "judgment.llm.model": "gpt-4o", "gen_ai.completion": sunny, "judgment.usage.non_cached_input_tokens": int64(496), "judgment.usage.output_tokens": int64(20), "judgment.usage.cache_read_input_tokens": int64(1024),
		"judgment.usage.metadata": `{"prompt_tokens":1520,"completion_tokens":20,"total_tokens":1540,"prompt_tokens_details":{"cached_tokens":1024}}`,
	}}, llmRow("gpt-4o", 1520, 20, anyMap{"provider": "openai", "cache_read_tokens": 1024.0, "total_tokens": 1540.0})}},
	{judgeval, "tool", inventedSpan{testSpan{name: "get_weather", attrs: anyMap{"judgment.span_kind": "tool", "judgment.input": weather, "judgment.output": celsius, "judgment.session_id": "s1"}},
		anyMap{"kind": "tool", "tool_arguments": paris, "tool_result": is18, "session_id": "s1"}}},

	{latitude, "llm", inventedSpan{testSpan{name: "llm_request", scope: "latitude-claude-code", attrs: anyMap{
		"span.type": "llm_request", "gen_ai.operation.name": "chat", "session.id": "s1", "user.id": "u1", "llm_request.context": "interaction", "llm_request.call_index": int64(0), "llm_request.message_id": "msg_1", "model": "claude-sonnet-4-5",
		"gen_ai.request.model": "claude-sonnet-4-5", "gen_ai.response.model": "claude-sonnet-4-5", "gen_ai.request.stream": true, "input_tokens": int64(24), "gen_ai.usage.input_tokens": int64(24), "output_tokens": int64(40), "gen_ai.usage.output_tokens": int64(40),
		"cache_read_tokens": int64(1500), "gen_ai.usage.cache_read.input_tokens": int64(1500), "cache_creation_tokens": int64(100), "success": "true",
		"gen_ai.input.messages": `[{"role":"user","parts":[{"type":"text","content":"` + ask + `"}]}]`, "gen_ai.output.messages": `[{"role":"assistant","parts":[{"type":"text","content":"` + sunny + `"}]}]`,
	}}, llmRow("claude-sonnet-4-5", 1624, 40, anyMap{"provider": "anthropic", "cache_read_tokens": 1500.0, "cache_creation_tokens": 100.0, "session_id": "s1", "user_id": "u1", "input_messages": asked, "output_messages": said18, "streaming": true})}},
	{latitude, "tool", inventedSpan{testSpan{name: "tool_execution", scope: "latitude-claude-code", attrs: anyMap{
		"span.type": "tool_execution", "gen_ai.operation.name": "execute_tool", "session.id": "s1", "user.id": "u1", "gen_ai.tool.name": "Bash", "gen_ai.tool.call.id": "tu_1", "gen_ai.tool.call.arguments": `{"command":"ls"}`, "gen_ai.tool.call.result": "no such file",
		"error.type": "tool_error", "tool.is_error": true, "success": "false",
	}}, toolRow("Bash", anyMap{"tool_call_id": "tu_1", "tool_arguments": anyMap{"command": "ls"}, "tool_result": "no such file", "error_type": "tool_error", "session_id": "s1"})}},
	{latitude, "interaction", inventedSpan{testSpan{name: "interaction", scope: "latitude-claude-code", attrs: anyMap{
		"span.type": "interaction", "interaction.kind": "user", "session.id": "s1", "user_prompt": ask, "user_prompt_length": int64(28), "interaction.call_count": int64(2), "interaction.tool_call_count": int64(1), "turn.number": int64(1),
		"gen_ai.input.messages": `[{"role":"user","parts":[{"type":"text","content":"` + ask + `"}]}]`, "gen_ai.output.messages": `[{"role":"assistant","parts":[{"type":"text","content":"` + sunny + `"}]}]`,
	}}, anyMap{"session_id": "s1", "input_tokens": nil, "aggregate_usage": nil}}},
	{effectAI, "generateText", inventedSpan{testSpan{name: "LanguageModel.generateText", attrs: anyMap{
		"concurrency": "unbounded", "toolChoice": "auto", "gen_ai.system": "openai", "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.request.temperature": 0.2, "gen_ai.request.max_tokens": int64(200), "gen_ai.request.top_p": 0.9, "gen_ai.request.stop_sequences": []any{"END"},
		"gen_ai.response.id": "r1", "gen_ai.response.model": "gpt-4o-2024-08-06", "gen_ai.response.finish_reasons": []any{"stop"}, "gen_ai.usage.input_tokens": int64(9), "gen_ai.usage.output_tokens": int64(3), "gen_ai.openai.request.response_format": "text",
	}}, llmRow("gpt-4o", 9, 3, anyMap{"provider": "openai", "response_id": "r1", "response_model": "gpt-4o-2024-08-06", "finish_reasons": []any{"stop"}, "request_parameters": anyMap{"temperature": 0.2, "max_tokens": 200.0, "top_p": 0.9, "stop_sequences": []any{"END"}}})}},
}
