// Package postgres keeps the ledger in a PostgreSQL database that any number of
// relays share.
//
// There is one tree however many relays write: each transaction begins by locking
// the one row of table head, in a statement of its own, and reads everything else
// after that, though in the same round trip. (A statement that locks and reads at once
// sees the rows as they were before it waited for the lock: two relays would give their
// events the same numbers.) With that, READ COMMITTED is enough, and SQL stays plain:
// no advisory locks, no LISTEN.
//
// Time limits are set in each transaction, so that a relay that was stopped in
// the middle of one releases the head after a few seconds. A commit whose
// answer was lost is read back: see outcome.go.
package postgres
