package mapping

import (
	"maps"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// copyRule says what is a copy of what.
type copyRule struct {
	copy, original int16
	kind           bool // the copy is an operation, the original a kind
	messages       bool // the copy is made of indexed keys
}

func (t *table) addCopies() {
	for _, target := range slices.Sorted(maps.Keys(dialect.CopiedKeys)) {
		for _, key := range dialect.CopiedKeys[target] {
			made, original := t.key(target), t.lookupOrAdd(key)
			made.copied, original.original = true, true
			t.copies = append(t.copies, copyRule{
				copy: made.slot, original: original.slot,
				kind: target == "gen_ai.operation.name", messages: familyOf(key) != nil,
			})
		}
	}
}

// passOverCopies forgets copies whose originals the span has.
func (r *reading) passOverCopies() {
	if !r.copied || !r.original {
		return
	}
	for i := range r.t.copies {
		rule := &r.t.copies[i]
		if made, original := &r.slots[rule.copy], &r.slots[rule.original]; made.set && original.set && r.isCopy(rule, made, original) {
			if !rule.messages && !made.part {
				r.classes[made.attr] = classStored
			}
			*made = slot{}
		}
	}
}

func (r *reading) isCopy(rule *copyRule, made, original *slot) bool {
	if rule.messages {
		return r.isMadeOfIndexed(r.json(made), rule.original)
	}
	a, isText := value.Value{Attr: original.value}.Str()
	b, alsoText := value.Value{Attr: made.value}.Str()
	switch {
	case !isText:
		return false
	case made.value.Type() == pcommon.ValueTypeSlice:
		return made.value.Slice().Len() == 1 && made.value.Slice().At(0).AsString() == a
	}
	if operation, known := dialect.CopiedKinds[strings.ToLower(a)]; rule.kind && known {
		a = operation
	}
	return alsoText && a == b
}

// indexedMessage is what the indexed keys of a message say that a copy keeps.
type indexedMessage struct{ role, content string }

// isMadeOfIndexed reports whether messages are what the processor makes of indexed keys: as many,
// with their roles, and no words that are not there. It leaves out parts of contents, and the
// text beside tool calls.
func (r *reading) isMadeOfIndexed(list jsonval.Node, original int16) bool {
	said := map[int32]indexedMessage{}
	for i := range r.hits {
		h := &r.hits[i]
		if h.slot != original {
			continue
		}
		m := said[h.index]
		switch h.rest {
		case "message.role":
			m.role = h.value.AsString()
		case "message.content":
			m.content = h.value.AsString()
		}
		said[h.index] = m
	}
	r.indices = slices.AppendSeq(r.indices[:0], maps.Keys(said))
	slices.Sort(r.indices)
	n := list.First()
	for _, i := range r.indices {
		if !said[i].becomes(n) {
			return false
		}
		n = n.Next()
	}
	return list.Kind() == jsonval.Array && !n.Exists()
}

func (m indexedMessage) becomes(n jsonval.Node) bool {
	role, parts := n.Get("role").Str(), n.Get("parts")
	if !value.IsObject(n) || n.Len() != 2 || parts.Kind() != jsonval.Array || role != m.role && m.role != "" && role != "tool" {
		return false
	}
	for p := parts.First(); p.Exists(); p = p.Next() {
		switch p.Get("type").Str() {
		case "text":
			if parts.Len() > 1 || p.Get("content").Str() != m.content {
				return false
			}
		case "tool_call_response":
			if parts.Len() > 1 || p.Get("result").Str() != m.content && p.Get("response").Str() != m.content {
				return false
			}
		case "tool_call":
		default:
			return false
		}
	}
	return true
}
