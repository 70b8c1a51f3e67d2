package check

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/config"
	"ekycconnect/server/internal/config/configtest"
	"ekycconnect/server/internal/redact"
	"ekycconnect/server/internal/secret"
)

func TestCheckSeesAVendorThatIsNotThereAClockThatIsOffAndANameThatIsNot(t *testing.T) {
	var seen []*http.Request
	vendor := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = append(seen, r) }))
	const gone = "http://127.0.0.1:1" // where nobody listens
	c := &config.Config{
		Accounts: map[string]config.Account{
			"here": {URL: vendor.URL, ClientID: "canary-id", ClientSecret: secret.New("canary-secret")},
			"gone": {URL: gone, ClientID: "canary-id", ClientSecret: secret.New("canary-secret")},
		},
		Sites: []config.Site{{Name: "Shop", Origins: []config.Origin{"https://shop.example", "https://wrong.example", "http://localhost:3000", "capacitor://wrong.example"}}},
	}
	r := newReach()
	r.lookup = func(_ context.Context, host string) ([]string, error) {
		if host == "wrong.example" {
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		}
		return []string{"192.0.2.1"}, nil
	}
	found := strings.Join(r.warnings(t.Context(), c), "\n")
	require.Contains(t, found, "account gone: "+gone+" cannot be reached from here")
	require.Contains(t, found, "site Shop: origin https://wrong.example has no address in the DNS")
	require.NotContains(t, found, "clock")
	require.NotContains(t, found, "shop.example has no")
	require.NotContains(t, found, "capacitor", "an app's own host is in no DNS")
	require.Equal(t, 1, strings.Count(found, "cannot be reached"))

	r.now = func() time.Time { return time.Now().Add(-time.Hour - 30*time.Second) } // a Date header has whole seconds
	require.Contains(t, strings.Join(r.warnings(t.Context(), c), "\n"), "the clock here is -1h0m")
	vendor.Close()
	for _, request := range seen {
		require.Equal(t, "HEAD / HTTP/1.1", request.Method+" "+request.RequestURI+" "+request.Proto)
		for name, values := range request.Header {
			require.NotContains(t, strings.Join(values, ""), "canary", "no credential is sent: %s", name)
		}
	}
	require.NotEmpty(t, seen)
}

func TestCheckDoubtsCredentialsAndOriginsThatLookWrong(t *testing.T) {
	stdout, err := checked(t, configtest.Env, configtest.Example(t, "      - https://www.bank.example\n", "      - https://www.bnak.example\n"), "")
	require.NoError(t, err, stdout)
	require.Contains(t, stdout, "origin https://www.bnak.example is almost bank.example, which stands elsewhere in this file")
	require.Contains(t, stdout, "the vendor takes no call without a consent")
	c := &config.Config{Accounts: map[string]config.Account{
		"same":    {URL: config.VendorURL, ClientID: "x", ClientSecret: secret.New("x")},
		"swapped": {URL: config.VendorURL, ClientID: "abc", ClientSecret: secret.New("live_7")},
		"broken":  {URL: config.VendorURL, ClientID: "abc", ClientSecret: secret.New("canary \n")},
		"fine":    {URL: config.VendorURL, ClientID: "live_7", ClientSecret: secret.New("abc")},
	}}
	problems, doubts := credentialFindings(c)
	require.Len(t, problems, 1)
	require.ErrorContains(t, problems[0], `account "broken"`)
	require.NotContains(t, problems[0].Error(), "canary")
	require.Len(t, doubts, 2)
	require.Contains(t, doubts[0], "account same has the same client id and secret")
	require.Contains(t, doubts[1], "are the two swapped?")
	for _, doubt := range doubts {
		require.Equal(t, doubt, string(redact.Text([]byte(doubt))), "the log of serve shows it whole")
	}
}
