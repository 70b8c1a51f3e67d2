package webhook

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOnlyAddressesOnThePublicInternetAreCalled(t *testing.T) {
	for _, text := range []string{
		"127.0.0.1", "127.9.9.9", "0.0.0.0", "0.1.2.3", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1",
		"169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "192.88.99.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
		"::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1",
		"64:ff9b::a00:1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:1::", "fec0::1", "::ffff:0:127.0.0.1", "::ffff:0:a9fe:a9fe", "5f00::1",
	} {
		require.False(t, public(netip.MustParseAddr(text)), text)
	}
	for _, text := range []string{"8.8.8.8", "203.0.113.9", "168.63.129.17", "100.63.255.255", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8"} {
		require.True(t, public(netip.MustParseAddr(text)), text)
	}
	require.ErrorIs(t, onlyPublic("tcp", "[::ffff:169.254.169.254]:443", nil), ErrPrivate)
	require.NoError(t, onlyPublic("tcp", "8.8.8.8:443", nil))
	require.Error(t, onlyPublic("tcp", "nonsense", nil))
}
