package mapping

import (
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// Label is the value of an attribute that the configuration names a label.
type Label struct{ Name, Value string }

// AppendLabels appends labels as a JSON object of strings; nothing for none.
func AppendLabels(dst []byte, labels []Label) []byte {
	var rep jsonval.Repairs // names and values are clean
	for i, l := range labels {
		if i == 0 {
			dst = append(dst, '{')
		} else {
			dst = append(dst, ',')
		}
		dst = append(jsonval.AppendString(dst, l.Name, &rep), ':')
		dst = jsonval.AppendString(dst, l.Value, &rep)
	}
	if len(labels) > 0 {
		dst = append(dst, '}')
	}
	return dst
}

// labels reads the labels that the span has, or else its resource. Their attributes are
// facts: who names a label says so.
func (r *reading) labels(res *resource) {
	if len(r.opts.Labels) == 0 {
		return
	}
	own := make([]string, len(r.opts.Labels))
	i := -1
	for key, v := range r.span.Attributes().All() {
		i++
		n, found := slices.BinarySearch(r.opts.Labels, key)
		if !found {
			continue
		}
		if r.classes[i] == classUnknown {
			r.classes[i] = classFact
		}
		if own[n] == "" {
			own[n] = labelText(v)
		}
	}
	for n, name := range r.opts.Labels {
		value := own[n]
		if value == "" {
			value = res.labels[n]
		}
		if value = r.key(value); value != "" {
			r.out.Labels = append(r.out.Labels, Label{name, value})
		}
	}
}

// labelsOf reads the labels of a resource, in the order of their names.
func (r *reading) labelsOf(attrs pcommon.Map) []string {
	if len(r.opts.Labels) == 0 {
		return nil
	}
	labels := make([]string, len(r.opts.Labels))
	for n, name := range r.opts.Labels {
		if v, ok := attrs.Get(name); ok {
			labels[n] = labelText(v)
		}
	}
	return labels
}

// labelText is a text, number or truth value as text; empty for any other.
func labelText(v pcommon.Value) string {
	if v.Type() == pcommon.ValueTypeBool {
		return v.AsString()
	}
	s, _, ok := (value.Value{Attr: v}).Text()
	if !ok {
		return ""
	}
	return s
}

func (r *reading) isLabel(key string) bool {
	_, found := slices.BinarySearch(r.opts.Labels, key)
	return found
}
