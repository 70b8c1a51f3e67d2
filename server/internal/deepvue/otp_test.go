package deepvue_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/deepvue"
	"ekycconnect/server/internal/deepvue/script"
	"ekycconnect/wasm/wire"
)

const (
	number  = "234123412346"
	otp     = "739516"
	letters = "kq7RxW"
	session = "session-canary-41f0"
)

// each makes both OTP calls, as they come from the core.
func each(ctx context.Context, c *deepvue.Client, committed consent.Committed, turn deepvue.Turn, f func(endpoint string, said deepvue.Said, person string, calls []consent.Call, err error)) {
	said, calls, err := c.GenerateOTP(ctx, committed, session, letters, number, turn)
	f("generate-otp", said, "", calls, err)
	v, calls, err := c.VerifyOTP(ctx, committed, session, otp, turn)
	if v == nil {
		f("verify-otp", deepvue.Said{}, "", calls, err)
		return
	}
	f("verify-otp", v.Said, string(v.Data()), calls, err)
	v.Close()
}

func always(context.Context) error { return nil }

func TestAnswersToOTPCalls(t *testing.T) {
	committed := newDecisions(t).give("main")
	for _, row := range script.Rows() {
		t.Run(row.Name, func(t *testing.T) {
			t.Parallel()                                                                                   // some wait for their deadline
			v := newVendor(t, func(w http.ResponseWriter, r *http.Request, _ int) { row.Answer(w, r, 1) }) // the first call of either endpoint
			c := newClient(t, v.URL, deepvue.OTPDeadline(row.Deadline()))
			each(t.Context(), c, committed, always, func(endpoint string, said deepvue.Said, person string, calls []consent.Call, err error) {
				want := row.OTP
				if endpoint == "verify-otp" {
					want = row.Verified()
				}
				require.Len(t, calls, 1)
				require.Equal(t, endpoint, calls[0].Endpoint)
				if want.Code == "" {
					require.NoError(t, err)
					require.Equal(t, "ok", calls[0].Result)
					require.Equal(t, said.TransactionID, calls[0].TransactionID)
					require.Equal(t, 200, said.Code)
					require.True(t, row.Says == "" || row.Says == said.Message, said.Message)
					return
				}
				e := asError(t, err)
				require.Equal(t, want, script.Outcome{Code: e.Code, Class: e.Class}, endpoint)
				require.Equal(t, string(want.Code), calls[0].Result)
				require.Equal(t, row.After, e.RetryAfter)
				require.True(t, e.Sent)
				require.Equal(t, want.Code == wire.VendorRefused, e.Said != nil)
				if e.Said != nil {
					require.Equal(t, e.Status, e.Said.Status)
					require.Equal(t, row.Says, e.Said.Message)
					require.Equal(t, e.Said.TransactionID, calls[0].TransactionID)
				}
			})
			require.EqualValues(t, 2, v.Calls.Load(), "neither call is made twice")
		})
	}
}

func TestThePersonIsHandedOnByteForByte(t *testing.T) {
	committed := newDecisions(t).give("main")
	for _, row := range script.Verifying {
		if !strings.HasPrefix(row.Name, "person") || row.Verified().Code != "" || row.Name == "person of 3 MB" {
			continue
		}
		v, _, err := newClient(t, newVendor(t, row.Answer).URL).VerifyOTP(t.Context(), committed, session, otp, always)
		require.NoError(t, err, row.Name)
		require.Equal(t, script.Person, string(v.Data()), row.Name)
		data := v.Data()
		v.Close()
		v.Close()
		require.Equal(t, make([]byte, len(data)), data, "cleared")
		require.Nil(t, v.Data())
	}
}

func TestOTPRequestsAreAsDocumented(t *testing.T) {
	var seen []*http.Request
	v := newVendor(t, func(w http.ResponseWriter, r *http.Request, call int) {
		seen = append(seen, r)
		say(200, `{"code":200,"data":{}}`)(w, r, call)
	})
	each(t.Context(), newClient(t, v.URL), newDecisions(t).give("main"), always, func(endpoint string, _ deepvue.Said, _ string, _ []consent.Call, err error) {
		require.NoError(t, err)
		r := seen[len(seen)-1]
		require.Equal(t, "POST", r.Method)
		require.Equal(t, "/v1/ekyc/aadhaar/"+endpoint, r.URL.Path)
		query := r.URL.Query()
		require.Equal(t, "Y", query.Get("consent"))
		require.Equal(t, purpose, query.Get("purpose"))
		require.Equal(t, session, query.Get("session_id"))
		if endpoint == "generate-otp" {
			require.Equal(t, number, query.Get("aadhaar_number"))
			require.Equal(t, letters, query.Get("captcha"))
			require.Len(t, query, 5)
		} else {
			require.Equal(t, otp, query.Get("otp"))
			require.Len(t, query, 4)
		}
		require.Equal(t, "HTTP/1.1", r.Proto)
		require.Zero(t, r.ContentLength)
		require.Empty(t, r.TransferEncoding)
		require.True(t, r.Close, "a connection of its own")
		require.Equal(t, []string{clientID}, r.Header["Client-Id"])
		require.Equal(t, []string{clientSecret}, r.Header["X-Api-Key"])
		require.Equal(t, "identity", r.Header.Get("Accept-Encoding"))
	})
	require.Len(t, seen, 2)
}

func TestNoOTPCallIsMadeWithoutACommittedConsentAndWellFormedMembers(t *testing.T) {
	v := newVendor(t, say(200, `{"code":200}`))
	decisions := newDecisions(t)
	given := decisions.give("main")
	c := newClient(t, v.URL)
	for name, committed := range map[string]consent.Committed{
		"zero": {}, "refused": decisions.refuse("main"), "of another account": decisions.give("other"),
	} {
		each(t.Context(), c, committed, always, func(_ string, _ deepvue.Said, _ string, calls []consent.Call, err error) {
			require.Error(t, err, name)
			require.Empty(t, calls, name)
		})
	}
	for _, row := range []struct{ session, letters, number string }{
		{"", letters, number}, {strings.Repeat("s", 97), letters, number}, {session, "", number}, {session, " " + letters, number},
		{session, strings.Repeat("x", 17), number}, {session, letters, "2341 2341 2346"}, {session, letters, "234123412345"}, {session, letters, ""},
	} {
		_, calls, err := c.GenerateOTP(t.Context(), given, row.session, row.letters, row.number, always)
		require.Error(t, err)
		require.Empty(t, calls)
		require.NotContains(t, err.Error(), "2341")
	}
	for _, bad := range []string{"", "123", "123456789", "12 34", "abcd"} {
		_, calls, err := c.VerifyOTP(t.Context(), given, session, bad, always)
		require.Error(t, err)
		require.Empty(t, calls)
	}
	_, _, err := c.VerifyOTP(t.Context(), given, session, otp, nil)
	require.Error(t, err)
	_, _, err = c.VerifyOTP(t.Context(), given, session, otp, deepvue.AtMost(0))
	require.ErrorIs(t, err, deepvue.ErrNoTurn)
	require.Zero(t, v.Calls.Load())
}

func TestAVendorThatCannotBeReachedWasSentNothing(t *testing.T) {
	committed := newDecisions(t).give("main")
	for _, row := range script.Places(t) {
		var opts []deepvue.Option
		if row.Roots != nil {
			opts = append(opts, deepvue.RootCAs(row.Roots))
		}
		each(t.Context(), newClient(t, row.URL, opts...), committed, always, func(endpoint string, _ deepvue.Said, _ string, calls []consent.Call, err error) {
			e := asError(t, err)
			require.Equal(t, row.OTP, script.Outcome{Code: e.Code, Class: e.Class}, row.Name)
			require.False(t, e.Sent, row.Name)
			require.Empty(t, calls, row.Name)
		})
	}
}

func TestWhoHangsUpCancelsNothingOnceTheTurnHasCome(t *testing.T) {
	committed := newDecisions(t).give("main")
	ctx, cancel := context.WithCancel(t.Context())
	v := newVendor(t, func(w http.ResponseWriter, r *http.Request, call int) {
		cancel()
		say(200, `{"code":200,"data":{}}`)(w, r, call)
	})
	c := newClient(t, v.URL)
	person, calls, err := c.VerifyOTP(ctx, committed, session, otp, always)
	require.NoError(t, err)
	require.Len(t, calls, 1)
	person.Close()
	_, calls, err = c.VerifyOTP(ctx, committed, session, otp, always)
	require.ErrorIs(t, err, context.Canceled, "who has gone before gets no turn")
	require.Empty(t, calls)
	require.EqualValues(t, 1, v.Calls.Load())
}

func TestATurnThatIsRefusedSendsNothing(t *testing.T) {
	v := newVendor(t, say(200, `{"code":200}`))
	each(t.Context(), newClient(t, v.URL), newDecisions(t).give("main"), func(context.Context) error { return consent.ErrWithdrawn },
		func(_ string, _ deepvue.Said, _ string, calls []consent.Call, err error) {
			require.ErrorIs(t, err, consent.ErrWithdrawn)
			require.Empty(t, calls)
		})
	require.Zero(t, v.Calls.Load())
}

// The deadline is counted from the turn on: who has waited in line has it whole.
func TestTheOTPDeadlineBeginsWithTheTurn(t *testing.T) {
	v := newVendor(t, func(_ http.ResponseWriter, r *http.Request, _ int) { whenGone(r.Context()) })
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	waits := func(ctx context.Context) error { <-ctx.Done(); return nil }
	var begun time.Time
	const deadline = 2 * time.Second
	_, calls, err := newClient(t, v.URL, deepvue.OTPDeadline(deadline)).VerifyOTP(ctx, newDecisions(t).give("main"), session, otp,
		func(ctx context.Context) error { err := waits(ctx); begun = time.Now(); return err })
	require.GreaterOrEqual(t, time.Since(begun), deadline)
	e := asError(t, err)
	require.Equal(t, script.Outcome{Code: wire.VendorUnknown, Class: "deadline"}, script.Outcome{Code: e.Code, Class: e.Class})
	require.Len(t, calls, 1)
}

func TestNothingOfAPersonIsPrinted(t *testing.T) {
	v := newVendor(t, say(200, `{"code":200,"message":"canary","data":{"name":"canary"}}`))
	person, _, err := newClient(t, v.URL).VerifyOTP(t.Context(), newDecisions(t).give("main"), session, otp, always)
	require.NoError(t, err)
	defer person.Close()
	require.NotContains(t, fmt.Sprintf("%v %+v %#v %v %+v %#v", person, person, person, person.Said, person.Said, person.Said), "canary")
}
