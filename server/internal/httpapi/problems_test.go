package httpapi_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/httpapi/apitest"
	"ekycconnect/server/internal/limit"
	"ekycconnect/wasm/wire"
)

// Every problem that the relay can answer with, from end to end. What is said of all
// of them (status, fault, retryable, headers) is checked wherever a test sends a
// request; the order of the checks is package connect's.
func TestEveryProblemFromEndToEnd(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	sessions := func(change M) apitest.Answer {
		return r.Do(t, apitest.Call{Path: "/v1/sessions", Origin: apitest.ShopOrigin, JSON: apitest.With(r.Decision(t, apitest.Shop), change)})
	}
	answer := func(session, letters string) apitest.Answer {
		return r.Do(t, apitest.Call{Path: "/v1/answers", Origin: apitest.ShopOrigin, JSON: M{"session": session, "answer": letters}})
	}
	begin := func() wire.SessionReply { return r.Begin(t, r.Decision(t, apitest.Shop)) }
	told := map[wire.Code]bool{}
	for _, row := range []struct {
		code  wire.Code
		given bool // it says which consent was recorded
		do    func() apitest.Answer
	}{
		// What cannot be read is told before anything of it is judged.
		{wire.InvalidRequest, false, func() apitest.Answer { return sessions(M{"ticket": "x", "subject": "s", "sitekey": "pk_nobody"}) }},
		{wire.UnknownSitekey, false, func() apitest.Answer { return sessions(M{"sitekey": "pk_nobody"}) }},
		{wire.UnknownPurpose, false, func() apitest.Answer { return sessions(M{"purpose": "nothing"}) }},
		{wire.OriginNotAllowed, false, func() apitest.Answer {
			return r.Do(t, apitest.Call{Path: "/v1/sessions", Origin: apitest.BankOrigin, JSON: r.Decision(t, apitest.Shop)})
		}},
		{wire.TicketRequired, false, func() apitest.Answer { return r.Agree(t, r.Decision(t, apitest.Ticketed)) }},
		{wire.TicketInvalid, false, func() apitest.Answer { return sessions(M{"ticket": "x"}) }},
		{wire.SubjectLooksLikeAadhaar, false, func() apitest.Answer { return sessions(M{"subject": "2341 2341 2346"}) }},
		{wire.BodyTooLarge, false, func() apitest.Answer { return sessions(M{"subject": strings.Repeat("x", 20_000)}) }},
		{wire.IdempotencyConflict, false, func() apitest.Answer {
			decision := r.Decision(t, apitest.Shop)
			first := r.Begin(t, decision)
			a := r.Agree(t, apitest.With(decision, M{"actor": "guardian"}))
			require.NotContains(t, string(a.Body), first.Consent.ID)
			return a
		}},
		{wire.SessionInvalid, false, func() apitest.Answer { return answer("x", "abc") }},
		{wire.AnswerInvalid, true, func() apitest.Answer { return answer(begin().Session, "234123412346") }},
		{wire.ConsentWithdrawn, true, func() apitest.Answer {
			begun := begin()
			require.Equal(t, http.StatusOK, withdraw(t, r, apitest.Shop, begun.Consent.ID).Status)
			return answer(begun.Session, "abc")
		}},
		{wire.Unauthorized, false, func() apitest.Answer {
			return r.Do(t, apitest.Call{Path: "/v1/tickets", Secret: "sk_wrong", JSON: M{}})
		}},
		{wire.NotFound, false, func() apitest.Answer { return r.Do(t, apitest.Call{Path: "/v1/nothing"}) }},
		{wire.MethodNotAllowed, false, func() apitest.Answer { return r.Do(t, apitest.Call{Path: "/v1/sessions"}) }},
		{wire.VendorBusy, true, func() apitest.Answer { return r.Agree(t, r.Decision(t, apitest.Busy)) }},
		{wire.VendorRejected, true, func() apitest.Answer { return r.Agree(t, r.Decision(t, apitest.Rejected)) }},
		{wire.VendorUnavailable, true, func() apitest.Answer { return r.Agree(t, r.Decision(t, apitest.Down)) }},
		{wire.VendorBadAnswer, true, func() apitest.Answer { return r.Agree(t, r.Decision(t, apitest.BadJPEG)) }},
		{wire.VendorTimeout, true, func() apitest.Answer {
			r.Vendor.SetIntercept(whatever(504, nil, ""))
			defer r.Vendor.SetIntercept(nil)
			return sessions(nil)
		}},
		{wire.StoreUnavailable, false, func() apitest.Answer {
			r.Store.Fail(stepOf("commit"))
			return sessions(nil)
		}},
		{wire.SessionExpired, true, func() apitest.Answer {
			begun := begin()
			r.Clock.Add(10*time.Minute + time.Millisecond)
			return answer(begun.Session, "abc")
		}},
		{wire.NoticeChanged, false, func() apitest.Answer {
			decision := r.Decision(t, apitest.Shop)
			r.Clock.Add(7 * time.Hour)
			return r.Agree(t, decision)
		}},
		{wire.RateLimited, false, func() apitest.Answer {
			r.Core.Limits.Sessions = limit.New(1)
			sessions(nil)
			return sessions(nil)
		}},
		{wire.Internal, false, func() apitest.Answer {
			r.Core.Limits.Sessions = nil
			r.Core.Accounts["pass"] = connect.NewAccount(panicking{}, nil)
			return sessions(nil)
		}},
	} {
		p := row.do().Problem(t)
		require.Equal(t, row.code, p.Code, "%s", p.Detail)
		require.Equal(t, row.given, p.Consent != nil, p.Code)
		told[row.code] = true
	}
	ofTheWidget := []wire.Code{wire.Network, wire.AssetIntegrity, wire.WasmUnavailable}
	for _, code := range wire.Codes() {
		require.True(t, told[code] || slices.Contains(ofTheWidget, code), "no row for %s", code)
	}
}
