package e2e

import (
	"encoding/json"
	"html/template"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// Whoever builds a page reads on the console, in the event and in the widget what is
// wrong and what to write instead.
func TestAWrongSetUpIsSaidOnTheConsoleInTheEventAndInTheWidget(t *testing.T) {
	relay := startRelay(t)
	way := newRoad(t, relay)
	for _, c := range []struct{ name, markup, code, says string }{
		{"nothing", `<ekyc-connect></ekyc-connect>`, "invalid_request", `write sitekey="pk_…" on <ekyc-connect>`},
		{"site-key", `<ekyc-connect site-key="pk_test_pass" purpose="account-opening"></ekyc-connect>`, "invalid_request", "another spelling, as site-key, is not read"},
		{"data-site-key", `<div class="ekyc-connect" data-site-key="pk_test_pass" data-purpose="account-opening"></div>`, "invalid_request", `data-sitekey="pk_…" on the div`},
		{"no purpose", `<ekyc-connect sitekey="pk_test_pass"></ekyc-connect>`, "invalid_request", `write purpose="…" on <ekyc-connect>`},
		{"a sitekey that is none", `<ekyc-connect sitekey="pk_test_past" purpose="account-opening"></ekyc-connect>`, "unknown_sitekey", "no site has this sitekey"},
		{"a purpose that is none", `<ekyc-connect sitekey="pk_test_pass" purpose="account"></ekyc-connect>`, "unknown_purpose", "no purpose of this name"},
	} {
		t.Run(c.name, func(t *testing.T) {
			site := newPartner(t, form{Relay: way.URL, Markup: template.HTML(c.markup)})
			b := newTab(t)
			b.open(site.URL)
			b.state("error")
			told := events(b, "error")
			require.Len(t, told, 1)
			require.Equal(t, c.code, told[0]["code"])
			require.Contains(t, told[0]["detail"], c.says)
			require.Contains(t, js[string](b, `document.querySelector('ekyc-connect').shadowRoot.textContent`), c.says)
			b.hears("ekyc-connect: " + told[0]["detail"].(string))
		})
	}
}

// The widget works on, with the first of each attribute's words.
func TestAWordThatAnAttributeDoesNotTakeIsSaid(t *testing.T) {
	site := newPartner(t, form{Relay: startRelay(t), Markup: widget("pk_test_pass", `theme="blue" mode="Hosted" loading="soon" field="hidden"`)})
	b := newTab(t)
	b.open(site.URL)
	b.state("notice")
	says := []string{
		"theme is one of: auto light dark contrast", "mode is one of: inline hosted", "loading is one of: lazy eager", "field is one of: element input",
	}
	b.until(`seen.filter(e => e.type === 'error').length === 4`)
	for i, told := range events(b, "error") {
		require.Equal(t, says[i], told["detail"])
		b.hears("ekyc-connect: " + says[i])
	}
	require.Equal(t, says[3], js[string](b, part("ribbon")+`.textContent`))
	js[any](b, `document.querySelector('ekyc-connect').theme = 'green'`)
	b.until(`seen.filter(e => e.type === 'error').length === 8`)
	require.Equal(t, "notice", js[string](b, `document.querySelector('ekyc-connect').dataset.state`))
}

// What the relay answers a press is told as well.
func TestWhatTheRelayRefusesAfterAPressIsSaid(t *testing.T) {
	site := newPartner(t, form{Relay: startRelay(t), Markup: widget("pk_test_pass", `subject="999941057058"`)})
	b := newTab(t)
	b.open(site.URL)
	b.state("notice")
	b.press("agree")
	b.state("error")
	told := events(b, "error")[0]
	require.Equal(t, "subject_looks_like_aadhaar", told["code"])
	require.Equal(t, "subject is missing or not of the documented form", told["detail"])
	b.hears("ekyc-connect: subject")
}

// Nobody knows the relay there.
func TestALoaderInABundleIsSaid(t *testing.T) {
	relay := startRelay(t)
	answer, err := http.Get(relay + "/v1/ekyc-connect.js")
	require.NoError(t, err)
	defer answer.Body.Close()
	loader, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	site := newPartner(t, form{Relay: relay, Own: true, Markup: widget("pk_test_pass", "") + `<script src="/app.js"></script>`, Files: map[string]string{"/app.js": string(loader)}})
	b := newTab(t)
	b.do(chromedp.Navigate(site.URL))
	b.hears("ekyc-connect: not from a relay")
}

func TestAnOriginThatIsNotListedIsSaid(t *testing.T) {
	site := newPartner(t, form{Relay: startRelay(t), Markup: widget("pk_test_pass", "")})
	b := newTab(t)
	b.open(strings.Replace(site.URL, "127.0.0.1", "shop.localhost", 1))
	b.state("error")
	require.Equal(t, "origin_not_allowed", events(b, "error")[0]["code"])
	b.hears("write what location.origin gives here into the site's origins")
}

// siteKey is an attribute's name in capitals, which HTML does not tell apart.
func TestCapitalsInMarkupAreNoMistake(t *testing.T) {
	site := newPartner(t, form{Relay: startRelay(t), Markup: `<ekyc-connect siteKey="pk_test_pass" Purpose="account-opening"></ekyc-connect>`})
	b := newTab(t)
	b.open(site.URL)
	b.state("notice")
}

// hears waits until an error on the console, which the browser tells as JSON, holds the text.
func (b *tab) hears(text string) {
	b.t.Helper()
	require.Eventually(b.t, func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return slices.ContainsFunc(b.errors, func(told string) bool {
			var said string
			return json.Unmarshal([]byte(told), &said) == nil && strings.Contains(said, text)
		})
	}, time.Minute, 20*time.Millisecond, "the console does not say %q", text)
}
