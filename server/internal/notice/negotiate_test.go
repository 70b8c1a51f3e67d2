package notice

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheLanguageIsTheOneAskedForThenTheBrowsersThenEnglish(t *testing.T) {
	n := newNegotiator([]string{"en", "hi"})
	for _, c := range []struct{ requested, header, want string }{
		{"hi", "", "hi"},
		{"hi-IN", "en", "hi"},
		{"HI", "", "hi"},
		{"hi_IN", "", "hi"},
		{"hi-Deva", "", "hi"},
		{"en-IN", "hi", "en"},
		{"en-GB", "hi", "en"},
		{"", "hi-IN,hi;q=0.9,en;q=0.8", "hi"},
		{"", "ta,hi;q=0.9,en;q=0.8", "hi"},
		{"", "en;q=0.5,hi;q=0.9", "hi"},
		{"", "", "en"},
		{"", "ta", "en"},
		{"ta", "", "en"},
		{"ta", "hi", "hi"},
		{"no language", "hi", "hi"},
		{"\x00\xff", ";;;", "en"},
		{"*", "*", "en"},
		{"und", "hi", "hi"},
		{"zz", "hi", "hi"},
		{"", "hi;q=zwei", "en"},
		{"", "hi;q=0", "en"},
		{"hi" + strings.Repeat("-x", 400), "", "en"},
		{"", "hi" + strings.Repeat(",hi", 4000), "en"},
		// The tables' guesses at what a reader might make out are no answer.
		{"bho", "", "en"}, {"mai", "", "en"}, {"ur", "", "en"}, {"hi-Latn", "", "en"}, {"sd-Deva", "", "en"}, {"de", "", "en"},
	} {
		require.Equal(t, c.want, n.pick(c.requested, c.header), "%.40q %.40q", c.requested, c.header)
	}
}

func TestTagsThatTheTablesMissLeadToTheirLanguage(t *testing.T) {
	n := newNegotiator(strings.Fields("en as bn brx doi gu hi kn ks kok mai ml mni-Beng mni-Mtei mr ne or pa sa sat sd ta te ur"))
	for asked, want := range map[string]string{
		"gom": "kok", "gom-IN": "kok", "kok": "kok", "kok-IN": "kok",
		"sat-Olck": "sat", "sat": "sat", "sat-IN": "sat", "sat-Olck-IN": "sat", "sat-Deva": "en",
		"mni": "mni-Beng", "mni-IN": "mni-Beng", "mni-Beng": "mni-Beng", "mni-Mtei": "mni-Mtei", "mni-Mtei-IN": "mni-Mtei",
		"knn": "kok", "npi": "ne", "ory": "or", "dgo": "doi", "asm": "as",
		"bn-IN": "bn", "or-IN": "or", "pa-Guru": "pa", "ks-Arab": "ks", "ur-IN": "ur", "sd-IN": "sd", "ne-NP": "ne", "sd-Deva": "en", "ks-Deva": "en", "bho": "en", "pa-Arab": "en",
	} {
		require.Equal(t, want, n.pick(asked, ""), asked)
		require.Equal(t, want, n.pick("", asked), asked)
	}
}

// Parsing takes longer the longer the text is, and anybody may send one.
func TestWhatIsNoTagByItsLengthIsNotParsed(t *testing.T) {
	n := newNegotiator([]string{"en", "hi"})
	for _, long := range []string{strings.Repeat("a-b,", 4000), "hi-" + strings.Repeat("x-", 6000) + "y", strings.Repeat("hi,", 5000)} {
		var got string
		require.Zero(t, testing.AllocsPerRun(10, func() { got = n.pick(long, long) }))
		require.Equal(t, "en", got)
	}
	require.Equal(t, "hi", n.pick("hi", ""))
}
