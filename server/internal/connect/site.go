package connect

import (
	"crypto/sha256"
	"net/netip"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"ekycconnect/wasm/wire"
)

// fragmentsPerMinute is how many fragments a site may ask for, all of them at once if it
// likes. Its back end may keep them.
const fragmentsPerMinute = 600

// Site is one place where a partner embeds the widget.
type Site struct {
	Name          string // for people
	Sitekey       string
	Account       string              // of the vendor
	Secrets       [][sha256.Size]byte // SHA-256 of the secrets in use: one, or two during a rotation
	Purposes      []string
	RequireTicket bool
	AllowsOrigin  func(origin string) bool // exact scheme, host and port
	AllowsReturn  func(url string) bool    // of the hosted page, byte for byte; nil: none
	AppSchemes    []string                 // to which the handler of such a URL may redirect
	AllowsBackEnd func(netip.Addr) bool    // where its secret may come from; nil: anywhere
	TokenLife     time.Duration            // overrides Lifetimes.Token; negative: tokens are born expired (test key)

	fragments *rate.Limiter
}

// Sites finds a site by its public key or by its secret.
type Sites struct {
	byKey    map[string]*Site
	bySecret map[[sha256.Size]byte]*Site
}

// NewSites indexes the sites; config has checked that keys and secrets are
// unique.
func NewSites(sites []*Site) *Sites {
	s := &Sites{map[string]*Site{}, map[[sha256.Size]byte]*Site{}}
	for _, site := range sites {
		s.byKey[site.Sitekey] = site
		site.fragments = rate.NewLimiter(fragmentsPerMinute/60, fragmentsPerMinute)
		for _, hash := range site.Secrets {
			s.bySecret[hash] = site
		}
	}
	return s
}

// BySecret finds the site of a secret, nil if there is none. The look-up is by
// SHA-256 of a 256-bit random value, so its timing gives nothing away.
func (s *Sites) BySecret(secret string) *Site {
	if secret == "" {
		return nil
	}
	return s.bySecret[sha256.Sum256([]byte(secret))]
}

// BackEnd finds the site of a secret that is shown from an address, nil if there is none
// or it may not come from there.
func (s *Sites) BackEnd(secret string, from netip.Addr) *Site {
	site := s.BySecret(secret)
	if site != nil && site.AllowsBackEnd != nil && !site.AllowsBackEnd(from) {
		return nil
	}
	return site
}

// embeddedAt is the site of a sitekey, if it may be embedded in a page of this origin.
func (s *Sites) embeddedAt(sitekey, origin string) (*Site, *Error) {
	site := s.byKey[sitekey]
	if site == nil {
		return nil, refuse(wire.UnknownSitekey, "no site has this sitekey; compare it with the relay's configuration")
	}
	if origin == "" {
		return nil, refuse(wire.OriginNotAllowed, "the request carries no usable Origin; this route is for pages of the site's origins")
	}
	if !site.AllowsOrigin(origin) {
		return nil, refuse(wire.OriginNotAllowed, "this page's origin is not one of the site's; write what location.origin gives here into the site's origins in the relay's configuration")
	}
	return site, nil
}

// purpose checks that the site may ask for this purpose.
func (s *Site) purpose(id string) *Error {
	if !slices.Contains(s.Purposes, id) {
		return refuse(wire.UnknownPurpose, "the site has no purpose of this name; compare it with the relay's configuration")
	}
	return nil
}
