package deepvue_test

import (
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/deepvue"
	"ekycconnect/server/internal/deepvue/script"
	"ekycconnect/server/internal/secret"
)

func TestURLIsHTTPSOrLoopback(t *testing.T) {
	for url, ok := range map[string]bool{
		"https://production.deepvue.tech":      true,
		"https://production.deepvue.tech/base": true,
		"http://localhost:8090":                true,
		"http://127.0.0.1:8090":                true,
		"http://127.8.9.1":                     true,
		"http://[::1]:8090":                    true,
		"http://production.deepvue.tech":       false,
		"http://localhost.evil.example":        false,
		"http://10.0.0.1":                      false,
		"ftp://localhost":                      false,
		"production.deepvue.tech":              false,
		"localhost:8090":                       false,
		"":                                     false,
		"https://":                             false,
		"https://id:canary@vendor.example":     false,
		"https://vendor.example?key=canary":    false,
		"https://vendor.example#canary":        false,
		"https://vendor.example/\ncanary":      false,
	} {
		_, err := deepvue.New(account(url))
		require.Equal(t, ok, err == nil, "%q: %v", url, err)
		if err != nil {
			require.NotContains(t, err.Error(), "canary")
			require.Contains(t, err.Error(), `account "main"`)
		}
	}
}

func TestNewRefusesWhatCannotBeSent(t *testing.T) {
	for name, change := range map[string]func(*deepvue.Account){
		"no name":                  func(a *deepvue.Account) { a.Name = "" },
		"no client id":             func(a *deepvue.Account) { a.ClientID = "" },
		"client id with a break":   func(a *deepvue.Account) { a.ClientID = "canary\r\nX: y" },
		"no secret":                func(a *deepvue.Account) { a.ClientSecret = secret.String{} },
		"secret with a line break": func(a *deepvue.Account) { a.ClientSecret = secret.New("canary\n") },
		"secret with a space":      func(a *deepvue.Account) { a.ClientSecret = secret.New(" canary") },
	} {
		a := account("https://vendor.example")
		change(&a)
		_, err := deepvue.New(a)
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "canary", name)
	}
}

func TestAVendorThatCannotBeReachedIsNoCall(t *testing.T) {
	committed := newDecisions(t).give("main")
	for _, row := range script.Places(t) {
		var opts []deepvue.Option
		if row.Roots != nil {
			opts = append(opts, deepvue.RootCAs(row.Roots))
		}
		_, calls, err := newClient(t, row.URL, opts...).Connect(t.Context(), committed, deepvue.AtMost(3))
		e := asError(t, err)
		require.Equal(t, row.Code, e.Code, row.Name)
		require.Equal(t, row.Class, e.Class, row.Name)
		require.Zero(t, e.Status, row.Name)
		require.Len(t, calls, row.Calls(), row.Name)
	}
}

func TestATrustedCertificateAndHTTP2AreTaken(t *testing.T) {
	committed := newDecisions(t).give("main")
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { say(200, good())(w, r, 1) }))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	_, _, err := newClient(t, server.URL, deepvue.RootCAs(roots)).Connect(t.Context(), committed, deepvue.AtMost(3))
	require.NoError(t, err)
}

func TestAProxyIsUsedOnlyWhenItIsSet(t *testing.T) {
	proxy := newVendor(t, say(200, good()))
	at, err := url.Parse(proxy.URL)
	require.NoError(t, err)
	v := newVendor(t, say(200, good()))
	_, _, err = newClient(t, v.URL, deepvue.Proxy(at)).Connect(t.Context(), newDecisions(t).give("main"), deepvue.AtMost(3))
	require.NoError(t, err)
	require.EqualValues(t, 1, proxy.Calls.Load())
	require.Zero(t, v.Calls.Load())
}
