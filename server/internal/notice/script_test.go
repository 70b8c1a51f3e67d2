package notice

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

// The one script of each language; a tag that is not here has no place in lang/.
var scripts = map[string]*unicode.RangeTable{
	"en": unicode.Latin,
	"as": unicode.Bengali, "bn": unicode.Bengali, "mni-Beng": unicode.Bengali,
	"brx": unicode.Devanagari, "doi": unicode.Devanagari, "hi": unicode.Devanagari, "kok": unicode.Devanagari,
	"mai": unicode.Devanagari, "mr": unicode.Devanagari, "ne": unicode.Devanagari, "sa": unicode.Devanagari,
	"gu": unicode.Gujarati, "kn": unicode.Kannada, "ml": unicode.Malayalam, "mni-Mtei": unicode.Meetei_Mayek,
	"or": unicode.Oriya, "pa": unicode.Gurmukhi, "sat": unicode.Ol_Chiki, "ta": unicode.Tamil, "te": unicode.Telugu,
	"ks": unicode.Arabic, "sd": unicode.Arabic, "ur": unicode.Arabic,
}

// All Latin words that may stand in another script; placeholders are not read.
var latin = regexp.MustCompile(`\b(UIDAI|OTP|Deepvue)\b|\{[a-z_]+\}`)

// everyText is what a language says itself and what the sandbox's bank says in it.
func everyText(l Language) map[string]string {
	all := words(l)
	all["name"], all["dates.format"] = l.Name, l.Dates.Format
	for i, month := range l.Dates.Months {
		all[fmt.Sprintf("dates.months.%d", i+1)] = month
	}
	for hour, part := range l.Dates.Parts {
		all[fmt.Sprintf("dates.parts.%d", hour)] = part
	}
	bank := Sandbox().Texts[l.Tag]
	for key, text := range map[string]string{
		"controller": bank.Controller, "address": bank.Address, "purpose": bank.Purpose, "service": bank.Service,
		"uses": strings.Join(bank.Uses, " "), "alternatives": strings.Join(bank.Alternatives, " "),
		"retention": bank.Retention, "storage": bank.Storage, "contact_name": bank.ContactName,
	} {
		all["sandbox."+key] = text
	}
	return all
}

func TestEveryLanguageIsWrittenInItsOwnScriptAlone(t *testing.T) {
	for _, l := range builtIn(t) {
		script := scripts[l.Tag]
		require.NotNil(t, script, "%s: which script?", l.Tag)
		for key, text := range everyText(l) {
			own := 0
			for _, r := range latin.ReplaceAllString(text, "") {
				if unicode.Is(script, r) {
					own++
				}
				if unicode.IsLetter(r) || unicode.IsMark(r) {
					require.Truef(t, unicode.In(r, script, unicode.Common, unicode.Inherited), "%s %s: %q has %q", l.Tag, key, text, r)
				}
				if unicode.IsDigit(r) {
					require.Lessf(t, r, rune(0x80), "%s %s: %q has %q, want 0 to 9", l.Tag, key, text, r)
				}
			}
			if key != "notice.address" && key != "dates.format" { // placeholders and commas
				require.NotZero(t, own, "%s %s: %q", l.Tag, key, text)
			}
		}
	}
}

func TestNothingInvisibleHidesInAText(t *testing.T) {
	// Joiners shape letters in Indic scripts; everything else that has no
	// shape of its own could change what is read or in which order.
	for _, l := range builtIn(t) {
		for key, text := range everyText(l) {
			for _, r := range text {
				joiner := r == '\u200c' || r == '\u200d'
				require.Falsef(t, unicode.In(r, unicode.C) && !joiner, "%s %s: %q has %U", l.Tag, key, text, r)
				require.NotEqualf(t, '\u00a0', r, "%s %s: %q", l.Tag, key, text)
			}
		}
	}
}

func TestOnlyTheThreeArabicScriptsRunFromRightToLeft(t *testing.T) {
	for _, l := range builtIn(t) {
		want := "ltr"
		if l.Tag == "ur" || l.Tag == "ks" || l.Tag == "sd" {
			want = "rtl"
		}
		require.Equal(t, want, l.Dir, l.Tag)
	}
}

func TestNamesThatStayLatinAreKept(t *testing.T) {
	all := builtIn(t)
	english := words(all[0])
	for _, l := range all {
		for key, text := range words(l) {
			for _, name := range []string{"UIDAI", "OTP"} {
				require.Equalf(t, strings.Contains(english[key], name), strings.Contains(text, name), "%s %s: %q: %s", l.Tag, key, text, name)
			}
		}
	}
}

func TestEachScriptHasItsOwnPunctuationAndLetters(t *testing.T) {
	foreign := map[string]string{
		"ur": "يكىه" + ",;?.।", "ks": "يكىه" + ",;?.।", "sd": ",;?.।", // Arabic letters that only look like theirs
		"sat": "।॥", "mni-Mtei": "।॥", // ᱾ and ꯫ end a sentence
		"mni-Beng": "য", "pa": ".", // Manipuri writes য়
	}
	for _, l := range builtIn(t) {
		for key, text := range everyText(l) {
			text = strings.ReplaceAll(text, "য়", "")
			require.Falsef(t, strings.ContainsAny(text, foreign[l.Tag]), "%s %s: %q has one of %s", l.Tag, key, text, foreign[l.Tag])
		}
	}
}

func TestManipuriIsTheSameTextInBothItsScripts(t *testing.T) {
	texts := map[string]map[string]string{}
	for _, l := range builtIn(t) {
		texts[l.Tag] = everyText(l)
	}
	for key, text := range texts["mni-Mtei"] {
		require.Lenf(t, strings.Fields(texts["mni-Beng"][key]), len(strings.Fields(text)), "%s: the words of one script are not those of the other", key)
	}
}
