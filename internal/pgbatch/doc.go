// Package pgbatch is how a batch talks to Postgres, whatever it stores: statements that
// share a round trip (statement.go), binary COPY (copy.go), columns with their encoders
// (column.go, encode.go), result rows (reader.go) and the errors (errors.go).
package pgbatch
