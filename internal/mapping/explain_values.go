package mapping

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// rowValue shows what a row says of a field: text, or JSON of what is no text; "" for null.
func rowValue(f dialect.Field, b *Batch, s *Span) string {
	switch of := fields[f].of.(type) {
	case func(*Span) *string:
		return *of(s)
	case func(*Span) []string:
		return listText(of(s))
	case func(*Span) Int:
		return intText(of(s))
	case func(*Span) Float:
		return floatText(of(s))
	case func(*Span) Bool:
		return boolText(of(s))
	case func(*Span) []byte:
		return string(of(s))
	case func(*Usage) Int:
		return intText(of(&s.Usage))
	case func(*Usage) decimal.NullDecimal:
		return costText(of(&s.Usage))
	case func(*Span) *content.ID:
		return contentsText(b, s, []content.ID{*of(s)})
	case func(*Span) []content.ID:
		return contentsText(b, s, of(s))
	}
	return ""
}

// contentsText shows contents, one a line.
func contentsText(b *Batch, s *Span, ids []content.ID) string {
	var bodies []string
	for _, id := range ids {
		if id != (content.ID{}) {
			bodies = append(bodies, string(b.Contents[content.Key{Day: s.Day, ID: id}]))
		}
	}
	return strings.Join(bodies, "\n")
}

func listText(list []string) string {
	if list == nil {
		return ""
	}
	text, _ := json.Marshal(list) // a list of strings always has JSON
	return string(text)
}

func intText(n Int) string {
	if !n.OK {
		return ""
	}
	return strconv.FormatInt(n.V, 10)
}

func floatText(n Float) string {
	if !n.OK {
		return ""
	}
	return strconv.FormatFloat(n.V, 'g', -1, 64)
}

func boolText(b Bool) string {
	if !b.OK {
		return ""
	}
	return strconv.FormatBool(b.V)
}

func costText(n decimal.NullDecimal) string {
	if !n.Valid {
		return ""
	}
	return n.Decimal.String()
}

// shown is the text of a value, or its JSON if it is no text.
func shown(v value.Value) string {
	switch {
	case !v.Exists():
		return ""
	case !v.Node.Exists():
		return v.Attr.AsString()
	case v.Node.Kind() == jsonval.String:
		return v.Node.Str()
	}
	var ignored jsonval.Repairs
	return string(jsonval.Append(nil, v.Node, &ignored))
}
