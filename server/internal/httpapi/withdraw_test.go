package httpapi_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/deepvue"
	"ekycconnect/server/internal/httpapi/apitest"
	"ekycconnect/wasm/wire"
)

// withdraw withdraws at the partner's word.
func withdraw(t *testing.T, r *apitest.Relay, site, id string) apitest.Answer {
	t.Helper()
	return r.Do(t, apitest.Call{Path: "/v1/consents/" + id + "/withdraw", Secret: apitest.Secret(site), JSON: M{}})
}

func TestAfterAWithdrawalTheConsentIsWorthNothing(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	decision := r.Decision(t, apitest.Shop)
	begun := r.Begin(t, decision)
	id := begun.Consent.ID
	redeemed, unredeemed := r.Token(t, apitest.Shop, begun.Session, "one").Token, ""
	verified := M{"response": redeemed, "idempotency_key": "order-1"}
	first := r.Verify(t, apitest.Shop, verified)
	require.True(t, first.Success)
	fresh := r.Do(t, apitest.Call{Path: "/v1/captchas", Origin: apitest.ShopOrigin, JSON: M{"session": begun.Session}})
	var second wire.CaptchaReply
	fresh.Into(t, &second)
	unredeemed = r.Token(t, apitest.Shop, second.Session, "two").Token

	r.Clock.Add(time.Minute)
	a := withdraw(t, r, apitest.Shop, id)
	require.Equal(t, http.StatusOK, a.Status, "%s", a.Body)
	want := `{"consent":{"id":"` + id + `","withdrawn_at":"2026-11-23T10:01:00.000Z","receipt_url":"` + begun.Consent.ReceiptURL + `"}}`
	require.JSONEq(t, want, string(a.Body))
	r.Clock.Add(time.Minute)
	require.JSONEq(t, want, string(withdraw(t, r, apitest.Shop, id).Body), "a repeat answers the same")

	calls := len(r.Kinds(t, apitest.Shop, id))
	for name, a := range map[string]apitest.Answer{
		"repeat":       r.Agree(t, decision),
		"new picture":  r.Do(t, apitest.Call{Path: "/v1/captchas", Origin: apitest.ShopOrigin, JSON: M{"session": second.Session}}),
		"retry":        r.Do(t, apitest.Call{Path: "/v1/captchas", Origin: apitest.ShopOrigin, JSON: M{"session": first.Retry}}),
		"answer":       r.Do(t, apitest.Call{Path: "/v1/answers", Origin: apitest.ShopOrigin, JSON: M{"session": second.Session, "answer": "x"}}),
		"wrong answer": r.Do(t, apitest.Call{Path: "/v1/answers", Origin: apitest.ShopOrigin, JSON: M{"session": second.Session, "answer": "\t"}}),
	} {
		p := a.Problem(t)
		require.Equal(t, wire.ConsentWithdrawn, p.Code, name)
		require.Equal(t, &begun.Consent, p.Consent, name)
	}
	for _, body := range []M{verified, {"response": unredeemed}, {"response": unredeemed, "peek": true}} {
		require.Equal(t, connect.Redeemed{ErrorCodes: []string{"consent-withdrawn"}}, r.Verify(t, apitest.Shop, body))
	}
	require.Len(t, r.Kinds(t, apitest.Shop, id), calls, "nothing more was recorded")

	var view struct {
		Record any `json:"record"`
		Events []M `json:"events"`
		Proof  any `json:"proof"`
	}
	r.Do(t, apitest.Call{Path: "/v1/consents/" + id, Secret: apitest.Secret(apitest.Shop)}).Into(t, &view)
	last := view.Events[len(view.Events)-1]
	require.Equal(t, M{"kind": "withdrawn", "at": "2026-11-23T10:01:00.000Z", "via": "partner"}, last)
}

// withdrawing is a vendor during whose call the consent is withdrawn.
type withdrawing struct {
	connect.Vendor
	ledger *consent.Ledger
}

func (w withdrawing) Connect(ctx context.Context, c consent.Committed, turn deepvue.Turn) (deepvue.Session, []consent.Call, error) {
	session, calls, err := w.Vendor.Connect(ctx, c, turn)
	if _, lost := w.ledger.Withdraw(ctx, consent.Withdrawal{ID: c.ID(), Via: consent.ViaReceipt}); lost != nil {
		return deepvue.Session{}, nil, lost
	}
	return session, calls, err
}

func TestAPictureThatComesAfterTheWithdrawalIsNotShown(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	r.Core.Accounts["pass"] = connect.NewAccount(withdrawing{r.Client(t, "pass"), r.Ledger}, nil)
	p := r.Agree(t, r.Decision(t, apitest.Shop)).Problem(t)
	require.Equal(t, wire.ConsentWithdrawn, p.Code)
	require.Equal(t, []string{"given", "withdrawn", "used"}, r.Kinds(t, apitest.Shop, p.Consent.ID), "the call is recorded all the same")
}

// early withdraws before the vendor's client begins: after the core has looked.
type early struct{ withdrawing }

func (e early) Connect(ctx context.Context, c consent.Committed, turn deepvue.Turn) (deepvue.Session, []consent.Call, error) {
	if _, lost := e.ledger.Withdraw(ctx, consent.Withdrawal{ID: c.ID(), Via: consent.ViaReceipt}); lost != nil {
		return deepvue.Session{}, nil, lost
	}
	return e.Vendor.Connect(ctx, c, turn)
}

func TestNoVendorCallBeginsAfterTheWithdrawal(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	r.Core.Accounts["pass"] = connect.NewAccount(early{withdrawing{r.Client(t, "pass"), r.Ledger}}, nil)
	p := r.Agree(t, r.Decision(t, apitest.Shop)).Problem(t)
	require.Equal(t, wire.ConsentWithdrawn, p.Code)
	require.Equal(t, []string{"given", "withdrawn"}, r.Kinds(t, apitest.Shop, p.Consent.ID))
	require.Empty(t, r.Vendor.SessionIDs())
}

func TestOnlyAConsentOfThePartnersOwnIsWithdrawn(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	begun := r.Begin(t, r.Decision(t, apitest.Shop))
	a := withdraw(t, r, apitest.Bank, begun.Consent.ID)
	require.Equal(t, wire.NotFound, a.Problem(t).Code)
	require.Equal(t, wire.NotFound, withdraw(t, r, apitest.Shop, uuid.NewString()).Problem(t).Code)
	require.Equal(t, wire.NotFound, withdraw(t, r, apitest.Shop, "no-id").Problem(t).Code)

	declined := r.Do(t, apitest.Call{Path: "/v1/declines", Origin: apitest.ShopOrigin, JSON: r.Decision(t, apitest.Shop)})
	var refusal wire.DeclineReply
	declined.Into(t, &refusal)
	p := withdraw(t, r, apitest.Shop, refusal.Consent.ID).Problem(t)
	require.Equal(t, wire.InvalidRequest, p.Code)
	require.Contains(t, p.Detail, "refusal")

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

func TestAReceiptsAddressIsMadeOfTheRecordAndTheReceiptKeyAlone(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	begun := r.Begin(t, r.Decision(t, apitest.Shop))
	capability, ok := strings.CutPrefix(begun.Consent.ReceiptURL, r.URL+"/v1/receipts/")
	require.True(t, ok, begun.Consent.ReceiptURL)
	raw, err := base64.RawURLEncoding.DecodeString(capability)
	require.NoError(t, err)
	require.Len(t, raw, 32)
	require.Equal(t, begun.Consent.ID, uuid.UUID(raw[:16]).String())
	require.Equal(t, r.Core.Receipts.Capability(begun.Consent.ID), capability)
	other, err := connect.NewReceipts([]byte("another key of 32 bytes, at least"), r.URL)
	require.NoError(t, err)
	require.NotEqual(t, capability, other.Capability(begun.Consent.ID))
	_, err = connect.NewReceipts([]byte("short"), r.URL)
	require.Error(t, err)
	require.NotContains(t, string(r.Log.Bytes()), capability)
}
