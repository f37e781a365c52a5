package words

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

func id(n byte) content.ID { return content.ID{n} }

func call(n byte, from, to int64) Span {
	return Span{ID: pcommon.SpanID{n}, Parent: pcommon.SpanID{1}, Start: from * 1e6, End: to * 1e6, Kind: mapping.KindLLM, Scope: "lib"}
}

// at is a record that names the span around the calls, written after some seconds.
func at(seconds float64, w mapping.Words) *mapping.Words {
	w.At, w.Named, w.NamesCall = int64(seconds*1e9), pcommon.SpanID{1}, true
	return &w
}

// TestBind ties records that name the span around their call, or the call itself.
func TestBind(t *testing.T) {
	around := &Span{ID: pcommon.SpanID{1}, Kind: mapping.KindOther, Start: 0, End: 100 * 1e6}
	one, two, long := call(2, 1, 2), call(3, 2, 3), call(4, 1, 9)
	withID, otherModel, says, failed := two, two, two, two
	withID.ResponseID = "r"
	otherModel.Models = []string{"openai/gpt-4o-2024"}
	says.Own = Input
	failed.Failed = true
	told, later := call(5, 2, 2), call(6, 4, 4)
	told.Event, later.Event, told.Models, later.Models = true, true, []string{"other"}, []string{"m-1-2025"}
	in, out := mapping.Words{Input: []content.ID{id(1)}}, mapping.Words{Output: []content.ID{id(2)}}
	for name, c := range map[string]struct {
		record *mapping.Words
		named  *Span
		calls  []Span
		told   []Span
		want   byte
	}{
		"the named call":                     {at(1, in), &one, []Span{two}, nil, 2},
		"exactly the named":                  {at(1, mapping.Words{Exact: true}), around, []Span{one}, nil, 1},
		"the named is not there yet":         {at(1, in), nil, []Span{one}, nil, 0},
		"input at the begin":                 {at(2.0001, in), around, []Span{one, two}, nil, 3},
		"output at the end":                  {at(1.9999, out), around, []Span{one, two}, nil, 2},
		"output inside a longer call":        {at(2.9999, out), around, []Span{two, long}, nil, 3},
		"by id, whatever the time":           {at(50, mapping.Words{Output: []content.ID{id(2)}, ID: "r"}), around, []Span{one, withID}, nil, 3},
		"another id":                         {at(2.5, mapping.Words{Output: []content.ID{id(2)}, ID: "q"}), around, []Span{withID}, nil, 0},
		"another model":                      {at(2.5, mapping.Words{Input: []content.ID{id(2)}, Models: []string{"claude"}}), around, []Span{otherModel}, nil, 0},
		"a model's longer name":              {at(2.5, mapping.Words{Input: []content.ID{id(2)}, Models: []string{"gpt-4o"}}), around, []Span{otherModel}, nil, 3},
		"the other says it itself":           {at(2.0001, in), around, []Span{one, says}, nil, 2},
		"output at the end of a failed call": {at(2.9, out), around, []Span{failed}, nil, 0},
		"output beside a failed call":        {at(2.9, out), around, []Span{failed, long}, nil, 4},
		"output of a failed call by name":    {at(2.9, out), &failed, nil, nil, 3},
		"input of a failed call":             {at(2.0001, in), around, []Span{one, failed}, nil, 3},
		"no call at that time":               {at(20, in), around, []Span{one, two}, nil, 0},
		"a call that a record tells":         {at(1, mapping.Words{Exact: true}), nil, nil, []Span{told}, 5},
		"the named rather than that":         {at(1, mapping.Words{Exact: true}), &one, nil, []Span{told}, 2},
		"such a call says it itself":         {at(1, mapping.Words{TellsCall: true}), nil, nil, []Span{told}, 0},
		"input before the second such call":  {at(2.5, in), nil, nil, []Span{told, later}, 6},
		"output after the first such call":   {at(2.5, out), nil, nil, []Span{told, later}, 5},
		"such a call's model, whatever time": {at(1, mapping.Words{Input: []content.ID{id(1)}, Models: []string{"m-1"}}), nil, nil, []Span{told, later}, 6},
		"a tool that a record tells":         {at(1, mapping.Words{Tool: true, ToolResult: id(1)}), nil, nil, []Span{told}, 0},
		"a tool's":                           {at(1, mapping.Words{Tool: true, ToolResult: id(1)}), around, []Span{one}, nil, 0},
	} {
		got, ok := Bind(c.record, "lib", c.named, c.told, c.calls)
		require.Equal(t, pcommon.SpanID{c.want}, got, name)
		require.Equal(t, c.want != 0, ok, name)
	}
}

// TestAssemble puts the records of a span together whatever their order.
func TestAssemble(t *testing.T) {
	single := func(seq int64, w mapping.Words) mapping.Words {
		w.At, w.Single, w.Record = seq, true, id(byte(seq))
		return w
	}
	messages := []mapping.Words{
		single(1, mapping.Words{Input: []content.ID{id(11)}, System: id(21)}),
		single(2, mapping.Words{Input: []content.ID{id(12)}}),
		single(3, mapping.Words{Output: []content.ID{id(14)}, Index: 1, FinishReasons: []string{"length"}}),
		single(4, mapping.Words{Output: []content.ID{id(13)}, FinishReasons: []string{"stop"}}),
		single(5, mapping.Words{Tools: id(22)}),
	}
	want := Words{
		Input: []content.ID{id(11), id(12)}, Output: []content.ID{id(13), id(14)}, System: id(21), Tools: id(22),
		FinishReasons: []string{"stop", "length"},
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		r.Shuffle(len(messages), func(i, j int) { messages[i], messages[j] = messages[j], messages[i] })
		require.Equal(t, want, Assemble(messages))
	}
	require.Equal(t, Input|Output|System|Tools|Finish, want.Sides())
	require.Equal(t, Words{Output: want.Output}, want.Only(Output))

	whole := mapping.Words{At: 0, Input: []content.ID{id(99)}}
	require.Equal(t, []content.ID{id(99)}, Assemble(append(messages, whole)).Input, "a whole list before single messages")

	system := []mapping.Words{
		single(1, mapping.Words{Input: []content.ID{id(1)}, System: id(21)}), single(2, mapping.Words{Input: []content.ID{id(2)}, System: id(22)}),
		single(3, mapping.Words{Input: []content.ID{id(3)}}), single(4, mapping.Words{Input: []content.ID{id(4)}, System: id(23)}),
	}
	require.Equal(t, []content.Key{{ID: id(21)}, {ID: id(22)}}, Assemble(system).Instructions, "all that lead, as on a span")
	require.Equal(t, id(23), Assemble(system[2:]).System)

	blocks := []mapping.Words{
		single(1, mapping.Words{Output: []content.ID{id(1)}, Block: true, Day: 3, FinishReasons: []string{"tool_call"}}),
		single(2, mapping.Words{Output: []content.ID{id(2)}, Block: true, Day: 3, Index: 1, FinishReasons: []string{"tool_call"}}),
	}
	got := Assemble(blocks)
	require.Equal(t, []content.Key{{Day: 3, ID: id(1)}, {Day: 3, ID: id(2)}}, got.Blocks)
	require.Equal(t, []string{"tool_call"}, got.FinishReasons)
}
