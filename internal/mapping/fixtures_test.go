package mapping

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/agentruns"
	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
)

// fixtureNames lists the exports of traces in testdata/fixtures, sub-folders included.
func fixtureNames(tb testing.TB) []string {
	tb.Helper()
	var names []string
	for _, pattern := range []string{"*", "*/*"} {
		paths, err := filepath.Glob(filepath.Join("testdata", "fixtures", pattern+".otlp.json"))
		require.NoError(tb, err)
		for _, p := range paths {
			name := strings.TrimSuffix(p, ".otlp.json")
			if !strings.HasSuffix(name, ".logs") && !strings.HasSuffix(name, ".metrics") {
				names = append(names, name)
			}
		}
	}
	require.NotEmpty(tb, names)
	return names
}

// caseNames lists the exports that say what is expected of them.
func caseNames(tb testing.TB) []string {
	tb.Helper()
	return slices.DeleteFunc(fixtureNames(tb), func(name string) bool {
		_, err := os.Stat(name + ".expected.json")
		return err != nil
	})
}

func loadTraces(tb testing.TB, name string) ptrace.Traces {
	tb.Helper()
	return agentruns.LoadTraces(tb, name+".otlp.json")
}

// TestFixtures compares every case with what it expects. Fields in
// testdata/known_failures.txt are allowed to fail; one that holds must leave the file, so
// that the list only shrinks.
func TestFixtures(t *testing.T) {
	m := New(Options{})
	known, failed := knownFailures(t), map[string]bool{}
	held, all := map[string]int{}, map[string]int{}
	for _, name := range caseNames(t) {
		short := strings.TrimPrefix(filepath.ToSlash(name), "testdata/fixtures/")
		folder := path.Dir(short)
		t.Run(short, func(t *testing.T) {
			checkCase(t, m, name, func(s *Span, field, problem string, want, got any) {
				all[folder]++
				entry := short + " " + s.SpanID.String() + " " + field
				switch problem {
				case "":
					held[folder]++
					if known[entry] && !*update {
						t.Errorf("%s holds: take it out of testdata/known_failures.txt (-update)", entry)
					}
				default:
					failed[entry] = true
					if known[entry] && listsWords(field) {
						require.True(t, contains(want, got), "%s lacks what the case names: %s", entry, problem)
					}
					if known[entry] || *update {
						t.Logf("known: span %s (%s): %s: %s", s.SpanID, s.Name, field, problem)
					} else {
						t.Errorf("span %s (%s): %s: %s", s.SpanID, s.Name, field, problem)
					}
				}
			})
		})
	}
	for _, folder := range slices.Sorted(maps.Keys(all)) {
		t.Logf("%-9s %d of %d fields hold", folder, held[folder], all[folder])
	}
	if *update {
		rewriteKnownFailures(t, failed)
	}
}

// checkCase reports each expected field of a case, with what is wrong with it.
func checkCase(t *testing.T, m *Mapper, name string, report func(s *Span, field, problem string, want, got any)) {
	var expected map[string]map[string]any
	data, err := os.ReadFile(name + ".expected.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &expected))
	b := m.Map(loadTraces(t, name))
	seen := 0
	for i := range b.Spans {
		s := &b.Spans[i]
		want, ok := expected[s.SpanID.String()]
		if !ok {
			continue
		}
		seen++
		got := asStored(t, b, s)
		for _, field := range slices.Sorted(maps.Keys(want)) {
			if !isCounting(field) {
				report(s, field, compare(field, want[field], got[field]), want[field], got[field])
			}
		}
	}
	require.Equal(t, len(expected), seen, "spans expected and mapped")
}

// listsWords reports whether a field is a list of objects, of which a case may leave members out.
func listsWords(field string) bool {
	return strings.HasSuffix(field, "_messages") || field == "documents" || field == "tool_definitions"
}

// contains reports whether got has all that want has, and maybe more members.
func contains(want, got any) bool {
	switch w := want.(type) {
	case []any:
		g, ok := got.([]any)
		return ok && len(w) == len(g) && !slices.ContainsFunc(w, func(e any) bool { return !slices.ContainsFunc(g, func(o any) bool { return contains(e, o) }) })
	case map[string]any:
		g, ok := got.(map[string]any)
		for key := range w {
			ok = ok && contains(w[key], g[key])
		}
		return ok
	}
	return rowcheck.Same(want, got)
}

// isCounting reports whether a field is decided over all spans of a trace, not by mapping.
func isCounting(field string) bool {
	return field == "counted" || field == "usage_counted" || field == "cost_counted"
}

const knownFailuresFile = "testdata/known_failures.txt"

// knownFailures reads the lines "case span field" of the file. Those whose span is "total"
// or whose field is one of counting belong to the tests of the whole exporter.
func knownFailures(tb testing.TB) map[string]bool {
	tb.Helper()
	data, err := os.ReadFile(knownFailuresFile)
	require.NoError(tb, err)
	known := map[string]bool{}
	for line := range strings.Lines(string(data)) {
		if !strings.HasPrefix(line, "#") {
			known[strings.TrimSpace(line)] = true
		}
	}
	return known
}

func rewriteKnownFailures(tb testing.TB, failed map[string]bool) {
	tb.Helper()
	for entry := range knownFailures(tb) {
		f := strings.Fields(entry)
		if len(f) == 3 && (f[1] == "total" || isCounting(f[2])) {
			failed[entry] = true
		}
	}
	data, err := os.ReadFile(knownFailuresFile)
	require.NoError(tb, err)
	var text strings.Builder
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, "#") {
			text.WriteString(line)
		}
	}
	for _, entry := range slices.Sorted(maps.Keys(failed)) {
		text.WriteString(entry + "\n")
	}
	require.NoError(tb, os.WriteFile(knownFailuresFile, []byte(text.String()), 0o644))
}

// compare applies the rules of testdata/fixtures/README.md.
func compare(field string, want, got any) string {
	ok := false
	switch w := want.(type) {
	case nil:
		ok = got == nil
	case map[string]any:
		g, is := got.(map[string]any)
		ok = is
		if field == "request_parameters" || field == "aggregate_usage" || field == "attributes" {
			for k, v := range w {
				ok = ok && rowcheck.Same(v, g[k])
			}
		} else {
			ok = rowcheck.Same(want, got)
		}
	case []any:
		ok = rowcheck.Same(want, got)
		if !ok && field == "output_messages" {
			ok = rowcheck.Same(want, withoutFinish(w, got))
		}
	default:
		ok = rowcheck.Same(want, got)
	}
	if ok {
		return ""
	}
	return fmt.Sprintf("\nwant %s\ngot  %s", show(want), show(got))
}

// withoutFinish drops the finish reasons of messages that are expected without.
func withoutFinish(want []any, got any) any {
	list, ok := got.([]any)
	if !ok || len(list) != len(want) {
		return got
	}
	for i := range list {
		w, okW := want[i].(map[string]any)
		g, okG := list[i].(map[string]any)
		if _, has := w["finish_reason"]; okW && okG && !has {
			delete(g, "finish_reason")
		}
	}
	return list
}

func show(v any) string {
	data, _ := json.Marshal(v)
	return string(data)
}

// asStored shows a span as the view llm_span_details does, in JSON types; fields
// that are null are absent.
func asStored(tb testing.TB, b *Batch, s *Span) map[string]any {
	tb.Helper()
	got := map[string]any{"kind": s.Kind.String()}
	for field, text := range map[string]string{
		"operation": s.Operation, "provider": s.Provider, "request_model": s.RequestModel, "response_model": s.ResponseModel,
		"response_id": s.ResponseID, "user_id": s.UserID, "session_id": s.SessionID, "environment": s.Environment, "release": s.Release,
		"prompt_name": s.PromptName, "prompt_version": s.PromptVersion, "agent_name": s.AgentName, "agent_id": s.AgentID,
		"tool_name": s.ToolName, "tool_call_id": s.ToolCallID, "error_type": s.ErrorType, "error_message": s.ErrorMessage,
		"service_name": s.ServiceName,
	} {
		if text != "" {
			got[field] = text
		}
	}
	for field, list := range map[string][]string{"finish_reasons": s.FinishReasons, "tags": s.Tags} {
		if list != nil {
			got[field] = toJSON(tb, list)
		}
	}
	if s.Streaming.OK {
		got["streaming"] = s.Streaming.V
	}
	if s.TTFTMillis.OK {
		got["ttft_ms"] = s.TTFTMillis.V
	}
	if s.EmbeddingDimensions.OK {
		got["embedding_dimensions"] = float64(s.EmbeddingDimensions.V)
	}
	if s.RequestParameters != nil {
		got["request_parameters"] = decode(tb, s.RequestParameters)
	}
	if s.Attributes != nil {
		got["attributes"] = withContents(tb, b, s, decode(tb, s.Attributes).(map[string]any))
	}
	addUsage(got, s)
	addContents(tb, got, b, s)
	return got
}

func addUsage(got map[string]any, s *Span) {
	usage := map[string]any{}
	for field, n := range map[string]Int{
		"input_tokens": s.Usage.Input, "output_tokens": s.Usage.Output, "total_tokens": s.Usage.Total,
		"cache_read_tokens": s.Usage.CacheRead, "cache_creation_tokens": s.Usage.CacheCreation, "reasoning_tokens": s.Usage.Reasoning,
		"input_audio_tokens": s.Usage.Parts.Get().InputAudio, "output_audio_tokens": s.Usage.Parts.Get().OutputAudio,
	} {
		if n.OK {
			usage[field] = float64(n.V)
		}
	}
	if c := s.Usage.Parts.Get().InputCost; c.Valid {
		usage["input_cost"] = c.Decimal.InexactFloat64()
	}
	if c := s.Usage.Parts.Get().OutputCost; c.Valid {
		usage["output_cost"] = c.Decimal.InexactFloat64()
	}
	if c := s.Usage.TotalCost; c.Valid {
		usage["total_cost"] = c.Decimal.InexactFloat64()
	}
	if !s.Kind.IsModel() {
		if len(usage) > 0 {
			got["aggregate_usage"] = usage
		}
		return
	}
	for field, v := range usage {
		got[field] = v
	}
}

func addContents(tb testing.TB, got map[string]any, b *Batch, s *Span) {
	tb.Helper()
	body := func(id content.ID) any {
		data, ok := b.Contents[content.Key{Day: s.Day, ID: id}]
		require.True(tb, ok, "content %x is in the batch", id)
		require.Equal(tb, id, content.Of(data))
		return decode(tb, data)
	}
	for field, ids := range map[string][]content.ID{
		"input_messages": s.InputMessageIDs, "output_messages": s.OutputMessageIDs, "documents": s.DocumentIDs,
	} {
		var list []any
		for i, id := range ids {
			item := body(id)
			if field == "output_messages" && i < len(s.FinishReasons) && s.FinishReasons[i] != "" {
				item.(map[string]any)["finish_reason"] = s.FinishReasons[i]
			}
			list = append(list, item)
		}
		if list != nil {
			got[field] = list
		}
	}
	for field, id := range map[string]content.ID{
		"system_instructions": s.SystemInstructionsID, "tool_definitions": s.ToolDefinitionsID, "tool_arguments": s.ToolArgumentsID,
		"tool_result": s.ToolResultID, "retrieval_query": s.RetrievalQueryID,
	} {
		if id != (content.ID{}) {
			got[field] = body(id)
		}
	}
}

// withContents puts the contents back that attributes refer to.
func withContents(tb testing.TB, b *Batch, s *Span, attributes map[string]any) map[string]any {
	tb.Helper()
	for key, v := range attributes {
		reference, _ := v.(map[string]any)
		text, is := reference["$content"].(string)
		if !is {
			continue
		}
		id, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
		require.NoError(tb, err)
		body, ok := b.Contents[content.Key{Day: s.Day, ID: content.ID(id)}]
		require.True(tb, ok, "content of %s is in the batch", key)
		attributes[key] = decode(tb, body)
	}
	return attributes
}

func decode(tb testing.TB, data []byte) (v any) {
	tb.Helper()
	require.NoError(tb, json.Unmarshal(data, &v), "%s", data)
	return v
}

func toJSON(tb testing.TB, v any) any {
	tb.Helper()
	data, err := json.Marshal(v)
	require.NoError(tb, err)
	return decode(tb, data)
}
