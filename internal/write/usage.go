package write

import (
	"slices"

	"github.com/jackc/pgx/v5/pgtype"
)

const microsPerHour = 60 * 60 * 1_000_000

// hourRow is a row of llm_usage_hours.
type hourRow struct {
	start int64
}

var hourColumns = []column[hourRow]{
	{"hour", pgtype.TimestamptzOID, func(b []byte, r *hourRow) []byte { return appendTime(b, r.start) }},
}

// hours returns the hours, sorted, whose usage this batch changes: those of the
// spans that it stores and of those that count otherwise than before.
func (t *transaction) hours() []hourRow {
	var starts []int64
	add := func(at int64) {
		over := at % microsPerHour
		if over < 0 {
			over += microsPerHour
		}
		if hour := at - over; len(starts) == 0 || starts[len(starts)-1] != hour {
			starts = append(starts, hour)
		}
	}
	for r := range t.rows {
		if !t.dead[r] {
			add(t.rows[r].Start)
		}
	}
	for i := range t.flags {
		add(t.flags[i].start)
	}
	slices.Sort(starts)
	starts = slices.Compact(starts)
	rows := make([]hourRow, len(starts))
	for i, at := range starts {
		rows[i] = hourRow{at}
	}
	return rows
}
