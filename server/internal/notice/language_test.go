package notice

import (
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func builtIn(t *testing.T) []Language {
	t.Helper()
	all, err := Languages()
	require.NoError(t, err)
	return all
}

// words are all texts of a language by "part.key".
func words(l Language) map[string]string {
	all := map[string]string{}
	for part, texts := range map[string]map[string]string{
		"interface": l.Interface, "notice": l.Notice, "messages": l.Messages, "receipt": l.Receipt, "page": l.Page,
	} {
		for key, text := range texts {
			all[part+"."+key] = text
		}
	}
	return all
}

func TestEveryLanguageHasTheSameKeysAndPlaceholders(t *testing.T) {
	all := builtIn(t)
	require.Equal(t, "en", all[0].Tag)
	pattern := words(all[0])
	for _, l := range all {
		got := words(l)
		require.ElementsMatch(t, slices.Collect(maps.Keys(pattern)), slices.Collect(maps.Keys(got)), l.Tag)
		for key, text := range got {
			require.Equal(t, placeholders(pattern[key]), placeholders(text), "%s %s", l.Tag, key)
			require.Equal(t, oneLine(text), text, "%s %s", l.Tag, key)
		}
		require.NotEmpty(t, l.Sources, l.Tag)
	}
}

func TestAWordThatNoNativeSpeakerReadIsADraft(t *testing.T) {
	for _, l := range builtIn(t) {
		require.Equal(t, l.Status == Reviewed, l.Reviewer != "", l.Tag)
	}
}

func TestTheSandboxHasWordsForEveryLanguage(t *testing.T) {
	for _, l := range builtIn(t) {
		require.Contains(t, Sandbox().Texts, l.Tag)
	}
}

func TestEveryTextIsUsed(t *testing.T) {
	l := builtIn(t)[0]
	for part, texts := range map[string]map[string]string{"interface": l.Interface, "notice": l.Notice} {
		for key := range texts {
			require.Contains(t, viewHTML, `"`+key+`"`, "%s.%s", part, key)
		}
	}
}

func TestTheWordsAreCalmAndNameAadhaarRight(t *testing.T) {
	pressing := regexp.MustCompile(`(?i)!|\b(now or never|hurry|urgent|must|only today|last chance|failed|forbidden|illegal|aadhar|adhaar)\b`)
	for _, l := range builtIn(t) {
		for key, text := range words(l) {
			require.NotRegexp(t, pressing, text, "%s %s", l.Tag, key)
			require.NotContains(t, text, "...", "%s %s", l.Tag, key)
		}
	}
}

func TestEnglishSentencesAreShort(t *testing.T) {
	for key, text := range words(builtIn(t)[0]) {
		for _, sentence := range regexp.MustCompile(`[.:]\s|[.:]$`).Split(text, -1) {
			require.LessOrEqual(t, len(strings.Fields(sentence)), 20, "%s: %q", key, sentence)
		}
	}
}

func TestALanguageFileThatIsIncompleteIsRefusedByKey(t *testing.T) {
	pattern, err := fs.ReadFile(files, "lang/en.yaml")
	require.NoError(t, err)
	edited := func(old, new string) string {
		require.Contains(t, string(pattern), old)
		hi := strings.Replace(string(pattern), "tag: en\n", "tag: hi\n", 1)
		return strings.Replace(hi, old, new, 1)
	}
	for want, file := range map[string]string{
		"interface.agree is missing":                        edited("  agree: I agree\n", ""),
		"messages.loading is missing":                       edited("loading: Loading.", `loading: " "`),
		"notice.lead has the placeholders []":               edited(`"{controller} asks`, `"A company asks`),
		"messages.waiting has the placeholders [{minutes}]": edited("{seconds}", "{minutes}"),
		"interface.greeting is not a key of lang/en.yaml":   edited("  agree: I agree\n", "  agree: I agree\n  greeting: Hello\n"),
		`dir is "up"`:         edited("dir: ltr", "dir: up"),
		`status is "perfect"`: edited("status: reviewed", "status: perfect"),
		"reviewer is missing": edited("reviewer: the project's own editors", "reviewer:"),
		"dates.format has the placeholders [{day} {month}": edited("{month} {year}, {time} {part}", "{month}"),
		"dates.months has 11 names":                        edited("[January, ", "["),
		"dates.months has 12 names":                        edited("January", "' '"),
		`dates.parts has 24: "am"`:                         edited("{0: am", "{24: am"),
		"name is missing":                                  edited("name: English", "name:"),
		`unknown field "colour"`:                           edited("dir: ltr", "dir: ltr\ncolour: red"),
		`tag is "en", want the file's name`:                string(pattern),
	} {
		_, err := load(fstest.MapFS{"lang/en.yaml": {Data: pattern}, "lang/hi.yaml": {Data: []byte(file)}})
		require.ErrorContains(t, err, "notice: lang/hi.yaml")
		require.ErrorContains(t, err, want)
	}
	_, err = load(fstest.MapFS{})
	require.ErrorContains(t, err, "lang/en.yaml is missing")
}
