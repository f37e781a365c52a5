//go:generate internal/tools/generate.sh

// Package llmobservatoryexporter is an OpenTelemetry Collector exporter that
// stores LLM calls, tool calls and agent steps as typed rows in Postgres.
//
// A batch takes one path, and exporter.go shows it whole:
//
//	pdata ──► internal/mapping ──► traceresolver.go ──► internal/write ──► Postgres
//	          spans of any         which traces have    one transaction:
//	          dialect become       a row already        contents, traces, spans
//	          normalised spans
//
// Queue, batching, retries and timeout are the collector's exporterhelper. The
// packages below, each with one reason to be:
//
//   - pool opens Postgres and Redis from configuration, environment or file, and
//     tells errors that pass from those that stay. Programs without a collector
//     use it too.
//   - internal/mapping turns a span into facts and words. A dialect is a file of
//     data; one engine reads them all.
//   - internal/content gives words their canonical form and their id;
//     internal/jsonval is the JSON below it.
//   - internal/write stores a batch exactly once and counts each call once.
//   - internal/schema holds tables, views and functions as SQL migrations.
//   - internal/upkeep keeps partitions, retention and hourly figures.
package llmobservatoryexporter
