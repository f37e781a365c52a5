package store

import (
	"slices"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
)

// ResourceRow is a row of llm_resources.
type ResourceRow struct {
	ID         content.ID
	Attributes []byte
	LastDay    int32 // with a span of the resource
}

var resourceColumns = []pgbatch.Column[ResourceRow]{
	pgbatch.Col("id", pgtype.UUIDOID, func(b []byte, r *ResourceRow) []byte { return pgbatch.AppendUUID(b, r.ID) }),
	pgbatch.Col("attributes", pgtype.JSONBOID, func(b []byte, r *ResourceRow) []byte { return pgbatch.AppendJSONB(b, r.Attributes) }),
	pgbatch.Col("last_day", pgtype.DateOID, func(b []byte, r *ResourceRow) []byte { return pgbatch.AppendDay(b, r.LastDay) }),
}

// Resources stores the resources of spans, given by their ids.
func (s *Store) Resources(resources map[content.ID][]byte, spans []mapping.Span) pgbatch.Statement {
	last := lastDays(spans)
	rows := make([]ResourceRow, 0, len(resources))
	for id, attributes := range resources {
		rows = append(rows, ResourceRow{id, attributes, last[id]})
	}
	slices.SortFunc(rows, func(a, b ResourceRow) int { return compareIDs(a.ID, b.ID) })
	return s.insertResources.Statement("store resources", rows)
}

// lastDays returns the last day of each resource's spans.
func lastDays(spans []mapping.Span) map[content.ID]int32 {
	days := map[content.ID]int32{}
	for from := 0; from < len(spans); {
		id, last := spans[from].ResourceID, spans[from].Day
		for ; from < len(spans) && spans[from].ResourceID == id; from++ {
			last = max(last, spans[from].Day)
		}
		if day, ok := days[id]; !ok || day < last {
			days[id] = last
		}
	}
	return days
}
