package demo

import (
	"crypto/rand"

	"ekycconnect/server/internal/deepvue/sandbox"
)

// page is one of the verification's pages: a template and what it shows.
type page struct {
	template string
	outcome

	Application string
	Visit       string // the visit's id
	Key         string // of the press that the page waits for: the call's idempotency_key
	Wrong       string // what is wrong with the field
	Numbers     []sandbox.Number
	Retry       string // of vendor_refused, for a new picture
	Person      *person
}

// numbers are the test numbers to choose from, all of them nobody's: those with which
// all goes well, then those that the emulator refuses.
var numbers = append([]sandbox.Number{
	{Number: "200000000097", What: "all goes well"},
	{Number: "200000000084", What: "all goes well, and the card is a child's"},
}, sandbox.Numbers()...)

// page begins a page of this visit.
func (v *visit) page(template, title string) page {
	return page{
		template: template, Application: v.application, Visit: v.id, Key: rand.Text(),
		outcome: outcome{frame: v.frame, Step: "Your application", Title: title},
	}
}

// number asks for the Aadhaar number.
func (v *visit) number() page {
	p := v.page("number.html", "Your Aadhaar number")
	p.Numbers = numbers
	return p
}

// otp asks for the OTP.
func (v *visit) otp() page { return v.page("otp.html", "The code from your phone") }

// again asks for new letters, under the same consent.
func (v *visit) again(retry string) page {
	p := v.page("again.html", "No code was sent")
	p.Tone, p.Retry, p.Choices = "bad", retry, alternatives
	return p
}

// end is a page from which the verification does not go on.
func (v *visit) end(t telling) page {
	p := v.page("result.html", t.title)
	p.Key = "" // nothing is waited for
	p.Tone, p.Lead, p.Advice, p.Choices, p.Back = "bad", t.lead, t.advice, alternatives, "Start again"
	return p
}
