package httpapi_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/httpapi/apitest"
	"ekycconnect/wasm/wire"
)

// withdraw withdraws at the partner's word.
func withdraw(t *testing.T, r *apitest.Relay, site, id string) apitest.Answer {
	t.Helper()
	return r.Do(t, apitest.Call{Path: "/v1/consents/" + id + "/withdraw", Secret: apitest.Secret(site), JSON: M{}})
}

func TestAPartnerWithdrawsAConsent(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	begun := r.Begin(t, r.Decision(t, apitest.Shop))
	id := begun.Consent.ID
	r.Clock.Add(time.Minute)
	a := withdraw(t, r, apitest.Shop, id)
	require.Equal(t, http.StatusOK, a.Status, "%s", a.Body)
	want := `{"consent":{"id":"` + id + `","withdrawn_at":"2026-11-23T10:01:00.000Z","receipt_url":"` + begun.Consent.ReceiptURL + `"}}`
	require.JSONEq(t, want, string(a.Body))
	r.Clock.Add(time.Minute)
	require.JSONEq(t, want, string(withdraw(t, r, apitest.Shop, id).Body), "a repeat answers the same")

	var view struct {
		Record any `json:"record"`
		Events []M `json:"events"`
		Proof  any `json:"proof"`
	}
	r.Do(t, apitest.Call{Path: "/v1/consents/" + id, Secret: apitest.Secret(apitest.Shop)}).Into(t, &view)
	last := view.Events[len(view.Events)-1]
	require.Equal(t, M{"kind": "withdrawn", "at": "2026-11-23T10:01:00.000Z", "via": "partner"}, last)
}

func TestTheRouteOfAWithdrawalIsForBackEnds(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	begun := r.Begin(t, r.Decision(t, apitest.Shop))
	require.Equal(t, wire.NotFound, withdraw(t, r, apitest.Bank, begun.Consent.ID).Problem(t).Code)
	path := "/v1/consents/" + begun.Consent.ID + "/withdraw"
	for code, call := range map[wire.Code]apitest.Call{
		wire.Unauthorized:     {Path: path, Secret: "sk_wrong", JSON: M{}},
		wire.OriginNotAllowed: {Path: path, Secret: apitest.Secret(apitest.Shop), Origin: apitest.ShopOrigin, JSON: M{}},
		wire.InvalidRequest:   {Path: path, Secret: apitest.Secret(apitest.Shop), JSON: M{"via": "receipt"}},
		wire.MethodNotAllowed: {Path: path, Secret: apitest.Secret(apitest.Shop)},
	} {
		require.Equal(t, code, r.Do(t, call).Problem(t).Code)
	}
	require.Equal(t, []string{"given", "used"}, r.Kinds(t, apitest.Shop, begun.Consent.ID))
}
