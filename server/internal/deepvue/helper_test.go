package deepvue_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/sqlite"
	"ekycconnect/server/internal/consent/storetest"
	"ekycconnect/server/internal/deepvue"
	"ekycconnect/server/internal/deepvue/script"
	"ekycconnect/server/internal/secret"
)

const (
	clientID     = "live_canary-client"
	clientSecret = "canary-secret"
	purpose      = "KYC: account opening & 100% check + é"
)

var (
	newVendor = script.NewVendor
	say       = script.Say
	good      = script.Good
	detail    = script.Detail
	b64       = script.Base64
	picture   = script.Picture
	hijack    = script.Hijack
)

// decisions are recorded in a real ledger: nothing else makes a Committed.
type decisions struct {
	t      *testing.T
	ledger *consent.Ledger
}

func newDecisions(t *testing.T) decisions {
	t.Helper()
	store, err := sqlite.Open(t.TempDir())
	require.NoError(t, err)
	ledger, err := consent.New(store, storetest.Keys, time.Now, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, ledger.Close()) })
	return decisions{t, ledger}
}

func (d decisions) decision(account string) consent.Decision {
	return consent.Decision{
		Site: "pk_site", Account: account, Purpose: "account-opening", VendorPurpose: purpose,
		NoticeID: "n", NoticeVersion: "1", NoticeSHA256: "00", Lang: "en", Requested: "en",
		ShownAt: time.Now(), Nonce: "nonce", Origin: "https://partner.example", Channel: "widget",
		Actor: "self", IdempotencyKey: d.t.Name() + account,
	}
}

func (d decisions) give(account string) consent.Committed {
	d.t.Helper()
	state, err := d.ledger.Give(d.t.Context(), d.decision(account))
	require.NoError(d.t, err)
	return state.Committed
}

func (d decisions) refuse(account string) consent.Committed {
	d.t.Helper()
	state, err := d.ledger.Refuse(d.t.Context(), d.decision(account))
	require.NoError(d.t, err)
	return state.Committed
}

func account(url string) deepvue.Account {
	return deepvue.Account{Name: "main", URL: url, ClientID: clientID, ClientSecret: secret.New(clientSecret)}
}

func newClient(t *testing.T, url string, opts ...deepvue.Option) *deepvue.Client {
	t.Helper()
	c, err := deepvue.New(account(url), append([]deepvue.Option{deepvue.Backoff(time.Millisecond)}, opts...)...)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// asError is the client's own error: nothing else may come from a call.
func asError(t *testing.T, err error) *deepvue.Error {
	t.Helper()
	var e *deepvue.Error
	require.ErrorAs(t, err, &e)
	require.Nil(t, errors.Unwrap(err), "nothing of a transport's error is kept")
	return e
}

// whenGone waits until the caller has gone away.
func whenGone(ctx context.Context) { <-ctx.Done() }
