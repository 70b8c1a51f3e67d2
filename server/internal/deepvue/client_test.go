package deepvue_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/deepvue"
	"ekycconnect/wasm/wire"
)

func TestRequestsAreAsDocumented(t *testing.T) {
	type seen struct {
		method, path, query string
		header              http.Header
		body                int64
	}
	got := make(chan seen, 2)
	v := newVendor(t, func(w http.ResponseWriter, r *http.Request, call int) {
		got <- seen{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, r.Header, r.ContentLength}
		w.Header().Set("Set-Cookie", "sticky=1")
		say(200, good())(w, r, call)
	})
	committed := newDecisions(t).give("main")
	c := newClient(t, v.URL+"/prefix/")
	_, _, err := c.Connect(t.Context(), committed, deepvue.AtMost(3))
	require.NoError(t, err)
	_, calls, err := c.ReloadCaptcha(t.Context(), committed, "a&b=c d", deepvue.AtMost(3))
	require.NoError(t, err)
	require.Equal(t, "reload-captcha", calls[0].Endpoint)
	require.Equal(t, "txn-1", calls[0].TransactionID)

	query := url.Values{"consent": {"Y"}, "purpose": {purpose}}
	for _, path := range []string{"/prefix/v1/ekyc/aadhaar/connect", "/prefix/v1/ekyc/aadhaar/reload-captcha"} {
		r := <-got
		require.Equal(t, "GET", r.method)
		require.Equal(t, path, r.path)
		require.Equal(t, query.Encode(), r.query)
		require.Equal(t, []string{clientID}, r.header["Client-Id"])
		require.Equal(t, []string{clientSecret}, r.header["X-Api-Key"])
		require.Zero(t, r.body)
		require.NotContains(t, r.header, "Cookie")
		require.NotContains(t, r.header, "Transfer-Encoding")
		for name := range r.header {
			require.Contains(t, []string{"Client-Id", "X-Api-Key", "Accept", "Accept-Encoding", "Content-Type", "User-Agent"}, name)
		}
		query.Set("session_id", "a&b=c d")
	}
}

func TestNothingIsSentWithoutACommittedConsentOfTheAccount(t *testing.T) {
	v := newVendor(t, say(200, good()))
	decisions := newDecisions(t)
	c := newClient(t, v.URL)
	given := decisions.give("main")
	for name, row := range map[string]struct {
		committed consent.Committed
		session   string
		most      int
	}{
		"zero":               {consent.Committed{}, "s", 3},
		"refused":            {decisions.refuse("main"), "s", 3},
		"of another account": {decisions.give("other"), "s", 3},
		"no call left":       {given, "s", 0},
		"no session":         {given, "", 3},
		"session too long":   {given, strings.Repeat("s", 129), 3},
		"session not ASCII":  {given, "sé", 3},
	} {
		_, calls, err := c.ReloadCaptcha(t.Context(), row.committed, row.session, deepvue.AtMost(row.most))
		require.Error(t, err, name)
		require.Empty(t, calls, name)
		if row.session == "s" {
			_, calls, err = c.Connect(t.Context(), row.committed, deepvue.AtMost(row.most))
			require.Error(t, err, name)
			require.Empty(t, calls, name)
		}
		var e *deepvue.Error
		require.NotErrorAs(t, err, &e, name)
	}
	require.Zero(t, v.Calls.Load())
}

func TestMostBoundsTheTries(t *testing.T) {
	committed := newDecisions(t).give("main")
	for most := 1; most <= 4; most++ {
		v := newVendor(t, say(503, detail("Source Unavailable")))
		_, calls, err := newClient(t, v.URL).Connect(t.Context(), committed, deepvue.AtMost(most))
		require.Error(t, err)
		require.Len(t, calls, min(most, 3))
	}
}

func TestCredentialsNeverFollowARedirect(t *testing.T) {
	committed := newDecisions(t).give("main")
	other := newVendor(t, say(200, good()))
	for _, status := range []int{301, 302, 303, 307, 308} {
		v := newVendor(t, func(w http.ResponseWriter, r *http.Request, _ int) {
			http.Redirect(w, r, other.URL+r.URL.RequestURI(), status)
		})
		_, calls, err := newClient(t, v.URL).Connect(t.Context(), committed, deepvue.AtMost(3))
		e := asError(t, err)
		require.Equal(t, wire.VendorBadAnswer, e.Code)
		require.Equal(t, deepvue.Class("redirect"), e.Class)
		require.Len(t, calls, 1)
	}
	require.Zero(t, other.Calls.Load())
}

func TestRetryAfterIsReadAndBounded(t *testing.T) {
	committed := newDecisions(t).give("main")
	date := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) // the vendor's clock
	for header, want := range map[string]time.Duration{
		"":                     0,
		"0":                    time.Second,
		"2":                    2 * time.Second,
		"30":                   30 * time.Second,
		"31":                   30 * time.Second,
		"99999999999999999999": 30 * time.Second,
		"9223372036854775807":  30 * time.Second,
		"-5":                   0,
		"1.5":                  0,
		"soon":                 0,
		date.Add(7 * time.Second).Format(http.TimeFormat): 7 * time.Second,
		date.Add(time.Hour).Format(http.TimeFormat):       30 * time.Second,
		date.Add(-time.Hour).Format(http.TimeFormat):      time.Second,
	} {
		v := newVendor(t, func(w http.ResponseWriter, r *http.Request, call int) {
			w.Header().Set("Date", date.Format(http.TimeFormat))
			if header != "" {
				w.Header().Set("Retry-After", header)
			}
			say(429, detail("Rate limit exceeded. Please retry after some time."))(w, r, call)
		})
		_, calls, err := newClient(t, v.URL).Connect(t.Context(), committed, deepvue.AtMost(3))
		require.Equal(t, want, asError(t, err).RetryAfter, header)
		require.Len(t, calls, 1)
	}
}

func TestAKeptConnectionThatBreaksIsNotRepeatedUnseen(t *testing.T) {
	committed := newDecisions(t).give("main")
	v := newVendor(t, func(w http.ResponseWriter, r *http.Request, call int) {
		if call == 2 { // comes on the kept connection
			hijack(w).Close()
			return
		}
		say(200, good())(w, r, call)
	})
	c := newClient(t, v.URL)
	_, calls, err := c.Connect(t.Context(), committed, deepvue.AtMost(3))
	require.NoError(t, err)
	require.Len(t, calls, 1)
	_, calls, err = c.Connect(t.Context(), committed, deepvue.AtMost(3))
	require.NoError(t, err)
	require.Len(t, calls, 2)
	require.Equal(t, "vendor_unavailable", calls[0].Result)
	require.Equal(t, "ok", calls[1].Result)
	require.EqualValues(t, 3, v.Calls.Load())
}

func TestNobodyListeningIsNoCall(t *testing.T) {
	// A port that was just closed may be another server's by now.
	_, calls, err := newClient(t, "http://127.0.0.1:1").Connect(t.Context(), newDecisions(t).give("main"), deepvue.AtMost(3))
	e := asError(t, err)
	require.Equal(t, wire.VendorUnavailable, e.Code)
	require.Equal(t, deepvue.Class("dial"), e.Class)
	require.Zero(t, e.Status)
	require.Empty(t, calls)
}

func TestNoRepeatIsBegunThatTheDeadlineWouldCut(t *testing.T) {
	v := newVendor(t, say(503, detail("Source Unavailable")))
	c := newClient(t, v.URL, deepvue.Backoff(time.Hour), deepvue.Deadline(time.Minute))
	begun := time.Now()
	_, calls, err := c.Connect(t.Context(), newDecisions(t).give("main"), deepvue.AtMost(3))
	require.Equal(t, wire.VendorUnavailable, asError(t, err).Code)
	require.Len(t, calls, 1)
	require.Less(t, time.Since(begun), 30*time.Second, "nobody waited for the deadline")
}

func TestTheCallersDeadlineCountsToo(t *testing.T) {
	v := newVendor(t, func(_ http.ResponseWriter, r *http.Request, _ int) { whenGone(r.Context()) })
	committed := newDecisions(t).give("main")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	_, calls, err := newClient(t, v.URL).Connect(ctx, committed, deepvue.AtMost(3))
	require.Equal(t, wire.VendorTimeout, asError(t, err).Code)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Len(t, calls, 1)
}

func TestACancelledCallIsStillReported(t *testing.T) {
	committed := newDecisions(t).give("main")
	ctx, cancel := context.WithCancel(t.Context())
	v := newVendor(t, func(_ http.ResponseWriter, r *http.Request, _ int) {
		cancel()
		whenGone(r.Context())
	})
	c := newClient(t, v.URL)
	_, calls, err := c.Connect(ctx, committed, deepvue.AtMost(3))
	require.ErrorIs(t, err, context.Canceled)
	require.Len(t, calls, 1)
	require.Equal(t, "vendor_timeout", calls[0].Result)

	_, calls, err = c.Connect(ctx, committed, deepvue.AtMost(3))
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, calls, "nothing is sent for a caller who has gone")
	require.EqualValues(t, 1, v.Calls.Load())
}

func TestErrorsHoldNothingThatWasSent(t *testing.T) {
	committed := newDecisions(t).give("main")
	for name, handle := range map[string]func(http.ResponseWriter, *http.Request, int){
		"broken connection": func(w http.ResponseWriter, _ *http.Request, _ int) { hijack(w).Close() },
		"echo":              func(w http.ResponseWriter, r *http.Request, c int) { say(422, r.URL.RawQuery+clientSecret)(w, r, c) },
		"redirect":          func(w http.ResponseWriter, r *http.Request, _ int) { http.Redirect(w, r, r.URL.String(), 307) },
		"bad JSON":          func(w http.ResponseWriter, r *http.Request, c int) { say(200, `{"x":`+r.URL.RawQuery)(w, r, c) },
		"bad shape":         say(200, `{"code":200,"data":{"session_id":["session-canary"]}}`),
	} {
		v := newVendor(t, handle)
		_, _, err := newClient(t, v.URL).ReloadCaptcha(t.Context(), committed, "session-canary", deepvue.AtMost(3))
		asError(t, err)
		text := fmt.Sprintf("%v %+v %#v %s", err, err, err, v.Listener.Addr())
		text = strings.TrimSuffix(text, v.Listener.Addr().String())
		for _, canary := range []string{clientID, clientSecret, "session-canary", "session_id", "purpose", "127.0.0.1", "http:"} {
			require.NotContains(t, text, canary, name)
		}
	}
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", deepvue.Session{ID: "canary"}, deepvue.Session{ID: "canary"}, deepvue.Session{ID: "canary"}), "canary")
}
