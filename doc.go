// Package llmobservatoryexporter is an OpenTelemetry Collector exporter that stores LLM spans as typed
// rows in one Postgres database: facts in llm_traces and llm_spans, words in llm_contents.
package llmobservatoryexporter

//go:generate internal/tools/generate.sh
