package main

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/llm-observatory/llmobservatoryexporter/internal/logs"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// printer writes explanations as text.
type printer struct {
	out   bytes.Buffer
	width int // of values, in characters; 0: all
	shown int // spans and log records
}

func (p *printer) print(format string, args ...any) { fmt.Fprintf(&p.out, format+"\n", args...) }

func (p *printer) span(x *mapping.Explanation) {
	p.next()
	p.print("span %s of trace %s: %s", x.SpanID, x.TraceID, p.cut(x.Name))
	p.rows(x)
}

// next begins what is explained next.
func (p *printer) next() {
	if p.shown++; p.shown > 1 {
		p.print("")
	}
}

// rows says how a span becomes rows.
func (p *printer) rows(x *mapping.Explanation) {
	if x.Rejected != "" {
		p.print("  not stored: %s", x.Rejected)
		return
	}
	if x.Scope != "" {
		p.print("  scope: %s", p.cutAt(strings.TrimSpace(x.Scope+" "+x.Version), 4*p.width))
	}
	if len(x.Dialects) == 0 {
		p.print("  dialect: none; attributes are read by the words of their keys")
	}
	for _, d := range x.Dialects {
		p.print("  dialect: %s, by its %s", d.Dialect, d.By)
	}
	p.print("  kind: %s, by %s", x.Kind, p.cutAt(x.KindBy, 4*p.width))
	p.columns(x.Fields)
	p.corrections(x.Corrections)
	p.rest("asked for by rules besides", x.Asked)
	p.rest("filled no column", x.Unread)
}

// record says how a log record becomes rows.
func (p *printer) record(x *logs.Explanation) {
	p.next()
	p.print("log record %s", p.cut(cmp.Or(x.Name, "without a name")))
	for _, line := range [...]struct{ what, text string }{
		{"scope", strings.TrimSpace(x.Scope + " " + x.Version)}, {"not stored", x.NotStored}, {"program", x.Program}, {"tells", x.Kind},
		{"trace", x.Trace}, {"trace derived for its turn", x.Turn}, {"its span is", x.Names}, {"session", x.Session}, {"user", x.User},
		{"tied by", strings.Join(x.IDs, ", ")},
	} {
		if line.text != "" {
			p.print("  %s: %s", line.what, p.cutAt(line.text, 4*p.width))
		}
	}
	if x.Span != nil {
		p.print("  as the span that it tells:")
		p.rows(x.Span)
	}
	if x.Words != nil && len(x.Words.Fields) > 0 {
		p.print("  words of the call that it names:")
		p.columns(x.Words.Fields)
	}
}

// columns writes a line for each column, with what lost against its source below.
func (p *printer) columns(fields []mapping.FieldExplanation) {
	if len(fields) > 0 {
		p.print("  columns")
	}
	for _, f := range fields {
		value := "null"
		if f.Value != "" {
			value = p.cut(f.Value)
		}
		p.print("    %s = %s%s", f.Column, value, p.from(&f))
		for _, o := range f.Lost {
			p.print("      not %s (%s) = %s: %s", o.Attribute, o.Dialect, p.cut(o.Value), o.Because)
		}
	}
}

// from says what filled a column, and what that said if the column says another thing.
func (p *printer) from(f *mapping.FieldExplanation) string {
	var parts []string
	for _, o := range f.From {
		part := fmt.Sprintf("%s (%s)", o.Attribute, o.Dialect)
		if o.Value != "" && p.cut(o.Value) != p.cut(f.Value) {
			part += " = " + p.cut(o.Value)
		}
		parts = append(parts, part)
	}
	switch {
	case parts != nil:
		return "  ← " + strings.Join(parts, ", ")
	case f.By != "":
		return "  ← " + f.By
	}
	return ""
}

func (p *printer) corrections(all []mapping.Correction) {
	if len(all) > 0 {
		p.print("  corrected")
	}
	for _, c := range all {
		p.print("    %s", strings.TrimSuffix(c.Name+": "+c.Because, ": "))
	}
}

func (p *printer) rest(title string, all []mapping.Unread) {
	if len(all) > 0 {
		p.print("  %s", title)
	}
	for _, u := range all {
		kept := "a fact"
		if u.Words {
			kept = "words"
		}
		p.print("    %s = %s  (kept as %s)", u.Key, p.cut(u.Value), kept)
	}
}

func (p *printer) cut(s string) string { return p.cutAt(s, p.width) }

// cutAt cuts text and says how long the text is; what moves the cursor becomes a blank.
func (p *printer) cutAt(s string, width int) string {
	whole := utf8.RuneCountInString(s)
	if width > 0 && whole > width {
		s = string([]rune(s)[:width])
	}
	s = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return ' '
		}
		return c
	}, s)
	if width > 0 && whole > width {
		s += fmt.Sprintf("… (%d characters)", whole)
	}
	return s
}
