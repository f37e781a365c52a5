package pgbatch

import (
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"
)

// Column ties a column's name, its type and the field that fills it together,
// so that none can drift from the others. Append appends the field in binary
// format with its length, see encode.go.
type Column[T any] struct {
	Name   string
	OID    uint32
	Append func(dst []byte, row *T) []byte
}

// Names lists the names of columns for a statement.
func Names[T any](columns []Column[T]) string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = c.Name
	}
	return strings.Join(list, ", ")
}

// arrayOIDs gives the array type of each element type used in parameters.
var arrayOIDs = map[uint32]uint32{
	pgtype.TextOID:        pgtype.TextArrayOID,
	pgtype.Int8OID:        pgtype.Int8ArrayOID,
	pgtype.Int4OID:        pgtype.Int4ArrayOID,
	pgtype.Int2OID:        pgtype.Int2ArrayOID,
	pgtype.BoolOID:        pgtype.BoolArrayOID,
	pgtype.UUIDOID:        pgtype.UUIDArrayOID,
	pgtype.DateOID:        pgtype.DateArrayOID,
	pgtype.TimestamptzOID: pgtype.TimestamptzArrayOID,
	pgtype.NumericOID:     pgtype.NumericArrayOID,
	pgtype.Float8OID:      pgtype.Float8ArrayOID,
	pgtype.JSONBOID:       pgtype.JSONBArrayOID,
	pgtype.ByteaOID:       pgtype.ByteaArrayOID,
}

// Query is a statement whose rows come in as one array parameter a column.
type Query[T any] struct {
	SQL     string
	columns []Column[T]
	oids    []uint32
}

// NewQuery completes sql, in which $rows stands for the rows as a table
// function.
func NewQuery[T any](sql string, columns []Column[T]) Query[T] {
	q := Query[T]{columns: columns}
	params := make([]string, len(columns))
	for i, c := range columns {
		params[i] = "$" + strconv.Itoa(i+1)
		q.oids = append(q.oids, arrayOIDs[c.OID])
	}
	q.SQL = strings.ReplaceAll(sql, "$rows", "unnest("+strings.Join(params, ", ")+")")
	return q
}

// Statement is the query for rows; extra are more parameters of type timestamptz.
func (q *Query[T]) Statement(what string, rows []T, extra ...[]byte) Statement {
	oids := slices.Clone(q.oids)
	for range extra {
		oids = append(oids, pgtype.TimestamptzOID)
	}
	return Statement{What: what, SQL: q.SQL, Params: append(q.params(rows), extra...), OIDs: oids}
}

// AppendQuery adds a query's statement for rows unless there are none.
func AppendQuery[T any](s []Statement, what string, q *Query[T], rows []T, extra ...[]byte) []Statement {
	if len(rows) == 0 {
		return s
	}
	return append(s, q.Statement(what, rows, extra...))
}

// params returns the array parameters for rows.
func (q *Query[T]) params(rows []T) [][]byte {
	params := make([][]byte, len(q.columns))
	for i, c := range q.columns {
		buf := AppendArrayHeader(nil, c.OID, len(rows))
		for j := range rows {
			buf = c.Append(buf, &rows[j])
		}
		params[i] = buf
	}
	return params
}

// Col is a column.
func Col[T any](name string, oid uint32, appendField func(dst []byte, row *T) []byte) Column[T] {
	return Column[T]{Name: name, OID: oid, Append: appendField}
}

// Replaced returns columns with others in the place of those of the same names.
func Replaced[T any](columns []Column[T], others ...Column[T]) []Column[T] {
	columns = slices.Clone(columns)
	for _, other := range others {
		columns[slices.IndexFunc(columns, func(c Column[T]) bool { return c.Name == other.Name })] = other
	}
	return columns
}

// Filled returns the columns that are not null in all rows.
func Filled[T any](columns []Column[T], rows []T) []Column[T] {
	null := make([]int, len(columns)) // columns without a value in the rows so far
	for i := range null {
		null[i] = i
	}
	var field []byte
	for i := range rows {
		left := null[:0]
		for _, c := range null {
			if field = columns[c].Append(field[:0], &rows[i]); IsNull(field) {
				left = append(left, c)
			}
		}
		null = left
	}
	filled := make([]Column[T], 0, len(columns)-len(null))
	for i, c := range columns {
		if len(null) > 0 && null[0] == i {
			null = null[1:]
			continue
		}
		filled = append(filled, c)
	}
	return filled
}
