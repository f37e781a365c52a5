package store

import (
	"embed"
	"strconv"
	"strings"
	"text/template"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/schema"
)

// files are the statements, one a file. In them {{.schema}} is the quoted schema and
// {{.literal}} its name as a literal, {{.columns}} the columns of the file's rows,
// {{.rows}} the rows as a table r, {{.values}} their values, and {{.set}} and
// {{.set_values}} the same without the ids of a trace.
//
//go:embed sql/*.sql
var files embed.FS

// Store has the statements on the tables of one schema. Those on one table, or of one purpose, are a type
// that stands beside the methods that use them.
type Store struct {
	schema       string
	begin, guard string

	contentStatements
	traceStatements
	spanStatements
	countingQueries
	countingChanges
	eventStatements
	repriceStatements
	wordStatements
	signalQueries
	signalChanges
	keptQueries
	pairingStatements

	insertResources pgbatch.Query[ResourceRow]
	touchHours      pgbatch.Query[HourRow]
	createDay       string
}

// New returns the statements for the tables of a schema.
func New(schemaName string) *Store {
	return &Store{
		schema: schemaName,
		begin:  text(schemaName, "begin"),
		guard:  text(schemaName, "guard"),

		contentStatements: newContentStatements(schemaName),
		traceStatements:   newTraceStatements(schemaName),
		spanStatements:    newSpanStatements(schemaName),
		countingQueries:   newCountingQueries(schemaName),
		countingChanges:   newCountingChanges(schemaName),
		eventStatements:   newEventStatements(schemaName),
		repriceStatements: newRepriceStatements(schemaName),
		wordStatements:    newWordStatements(schemaName),
		signalQueries:     newSignalQueries(schemaName),
		signalChanges:     newSignalChanges(schemaName),
		keptQueries:       newKeptQueries(schemaName),
		pairingStatements: newPairingStatements(schemaName),

		insertResources: query(schemaName, "resources_insert", resourceColumns),
		touchHours:      query(schemaName, "hours_touch", hourColumns),
		createDay:       text(schemaName, "day_create"),
	}
}

// text is the statement of a file that takes no rows.
func text(schemaName, file string) string { return render(schemaName, file, nil, "") }

// query is the statement of a file that takes rows.
func query[T any](schemaName, file string, columns []pgbatch.Column[T]) pgbatch.Query[T] {
	names, values := make([]string, len(columns)), make([]string, len(columns))
	casts := false
	for i, c := range columns {
		names[i], values[i] = c.Name, c.Name
		if to := arrayCasts[c.Name]; to != "" {
			values[i] += to + " AS " + c.Name
			casts = true
		}
	}
	rows := "$rows AS r (" + strings.Join(names, ", ") + ")"
	if casts { // apart from the statement, since Citus takes no such casts in what an UPDATE sets
		rows = "(SELECT " + strings.Join(values, ", ") + " FROM " + rows + " OFFSET 0) AS r"
	}
	return pgbatch.NewQuery(render(schemaName, file, names, rows), columns)
}

func render(schemaName, file string, columns []string, rows string) string {
	values := make([]string, len(columns))
	var set, setValues []string
	for i, name := range columns {
		values[i] = "r." + name
		if name != "id" && name != "trace_id" {
			set, setValues = append(set, name), append(setValues, values[i])
		}
	}
	var b strings.Builder
	err := templates.ExecuteTemplate(&b, file+".sql", map[string]string{
		"schema": pgx.Identifier{schemaName}.Sanitize(), "literal": schema.Literal(schemaName),
		"columns": strings.Join(columns, ", "), "values": strings.Join(values, ", "), "rows": rows,
		"set": strings.Join(set, ", "), "set_values": strings.Join(setValues, ", "),
		"most_owners": strconv.Itoa(MaxOwners),
	})
	if err != nil {
		panic(err) // a file of this package is wrong: every test shows it
	}
	return b.String()
}

// arrayCasts are the types of columns whose values come as text, since the elements of
// an array parameter cannot be arrays.
var arrayCasts = map[string]string{
	"tags": "::text[]", "models": "::text[]", "adjustments": "::text[]", "finish_reasons": "::text[]",
	"input_message_ids": "::uuid[]", "output_message_ids": "::uuid[]",
}

var templates = template.Must(template.New("sql").Option("missingkey=error").ParseFS(files, "sql/*.sql"))

// Server is what the server says of a transaction when that begins.
type Server struct {
	Durable  bool // a commit that succeeded survives a crash of the server
	MayProve bool // the role may run contents_proof.sql
}

// Begin returns the first statements of a transaction that stores a batch. They fill in
// server.
func (s *Store) Begin(server *Server) []pgbatch.Statement {
	return []pgbatch.Statement{
		{What: "begin", SQL: s.begin},
		{
			What: "begin", SQL: s.guard, Params: [][]byte{[]byte(s.schema)}, OIDs: []uint32{pgtype.TextOID},
			Row: func(v [][]byte) error {
				r := pgbatch.Reader{Values: v}
				server.Durable, _ = r.OptBool()
				server.MayProve, _ = r.OptBool()
				return r.Err
			},
		},
	}
}

// param is the value of a field that was appended with its length.
func param(field []byte) []byte { return field[4:] }
