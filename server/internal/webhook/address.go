package webhook

import (
	"errors"
	"fmt"
	"net/netip"
	"syscall"
)

// ErrPrivate says that a name led to an address that is not on the public
// internet.
var ErrPrivate = errors.New("webhook: the address is not a public one; set webhook_allow_private if it is meant")

// special are ranges that Go's own predicates do not know (IANA's registries of
// special-purpose addresses): shared by carriers and used for clouds' metadata,
// protocol assignments, benchmarks, reserved; those through which an IPv4 address
// can be reached in another spelling; and the one public address behind which a
// cloud (Azure) has its hosts' own service.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("168.63.129.16/32"),
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.88.99.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("::/96"),
	netip.MustParsePrefix("::ffff:0:0:0/96"),
	netip.MustParsePrefix("64:ff9b::/96"),
	netip.MustParsePrefix("64:ff9b:1::/48"),
	netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/23"),
	netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("5f00::/16"),
	netip.MustParsePrefix("fec0::/10"),
}

// public reports whether an address is one on the public internet.
func public(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return false // also loopback, link-local, multicast and unspecified
	}
	for _, prefix := range special {
		if prefix.Contains(a) {
			return false
		}
	}
	return true
}

// onlyPublic is asked by the dialler about each address, after DNS and before
// anything is sent to it.
func onlyPublic(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	if !public(to.Addr()) {
		return ErrPrivate
	}
	return nil
}
