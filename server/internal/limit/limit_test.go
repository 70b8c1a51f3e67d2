package limit

import (
	"encoding/binary"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var (
	start = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	one   = netip.MustParseAddr("203.0.113.7")
)

func TestTheBurstIsTheNumberAndThenItDripsIn(t *testing.T) {
	l := New(10)
	for range 10 {
		require.Zero(t, l.Take(one, start))
	}
	wait := l.Take(one, start)
	require.Equal(t, 6*time.Second, wait)
	require.Equal(t, wait, l.Take(one, start), "a refusal takes nothing")
	require.NotZero(t, l.Take(one, start.Add(wait-time.Millisecond)))
	require.Zero(t, l.Take(one, start.Add(wait)))
}

func TestOneAddressDoesNotSlowAnother(t *testing.T) {
	l := New(1)
	for _, address := range []string{"203.0.113.7", "203.0.113.8", "2001:db8::1", "2001:db8:0:1::1"} {
		require.Zero(t, l.Take(netip.MustParseAddr(address), start), address)
	}
}

func TestAnIPv6NetworkAndAMappedAddressAreOneHousehold(t *testing.T) {
	l := New(1)
	require.Zero(t, l.Take(netip.MustParseAddr("2001:db8::1"), start))
	require.NotZero(t, l.Take(netip.MustParseAddr("2001:db8::ffff:1"), start))
	require.Zero(t, l.Take(one, start))
	require.NotZero(t, l.Take(netip.MustParseAddr("::ffff:203.0.113.7"), start))
	require.Zero(t, l.Take(netip.MustParseAddr("fe80::1%eth0"), start))
	require.NotZero(t, l.Take(netip.MustParseAddr("fe80::2%eth1"), start), "a zone is of this machine")
	require.Zero(t, l.Take(netip.Addr{}, start))
	require.NotZero(t, l.Take(netip.Addr{}, start), "unknown addresses share one bucket")
}

func TestManyAtOnceGetNoMoreThanTheLimit(t *testing.T) {
	l := New(10)
	var granted atomic.Int64
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			if l.Take(one, start) == 0 {
				granted.Add(1)
			}
			l.Take(netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}), start)
		})
	}
	all.Wait()
	require.EqualValues(t, 10, granted.Load())
	require.Equal(t, 51, l.buckets.Len())
}

func TestZeroIsNoLimit(t *testing.T) {
	l := New(0)
	for range 10000 {
		require.Zero(t, l.Take(one, start))
	}
}

func TestAFloodOfAddressesDoesNotGrowForEver(t *testing.T) {
	l := New(10)
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	for i := range uint32(4 * addresses) {
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], i)
		l.Take(netip.AddrFrom4(b), start)
	}
	require.Equal(t, addresses, l.buckets.Len())
	require.Less(t, heap()-before, uint64(32<<20))
	runtime.KeepAlive(l)
}

// A clock that is ahead once, and right again, has nobody wait until it has come up.
func TestAClockThatWasAheadHoldsNobodyUp(t *testing.T) {
	l := New(10)
	for range 10 {
		require.Zero(t, l.Take(one, start))
	}
	for range 11 { // the last one is refused
		l.Take(one, start.Add(20*365*24*time.Hour))
	}
	require.LessOrEqual(t, l.Take(one, start), 6*time.Second)
	require.Zero(t, l.Take(one, start.Add(6*time.Second)))
}
