package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// parseDebug reads what the debug exporter prints of traces and log records with verbosity: detailed, among
// whatever else a collector logs. The text does not say everything: numbers in lists and maps
// have no type, and there are no flags. Of attributes with one key, the first counts.
func parseDebug(text string) (export, error) {
	p := debugParser{export: export{ptrace.NewTraces(), plog.NewLogs()}}
	for i, line := range strings.Split(text, "\n") {
		if err := p.line(strings.TrimSuffix(line, "\r")); err != nil {
			return p.export, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	return p.export, p.close()
}

// debugParser reads line by line. A line that begins nothing goes on with the value before,
// since texts stand there with their line breaks.
type debugParser struct {
	export
	rs    ptrace.ResourceSpans
	ss    ptrace.ScopeSpans
	rl    plog.ResourceLogs
	sl    plog.ScopeLogs
	rec   plog.LogRecord
	scope pcommon.InstrumentationScope
	span  ptrace.Span
	event ptrace.SpanEvent
	link  ptrace.SpanLink

	in    place
	attrs pcommon.Map // where the attributes of the place go
	open  *openValue
}

// place is what the parser is in.
type place uint8

const (
	outside place = iota
	inResource
	inEntities
	inScope
	inSpan
	inEvent
	inLink
	inRecord
)

// openValue is a value whose text may go on in the next line.
type openValue struct {
	text  string
	paren bool // the text ends with the parenthesis around an attribute's value
	set   func(text string) error
}

// attributeLine is an attribute: key, type, and the begin of its value.
var attributeLine = regexp.MustCompile(`^ {5}(?: {5})?-> (.*?): (Str|Int|Double|Bool|Map|Slice|Bytes|Empty)\((.*)$`)

// bodyLine is the body of a log record: type, and the begin of its value.
var bodyLine = regexp.MustCompile(`^Body: (Str|Int|Double|Bool|Map|Slice|Bytes|Empty)\((.*)$`)

// heading is a line that begins a part; what stands before a tab is the logger's.
var heading = regexp.MustCompile(`^(?:.*\t)?(ResourceSpans|ScopeSpans|Span|SpanEvent|SpanLink|ResourceLog|ScopeLogs|LogRecord) #\d+$`)

// ending is the line after the text: the fields of its log entry, or the next entry.
var ending = regexp.MustCompile(`^(Traces|Metrics|Logs|Profiles)?\t\{`)

func (p *debugParser) line(line string) error {
	if p.open != nil && p.open.paren && !strings.HasSuffix(strings.TrimRight(p.open.text, "\n"), ")") {
		p.open.text += "\n" + line
		return nil
	}
	if m := heading.FindStringSubmatch(line); m != nil && p.begins(m[1]) {
		return p.begin(m[1])
	}
	if p.in == outside {
		return nil
	}
	if ending.MatchString(line) {
		err := p.close()
		p.in = outside
		return err
	}
	known, err := p.content(line)
	if !known && p.open != nil {
		p.open.text += "\n" + line
	}
	return err
}

// begins reports whether a part may begin here.
func (p *debugParser) begins(part string) bool {
	switch part {
	case "ResourceSpans", "ResourceLog":
		return true
	case "ScopeSpans", "ScopeLogs":
		return p.in != outside
	case "Span", "LogRecord":
		return p.in >= inScope
	}
	return p.in >= inSpan && p.in != inRecord
}

func (p *debugParser) begin(part string) error {
	if err := p.close(); err != nil {
		return err
	}
	switch part {
	case "ResourceSpans":
		p.rs, p.in = p.td.ResourceSpans().AppendEmpty(), inResource
		p.attrs = p.rs.Resource().Attributes()
	case "ScopeSpans":
		p.ss, p.in = p.rs.ScopeSpans().AppendEmpty(), inScope
		p.scope, p.attrs = p.ss.Scope(), p.ss.Scope().Attributes()
	case "Span":
		p.span, p.in = p.ss.Spans().AppendEmpty(), inSpan
		p.attrs = p.span.Attributes()
	case "ResourceLog":
		p.rl, p.in = p.ld.ResourceLogs().AppendEmpty(), inResource
		p.attrs = p.rl.Resource().Attributes()
	case "ScopeLogs":
		p.sl, p.in = p.rl.ScopeLogs().AppendEmpty(), inScope
		p.scope, p.attrs = p.sl.Scope(), p.sl.Scope().Attributes()
	case "LogRecord":
		p.rec, p.in = p.sl.LogRecords().AppendEmpty(), inRecord
		p.attrs = p.rec.Attributes()
	case "SpanEvent":
		p.event, p.in = p.span.Events().AppendEmpty(), inEvent
		p.attrs = p.event.Attributes()
	case "SpanLink":
		p.link, p.in = p.span.Links().AppendEmpty(), inLink
		p.attrs = p.link.Attributes()
	}
	return nil
}

// close ends the value before.
func (p *debugParser) close() error {
	open := p.open
	if p.open = nil; open == nil {
		return nil
	}
	if open.paren {
		return open.set(strings.TrimSuffix(strings.TrimRight(open.text, "\n"), ")"))
	}
	return open.set(open.text)
}

// content reads a line of a part.
func (p *debugParser) content(line string) (known bool, err error) {
	switch trimmed := strings.TrimRight(line, " :"); trimmed {
	case "Attributes", "Events", "Links", "Resource attributes", "InstrumentationScope attributes", "     -> Attributes":
		return true, p.close()
	case "Resource entity refs":
		p.in = inEntities
		return true, p.close()
	}
	if m := attributeLine.FindStringSubmatch(line); m != nil {
		if err := p.close(); err != nil {
			return true, err
		}
		attrs, key, typ := p.attrs, m[1], m[2]
		p.open = &openValue{text: m[3], paren: true, set: func(text string) error { return putAttribute(attrs, key, typ, text) }}
		return true, nil
	}
	if m := bodyLine.FindStringSubmatch(line); m != nil && p.in == inRecord {
		if err := p.close(); err != nil {
			return true, err
		}
		body := p.rec.Body()
		p.open = &openValue{text: m[2], paren: true, set: func(text string) error { return setValue(body, m[1], text) }}
		return true, nil
	}
	if scope, ok := strings.CutPrefix(line, "InstrumentationScope "); ok && p.in == inScope {
		at := max(strings.LastIndexByte(scope, ' '), 0)
		p.scope.SetName(scope[:at])
		p.scope.SetVersion(strings.TrimPrefix(scope[at:], " "))
		return true, p.close()
	}
	return p.property(line)
}

// property reads a line of a span, event or link that is no attribute.
func (p *debugParser) property(line string) (known bool, err error) {
	name, text, ok := strings.Cut(line, ":")
	if !ok {
		return p.in < inSpan, nil
	}
	set := p.setter(strings.TrimSpace(strings.TrimPrefix(name, "     ->")))
	if set == nil {
		return p.in < inSpan, nil
	}
	if err := p.close(); err != nil {
		return true, err
	}
	p.open = &openValue{text: strings.TrimPrefix(text, " "), set: set}
	return true, nil
}

// setter returns what a property of the part is set with; nil for none of that name.
func (p *debugParser) setter(name string) func(text string) error {
	switch p.in {
	case inSpan:
		return p.spanSetter(name)
	case inRecord:
		return p.recordSetter(name)
	case inEvent:
		switch name {
		case "Name":
			return always(p.event.SetName)
		case "Timestamp":
			return timed(p.event.SetTimestamp)
		case "DroppedAttributesCount":
			return counted(p.event.SetDroppedAttributesCount)
		}
	case inLink:
		switch name {
		case "Trace ID":
			return identified(func(id [16]byte) { p.link.SetTraceID(id) })
		case "ID":
			return identified(func(id [8]byte) { p.link.SetSpanID(id) })
		case "TraceState":
			return always(p.link.TraceState().FromRaw)
		case "DroppedAttributesCount":
			return counted(p.link.SetDroppedAttributesCount)
		}
	}
	return nil
}

func (p *debugParser) recordSetter(name string) func(text string) error {
	rec := p.rec
	switch name {
	case "Trace ID":
		return identified(func(id [16]byte) { rec.SetTraceID(id) })
	case "Span ID":
		return identified(func(id [8]byte) { rec.SetSpanID(id) })
	case "ObservedTimestamp":
		return timed(rec.SetObservedTimestamp)
	case "Timestamp":
		return timed(rec.SetTimestamp)
	case "EventName":
		return always(rec.SetEventName)
	case "SeverityText":
		return always(rec.SetSeverityText)
	case "SeverityNumber", "Flags":
		return always(func(string) {})
	}
	return nil
}

func (p *debugParser) spanSetter(name string) func(text string) error {
	span := p.span
	switch name {
	case "Trace ID":
		return identified(func(id [16]byte) { span.SetTraceID(id) })
	case "Parent ID":
		return identified(func(id [8]byte) { span.SetParentSpanID(id) })
	case "ID":
		return identified(func(id [8]byte) { span.SetSpanID(id) })
	case "Name":
		return always(span.SetName)
	case "Kind":
		return always(func(text string) { span.SetKind(named(text, ptrace.SpanKindConsumer)) })
	case "TraceState":
		return always(span.TraceState().FromRaw)
	case "Start time":
		return timed(span.SetStartTimestamp)
	case "End time":
		return timed(span.SetEndTimestamp)
	case "Status code":
		return always(func(text string) { span.Status().SetCode(named(text, ptrace.StatusCodeError)) })
	case "Status message":
		return always(span.Status().SetMessage)
	case "DroppedAttributesCount":
		return counted(span.SetDroppedAttributesCount)
	case "DroppedEventsCount":
		return counted(span.SetDroppedEventsCount)
	case "DroppedLinksCount":
		return counted(span.SetDroppedLinksCount)
	}
	return nil
}

func always(set func(string)) func(string) error {
	return func(text string) error {
		set(text)
		return nil
	}
}

// named returns the constant up to last that prints as text; 0 for none.
func named[T interface {
	~int32
	String() string
}](text string, last T) T {
	for c := T(0); c <= last; c++ {
		if c.String() == text {
			return c
		}
	}
	return 0
}

func timed(set func(pcommon.Timestamp)) func(string) error {
	return func(text string) error {
		at, err := time.Parse("2006-01-02 15:04:05.999999999 -0700 MST", text)
		if err != nil {
			return fmt.Errorf("%q is no time as the debug exporter prints it", text)
		}
		set(pcommon.Timestamp(at.UnixNano()))
		return nil
	}
}

func counted(set func(uint32)) func(string) error {
	return func(text string) error {
		n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 32)
		if err != nil {
			return fmt.Errorf("%q is no count", text)
		}
		set(uint32(n))
		return nil
	}
}

func identified[T [8]byte | [16]byte](set func(T)) func(string) error {
	return func(text string) error {
		var id T
		b, err := hex.DecodeString(strings.TrimSpace(text))
		if err != nil || len(b) != 0 && len(b) != len(id) {
			return fmt.Errorf("%q is no id of %d hexadecimal digits", text, 2*len(id))
		}
		if len(b) > 0 {
			id = T(b)
		}
		set(id)
		return nil
	}
}

// putAttribute adds an attribute of the type that the text names.
func putAttribute(attrs pcommon.Map, key, typ, text string) error {
	if _, repeated := attrs.Get(key); repeated {
		return nil
	}
	if err := setValue(attrs.PutEmpty(key), typ, text); err != nil {
		return fmt.Errorf("attribute %s: %w", key, err)
	}
	return nil
}

// setValue sets a value to what was printed of one of a type.
func setValue(v pcommon.Value, typ, text string) error {
	var err error
	switch typ {
	case "Str":
		v.SetStr(text)
	case "Int":
		var n int64
		n, err = strconv.ParseInt(text, 10, 64)
		v.SetInt(n)
	case "Double":
		var n float64
		n, err = strconv.ParseFloat(text, 64)
		v.SetDouble(n)
	case "Bool":
		var b bool
		b, err = strconv.ParseBool(text)
		v.SetBool(b)
	case "Bytes":
		var b []byte
		b, err = base64.StdEncoding.DecodeString(text)
		v.SetEmptyBytes().FromRaw(b)
	case "Map", "Slice":
		err = putJSON(v, text)
	}
	if err != nil {
		return fmt.Errorf("%q is no %s", text, typ)
	}
	return nil
}

// putJSON sets a list or map; a number without point or exponent is an int.
func putJSON(v pcommon.Value, text string) error {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var raw any
	if err := decoder.Decode(&raw); err != nil {
		return err
	}
	return v.FromRaw(withNumbers(raw))
}

func withNumbers(raw any) any {
	switch x := raw.(type) {
	case json.Number:
		if n, err := x.Int64(); err == nil {
			return n
		}
		f, _ := x.Float64()
		return f
	case []any:
		for i := range x {
			x[i] = withNumbers(x[i])
		}
	case map[string]any:
		for k := range x {
			x[k] = withNumbers(x[k])
		}
	}
	return raw
}
