// Package connlimit bounds how many connections and requests a server holds, so
// that no flood of them takes all descriptors and memory. When there is no room,
// the connection that has waited longest without a request under way makes it: a
// client that sends its headers a byte at a time gives way to one that asks
// something.
//
// The unit is what a connection takes that is not encrypted, with one request.
// One over TLS takes more, and so does each further request on HTTP/2.
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
	Total      int  // units at a time
	PerAddress int  // connections and further requests of one address (IPv4, or an IPv6 /64)
	TLS        bool // what is accepted will speak TLS
	// Exempt addresses are the operator's own proxies, behind which is everybody.
	Exempt func(netip.Addr) bool
}

// What is taken of the total, by memory measured: 12 KiB for a connection with its
// buffers and stack, 24 to 36 with TLS, 20 to 27 for a request of HTTP/2.
const (
	plainUnits = 1
	tlsUnits   = 3
	moreUnits  = 2
)

// Listener hands out no more connections than its options allow.
type Listener struct {
	net.Listener
	options Options

	mu     sync.Mutex
	idle   *list.List // *conn without a request under way, the oldest first
	open   int
	held   int // units
	fresh  int // connections without a request as yet
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
	idle    *list.Element // in the listener's idle; nil while serving or closed
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
	ok, victims := l.take(counted.from, l.units())
	if ok {
		l.open++
		l.fresh++
		counted.fresh = true
		counted.idle = l.idle.PushBack(counted)
	}
	l.mu.Unlock()
	for _, victim := range victims {
		_ = victim.Close()
	}
	if !ok {
		return nil
	}
	return counted
}

// units is what a connection takes.
func (l *Listener) units() int {
	if l.options.TLS {
		return tlsUnits
	}
	return plainUnits
}

// take counts one more of an address, for which the idle make room; those are to be
// closed when the lock, which it needs, is free.
func (l *Listener) take(from netip.Prefix, units int) (ok bool, victims []*conn) {
	if from.IsValid() && l.options.PerAddress > 0 && l.by[from] >= l.options.PerAddress {
		l.closed++
		return false, nil
	}
	for l.options.Total > 0 && l.held > 0 && l.held+units > l.options.Total {
		l.closed++
		oldest := l.idle.Front()
		if oldest == nil {
			return false, victims
		}
		victim := oldest.Value.(*conn)
		l.forget(victim)
		victims = append(victims, victim)
	}
	l.held += units
	if from.IsValid() {
		l.by[from]++
	}
	return true, victims
}

// give is the reverse of take. It needs the lock.
func (l *Listener) give(from netip.Prefix, units int) {
	l.held -= units
	if from.IsValid() {
		if l.by[from]--; l.by[from] == 0 {
			delete(l.by, from)
		}
	}
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

// forget stops counting c. It needs the lock.
func (l *Listener) forget(c *conn) {
	if c.over {
		return
	}
	c.over = true
	if c.idle != nil {
		l.idle.Remove(c.idle)
		c.idle = nil
	}
	l.open--
	l.give(c.from, l.units())
	c.known()
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
		c.listener.forget(c)
		c.listener.mu.Unlock()
		err = c.Conn.Close()
	})
	return err
}

// Open is how many connections there are, and Closed how many have been closed,
// and requests refused, for want of room.
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
// room. A further request of HTTP/2 for which there is no room is for full.
func Guard(h, full http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, ok := r.Context().Value(key{}).(*conn)
		if !ok {
			h.ServeHTTP(w, r)
			return
		}
		if !c.begin() {
			full.ServeHTTP(w, r)
			return
		}
		defer c.end()
		h.ServeHTTP(w, r)
	})
}

// begin counts a request, if there is room for it. The first on a connection has it.
func (c *conn) begin() (ok bool) {
	l := c.listener
	l.mu.Lock()
	c.known()
	ok = true
	var victims []*conn
	if c.serving > 0 {
		ok, victims = l.take(c.from, moreUnits)
	}
	if ok {
		c.serving++
	}
	if c.idle != nil {
		l.idle.Remove(c.idle)
		c.idle = nil
	}
	l.mu.Unlock()
	for _, victim := range victims {
		_ = victim.Close()
	}
	return ok
}

// end is the reverse of begin, after whose true it comes.
func (c *conn) end() {
	l := c.listener
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.serving--; c.serving > 0 {
		l.give(c.from, moreUnits)
	} else if !c.over {
		c.idle = l.idle.PushBack(c)
	}
}
