package agentruns

import (
	"cmp"
	"encoding/json"
	"math/rand/v2"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// VaryEvents writes GenAI events as other libraries write the same: the event's name as an
// attribute, bodies and structured values as JSON, the time at which they were observed only,
// records of another service.
func VaryEvents(r *rand.Rand, ld plog.Logs) {
	name, asJSON, observed := r.IntN(3), r.IntN(2) == 0, r.IntN(2) == 0
	for _, rl := range ld.ResourceLogs().All() {
		rl.Resource().Attributes().PutStr("service.name", "records")
		for _, sl := range rl.ScopeLogs().All() {
			for _, rec := range sl.LogRecords().All() {
				nameElsewhere(name, rec, sl.Scope().Name())
				if asJSON {
					valuesAsJSON(rec)
				}
				if observed {
					rec.SetObservedTimestamp(cmp.Or(rec.Timestamp(), rec.ObservedTimestamp()))
					rec.SetTimestamp(0)
				}
			}
		}
	}
}

// nameElsewhere writes an event's name as an attribute, or the other way round.
func nameElsewhere(how int, rec plog.LogRecord, scope string) {
	name := rec.EventName()
	for _, key := range []string{"event.name", "event_name"} {
		if v, ok := rec.Attributes().Get(key); ok {
			name = v.AsString()
			rec.Attributes().Remove(key)
		}
	}
	rec.SetEventName("")
	switch {
	case name == "":
	case how == 0 || name == scope:
		rec.SetEventName(name)
	case how == 1:
		rec.Attributes().PutStr("event.name", name)
	default:
		rec.Attributes().PutStr("event_name", name)
	}
}

// valuesAsJSON writes structured values as JSON, and reads the JSON of others.
func valuesAsJSON(rec plog.LogRecord) {
	toggle(rec.Body())
	for _, v := range rec.Attributes().All() {
		toggle(v)
	}
}

func toggle(v pcommon.Value) {
	switch v.Type() {
	case pcommon.ValueTypeMap, pcommon.ValueTypeSlice:
		text, err := json.Marshal(v.AsRaw())
		must(err)
		v.SetStr(string(text))
	case pcommon.ValueTypeStr:
		if !strings.HasPrefix(v.Str(), "[{") && !strings.HasPrefix(v.Str(), `{"`) {
			return
		}
		var raw any
		if json.Unmarshal([]byte(v.Str()), &raw) == nil {
			must(v.FromRaw(raw))
		}
	}
}
