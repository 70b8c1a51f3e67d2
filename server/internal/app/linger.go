package app

import (
	"errors"
	"net"
	"os"
	"sync/atomic"
	"syscall"
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
		if time.Now().After(l.until) {
			return nil, l.end()
		}
		if l.quiet {
			return l.last()
		}
		// A deadline that is over is not waited for, so whoever came before it may still stand there.
		l.quiet = true
		if err := l.SetDeadline(time.Now().Add(lingerQuiet)); err != nil {
			return nil, err
		}
	}
}

// last takes somebody who has come while this goroutine was not run, which on a busy
// machine may be for milliseconds, or ends: between the look and the end nothing waits.
func (l *lingering) last() (net.Conn, error) {
	raw, err := l.SyscallConn()
	if err != nil {
		return nil, err
	}
	var fd int
	var nobody error
	if err := raw.Control(func(listener uintptr) { fd, _, nobody = syscall.Accept(int(listener)) }); err != nil {
		return nil, err
	}
	if nobody != nil {
		return nil, l.end()
	}
	syscall.CloseOnExec(fd)
	file := os.NewFile(uintptr(fd), "connection")
	defer file.Close()
	l.quiet = false
	return net.FileConn(file)
}

// end closes what is listened on.
func (l *lingering) end() error { return errors.Join(net.ErrClosed, l.TCPListener.Close()) }

// Close implements [net.Listener]; Accept does it.
func (l *lingering) Close() error {
	l.closing.Store(true)
	return l.SetDeadline(time.Now())
}
