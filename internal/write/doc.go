// Package write stores batches of mapped spans exactly once, and counts each call once.
//
// A batch is one transaction, whose steps are listed in transaction.go in the order of
// their locks: contents, calls that both signals observe, events, traces, spans, words of events, and the
// changes to older rows with the commit.
// What cannot be stored is isolated and set aside (isolate.go). docs/architecture.md shows
// the way of a batch, the locks and what always holds.
//
// # Asking as little as possible
//
// Whether a row is there costs about as much to ask as to store it. What this
// process has stored need not be asked for as long as Postgres proves that none
// of it can have gone, see package seen. Of a conversation only the messages since
// its last call are looked at, see content.History. What this process does not know is
// mostly new and is COPYed unasked, see optimism; if that was wrong, the COPY fails with a
// unique violation and the batch is done again carefully: everything is asked for and
// stored by INSERT … ON CONFLICT.
//
// # Contents of a batch that is alone
//
// Where no other batch stores contents, those of a large batch of spans are stored while the batch is mapped
// (mapped.go): one goroutine begins the transaction and runs the COPY, another decides about the contents of each part
// that is mapped, and Write goes on with the transaction. Mapping begins when the COPY does, or 5 ms later. Only one batch at a time does so, and only while contents are
// copied unasked. Its reservation grows by parts; other batches map as ever and wait in Reserve until the reservation
// is whole: until the batch is mapped and looked up in Redis, both of which have bounds (seen/parts.go). So reservations of two batches never interleave, each batch
// leaves contents to earlier ones only, and no wait goes round in a circle. What fails is rolled back, reservation
// included, and goes the ordinary way: a batch whose mapping ends early, one that is halved, one with events of days that its
// spans do not have, and every attempt after the first. PostgreSQL's statement_timeout counts what mapping takes for the COPY. The contents of parts are sorted part by part, so two processes that store the same contents at that
// moment may meet in a deadlock, which Postgres ends after a second; optimism is refuted then, and batches of
// either ask first for as long as they find contents of the other.
//
// # Exactly once
//
// All spans of a trace are written under the lock on the trace's row. A trace
// that the batch itself creates has no older spans, so there is nothing to
// check. For other traces the batch looks up which of its spans are stored and leaves
// those out. Roll-ups therefore only ever add what this very transaction inserts, and a
// batch that is sent again after a lost COMMIT changes nothing.
//
// # Counting each call once
//
// Package trace decides what counts and what a trace's row says. This package reads
// what it asks for, all traces of a batch in the same round trips, and stores what it
// answers, under the locks on the traces' rows.
//
// # Calls that both signals observe
//
// A batch with events, or with spans of programs that also send log records, pairs before it locks its traces
// (pairing.go and the files beside it): an event is kept in the trace of the span that observes the same call.
// Words that log records bring for a span are in words.go and words_change.go.
//
// # Usage by the hour
//
// A batch does not add to llm_usage_hourly itself: rows that every batch changes
// would make batches wait for one another and swell, and a call that stops
// counting would have to be taken out again. It only notes which hours it touched,
// one INSERT of a row or two that is nearly always there already, see
// llm_fold_usage.
package write
