package httpapi

import (
	"net/http"
	"net/netip"

	"ekycconnect/server/internal/forwarded"
)

// clientOf is the visitor's address.
func (a *API) clientOf(r *http.Request) netip.Addr {
	return forwarded.ClientOf(r.RemoteAddr, r.Header.Values(forwarded.Header), a.Trusts)
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
