package demo

import (
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/notice"
)

// review posts the page's form.
func (p *partner) review(t *testing.T, pairs ...string) (*http.Response, string) {
	t.Helper()
	form := url.Values{"lang": {"hi"}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	r, err := http.PostForm(p.URL+"/demo/words", form)
	require.NoError(t, err)
	return r, read(t, r)
}

// applied is a language's file after git has applied a patch to it, in a tree of
// its own.
func applied(t *testing.T, tag, patch string) string {
	t.Helper()
	tree := t.TempDir()
	file := filepath.Join(tree, "server/internal/notice/lang", tag+".yaml")
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	source, err := notice.Source(tag)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, source, 0o644))
	git := exec.Command("git", "apply", "-")
	git.Dir, git.Stdin = tree, strings.NewReader(patch)
	said, err := git.CombinedOutput()
	require.NoError(t, err, "%s\n%s", said, patch)
	after, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(after)
}

func TestALanguageIsShownBesideEnglishInTheWidgetAndTextByText(t *testing.T) {
	p := newPartner(t)
	r, body := p.get(t, "/demo/words?lang=ur")
	require.Equal(t, policy, r.Header.Get("Content-Security-Policy"))
	require.Contains(t, body, ` lang="en" loading="eager"`)
	require.Contains(t, body, ` lang="ur" loading="eager"`)
	require.Contains(t, body, `<option value="ur" lang="ur" selected>`)
	require.NotContains(t, body, `<option value="en"`)
	require.NotContains(t, body, "<style")
	all, err := notice.Languages()
	require.NoError(t, err)
	for _, text := range textsOf(must(notice.Source("en"))) {
		require.Equal(t, 1, strings.Count(body, `name="`+text.Part+"."+text.Key+`"`))
		require.NotEmpty(t, text.in(all[0]), text.Key)
	}
	n := 0
	for _, part := range []map[string]string{all[0].Interface, all[0].Notice, all[0].Messages, all[0].Receipt, all[0].Page} {
		n += len(part)
	}
	require.Equal(t, n, strings.Count(body, `class="text"`), "every text has its row")
	_, body = p.get(t, `/demo/words?lang="><script>`)
	require.NotContains(t, body, `"><script>`)
	require.Contains(t, body, ` lang="as" loading="eager"`)
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

func TestAReviewBecomesAPatchThatGitApplies(t *testing.T) {
	p := newPartner(t)
	r, patch := p.review(t,
		"interface.agree", " सहमत: हाँ\n", "interface.decline", "सहमत नहीं", "notice.lead", `{controller} “पूछता” है # हाँ`, "page.wait", "ठहरें",
		"remarks", "First.\r\n--- a/evil\n", "name", "Asha  Rao \"A\"", "whole", "yes")
	require.Equal(t, http.StatusOK, r.StatusCode, patch)
	require.Equal(t, `attachment; filename="hi.patch"`, r.Header.Get("Content-Disposition"))
	require.True(t, strings.HasPrefix(patch, "# First.\n# --- a/evil\n--- a/server/"), patch)
	l, err := notice.CheckSource("hi", []byte(applied(t, "hi", patch)))
	require.NoError(t, err)
	require.Equal(t, []string{"सहमत: हाँ", "सहमत नहीं", `{controller} “पूछता” है # हाँ`, "ठहरें", "Asha Rao \"A\""},
		[]string{l.Interface["agree"], l.Interface["decline"], l.Notice["lead"], l.Page["wait"], l.Reviewer})
	require.Equal(t, notice.Reviewed, l.Status)

	_, patch = p.review(t, "remarks", "All is well.", "name", "Asha Rao")
	require.Equal(t, "# All is well.\n", patch, "who has not read the whole does not stand for it")
}

// Whatever a text holds, it comes out of the file as it went in.
func TestEveryTextOfEveryLanguageSurvivesThePatch(t *testing.T) {
	all, err := notice.Languages()
	require.NoError(t, err)
	for _, l := range all[1:] {
		said := review{texts: map[string]string{}}
		texts := textsOf(must(notice.Source(l.Tag)))
		for _, text := range texts {
			said.texts[text.Part+"."+text.Key] = text.in(l) + " \"\\: '#' " + text.Key
		}
		patch, err := said.patch(l.Tag)
		require.NoError(t, err, l.Tag)
		after, err := notice.CheckSource(l.Tag, []byte(applied(t, l.Tag, patch)))
		require.NoError(t, err, l.Tag)
		for _, text := range texts {
			require.Equal(t, text.in(l)+" \"\\: '#' "+text.Key, text.in(after), l.Tag)
		}
	}
}

func TestAReviewThatMakesNoFileIsToldWhatIsWrongAndKeptInTheForm(t *testing.T) {
	p := newPartner(t)
	for want, pairs := range map[string][]string{
		"notice.lead has the placeholders [], want [{controller}]": {"notice.lead", "बिना नाम"},
		"nothing was written yet":                                  {},
		"Write your name":                                          {"remarks", "kept", "whole", "yes"},
		"Choose a language of the list":                            {"lang", "tlh", "remarks", "kept"},
		"The bank&#39;s server could not read":                     {"remarks", strings.Repeat("x", maxReview)},
	} {
		r, body := p.review(t, pairs...)
		require.Contains(t, []int{http.StatusUnprocessableEntity, http.StatusBadRequest}, r.StatusCode, want)
		require.Contains(t, body, want)
		for i := 1; i < len(pairs); i += 2 {
			if len(pairs[i]) < 100 && pairs[i-1] != "whole" && pairs[i-1] != "lang" {
				require.Contains(t, body, ">"+pairs[i]+"</textarea>")
			}
		}
	}
}
