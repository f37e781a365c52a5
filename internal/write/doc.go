// Package write stores batches of mapped spans.
//
// # One transaction
//
// A batch is one transaction with few round trips: it tells erasure that it is
// there (an advisory lock that batches share), COPYs the contents that are
// missing, COPYs the rows of new traces and locks those of others, COPYs its
// spans, stores its resources, changes what it must on older rows and commits. Every
// batch takes its locks in that order, each kind sorted, so batches wait for one
// another but never in a circle. A batch that no other is in flight beside is
// stored while it is still being mapped, the contents of all its parts by one COPY:
// each COPY costs Postgres up to a thousand tuple slots, whatever it stores.
//
// # Asking as little as possible
//
// Whether a row is there costs about as much to ask as to store it. What this
// process has stored need not be asked for as long as Postgres proves that none
// of it can have gone, see knownContents. Of a conversation only the messages since
// its last call are looked at, see content.History. What this process has not met is
// mostly new and is COPYed on that hope, see hope; if the hope was wrong the COPY
// fails with a unique violation and the batch is done again in careful mode, where
// everything is asked for and stored by INSERT … ON CONFLICT.
//
// # Exactly once
//
// All spans of a trace are written under the lock on the trace's row. A trace
// that the batch itself creates has no older spans, so there is nothing to
// check: that is the fast way. For other traces the batch looks up which of its
// spans are stored and leaves those out. Roll-ups therefore only ever add what
// this very transaction inserts, and a batch that is sent again after a lost
// COMMIT changes nothing.
//
// COPY cannot skip a row that turns out to be there. So the batches of this
// process claim the contents they do not know and their traces in turn, see
// inFlight: a later batch leaves to an earlier one the contents that both are about
// to store, and commits after it. The histories of a conversation, whose calls come
// in several batches at once, are so sent once.
//
// # Counting each call once
//
// What lies below a span decides whether it counts (contract: "counted" and
// "usage_counted"). Each span knows it as a few bits, the column below, and a
// batch sends news up from its spans: to the parent, and on only as far as the
// news is new there. Bits are only ever added, so all the news of a trace passes
// each span at most once per bit, whatever the order of arrival. News for a span
// that has not arrived waits in llm_awaited_spans. Names of tools travel the
// same way, but only up to where they are known.
//
// Two model spans of different scopes can tell one call side by side. Such a
// pair is kept in llm_side_by_side, and news passes from the inner to the outer
// as if it were its parent.
//
// # A trace's row
//
// The row is merged from the stored one and the batch's, see rollup: sums add
// up, times widen, sets unite, and the fields that a root says, or else the
// earliest span, keep their origin beside them so that the order of arrival
// does not show.
//
// # Usage by the hour
//
// A batch does not add to llm_usage_hourly itself: rows that every batch changes
// would make batches wait for one another and swell, and a call that stops
// counting would have to be taken out again. It only notes which hours it touched,
// one INSERT of a row or two that is nearly always there already, see
// llm_fold_usage.
package write
