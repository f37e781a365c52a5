// Package store has the tables that batches are written to: spans, traces, contents, events,
// resources and hours of usage; what counting each call once asks and changes (counting.go, changes.go);
// and what pairing calls of two signals does (signals.go, signal_changes.go, kept.go). A row
// is a struct, its columns are one list, and each statement is a file in sql/. Days are
// a type (day.go). Nothing here decides what is stored.
package store
