package httpapi_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/consent/storetest"
	"ekycconnect/server/internal/httpapi/apitest"
	"ekycconnect/wasm/wire"
)

// during runs what is done while the vendor has a call, once.
func during(r *apitest.Relay, endpoint string, what func()) {
	var once sync.Once
	r.Vendor.SetIntercept(func(_ http.ResponseWriter, q *http.Request) bool {
		if strings.HasSuffix(q.URL.Path, "/"+endpoint) {
			once.Do(what)
		}
		return false
	})
}

func TestOneCallAtATimeAndNeverTwice(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	for _, endpoint := range []string{"generate-otp", "verify-otp"} {
		handle := r.Redeemed(t, apitest.Shop).Verification
		call := r.GenerateOTP
		if endpoint == "verify-otp" {
			var sent connect.OTPSent
			r.GenerateOTP(t, apitest.Shop, handle, nil).Into(t, &sent)
			handle, call = sent.Verification, r.VerifyOTP
		}
		key := M{"idempotency_key": "one-" + endpoint}
		before := r.Vendor.Stats()
		during(r, endpoint, func() {
			for _, change := range []M{key, nil} { // the same call, and another of the consent
				p := call(t, apitest.Shop, handle, change).Problem(t)
				require.Equal(t, []any{wire.InProgress, 409, true, 1}, []any{p.Code, p.Status, p.Retryable, p.RetryAfter})
			}
			p := r.GenerateOTP(t, apitest.Shop, r.Redeemed(t, apitest.Shop).Verification, M{"idempotency_key": "one-generate-otp"}).Problem(t)
			require.Contains(t, []wire.Code{wire.InProgress, wire.AlreadyDone}, p.Code, "a key is the site's, whatever consent it comes with")
		})
		require.Equal(t, 200, call(t, apitest.Shop, handle, key).Status)
		r.Vendor.SetIntercept(nil)
		after := r.Vendor.Stats()
		require.Equal(t, 1, after.GenerateOTP+after.VerifyOTP-before.GenerateOTP-before.VerifyOTP)
	}
	// Fifty at once, under one key and under fifty.
	for _, keys := range []func(int) string{func(int) string { return "fifty-of-one" }, func(i int) string { return fmt.Sprint("fifty-", i) }} {
		handle, before := r.Redeemed(t, apitest.Shop).Verification, r.Vendor.Stats().GenerateOTP
		var good atomic.Int64
		var all sync.WaitGroup
		for i := range 50 {
			all.Go(func() {
				a := r.GenerateOTP(t, apitest.Shop, handle, M{"idempotency_key": keys(i)})
				if a.Status == 200 {
					good.Add(1)
					return
				}
				if code := a.Problem(t).Code; code != wire.InProgress && code != wire.AlreadyDone && code != wire.RateLimited {
					t.Errorf("%s", a.Body)
				}
			})
		}
		all.Wait()
		require.LessOrEqual(t, good.Load(), int64(3))
		require.EqualValues(t, good.Load(), r.Vendor.Stats().GenerateOTP-before)
		if keys(0) == keys(1) {
			require.EqualValues(t, 1, good.Load())
		}
	}
}

// The vendor was called and the record of it was lost: nobody knows, and nobody calls again.
func TestACallThatCouldNotBeRecordedIsUnknown(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	sent := r.OTPSent(t, apitest.Shop)
	for _, step := range storetest.Steps {
		if step == storetest.Claims { // a record reads none
			continue
		}
		key := M{"idempotency_key": "lost-at-" + string(step)}
		during(r, "generate-otp", func() { r.Store.Fail(step) })
		v := r.Redeemed(t, apitest.Shop).Verification
		p := otpProblem(t, r.GenerateOTP(t, apitest.Shop, v, key))
		require.Equal(t, []any{wire.VendorUnknown, 502, false}, []any{p.Code, p.Status, p.Retryable}, step)
		require.Equal(t, wire.InProgress, r.GenerateOTP(t, apitest.Shop, v, key).Problem(t).Code, "for all that others know, it is under way")
		require.Equal(t, wire.InProgress, r.GenerateOTP(t, apitest.Shop, v, nil).Problem(t).Code)
		r.Clock.Add(45 * time.Second)
		calls := r.Vendor.Stats()
		p = otpProblem(t, r.GenerateOTP(t, apitest.Shop, v, key))
		require.Equal(t, []any{wire.AlreadyDone, "unknown"}, []any{p.Code, p.Result})
		require.Equal(t, calls, r.Vendor.Stats())
		r.Vendor.SetIntercept(nil)
		require.Equal(t, 200, r.GenerateOTP(t, apitest.Shop, v, nil).Status)
	}
	during(r, "verify-otp", func() { r.Store.Fail(storetest.Commit) })
	a := r.VerifyOTP(t, apitest.Shop, sent.Verification, nil)
	require.Equal(t, wire.VendorUnknown, a.Problem(t).Code)
	require.NotContains(t, string(a.Body), "Test Person")
	r.Vendor.SetIntercept(nil)

	// What fails before the call is claimed sends nothing, and is good later.
	v, key := r.Redeemed(t, apitest.Shop).Verification, M{"idempotency_key": "not-claimed"}
	for _, step := range storetest.Steps {
		calls := r.Vendor.Stats()
		r.Store.Fail(step)
		p := r.GenerateOTP(t, apitest.Shop, v, key).Problem(t)
		require.Equal(t, []any{wire.StoreUnavailable, true}, []any{p.Code, p.Retryable}, step)
		require.Equal(t, calls, r.Vendor.Stats())
	}
	require.Equal(t, 200, r.GenerateOTP(t, apitest.Shop, v, key).Status)
}

func TestAWithdrawalDuringACallKeepsItsAnswerBack(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	withdraw := func(id string) func() {
		return func() {
			_, err := r.Ledger.Withdraw(context.Background(), consent.Withdrawal{ID: id, Via: consent.ViaReceipt})
			require.NoError(t, err)
		}
	}
	sent := r.OTPSent(t, apitest.Shop)
	during(r, "verify-otp", withdraw(sent.Consent.ID))
	a := r.VerifyOTP(t, apitest.Shop, sent.Verification, nil)
	require.Equal(t, []any{wire.ConsentWithdrawn, 410}, []any{a.Problem(t).Code, a.Status})
	require.NotContains(t, string(a.Body), "data")
	require.Equal(t, []string{"given", "used", "redeemed", "used", "withdrawn", "used"}, r.Kinds(t, apitest.Shop, sent.Consent.ID))

	redeemed := r.Redeemed(t, apitest.Shop)
	during(r, "generate-otp", withdraw(redeemed.Consent.ID))
	require.Equal(t, wire.ConsentWithdrawn, r.GenerateOTP(t, apitest.Shop, redeemed.Verification, nil).Problem(t).Code)
	// Also where the vendor says no, whose words and new picture nobody gets then.
	redeemed = r.Redeemed(t, apitest.Shop)
	r.Vendor.SetIntercept(func(w http.ResponseWriter, q *http.Request) bool {
		withdraw(redeemed.Consent.ID)()
		return whatever(422, nil, `{"detail":"no"}`)(w, q)
	})
	p := otpProblem(t, r.GenerateOTP(t, apitest.Shop, redeemed.Verification, nil))
	require.Equal(t, wire.ConsentWithdrawn, p.Code)
	require.Nil(t, p.Vendor)
	require.Empty(t, p.Retry)
	// And one that comes after the record, before the answer.
	r.Vendor.SetIntercept(nil)
	sent = r.OTPSent(t, apitest.Shop)
	store := &afterwards{Store: r.Store.Store}
	other, err := consent.New(store.Store, apitest.LedgerKeys, r.Clock.Now, slog.New(slog.DiscardHandler)) // another relay
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, other.Close()) })
	store.then = func() {
		_, err := other.Withdraw(context.Background(), consent.Withdrawal{ID: sent.Consent.ID, Via: consent.ViaReceipt})
		require.NoError(t, err)
	}
	during(r, "verify-otp", func() { r.Store.Store = store })
	require.Equal(t, wire.ConsentWithdrawn, r.VerifyOTP(t, apitest.Shop, sent.Verification, nil).Problem(t).Code)
	require.Equal(t, []string{"given", "used", "redeemed", "used", "used", "withdrawn"}, r.Kinds(t, apitest.Shop, sent.Consent.ID))
}

// afterwards does something once a transaction is durable, before anybody hears of it.
type afterwards struct {
	consent.Store
	then func()
}

func (s *afterwards) Update(ctx context.Context, f func(consent.Tx) error) error {
	err := s.Store.Update(ctx, f)
	if then := s.then; err == nil && then != nil {
		s.then = nil
		then()
	}
	return err
}

// After the claim nobody's leaving ends anything: the call is made to its end and recorded.
func TestAPartnerThatHangsUpCancelsNothing(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	redeemed := r.Redeemed(t, apitest.Shop)
	ctx, leave := context.WithCancel(t.Context())
	gone := make(chan struct{})
	during(r, "generate-otp", func() { leave(); <-gone })
	body, err := json.Marshal(M{"verification": redeemed.Verification, "aadhaar_number": apitest.Number, "idempotency_key": "of-one-who-leaves"})
	require.NoError(t, err)
	q := httptest.NewRequestWithContext(ctx, http.MethodPost, "/v1/generate-otp", strings.NewReader(string(body)))
	q.Header.Set("Content-Type", "application/json")
	q.Header.Set("Authorization", "Bearer "+apitest.Secret(apitest.Shop))
	w := &deadlined{ResponseRecorder: httptest.NewRecorder()}
	done := make(chan struct{})
	go func() { defer close(done); r.API.Handler().ServeHTTP(w, q) }()
	<-ctx.Done()
	close(gone)
	<-done
	require.Equal(t, 200, w.Code, "%s", w.Body)
	require.Equal(t, []string{"given", "used", "redeemed", "used"}, r.Kinds(t, apitest.Shop, redeemed.Consent.ID))
	require.WithinDuration(t, time.Now().Add(45*time.Second), w.until, 20*time.Second, "the server writes for 45 s there")
	p := otpProblem(t, r.GenerateOTP(t, apitest.Shop, redeemed.Verification, M{"idempotency_key": "of-one-who-leaves"}))
	require.Equal(t, []any{wire.AlreadyDone, "ok"}, []any{p.Code, p.Result})
}

// deadlined is an answer whose time can be set.
type deadlined struct {
	*httptest.ResponseRecorder
	until time.Time
}

func (d *deadlined) SetWriteDeadline(until time.Time) error { d.until = until; return nil }

func TestWhoBeginsNeedsAVendorThatBringsPeopleToTheEnd(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	var handles []string
	for range 12 {
		handles = append(handles, r.Redeemed(t, apitest.Shop).Verification)
	}
	next := func() (h string) { h, handles = handles[0], handles[1:]; return h }
	answering(r, "generate-otp", 500, `{"detail":"Internal"}`)
	for range 6 {
		require.Equal(t, wire.VendorUnavailable, r.GenerateOTP(t, apitest.Shop, next(), nil).Problem(t).Code)
	}
	require.Contains(t, scrape(r), `ekyc_otp_breaker_state{account="pass",state="closed"} 1`, "a 500 does not count")
	answering(r, "generate-otp", 503, `{"detail":"Source Unavailable"}`)
	for range 5 {
		require.Equal(t, wire.VendorUnavailable, r.GenerateOTP(t, apitest.Shop, next(), nil).Problem(t).Code)
	}
	metrics := scrape(r)
	require.Contains(t, metrics, `ekyc_otp_breaker_state{account="pass",state="open"} 1`)
	require.Contains(t, metrics, `ekyc_breaker_state{account="pass",state="closed"} 1`, "pictures come")
	require.Contains(t, strings.Join(r.Core.Degraded(), "\n"), "answers no OTP call of account pass")
	connects := r.Vendor.Stats().Connect
	p := r.Agree(t, apitest.With(r.Decision(t, apitest.Shop), M{"subject": "s"})).Problem(t)
	require.Equal(t, []any{wire.VendorUnavailable, 5}, []any{p.Code, p.RetryAfter})
	require.Zero(t, r.Entries(t, apitest.Shop, "s"))
	require.Equal(t, connects, r.Vendor.Stats().Connect)
	calls := r.Vendor.Stats().GenerateOTP
	p = r.GenerateOTP(t, apitest.Shop, next(), nil).Problem(t)
	require.Equal(t, []any{wire.VendorUnavailable, true}, []any{p.Code, p.Retryable})
	require.Equal(t, calls, r.Vendor.Stats().GenerateOTP)
}

func TestHalfOfASitesCallsRefusedIsTold(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	answering(r, "verify-otp", 422, `{"detail":"Invalid OTP"}`)
	refused := func(n int) {
		for n > 0 {
			sent := r.OTPSent(t, apitest.Shop)
			for range min(n, 3) {
				require.Equal(t, wire.VendorRefused, r.VerifyOTP(t, apitest.Shop, sent.Verification, nil).Problem(t).Code)
				n--
			}
		}
	}
	refused(24)
	require.NotContains(t, scrape(r), `ekyc_otp_mostly_refused{site="pk_shop"} 1`)
	refused(1)
	require.Contains(t, scrape(r), `ekyc_otp_mostly_refused{site="pk_shop"} 1`)
	require.Equal(t, 1, strings.Count(r.Logged(), "refused half of a site's last 50 OTP calls"))
	r.Vendor.SetIntercept(nil)
	for range 20 {
		sent := r.OTPSent(t, apitest.Shop)
		require.Equal(t, 200, r.VerifyOTP(t, apitest.Shop, sent.Verification, nil).Status)
	}
	require.Contains(t, scrape(r), `ekyc_otp_mostly_refused{site="pk_shop"} 0`)
}

// An OTP call is no picture, and the other way round.
func TestPicturesKeepTheirOwnCount(t *testing.T) {
	t.Parallel()
	r := apitest.New(t, func(c *config.Config) { c.Lifetimes.CallsPerConsent = 3 })
	redeemed := r.Redeemed(t, apitest.Shop)
	for range 3 {
		require.Equal(t, 200, r.GenerateOTP(t, apitest.Shop, redeemed.Verification, nil).Status)
	}
	reload := apitest.Call{Path: "/v1/captchas", Origin: apitest.ShopOrigin, JSON: M{"session": redeemed.Retry}}
	for range 2 {
		require.Equal(t, 200, r.Do(t, reload).Status)
	}
	require.Equal(t, wire.RateLimited, r.Do(t, reload).Problem(t).Code)
}

// A panic is no way out for what was sent either.
func TestAPanicLeavesTheCallUnknown(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	redeemed := r.Redeemed(t, apitest.Shop)
	whole := r.Core.Accounts["pass"]
	r.Core.Accounts["pass"] = connect.NewAccount(panicking{}, nil)
	key := M{"idempotency_key": "of-a-panic"}
	require.Equal(t, wire.Internal, r.GenerateOTP(t, apitest.Shop, redeemed.Verification, key).Problem(t).Code)
	r.Core.Accounts["pass"] = whole
	r.Clock.Add(45 * time.Second)
	p := otpProblem(t, r.GenerateOTP(t, apitest.Shop, redeemed.Verification, key))
	require.Equal(t, []any{wire.AlreadyDone, "unknown"}, []any{p.Code, p.Result})
	require.Equal(t, 200, r.GenerateOTP(t, apitest.Shop, redeemed.Verification, nil).Status, "and the consent is free")
	require.NotContains(t, r.Logged(), apitest.Number)
}
