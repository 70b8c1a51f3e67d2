package httpapi_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/storetest"
	"ekycconnect/server/internal/deepvue"
	"ekycconnect/server/internal/httpapi/apitest"
	"ekycconnect/server/internal/pace"
	"ekycconnect/server/internal/secret"
)

func stepOf(name string) storetest.Step { return storetest.Step(name) }

// panicking is a vendor's client with a mistake in it.
type panicking struct{ connect.Vendor }

func (panicking) Connect(context.Context, consent.Committed, deepvue.Turn) (deepvue.Session, []consent.Call, error) {
	panic("canary-in-a-panic")
}

func (panicking) GenerateOTP(_ context.Context, _ consent.Committed, session, letters, number string, _ deepvue.Turn) (deepvue.Said, []consent.Call, error) {
	panic("canary-in-a-panic " + session + letters + number)
}

// vendorAt gives an account of the relay a vendor; line may be nil.
func vendorAt(t *testing.T, r *apitest.Relay, account, url string, line *pace.Line, opts ...deepvue.Option) *connect.Account {
	t.Helper()
	client, err := deepvue.New(deepvue.Account{Name: account, URL: url, ClientID: "id", ClientSecret: secret.New("key")}, opts...)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	r.Core.Accounts[account] = connect.NewAccount(client, line)
	return r.Core.Accounts[account]
}
