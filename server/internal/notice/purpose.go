package notice

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Purpose is what an operator supplies for one purpose: the parts of the
// notice that no template can know. It is read from the relay's YAML.
type Purpose struct {
	// ID and Version name the notice in every consent record. Change Version
	// when the meaning changes. ID defaults to the purpose's own id; at most
	// 128 and 64 characters.
	ID      string `yaml:"notice_id"`
	Version string `yaml:"version"`

	// VendorPurpose is the exact text that Deepvue and UIDAI are told, at most
	// 200 characters. It defaults to the purpose stated in the English notice,
	// and should equal it: a person consents to what the notice says.
	VendorPurpose string `yaml:"vendor_purpose"`

	// The links that the notice must give (DPDP Rules 2025, rule 3(c)): https,
	// or http on localhost.
	WithdrawURL       string `yaml:"withdraw_url"`
	RightsURL         string `yaml:"rights_url"`
	BoardComplaintURL string `yaml:"board_complaint_url"`

	// AlternativeURL is where "Use another ID" leads. Empty: the page that
	// embeds the widget listens for its ekyc-decline event and goes on itself.
	AlternativeURL string `yaml:"alternative_url"`

	// Contact answers questions (DPDP Act s.6(3)) and is the other means of
	// withdrawing: e-mail, phone or both.
	Contact Contact `yaml:"contact"`

	// OVSERegistration is the operator's registration with UIDAI as an offline
	// verification seeking entity. Without one, say in each text's ovse_basis
	// why Aadhaar may be asked for.
	OVSERegistration string `yaml:"ovse_registration"`

	// Texts holds the operator's words by language tag. English is required;
	// a language without words here is not offered.
	Texts map[string]Text `yaml:"texts"`
}

// Contact is how to reach the person who answers about personal data.
type Contact struct {
	Email string `yaml:"email"` // a bare address
	Phone string `yaml:"phone"` // international: "+91 22 5550 1234"
}

// Text is the operator's part of a notice in one language. Write plain, short
// sentences; nothing here may be in another language.
type Text struct {
	Controller   string   `yaml:"controller"`   // the company by its legal name: the data fiduciary
	Address      string   `yaml:"address"`      // its postal address
	Processor    string   `yaml:"processor"`    // who fetches the details for it; default Deepvue
	Purpose      string   `yaml:"purpose"`      // the one specific purpose, a sentence without full stop
	Service      string   `yaml:"service"`      // the goods or service that this makes possible
	Uses         []string `yaml:"uses"`         // what the details are used for, one phrase each
	Alternatives []string `yaml:"alternatives"` // other ways to the same service, without Aadhaar
	Retention    string   `yaml:"retention"`    // how long the details are kept, and why: a sentence
	Storage      string   `yaml:"storage"`      // where they are kept: a sentence
	ContactName  string   `yaml:"contact_name"` // the Data Protection Officer or who else answers
	OVSEBasis    string   `yaml:"ovse_basis"`   // optional: on what basis Aadhaar is asked for, a sentence
}

// complete fills in what an operator may leave out and makes one line of each
// text, as the view will show it. It changes nothing in place.
func (p Purpose) complete(id string) Purpose {
	p.Texts = maps.Clone(p.Texts)
	for tag, t := range p.Texts {
		t.Processor = cmp.Or(t.Processor, "Deepvue")
		for _, s := range []*string{&t.Controller, &t.Address, &t.Processor, &t.Purpose, &t.Service, &t.Retention, &t.Storage, &t.ContactName, &t.OVSEBasis} {
			*s = oneLine(*s)
		}
		t.Uses, t.Alternatives = slices.Clone(t.Uses), slices.Clone(t.Alternatives)
		for _, list := range [][]string{t.Uses, t.Alternatives} {
			for i := range list {
				list[i] = oneLine(list[i])
			}
		}
		p.Texts[tag] = t
	}
	p.ID = cmp.Or(p.ID, id)
	p.VendorPurpose = cmp.Or(p.VendorPurpose, p.Texts[english].Purpose)
	return p
}

// oneLine makes one blank of each run of white space, as YAML's block texts
// leave line breaks behind.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// tel is the number as a tel: link.
func (c Contact) tel() string {
	return "tel:" + strings.NewReplacer(" ", "", "-", "").Replace(c.Phone)
}
