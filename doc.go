//go:generate internal/tools/generate.sh

// Package llmobservatoryexporter is an OpenTelemetry Collector exporter that
// stores LLM calls, tool calls and agent steps as typed rows in Postgres.
//
// A batch takes one way, and exporter.go shows it whole:
//
//	pdata ──► internal/mapping ──► internal/pricing ──► traceresolver.go ──► internal/write ──► Postgres
//	          internal/logs        estimates of         which traces have    one transaction:
//	          spans and log        what calls cost      a row already        contents, events, traces, spans
//	          records become one
//	          normalised batch
//
// Queue, batching and timeout are the collector's exporterhelper; retry.go and pipeline.go
// are around it. lifecycle.go is start, background and shutdown. docs/architecture.md has
// the packages, the locks, what always holds, and which file to open for which question.
package llmobservatoryexporter
