package deepvue

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/go-resty/resty/v2"
)

// Connections is the most that are open to the vendor at a time. The vendor's
// largest plan allows 17 calls a second and a call has 10 s: 170. Who would make more
// calls at a time should wait for one to end first: here a wait is taken off the
// call's own deadline.
const Connections = 256

// newTransport has no timeout for the answer: the deadline of the call covers
// it, headers and body.
func newTransport(s settings) *http.Transport {
	dialer := &net.Dialer{Timeout: 3 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                  s.proxy,
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: s.roots},
		TLSHandshakeTimeout:    3 * time.Second,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           Connections,
		MaxIdleConnsPerHost:    Connections,
		MaxConnsPerHost:        Connections,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		ReadBufferSize:         16 << 10, // most answers are one read
	}
}

// newOTPTransport carries what must not be sent twice, and must not stay.
//
// Each call has a connection of its own: one that was kept can have been closed by
// the vendor in the meantime, which is found out only by sending, and then nobody
// knows whether the OTP went out. net/http repeats no request on a new connection.
// HTTP/1.1, since the header tables of HTTP/2 keep the address, with the number in
// it, as long as the connection. Nothing is decompressed: the buffers of gzip are
// pooled.
func newOTPTransport(s settings) *http.Transport {
	t := newTransport(s)
	t.ForceAttemptHTTP2 = false
	t.Protocols = new(http.Protocols)
	t.Protocols.SetHTTP1(true)
	t.DisableKeepAlives = true
	t.DisableCompression = true
	return t
}

// sendOnce keeps net/http from repeating a GET by itself when a kept
// connection breaks: each call to the vendor is counted in the ledger, so each
// must be seen here. A body that is not nil and cannot be got anew makes a
// request unrepeatable; as it is empty, what is sent is the same. Of an encoding that is
// named, net/http does not find out first, in a goroutine, whether there is a body.
func sendOnce(_ *resty.Client, r *http.Request) error {
	r.Body, r.GetBody, r.TransferEncoding = nothing{}, nil, identity
	return nil
}

var identity = []string{"identity"}

// noBody makes a POST say that it has no body; resty would send an empty one in chunks.
func noBody(_ *resty.Client, r *http.Request) error {
	r.Body, r.GetBody, r.ContentLength = http.NoBody, nil, 0
	return nil
}

// nothing is a body of no bytes, which is copied without a buffer.
type nothing struct{}

func (nothing) Read([]byte) (int, error)         { return 0, io.EOF }
func (nothing) WriteTo(io.Writer) (int64, error) { return 0, nil }
func (nothing) Close() error                     { return nil }
