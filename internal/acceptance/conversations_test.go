package acceptance

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// conversation is what llm_transcript says of the sessions of one run, a line each.
type conversation []string

func (c conversation) count() map[string]int {
	n := map[string]int{}
	for _, line := range c {
		n[line]++
	}
	return n
}

// said is all that a conversation says, without white space: programs write the JSON of one result in two ways.
func (c conversation) said() string { return withoutSpaces(strings.Join(c, "\n")) }

func withoutSpaces(s string) string { return strings.Join(strings.Fields(s), "") }

// textsOf are the values of a result that is an object, which another program writes as its only value, and other contents themselves.
func textsOf(content string) []string {
	var fields map[string]string
	if json.Unmarshal([]byte(content), &fields) == nil {
		return slices.Collect(maps.Values(fields))
	}
	return []string{content}
}

// TestConversationsAreTheSameWhateverTells reads the transcript of each captured run by one signal or by both, in any order: it is
// the same in all orders, has what either signal tells, and no message more often than one of them says it.
func TestConversationsAreTheSameWhateverTells(t *testing.T) {
	read := map[string]map[string]conversation{}
	orders := []string{"traces", "logs", "traces first", "logs first", "record by record", "backwards", "all twice"}
	for _, order := range orders {
		read[order] = map[string]conversation{}
		url, db := storetest.Open(t)
		a, b := startBoth(t, url, nil), startBoth(t, url, nil)
		known := []string{}
		for _, r := range append(loadRuns(t), seldomRuns(t)...) {
			signalOrders[order](t, &r, a, b)
			sessions := column[string](t, db, "SELECT DISTINCT session_id FROM llm_spans WHERE session_id IS NOT NULL AND session_id <> ALL ($1) ORDER BY 1", known)
			known = append(known, sessions...)
			for _, session := range sessions {
				read[order][r.Name] = append(read[order][r.Name], column[string](t, db, "SELECT role || ' ' || coalesce(content, '') FROM llm_transcript($1) ORDER BY position", session)...)
			}
		}
	}
	both := read["traces first"]
	require.NotEmpty(t, both)
	for name, whole := range both {
		for _, order := range orders[3:] {
			require.Equal(t, whole, read[order][name], "%s, %s", name, order)
		}
		for i := 1; i < len(whole); i++ {
			require.False(t, whole[i] == whole[i-1] && strings.HasPrefix(whole[i], "assistant "), "%s: the history of the next call repeats %s", name, whole[i])
		}
		traces, logs := read["traces"][name].count(), read["logs"][name].count()
		for line, n := range whole.count() {
			require.LessOrEqual(t, n, max(1, traces[line], logs[line]), "%s says twice: %s", name, line)
		}
		for _, signal := range orders[:2] {
			for _, line := range read[signal][name] {
				_, content, _ := strings.Cut(line, " ")
				if call, args, ok := strings.Cut(content, "("); ok && !strings.Contains(call, " ") {
					content = args // the name may have another in front
				}
				if strings.Contains(whole.said(), withoutSpaces(content)) {
					continue
				}
				for _, text := range textsOf(content) {
					require.Contains(t, whole.said(), withoutSpaces(text), "%s lacks what %s tell", name, signal)
				}
			}
		}
	}
}
