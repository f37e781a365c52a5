package store

import (
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/agentruns"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// BenchmarkEncodeSpan compares how a span's row is encoded for COPY: by the columns, and by pgx from values that
// are boxed already, which pgx.CopyFrom would have to be given.
func BenchmarkEncodeSpan(b *testing.B) {
	td := agentruns.LoadTraces(b, "../mapping/testdata/fixtures/otel-current-openai-chat.otlp.json")
	row := SpanRow{Span: &mapping.New(mapping.Options{}).Map(td).Spans[0]}

	b.Run("columns", func(b *testing.B) {
		var buf []byte
		b.ReportAllocs()
		for b.Loop() {
			buf = buf[:0]
			for i := range spanColumns {
				buf = spanColumns[i].Append(buf, &row)
			}
		}
	})
	b.Run("pgx", func(b *testing.B) {
		types := pgtype.NewMap()
		values := make([]any, len(spanColumns))
		for i, c := range spanColumns {
			field := c.Append(nil, &row)
			if binary.BigEndian.Uint32(field) == 1<<32-1 {
				continue // null
			}
			if c.OID == pgtype.JSONBOID {
				values[i] = json.RawMessage(field[5:]) // after the length and the version
				continue
			}
			kind, _ := types.TypeForOID(c.OID)
			value, err := kind.Codec.DecodeValue(types, c.OID, pgtype.BinaryFormatCode, field[4:])
			require.NoError(b, err)
			values[i] = value
		}
		var buf []byte
		b.ReportAllocs()
		for b.Loop() {
			buf = buf[:0]
			for i, c := range spanColumns {
				at := len(buf)
				buf = append(buf, 0, 0, 0, 0)
				field, err := types.Encode(c.OID, pgtype.BinaryFormatCode, values[i], buf)
				require.NoError(b, err)
				if field == nil {
					binary.BigEndian.PutUint32(buf[at:], 1<<32-1)
					continue
				}
				buf = field
				binary.BigEndian.PutUint32(buf[at:], uint32(len(buf)-at-4))
			}
		}
	})
}
