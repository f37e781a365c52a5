package price

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// strangers are names that nobody lists, as clouds, gateways and libraries make them, and
// the provider and name whose price holds for them.
var strangers = []struct{ provider, name, asProvider, asName string }{
	{"gcp.vertex_ai", "publishers/anthropic/models/claude-sonnet-4@20250514", anthropic, "claude-sonnet-4-20250514"},
	{"gcp.vertex_ai", "projects/123/locations/us-east5/publishers/anthropic/models/claude-opus-4-1@20250805", anthropic, "claude-opus-4-1-20250805"},
	{"gcp.vertex_ai", "projects/p/locations/global/publishers/google/models/gemini-2.5-pro:generateContent", google, "gemini-2.5-pro"},
	{"gcp.vertex_ai", "gemini-2.5-flash-001", google, "gemini-2.5-flash"},
	{"gcp.vertex_ai", "google/gemini-2.5-flash", google, "gemini-2.5-flash"},
	{"gcp.gemini", "models/gemini-2.5-flash", google, "gemini-2.5-flash"},
	{"google_genai", "models/gemini-2.5-flash-latest", google, "gemini-2.5-flash"},
	{"litellm", "vertex_ai/gemini-2.5-pro", google, "gemini-2.5-pro"},
	{"litellm", "vertex_ai_beta/gemini-2.5-pro", google, "gemini-2.5-pro"},
	{"aws.bedrock", "us.anthropic.claude-sonnet-4-20250514-v1:0", bedrock, "anthropic.claude-sonnet-4-20250514-v1:0"},
	{"aws.bedrock", "apac.anthropic.claude-3-5-sonnet-20241022-v2:0", bedrock, "anthropic.claude-3-5-sonnet-20241022-v2:0"},
	{"aws.bedrock", "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-3-haiku-20240307-v1:0", bedrock, "anthropic.claude-3-haiku-20240307-v1:0"},
	{"aws.bedrock", "arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:inference-profile/us-gov.anthropic.claude-3-haiku-20240307-v1:0", bedrock, "anthropic.claude-3-haiku-20240307-v1:0"},
	{"aws.bedrock", "bedrock/us-east-1/anthropic.claude-3-haiku-20240307-v1:0", bedrock, "anthropic.claude-3-haiku-20240307-v1:0"},
	{"litellm", "bedrock/invoke/us.anthropic.claude-3-haiku-20240307-v1:0", bedrock, "anthropic.claude-3-haiku-20240307-v1:0"},
	{"openai", "ft:gpt-4o-2024-08-06:my-org::abc123", openai, "ft:gpt-4o-2024-08-06"},
	{"openai", "ft:gpt-4o-mini-2024-07-18:my-org:custom:abc123", openai, "ft:gpt-4o-mini-2024-07-18"},
	{"azure.ai.openai", "azure/gpt-4o-2024-08-06", azure, "gpt-4o"},
	{"litellm", "azure/eu/gpt-4o-2024-08-06", azure, "gpt-4o"},
	{"litellm_proxy", "openai/gpt-4o", openai, "gpt-4o"},
	{"litellm", "litellm_proxy/openai/gpt-4o", openai, "gpt-4o"},
	{"", "openai:gpt-4o", openai, "gpt-4o"},
	{"", "anthropic:claude-sonnet-4-20250514", anthropic, "claude-sonnet-4-20250514"},
	{"", "anthropic/claude-sonnet-4", anthropic, "claude-sonnet-4-20250514"},
	{"", "openai/responses/gpt-4o", openai, "gpt-4o"},
	{"openrouter", "openrouter/anthropic/claude-sonnet-4", "openrouter", "anthropic/claude-sonnet-4"},
	{"openrouter", "anthropic/claude-sonnet-4:nitro", "openrouter", "anthropic/claude-sonnet-4"},
	{"openrouter", "anthropic/claude-sonnet-4:beta", "openrouter", "anthropic/claude-sonnet-4"},
	{"openrouter", "openai/gpt-4o:online", "openrouter", "openai/gpt-4o"},
	{"OpenAI", " GPT-4o ", openai, "gpt-4o"},
	{"azure", "GPT-4o", azure, "gpt-4o"},
	{"groq", "groq/llama-3.3-70b-versatile", "groq", "llama-3.3-70b-versatile"},
	{"together_ai", "meta-llama/Llama-3.3-70B-Instruct-Turbo", "together", "meta-llama/Llama-3.3-70B-Instruct-Turbo"},
	{"litellm", "together_ai/meta-llama/Llama-3.3-70B-Instruct-Turbo", "together", "meta-llama/Llama-3.3-70B-Instruct-Turbo"},
	{"fireworks_ai", "accounts/fireworks/models/deepseek-v3p2", "fireworks", "accounts/fireworks/models/deepseek-v3p2"},
	{"mistral_ai", "mistral-large-latest", mistral, "mistral-large-latest"},
	{"xai", "xai/grok-4", xai, "grok-4"},
	{"deepseek", "deepseek/deepseek-chat", deepseek, "deepseek-chat"},
	{"cohere", "command-r-plus-08-2024", cohere, "command-r-plus-08-2024"},
	{"vercel", "anthropic/claude-sonnet-4", anthropic, "claude-sonnet-4-20250514"},
	{"gateway", "xai/grok-4", xai, "grok-4"},
	{"x-ai", "grok-4", xai, "grok-4"},
	{"Mistral-AI", "mistral-large-latest", mistral, "mistral-large-latest"},
	{"google-vertex", "gemini-2.5-pro", google, "gemini-2.5-pro"},
	{"", "bedrock:us.anthropic.claude-3-haiku-20240307-v1:0", bedrock, "anthropic.claude-3-haiku-20240307-v1:0"},
	{"", "google-gla:gemini-2.5-pro", google, "gemini-2.5-pro"},
}

// unpriced are names that no list price holds for.
var unpriced = []struct{ provider, name string }{
	{"ollama", "gpt-oss:20b"}, {"vllm", "meta-llama/Llama-3.3-70B-Instruct"}, {"azure", "my-deployment"},
	{"openai", "gpt-40"}, {"openai", "chatgpt"}, {"", "model"}, {"", "mistral:7b"}, {"", "deepseek-r1:7b"}, {"", "qwen2.5:0.5b"}, {"litellm", "ollama/deepseek-r1"}, {"litellm", "hosted_vllm/Qwen/qwen3-32b"}, {"huggingface", "my-org/llama-3-ours"}, {"aws.bedrock", "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3"},
}

// TestNamesThatNobodyLists finds their prices.
func TestNamesThatNobodyLists(t *testing.T) {
	list := builtin(t)
	find := func(provider, name string) *Row {
		return list.Find(Call{Provider: provider, Models: []string{name}, At: time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC), Input: 1000})
	}
	for _, s := range strangers {
		t.Run(s.provider+" "+s.name, func(t *testing.T) {
			want := find(s.asProvider, s.asName)
			require.NotNil(t, want, "%s %s", s.asProvider, s.asName)
			got := find(s.provider, s.name)
			require.NotNil(t, got)
			usage := Usage{Input: 1000, Output: 1000}
			require.Equal(t, want.Cost(usage).Total, got.Cost(usage).Total, "%s %s is priced as %s %s", s.provider, s.name, got.Provider, got.Model)
		})
	}
	for _, s := range unpriced {
		require.Nil(t, find(s.provider, s.name), "%s %s", s.provider, s.name)
	}
}

// TestProvidersHaveOneNameWithoutSeparators makes sure that no two providers are one name once
// what separates its words is dropped.
func TestProvidersHaveOneNameWithoutSeparators(t *testing.T) {
	known := map[string]string{}
	add := func(name, provider string) {
		name = unseparated.Replace(name)
		if other, ok := known[name]; ok && other != provider {
			t.Errorf("%s is %s and %s", name, other, provider)
		}
		known[name] = provider
	}
	for _, m := range makers {
		add(m.provider, m.provider)
	}
	for name, provider := range listed {
		add(name, provider)
		add(provider, provider)
	}
}
