package demo

import (
	"encoding/base64"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// person is what the bank reads of verify-otp's data.
type person struct {
	Name         string  `json:"name"`
	DateOfBirth  string  `json:"dateOfBirth"` // DD-MM-YYYY
	Gender       string  `json:"gender"`
	MaskedNumber string  `json:"maskedNumber"`
	Photo        string  `json:"photo"` // base64
	Address      address `json:"address"`
}

type address struct {
	CareOf      string `json:"careOf"`
	House       string `json:"house"`
	Street      string `json:"street"`
	Landmark    string `json:"landmark"`
	Locality    string `json:"locality"`
	VTC         string `json:"vtc"`
	PostOffice  string `json:"postOffice"`
	SubDistrict string `json:"subDistrict"`
	District    string `json:"district"`
	State       string `json:"state"`
	Pin         string `json:"pin"`
	Country     string `json:"country"`
}

// Lines is the address as one writes it, each part once.
func (a address) Lines() string {
	var parts []string
	for _, part := range []string{a.CareOf, a.House, a.Street, a.Landmark, a.Locality, a.VTC, a.PostOffice, a.SubDistrict, a.District, a.State, a.Pin, a.Country} {
		if part != "" && !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", ")
}

// Picture is the photo for the page, or nothing if it is no JPEG.
func (p *person) Picture() template.URL {
	raw, err := base64.StdEncoding.DecodeString(p.Photo)
	if err != nil || http.DetectContentType(raw) != "image/jpeg" {
		return ""
	}
	return template.URL("data:image/jpeg;base64," + p.Photo) // base64: nothing in it ends an attribute
}

// child reports whether the person is known to be under 18 at a time.
func (p *person) child(at time.Time) bool {
	born, err := time.Parse("02-01-2006", p.DateOfBirth)
	return err == nil && born.AddDate(18, 0, 0).After(at)
}

// verified shows the person's card, the good end.
func (v *visit) verified(data jsontext.Value) page {
	var who person
	p := v.page("person.html", "You are verified")
	p.Key = "" // nothing is waited for
	if err := json.Unmarshal(data, &who); err != nil {
		return v.end(telling{"The identity check does not work", "The bank could not read what came back.", "tells its operator."})
	}
	p.Person, p.Back = &who, "Open another account"
	p.Tone, p.Lead = "good", "Your application "+v.application+" is in. This is what the bank has received, with your consent:"
	if who.child(time.Now()) {
		p.Title, p.Tone = "A parent must agree first", "bad"
		p.Lead = "This is the card of a child, and a child's consent is a parent's or guardian's to give."
		p.Advice = "looks at dateOfBirth before it goes on. For a child it drops what it has, and begins again with a guardian at the form."
	}
	return p
}
