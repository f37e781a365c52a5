package price

import (
	"regexp"
	"slices"
	"strings"
)

// The list's providers are those of the OpenTelemetry registry
// (gen_ai.provider.name) where that has one.
const (
	openai    = "openai"
	anthropic = "anthropic"
	bedrock   = "aws.bedrock"
	azure     = "azure.ai.openai"
	google    = "gcp.gemini"
	mistral   = "mistral_ai"
	xai       = "x_ai"
	deepseek  = "deepseek"
	cohere    = "cohere"
	moonshot  = "moonshot_ai"
)

// listed maps other names of a provider to the one that the list goes by.
var listed = map[string]string{
	"microsoft.foundry": azure, "azure_ai_foundry": azure, "azure_foundry": azure, "azure.ai.agents": azure, "az.ai.agents": azure,
	"azure.ai.inference": azure, "az.ai.openai": azure, "az.ai.inference": azure, "aws_bedrock": bedrock, "amazon_bedrock": bedrock,
	"azure": azure, "azure_ai": azure, "azure_openai": azure, "bedrock": bedrock, "vertex_ai": google, "gemini": google,
	"gcp.vertex_ai": google, "gcp.gen_ai": google, "google": google, "vertexai": google,
	"aws": bedrock, "x-ai": xai, "mistral": mistral, "moonshotai": moonshot, "moonshot": moonshot, "kimi": moonshot,
	"zai": "z_ai", "z.ai": "z_ai", "zhipu": "zhipu_ai", "zhipuai": "zhipu_ai", "voyage": "voyage_ai", "voyageai": "voyage_ai",
	"qwen": "alibaba", "dashscope": "alibaba", "alibaba_cloud": "alibaba", "together_ai": "together", "together-ai": "together",
	"meta-llama": "meta", "google_genai": google, "google_vertexai": google, "google_gla": google, "google_vertex": google, "vertex": google,
	"vertex_ai_beta": google, "litellm_proxy": "litellm", "fireworks_ai": "fireworks",
}

// unseparated drops what separates the words of a provider's name: xai, x-ai and x_ai are one.
var unseparated = strings.NewReplacer("-", "", "_", "", ".", "", " ", "")

// joined maps the names of providers, without separators, to those of the list.
var joined = func() map[string]string {
	found := map[string]string{}
	for _, m := range makers {
		found[unseparated.Replace(m.provider)] = m.provider
	}
	for name, provider := range listed {
		found[unseparated.Replace(name)], found[unseparated.Replace(provider)] = provider, provider
	}
	return found
}()

// serves names the providers whose models another one sells at their prices, where it
// has no row of its own.
var serves = map[string][]string{
	azure:    {openai, anthropic, deepseek, xai, moonshot},
	google:   {anthropic, mistral},
	bedrock:  {anthropic, mistral, cohere, deepseek, openai, moonshot},
	"github": {openai, anthropic},
}

// vendors are the makers of models as names on Amazon Bedrock begin with.
var vendors = map[string]bool{
	"anthropic": true, "amazon": true, "meta": true, "mistral": true, "cohere": true, "ai21": true, "deepseek": true,
	"qwen": true, "openai": true, "moonshot": true, "moonshotai": true, "minimax": true, "zai": true, "google": true,
	"nvidia": true, "writer": true, "twelvelabs": true, "stability": true,
}

// makers tell the maker of a model by the begin of its bare name.
var makers = []struct{ prefix, provider string }{
	{"gpt-", openai}, {"o1", openai}, {"o3", openai}, {"o4", openai}, {"chatgpt-", openai}, {"text-embedding-", openai}, {"codex-", openai},
	{"claude", anthropic}, {"gemini", google}, {"gemma", google},
	{"mistral", mistral}, {"mixtral", mistral}, {"codestral", mistral}, {"devstral", mistral}, {"magistral", mistral},
	{"ministral", mistral}, {"pixtral", mistral}, {"voxtral", mistral}, {"open-mistral", mistral}, {"open-mixtral", mistral},
	{"command", cohere}, {"embed-", cohere}, {"rerank-", cohere}, {"deepseek", deepseek}, {"grok", xai}, {"sonar", "perplexity"},
	{"kimi", moonshot}, {"moonshot", moonshot}, {"glm-", "z_ai"}, {"minimax", "minimax"}, {"voyage-", "voyage_ai"}, {"qwen", "alibaba"},
	{"nova-", bedrock}, {"titan-", bedrock},
}

// anyProvider stands for rows that name none.
const anyProvider = ""

// gateways pass calls on to the makers of models. Servers that run models themselves
// (ollama, vllm, …) are none: what those run costs no maker's price.
var gateways = map[string]bool{
	"": true, "litellm": true, "openrouter": true, "gateway": true, "vercel": true, "ai_gateway": true, "cloudflare": true, "portkey": true,
	"kong": true, "helicone": true, "requesty": true, "github": true, "envoy": true,
}

// ownServers are the paths of servers that people run themselves, as LiteLLM writes them.
var ownServers = map[string]bool{
	"ollama": true, "ollama_chat": true, "vllm": true, "hosted_vllm": true, "lm_studio": true, "llamafile": true, "llamacpp": true,
	"xinference": true, "triton": true, "local": true, "localai": true,
}

// ollamaTag is a size, as only servers that people run themselves have in a name.
var ollamaTag = regexp.MustCompile(`:\d+(\.\d+)?[bm](-|$)`)

// runsItself reports whether a name is of a model on a server that people run themselves,
// where no maker's price holds.
func runsItself(names []string) bool {
	return len(names) > 0 && ollamaTag.MatchString(names[0]) ||
		slices.ContainsFunc(names, func(name string) bool { before, _, ok := strings.Cut(name, "/"); return ok && ownServers[before] })
}

// providersOf returns the providers whose rows may hold for a call, in order: the
// one that was called; those whose models that one serves; for gateways, and where
// nobody says who was called, the one that the name's path or begin tells; rows for
// any provider last.
func providersOf(provider string, names []string) []string {
	provider = strings.ToLower(strings.TrimSpace(provider))
	p := listedName(provider)
	var found []string
	add := func(ps ...string) {
		for _, p := range ps {
			if p != anyProvider && !slices.Contains(found, p) {
				found = append(found, p)
			}
		}
	}
	add(provider, p)
	add(serves[p]...)
	if gateways[p] {
		for _, name := range names {
			if before, _, ok := strings.Cut(name, "/"); ok {
				add(listedName(before))
			} else if provider, _, ok := cutProvider(name); ok {
				add(provider)
			}
		}
		if runsItself(names) {
			return append(found, anyProvider)
		}
		for _, name := range names {
			add(maker(name))
		}
	}
	return append(found, anyProvider)
}

// maker returns the maker of a model by the begin of its name; "" if that tells none.
func maker(name string) string {
	for _, m := range makers {
		if strings.HasPrefix(name, m.prefix) {
			return m.provider
		}
	}
	return ""
}

func listedName(provider string) string {
	name := strings.ToLower(strings.TrimSpace(provider))
	if l, ok := joined[unseparated.Replace(name)]; ok {
		return l
	}
	return name
}

// cutProvider takes apart a name as agent frameworks write it: openai:gpt-4o.
func cutProvider(name string) (provider, model string, ok bool) {
	before, model, ok := strings.Cut(name, ":")
	if !ok || strings.Contains(before, "/") {
		return "", "", false
	}
	provider, ok = joined[unseparated.Replace(before)]
	return provider, model, ok
}
