package connect

import "ekycconnect/wasm/wire"

// Returns checks that the hosted page may end at a URL of the partner's; the
// empty one stands for none.
func (s *Service) Returns(sitekey, url string) error {
	site := s.Sites.byKey[sitekey]
	if url == "" || site != nil && site.AllowsReturn != nil && site.AllowsReturn(url) {
		return nil
	}
	return refuse(wire.InvalidRequest, "return is not one of the site's return_urls, byte for byte")
}

// AppSchemes are those to which the partner's handler of a return URL may redirect.
func (s *Service) AppSchemes(sitekey string) []string {
	if site := s.Sites.byKey[sitekey]; site != nil {
		return site.AppSchemes
	}
	return nil
}

// NewKey is an idempotency key that nobody else has.
func NewKey() string { return nonce() }
