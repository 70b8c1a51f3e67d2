// Package forwarded finds the visitor's address behind proxies.
package forwarded

import (
	"net/netip"
	"strings"
)

// Header is where proxies say whom they forward for.
const Header = "X-Forwarded-For"

// ClientOf is the visitor's address: the peer's (as in [net/http.Request.RemoteAddr]), or,
// where the peer is one of the operator's own proxies, the last address of the header that
// is not one of them. Whatever else the header says counts for nothing; a proxy that says
// nothing usable is taken for the visitor, so that a mistake brakes too much rather than
// not at all. It is not valid if the peer is no address.
func ClientOf(peer string, header []string, trusted func(netip.Addr) bool) netip.Addr {
	from, err := netip.ParseAddrPort(peer)
	if err != nil {
		return netip.Addr{}
	}
	client := from.Addr().Unmap()
	for hops := strings.Join(header, ","); hops != "" && trusted(client); {
		comma := strings.LastIndexByte(hops, ',') // -1 before the only one
		hop := hopOf(strings.TrimSpace(hops[comma+1:]))
		if !hop.IsValid() {
			break
		}
		client, hops = hop.Unmap(), hops[:max(comma, 0)]
	}
	return client
}

// hopOf reads an entry of the header, to which some proxies add the port; what is no
// address gives one that is not valid.
func hopOf(entry string) netip.Addr {
	if address, err := netip.ParseAddr(entry); err == nil {
		return address
	}
	at, _ := netip.ParseAddrPort(entry)
	return at.Addr()
}
