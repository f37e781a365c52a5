package words

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// Words are the words of a span as references to contents.
type Words struct {
	Input, Output             []content.ID
	System, Tools             content.ID
	ToolArguments, ToolResult content.ID
	FinishReasons             []string
	// Blocks are parts of the one answer that Output is to become; nil if it is whole. Chunks: of a stream.
	Blocks []content.Key
	Chunks bool
	// Instructions are what System is to be made of; nil if it is whole.
	Instructions []content.Key
}

// Assemble puts the words of a span together that records have, in the order in which they
// were written. Of whole lists the last one counts, before single messages.
func Assemble(records []mapping.Words) (w Words) {
	slices.SortFunc(records, func(a, b mapping.Words) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Ordinal, b.Ordinal), bytes.Compare(a.Record[:], b.Record[:]))
	})
	var whole Side
	results := 0 // of tools, each a record, at the end of the input
	for i := range records {
		r := &records[i]
		if !r.Single {
			one(&w.System, r.System, true)
		}
		one(&w.Tools, r.Tools, !r.Single)
		one(&w.ToolArguments, r.ToolArguments, true)
		one(&w.ToolResult, r.ToolResult, true)
		switch {
		case r.Input == nil:
		case !r.Single:
			w.Input, whole = r.Input, whole|Input
		case whole&Input == 0:
			if r.Results { // the message repeats what was told of each tool
				w.Input = w.Input[:len(w.Input)-results]
			}
			w.Input = append(w.Input, r.Input...)
		}
		switch {
		case r.Single && r.Result && whole&Input == 0:
			results += len(r.Input)
		case r.Input != nil:
			results = 0
		}
		if !r.Single && (r.Output != nil || r.FinishReasons != nil) {
			whole |= Output
			if r.Output != nil {
				w.Output = r.Output
			}
			if r.FinishReasons != nil {
				w.FinishReasons = r.FinishReasons
			}
		}
	}
	if whole&Output == 0 {
		w.answers(records)
	}
	if w.System == (content.ID{}) {
		w.instructions(records)
	}
	return w
}

// instructions puts the system's messages together that came one a record before all others;
// where others came first, the first of the system's is taken.
func (w *Words) instructions(records []mapping.Words) {
	leading := true
	for i := range records {
		r := &records[i]
		if !r.Single {
			continue
		}
		if r.System == (content.ID{}) {
			leading = leading && r.Input == nil
			continue
		}
		one(&w.System, r.System, false)
		if key := (content.Key{Day: r.Day, ID: r.System}); leading && !slices.Contains(w.Instructions, key) {
			w.Instructions = append(w.Instructions, key)
		}
	}
	if len(w.Instructions) < 2 {
		w.Instructions = nil
	}
}

// one takes a value unless there is one already, which a later whole record replaces.
func one(to *content.ID, from content.ID, replaces bool) {
	if from != (content.ID{}) && (replaces || *to == content.ID{}) {
		*to = from
	}
}

// answers puts answers together that came one a record, by their index.
func (w *Words) answers(records []mapping.Words) {
	told := slices.DeleteFunc(slices.Clone(records), func(r mapping.Words) bool { return !answers(&r) })
	slices.SortStableFunc(told, func(a, b mapping.Words) int { return cmp.Compare(a.Index, b.Index) })
	blocks := len(told) > 1 && !slices.ContainsFunc(told, func(r mapping.Words) bool { return !r.Block })
	w.Chunks = chunks(told)
	for i := range told {
		r := &told[i]
		if blocks || w.Chunks {
			for _, id := range r.Output {
				w.Blocks = append(w.Blocks, content.Key{Day: r.Day, ID: id})
			}
			if w.FinishReasons == nil {
				w.FinishReasons = r.FinishReasons
			}
			continue
		}
		at := len(w.Output)
		w.Output = append(w.Output, r.Output...)
		if r.FinishReasons != nil {
			for len(w.FinishReasons) < at {
				w.FinishReasons = append(w.FinishReasons, "")
			}
			w.FinishReasons = append(w.FinishReasons, r.FinishReasons...)
		}
	}
}

// chunks reports whether answers are what a stream brought of one: only the last says why it ended.
func chunks(told []mapping.Words) bool {
	for i := range told {
		if last := i == len(told)-1; told[i].Chunk == last {
			return false
		}
	}
	return len(told) > 1
}

// Sides lists which sides have something.
func (w *Words) Sides() (s Side) {
	for side, some := range map[Side]bool{
		Input: w.Input != nil, Output: w.Output != nil, System: w.System != content.ID{}, Tools: w.Tools != content.ID{},
		ToolArguments: w.ToolArguments != content.ID{}, ToolResult: w.ToolResult != content.ID{}, Finish: w.FinishReasons != nil,
	} {
		if some {
			s |= side
		}
	}
	return s
}

// Only returns the words of some sides.
func (w Words) Only(sides Side) (some Words) {
	if sides&Input > 0 {
		some.Input = w.Input
	}
	if sides&Output > 0 {
		some.Output = w.Output
	}
	if sides&System > 0 {
		some.System = w.System
	}
	if sides&Tools > 0 {
		some.Tools = w.Tools
	}
	if sides&ToolArguments > 0 {
		some.ToolArguments = w.ToolArguments
	}
	if sides&ToolResult > 0 {
		some.ToolResult = w.ToolResult
	}
	if sides&Finish > 0 {
		some.FinishReasons = w.FinishReasons
	}
	return some
}

// ContentIDs lists the contents that the words are.
func (w *Words) ContentIDs() []content.ID {
	of := mapping.Words{Input: w.Input, Output: w.Output, System: w.System, Tools: w.Tools, ToolArguments: w.ToolArguments, ToolResult: w.ToolResult}
	return of.ContentIDs()
}
