// Package trace counts each call of a trace once (docs/counting.md) and
// sums a trace up. The package knows neither SQL nor a connection: it says what it has
// to be told, and what changes.
//
// # Files
//
//	trace.go, ask.go, result.go  a trace, what storage is asked for, what changes
//	plan.go                      the order of the rules
//	graph.go, marks.go           the rule for calls below others: marks go up
//	ancestors.go                 which span lies above which
//	siblings.go                  the rule for calls side by side; siblings_stored.go: with stored calls
//	tools.go                     the rule for tools
//	plan_events.go               what follows from pairs with events
//	cover.go                     whose estimate counts; cover_stored.go: in a stored trace
//	rollup.go, provenance.go     the row of the trace, and which spans its values are from; labels.go, hours.go
//	signals.go, signals_*.go     which spans and events observe one call
//	bounds.go                    how much work a trace may ask for
//	definition_test.go           the rules as they are defined, which the tests compare all of this with
//
// # Plan, ask, plan again
//
// Trace.Begin takes the spans that a batch brings of one trace and the row of llm_traces.
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
// waits in the row of the trace, which has room for one such span, else in llm_internal_awaited_spans.
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
// traces. Signals (signals.go) pairs such observations by keys that llm_internal_call_candidates
// keeps, before the traces are locked, and says in whose trace an event is kept. Calls that log records
// alone tell are not listed there: the records keep their keys (signals_kept.go). Nothing is looked
// for in sessions of which nothing is listed (signals_absence.go). An event without context, which tells
// a call of a model and names neither a trace nor, itself, a session (WithoutContext), may observe any span with the id of its
// response, of programs that send no records too: the event looks for these spans by the id, and calls that come later look for the event, if
// any event without context is listed of about their time. So does an event that names a session and no trace, by
// its session, where no scope says which spans are its program's. Claims (signals_claims.go) say which batches may
// not pair at the same time.
//
// What follows from a pair is a function of the two (Effects). The planner applies the effects to the flags
// and stores them with the pair, so that a trace that is counted anew comes to the same. Where
// a reported cost stops counting, the pairs of the calls below it are read, since an event may
// report the cost of some as well.
//
// # Tools
//
// A tool call is repeated by one of the same name below it. One mark says that any tool
// lies below; where tools are nested, which is seldom, llm_internal_nested_tools keeps those
// that can still be repeated, or repeat another, by name. Spans end before those around them,
// so a tool often waits for the same span as many others of its name: a row that a batch has
// looked at names the one span above it that has not arrived. No batch reads the row again
// before that span arrives, and none at all if nothing can come above the tool any more.
//
// # Rows of earlier versions and of other programs
//
// The provenance of a trace's row (provenance.go) says whether this version counted all
// of its spans. Where it does not, or cannot be read, the first batch that brings a new
// span of the trace counts all of it anew, and makes the row anew from its spans.
// Erasure of some spans of a trace (internal/schema/functions/recount.sql) leaves such a
// row: flags that follow the definition, and nothing else that counting keeps but pairs.
//
// # What grows with the trace
//
// A batch reads what it changes and what lies above its spans. In deep traces that is much:
// nested tools, and calls side by side, are looked up through all levels above them. More is read
// still where spans of one id bring other parents or tools, while tools are nested or pairs stored,
// and where the outer one of a pair turns out to lie below the inner one: the trace is counted anew
// each time. And where tools are nested, a call with tools below is paired with those around it.
//
// Of these some cannot be mended without another definition. If spans have several parents, one
// trace can ask for each edge of a graph, by a tool on top and one of the same name at the
// bottom, whether two other edges lead from one end to the other: its flags tell whether the
// graph has a triangle, for which no way is known that takes time in proportion to the edges.
// And a span that arrives between the ends of pairs can change the flags of all that wait for
// it, again and again, so that the changes alone outgrow the trace.
//
// So there are bounds (bounds.go): of the spans that a batch reads of a trace, of the steps that
// counting takes for each, and of the pairs of a call with tools below. Where a trace reaches
// one of the first two, the exporter logs a warning; calls of the trace may count twice.
package trace
