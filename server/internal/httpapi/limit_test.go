package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/connect"
	"ekycconnect/server/internal/httpapi/apitest"
	"ekycconnect/server/internal/limit"
	"ekycconnect/wasm/wire"
)

func TestOneAddressIsSlowedRouteByRoute(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	decision := r.Decision(t, apitest.Shop)
	begun := r.Begin(t, decision)
	r.Core.Limits = connect.Limits{
		View: limit.New(1), Sessions: limit.New(1), Declines: limit.New(1), Captchas: limit.New(1), Answers: limit.New(1),
	}
	calls := r.Vendor.Stats().Connect
	for route, call := range map[string]apitest.Call{
		"view":     {Method: "GET", Path: "/v1/view?sitekey=" + apitest.Shop + "&purpose=" + decision["purpose"].(string)},
		"sessions": {Path: "/v1/sessions", JSON: apitest.With(decision, apitest.M{"idempotency_key": apitest.Key()})},
		"declines": {Path: "/v1/declines", JSON: apitest.With(decision, apitest.M{"idempotency_key": apitest.Key()})},
		"captchas": {Path: "/v1/captchas", JSON: apitest.M{"session": begun.Session}},
		"answers":  {Path: "/v1/answers", JSON: apitest.M{"session": begun.Session, "answer": "ab3"}},
	} {
		call.Origin = apitest.Origin(apitest.Shop)
		first := r.Do(t, call)
		require.Less(t, first.Status, 300, "%s: %s", route, first.Body)
		second := r.Do(t, call)
		require.Equal(t, http.StatusTooManyRequests, second.Status, route)
		require.Equal(t, wire.RateLimited, second.Problem(t).Code, route)
		require.Equal(t, "60", second.Header.Get("Retry-After"), route)
	}
	r.Clock.Add(time.Minute)
	require.Equal(t, http.StatusCreated, r.Agree(t, apitest.With(decision, apitest.M{"idempotency_key": apitest.Key()})).Status)
	require.Equal(t, calls+2, r.Vendor.Stats().Connect, "what was limited did not reach the vendor")
}

func TestWrongSecretsAreSlowedAndRightOnesAreNot(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	r.Core.Limits = connect.Limits{WrongSecrets: limit.New(1)}
	for range 2 { // who sends none guesses nothing
		require.Equal(t, http.StatusUnauthorized, r.Do(t, apitest.Call{Path: "/v1/consents?subject=x"}).Status)
	}
	wrong := apitest.M{"secret": "sk_live_wrong", "response": "x"}
	require.Equal(t, http.StatusOK, r.Do(t, apitest.Call{Path: "/v1/siteverify", JSON: wrong}).Status)
	slowed := r.Do(t, apitest.Call{Path: "/v1/siteverify", JSON: wrong})
	require.Equal(t, http.StatusTooManyRequests, slowed.Status)
	require.Equal(t, "60", slowed.Header.Get("Retry-After"))
	require.Contains(t, string(slowed.Body), `"success":false`)
	require.Equal(t, http.StatusTooManyRequests, r.Do(t, apitest.Call{Path: "/v1/consents?subject=x", Secret: "sk_live_wrong"}).Status)

	require.True(t, r.Verify(t, apitest.Shop, apitest.M{"response": r.NewToken(t, apitest.Shop)}).Success)
	require.Equal(t, http.StatusOK, r.Do(t, apitest.Call{Path: "/v1/consents?subject=x", Secret: apitest.Secret(apitest.Shop)}).Status)
}

func TestARequestForWhichThereIsNoRoomIsAnsweredInTheShapeOfItsRoute(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	for _, path := range []string{"/v1/sessions", "/v1/siteverify", "/ekyc/v1/siteverify"} {
		w := httptest.NewRecorder()
		r.API.Full().ServeHTTP(w, httptest.NewRequest(http.MethodPost, path, nil))
		require.Equal(t, http.StatusTooManyRequests, w.Code)
		require.Equal(t, "1", w.Header().Get("Retry-After"))
		require.Len(t, w.Header().Get("X-Request-Id"), 24)
		if path == "/v1/sessions" {
			require.Contains(t, w.Body.String(), `"code":"rate_limited","retryable":true`)
			require.Equal(t, "*", w.Header().Get("Access-Control-Allow-Origin"))
			continue
		}
		require.JSONEq(t, `{"success":false,"error-codes":["bad-request"],"detail":"too many requests at a time; try again"}`, w.Body.String())
	}
}
