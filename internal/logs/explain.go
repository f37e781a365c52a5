package logs

import (
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// Explanation says how a log record becomes rows.
type Explanation struct {
	Name, Scope, Version string
	Program              string // that knows the event; empty for none
	Kind                 string // what the program says of it
	NotStored            string // why the record has no row; empty if it has one
	Trace, Turn          string // hex: that the record names, or that is derived for its turn
	Names                string // what the span id of the record stands for; empty without one
	Session, User        string
	IDs                  []string             // that tie it to other observations of its call
	Span                 *mapping.Explanation // of the call, tool or prompt that it tells
	Words                *mapping.Explanation // of the words that it has of another span
}

var namingNames = [...]string{namesParent: "the span around the call", namesCall: "the call itself", namesOther: "neither the call nor the span around it"}

// Explain explains each record of ld.
func Explain(ld plog.Logs) (all []Explanation) {
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, rec := range sl.LogRecords().All() {
				one := plog.NewLogs()
				oneRL := one.ResourceLogs().AppendEmpty()
				rl.Resource().CopyTo(oneRL.Resource())
				oneSL := oneRL.ScopeLogs().AppendEmpty()
				sl.Scope().CopyTo(oneSL.Scope())
				rec.CopyTo(oneSL.LogRecords().AppendEmpty())
				all = append(all, explain(one, &record{LogRecord: rec, scope: sl.Scope(), res: rl.Resource()}))
			}
		}
	}
	return all
}

// explain explains the only record of ld.
func explain(ld plog.Logs, rec *record) Explanation {
	p, spec := newReader(KeepGenAI, nil).ruleOf(rec)
	x := Explanation{Name: rec.name, Scope: rec.scope.Name(), Version: rec.scope.Version()}
	if p != nil {
		x.Program, x.Kind = p.name, Noise.String()
		if spec != nil {
			x.Kind = spec.kind.String()
			if !rec.SpanID().IsEmpty() {
				x.Names = namingNames[spec.names]
			}
			for _, keys := range [...][]string{spec.request, spec.response, spec.toolCall} {
				if id := rec.textOf(keys); id != "" {
					x.IDs = append(x.IDs, id)
				}
			}
		}
	}
	b := Read(ld, KeepGenAI, nil)
	for reason := range b.Rejected {
		x.NotStored = reason
	}
	switch {
	case x.Program == "":
		x.NotStored = "no program or convention knows the event; events::keep: all keeps it"
	case b.Filtered > 0:
		x.NotStored = "noise; events::keep: all keeps it"
	}
	for _, row := range b.Records {
		x.Session, x.User = row.Session, row.User
		if x.Trace = row.TraceID().String(); x.Trace == "" && !row.Trace.IsEmpty() {
			x.Turn = row.Trace.String()
		}
	}
	if spans := mapping.Explain(b.Spans); len(spans) > 0 {
		x.Span = &spans[0]
	}
	if words := mapping.Explain(b.WordSpans); len(words) > 0 {
		x.Words = &words[0]
	}
	return x
}
