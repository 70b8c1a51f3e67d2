package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/httpapi/apitest"
)

// A clock that was ahead while one person agreed, and right again: the next one has ten
// minutes as everybody, and the operator is told.
func TestAClockThatWasAheadFreezesNoTimesAndIsTold(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	r.Clock.Add(time.Hour)
	r.Begin(t, r.Decision(t, apitest.Shop))
	require.NotContains(t, string(r.Log.Bytes()), "ahead of this machine's clock")
	r.Clock.Add(-time.Hour)
	admin := func(path string) string {
		w := httptest.NewRecorder()
		r.API.AdminHandler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w.Body.String()
	}
	require.Contains(t, admin("/readyz"), "clock: the newest record's time is 1h0m0s ahead", "before anything else is recorded")
	begun := r.Begin(t, r.Decision(t, apitest.Shop))
	require.Equal(t, 600, begun.ExpiresIn)
	require.Equal(t, r.Clock.Now().UTC().Format("2006-01-02T15:04:05.000Z"), begun.Consent.GivenAt)
	require.Contains(t, string(r.Log.Bytes()), "ahead of this machine's clock")
	require.Contains(t, admin("/metrics"), "ekyc_clock_ahead_total 1\n")
	require.Contains(t, admin("/readyz"), `"degraded"`)
	require.Equal(t, http.StatusOK, r.Do(t, apitest.Call{Path: "/readyz"}).Status, "it serves")
}
