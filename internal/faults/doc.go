// Package faults tests that nothing is lost and nothing is doubled whatever breaks:
// Postgres, Redis, the network, the collector, or the spans themselves. Real
// servers are killed, filled, cut off and misconfigured under load; afterwards every
// span that was sent is a row, once, and every roll-up equals the sum over the rows.
//
// docs/reliability.md lists each fault with the test that shows what is promised.
package faults
