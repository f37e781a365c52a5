package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/jackc/pgx/v5"
)

// table is the size of a table, partitions together.
type table struct {
	Name                 string
	Heap, Toast, Indexes int64 // bytes
}

func tableSizes(ctx context.Context, conn *pgx.Conn) ([]table, error) {
	rows, err := conn.Query(ctx, `
		SELECT coalesce(p.relname, c.relname), sum(pg_relation_size(c.oid))::bigint,
			sum(pg_table_size(c.oid) - pg_relation_size(c.oid))::bigint, sum(pg_indexes_size(c.oid))::bigint
		FROM pg_class c
		LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
		LEFT JOIN pg_class p ON p.oid = i.inhparent
		WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
		GROUP BY 1 ORDER BY 1`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[table])
}

// grown returns what after has more than before.
func grown(before, after []table) []table {
	after = slices.Clone(after)
	for i := range after {
		at := slices.IndexFunc(before, func(t table) bool { return t.Name == after[i].Name })
		if at >= 0 {
			after[i].Heap -= before[at].Heap
			after[i].Toast -= before[at].Toast
			after[i].Indexes -= before[at].Indexes
		}
	}
	return after
}

func (t *table) total() int64 { return t.Heap + t.Toast + t.Indexes }

// printTables shows where the bytes of a measurement are.
func printTables(w io.Writer, title string, s *sample) {
	fmt.Fprintf(w, "%s, bytes a span (heap+toast+indexes):", title)
	n := float64(s.spans)
	for _, t := range s.tables {
		if t.total() > 0 {
			fmt.Fprintf(w, " %s %.0f+%.0f+%.0f", t.Name, float64(t.Heap)/n, float64(t.Toast)/n, float64(t.Indexes)/n)
		}
	}
	fmt.Fprintln(w)
}
