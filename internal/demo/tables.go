package main

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/jackc/pgx/v5"
)

// queries hold the statement behind each table; every column is text.
//
//go:embed queries/*.sql
var queries embed.FS

var tables = []struct{ title, query string }{
	{"Traces (llm_traces)", "traces"},
	{"Model calls (llm_calls)", "calls"},
	{"Tool calls (llm_tool_calls)", "tools"},
	{"Messages (llm_messages)", "messages"},
	{"A session of Claude Code, by its log records (llm_transcript)", "session"},
	{"Each message is stored once a day (llm_contents)", "contents"},
}

// showTables returns the stored rows as aligned text.
func showTables(ctx context.Context, database string) (string, error) {
	conn, err := pgx.Connect(ctx, database)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	var out strings.Builder
	for _, table := range tables {
		statement, err := queries.ReadFile("queries/" + table.query + ".sql")
		if err != nil {
			return "", err
		}
		rows, err := conn.Query(ctx, string(statement))
		if err != nil {
			return "", fmt.Errorf("%s: %w", table.query, err)
		}
		fmt.Fprintf(&out, "\n%s\n", table.title)
		if err := writeTable(&out, rows); err != nil {
			return "", fmt.Errorf("%s: %w", table.query, err)
		}
	}
	return out.String(), nil
}

func writeTable(out *strings.Builder, rows pgx.Rows) error {
	defer rows.Close()
	var aligned bytes.Buffer
	writer := tabwriter.NewWriter(&aligned, 0, 0, 2, ' ', 0)
	var names []string
	for _, field := range rows.FieldDescriptions() {
		names = append(names, field.Name)
	}
	fmt.Fprintln(writer, "  "+strings.Join(names, "\t"))
	for rows.Next() {
		cells := make([]*string, len(names))
		targets := make([]any, len(names))
		for i := range cells {
			targets[i] = &cells[i]
		}
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		fmt.Fprintln(writer, "  "+strings.Join(texts(cells), "\t"))
	}
	if err := errors.Join(rows.Err(), writer.Flush()); err != nil {
		return err
	}
	for line := range strings.Lines(aligned.String()) {
		fmt.Fprintln(out, strings.TrimRight(line, " \n"))
	}
	return nil
}

func texts(cells []*string) []string {
	out := make([]string, len(cells))
	for i, cell := range cells {
		if out[i] = "-"; cell != nil {
			out[i] = *cell
		}
	}
	return out
}

// compareWithExpected fails with the first line that differs from testdata/otlp/expected.txt.
func compareWithExpected(shown string) error {
	dir, err := sampleDir()
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "expected.txt")
	expected, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if shown == string(expected) {
		return nil
	}
	got, want := strings.Split(shown, "\n"), strings.Split(string(expected), "\n")
	for i, line := range got {
		if i >= len(want) || line != want[i] {
			return fmt.Errorf("the rows are not the expected ones of %s; line %d is\n%s\nand should be\n%s",
				path, i+1, line, strings.Join(want[min(i, len(want)):min(i+1, len(want))], ""))
		}
	}
	return fmt.Errorf("the rows end before those of %s", path)
}
