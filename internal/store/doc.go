// Package store has the tables that batches are written to: spans, traces, contents,
// resources, hours of usage, and what counting each call once keeps (lookups.go). A row
// is a struct, its columns are one list, and each statement is a file in sql/. Days are
// a type (day.go). Nothing here decides what is stored.
package store
