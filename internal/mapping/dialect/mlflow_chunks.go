package dialect

import (
	"cmp"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

const (
	// mlflowChunks is the name of the events of a stream's chunks, before their number, mlflowChunk
	// the attribute that holds one.
	mlflowChunks = "mlflow.chunk.item."
	mlflowChunk  = "mlflow.chunk.value"
)

// answerInChunks puts together what the chunks of OpenAI's stream say, where the output does not: MLflow
// joins the texts of a stream and leaves the calls of tools out, so that an answer which is nothing but
// calls is empty.
func answerInChunks(r Reading, _ value.Value) value.Value {
	output, _ := r.Attr("mlflow.spanOutputs").Str()
	if callsTools(output) {
		return value.Value{}
	}
	var chunks []string
	calls := false
	events := r.Span().Events()
	for i := range min(events.Len(), MaxReadEvents) {
		e := events.At(i)
		if !strings.HasPrefix(e.Name(), mlflowChunks) {
			continue
		}
		if v, ok := e.Attributes().Get(mlflowChunk); ok && v.Type() == pcommon.ValueTypeStr {
			calls = calls || callsTools(v.Str())
			chunks = append(chunks, v.Str())
		}
	}
	if !calls {
		return value.Value{}
	}
	return value.Value{Node: joinDeltas(r, chunks)}
}

// callsTools reports whether a JSON text has a list of calls in it, without parsing it.
func callsTools(s string) bool {
	return strings.Contains(s, `"tool_calls": [{`) || strings.Contains(s, `"tool_calls":[{`)
}

// joinedChoice is one of the answers that chunks bring.
type joinedChoice struct {
	text, thoughts strings.Builder
	finish         string
	calls          []*joinedCall
	byIndex        map[int64]*joinedCall
}

// joinedCall is a call of a tool, whose arguments come in pieces.
type joinedCall struct {
	id, name  string
	arguments strings.Builder
}

// joinDeltas makes the body of an answer of the chunks of OpenAI's stream; it does not exist where they say nothing.
func joinDeltas(r Reading, chunks []string) jsonval.Node {
	var order []int64
	choices := map[int64]*joinedChoice{}
	for _, chunk := range chunks {
		for c := r.ParseText(chunk).Get("choices").First(); c.Exists(); c = c.Next() {
			index, _ := c.Get("index").Int()
			j := choices[index]
			if j == nil {
				j = &joinedChoice{byIndex: map[int64]*joinedCall{}}
				choices[index] = j
				order = append(order, index)
			}
			j.add(c)
		}
	}
	if len(order) == 0 {
		return jsonval.Node{}
	}
	list := r.Doc().Array()
	for _, index := range order {
		choice := choices[index].body(r.Doc())
		choice.Set("index", r.Doc().Int(index))
		list.Add(choice)
	}
	body := r.Doc().Object()
	body.Set("choices", list)
	return body
}

// add adds what a chunk says of the answer.
func (j *joinedChoice) add(c jsonval.Node) {
	delta := c.Get("delta")
	j.text.WriteString(delta.Get("content").Str())
	j.thoughts.WriteString(delta.Get("reasoning_content").Str())
	j.finish = cmp.Or(c.Get("finish_reason").Str(), j.finish)
	for piece := delta.Get("tool_calls").First(); piece.Exists(); piece = piece.Next() {
		index, _ := piece.Get("index").Int()
		call, function := j.byIndex[index], piece.Get("function")
		if call == nil {
			call = &joinedCall{}
			j.byIndex[index] = call
			j.calls = append(j.calls, call)
		}
		call.id = cmp.Or(call.id, piece.Get("id").Str())
		call.name = cmp.Or(call.name, function.Get("name").Str())
		call.arguments.WriteString(function.Get("arguments").Str())
	}
}

// body makes a choice as an answer that did not stream has it.
func (j *joinedChoice) body(d *jsonval.Doc) jsonval.Node {
	message := d.Object()
	message.Set("role", d.String("assistant"))
	if j.text.Len() > 0 {
		message.Set("content", d.String(j.text.String()))
	}
	if j.thoughts.Len() > 0 {
		message.Set("reasoning_content", d.String(j.thoughts.String()))
	}
	calls := d.Array()
	for _, told := range j.calls {
		call, function := d.Object(), d.Object()
		function.Set("name", d.String(told.name))
		function.Set("arguments", d.String(told.arguments.String()))
		call.Set("id", d.String(told.id))
		call.Set("type", d.String("function"))
		call.Set("function", function)
		calls.Add(call)
	}
	if len(j.calls) > 0 {
		message.Set("tool_calls", calls)
	}
	choice := d.Object()
	choice.Set("message", message)
	if j.finish != "" {
		choice.Set("finish_reason", d.String(j.finish))
	}
	return choice
}
