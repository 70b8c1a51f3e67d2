package connect

import "context"

// Trail is what a request turned out to be about, for its line in the log. Nothing of it
// is secret. It belongs to the goroutine that answers the request.
type Trail struct {
	Site    string // sitekey
	Account string // of the vendor
	Consent string // id of the record
}

type trailKey struct{}

// WithTrail has the core note in t what a request is about.
func WithTrail(ctx context.Context, t *Trail) context.Context {
	return context.WithValue(ctx, trailKey{}, t)
}

// trail is where to note it.
func trail(ctx context.Context) *Trail {
	if t, ok := ctx.Value(trailKey{}).(*Trail); ok {
		return t
	}
	return &Trail{}
}

// At notes the site.
func (t *Trail) At(site *Site) { t.Site, t.Account = site.Sitekey, site.Account }
