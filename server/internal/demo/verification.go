package demo

import (
	"context"
	"net/http"
	"time"

	"ekycconnect/server/internal/secret"
	"ekycconnect/wasm/wire"
)

// press makes one press of an applicant's into one call. Who presses twice is shown
// what came of the first.
func (d *demo) press(field string, call func(d *demo, ctx context.Context, v *visit, typed string) page) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, ok := d.visitOf(w, r)
		if !ok {
			return
		}
		// Two calls may wait for each other. A connection that cannot be given more time has the server's.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(2 * otpTimeout))
		v.mu.Lock()
		defer v.mu.Unlock()
		if key := r.PostForm.Get("key"); key != "" && key == v.now.Key {
			v.now = call(d, context.WithoutCancel(r.Context()), v, r.PostForm.Get(field)) // the answer is needed even if the applicant has left
		}
		d.render(w, r, http.StatusOK, v.now.template, v.now)
	}
}

// another lets the applicant type a number again: the same or another one.
func (d *demo) another(w http.ResponseWriter, r *http.Request) {
	v, ok := d.visitOf(w, r)
	if !ok {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.now.template == "otp.html" {
		v.now = v.number()
	}
	d.render(w, r, http.StatusOK, v.now.template, v.now)
}

// visitOf finds the visit that a form belongs to, or shows that there is none.
func (d *demo) visitOf(w http.ResponseWriter, r *http.Request) (*visit, bool) {
	if !d.parse(w, r, maxForm) {
		return nil, false
	}
	if v := d.visits.of(r.PostForm.Get("visit")); v != nil {
		return v, true
	}
	gone := (&visit{frame: frameOf(r, "..")}).end(over)
	d.render(w, r, http.StatusOK, gone.template, gone)
	return nil, false
}

// sendOTP is the press below the number.
func (d *demo) sendOTP(ctx context.Context, v *visit, number string) page {
	p := v.number()
	a, err := d.generateOTP(ctx, v, number)
	calls := []call{generateOTPCall(a)}
	switch {
	case err != nil:
		d.Log.WarnContext(ctx, "demo: generate-otp", "error", err)
		p = v.now // with its key
		p.say(notAnswered)
	case a.Status == http.StatusOK:
		v.verification = secret.New(a.Verification)
		p = v.otp()
		p.Tone, p.Lead = "good", a.Vendor.Message
	case a.Code == wire.AadhaarInvalid:
		p.Wrong = "That is no Aadhaar number. Type all twelve digits again: at least one is missing or mistyped."
	case a.Code == wire.VendorRefused:
		p = v.again(a.Retry)
		p.Lead = words(a)
	default:
		p = v.goOn(p, tell(a, ofGenerateOTP))
	}
	p.Calls = calls
	return p
}

// checkOTP is the press below the OTP.
func (d *demo) checkOTP(ctx context.Context, v *visit, otp string) page {
	p := v.otp()
	a, err := d.verifyOTP(ctx, v, otp)
	calls, record := []call{verifyOTPCall(a)}, ""
	switch {
	case err != nil:
		d.Log.WarnContext(ctx, "demo: verify-otp", "error", err)
		p = v.now // with its key
		p.say(notAnswered)
	case a.Status == http.StatusOK:
		var status int
		if record, status, err = d.record(ctx, v); err != nil {
			d.Log.WarnContext(ctx, "demo: consent not fetched", "error", err)
		}
		calls = append(calls, consentCall(status))
		v.verification = secret.String{}
		p = v.verified(a.Data)
	case a.Code == wire.OTPInvalid:
		p.Wrong = "That is no code: it has six digits."
	case a.Code == wire.VendorRefused:
		p.Wrong = words(a)
		p.Advice = "shows the vendor's words and the field again: three tries for each code, then another code."
	case a.Code == wire.RateLimited:
		p = v.number()
		p.say(telling{lead: "This code was tried three times. Ask for another.", advice: "calls generate-otp again, under the same consent."})
	default:
		p = v.goOn(p, tell(a, ofVerifyOTP))
	}
	p.Calls, p.Record = calls, record
	return p
}

// goOn is p, saying what a refusal means, or the end.
func (v *visit) goOn(p page, t telling) page {
	if t.title != "" {
		return v.end(t)
	}
	p.say(t)
	return p
}

func (p *page) say(t telling) {
	p.Tone, p.Lead, p.Advice, p.Wrong, p.Choices = "bad", t.lead, t.advice, "", alternatives
}

// words are the vendor's: they are shown, not interpreted, since it documents none.
func words(a answered) string {
	if a.Vendor.Message == "" {
		return "The identity check said no, and not why."
	}
	return "The identity check says: " + a.Vendor.Message + "."
}
