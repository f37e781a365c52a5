// Package logs reads OTLP log records that tell of LLM calls, tool calls, prompts, words
// and scores.
//
//	plog ──► Read ──► Batch: records      a row of llm_events each
//	                         observations  spans that records tell of, as pdata
//	                         words         messages for spans told elsewhere
//	                         scores        a row of llm_scores each
//
// What a record tells is data: each program or convention has a file, program_NAME.go,
// that says for each event what the event tells, which attribute feeds which attribute
// of a span in the current GenAI conventions, and which id ties the record to what. A call
// told by a record so becomes an ordinary span, which internal/mapping maps as any other.
//
// # Ids
//
// The id of a record is a hash of the record, so a resend is the same row. The span id
// of a call that a record tells is derived from the record too, never from ids
// that the record carries, which repeat. Without a trace id of its own a record belongs to the
// trace of its turn: derived from service, session and turn, so a turn is a trace.
package logs
