package sandbox

import (
	"encoding/base64"
	"math/rand/v2"
	"net/http"
	"time"
)

// session is what the double remembers of one. The vendor does not say how
// long a session lives: these live until 65,536 newer ones have come.
type session struct {
	client   string // client id of the account that started it
	picture  int    // index of the captcha shown last
	answers  int    // letters judged so far
	number   string // for which the last OTP was sent
	otpAt    time.Time
	otpTries int  // OTPs judged since then
	over     bool // a person was verified: nothing more comes of it
}

type captchaData struct {
	SessionID string `json:"session_id,omitzero"` // not repeated by reload-captcha
	Captcha   string `json:"captcha"`
}

func (s *Server) connect(w http.ResponseWriter, _ *http.Request, a account) {
	id := hexID()
	shown := rand.IntN(len(s.pictures))
	s.mu.Lock()
	*s.sessions.at(id) = session{client: a.ClientID, picture: shown}
	s.stats.Sessions++
	s.mu.Unlock()
	succeed(w, reply{Data: captchaData{id, s.captcha(a, shown)}})
}

func (s *Server) reload(w http.ResponseWriter, r *http.Request, a account) {
	shown := -1
	if !s.change(r, a, func(v *session) {
		// Any but the one shown last.
		v.picture = (v.picture + 1 + rand.IntN(len(s.pictures)-1)) % len(s.pictures)
		shown = v.picture
	}) {
		refuseSession(w)
		return
	}
	succeed(w, reply{Data: captchaData{Captcha: s.captcha(a, shown)}})
}

// change runs f on the session that a call names, if the account has it and it is not
// over.
func (s *Server) change(r *http.Request, a account, f func(*session)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.sessions.get(r.URL.Query().Get("session_id"))
	if v == nil || v.client != a.ClientID || v.over {
		return false
	}
	f(v)
	return true
}

// refuseSession answers for a session that is not there, or not any more: undocumented.
func refuseSession(w http.ResponseWriter) {
	refuse(w, http.StatusUnprocessableEntity, "Invalid session_id")
}

var notAPicture = base64.StdEncoding.EncodeToString([]byte("<html><body>captcha service is under maintenance</body></html>"))

func (s *Server) captcha(a account, index int) string {
	if a.manner == badJPEG {
		return notAPicture
	}
	return s.pictures[index].base64
}

// Letters is what the picture shown last in a session says, for tests: no
// route tells it.
func (s *Server) Letters(sessionID string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.sessions.get(sessionID)
	if v == nil {
		return "", false
	}
	return s.pictures[v.picture].letters, true
}
