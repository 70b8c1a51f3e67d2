package httpapi_test

import (
	"context"

	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/storetest"
	"ekycconnect/server/internal/deepvue"
)

func stepOf(name string) storetest.Step { return storetest.Step(name) }

// panicking is a vendor's client with a mistake in it.
type panicking struct{ connect.Vendor }

func (panicking) Connect(context.Context, consent.Committed, deepvue.Turn) (deepvue.Session, []consent.Call, error) {
	panic("canary-in-a-panic")
}
