package notice

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheOperatorsWordsStayWholeInATextFromRightToLeft(t *testing.T) {
	named := func(tag string) func(*Purpose) {
		return func(p *Purpose) {
			text := p.Texts[tag]
			text.Controller, text.Address, text.ContactName = "Acme (India) Ltd.", "1 Example Road, Mumbai 400001", "Acme Privacy 24"
			p.Texts[tag] = text
		}
	}
	for _, l := range builtIn(t) {
		view := painted(t, shown(t, l.Tag, named(l.Tag)))
		said := view.text()
		for _, name := range []string{"Acme (India) Ltd.", "1 Example Road, Mumbai 400001", "Acme Privacy 24", "Deepvue", "SANDBOX-0001"} {
			isolated := strings.Count(said, "\u2068"+name+"\u2069")
			if l.Dir == "rtl" {
				require.Equalf(t, strings.Count(said, name), isolated, "%s: %s", l.Tag, name)
			} else {
				require.Zerof(t, isolated, "%s: %s", l.Tag, name)
			}
		}
		require.Equal(t, strings.Count(said, "\u2068"), strings.Count(said, "\u2069"), l.Tag)
	}
}

func TestAddressesNumbersAndTheAnswerRunFromLeftToRightEverywhere(t *testing.T) {
	for _, l := range builtIn(t) {
		view := painted(t, shown(t, l.Tag))
		for _, href := range []string{"mailto:privacy@bank.example", "tel:+912255501234"} {
			require.Equal(t, "ltr", view.find("href", href).attr("dir"), "%s %s", l.Tag, href)
		}
		require.Equal(t, "ltr", view.part("answer").attr("dir"), l.Tag)
	}
}
