package notice

import (
	"errors"
	"fmt"
	"maps"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A rule is one thing that a notice must say, with the law that asks for it.
type rule struct {
	name string // the setting in the operator's YAML
	says string // what it must say
	law  string
}

func (r rule) missing() error {
	return fmt.Errorf("%s is missing: add %s (%s)", r.name, r.says, r.law)
}

// lint checks all that an operator supplies for a purpose, in every language,
// offered or not.
func lint(p Purpose, languages []Language) error {
	known := make([]string, 0, len(languages))
	for _, l := range languages {
		known = append(known, l.Tag)
	}
	if _, ok := p.Texts[english]; !ok {
		return rule{"texts." + english, "the words in English: it is shown when no other language fits", "DPDP Act s.5(3)"}.missing()
	}
	if err := lintPurpose(p); err != nil {
		return err
	}
	for _, tag := range slices.Sorted(maps.Keys(p.Texts)) {
		if !slices.Contains(known, tag) {
			return fmt.Errorf("texts.%s: this language is not built in; there are %s", tag, strings.Join(known, ", "))
		}
		if err := lintText(p.Texts[tag]); err != nil {
			return fmt.Errorf("texts.%s: %w", tag, err)
		}
	}
	return nil
}

// lintPurpose checks what is the same in every language of a purpose.
func lintPurpose(p Purpose) error {
	if strings.TrimSpace(p.Version) == "" {
		return rule{"version", "a version, and change it whenever the notice changes its meaning", "DPDP Act s.6(10)"}.missing()
	}
	for _, link := range []struct {
		rule
		value string
	}{
		{rule{"withdraw_url", "the page where a person withdraws the consent", "DPDP Rules r.3(c)(i)"}, p.WithdrawURL},
		{rule{"rights_url", "the page where a person uses the rights under the Act", "DPDP Rules r.3(c)(ii)"}, p.RightsURL},
		{rule{"board_complaint_url", "the page that leads to a complaint to the Data Protection Board", "DPDP Rules r.3(c)(iii)"}, p.BoardComplaintURL},
		{rule{name: "alternative_url"}, p.AlternativeURL},
	} {
		if link.value == "" && link.law != "" {
			return link.missing()
		}
		if link.value != "" && !webLink(link.value) {
			return fmt.Errorf("%s: give a whole https address (http only on localhost), what is not plain ASCII percent-encoded", link.name)
		}
	}
	for _, limit := range []struct {
		name, value string
		max         int
	}{{"notice_id", p.ID, 128}, {"version", p.Version, 64}, {"vendor_purpose", p.VendorPurpose, 200}, {"ovse_registration", p.OVSERegistration, 200}} {
		if utf8.RuneCountInString(limit.value) > limit.max {
			return fmt.Errorf("%s: shorten it to %d characters", limit.name, limit.max)
		}
		if err := lintWords(limit.value); err != nil {
			return fmt.Errorf("%s: %w", limit.name, err)
		}
	}
	return lintContact(p.Contact)
}

func lintContact(c Contact) error {
	if c.Email == "" && c.Phone == "" {
		return rule{"contact", "an email or a phone that answers, the other means of withdrawing", "DPDP Act s.6(3), Rules r.3(c)(i)"}.missing()
	}
	if a, err := mail.ParseAddress(c.Email); c.Email != "" && (err != nil || a.Address != c.Email || strings.ContainsAny(c.Email, "?&%\"")) {
		return fmt.Errorf("contact.email: give a bare address like privacy@company.example")
	}
	if c.Phone != "" && !phone.MatchString(c.Phone) {
		return fmt.Errorf("contact.phone: give an international number like +91 22 5550 1234")
	}
	return nil
}

var phone = regexp.MustCompile(`^\+[0-9][0-9 -]{5,22}[0-9]$`)

// lintText checks the operator's words in one language.
func lintText(t Text) error {
	for _, r := range []struct {
		rule
		values []string
		calm   bool // a sentence of the notice, not a name
	}{
		{rule{"controller", "who asks and decides: the company's legal name", "DPDP Act s.5(1), s.6(3)"}, []string{t.Controller}, false},
		{rule{"address", "the company's postal address", "DPDP Act s.6(3)"}, []string{t.Address}, false},
		{rule{"purpose", "the one specific purpose", "DPDP Rules r.3(b)(ii)"}, []string{t.Purpose}, true},
		{rule{"service", "the goods or service that this makes possible", "DPDP Rules r.3(b)(ii)"}, []string{t.Service}, false},
		{rule{"uses", "what the details are used for", "Aadhaar Act s.8A(3)(b)"}, t.Uses, true},
		{rule{"alternatives", "at least one other way than Aadhaar", "Aadhaar Act s.8A(3)(c)"}, t.Alternatives, true},
		{rule{"retention", "how long the details are kept", "DPDP Act s.8(7)"}, []string{t.Retention}, true},
		{rule{"storage", "where the details are kept", "ISO/IEC 29184, 5.3.10"}, []string{t.Storage}, true},
		{rule{"contact_name", "the Data Protection Officer or who else answers", "DPDP Act s.6(3)"}, []string{t.ContactName}, false},
	} {
		if len(r.values) == 0 {
			return r.missing()
		}
		for _, value := range r.values {
			if strings.TrimSpace(value) == "" {
				return r.missing()
			}
			if err := lintWords(value); err != nil {
				return fmt.Errorf("%s: %w", r.name, err)
			}
			if r.calm && strings.Contains(value, "!") {
				return fmt.Errorf("%s: take out the exclamation mark: a notice does not press", r.name)
			}
		}
	}
	for name, value := range map[string]string{"processor": t.Processor, "ovse_basis": t.OVSEBasis} {
		if err := lintWords(value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// lintWords refuses what was left to fill in and what is no text.
func lintWords(s string) error {
	switch {
	case strings.ContainsAny(s, "{}<>"):
		return errors.New("take out the braces or angle brackets, and write the words themselves")
	case strings.Contains(s, "TODO"), strings.Contains(strings.ToLower(s), "lorem ipsum"):
		return errors.New("write the text that is still to be filled in")
	case !utf8.ValidString(s), strings.ContainsFunc(s, unicode.IsControl):
		return errors.New("take out the control characters and line breaks")
	}
	return nil
}

// plainURL is an address that html/template and the loader take as it is.
var plainURL = regexp.MustCompile(`^https?://([A-Za-z0-9._~!#$&*+,/:;=?@\[\]-]|%[0-9A-Fa-f]{2})+$`)

// webLink reports whether s is a whole https address, or http on this machine.
func webLink(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.User != nil || !plainURL.MatchString(s) {
		return false
	}
	local := slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, u.Hostname()) && (u.Path != "" || u.RawQuery == "" && u.Fragment == "")
	return u.Scheme == "https" || local
}

// linkable is webLink, or a way to write or call.
func linkable(s string) bool {
	return webLink(s) || strings.HasPrefix(s, "mailto:") || strings.HasPrefix(s, "tel:")
}
