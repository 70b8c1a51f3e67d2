// Package connlimit bounds how many connections a server holds, so that no flood of
// them takes all descriptors and memory. When there is no room, the connection
// that has waited longest without a request under way makes it: a client that
// sends its headers a byte at a time gives way to one that asks something.
package connlimit

import (
	"container/list"
	"context"
	"net"
	"net/http"
	"net/netip"
	"sync"
)

// Options of a [Listener]; 0 is no bound.
type Options struct {
	Total      int // connections at a time
	PerAddress int // of one address (IPv4, or an IPv6 /64)
	// Exempt addresses are the operator's own proxies, behind which is everybody.
	Exempt func(netip.Addr) bool
}

// Listener hands out no more connections than its options allow.
type Listener struct {
	net.Listener
	options Options

	mu     sync.Mutex
	idle   *list.List // *conn without a request under way, the oldest first
	open   int
	fresh  int // of them without a request as yet
	by     map[netip.Prefix]int
	closed uint64 // to make room, or since there was none
}

// New bounds a listener.
func New(l net.Listener, o Options) *Listener {
	if o.Exempt == nil {
		o.Exempt = func(netip.Addr) bool { return false }
	}
	return &Listener{Listener: l, options: o, idle: list.New(), by: map[netip.Prefix]int{}}
}

// conn is a connection that is counted until it is closed.
type conn struct {
	net.Conn
	listener *Listener
	from     netip.Prefix // not valid: exempt
	once     sync.Once

	// Guarded by listener.mu.
	serving int           // requests under way; HTTP/2 has several
	fresh   bool          // no request has come as yet
	place   *list.Element // in idle; nil while serving or closed
	over    bool
}

// Accept waits for a connection for which there is room.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if counted := l.admit(c); counted != nil {
			return counted, nil
		}
		_ = c.Close() // nobody is told: that would cost what is missing
	}
}

// admit counts c, or returns nil if there is no room for it.
func (l *Listener) admit(c net.Conn) net.Conn {
	counted := &conn{Conn: c, listener: l, from: l.origin(c.RemoteAddr())}
	l.mu.Lock()
	var victim *conn
	full := l.options.Total > 0 && l.open >= l.options.Total
	crowded := counted.from.IsValid() && l.options.PerAddress > 0 && l.by[counted.from] >= l.options.PerAddress
	if full && !crowded {
		if oldest := l.idle.Front(); oldest != nil {
			victim = oldest.Value.(*conn)
			l.leave(victim)
			full = false
		}
	}
	if full || crowded || victim != nil {
		l.closed++
	}
	if full || crowded {
		l.mu.Unlock()
		return nil
	}
	l.open++
	l.fresh++
	counted.fresh = true
	if counted.from.IsValid() {
		l.by[counted.from]++
	}
	counted.place = l.idle.PushBack(counted)
	l.mu.Unlock()
	if victim != nil {
		_ = victim.Close()
	}
	return counted
}

// origin is who is counted for a connection; not valid for nobody.
func (l *Listener) origin(a net.Addr) netip.Prefix {
	peer, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Prefix{}
	}
	from := peer.Addr().Unmap().WithZone("")
	if l.options.Exempt(from) {
		return netip.Prefix{}
	}
	bits := from.BitLen()
	if from.Is6() {
		bits = 64
	}
	prefix, _ := from.Prefix(bits)
	return prefix
}

// leave stops counting c. It needs the lock.
func (l *Listener) leave(c *conn) {
	if c.over {
		return
	}
	c.over = true
	if c.place != nil {
		l.idle.Remove(c.place)
		c.place = nil
	}
	l.open--
	c.known()
	if c.from.IsValid() {
		if l.by[c.from]--; l.by[c.from] == 0 {
			delete(l.by, c.from)
		}
	}
}

// known says that a request has come, or that none will. It needs the lock.
func (c *conn) known() {
	if c.fresh {
		c.fresh = false
		c.listener.fresh--
	}
}

// Close implements net.Conn.
func (c *conn) Close() (err error) {
	c.once.Do(func() {
		c.listener.mu.Lock()
		c.listener.leave(c)
		c.listener.mu.Unlock()
		err = c.Conn.Close()
	})
	return err
}

// Open is how many connections there are, and Closed how many have been closed
// for want of room.
func (l *Listener) Open() int { l.mu.Lock(); defer l.mu.Unlock(); return l.open }

// Closed is described at Open.
func (l *Listener) Closed() uint64 { l.mu.Lock(); defer l.mu.Unlock(); return l.closed }

// Fresh is how many connections there are on which no request has come as yet.
func (l *Listener) Fresh() int { l.mu.Lock(); defer l.mu.Unlock(); return l.fresh }

type key struct{}

// ConnContext is for http.Server: requests know their connection by it.
func ConnContext(ctx context.Context, c net.Conn) context.Context {
	if over, ok := c.(interface{ NetConn() net.Conn }); ok { // TLS
		c = over.NetConn()
	}
	return context.WithValue(ctx, key{}, c)
}

// Guard keeps the connections of requests under way from being closed to make
// room.
func Guard(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, ok := r.Context().Value(key{}).(*conn)
		if !ok {
			h.ServeHTTP(w, r)
			return
		}
		c.serve(1)
		defer c.serve(-1)
		h.ServeHTTP(w, r)
	})
}

// serve counts requests under way.
func (c *conn) serve(change int) {
	l := c.listener
	l.mu.Lock()
	defer l.mu.Unlock()
	c.known()
	c.serving += change
	switch {
	case c.over:
	case c.serving > 0 && c.place != nil:
		l.idle.Remove(c.place)
		c.place = nil
	case c.serving == 0 && c.place == nil:
		c.place = l.idle.PushBack(c)
	}
}
