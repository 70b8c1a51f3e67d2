package notice

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

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
	for _, key := range slices.Concat(essence, itemised) {
		must = append(must, p.fill(p.Language.Notice[key]))
	}
	for _, m := range must {
		if !strings.Contains(said, m) {
			return fmt.Errorf("the notice does not show %q", m)
		}
	}
	first := panel.atOnce()
	for _, key := range essence {
		if m := p.fill(p.Language.Notice[key]); !strings.Contains(first, m) {
			return fmt.Errorf("the notice does not show %q at once, before anything is opened", m)
		}
	}
	return lintChoice(panel)
}

// atOnce is what e says before a person opens anything in it.
func (e element) atOnce() string {
	return e.textOf(func(parent, child element) bool { return parent.tag() != "details" || child.tag() == "summary" })
}

// essence is what a person knows who reads no further: who asks, that no is an
// answer, what for, which details (DPDP Rules r.3(b), Aadhaar Act s.8A(3)(a)), and
// that the whole notice follows.
var essence = strings.Fields(`lead purpose data item-name item-birth item-gender item-photo item-address item-number item-reach more`)

// itemised are the other statutory texts that no notice may lose: what is typed,
// used and kept, the other ways (Aadhaar Act s.8A(3)(b) and (c)), and how to undo
// or complain (DPDP Rules r.3(c)).
var itemised = strings.Fields(`typed-here typed-later service uses who-text ways withdraw-text rights-link board contact record`)

// lintChoice: refusing is as easy as agreeing. Both are buttons of one kind,
// side by side, refusing first, nothing is ticked beforehand, and the languages
// are there to choose from.
func lintChoice(panel element) error {
	decline, agree := panel.part("decline"), panel.part("agree")
	if decline == nil || agree == nil || panel.part("language") == nil {
		return errors.New("the notice lacks the choice: decline, agree or language")
	}
	if decline.tag() != "button" || agree.tag() != "button" || decline.attr("class") != agree.attr("class") {
		return errors.New("decline and agree are not buttons of the same kind")
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
		return errors.New("decline does not stand right before agree")
	}
	if ticked := panel.find("type", "checkbox"); ticked != nil {
		if _, on := ticked.attrs()["checked"]; on {
			return errors.New("a box is ticked beforehand")
		}
	}
	return nil
}
