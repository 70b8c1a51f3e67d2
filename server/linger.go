package main

import (
	"errors"
	"net"
	"os"
	"sync/atomic"
	"time"
)

// How long a listener that is closed waits for somebody who is at the door, each
// time and in all.
const (
	lingerQuiet = 10 * time.Millisecond
	lingerMost  = time.Second
)

// lingering is a listener that, once it is closed, still takes those whom the
// kernel has connected already: it would cut them off before a byte of them was
// read, and no balancer may send their request to another relay.
type lingering struct {
	*net.TCPListener
	closing atomic.Bool

	// Of the one goroutine that accepts.
	until time.Time
	quiet bool // nobody came for lingerQuiet
}

func linger(l net.Listener) net.Listener {
	if l, ok := l.(*net.TCPListener); ok {
		return &lingering{TCPListener: l}
	}
	return l
}

// Accept implements [net.Listener].
func (l *lingering) Accept() (net.Conn, error) {
	for {
		c, err := l.TCPListener.Accept()
		if !l.closing.Load() || err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return c, err
		}
		if l.until.IsZero() {
			l.until = time.Now().Add(lingerMost)
		}
		if err == nil {
			l.quiet = false
			return c, nil
		}
		if l.quiet || time.Now().After(l.until) {
			return nil, errors.Join(net.ErrClosed, l.TCPListener.Close())
		}
		// A deadline that is over is not waited for, so whoever came before it may still stand there.
		l.quiet = true
		if err := l.SetDeadline(time.Now().Add(lingerQuiet)); err != nil {
			return nil, err
		}
	}
}

// Close implements [net.Listener]; Accept does it.
func (l *lingering) Close() error {
	l.closing.Store(true)
	return l.SetDeadline(time.Now())
}
