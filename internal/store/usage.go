package store

import (
	"slices"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
)

const microsPerHour = 60 * 60 * 1_000_000

// HourRow is a row of llm_usage_hours: an hour whose usage changes.
type HourRow struct {
	Start int64 // µs
}

var hourColumns = []pgbatch.Column[HourRow]{
	pgbatch.Col("hour", pgtype.TimestamptzOID, func(b []byte, r *HourRow) []byte { return pgbatch.AppendTime(b, r.Start) }),
}

// TouchHours appends the statement that notes the hours of the given times (µs), so
// that their usage is summed up again.
func (s *Store) TouchHours(statements []pgbatch.Statement, times []int64) []pgbatch.Statement {
	var rows []HourRow
	for _, at := range times {
		over := at % microsPerHour
		if over < 0 {
			over += microsPerHour
		}
		if hour := at - over; len(rows) == 0 || rows[len(rows)-1].Start != hour {
			rows = append(rows, HourRow{hour})
		}
	}
	slices.SortFunc(rows, func(a, b HourRow) int { return int(a.Start - b.Start) })
	return pgbatch.AppendQuery(statements, "note hours", &s.touchHours, slices.Compact(rows))
}
