// Package pricing estimates what the calls of a batch cost, by the prices that the
// database holds, and estimates the past again when these change.
//
//	mapped spans ──► Pricer.Estimate ──► Span.EstimatedCost     in memory, in the way of a batch
//	llm_prices   ──► Pricer.Reload                              every 10 s
//	             ──► Repricer                                   days whose prices changed,
//	                                                            traces with calls that name no model
//
// An estimate is made for every model span that reports tokens, beside a reported cost
// too, so that both can be compared. Which of them counts is for internal/trace.
//
// # How the past follows
//
// A collector that sees other prices notes the days for which they hold
// (llm_internal_price_changes). These days are listed at once (llm_internal_days_to_price),
// and any number of collectors take them, the latest first: a transaction of write.Reprice
// locks the day's row, reads the prices, and estimates the calls of the next traces. A change
// of prices after that lists the day anew, and waits for the row to do so. No day is
// so estimated by prices of before.
//
// Batches are: one may have been estimated before its collector saw the change, and be stored
// after its traces were priced. Such a batch is stored within some time (Repricer.settled)
// after the change was noted, and its transaction began no longer than that before. When the
// time is over and the days are done, they are listed again, for the traces that batches have
// changed since (llm_traces.updated_at, which pricing leaves alone).
//
// A transaction changes the estimates of a trace's calls and the sums of the trace, under the
// lock on its row, which batches take too. It notes what it has done in the row of the day:
// one that fails is made again, and nothing twice.
//
// # Calls that name no model
//
// Some programs report the tokens of a call on one span, and the model on another or in a log record,
// which may come later. Such a call has the model that the views show (llm_internal_told_model). A batch
// lists traces to which it brings one (llm_internal_traces_to_price), and write.RepriceDue prices them,
// at once and then at ever longer intervals for a day: an observation that comes some time after the
// call is found within three times that time. The model is looked for in SQL alone, and prices are
// found in Go alone.
package pricing
