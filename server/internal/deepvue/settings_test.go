package deepvue_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/deepvue"
	"ekycconnect/server/internal/secret"
	"ekycconnect/wasm/wire"
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

func TestTLSIsCheckedAndNotOld(t *testing.T) {
	committed := newDecisions(t).give("main")
	for _, row := range []struct {
		name    string
		trusted bool
		newest  uint16
		class   deepvue.Class
	}{
		{"trusted", true, 0, ""},
		{"unknown authority", false, 0, "tls"},
		{"TLS 1.1", true, tls.VersionTLS11, "tls"},
	} {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { say(200, good())(w, r, 1) }))
		server.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: row.newest}
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.EnableHTTP2 = true
		server.StartTLS()
		defer server.Close()
		roots := x509.NewCertPool()
		if row.trusted {
			roots.AddCert(server.Certificate())
		}
		_, calls, err := newClient(t, server.URL, deepvue.RootCAs(roots)).Connect(t.Context(), committed, deepvue.AtMost(3))
		if row.class == "" {
			require.NoError(t, err, row.name)
			continue
		}
		e := asError(t, err)
		require.Equal(t, wire.VendorUnavailable, e.Code, row.name)
		require.Equal(t, row.class, e.Class, row.name)
		require.Empty(t, calls, row.name)
	}
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
