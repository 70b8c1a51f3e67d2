package postgres

import (
	"net"
	"time"
)

const (
	// A relay that holds the head and says nothing is cut off by the server after
	// idleLimit; who waits for the head waits longer than that, and a statement
	// longer than both. What the server does not end, the relay does.
	idleLimit        = 3 * time.Second
	lockLimit        = 8 * time.Second
	statementLimit   = 15 * time.Second
	transactionLimit = 20 * time.Second

	// readLimit bounds a read outside of transactions, the wait for a connection
	// included.
	readLimit = 10 * time.Second

	// readyLimit is how long readiness waits for the commit that is under way.
	readyLimit = 2 * time.Second

	// connectLimit bounds a connection's being made, unless the address says
	// connect_timeout.
	connectLimit = 5 * time.Second

	// readBackLimit is how long the outcome of a commit is asked for, a failover to
	// a replica included, before this process gives up on it.
	readBackLimit = 2 * time.Minute

	// commitLimit bounds a commit, which waits for the replicas for as long as it takes:
	// to break it off would show to all what the replicas may lack. A network that is
	// gone is noticed before.
	commitLimit = 2 * time.Minute

	// lostAfter is how long the other side of a connection may leave what it gets
	// unacknowledged.
	lostAfter = 15 * time.Second

	// readers is how many connections one relay reads with, unless the address says
	// pool_max_conns. One more writes.
	readers = 8

	// tries is how often a transaction that was in the way of another one, or whose
	// connection broke before its commit, is begun.
	tries = 4
)

// keepAlive is how a connection that says nothing is looked at.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 5 * time.Second, Count: 3}
