package sandbox

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/pace"
)

func TestThePlansWindowsSlide(t *testing.T) {
	l := newLimiter(pace.Plan{PerSecond: 2, PerMinute: 4, PerDay: 6})
	start := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	for i, row := range []struct {
		after time.Duration
		in    bool
	}{
		{0, true}, {500 * time.Millisecond, true}, {999 * time.Millisecond, false},
		{time.Second, true}, {1499 * time.Millisecond, false}, {1500 * time.Millisecond, true}, // the minute is full
		{3 * time.Second, false}, {60*time.Second - 1, false},
		{60 * time.Second, true}, {60*time.Second + 500*time.Millisecond, true}, // the day is full
		{2 * time.Hour, false}, {24*time.Hour - 1, false}, {24 * time.Hour, true}, {24 * time.Hour, false},
	} {
		require.Equal(t, row.in, l.take("a", start.Add(row.after)), "call %d", i)
	}
	require.True(t, l.take("b", start), "each client id has an allowance of its own")
	require.Nil(t, newLimiter(pace.Plan{}))
	require.True(t, newLimiter(pace.Plan{}).take("a", start))
}

func TestTheDoubleRefusesWhatIsAboveItsPlan(t *testing.T) {
	synctest.Test(t, theDoubleRefusesWhatIsAboveItsPlan) // the second is not over between two calls
}

func theDoubleRefusesWhatIsAboveItsPlan(t *testing.T) {
	double := New(Options{Plan: pace.Plan{PerSecond: 1, PerMinute: 2, PerDay: 3}})
	call := func() *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", basePath+"connect?consent=Y&purpose=KYC", nil)
		r.Header.Set("client-id", "sandbox")
		r.Header.Set("x-api-key", "sandbox")
		w := httptest.NewRecorder()
		double.ServeHTTP(w, r)
		return w
	}
	require.Equal(t, http.StatusOK, call().Code)
	refused := call()
	require.Equal(t, http.StatusTooManyRequests, refused.Code)
	require.JSONEq(t, `{"detail":"Rate limit exceeded. Please retry after some time."}`, refused.Body.String())
	require.Empty(t, refused.Header().Values("Retry-After"))
	r := httptest.NewRequest("GET", StatsPath, nil)
	w := httptest.NewRecorder()
	double.ServeHTTP(w, r)
	var stats Stats
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &stats))
	require.Equal(t, 2, stats.Connect)
	require.Equal(t, 1, stats.RateLimited)
}
