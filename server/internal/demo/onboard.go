package demo

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"

	"ekycconnect/server/internal/secret"
)

// maxForm bounds the posted form, in bytes: a token has up to 2,048.
const maxForm = 32 << 10

// submission is what the form sent.
type submission struct {
	frame
	token, application string
}

// key makes the same form, posted twice, one redemption: the relay answers the
// second with the first answer.
func (s submission) key() string {
	sum := sha256.Sum256([]byte(s.application + "\n" + s.token))
	return base64.RawURLEncoding.EncodeToString(sum[:24])
}

// parse reads a form of up to so many bytes, or shows that it cannot be read.
func (d *demo) parse(w http.ResponseWriter, r *http.Request, limit int64) bool {
	r.Body = http.MaxBytesReader(w, r.Body, limit)
	if err := r.ParseForm(); err != nil {
		d.render(w, r, http.StatusBadRequest, "result.html", outcome{
			frame: frameOf(r, ".."), Title: "That was no form", Tone: "bad", Back: "To the form",
			Lead: "The bank's server could not read what was sent.",
		})
		return false
	}
	return true
}

// onboard redeems the token of the form and begins the verification.
func (d *demo) onboard(w http.ResponseWriter, r *http.Request) {
	if !d.parse(w, r, maxForm) {
		return
	}
	s := submission{
		frame: frameOf(r, ".."), token: r.PostForm.Get("ekyc-connect-response"), application: r.PostForm.Get("application"),
	}
	key, known := d.Secrets[s.Sitekey]
	if !known || r.PostForm.Get("sitekey") != s.Sitekey {
		d.render(w, r, http.StatusBadRequest, "result.html", outcome{
			frame: s.frame, Title: "Unknown sitekey", Tone: "bad", Back: "To the form",
			Lead: "The bank's server has no secret for this sitekey. The demo knows the test sitekeys alone.",
		})
		return
	}
	if s.token == "" || strings.HasPrefix(s.token, ".") {
		d.render(w, r, http.StatusOK, "result.html", withoutToken(s))
		return
	}
	answer, status, err := d.verify(r.Context(), s, key)
	if err != nil {
		d.Log.WarnContext(r.Context(), "demo: not redeemed", "error", err)
		d.render(w, r, http.StatusBadGateway, "result.html", unreachable(s))
		return
	}
	calls := []call{siteverifyCall(status, answer)}
	if !answer.Success {
		d.render(w, r, http.StatusOK, "result.html", refused(s, answer.ErrorCodes[0], calls))
		return
	}
	v := &visit{
		application: s.application, consent: answer.Consent.ID, key: key, frame: s.frame,
		verification: secret.New(answer.Verification),
	}
	d.visits.begin(v)
	v.now = v.number()
	v.now.Calls, v.now.Redeemed = calls, answer.Shown
	d.render(w, r, http.StatusOK, v.now.template, v.now)
}
