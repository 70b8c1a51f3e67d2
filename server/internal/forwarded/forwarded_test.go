package forwarded

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheVisitorsAddressIsTheLastThatIsNotOurProxys(t *testing.T) {
	t.Parallel()
	ours := func(a netip.Addr) bool {
		return netip.MustParsePrefix("10.0.0.0/8").Contains(a) || netip.MustParsePrefix("fd00::/8").Contains(a)
	}
	for name, row := range map[string]struct {
		peer    string
		headers []string
		want    string
	}{
		"no proxy":                   {"203.0.113.9:1", nil, "203.0.113.9"},
		"a stranger's header":        {"203.0.113.9:1", []string{"198.51.100.1"}, "203.0.113.9"},
		"one proxy":                  {"10.0.0.1:1", []string{"198.51.100.1"}, "198.51.100.1"},
		"the visitor lies":           {"10.0.0.1:1", []string{"192.0.2.66, 198.51.100.1"}, "198.51.100.1"},
		"the visitor lies in a line": {"10.0.0.1:1", []string{"192.0.2.66", "198.51.100.1"}, "198.51.100.1"},
		"two proxies":                {"10.0.0.1:1", []string{"192.0.2.66, 198.51.100.1, 10.2.3.4"}, "198.51.100.1"},
		"proxy without a header":     {"10.0.0.1:1", nil, "10.0.0.1"},
		"proxy with nonsense":        {"10.0.0.1:1", []string{"198.51.100.1, unknown"}, "10.0.0.1"},
		"nonsense before a good one": {"10.0.0.1:1", []string{"unknown, 198.51.100.1"}, "198.51.100.1"},
		"IPv6":                       {"[fd00::1]:1", []string{"2001:db8::5"}, "2001:db8::5"},
		"mapped IPv4":                {"[::ffff:10.0.0.1]:1", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		"only proxies":               {"10.0.0.1:1", []string{"10.0.0.2"}, "10.0.0.2"},
		"a port":                     {"10.0.0.1:1", []string{"203.0.113.7:50001"}, "203.0.113.7"},
		"a port after IPv6":          {"10.0.0.1:1", []string{"[2001:db8::7]:50001"}, "2001:db8::7"},
		"a proxy's port":             {"10.0.0.1:1", []string{"192.0.2.66:1, 203.0.113.7:50001, 10.2.3.4:443"}, "203.0.113.7"},
		"a port that is none":        {"10.0.0.1:1", []string{"203.0.113.7:70000"}, "10.0.0.1"},
		"a mapped one with a port":   {"10.0.0.1:1", []string{"[::ffff:203.0.113.7]:50001"}, "203.0.113.7"},
	} {
		require.Equal(t, row.want, ClientOf(row.peer, row.headers, ours).String(), name)
	}
	require.False(t, ClientOf("@", nil, ours).IsValid())
}

func FuzzClientOf(f *testing.F) {
	proxy := netip.MustParsePrefix("10.0.0.0/8")
	f.Add("203.0.113.9:1", "198.51.100.1, 10.2.3.4")
	f.Add("10.0.0.1:1", "unknown,,")
	f.Fuzz(func(t *testing.T, peer, header string) {
		got := ClientOf(peer, []string{header}, proxy.Contains)
		if from, err := netip.ParseAddrPort(peer); err == nil && !proxy.Contains(from.Addr().Unmap()) {
			require.Equal(t, from.Addr().Unmap(), got, "a stranger's header counts for nothing")
		}
	})
}
