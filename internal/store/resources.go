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

// Resources stores the resources of a batch.
func (s *Store) Resources(b *mapping.Batch) pgbatch.Statement {
	last := lastDays(b)
	rows := make([]ResourceRow, 0, len(b.Resources))
	for id, attributes := range b.Resources {
		rows = append(rows, ResourceRow{id, attributes, last[id]})
	}
	slices.SortFunc(rows, func(a, b ResourceRow) int { return compareIDs(a.ID, b.ID) })
	return s.insertResources.Statement("store resources", rows)
}

// lastDays returns the last day of each resource's spans and events.
func lastDays(b *mapping.Batch) map[content.ID]int32 {
	days := map[content.ID]int32{}
	var id content.ID
	var last int32
	note := func() {
		if day, ok := days[id]; !ok || day < last {
			days[id] = last
		}
	}
	add := func(of content.ID, day int32) {
		if of != id {
			note()
			id, last = of, day
		}
		last = max(last, day)
	}
	for i := range b.Spans {
		add(b.Spans[i].ResourceID, b.Spans[i].Day)
	}
	for i := range b.Events {
		add(b.Events[i].ResourceID, b.Events[i].Day)
	}
	note()
	return days
}
