package postgres

import (
	"net"
	"time"
)

const (
	// The server ends the transaction of a relay that holds the head and is silent for
	// idleLimit. The wait for the head is longer than that, a statement's time longer
	// than both. transactionLimit is the relay's own, for a server that does not end
	// what it should.
	idleLimit        = 3 * time.Second
	lockLimit        = 8 * time.Second
	statementLimit   = 15 * time.Second
	transactionLimit = 20 * time.Second

	// readLimit bounds a read outside of transactions, the wait for a connection
	// included.
	readLimit = 10 * time.Second

	// readyLimit is how long readiness waits for a running commit.
	readyLimit = 2 * time.Second

	// connectLimit bounds a connection's being made, unless the address says
	// connect_timeout.
	connectLimit = 5 * time.Second

	// readBackLimit is how long this process tries to read back the outcome of a commit,
	// also across a failover to a standby.
	readBackLimit = 2 * time.Minute

	// commitLimit bounds a commit, which waits for the standbys: cancelling it would make
	// visible what the standbys may lack. A broken network is noticed earlier.
	commitLimit = 2 * time.Minute

	// lostAfter is how long the other side of a connection may leave what it gets
	// unacknowledged.
	lostAfter = 15 * time.Second

	// readers is how many connections one relay reads with, unless the address says
	// pool_max_conns. One more writes.
	readers = 8

	// tries is how often a transaction is tried that conflicted with another one, or
	// whose connection broke before its commit.
	tries = 4
)

// keepAlive probes idle connections.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 5 * time.Second, Count: 3}
