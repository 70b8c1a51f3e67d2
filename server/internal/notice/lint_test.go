package notice

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestANoticeThatLacksAnElementIsRefusedByName(t *testing.T) {
	hindi := func(change func(*Text)) func(*Purpose) {
		return func(p *Purpose) {
			text := p.Texts["hi"]
			change(&text)
			p.Texts["hi"] = text
		}
	}
	for want, change := range map[string]func(*Purpose){
		"version is missing: add a version":                     func(p *Purpose) { p.Version = " " },
		"withdraw_url is missing: add the page":                 func(p *Purpose) { p.WithdrawURL = "" },
		"rights_url is missing: add the page":                   func(p *Purpose) { p.RightsURL = "" },
		"board_complaint_url is missing: add the page":          func(p *Purpose) { p.BoardComplaintURL = "" },
		"contact is missing: add an email or a phone":           func(p *Purpose) { p.Contact = Contact{} },
		"texts.en is missing: add the words in English":         func(p *Purpose) { delete(p.Texts, "en") },
		"texts.en: controller is missing: add who asks":         inEnglish(func(x *Text) { x.Controller = "" }),
		"texts.en: address is missing: add the company's":       inEnglish(func(x *Text) { x.Address = "\n" }),
		"texts.en: purpose is missing: add the one specific":    inEnglish(func(x *Text) { x.Purpose = "" }),
		"texts.en: service is missing: add the goods":           inEnglish(func(x *Text) { x.Service = "" }),
		"texts.en: uses is missing: add what the details":       inEnglish(func(x *Text) { x.Uses = nil }),
		"texts.en: alternatives is missing: add at least one":   inEnglish(func(x *Text) { x.Alternatives = []string{"passport", " "} }),
		"texts.en: retention is missing: add how long":          inEnglish(func(x *Text) { x.Retention = "" }),
		"texts.en: storage is missing: add where":               inEnglish(func(x *Text) { x.Storage = "" }),
		"texts.en: contact_name is missing: add the Data":       inEnglish(func(x *Text) { x.ContactName = "" }),
		"texts.hi: alternatives is missing: add at least one":   hindi(func(x *Text) { x.Alternatives = nil }),
		"texts.xx: this language is not built in; there are en": func(p *Purpose) { p.Texts["xx"] = p.Texts["en"] },
	} {
		p := Sandbox()
		change(&p)
		// Drafts off: words that are not offered yet are checked as well.
		_, err := New(map[string]Purpose{SandboxPurpose: p}, Options{})
		require.ErrorContains(t, err, "notice: purpose account-opening: "+want)
	}
}

func TestAWordThatDoesNotBelongInANoticeIsRefusedByName(t *testing.T) {
	for want, change := range map[string]func(*Purpose){
		"withdraw_url: give a whole https":                   func(p *Purpose) { p.WithdrawURL = "http://bank.example/withdraw" },
		"rights_url: give a whole https":                     func(p *Purpose) { p.RightsURL = "/rights" },
		"board_complaint_url: give a whole https":            func(p *Purpose) { p.BoardComplaintURL = "javascript:alert(1)" },
		"alternative_url: give a whole https":                func(p *Purpose) { p.AlternativeURL = "https://user:word@bank.example/" },
		"contact.email: give a bare address":                 func(p *Purpose) { p.Contact.Email = "Bank <privacy@bank.example>" },
		"contact.phone: give an international":               func(p *Purpose) { p.Contact.Phone = "022 5550 1234" },
		"vendor_purpose: shorten it to 200":                  func(p *Purpose) { p.VendorPurpose = string(make([]byte, 201)) },
		"version: take out the control":                      func(p *Purpose) { p.Version = "1\x00" },
		"texts.en: purpose: take out the braces":             inEnglish(func(x *Text) { x.Purpose = "Opening {product}" }),
		"texts.en: service: take out the braces":             inEnglish(func(x *Text) { x.Service = "<b>account</b>" }),
		"texts.en: storage: write the text":                  inEnglish(func(x *Text) { x.Storage = "TODO" }),
		"texts.en: uses: take out the exclamation":           inEnglish(func(x *Text) { x.Uses = []string{"act now!"} }),
		"texts.en: retention: take out the control":          inEnglish(func(x *Text) { x.Retention = "five\x07years" }),
		"texts.en: ovse_basis: take out the braces or angle": inEnglish(func(x *Text) { x.OVSEBasis = "{basis}" }),
	} {
		p := Sandbox()
		change(&p)
		_, err := New(map[string]Purpose{SandboxPurpose: p}, Options{})
		require.ErrorContains(t, err, "notice: purpose account-opening: "+want)
	}
}

func TestALinkIsShownExactlyAsItWasGiven(t *testing.T) {
	for _, link := range []string{
		"http://localhost:8080/withdraw", "http://127.0.0.1", "http://[::1]:8080/a?b=c", "https://bank.example", "https://bank.example:8443/a/%E0%A4%95?b=c&d=[e];f#g",
	} {
		view := painted(t, shown(t, "en", func(p *Purpose) { p.WithdrawURL = link }))
		require.NotNil(t, view.find("href", link), link)
	}
	for _, link := range []string{
		"HTTPS://bank.example/", "https://bank.example/a b", "https://bank.example/(a)", "https://bank.example/हिन्दी", "https://bank.example/100%",
		"https://bank.example/'a'", "https:///a", "https:bank.example", "http://localhost?a", "http://localhost.bank.example/", "ftp://bank.example/",
	} {
		require.False(t, webLink(link), link)
	}
}

func TestNamesAreAsLongAsTheyMayBeAndNoLonger(t *testing.T) {
	for name, row := range map[string]struct {
		most   int
		change func(p *Purpose, value string)
	}{
		"notice_id":         {128, func(p *Purpose, v string) { p.ID = v }},
		"version":           {64, func(p *Purpose, v string) { p.Version = v }},
		"vendor_purpose":    {200, func(p *Purpose, v string) { p.VendorPurpose = v }},
		"ovse_registration": {200, func(p *Purpose, v string) { p.OVSERegistration = v }},
	} {
		p := Sandbox()
		row.change(&p, strings.Repeat("é", row.most))
		require.NoError(t, lintPurpose(p), name)
		row.change(&p, strings.Repeat("é", row.most+1))
		require.ErrorContains(t, lintPurpose(p), name+": shorten it to", name)
	}
}

func TestAPurposeNeedsAnIdThatARequestCanCarry(t *testing.T) {
	for _, id := range []string{"", string(make([]byte, 65))} {
		_, err := New(map[string]Purpose{id: Sandbox()}, Options{})
		require.ErrorContains(t, err, "1 to 64 characters")
	}
}

func TestATemplateThatLosesAnElementIsRefused(t *testing.T) {
	languages, err := Languages()
	require.NoError(t, err)
	p := Sandbox().complete(SandboxPurpose)
	text := p.Texts["en"]
	text.OVSEBasis = "The bank may ask for Aadhaar."
	pg := page{Purpose: p, Language: languages[0], Text: text, fill: filler(p, text, "ltr").Replace}
	render := func() element {
		_, panel, err := pg.render(SandboxPurpose)
		require.NoError(t, err)
		return panel
	}
	require.NoError(t, lintPanel(pg, render()))

	remove := func(drop func(element) bool) error {
		panel := render()
		panel.all(func(e element) {
			for i, c := range e.children() {
				if c, ok := c.(element); ok && drop(c) {
					e[i+2] = element{"span", map[string]string{}}
				}
			}
		})
		return lintPanel(pg, panel)
	}
	require.Error(t, remove(func(e element) bool { return e.attr("href") == p.WithdrawURL }))
	require.Error(t, remove(func(e element) bool { return e.tag() == "a" && e.text() == p.Contact.Email }))
	require.Error(t, remove(func(e element) bool { return e.attr("data-part") == "decline" }))
	require.Error(t, remove(func(e element) bool { return e.attr("data-part") == "language" }))
	for _, tag := range []string{"ul", "details", "select"} {
		require.Error(t, remove(func(e element) bool { return e.tag() == tag }), tag)
	}
	said := 0
	render().part("notice").all(func(e element) {
		if e.tag() == "p" {
			said++
			require.Error(t, remove(func(c element) bool { return c.tag() == "p" && c.text() == e.text() }), e.text())
		}
	})
	require.Greater(t, said, 12)

	// The items as they are, but shown only once something is opened.
	panel := render()
	notice := panel.part("notice")
	for i, c := range notice {
		if c, ok := c.(element); ok && c.tag() == "ul" {
			notice[i] = element{"details", map[string]string{}, element{"summary", map[string]string{}, "More"}, c}
		}
	}
	require.ErrorContains(t, lintPanel(pg, panel), `does not show "Name" at once`)

	panel = render()
	panel.part("agree").attrs()["class"] = "choice big"
	require.ErrorContains(t, lintPanel(pg, panel), "not buttons of the same kind")

	panel = append(render(), element{"input", map[string]string{"type": "checkbox", "checked": ""}})
	require.ErrorContains(t, lintPanel(pg, panel), "ticked beforehand")

	panel = append(render(), element{"p", map[string]string{}, "{missing}"})
	require.ErrorContains(t, lintPanel(pg, panel), "still has {missing}")

	panel = append(render(), element{"p", map[string]string{}})
	require.ErrorContains(t, lintPanel(pg, panel), "empty <p>")
}
