// Package pgbatch is how a batch talks to Postgres, whatever it stores: statements that
// share a round trip (statement.go), binary COPY (copy.go), columns with their encoders
// (column.go, encode.go), result rows (reader.go) and what becomes of a batch after an error (policy.go).
package pgbatch
