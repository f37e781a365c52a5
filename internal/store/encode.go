package store

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/shopspring/decimal"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
)

func appendOptInt64(dst []byte, v mapping.Int) []byte {
	if !v.OK {
		return pgbatch.AppendNull(dst)
	}
	return pgbatch.AppendInt64(dst, v.V)
}

// appendCount appends a count, or null when it is zero.
func appendCount(dst []byte, v uint32) []byte {
	if v == 0 {
		return pgbatch.AppendNull(dst)
	}
	return pgbatch.AppendInt64(dst, int64(v))
}

func appendOptFloat(dst []byte, v mapping.Float) []byte {
	if !v.OK {
		return pgbatch.AppendNull(dst)
	}
	return binary.BigEndian.AppendUint64(pgbatch.AppendLen(dst, 8), math.Float64bits(v.V))
}

func appendOptBool(dst []byte, v mapping.Bool) []byte {
	if !v.OK {
		return pgbatch.AppendNull(dst)
	}
	return pgbatch.AppendBool(dst, v.V)
}

// appendContentID appends id, or null for the zero ID.
func appendContentID(dst []byte, id content.ID) []byte {
	if id == (content.ID{}) {
		return pgbatch.AppendNull(dst)
	}
	return pgbatch.AppendUUID(dst, id)
}

func appendSpanID(dst []byte, id pcommon.SpanID) []byte {
	return hex.AppendEncode(pgbatch.AppendLen(dst, 16), id[:])
}

func appendTraceHex(dst []byte, id pcommon.TraceID) []byte {
	return hex.AppendEncode(pgbatch.AppendLen(dst, 32), id[:])
}

// hexArray is an array of OpenTelemetry's trace ids, as llm_traces.trace_id has them.
func hexArray(traces []pcommon.TraceID) []byte {
	ids := pgbatch.AppendArrayHeader(nil, pgtype.TextOID, len(traces))
	for _, id := range traces {
		ids = appendTraceHex(ids, id)
	}
	return ids
}

// uuidArray is an array of ids as uuid.
func uuidArray[ID ~[16]byte](list []ID) []byte {
	ids := pgbatch.AppendArrayHeader(nil, pgtype.UUIDOID, len(list))
	for _, id := range list {
		ids = pgbatch.AppendUUID(ids, id)
	}
	return ids
}

// appendIDArray appends a uuid[], or null when ids is nil.
func appendIDArray(dst []byte, ids []content.ID) []byte {
	if ids == nil {
		return pgbatch.AppendNull(dst)
	}
	at := len(dst)
	dst = pgbatch.AppendArrayHeader(pgbatch.AppendLen(dst, 0), pgtype.UUIDOID, len(ids))
	for _, id := range ids {
		dst = pgbatch.AppendUUID(dst, id)
	}
	return pgbatch.SetLen(dst, at)
}

func appendOptInt32(dst []byte, v mapping.Int) []byte {
	if !v.OK {
		return pgbatch.AppendNull(dst)
	}
	return pgbatch.AppendInt32(dst, int32(min(v.V, math.MaxInt32)))
}

// appendParentID appends id, or null for a root.
func appendParentID(dst []byte, id pcommon.SpanID) []byte {
	if id.IsEmpty() {
		return pgbatch.AppendNull(dst)
	}
	return appendSpanID(dst, id)
}

// appendAggregateUsage appends what a span that is no model span reports of
// usage, as a JSON object; null when it reports nothing.
func appendAggregateUsage(dst []byte, s *mapping.Span) []byte {
	if s.Kind.IsModel() || !s.Usage.Reported() {
		return pgbatch.AppendNull(dst)
	}
	at := len(dst)
	dst = append(pgbatch.AppendLen(dst, 0), 1) // version of the jsonb wire format
	open := byte('{')
	member := func(name, value string) {
		dst = append(dst, open, '"')
		dst = append(dst, name...)
		dst = append(dst, '"', ':')
		dst = append(dst, value...)
		open = ','
	}
	u := &s.Usage
	for _, f := range [...]struct {
		name  string
		value mapping.Int
	}{
		{"input_tokens", u.Input}, {"output_tokens", u.Output}, {"total_tokens", u.Total},
		{"cache_read_tokens", u.CacheRead}, {"cache_creation_tokens", u.CacheCreation}, {"reasoning_tokens", u.Reasoning},
	} {
		if f.value.OK {
			member(f.name, strconv.FormatInt(f.value.V, 10))
		}
	}
	for _, f := range [...]struct {
		name  string
		value decimal.NullDecimal
	}{{"input_cost", u.Parts.Get().InputCost}, {"output_cost", u.Parts.Get().OutputCost}, {"total_cost", u.TotalCost}} {
		if f.value.Valid {
			member(f.name, f.value.Decimal.String())
		}
	}
	return pgbatch.SetLen(append(dst, '}'), at)
}

// appendOptInt16 appends v, or null when it is zero.
func appendOptInt16(dst []byte, v int16) []byte {
	if v == 0 {
		return pgbatch.AppendNull(dst)
	}
	return pgbatch.AppendInt16(dst, v)
}

// contentIDs reads an id as a list of one, or none.
func contentIDs(r *pgbatch.Reader) []content.ID {
	if id := contentID(r); id != [16]byte{} {
		return []content.ID{id}
	}
	return nil
}

// appendLabels appends labels as a JSON object, or null for none.
func appendLabels(dst []byte, labels []mapping.Label) []byte {
	return pgbatch.AppendJSONB(dst, mapping.AppendLabels(nil, labels))
}

// readLabels reads what appendLabels wrote; of what another program wrote only text.
func readLabels(r *pgbatch.Reader) (labels []mapping.Label) {
	values := map[string]any{}
	if v := r.Next(); v == nil || json.Unmarshal(v, &values) != nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if value, ok := values[name].(string); ok {
			labels = append(labels, mapping.Label{Name: name, Value: value})
		}
	}
	return labels
}
