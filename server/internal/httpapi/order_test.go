package httpapi_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/httpapi/apitest"
	"ekycconnect/wasm/wire"
)

// Each row mends one fault more: the one that is told is the first in the
// promised order, and what is refused leaves no trace.
func TestADecisionIsJudgedInThePromisedOrder(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	taken := apitest.With(r.Decision(t, apitest.Shop), M{"actor": "self"})
	first := r.Begin(t, taken)
	calls := r.Vendor.Stats().Connect
	body := M{
		"sitekey": "pk_nobody", "purpose": "nothing", "presentation": "x", "notice_sha256": taken["notice_sha256"],
		"idempotency_key": taken["idempotency_key"], "ticket": "x", "subject": "234123412346",
	}
	origin := ""
	for _, row := range []struct {
		mend M
		code wire.Code
	}{
		{M{}, wire.InvalidRequest}, // ticket and subject
		{M{"subject": nil}, wire.UnknownSitekey},
		{M{"sitekey": apitest.Shop}, wire.OriginNotAllowed},
		{M{"origin": apitest.ShopOrigin}, wire.UnknownPurpose},
		{M{"purpose": apitest.Purpose}, wire.TicketInvalid},
		{M{"ticket": nil}, wire.InvalidRequest}, // the presentation
		{M{"presentation": taken["presentation"]}, wire.IdempotencyConflict},
	} {
		body = apitest.With(body, row.mend)
		if o, ok := body["origin"].(string); ok {
			origin = o
			delete(body, "origin")
		}
		p := r.Do(t, apitest.Call{Path: "/v1/sessions", Origin: origin, JSON: body}).Problem(t)
		require.Equal(t, row.code, p.Code, "%s", p.Detail)
		require.Nil(t, p.Consent)
	}
	require.Equal(t, calls, r.Vendor.Stats().Connect)
	require.Equal(t, first.Consent, r.Begin(t, apitest.With(body, M{"actor": "self"})).Consent)
}
