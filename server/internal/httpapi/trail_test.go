package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/httpapi/apitest"
)

// logged is a line of the log about a request.
type logged struct {
	Msg     string  `json:"msg"`
	Route   string  `json:"route"`
	Status  int     `json:"status"`
	TookMS  float64 `json:"took_ms"`
	Site    string  `json:"site"`
	Account string  `json:"account"`
	Consent string  `json:"consent"`
	TraceID string  `json:"trace_id"`
}

func requests(t *testing.T, r *apitest.Relay) (all []logged) {
	t.Helper()
	for line := range strings.Lines(r.Logged()) {
		var l logged
		require.NoError(t, json.Unmarshal([]byte(line), &l))
		if l.Msg == "request" {
			all = append(all, l)
		}
	}
	return all
}

// Who has a consent's id, a site or a trace finds all that happened by the log alone.
func TestALineOfTheLogSaysWhatARequestWasAbout(t *testing.T) {
	t.Parallel()
	r := apitest.New(t)
	begun := r.Begin(t, r.Decision(t, apitest.Shop))
	token := r.Token(t, apitest.Shop, begun.Session, "abcd")
	require.True(t, r.Verify(t, apitest.Shop, M{"response": token.Token}).Success)
	capability := begun.Consent.ReceiptURL[strings.LastIndex(begun.Consent.ReceiptURL, "/")+1:]
	r.Do(t, apitest.Call{Path: "/v1/consents/" + begun.Consent.ID, Secret: apitest.Secret(apitest.Shop)})
	r.Do(t, apitest.Call{Path: "/v1/receipts/" + capability})
	for _, header := range []string{
		"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		"00-00000000000000000000000000000000-b7ad6b7169203331-01", "00-canary", "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	} {
		r.Do(t, apitest.Call{Path: "/healthz", Header: http.Header{"Traceparent": {header}}})
	}
	lines := requests(t, r)[1:] // after the test's own look at openapi.json
	for i, row := range []struct {
		route                  string
		site, account, consent bool
	}{
		{"/v1/view", true, true, false}, {"/v1/sessions", true, true, true}, {"/v1/answers", true, true, true}, {"/v1/siteverify", true, true, true},
		{"/v1/consents/{id}", true, true, true}, {"/v1/receipts/{capability}", false, false, true},
	} {
		l := lines[i]
		require.Equal(t, row.route, l.Route)
		require.Equal(t, row.site, l.Site == apitest.Shop, row.route)
		require.Equal(t, row.account, l.Account == "pass", row.route)
		require.Equal(t, row.consent, l.Consent == begun.Consent.ID, row.route)
		require.Positive(t, l.TookMS)
		require.Less(t, l.TookMS, 60_000.)
	}
	var traces []string
	for _, l := range lines[len(lines)-4:] {
		traces = append(traces, l.TraceID)
	}
	require.Equal(t, []string{"0af7651916cd43dd8448eb211c80319c", "", "", ""}, traces)

	r.Agree(t, r.Decision(t, apitest.Down)) // refused after the consent was recorded
	lines = requests(t, r)
	refused := lines[len(lines)-1]
	require.Equal(t, apitest.Down, refused.Site)
	require.NotEmpty(t, refused.Consent)
}
