// Package trace counts each call of a trace once (contract: "What counts once") and
// sums a trace up. The package knows neither SQL nor a connection: it says what it has
// to be told, and what changes.
//
// # Plan, ask, plan again
//
// New takes the spans that a batch brings of one trace and the row of llm_traces.
// Planner.Plan returns a result, or an Ask for facts that earlier batches stored; with
// the answers it is called again, from the start. A trace that the batch creates needs
// no answers.
//
// # Marks
//
// What lies below a span decides whether it counts. Each span knows that as a set of
// marks (Marks, the column llm_spans.below), and marks go up: to the parent, and on as
// far as they are new. A set only grows, so all marks of a trace pass a span at most
// once each, in whatever order spans arrive. What is below a span that has not arrived
// waits in llm_internal_awaited_spans.
//
// # Calls side by side
//
// Two calls of different scopes can be one although neither lies below the other
// (sameCall). The inner one then counts as if it lay below the outer one. Calls are
// listed under keys, such that two that are one share a key. An outer span is linked
// only if it learns something from the inner one; so the number of links grows with
// that of the spans, not with that of the pairs. Where spans of one scope only are
// known, as in most traces, there is nothing to look for and nothing is stored.
//
// Spans with odd clocks can turn out to be nested the other way round once a parent
// arrives. Then the trace is counted anew from all its spans; only then can a flag go
// from false to true.
//
// # Events
//
// Programs that send spans and log records observe a call in both signals, often in two
// traces. Signals (places.go) pairs such observations by keys that llm_internal_call_candidates
// keeps, before the traces are locked, and says in whose trace an event is kept. Nothing is looked
// for in sessions of which nothing is listed (absence.go). Claims
// (claims.go) say which batches may not pair at the same time. What follows
// from a pair is a function of the two (Effects). The planner applies the effects to the flags
// and stores them with the pair, so that a trace that is counted anew comes to the same.
//
// # Tools
//
// A tool call is repeated by one of the same name below it. One mark says that any tool
// lies below; where tools are nested, which is seldom, llm_internal_nested_tools keeps those
// that can still be repeated, or repeat another, by name.
//
// # Rows of earlier versions and of other programs
//
// The provenance of a trace's row (provenance.go) says whether this version counted all
// of its spans. Where it does not, or cannot be read, the first batch that brings a new
// span of the trace counts all of it anew, and makes the row anew from its spans.
// Erasure of some spans of a trace (internal/schema/functions/recount.sql) leaves such a
// row: flags that follow the definition, and nothing else that counting keeps but pairs.
package trace
