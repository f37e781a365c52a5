package main

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configtelemetry"
	"go.opentelemetry.io/collector/exporter/debugexporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/llm-observatory/llmobservatoryexporter/internal/agentruns"
)

var update = flag.Bool("update", false, "write the expected output instead of comparing it")

const fixtures = "../../internal/mapping/testdata/fixtures"

// explained runs the program with some input.
func explained(t *testing.T, input string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(args, strings.NewReader(input), &out, &err)
	return out.String(), err.String(), code
}

func explainedFile(t *testing.T, path string, args ...string) string {
	t.Helper()
	out, stderr, code := explained(t, "", append(args, path)...)
	require.Zero(t, code, "%s: %s", path, stderr)
	return out
}

// TestGolden compares what is printed of some spans of known and unknown emitters.
func TestGolden(t *testing.T) {
	for _, path := range []string{
		fixtures + "/claude-code-turn", fixtures + "/openinference-openai-llm", fixtures + "/nesting-side-by-side",
		fixtures + "/otel-legacy-span-events", "testdata/unknown-emitter",
	} {
		t.Run(filepath.Base(path), func(t *testing.T) {
			out := explainedFile(t, path+".otlp.json")
			golden := filepath.Join("testdata", filepath.Base(path)+".txt")
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(out), 0o600))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), out, "run go test ./cmd/explain -update")
		})
	}
}

// TestDebugText explains every fixture from JSON and from what the debug exporter prints of
// the same spans, by its own logger and by that of a collector: all three say the same.
func TestDebugText(t *testing.T) {
	paths, err := filepath.Glob(fixtures + "/*.otlp.json")
	require.NoError(t, err)
	more, err := filepath.Glob(fixtures + "/*/*.otlp.json")
	require.NoError(t, err)
	tried := 0
	for _, path := range append(paths, more...) {
		td := agentruns.LoadTraces(t, path)
		if td.SpanCount() == 0 {
			continue
		}
		tried++
		asPrinted(t, td)
		t.Run(strings.TrimSuffix(filepath.Base(path), ".otlp.json"), func(t *testing.T) {
			data, err := (&ptrace.JSONMarshaler{}).MarshalTraces(td)
			require.NoError(t, err)
			want, _, _ := explained(t, string(data), "--width", "0")
			for _, log := range []string{"console", "json", "own"} {
				out, stderr, code := explained(t, debugText(t, td, log), "--width", "0")
				require.Zero(t, code, "%s: %s", log, stderr)
				require.Equal(t, want, out, log)
			}
		})
	}
	require.Greater(t, tried, 200)
}

// TestLogRecords explains the captured log records from JSON and from what the debug exporter
// prints of them, and compares one session with what is expected.
func TestLogRecords(t *testing.T) {
	paths, err := filepath.Glob(fixtures + "/*/*.logs*.json")
	require.NoError(t, err)
	tried := 0
	for _, path := range paths {
		if strings.HasSuffix(path, ".expected.json") {
			continue
		}
		tried++
		ld := agentruns.LoadLogs(t, path)
		want := headLines(explainedFile(t, path))
		require.Equal(t, ld.LogRecordCount(), strings.Count(want, "log record "))
		out, stderr, code := explained(t, debugLogs(t, ld))
		require.Zero(t, code, "%s: %s", path, stderr)
		require.Equal(t, want, headLines(out), path)
	}
	require.Greater(t, tried, 15)

	out := explainedFile(t, "../../testdata/otlp/5-claude-code.logs.json")
	const golden = "testdata/claude-code-session.txt"
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(out), 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), out, "run go test ./cmd/explain -update")
}

// headLines are the lines that say what each record is, without those of its columns, for
// which the text lacks types.
func headLines(text string) string {
	var kept []string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "    ") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

// debugLogs returns what the debug exporter prints.
func debugLogs(t *testing.T, ld plog.Logs) string {
	t.Helper()
	var out bytes.Buffer
	settings := exportertest.NewNopSettings(debugexporter.NewFactory().Type())
	settings.Logger = zap.New(zapcore.NewCore(zapcore.NewConsoleEncoder(zap.NewDevelopmentEncoderConfig()), zapcore.AddSync(&out), zap.InfoLevel))
	cfg := debugexporter.NewFactory().CreateDefaultConfig().(*debugexporter.Config)
	cfg.Verbosity = configtelemetry.LevelDetailed
	cfg.UseInternalLogger = true
	e, err := debugexporter.NewFactory().CreateLogs(t.Context(), settings, cfg)
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	require.NoError(t, e.ConsumeLogs(t.Context(), ld))
	require.NoError(t, e.Shutdown(t.Context()))
	return out.String()
}

// asPrinted takes what the text does not say off spans: attributes that come twice, the order
// of keys in maps, and the types of numbers in them and in lists.
func asPrinted(t *testing.T, td ptrace.Traces) {
	t.Helper()
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				seen := map[string]bool{}
				span.Attributes().RemoveIf(func(key string, _ pcommon.Value) bool {
					again := seen[key]
					seen[key] = true
					return again
				})
				for _, v := range span.Attributes().All() {
					if v.Type() == pcommon.ValueTypeMap || v.Type() == pcommon.ValueTypeSlice {
						text := v.AsString()
						require.NoError(t, putJSON(v, text))
					}
				}
			}
		}
	}
}

// debugText is what the debug exporter prints of spans to its own log, or to a collector's
// log of an encoding.
func debugText(t *testing.T, td ptrace.Traces, log string) string {
	t.Helper()
	var out bytes.Buffer
	config := zap.NewProductionEncoderConfig()
	encoder := zapcore.NewConsoleEncoder(config)
	if log == "json" {
		encoder = zapcore.NewJSONEncoder(config)
	}
	factory := debugexporter.NewFactory()
	set := exportertest.NewNopSettings(factory.Type())
	set.Logger = zap.New(zapcore.NewCore(encoder, zapcore.AddSync(&out), zap.InfoLevel)).With(zap.String("otelcol.component.id", "debug"))
	cfg := factory.CreateDefaultConfig().(*debugexporter.Config)
	cfg.Verbosity = configtelemetry.LevelDetailed
	file := filepath.Join(t.TempDir(), "log")
	if log == "own" {
		cfg.UseInternalLogger, cfg.OutputPaths = false, []string{file}
	}
	e, err := factory.CreateTraces(t.Context(), set, cfg)
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	require.NoError(t, e.ConsumeTraces(t.Context(), td))
	require.NoError(t, e.Shutdown(t.Context()))
	if log == "own" {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		return string(text) + string(text)[:strings.IndexByte(string(text), '\n')+1]
	}
	return out.String()
}

// TestDebugTextWithLineBreaks: texts keep lines that look like those of the exporter, as long
// as no parenthesis ends them.
func TestDebugTextWithLineBreaks(t *testing.T) {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	span := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	span.SetTraceID([16]byte{1})
	span.SetSpanID([8]byte{2})
	span.SetName("two\nlines")
	span.Attributes().PutStr("a", "first\n\nAttributes:\n     -> b: Int(3\nSpan #1\n")
	span.Attributes().PutStr("c", "(d)\nnot an attribute: Str(e)\n)")
	span.Attributes().PutEmptyBytes("e").FromRaw([]byte{0, 1, 2})
	span.Attributes().PutEmpty("f")
	require.NoError(t, span.Attributes().PutEmptyMap("g").FromRaw(map[string]any{"h": []any{1, 2.5, "i", nil, true}}))
	span.Attributes().PutDouble("j", 1e300)
	event := span.Events().AppendEmpty()
	event.SetName("k")
	event.Attributes().PutStr("l", "m\nn")
	link := span.Links().AppendEmpty()
	link.SetTraceID([16]byte{3})
	link.SetSpanID([8]byte{4})
	link.TraceState().FromRaw("o=p")
	link.Attributes().PutBool("q", true)
	got, err := parseDebug("starting up\n" + debugText(t, td, "console") + "shutting down\n")
	require.NoError(t, err)
	want, err := (&ptrace.JSONMarshaler{}).MarshalTraces(td)
	require.NoError(t, err)
	said, err := (&ptrace.JSONMarshaler{}).MarshalTraces(got.td)
	require.NoError(t, err)
	require.JSONEq(t, string(want), string(said))
}

// FuzzDebugText: no text ends the program.
func FuzzDebugText(f *testing.F) {
	f.Add("ResourceSpans #0\nScopeSpans #0\nInstrumentationScope \nSpan #0\n    ID             : 0102\n")
	f.Add("ResourceSpans #0\nSpanEvent #0\nSpan #0\nLinks:\nSpanLink #0\n     -> ID: zz\n")
	f.Add("x\tResourceSpans #0\nScopeSpans #0\nSpan #0\n    Start time     : now\nAttributes:\n     -> a: Map({)\n\t{}\n")
	f.Fuzz(func(_ *testing.T, text string) {
		run(nil, strings.NewReader(text), io.Discard, io.Discard)
	})
}

// TestInput: exports one a line, other signals between, and what is no input at all.
func TestInput(t *testing.T) {
	one, err := os.ReadFile("testdata/unknown-emitter.otlp.json")
	require.NoError(t, err)
	logs, err := (&plog.JSONMarshaler{}).MarshalLogs(plog.NewLogs())
	require.NoError(t, err)
	out, stderr, code := explained(t, string(one)+string(logs)+"\n"+string(one))
	require.Zero(t, code, stderr)
	once := explainedFile(t, "testdata/unknown-emitter.otlp.json")
	require.Equal(t, once+"\n"+once, out)

	for _, c := range []struct {
		input string
		args  []string
		code  int
		says  string
	}{
		{input: "", code: 1, says: "standard input holds neither spans nor log records"},
		{input: "hello", code: 1, says: "verbosity: detailed"},
		{input: string(logs), code: 1, says: "holds neither spans nor log records"},
		{input: `{"resourceSpans":`, code: 1, says: "JSON object 1"},
		{input: `{"resourceSpans":[{"scopeSpans":3}]}`, code: 1, says: "JSON object 1"},
		{input: "ResourceSpans #0\nScopeSpans #0\nSpan #0\n    ID             : 01\n", code: 1, says: "no id of 16 hexadecimal digits"},
		{args: []string{"a", "b"}, code: 2, says: "one file at most"},
		{args: []string{"--width", "-1"}, code: 2, says: "width"},
		{args: []string{"does/not/exist"}, code: 1, says: "no such file"},
	} {
		_, stderr, code := explained(t, c.input, c.args...)
		require.Equal(t, c.code, code, "%v %q", c.args, c.input)
		require.Contains(t, stderr, c.says)
	}
}
