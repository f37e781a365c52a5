package mapping

import (
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// paramNames maps foreign names of request parameters to those of the GenAI
// conventions.
var paramNames = map[string]string{
	"maxTokens": "max_tokens", "maxOutputTokens": "max_tokens", "max_output_tokens": "max_tokens",
	"max_completion_tokens": "max_tokens", "max_tokens_to_sample": "max_tokens",
	"topP": "top_p", "topK": "top_k", "frequencyPenalty": "frequency_penalty", "presencePenalty": "presence_penalty",
	"stop": "stop_sequences", "stopSequences": "stop_sequences", "n": "choice_count", "choice.count": "choice_count",
	"reasoning.level": "reasoning_level", "previous_response.id": "previous_response_id",
}

// notParams are keys in the body of a request, or of a response that repeats it,
// that are no parameters. True marks those that carry words.
var notParams = map[string]bool{
	"model": false, "modelId": false, "stream": false, "id": false, "object": false, "created": false, "created_at": false,
	"status": false, "usage": false, "metadata": false, "error": false, "incomplete_details": false,
	"previous_response_id": false, "user": false, "stream_options": false,
	"messages": true, "toolConfig": true, "tools": true, "functions": true, "system": true, "instructions": true, "input": true, "prompt": true,
	"contents": true, "output": true, "system_instruction": true, "systemInstruction": true, "output_text": true,
}

// paramGroups are keys under which bodies keep parameters together.
var paramGroups = map[string]bool{
	"config": true, "generation_config": true, "generationConfig": true, "inferenceConfig": true,
}

const maxParams = 200

// params merges the request parameters; of two with one name, that of the earlier
// source counts.
func (r *reading) params() {
	if r.fed&(1<<dialect.RequestParameters) == 0 {
		return
	}
	all := r.doc.Object()
	left := r.ready[dialect.RequestParameters]
	for src := r.next(dialect.RequestParameters, &left); src != nil; src = r.next(dialect.RequestParameters, &left) {
		if !r.usable(src) {
			continue
		}
		before := all.Len()
		switch {
		case strings.HasSuffix(src.Attr, ".*"):
			r.familyParams(all, src)
		case src.Param != "":
			s := &r.slots[src.slot]
			if r.param(all, src.Param, s.value, true) {
				r.took(src, true)
			}
		default:
			r.bodyParams(all, src)
		}
		if all.Len() > before {
			r.notes.tookToo(dialect.RequestParameters, src)
		}
	}
	if all.Len() > 0 {
		r.out.RequestParameters = r.keep(jsonval.Append(r.buf[:0], all, &r.rep))
	}
}

// familyParams adds the attributes under a prefix.
func (r *reading) familyParams(all jsonval.Node, src *boundSource) {
	for i := range r.hits {
		h := &r.hits[i]
		if h.slot == src.slot && r.param(all, h.rest, h.value, true) && !h.part {
			r.classes[h.attr] = classStored
		}
	}
}

// bodyParams adds the keys of a JSON object that are parameters.
func (r *reading) bodyParams(all jsonval.Node, src *boundSource) {
	v, ok := r.given(src)
	if !ok {
		return
	}
	n := v.Node
	if !n.Exists() {
		n = r.json(&r.slots[src.slot])
	}
	if s := &r.slots[src.slot]; r.groupParams(all, n) && s.attr >= 0 && r.classes[s.attr] == classFact {
		r.classes[s.attr] = classWords
	}
}

// groupParams adds the parameters among the keys of an object, and reports whether
// others of them carry words.
func (r *reading) groupParams(all, n jsonval.Node) (withWords bool) {
	if !value.IsObject(n) {
		return false
	}
	answered := n.Get("created_at").Exists()
	for c := n.First(); c.Exists(); c = c.Next() {
		carriesWords, no := notParams[c.Key()]
		withWords = withWords || carriesWords
		switch {
		case no, answered && c.Key() == "tool_choice":
		case paramGroups[c.Key()] && value.IsObject(c):
			withWords = r.groupParams(all, c) || withWords
		default:
			r.nodeParam(all, c.Key(), c)
		}
	}
	return withWords
}

// param adds one attribute, and reports whether the parameter holds it losslessly.
func (r *reading) param(all jsonval.Node, name string, v pcommon.Value, lossless bool) bool {
	var ignored jsonval.Repairs
	switch v.Type() {
	case pcommon.ValueTypeMap, pcommon.ValueTypeBytes:
		lossless = false
	}
	n := r.doc.FromValue(v, &ignored)
	return r.nodeParam(all, name, n) && lossless && ignored == 0
}

// nodeParam adds a parameter unless it is there, and reports whether it was added
// as given.
func (r *reading) nodeParam(all jsonval.Node, name string, n jsonval.Node) bool {
	if alias, ok := paramNames[name]; ok {
		name = alias
	}
	name = jsonval.CleanString(name, &r.rep)
	if n.Kind() == jsonval.Null || !n.Exists() || all.Get(name).Exists() || all.Len() >= maxParams {
		return false
	}
	asGiven := true
	if n.Kind() == jsonval.String {
		n, asGiven = r.paramText(name, n)
		if !n.Exists() {
			return false
		}
	}
	if text := jsonval.Append(r.buf[:0], n, &r.rep); len(text) > longValue || n.Kind() >= jsonval.String && saysProse(viewOf(text)) {
		return false
	}
	all.Set(name, n)
	return asGiven
}

// paramText makes numbers of numeric strings, lists of JSON lists and a list of a stop
// sequence; empty text is no value, but for stop sequences.
func (r *reading) paramText(name string, n jsonval.Node) (jsonval.Node, bool) {
	s := n.Str()
	if t := value.Unquote(strings.TrimSpace(s)); strings.HasPrefix(t, "[") {
		var ignored jsonval.Repairs
		if list, ok := r.doc.Parse(t, &ignored); ok {
			return list, false
		}
	}
	if name == "stop_sequences" && s != "" {
		list := r.doc.Array()
		list.Add(n)
		return list, false
	}
	if content.Absent(s) || s == "NaN" || s == "Infinity" || s == "-Infinity" || s == "Not set" {
		return jsonval.Node{}, false
	}
	s = strings.TrimSpace(s)
	if c := s[len(s)-1]; c < '0' || c > '9' {
		return n, true
	}
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return r.doc.Int(i), false
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && value.Finite(f) {
		return r.doc.Float(f), false
	}
	return n, true
}
