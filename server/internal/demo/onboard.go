package demo

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
)

// maxForm bounds the posted form, in bytes: a token has up to 2,048.
const maxForm = 32 << 10

// submission is what the form sent.
type submission struct {
	frame
	token, application string
	values             map[string]string
}

// key makes the same form, posted twice, one redemption: the relay answers the
// second with the first answer.
func (s submission) key() string {
	sum := sha256.Sum256([]byte(s.application + "\n" + s.token))
	return base64.RawURLEncoding.EncodeToString(sum[:24])
}

// onboard is the bank's back end.
func (d *demo) onboard(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		d.render(w, r, http.StatusBadRequest, "result.html", outcome{
			frame: frameOf(r, ".."), Title: "That was no form", Tone: "bad", Back: "To the form",
			Lead: "The bank's server could not read what was sent.",
		})
		return
	}
	s := submission{
		frame: frameOf(r, ".."), token: r.PostForm.Get("ekyc-connect-response"), application: r.PostForm.Get("application"),
		values: valuesOf(r),
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
	var sent otp
	if d.VendorURL != "" {
		if sent, err = d.generateOTP(r.Context(), s.Sitekey, answer); err != nil {
			d.Log.WarnContext(r.Context(), "demo: vendor not reached", "error", err)
		}
		if sent.lettersRefused() {
			d.again(w, r, s, answer.Retry)
			return
		}
		calls = append(calls, otpCall(sent))
	}
	record, status, err := d.record(r.Context(), answer.Consent.ID, key)
	if err != nil {
		d.Log.WarnContext(r.Context(), "demo: consent not fetched", "error", err)
	}
	calls = append(calls, consentCall(status))
	d.render(w, r, http.StatusOK, "result.html", accepted(s, answer, sent, record, calls))
}

// again shows the form anew after the vendor refused the letters: with retry
// the widget begins at a new picture, under the same consent.
func (d *demo) again(w http.ResponseWriter, r *http.Request, s submission, retry string) {
	d.show(w, r, formPage{
		frame: s.frame, Application: s.application, Retry: retry, values: s.values,
		Notice: "The letters did not match the picture. Here is a new picture; your consent still stands.",
	})
}

func siteverifyCall(status int, answer redeemed) call {
	c := call{
		Request: "POST /v1/siteverify", Status: fmt.Sprint(status), Tone: "good",
		Why: "redeems the token, once, with the site's secret. The idempotency_key makes a form that is sent twice harmless.",
	}
	if !answer.Success {
		c.Status, c.Tone = fmt.Sprintf("%d, %s", status, answer.ErrorCodes[0]), "bad"
	}
	return c
}

func otpCall(sent otp) call {
	c := call{
		Request: "POST vendor /v1/ekyc/aadhaar/generate-otp", Status: fmt.Sprint(sent.Status), Tone: "good",
		Why: "asks the vendor for the one-time password, with the session and the letters that the token was redeemed for, and " +
			testNumber + ", a number made up for the emulator. The vendor: " + sent.Message,
	}
	if sent.Status != http.StatusOK {
		c.Tone = "bad"
	}
	if sent.Status == 0 {
		c.Status = "no answer"
	}
	return c
}

func consentCall(status int) call {
	c := call{
		Request: "GET /v1/consents/{id}", Status: fmt.Sprint(status), Tone: "good",
		Why: "fetches the record of the consent, for the bank's own file.",
	}
	if status != http.StatusOK {
		c.Tone = "bad"
	}
	if status == 0 {
		c.Status = "no answer"
	}
	return c
}
