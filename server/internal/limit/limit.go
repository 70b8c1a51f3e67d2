// Package limit bounds how often one address may do something. It is a brake
// on floods, not a judge of people: an address may be a whole village's.
package limit

import (
	"net/netip"
	"slices"
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
	buckets   *simplelru.LRU[netip.Prefix, *bucket]
}

// bucket is what one address has used.
type bucket struct {
	*rate.Limiter
	refused int // since it was last granted something
}

// New makes a limiter; nil, which grants everything, for 0 a minute.
func New(perMinute int) *Limiter {
	if perMinute <= 0 {
		return nil
	}
	buckets, err := simplelru.NewLRU[netip.Prefix, *bucket](addresses, nil)
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
	b, ok := l.buckets.Get(key)
	if !ok {
		b = &bucket{Limiter: rate.NewLimiter(rate.Limit(l.perMinute)/60, l.perMinute)}
		l.buckets.Add(key, b)
	}
	place := b.ReserveN(now, 1)
	if wait = place.DelayFrom(now); wait > 0 {
		place.CancelAt(now)
		b.refused++
		return wait
	}
	b.refused = 0
	return 0
}

// PerMinute is how much is granted; 0 if everything is.
func (l *Limiter) PerMinute() int {
	if l == nil {
		return 0
	}
	return l.perMinute
}

// Limited is an address that would be refused now.
type Limited struct {
	Address netip.Prefix `json:"address"`
	Refused int          `json:"refused"` // actions, since one was granted
}

// most bounds the list that Limited gives.
const most = 100

// Limited lists the addresses that would be refused now, those first that were refused
// most often.
func (l *Limiter) Limited(now time.Time) []Limited {
	found := []Limited{}
	if l == nil {
		return found
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, address := range l.buckets.Keys() {
		if b, ok := l.buckets.Peek(address); ok && b.TokensAt(now) < 1 {
			found = append(found, Limited{address, b.refused})
		}
	}
	slices.SortStableFunc(found, func(a, b Limited) int { return b.Refused - a.Refused })
	return found[:min(len(found), most)]
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
