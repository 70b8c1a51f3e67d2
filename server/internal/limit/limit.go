// Package limit bounds how often one address may do something. It is a brake
// on floods, not a judge of people: an address may be a whole village's.
package limit

import (
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"
)

// addresses bounds the memory of one limiter: about 12 MB when full. Beyond it
// the addresses that were quiet longest are forgotten, and begin anew.
const addresses = 1 << 16

// Limiter grants each address so many actions a minute, all of them at once if
// it likes. A nil Limiter grants everything.
type Limiter struct {
	perMinute int
	mu        sync.Mutex
	buckets   *simplelru.LRU[netip.Prefix, *rate.Limiter]
}

// New makes a limiter; nil, which grants everything, for 0 a minute.
func New(perMinute int) *Limiter {
	if perMinute <= 0 {
		return nil
	}
	buckets, err := simplelru.NewLRU[netip.Prefix, *rate.Limiter](addresses, nil)
	if err != nil {
		panic(err) // the size is a positive constant
	}
	return &Limiter{perMinute: perMinute, buckets: buckets}
}

// Take asks for one action. It returns 0 if it is granted, else how long to
// wait before the next try; nothing is taken then.
func (l *Limiter) Take(from netip.Addr, now time.Time) (wait time.Duration) {
	if l == nil {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	key := household(from)
	bucket, ok := l.buckets.Get(key)
	if !ok {
		bucket = rate.NewLimiter(rate.Limit(l.perMinute)/60, l.perMinute)
		l.buckets.Add(key, bucket)
	}
	place := bucket.ReserveN(now, 1)
	if wait = place.DelayFrom(now); wait > 0 {
		place.CancelAt(now)
	}
	return wait
}

// household is what one connection to the internet has for itself: an IPv4
// address, or the 64 bits of IPv6 that a provider hands out at the least.
func household(a netip.Addr) netip.Prefix {
	a = a.Unmap()
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // no address: all of these share one bucket
	}
	return p
}
