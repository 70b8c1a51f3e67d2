package httpapi_test

import (
	"context"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/storetest"
	"ekycconnect/server/internal/deepvue"
	"ekycconnect/server/internal/httpapi/apitest"
)

func stepOf(name string) storetest.Step { return storetest.Step(name) }

// panicking is a vendor's client with a mistake in it.
type panicking struct{ connect.Vendor }

func (panicking) Connect(context.Context, consent.Committed, deepvue.Turn) (deepvue.Session, []consent.Call, error) {
	panic("canary-in-a-panic")
}

// withSite adds a site that has the origins of Shop and an account of its own, of
// the same name.
func withSite(sitekey string) func(*apitest.Settings) {
	return func(s *apitest.Settings) {
		s.Sites = append(s.Sites, &connect.Site{
			Sitekey: sitekey, Account: sitekey, Purposes: []string{apitest.Purpose},
			AllowsOrigin: (&config.Site{Origins: []config.Origin{apitest.ShopOrigin}}).AllowsOrigin,
		})
	}
}
