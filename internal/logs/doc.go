// Package logs reads OTLP log records that tell of LLM calls, tool calls, prompts, words
// and scores.
//
//	plog ──► Read ──► Batch: records      a row of llm_events each
//	                         observations  spans that records tell of, as pdata
//	                         words         messages for spans told elsewhere
//	                         scores        a row of llm_scores each
//
// What a record tells is data: each program has a file, program_NAME.go, and the GenAI conventions have one,
// program_genai.go. A file says for each event what the event tells, which attribute feeds which attribute
// of a span in the current GenAI conventions, and which id ties the record to what. Events of programs without
// a file are read by the words of their names and keys. A call told by a record so becomes an ordinary span,
// which internal/mapping maps as any other.
//
// # Ids
//
// The id of a record is a hash of the record, so a resend is the same row. The span id
// of a call that a record tells is derived from the record too, never from ids
// that the record carries, which repeat. Without a trace id of its own a record belongs to the
// trace of its turn, which is derived from service, session and turn: a turn is a trace. Where nothing names
// a session, the id of the record is the trace: the record stands alone.
//
// # Files
//
//	read.go, record.go                  from plog to a Batch, on all cores; one record while it is read
//	program.go, program_NAME.go         what a program can say, and what each says
//	unknown.go                          rules for events of programs without a file
//	observe.go                          a record becomes the span of the call that it tells
//	ids.go, turns.go                    ids of records, spans and traces; which turn the span of an agent is
//	words.go                            words that a record has of a span that something else tells
//	spanevents.go                       span events that programs write beside records of the same events
//	apispans.go                         spans that a model's API writes itself, which go to the trace of the client's span
//	explain.go                          why a record became its rows, for cmd/explain
package logs
