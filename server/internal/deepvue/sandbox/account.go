package sandbox

import (
	"net/http"

	"ekycconnect/server/internal/secret"
)

// Account is a client id and secret that the double knows. They open nothing
// but the double.
type Account struct {
	Sitekey      string // the test sitekey that uses it; empty for "sandbox", where all goes well
	Name         string
	ClientID     string
	ClientSecret secret.String
}

// manner is what the vendor is like to an account.
type manner int

const (
	pass manner = iota
	slow
	busy
	down
	rejected
	badJPEG
	wrongCaptcha
)

type account struct {
	Account
	manner manner
}

var accounts = []account{
	{Account{"", "sandbox", "sandbox", secret.New("sandbox")}, pass},
	testAccount("pass", pass),
	testAccount("slow", slow),
	testAccount("busy", busy),
	testAccount("down", down),
	testAccount("rejected", rejected),
	testAccount("badjpeg", badJPEG),
	testAccount("expired", pass), // the relay lets its tokens run out
	testAccount("wrongcaptcha", wrongCaptcha),
}

func testAccount(name string, m manner) account {
	return account{Account{
		Sitekey:      "pk_test_" + name,
		Name:         name,
		ClientID:     "emulator-client-" + name,
		ClientSecret: secret.New("emulator-secret-" + name),
	}, m}
}

// Accounts lists the accounts, the general one first.
func Accounts() []Account {
	all := make([]Account, len(accounts))
	for i, a := range accounts {
		all[i] = a.Account
	}
	return all
}

// Credentials is the account of a test sitekey.
func Credentials(sitekey string) (Account, bool) {
	for _, a := range accounts {
		if a.Sitekey == sitekey && sitekey != "" {
			return a.Account, true
		}
	}
	return Account{}, false
}

// authenticate finds the account of a call, or says why not in the vendor's
// words.
func (s *Server) authenticate(r *http.Request) (account, string) {
	id, key := r.Header.Get("client-id"), r.Header.Get("x-api-key")
	if id == "" || key == "" {
		return account{}, "Not authenticated"
	}
	a, known := s.accounts[id]
	switch {
	case !known:
		return account{}, "Invalid client_id"
	case a.ClientSecret.Reveal() != key:
		return account{}, "Invalid client_id or client_secret, access Denied"
	}
	return a, ""
}

// busyCalls is how many connect calls under one consent the busy account
// refuses before it takes one.
const busyCalls = 3

// fault answers in place of the endpoint if the account is there to fail.
func (s *Server) fault(w http.ResponseWriter, r *http.Request, a account, endpoint string) bool {
	switch {
	case a.manner == down:
		refuse(w, http.StatusServiceUnavailable, "Source Unavailable")
	case a.manner == rejected:
		refuse(w, http.StatusUnauthorized, "Invalid client_id or client_secret, access Denied")
	case a.manner == busy && endpoint == "connect" && s.refuseBusy(r.Header.Get(s.trace)):
		w.Header().Set("Retry-After", "2") // the vendor documents no such header
		refuse(w, http.StatusTooManyRequests, "Rate limit exceeded. Please retry after some time.")
	default:
		return false
	}
	return true
}

// refuseBusy counts by consent: after three refusals the fourth call passes,
// and so do all later ones. Callers that do not say which consent it is share
// one count, which starts anew after each pass.
func (s *Server) refuseBusy(consent string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	refused := s.refusals.at(consent)
	if *refused < busyCalls {
		*refused++
		return true
	}
	if consent == "" {
		*refused = 0
	}
	return false
}
