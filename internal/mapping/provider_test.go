package mapping

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestProviderNamesAreCanonical(t *testing.T) {
	for reported, want := range map[string]string{
		"OpenAI": "openai", "openai.chat": "openai", "openai.responses": "openai", "api.openai.com": "openai", "open_ai": "openai",
		"Anthropic": "anthropic", "anthropic.messages": "anthropic", "api.anthropic.com": "anthropic",
		"bedrock": "aws.bedrock", "amazon-bedrock": "aws.bedrock", "amazon-bedrock.anthropic": "aws.bedrock", "aws": "aws.bedrock", "AWS": "aws.bedrock",
		"az.ai.openai": "azure.ai.openai", "azure-openai.chat": "azure.ai.openai", "azure": "azure.ai.openai", "azure.chat": "azure.ai.openai",
		"az.ai.inference": "azure.ai.inference", "azure_ai": "azure.ai.inference",
		"vertex_ai": "gcp.vertex_ai", "google-vertex.chat": "gcp.vertex_ai", "google.vertex.chat": "gcp.vertex_ai", "google-cloud": "gcp.vertex_ai",
		"gemini": "gcp.gemini", "google-gla": "gcp.gemini", "google.generative-ai": "gcp.gemini", "google_ai_gemini": "gcp.gemini",
		"google": "gcp.gen_ai", "google_genai": "gcp.gen_ai",
		"mistral": "mistral_ai", "mistralai": "mistral_ai", "mistral.chat": "mistral_ai",
		"xai": "x_ai", "xai.chat": "x_ai", "api.x.ai": "x_ai", "watsonx": "ibm.watsonx.ai", "ibm.watson.ai": "ibm.watsonx.ai",
		"cohere.chat": "cohere", "groq-fast": "groq", "deepseek.chat": "deepseek", "perplexity": "perplexity",
		" Ollama ": "ollama", "fireworks": "fireworks", "OpenRouter": "openrouter",
		"langgenius/openai/openai": "openai", "langgenius/tongyi/tongyi": "tongyi", "azure_open_ai": "azure.ai.openai",
		"google_vertex_ai_gemini": "gcp.vertex_ai", "google_vertex_ai_anthropic": "gcp.vertex_ai", "microsoft_foundry": "microsoft.foundry",
		"127.0.0.1:18951": "", "http://localhost:11434/v1": "", "10.0.0.7": "", "gateway.corp:8080": "", "unknown": "", "fake.chat": "fake.chat",
		"spring_ai": "", "microsoft.agent_framework": "", "custom-host": "custom-host",
		"langchain": "", "strands-agents": "", "gcp.vertex.agent": "", "_OTHER": "", "LiteLLM": "", "crewai": "",
	} {
		require.Equal(t, want, canonicalProvider(reported), reported)
	}
}

func TestProviderIsInferredFromModels(t *testing.T) {
	for model, want := range map[string]string{
		"gpt-4o": "openai", "o1": "openai", "o3-mini": "openai", "chatgpt-4o-latest": "openai", "text-embedding-3-small": "openai",
		"claude-sonnet-4-5": "anthropic", "gemini-2.5-pro": "gcp.gen_ai", "models/gemini-pro": "gcp.gen_ai", "mixtral-8x7b": "mistral_ai",
		"codestral-latest": "mistral_ai", "command-r-plus": "cohere", "deepseek-chat": "deepseek", "grok-4": "x_ai", "sonar-pro": "perplexity",
		"anthropic.claude-3-haiku-20240307-v1:0": "aws.bedrock", "us.anthropic.claude-sonnet-4-20250514-v1:0": "aws.bedrock",
		"deepseek.r1-v1:0": "aws.bedrock", "amazon.nova-pro-v1:0": "aws.bedrock", "openai.gpt-oss-120b-1:0": "aws.bedrock",
		"vertexai/gemini-2.5-pro": "gcp.vertex_ai", "openai/gpt-4o": "openai", "anthropic/claude-3.5-sonnet": "anthropic",
		"x-ai/grok-4": "x_ai", "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-3": "aws.bedrock",
		"publishers/anthropic/models/claude-sonnet-4-5": "gcp.vertex_ai", "projects/p/locations/l/publishers/google/models/gemini-2.5-flash": "gcp.vertex_ai",
		"meta-llama/Llama-3": "", "ollama-thing": "", "rerank-v3": "", "": "",
	} {
		require.Equal(t, want, modelProvider(model), model)
	}
}

func TestProviderIsInferredFromHosts(t *testing.T) {
	for host, want := range map[string]string{
		"api.openai.com": "openai", "api.mistral.ai": "mistral_ai", "api.groq.com": "groq", "api.x.ai": "x_ai",
		"my-resource.openai.azure.com": "azure.ai.openai", "bedrock-runtime.eu-west-1.amazonaws.com": "aws.bedrock",
		"europe-west1-aiplatform.googleapis.com": "gcp.vertex_ai", "generativelanguage.googleapis.com": "gcp.gemini",
		"eu.api.openai.com": "openai", "openai.corp.internal": "",
		"127.0.0.1": "", "localhost": "", "gateway.internal": "",
		"http://localhost:11434/v1.1": "", "http://api.openai.com/v1": "openai", "https://API.openai.com:443": "openai", "a/b.c": "", ".": "", "": "",
		"api.gateway": "", "api.": "", "api.api": "",
	} {
		require.Equal(t, want, hostProvider(host), host)
	}
}

func TestProviderResolution(t *testing.T) {
	llm := func(attrs map[string]any) map[string]any {
		attrs["gen_ai.operation.name"] = "chat"
		return attrs
	}
	for name, c := range map[string]struct {
		attrs map[string]any
		want  any
	}{
		"a framework gives way to the next attribute": {llm(map[string]any{"gen_ai.system": "langchain", "llm.system": "mistralai"}), "mistral_ai"},
		"a framework gives way to the model":          {llm(map[string]any{"gen_ai.system": "strands-agents", "gen_ai.request.model": "gpt-4o"}), "openai"},
		"the host comes before the model":             {llm(map[string]any{"server.address": "my.openai.azure.com", "gen_ai.request.model": "gpt-4o"}), "azure.ai.openai"},
		"nothing to go by":                            {llm(map[string]any{"gen_ai.request.model": "house-blend"}), nil},
		"only calls of models infer":                  {map[string]any{"gen_ai.operation.name": "invoke_agent", "gen_ai.request.model": "gpt-4o"}, nil},
		"azure with openai":                           {llm(map[string]any{"llm.provider": "azure", "llm.system": "openai"}), "azure.ai.openai"},
		"azure alone":                                 {llm(map[string]any{"llm.provider": "azure"}), "azure.ai.inference"},
		"google with vertexai":                        {llm(map[string]any{"llm.provider": "google", "llm.system": "vertexai"}), "gcp.vertex_ai"},
		"google alone":                                {llm(map[string]any{"llm.provider": "google"}), "gcp.gen_ai"},
		"the product alone":                           {llm(map[string]any{"llm.system": "vertexai"}), "gcp.vertex_ai"},
	} {
		t.Run(name, func(t *testing.T) {
			_, got := testSpan{attrs: c.attrs}.mapped(t)
			require.Equal(t, c.want, got["provider"])
		})
	}
}
