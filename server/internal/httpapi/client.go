package httpapi

import (
	"net/http"
	"net/netip"
	"strings"
)

// clientOf is the visitor's address: the peer's, or, where the peer is one of
// the operator's own proxies, the last address in X-Forwarded-For that is not
// one of them. Whatever else a header says counts for nothing; a proxy that
// says nothing usable is taken for the visitor, so that a mistake brakes too
// much rather than not at all.
func (a *API) clientOf(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	client := peer.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && a.Trusts(client); i-- {
		hop := hopOf(strings.TrimSpace(hops[i]))
		if !hop.IsValid() {
			break
		}
		client = hop.Unmap()
	}
	return client
}

// hopOf reads an entry of X-Forwarded-For, to which some proxies add the port;
// what is no address gives one that is not valid.
func hopOf(entry string) netip.Addr {
	if at, err := netip.ParseAddrPort(entry); err == nil {
		return at.Addr()
	}
	address, _ := netip.ParseAddr(entry)
	return address
}

// Trusts reports whether an address is one of the operator's own proxies.
func (a *API) Trusts(address netip.Addr) bool {
	for _, network := range a.TrustedProxies {
		if network.Contains(address) {
			return true
		}
	}
	return false
}
