package mapping

import (
	"net"
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// providerAliases maps what instrumentations send, in lower case, to the names of
// the OpenTelemetry registry (gen_ai.provider.name).
var providerAliases = map[string]string{
	"openai": "openai", "open_ai": "openai",
	"anthropic":   "anthropic",
	"aws.bedrock": "aws.bedrock", "bedrock": "aws.bedrock", "aws_bedrock": "aws.bedrock", "amazon_bedrock": "aws.bedrock",
	"amazon-bedrock": "aws.bedrock", "bedrock_converse": "aws.bedrock", "aws": "aws.bedrock",
	"azure.ai.openai": "azure.ai.openai", "az.ai.openai": "azure.ai.openai", "azure_openai": "azure.ai.openai",
	"azure-openai": "azure.ai.openai", "azure": "azure.ai.openai", "azureopenai": "azure.ai.openai", "amazonbedrock": "aws.bedrock", "awsbedrock": "aws.bedrock", "googlevertexai": "gcp.vertex_ai", "azure_open_ai": "azure.ai.openai",
	"azure.ai.inference": "azure.ai.inference", "az.ai.inference": "azure.ai.inference", "azure_ai": "azure.ai.inference",
	"gcp.vertex_ai": "gcp.vertex_ai", "vertex_ai": "gcp.vertex_ai", "vertexai": "gcp.vertex_ai", "google_vertexai": "gcp.vertex_ai",
	"google_vertex_ai_gemini": "gcp.vertex_ai", "google_vertex_ai_anthropic": "gcp.vertex_ai",
	"google-vertex": "gcp.vertex_ai", "google.vertex": "gcp.vertex_ai", "google-cloud": "gcp.vertex_ai",
	"gcp.gemini": "gcp.gemini", "gemini": "gcp.gemini", "googleai": "gcp.gemini", "google-gla": "gcp.gemini",
	"google.generative-ai": "gcp.gemini", "google_ai_gemini": "gcp.gemini", "google_gemini": "gcp.gemini",
	"gcp.gen_ai": "gcp.gen_ai", "google": "gcp.gen_ai", "google_genai": "gcp.gen_ai",
	"mistral_ai": "mistral_ai", "mistral": "mistral_ai", "mistralai": "mistral_ai",
	"x_ai": "x_ai", "xai": "x_ai", "x.ai": "x_ai", "x-ai": "x_ai",
	"ibm.watsonx.ai": "ibm.watsonx.ai", "watsonx": "ibm.watsonx.ai", "ibm.watson.ai": "ibm.watsonx.ai",
	"microsoft_foundry": "microsoft.foundry",
	"cohere":            "cohere", "groq": "groq", "deepseek": "deepseek", "perplexity": "perplexity",
	"ollama": "ollama", "openrouter": "openrouter",
}

// knownProviders are the names that aliases stand for.
var knownProviders = func() map[string]bool {
	known := map[string]bool{}
	for _, name := range providerAliases {
		known[name] = true
	}
	return known
}()

// modelProviders infers the provider from the start of a model's name.
var modelProviders = []struct{ prefix, provider string }{
	{"gpt-", "openai"}, {"o1", "openai"}, {"o3", "openai"}, {"o4", "openai"}, {"chatgpt-", "openai"}, {"text-embedding-", "openai"},
	{"claude", "anthropic"},
	{"gemini", "gcp.gen_ai"}, {"models/gemini", "gcp.gen_ai"},
	{"mistral", "mistral_ai"}, {"mixtral", "mistral_ai"}, {"codestral", "mistral_ai"},
	{"command", "cohere"}, {"deepseek", "deepseek"}, {"grok", "x_ai"}, {"sonar", "perplexity"}, {"arn:aws:bedrock:", "aws.bedrock"},
}

// bedrockVendors are the vendors in the ids of models on Amazon Bedrock
// (region.vendor.name).
var bedrockVendors = map[string]bool{
	"anthropic": true, "amazon": true, "meta": true, "mistral": true, "cohere": true,
	"ai21": true, "deepseek": true, "qwen": true, "openai": true,
}

// canonicalProvider returns the registry's name for a reported provider; "" for
// frameworks and for servers that nobody knows. Of a path, the last segment counts.
func canonicalProvider(reported string) string {
	name := strings.ToLower(strings.TrimSpace(reported))
	if p, ok := providerAliases[name]; ok {
		return p
	}
	if dialect.Frameworks[name] {
		return ""
	}
	if p := longestAlias(name); p != "" {
		return p
	}
	if p := hostProvider(name); p != "" {
		return p
	}
	if isHost(name) {
		return ""
	}
	if i := strings.LastIndexByte(name, '/'); i >= 0 && i < len(name)-1 {
		return canonicalProvider(name[i+1:])
	}
	if value := enumValue(strings.TrimSpace(reported)); strings.ToLower(value) != name {
		return canonicalProvider(value)
	}
	return name
}

// isHost reports whether a name is the address of a server: with a scheme, with a port,
// or in numbers.
func isHost(name string) bool {
	if strings.Contains(name, "://") || net.ParseIP(name) != nil {
		return true
	}
	_, port, ok := strings.Cut(name, ":")
	if !ok {
		return false
	}
	_, number := value.ParseCount(port)
	return number
}

// longestAlias matches openai.chat, amazon-bedrock-x and the like: the longest
// known name that a dot or hyphen follows.
func longestAlias(name string) string {
	for i := len(name) - 1; i > 0; i-- {
		if name[i] != '.' && name[i] != '-' {
			continue
		}
		if p, ok := providerAliases[name[:i]]; ok {
			return p
		}
	}
	return ""
}

// hostProvider tells the provider from the host of its API.
func hostProvider(host string) string {
	host = strings.ToLower(host)
	if _, rest, ok := strings.Cut(host, "://"); ok {
		host = rest
	}
	host, _, _ = strings.Cut(host, "/")
	host, _, _ = strings.Cut(host, ":")
	switch {
	case !strings.Contains(host, "."):
		return ""
	case net.ParseIP(host) != nil:
		return ""
	case strings.HasSuffix(host, ".openai.azure.com"), strings.HasSuffix(host, ".cognitiveservices.azure.com"):
		return "azure.ai.openai"
	case strings.HasSuffix(host, ".inference.ai.azure.com"), strings.HasSuffix(host, ".services.ai.azure.com"):
		return "azure.ai.inference"
	case strings.HasPrefix(host, "bedrock-runtime") && strings.Contains(host, ".amazonaws.com"):
		return "aws.bedrock"
	case strings.HasSuffix(host, "aiplatform.googleapis.com"):
		return "gcp.vertex_ai"
	case host == "generativelanguage.googleapis.com":
		return "gcp.gemini"
	}
	host = strings.TrimPrefix(host, "api.")
	if p, ok := providerAliases[host]; ok {
		return p
	}
	labels := strings.Split(host, ".")
	if len(labels) < 2 { // "api.gateway"
		return ""
	}
	return providerAliases[labels[len(labels)-2]]
}

// modelProvider infers the provider from a model's name.
func modelProvider(model string) string {
	model = strings.ToLower(model)
	if vendor, rest, ok := strings.Cut(model, "."); ok {
		next, _, more := strings.Cut(rest, ".")
		if bedrockVendors[vendor] || more && bedrockVendors[next] {
			return "aws.bedrock"
		}
	}
	if strings.Contains(model, "publishers/") && strings.Contains(model, "/models/") {
		return "gcp.vertex_ai" // the resource name of a model there, whoever made it
	}
	for _, m := range modelProviders {
		if strings.HasPrefix(model, m.prefix) && !shortNameGoesOn(model, m.prefix) {
			return m.provider
		}
	}
	i := strings.IndexAny(model, "/:")
	if i < 0 {
		return ""
	}
	vendor := model[:i]
	if p, ok := providerAliases[vendor]; ok {
		return p
	}
	return longestAlias(vendor)
}

// shortNameGoesOn keeps o1 and its kind from matching words such as o1ive.
func shortNameGoesOn(model, prefix string) bool {
	return len(prefix) == 2 && len(model) > 2 && model[2] >= 'a' && model[2] <= 'z'
}

// provider resolves the provider: the first reported one that is no framework,
// else, for model calls, what host and model tell.
func (r *reading) provider() string {
	var found string
	r.each(dialect.Provider, func(src *boundSource, v value.Value) bool {
		text, _, ok := v.Fact()
		if !ok || len(text) > 2*minProse && isProse(text) {
			return false // a sentence is somebody's prompt
		}
		name := canonicalProvider(text)
		if name == "" || r.out.Kind == KindRetriever && !knownProviders[name] {
			return false // a class of vector stores
		}
		if text == r.scopeName && !knownProviders[name] {
			return false // the program that wrote the span
		}
		found = r.key(name)
		r.took(src, found == text)
		return true
	})
	if found != "" || !r.out.Kind.IsModel() {
		return found
	}
	if p := hostProvider(r.peekText(dialect.ServerAddress)); p != "" {
		return p
	}
	if p := modelProvider(r.out.RequestModel); p != "" {
		return p
	}
	return modelProvider(r.out.ResponseModel)
}
