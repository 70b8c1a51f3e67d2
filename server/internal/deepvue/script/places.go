package script

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ekycconnect/server/internal/deepvue"
	"ekycconnect/wasm/wire"
)

// Place is a vendor's address at which no call arrives.
type Place struct {
	Row
	URL   string
	Roots *x509.CertPool // what the client trusts; nil: the system's
}

// Places are the ways in which a vendor cannot be reached.
func Places(t testing.TB) []Place {
	t.Helper()
	var all []Place
	add := func(name, url, class string, roots *x509.CertPool) {
		all = append(all, Place{URL: url, Roots: roots, Row: Row{
			Name: name, Code: wire.VendorUnavailable, Class: deepvue.Class(class), Tries: -1,
			OTP: Outcome{wire.VendorUnavailable, deepvue.Class(class)},
		}})
	}
	// Not a name that the DNS can have, so that none is asked.
	add("no such host", "https://vendor..invalid", "dns", nil)
	// A port that was just closed may be another server's by now.
	add("connection refused", "http://127.0.0.1:1", "dial", nil)

	plain := NewVendor(t, Say(200, Good()))
	add("not TLS at all", strings.Replace(plain.URL, "http:", "https:", 1), "tls", nil)
	server, roots := secure(t, 0, time.Hour, "127.0.0.1")
	add("certificate of an unknown authority", server, "tls", x509.NewCertPool())
	add("certificate of another name", strings.Replace(server, "127.0.0.1", "localhost", 1), "tls", roots)
	server, roots = secure(t, 0, -time.Hour, "127.0.0.1")
	add("certificate that has expired", server, "tls", roots)
	server, roots = secure(t, tls.VersionTLS11, time.Hour, "127.0.0.1")
	add("TLS 1.1", server, "tls", roots)
	return all
}

// secure runs a vendor with TLS, and a certificate of its own that is valid for
// this long from now.
func secure(t testing.TB, newest uint16, life time.Duration, address string) (url string, roots *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "vendor"}, IPAddresses: []net.IP{net.ParseIP(address)},
		NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().Add(life),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { Say(200, Good())(w, r, 1) }))
	server.TLS = &tls.Config{
		MinVersion: tls.VersionTLS10, MaxVersion: newest,
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
	}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots = x509.NewCertPool()
	roots.AddCert(certificate)
	return server.URL, roots
}
