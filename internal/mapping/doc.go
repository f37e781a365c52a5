// Package mapping turns OTLP spans of any LLM instrumentation, and the log records that
// package logs has read, into rows of one shape: facts in columns, words as contents.
//
// One engine reads the attributes of a span once and resolves each field from an
// ordered list of sources. What the sources are is data: package dialect describes
// in one file a dialect which attribute feeds which field, and the engine knows no dialect
// by name. docs/dialects.md is generated from these descriptions. What no dialect describes
// is read by the words of its keys.
//
// # Files
//
//	mapper.go, resource.go, parallel.go, memory.go, fault.go  from pdata to a batch, on all cores; what becomes of panics
//	span.go, record.go, score.go, split.go  what a batch holds, and halves of it
//
//	dialect/                            what a dialect can say, what each says, and which of them wins
//	value/                              texts, numbers and times that attributes and JSON hold
//	keywords/                           the words of keys and names
//
//	table.go, family.go, indexed.go, ready.go  what the dialects compile to
//	copies.go                           keys that contrib's gen_ai_normalizer has copied
//
//	reading.go, scan.go, keyread.go, ownkeys.go  one span while it is read: each attribute is filed once; dialects.go answers dialects
//	sources.go, parsed.go, msgpack.go  a field is taken from the first source that has it
//
//	field.go, fieldvalues.go, facts.go  columns that hold no words; params.go, provider.go, labels.go
//	kind.go                             whether a span is a call, a tool, an agent, …; kind_words.go and kind_evidence.go judge by words and by what is there
//	usage.go, tokens.go                 tokens and cost, and what each number contains
//	contents.go, messages.go, answer.go, asked.go, called.go, toolresult.go  words
//	events.go, eventwords.go, template.go  events of spans; words that log records have of spans, and in their own attributes
//	attributes.go, key.go, words.go     what stays an attribute, what is a word, what capture: metadata leaves out
//
//	unknown.go, unknown_sources.go, unknown_events.go, unnamed.go  emitters that no dialect describes
//
//	adjust.go                           what was repaired or corrected
//	explain.go, explain_notes.go, explain_values.go  why a span became its row, for cmd/explain
package mapping
