// Package deepvue calls the vendor's Aadhaar offline eKYC API, version 1: it
// starts a session, fetches new captcha pictures, has an OTP sent and verified. It
// takes nothing but a consent that the ledger has committed, so a call without one
// does not compile, and it lets nothing of the vendor's answers through unchecked,
// but for the verified person's data, which it does not read.
//
// API: https://docs.deepvue.ai/reference/digilocker-kyc/v1/introduction
package deepvue

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-resty/resty/v2"

	"ekycconnect/server/internal/consent"
	"ekycconnect/server/internal/secret"
)

// Account is one contract with the vendor.
type Account struct {
	Name         string        // the operator's own name for it; a consent is bound to it
	URL          string        // https://production.deepvue.tech; plain http only for a loopback host
	ClientID     string        // sent as client-id
	ClientSecret secret.String // sent as x-api-key
}

// Client calls the vendor for one account. It is safe for concurrent use.
type Client struct {
	account  string
	base     string        // of URLs
	pictures *resty.Client // connect and reload-captcha
	otps     *resty.Client // generate-otp and verify-otp
	settings settings
}

// New makes a client. Nothing is sent. The error says which setting is wrong
// and what to write instead, and never quotes it: it may hold a credential.
func New(a Account, opts ...Option) (*Client, error) {
	s := defaults()
	for _, opt := range opts {
		opt(&s)
	}
	if a.Name == "" {
		return nil, errors.New("deepvue: the vendor account has no name")
	}
	base, err := baseURL(a.URL)
	if err != nil {
		return nil, fmt.Errorf("deepvue: account %q: %w", a.Name, err)
	}
	if !sendable(a.ClientID) {
		return nil, fmt.Errorf("deepvue: account %q: set the client id: printable ASCII, as the vendor shows it", a.Name)
	}
	if !sendable(a.ClientSecret.Reveal()) {
		return nil, fmt.Errorf("deepvue: account %q: set the client secret: printable ASCII, as the vendor shows it", a.Name)
	}

	pictures := newResty(a, newTransport(s))
	pictures.SetPreRequestHook(sendOnce)
	otps := newResty(a, newOTPTransport(s))
	otps.SetPreRequestHook(noBody)
	otps.SetHeader("Accept-Encoding", "identity")
	return &Client{account: a.Name, base: base + basePath, pictures: pictures, otps: otps, settings: s}, nil
}

// newResty is a resty client without its defaults, each of which would do harm
// here: it shares a cookie jar between all callers, and follows redirects to other
// hosts with the credentials still on. It repeats nothing.
func newResty(a Account, transport *http.Transport) *resty.Client {
	r := resty.NewWithClient(&http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	})
	r.SetLogger(silent{})         // resty's own lines carry whole URLs
	r.SetDoNotParseResponse(true) // it would grow a new buffer for each answer
	r.SetHeaders(map[string]string{
		"client-id":    a.ClientID,
		"x-api-key":    a.ClientSecret.Reveal(),
		"Accept":       "application/json",
		"Content-Type": "application/json", // as in the vendor's samples
		"User-Agent":   "ekyc-connect",
	})
	return r
}

// Account is the name of the account that the client calls for.
func (c *Client) Account() string { return c.account }

// Close drops the idle connections.
func (c *Client) Close() { c.pictures.GetClient().CloseIdleConnections() }

// admit refuses, before a byte is sent, what the ledger has not committed for
// this account. Each is a mistake of the caller and no answer for a person.
func (c *Client) admit(committed consent.Committed, turn Turn) error {
	switch {
	case committed.IsZero():
		return errors.New("deepvue: no consent is committed: the vendor is not called")
	case committed.Account() != c.account:
		return errors.New("deepvue: the consent was given for another vendor account")
	case committed.VendorPurpose() == "":
		return errors.New("deepvue: the consent names no purpose for the vendor")
	case turn == nil:
		return errors.New("deepvue: nobody says when to call")
	}
	return nil
}

func baseURL(raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Opaque != "" {
		return "", errors.New("set the vendor's url to a whole URL, such as https://production.deepvue.tech")
	}
	if u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return "", errors.New("leave user, query and fragment out of the vendor's url: credentials have settings of their own")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return "", errors.New("the vendor's url must begin with https:// (plain http only for localhost): credentials would travel in the clear")
	}
	return strings.TrimRight(u.String(), "/"), nil
}

func loopback(host string) bool {
	if ip := net.ParseIP(host); ip != nil {
		return ip.IsLoopback()
	}
	return host == "localhost"
}

// sendable reports whether v can stand in a header as it is.
func sendable(v string) bool { return printable(v, 1, 1024) && strings.TrimSpace(v) == v }

// printable reports whether v is printable ASCII of min to max characters.
func printable(v string, min, max int) bool {
	if len(v) < min || len(v) > max {
		return false
	}
	for i := range len(v) {
		if v[i] < ' ' || v[i] > '~' {
			return false
		}
	}
	return true
}

// silent is resty's logger, turned off.
type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}

var _ resty.Logger = silent{}
