package mapping

import (
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// contentFields resolves the columns that refer to contents.
func (r *reading) contentFields() {
	s := r.out
	input := r.messagesOf(dialect.InputMessages, content.Input)
	output := r.messagesOf(dialect.OutputMessages, content.Output)
	if len(output.messages) == 0 && output.history == nil {
		output = r.called()
	}
	s.InputMessageIDs, s.inputHistory = r.storeMessages(&input)
	s.OutputMessageIDs, s.outputHistory = r.storeMessages(&output)
	if len(s.FinishReasons) == 0 {
		s.FinishReasons = r.finishReasons(output.finished())
	}
	system, ok := r.one(dialect.SystemInstructions)
	if !ok {
		system, ok = r.norm.SystemOf(input.leading())
	}
	s.SystemInstructionsID = r.storeIf(system, ok)
	if r.fed&(1<<dialect.ToolDefinitions) != 0 {
		s.ToolDefinitionsID = r.storeIf(r.one(dialect.ToolDefinitions))
	}
	if r.fed&(1<<dialect.ToolArguments|1<<dialect.ToolResult) != 0 {
		s.ToolArgumentsID = r.storeIf(r.one(dialect.ToolArguments))
		s.ToolResultID = r.storeIf(r.one(dialect.ToolResult))
	}
	if r.fed&(1<<dialect.RetrievalQuery|1<<dialect.Documents) != 0 {
		s.RetrievalQueryID = r.storeIf(r.one(dialect.RetrievalQuery))
		s.DocumentIDs = r.documents()
	}
}

// store adds a content to the batch.
func (r *reading) store(c content.Content) content.ID {
	if r.opts.Capture == CaptureMetadata {
		r.out.Adjustments |= ContentOmitted
		return content.ID{}
	}
	r.batch.Contents[content.Key{Day: r.out.Day, ID: c.ID}] = c.Body
	return c.ID
}

func (r *reading) storeIf(c content.Content, ok bool) content.ID {
	if !ok {
		return content.ID{}
	}
	return r.store(c)
}

// one resolves a field that refers to one content. An empty object is passed over
// while a later source may say more.
func (r *reading) one(f dialect.Field) (c content.Content, ok bool) {
	if r.fed&(1<<f) == 0 {
		return c, false
	}
	var empty content.Content
	left := r.ready[f]
	for src := r.next(f, &left); src != nil; src = r.next(f, &left) {
		if !r.usable(src) {
			continue
		}
		c, ok := r.readOne(f, src)
		switch {
		case !ok:
		case string(c.Body) == "{}" && (f == dialect.ToolArguments || f == dialect.ToolResult):
			if empty.Body == nil {
				r.notes.took(f, src)
				empty = c
			}
		default:
			r.notes.took(f, src)
			return c, true
		}
	}
	return empty, empty.Body != nil
}

func (r *reading) readOne(f dialect.Field, src *boundSource) (c content.Content, ok bool) {
	if src.As == dialect.AsToolPart {
		return r.toolPart(f, src)
	}
	v, ok := r.given(src)
	if src.As == dialect.AsWrapped {
		v = r.unwrap(src, v)
	}
	if s, is := v.Str(); !ok || !v.Exists() || is && content.Absent(s) {
		return c, false
	}
	if c, ok = r.convert(f, src, v); !ok {
		return c, false
	}
	if f == dialect.ToolResult {
		r.toolError(v, c)
	}
	r.rep |= r.sourceRep
	if src.list || src.As == dialect.AsObject {
		r.tookList(src)
	} else if !v.Node.Exists() {
		r.took(src, r.holdsAll(src, v))
	}
	return c, true
}

// convert asks the normaliser for the content of a field.
func (r *reading) convert(f dialect.Field, src *boundSource, v value.Value) (content.Content, bool) {
	rep := r.source()
	switch node := v.Node.Exists(); {
	case f == dialect.RetrievalQuery:
		s, _, ok := v.Text()
		if !ok {
			s = r.JSONText(v)
		}
		if content.Absent(s) {
			return content.Content{}, false
		}
		if src.As == dialect.AsJSON {
			s = value.Unquote(strings.TrimSpace(s))
		}
		return r.norm.Text(s, rep), true
	case f == dialect.SystemInstructions && node:
		return r.norm.SystemInstructionsNode(v.Node, rep)
	case f == dialect.SystemInstructions:
		return r.norm.SystemInstructions(v.Attr, rep)
	case f == dialect.ToolDefinitions && node:
		return r.norm.ToolDefinitionsNode(v.Node, rep)
	case f == dialect.ToolDefinitions:
		return r.norm.ToolDefinitions(v.Attr, rep)
	case node:
		return r.norm.UnwrappedNode(v.Node, src.As == dialect.AsJSON, rep)
	case src.Verbatim:
		return r.norm.Value(v.Attr, src.As == dialect.AsJSON, rep)
	}
	if n := r.plainObject(v.Attr); n.Exists() { // a ToolMessage, of which other fields took the name and the id
		return r.norm.UnwrappedNode(n, src.As == dialect.AsJSON, rep)
	}
	return r.norm.Unwrapped(v.Attr, src.As == dialect.AsJSON, rep)
}

// unwrap returns what a value holds under its only key, input, output or outputs.
func (r *reading) unwrap(src *boundSource, v value.Value) value.Value {
	n := v.Node
	if !n.Exists() {
		n = r.json(&r.slots[src.slot])
	}
	if n.Kind() != jsonval.Object || n.Len() != 1 {
		return v
	}
	switch only := n.First(); only.Key() {
	case "input", "output", "outputs":
		return value.Value{Node: only}
	}
	return v
}

// toolPart takes a tool's arguments or result from the messages of its span.
func (r *reading) toolPart(f dialect.Field, src *boundSource) (content.Content, bool) {
	dir := content.Input
	if f == dialect.ToolResult {
		dir = content.Output
	}
	messages, ok := r.norm.Messages(nil, r.slots[src.slot].value, dir, &r.rep)
	if !ok {
		return content.Content{}, false
	}
	return r.norm.ToolPart(messages, dir)
}

// documents resolves the retrieved documents.
func (r *reading) documents() []content.ID {
	if r.fed&(1<<dialect.Documents) == 0 {
		return nil
	}
	left := r.ready[dialect.Documents]
	for src := r.next(dialect.Documents, &left); src != nil; src = r.next(dialect.Documents, &left) {
		if !r.usable(src) || !r.readDocuments(src) || len(r.contents) == 0 {
			continue
		}
		r.notes.took(dialect.Documents, src)
		if r.opts.Capture == CaptureMetadata {
			r.out.Adjustments |= ContentOmitted
			return nil
		}
		ids := r.newIDs(len(r.contents))
		for i := range r.contents {
			ids[i] = r.store(r.contents[i])
		}
		return ids
	}
	return nil
}

func (r *reading) readDocuments(src *boundSource) (ok bool) {
	r.contents = r.contents[:0]
	v, ok := r.given(src)
	if src.As == dialect.AsDocumentEvents {
		v, ok = value.Value{Node: r.documentEvents()}, true
	}
	if !ok {
		return false
	}
	if src.As == dialect.AsWrapped {
		v = r.unwrap(src, v)
	}
	if v.Node.Exists() {
		r.contents, ok = r.norm.DocumentsNode(r.contents, v.Node, &r.rep)
		if ok && src.list {
			r.tookList(src)
		}
		return ok
	}
	r.contents, ok = r.norm.Documents(r.contents, v.Attr, r.source())
	if ok {
		r.took(src, r.holdsAll(src, v))
	}
	return ok
}
