package acceptance

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter"
	"github.com/llm-observatory/llmobservatoryexporter/internal/agentruns"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// TestCodingAgentQuestions sends what coding agents sent, the log records as they are while
// traces are off, and asks the questions of docs/coding-agents.md.
func TestCodingAgentQuestions(t *testing.T) {
	url := storetest.NewDatabase(t)
	c, db := startBoth(t, url, func(cfg *llmobservatoryexporter.Config) { cfg.Labels = []string{"team.id", "cost_center"} }), storetest.Pool(t, url)
	paths, err := filepath.Glob(filepath.Join(fixtureFolder, "cli/*.logs.otlp.json"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		ld := agentruns.LoadLogs(t, path)
		for _, rl := range ld.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				for _, rec := range sl.LogRecords().All() {
					rec.SetTraceID(pcommon.TraceID{})
					rec.SetSpanID(pcommon.SpanID{})
				}
			}
		}
		require.NoError(t, c.logs.ConsumeLogs(t.Context(), ld))
	}
	for _, program := range []string{"copilot-cli-1.0.102-tools", "opencode-1.18.33-tools"} {
		require.NoError(t, c.traces.ConsumeTraces(t.Context(), agentruns.LoadTraces(t, filepath.Join(fixtureFolder, "cli", program+".traces.otlp.json"))))
	}
	commit := untraced(t)
	for _, sl := range commit.ResourceLogs().At(0).ScopeLogs().All() {
		for i, rec := range sl.LogRecords().All() {
			if name, _ := rec.Attributes().Get("event.name"); name.Str() != "tool_result" {
				continue
			}
			rec.SetTimestamp(rec.Timestamp() + pcommon.Timestamp(time.Duration(i)))
			rec.Attributes().PutStr("tool_use_id", "toolu_commit")
			rec.Attributes().PutStr("vcs.ref.head.name", "main")
			rec.Attributes().PutStr("vcs.ref.head.revision", "0123abcd")
		}
	}
	require.NoError(t, c.logs.ConsumeLogs(t.Context(), commit))

	text, err := os.ReadFile("../../docs/coding-agents.md")
	require.NoError(t, err)
	var asked []string
	for _, block := range regexp.MustCompile("(?s)### ([^\n]*)\n(?:\n[^#]*?)?\n```sql\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		sql := regexp.MustCompile(`interval '[^']*'`).ReplaceAllString(block[2], "interval '3 years'")
		asked = append(asked, block[1]+"\n"+lines(t, db, strings.TrimSpace(sql)))
	}
	require.Len(t, asked, 10)
	require.Equal(t, codingAgentAnswers, strings.Join(asked, "\n\n"))
}

// codingAgentAnswers are what the model endpoints of the runs were asked (truth.json), told
// apart as the questions do.
const codingAgentAnswers = `What does each person spend a day, on which model?
2026-11-28 00:00:00 +0000 UTC|user-1|claude-sonnet-4-5|6|9759|0.0178
2026-11-28 00:00:00 +0000 UTC|dev|gpt-4.1|3|4655|~

What does each team spend?
platform|eng-1|4|6506|0.0119
platform|~|5|7760|0.0034

How much of the input came from the cache?
claude-code|claude-sonnet-4-5|9204|78|20
opencode|gpt-4.1|4590|67|~
codex_exec|gpt-5|4110|75|0
github-copilot|gpt-4.1|3060|67|~
qwen-code|gpt-4.1|3060|67|~
gemini-cli|gemini-2.5-pro|160|40|~

Which tools do people accept, and which do they reject?
claude-code|Bash|3|0
codex_exec|exec_command|1|0
gemini-cli|list_directory|2|0
qwen-code|run_shell_command|1|0

Which tools are called, how long do they take, and how often do they fail?
claude-code|Bash|4|45|0
gemini-cli|list_directory|2|23|0
codex_exec|exec_command|1|51|0
github-copilot|bash|1|53|0
opencode|bash|1|268|0
qwen-code|run_shell_command|1|182|0

Which calls fail?
codex_exec|gpt-5|400|1|2026-11-28 10:56:26.737372 +0000 UTC
gemini-cli|gemini-2.5-pro|ApiError|1|2026-11-28 10:59:11.256 +0000 UTC

Which calls were tried again?
codex_exec|codex.api_request|gpt-5|3|1

Which sessions are the longest?
038b3e30-7a4a-4d4d-8dc5-7a267b4d8a62|00:01:00.216000|4|3|6506|0.0119
9d3afbd3-8506-410d-b3ac-91bc5c8d881d|00:00:04.997000|3|1|237|0.0016
ses_dde302615ffem1yCTCGDdPqaNT|00:00:04.403379|3|1|4655|~
81a44e98-97cf-46f9-a372-72dba32768ae|00:00:00.960000|2|1|3105|0.0034
08266f25-c0d7-4889-bd7e-9e200ebcacb6|00:00:00.211000|2|1|3253|0.0059
c0bacc27-bf19-48a5-bfcf-3d108e3d2829|00:00:00.210000|2|1|3105|0.0034
2951028b-8dce-4b74-8f41-a5738e8d7b40|00:00:00.137000|2|1|237|0.0016
01a221cb-383a-76c3-b1d3-6de82028ff01|00:00:00.105197|2|1|4415|0.0047
01a221cc-99ed-7531-a00c-1c59f8b2a18b|00:00:00.036736|1|0|0|~

What was said in a session?
user|List the files of this project, then say in one sentence what it is.|~|2026-11-28 11:02:26.537 +0000 UTC
assistant|Let me look.|claude-sonnet-4-5-20250929|2026-11-28 11:02:26.606 +0000 UTC
assistant|Bash({"command": "ls", "description": "List files"})|~|2026-11-28 11:02:26.663 +0000 UTC
assistant|Bash({"command": "ls", "description": "List files"})|~|2026-11-28 11:02:26.663 +0000 UTC
assistant|It is 18 degrees and sunny in Paris.|claude-sonnet-4-5-20250929|2026-11-28 11:02:26.732 +0000 UTC
user|And what is the weather?|~|2026-11-28 11:03:26.537 +0000 UTC
assistant|Let me look.|claude-sonnet-4-5-20250929|2026-11-28 11:03:26.606 +0000 UTC
assistant|Bash({"command": "ls", "description": "List files"})|~|2026-11-28 11:03:26.663 +0000 UTC
assistant|It is 18 degrees and sunny in Paris.|claude-sonnet-4-5-20250929|2026-11-28 11:03:26.732 +0000 UTC

Which commits came out of which session, and at what price?
038b3e30-7a4a-4d4d-8dc5-7a267b4d8a62|main|0123abcd|0.0119`
