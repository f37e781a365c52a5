// Package acceptance has tests only. They send OTLP to exporters as a collector does and ask what
// users ask in SQL: rows, views, look-ups and documented queries, for traces and log records, in any
// order, batching and number of collectors. Package faults breaks what is around the exporter,
// package e2e drives the built collector.
package acceptance
