package notice

import (
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// A rule is one thing that a notice must say, with the law that asks for it.
type rule struct {
	name string // the setting in the operator's YAML
	says string // what it must say
	law  string
}

// lintPurpose checks what is the same in every language of a purpose.
func lintPurpose(p Purpose) error {
	for _, r := range []struct {
		rule
		value string
	}{
		{rule{"version", "a version, changed whenever the notice changes its meaning", "DPDP Act s.6(10)"}, p.Version},
		{rule{"withdraw_url", "the page where a person withdraws the consent", "DPDP Rules r.3(c)(i)"}, p.WithdrawURL},
		{rule{"rights_url", "the page where a person uses the rights under the Act", "DPDP Rules r.3(c)(ii)"}, p.RightsURL},
		{rule{"board_complaint_url", "the page that leads to a complaint to the Data Protection Board", "DPDP Rules r.3(c)(iii)"}, p.BoardComplaintURL},
	} {
		if strings.TrimSpace(r.value) == "" {
			return r.missing()
		}
	}
	for name, link := range map[string]string{
		"withdraw_url": p.WithdrawURL, "rights_url": p.RightsURL,
		"board_complaint_url": p.BoardComplaintURL, "alternative_url": p.AlternativeURL,
	} {
		if link != "" && !webLink(link) {
			return fmt.Errorf("%s: give a whole https address (http only on localhost)", name)
		}
	}
	if utf8.RuneCountInString(p.VendorPurpose) > 200 {
		return fmt.Errorf("vendor_purpose: shorten it to 200 characters")
	}
	if len(p.ID) > 128 || len(p.Version) > 64 {
		return fmt.Errorf("notice_id, version: shorten them to 128 and 64 characters")
	}
	return lintContact(p.Contact)
}

func lintContact(c Contact) error {
	if c.Email == "" && c.Phone == "" {
		return rule{"contact", "an email or a phone that answers, the other means of withdrawing", "DPDP Act s.6(3), Rules r.3(c)(i)"}.missing()
	}
	if a, err := mail.ParseAddress(c.Email); c.Email != "" && (err != nil || a.Address != c.Email) {
		return fmt.Errorf("contact.email: give a bare address like privacy@company.example")
	}
	if c.Phone != "" && !phone.MatchString(c.Phone) {
		return fmt.Errorf("contact.phone: give an international number like +91 22 5550 1234")
	}
	return nil
}

var phone = regexp.MustCompile(`^\+[0-9][0-9 -]{5,22}[0-9]$`)

// lintText checks the operator's words in one language.
func lintText(p Purpose, t Text) error {
	for _, r := range []struct {
		rule
		values []string
	}{
		{rule{"controller", "who asks and decides: the company's legal name", "DPDP Act s.5(1), s.6(3)"}, []string{t.Controller}},
		{rule{"address", "the company's postal address", "DPDP Act s.6(3)"}, []string{t.Address}},
		{rule{"processor", "who fetches the details for the company", "ISO/IEC 29184"}, []string{t.Processor}},
		{rule{"purpose", "the one specific purpose", "DPDP Rules r.3(b)(ii)"}, []string{t.Purpose}},
		{rule{"service", "the goods or service that this makes possible", "DPDP Rules r.3(b)(ii)"}, []string{t.Service}},
		{rule{"uses", "what the details are used for", "Aadhaar Act s.8A(3)(b)"}, t.Uses},
		{rule{"alternatives", "at least one other way than Aadhaar", "Aadhaar Act s.8A(3)(c)"}, t.Alternatives},
		{rule{"retention", "how long the details are kept", "DPDP Act s.8(7), ISO/IEC 29184"}, []string{t.Retention}},
		{rule{"storage", "where the details are kept", "ISO/IEC 29184"}, []string{t.Storage}},
		{rule{"contact_name", "the Data Protection Officer or who else answers", "DPDP Act s.6(3)"}, []string{t.ContactName}},
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
		}
	}
	return lintWords(t.OVSEBasis)
}

// lintWords refuses what no notice should hold: words left to fill in, pressing
// (Guidelines for Prevention and Regulation of Dark Patterns 2023: false
// urgency, confirm shaming) and what only looks like text.
func lintWords(s string) error {
	switch {
	case strings.ContainsAny(s, "!！"):
		return fmt.Errorf("take out the exclamation mark: a notice does not press")
	case strings.ContainsAny(s, "{}<>"):
		return fmt.Errorf("take out the braces or angle brackets: write the words themselves")
	case strings.Contains(s, "TODO") || strings.Contains(s, "XXX") || strings.Contains(strings.ToLower(s), "lorem ipsum"):
		return fmt.Errorf("write the text that is still to be filled in")
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 && r != '\n' }):
		return fmt.Errorf("take out the control characters")
	}
	return nil
}

// lintPanel makes sure that the panel as rendered really says everything, so
// that a change of the template cannot lose an element of the notice.
func lintPanel(p page, panel element) error {
	var links []string
	empty := ""
	panel.all(func(e element) {
		if h := e.attr("href"); h != "" {
			links = append(links, h)
		}
		if slices.Contains([]string{"h2", "h3", "p", "li", "button", "a", "summary", "option"}, e.tag()) && e.text() == "" {
			empty = e.tag()
		}
	})
	if empty != "" {
		return fmt.Errorf("the notice has an empty <%s>", empty)
	}
	for _, l := range []rule{{name: "withdraw_url", says: p.WithdrawURL}, {name: "rights_url", says: p.RightsURL}, {name: "board_complaint_url", says: p.BoardComplaintURL}} {
		if !slices.Contains(links, l.says) {
			return fmt.Errorf("the notice does not show %s", l.name)
		}
	}
	said := panel.text()
	if left := placeholders(said); len(left) > 0 {
		return fmt.Errorf("the notice still has %s", strings.Join(left, ", "))
	}
	must := []string{p.Text.Controller, p.Text.Address, p.Text.Processor, p.Text.Purpose, p.Text.Service, p.Text.Retention, p.Text.Storage,
		p.Text.ContactName, p.Text.OVSEBasis, p.OVSERegistration, p.Contact.Email, p.Contact.Phone}
	must = slices.Concat(must, p.Text.Uses, p.Text.Alternatives)
	for _, key := range itemised {
		must = append(must, p.fill(p.Language.Notice[key]))
	}
	for _, m := range must {
		if m = strings.Join(strings.Fields(m), " "); !strings.Contains(said, m) {
			return fmt.Errorf("the notice does not show %q", m)
		}
	}
	return lintChoice(panel)
}

// itemised are the statutory texts that no notice may lose: what is shared
// (DPDP Rules r.3(b)(i), Aadhaar Act s.8A(3)(a)), and how to undo or complain.
var itemised = strings.Fields(`lead data-from item-name item-birth item-gender item-address item-photo item-number item-reach
	typed-here typed-later service uses who-text ways-text withdraw-text rights-text board-text contact record`)

// lintChoice: refusing is as easy as agreeing. Both are buttons of one kind,
// side by side, refusing first, nothing is ticked beforehand, and the languages
// are there to choose from.
func lintChoice(panel element) error {
	decline, agree := panel.part("decline"), panel.part("agree")
	if decline == nil || agree == nil || panel.part("language") == nil {
		return fmt.Errorf("the notice lacks the choice: decline, agree or language")
	}
	if decline.tag() != "button" || agree.tag() != "button" || decline.attr("class") != agree.attr("class") {
		return fmt.Errorf("decline and agree are not buttons of the same kind")
	}
	beside := false
	panel.all(func(e element) {
		c := e.children()
		for i := 0; i+1 < len(c); i++ {
			first, ok1 := c[i].(element)
			second, ok2 := c[i+1].(element)
			beside = beside || ok1 && ok2 && first.attr("data-part") == "decline" && second.attr("data-part") == "agree"
		}
	})
	if !beside {
		return fmt.Errorf("decline does not stand right before agree")
	}
	if ticked := panel.find("type", "checkbox"); ticked != nil {
		if _, on := ticked.attrs()["checked"]; on {
			return fmt.Errorf("a box is ticked beforehand")
		}
	}
	return nil
}

func (r rule) missing() error {
	return fmt.Errorf("%s is missing: add %s (%s)", r.name, r.says, r.law)
}

// webLink reports whether s is a whole https address, or http on this machine.
func webLink(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil {
		return false
	}
	host := u.Hostname()
	ip := net.ParseIP(host)
	return u.Scheme == "https" || u.Scheme == "http" && (host == "localhost" || ip != nil && ip.IsLoopback())
}

// linkable is webLink, or a way to write or call.
func linkable(s string) bool {
	return webLink(s) || strings.HasPrefix(s, "mailto:") || strings.HasPrefix(s, "tel:")
}
