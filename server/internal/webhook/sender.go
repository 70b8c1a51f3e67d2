package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"ekycconnect/server/internal/consent"
)

// timeout is for a whole delivery, from the look-up of the name to the answer.
const timeout = 5 * time.Second

// Endpoint is where a partner takes messages.
type Endpoint struct {
	URL          string // https; http only to this machine
	Key          []byte // that signs, see [Key]
	AllowPrivate bool   // addresses that are not public are meant
}

// sender makes one try to deliver a message.
type sender struct {
	public, private *http.Client
	clock           func() time.Time
}

func newSender(clock func() time.Time, roots *x509.CertPool) *sender {
	return &sender{newClient(onlyPublic, roots), newClient(nil, roots), clock}
}

// newClient keeps no connection: messages are rare, and each try shall look at
// the name's address anew. It takes no proxy from the environment: behind one
// the address could not be looked at.
func newClient(control func(network, address string, c syscall.RawConn) error, roots *x509.CertPool) *http.Client {
	dialer := &net.Dialer{Timeout: timeout, Control: control}
	return &http.Client{
		Timeout: timeout,
		Transport: &http.Transport{
			DialContext:            dialer.DialContext,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
			TLSHandshakeTimeout:    timeout,
			DisableKeepAlives:      true,
			ForceAttemptHTTP2:      true,
			MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// send returns nil if the partner has the message. The error holds neither the
// URL, which may carry a key of the partner's, nor the answer.
func (s *sender) send(ctx context.Context, to Endpoint, m consent.Message) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to.URL, bytes.NewReader(m.Body))
	if err != nil {
		return errors.New("webhook: the address does not parse")
	}
	at := s.clock()
	h := request.Header
	h.Set("Content-Type", "application/json")
	h.Set("User-Agent", "ekyc-connect")
	h.Set("Webhook-Id", ID(m))
	h.Set("Webhook-Timestamp", strconv.FormatInt(at.Unix(), 10))
	h.Set("Webhook-Signature", sign(to.Key, ID(m), at, m.Body))
	client := s.public
	if to.AllowPrivate {
		client = s.private
	}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("webhook: %w", bare(err))
	}
	defer response.Body.Close()
	_, _ = io.CopyN(io.Discard, response.Body, 64<<10)
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return fmt.Errorf("webhook: the partner answered %d", response.StatusCode)
	}
	return nil
}
