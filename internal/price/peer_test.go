package price

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// peerCall is a call as the script prices-peer.mjs takes it.
type peerCall struct {
	Provider string           `json:"provider"`
	Model    string           `json:"model"`
	At       string           `json:"at"`
	Usage    map[string]int64 `json:"usage"`
}

// peerAnswer is a price and the id of the model that the package found; nil: none.
type peerAnswer struct {
	Total float64
	Model string
}

// root is the folder of the repository.
const root = "../.."

// requirePeer makes sure that @pydantic/genai-prices is installed, as `make test` does
// wherever npm is at hand.
func requirePeer(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(root, "build", "prices", "node_modules")); err != nil {
		t.Skip("@pydantic/genai-prices is not in build/prices: make price-sources installs it where there is npm")
	}
}

// TestBuiltinPricesAreThoseOfTheSources makes the file again.
func TestBuiltinPricesAreThoseOfTheSources(t *testing.T) {
	requirePeer(t)
	made := filepath.Join(t.TempDir(), "builtin.csv")
	script := exec.CommandContext(t.Context(), filepath.Join(root, "scripts", "prices"), made)
	out, err := script.CombinedOutput()
	require.NoError(t, err, string(out))
	text, err := os.ReadFile(made)
	require.NoError(t, err)
	require.Equal(t, string(text), string(BuiltinCSV()), "make prices brings the file up to date")
}

func askPeer(t *testing.T, calls []peerCall) []*peerAnswer {
	t.Helper()
	var in bytes.Buffer
	encode := json.NewEncoder(&in)
	for _, c := range calls {
		require.NoError(t, encode.Encode(c))
	}
	node := exec.CommandContext(t.Context(), "node", "scripts/prices-peer.mjs")
	node.Dir, node.Stdin, node.Stderr = root, &in, os.Stderr
	out, err := node.Output()
	require.NoError(t, err)
	answers := make([]*peerAnswer, 0, len(calls))
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		var pair []any
		require.NoError(t, json.Unmarshal(lines.Bytes(), &pair))
		if pair == nil {
			answers = append(answers, nil)
			continue
		}
		answers = append(answers, &peerAnswer{pair[0].(float64), pair[1].(string)})
	}
	require.Len(t, answers, len(calls))
	return answers
}

// peerProviders maps the package's provider ids to ours, as the generator does.
var peerProviders = map[string]string{
	"aws": bedrock, "azure": azure, "google": google, "mistral": mistral, "x-ai": xai, "moonshotai": moonshot,
	"zai": "z_ai", "zhipuai": "zhipu_ai", "voyageai": "voyage_ai", "github-copilot": "github_copilot",
}

// peerModels reads the models of the package's data by provider, with all names that
// their conditions spell out.
func peerModels(t *testing.T) map[string][]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, "build", "prices", "genai.json"))
	require.NoError(t, err)
	var providers []struct {
		ID     string
		Models []struct {
			ID    string
			Match json.RawMessage
		}
	}
	require.NoError(t, json.Unmarshal(data, &providers))
	spelled := regexp.MustCompile(`"(?:equals|starts_with|contains|ends_with)":"([^"]+)"`)
	models := map[string][]string{}
	for _, p := range providers {
		for _, m := range p.Models {
			models[p.ID] = append(models[p.ID], m.ID)
			for _, s := range spelled.FindAllSubmatch(m.Match, -1) {
				models[p.ID] = append(models[p.ID], string(s[1]))
			}
		}
	}
	return models
}

// setting is a number that the environment may change.
func setting(t *testing.T, name string, usual int) int {
	text := os.Getenv(name)
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, name)
	return n
}

// TestPricesEqualThePeers compares 100,000 random calls with what the package from which
// the built-in prices come makes of them. PEER_CALLS and PEER_SEED ask for others.
func TestPricesEqualThePeers(t *testing.T) {
	requirePeer(t)
	models := peerModels(t)
	rows, err := Builtin()
	require.NoError(t, err)
	var ofPeer []Row
	for _, r := range rows {
		if strings.HasPrefix(r.Source, "@pydantic") {
			ofPeer = append(ofPeer, r)
		}
	}
	list, err := NewList(ofPeer)
	require.NoError(t, err)
	r := rand.New(rand.NewPCG(uint64(setting(t, "PEER_SEED", 1)), 2))
	var names [][2]string
	for p, ids := range models {
		for _, id := range ids {
			names = append(names, [2]string{p, id})
		}
	}
	calls := make([]peerCall, setting(t, "PEER_CALLS", 100_000))
	for i := range calls {
		name := names[i%len(names)]
		at := time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(r.Int64N(int64(3 * 365 * 24 * time.Hour)))).Truncate(time.Second)
		calls[i] = peerCall{name[0], name[1], at.Format(time.RFC3339), randomUsage(r)}
	}
	wrong, unpriced := map[string]string{}, 0
	compared := map[string]int{}
	for i, answer := range askPeer(t, calls) {
		c := calls[i]
		at, err := time.Parse(time.RFC3339, c.At)
		require.NoError(t, err)
		provider := c.Provider
		if ours, ok := peerProviders[provider]; ok {
			provider = ours
		}
		row := list.Find(Call{Provider: provider, Models: []string{c.Model}, At: at, Input: c.Usage["input_tokens"]})
		key := c.Provider + " " + c.Model
		switch {
		case row == nil && answer == nil:
			unpriced++
		case row == nil || answer == nil:
			wrong[key] = fmt.Sprintf("ours: %v, the peer's: %v", row, answer)
		default:
			compared["priced"]++
			noteKinds(compared, row, usageOf(c.Usage))
			got := row.Cost(usageOf(c.Usage)).Total.InexactFloat64()
			if math.Abs(got-answer.Total) > 1e-9*math.Max(1, answer.Total) {
				wrong[key] = fmt.Sprintf("%s %s: ours %v by %q, the peer's %v by %q; %v", c.At, key, got, row.Model, answer.Total, answer.Model, c.Usage)
			}
		}
	}
	t.Logf("%d calls of %d names, %d of them without a price; compared: %v", len(calls), len(names), unpriced, compared)
	require.Empty(t, wrong, "%d", len(wrong))
	for _, r := range ofPeer { // whatever the package prices was compared
		kinds := map[string]int{}
		noteKinds(kinds, &r, Usage{math.MaxInt64, math.MaxInt64, 1, 2, 1, 1, 1, 1, 1, 1, 1})
		for kind := range kinds {
			require.NotZero(t, compared[kind], kind)
		}
	}
}

// noteKinds counts what about a price matters for a call: its units, and what bounds the row.
func noteKinds(kinds map[string]int, r *Row, u Usage) {
	for unit, n := range r.buckets(u) {
		if n > 0 && r.scaled.has[unit] {
			kinds[UnitNames[unit]]++
		}
	}
	for kind, is := range map[string]bool{
		"tier of input": r.Above >= 0, "date": !r.From.IsZero(), "time of day": r.DailyFrom != r.DailyTo, "service tier": r.ServiceTier != "",
	} {
		if is {
			kinds[kind]++
		}
	}
}

// randomUsage uses every bucket at times. The package wants to hear of the overlaps.
func randomUsage(r *rand.Rand) map[string]int64 {
	some := func(most int64) int64 {
		if r.IntN(3) == 0 || most <= 0 {
			return 0
		}
		return r.Int64N(most + 1)
	}
	u := map[string]int64{
		"cache_audio_read_tokens": 0, "cache_image_read_tokens": 0, "cache_audio_write_tokens": 0, "cache_image_write_tokens": 0,
		"output_audio_reasoning_tokens": 0, "output_image_reasoning_tokens": 0,
	}
	u["input_tokens"] = some([]int64{1000, 300_000, 2_000_000}[r.IntN(3)])
	u["output_tokens"] = some(100_000)
	left := u["input_tokens"]
	for _, part := range []string{"cache_read_tokens", "cache_write_tokens", "input_audio_tokens", "input_image_tokens"} {
		u[part] = some(left)
		left -= u[part]
	}
	u["cache_write_1h_tokens"] = some(u["cache_write_tokens"])
	left = u["output_tokens"]
	for _, part := range []string{"output_audio_tokens", "output_image_tokens", "output_reasoning_tokens"} {
		u[part] = some(left)
		left -= u[part]
	}
	u["web_searches"] = some(5)
	return u
}

func usageOf(u map[string]int64) Usage {
	return Usage{
		Input: u["input_tokens"], Output: u["output_tokens"], CacheRead: u["cache_read_tokens"], CacheWrite: u["cache_write_tokens"],
		CacheWrite1h: u["cache_write_1h_tokens"], InputAudio: u["input_audio_tokens"], InputImage: u["input_image_tokens"],
		OutputAudio: u["output_audio_tokens"], OutputImage: u["output_image_tokens"], Reasoning: u["output_reasoning_tokens"],
		WebSearches: u["web_searches"],
	}
}

// dressings are the names that clouds and gateways make of a provider's name of a model:
// the provider that a call then names, and the name.
var dressings = map[string]func(id string) [][2]string{
	"aws": func(id string) [][2]string {
		return [][2]string{
			{bedrock, "arn:aws:bedrock:us-west-2::foundation-model/" + id},
			{bedrock, "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/" + id},
			{"bedrock", id}, {"aws_bedrock", id}, {"litellm", "bedrock/" + id}, {"litellm", "bedrock/converse/" + id}, {bedrock, strings.ToUpper(id)},
		}
	},
	"anthropic": func(id string) [][2]string {
		return [][2]string{
			{"gcp.vertex_ai", id + "@20250929"}, {"gcp.vertex_ai", "publishers/anthropic/models/" + id}, {"litellm", "vertex_ai/" + id},
			{"anthropic", id + "-20250929"}, {"litellm", "anthropic/" + id}, {"gcp.vertex_ai", id + "@default"},
		}
	},
	"google": func(id string) [][2]string {
		return [][2]string{
			{"gcp.gemini", "models/" + id}, {"gcp.gen_ai", "models/" + id}, {"gcp.vertex_ai", "publishers/google/models/" + id},
			{"gcp.vertex_ai", "projects/p/locations/us-central1/publishers/google/models/" + id}, {"litellm", "gemini/" + id}, {"vertex_ai", id},
		}
	},
	"openai": func(id string) [][2]string {
		return [][2]string{{"litellm", "openai/" + id}, {"openai", "openai/" + id}, {"OpenAI", strings.ToUpper(id)}}
	},
	"azure": func(id string) [][2]string {
		return [][2]string{{"azure", id}, {"azure_openai", id}, {"azure.ai.inference", id}, {"litellm", "azure/" + id}, {"az.ai.openai", id}}
	},
	"openrouter": func(id string) [][2]string {
		if strings.Contains(id, ":") {
			return nil // a variant with a price of its own
		}
		return [][2]string{{"openrouter", id + ":nitro"}, {"openrouter", id + ":floor"}, {"openrouter", "openrouter/" + id}, {"litellm", "openrouter/" + id}}
	},
}

// TestDressedNamesHaveThePriceOfTheModel finds, for every name that the package lists, the
// same price under the names that Bedrock, Vertex AI, Azure, OpenRouter and LiteLLM make of
// it, unless the package has another price for the very name.
func TestDressedNamesHaveThePriceOfTheModel(t *testing.T) {
	requirePeer(t)
	list := builtin(t)
	at := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	usage := map[string]int64{"input_tokens": 1000, "output_tokens": 1000}
	type dressed struct{ id, provider, name string }
	var names []dressed
	var calls []peerCall
	for provider, ids := range peerModels(t) {
		for _, id := range ids {
			dress := dressings[provider]
			if dress == nil {
				continue
			}
			for _, d := range dress(id) {
				names = append(names, dressed{id, d[0], d[1]})
				calls = append(calls, peerCall{provider, id, at.Format(time.RFC3339), usage}, peerCall{provider, d[1], at.Format(time.RFC3339), usage})
			}
		}
	}
	wrong := map[string]string{}
	answers := askPeer(t, calls)
	for i, n := range names {
		base, own := answers[2*i], answers[2*i+1]
		row := list.Find(Call{Provider: n.provider, Models: []string{n.name}, At: at, Input: 1000})
		switch {
		case row == nil && base == nil:
		case row == nil || base == nil:
			wrong[n.provider+" "+n.name] = fmt.Sprintf("ours: %v; of %q the package says %v", row, n.id, base)
		default:
			got := row.Cost(usageOf(usage)).Total.InexactFloat64()
			if math.Abs(got-base.Total) > 1e-9 && (own == nil || math.Abs(got-own.Total) > 1e-9) {
				wrong[n.provider+" "+n.name] = fmt.Sprintf("ours %v by %s %q; of %q the package says %v by %q", got, row.Provider, row.Model, n.id, base.Total, base.Model)
			}
		}
	}
	t.Logf("%d names", len(names))
	require.Empty(t, wrong, "%d", len(wrong))
}
