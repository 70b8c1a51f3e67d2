package deepvue

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/go-resty/resty/v2"
)

// connections is the most that are open to the vendor at a time. The vendor's
// largest plan allows 17 calls a second and a call has 10 s: 170.
const connections = 256

type tlsRoots = *x509.CertPool

// Proxy sends all calls through the HTTP proxy at u. Without it there is none:
// what the environment says is not looked at, as the calls carry credentials.
func Proxy(u *url.URL) Option { return func(s *settings) { s.proxy = http.ProxyURL(u) } }

// RootCAs replaces the system's certificate authorities.
func RootCAs(roots *x509.CertPool) Option { return func(s *settings) { s.tls = roots } }

// newTransport has no timeout for the answer: the deadline of the call covers
// it, headers and body.
func newTransport(s settings) *http.Transport {
	dialer := &net.Dialer{Timeout: 3 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                  s.proxy,
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: s.tls},
		TLSHandshakeTimeout:    3 * time.Second,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           connections,
		MaxIdleConnsPerHost:    connections,
		MaxConnsPerHost:        connections,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		ReadBufferSize:         16 << 10, // most answers are one read
	}
}

// sendOnce keeps net/http from repeating a GET by itself when a kept
// connection breaks: each call to the vendor is counted in the ledger, so each
// must be seen here. A body that is not nil and cannot be got anew makes a
// request unrepeatable; as it is empty, what is sent is the same.
func sendOnce(_ *resty.Client, r *http.Request) error {
	r.Body, r.GetBody = nothing{}, nil
	return nil
}

type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, io.EOF }
func (nothing) Close() error             { return nil }
