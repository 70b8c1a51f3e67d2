// Package postgres keeps the ledger in a PostgreSQL database that any number of
// relays share.
//
// There is one tree however many write: each transaction begins by locking the
// one row of table head, in a statement of its own, and reads everything else
// after that; what it reads first comes with the same answer. (A statement that locks
// and reads at once sees, after it has waited for the lock, the rows as they were
// before the wait: two relays would number their events alike.) READ COMMITTED is enough, then, and SQL stays plain: no
// advisory locks, no LISTEN.
//
// Time limits are set in each transaction, so that a relay that was stopped in
// the middle of one releases the head after a few seconds. A commit whose
// answer was lost is read back: see outcome.go.
package postgres
