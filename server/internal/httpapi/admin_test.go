package httpapi_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/httpapi/apitest"
)

// admin asks the operator's listener.
func admin(r *apitest.Relay, method, path, body string) (status int, text string) {
	w := httptest.NewRecorder()
	r.API.AdminHandler().ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
	return w.Code, w.Body.String()
}

// A flood comes from many addresses; behind a proxy that is not trusted all visitors are one.
func TestTheOperatorSeesWhoIsLimitedNow(t *testing.T) {
	t.Parallel()
	r := apitest.New(t, func(c *config.Config) { c.Limits.View = 2 })
	limited := func() (addresses []string) {
		status, text := admin(r, "GET", "/limits", "")
		require.Equal(t, http.StatusOK, status)
		var reply struct {
			Limits []struct {
				Limit     string `json:"limit"`
				Addresses []struct {
					Address string `json:"address"`
					Refused int    `json:"refused"`
				} `json:"addresses"`
			} `json:"limits"`
			TrustedProxies []string `json:"trusted_proxies"`
		}
		require.NoError(t, json.Unmarshal([]byte(text), &reply))
		require.Len(t, reply.Limits, 6)
		for _, l := range reply.Limits {
			for _, a := range l.Addresses {
				addresses = append(addresses, fmt.Sprintf("%s %s %d", l.Limit, a.Address, a.Refused))
			}
		}
		return addresses
	}
	require.Empty(t, limited())
	for range 5 {
		r.Do(t, apitest.Call{Path: "/v1/view?sitekey=pk_shop&purpose=account-opening", Origin: apitest.ShopOrigin})
	}
	require.Equal(t, []string{"view 127.0.0.1/32 3"}, limited())
	r.Clock.Add(time.Minute)
	require.Empty(t, limited(), "it is forgotten with the limit")
	require.NotContains(t, r.Logged(), "127.0.0.1", "no address is written anywhere")
}

func TestTheLevelOfTheLogCanBeChangedWhileItRuns(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	_, text := admin(r, "GET", "/log-level", "")
	require.JSONEq(t, `{"level":"info"}`, text)
	for body, want := range map[string]int{"debug": 200, " WARN\n": 200, "error": 200, "loud": 400, "info+2": 400, "": 400, strings.Repeat("a", 20000): 400} {
		status, _ := admin(r, "PUT", "/log-level", body)
		require.Equal(t, want, status, "%.20s", body)
	}
	status, text := admin(r, "PUT", "/log-level", "debug")
	require.Equal(t, 200, status)
	require.JSONEq(t, `{"level":"debug"}`, text)
	require.Equal(t, slog.LevelDebug, r.API.Level.Level())
	require.Contains(t, r.Logged(), "the level of the log was changed")
	status, _ = admin(r, "POST", "/log-level", "debug")
	require.Equal(t, http.StatusMethodNotAllowed, status)
}

// Numbers and OTPs are on the heap while a call with them runs.
func TestNoHeapProfileIsMadeWhileAnOTPCallRuns(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	for _, name := range []string{"heap", "allocs", "goroutine", "mutex", "block", "threadcreate"} {
		status, text := admin(r, "GET", "/debug/pprof/"+name, "")
		require.Equal(t, http.StatusOK, status, name)
		require.NotEmpty(t, text)
	}
	status, _ := admin(r, "GET", "/debug/pprof/profile?seconds=1", "")
	require.Equal(t, http.StatusOK, status)

	body, typing := io.Pipe()
	ask := httptest.NewRequest("POST", "/v1/generate-otp", body)
	ask.Header.Set("Authorization", "Bearer "+apitest.Secret(apitest.Shop))
	ask.Header.Set("Content-Type", "application/json")
	answered := make(chan struct{})
	go func() { defer close(answered); r.API.Handler().ServeHTTP(httptest.NewRecorder(), ask) }()
	_, err := typing.Write([]byte("{")) // it is taken, so the call runs
	require.NoError(t, err)
	for _, name := range []string{"heap", "allocs"} {
		status, text := admin(r, "GET", "/debug/pprof/"+name, "")
		require.Equal(t, http.StatusConflict, status)
		require.Contains(t, text, "ask again")
	}
	status, _ = admin(r, "GET", "/debug/pprof/goroutine", "")
	require.Equal(t, http.StatusOK, status)
	require.NoError(t, typing.Close())
	<-answered
	status, _ = admin(r, "GET", "/debug/pprof/heap", "")
	require.Equal(t, http.StatusOK, status)
}
