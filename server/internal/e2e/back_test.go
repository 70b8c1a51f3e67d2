package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// The browser's own protocol loses a page that goes into its cache or comes out
// of it. So these pages go back by themselves and say how they fare.
const (
	goBack  = `<script>addEventListener('load', () => setTimeout(() => history.back(), 100))</script>`
	reports = `
const report = how => fetch('/report', {method: 'POST', body: [how, EkycConnect.getState(), EkycConnect.getResponse()].join(' ')});
addEventListener('pageshow', e => {
	const how = e.persisted ? 'kept' : performance.getEntriesByType('navigation')[0].type == 'back_forward' ? 'anew' : '';
	if (!how) return;
	document.addEventListener('ekyc-state', () => setTimeout(report, 0, how));
	setTimeout(report, 500, how);
});
`
)

// hears waits until a page says so, and gives what it said before.
func (p *partner) hears(t *testing.T, want string) (before []string) {
	t.Helper()
	for {
		select {
		case said := <-p.reports:
			if said == want {
				return before
			}
			before = append(before, said)
		case <-time.After(time.Minute):
			require.FailNow(t, "the page does not say "+want, before)
		}
	}
}

func TestBackAfterTheFormWasSentBringsNoSpentToken(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	for how, script := range map[string]string{
		"kept": "",
		"anew": `addEventListener('unload', () => {})`, // no browser keeps such a page
	} {
		t.Run(how, func(t *testing.T) {
			site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", ""), Thanks: goBack})
			b := newTab(t)
			b.do(onNewDocument(reports + script))
			b.open(site.URL)
			b.finish()
			b.do(clickContinue)
			require.False(t, strings.HasPrefix((<-site.posts).Get("ekyc-connect-response"), "."))
			for _, said := range site.hears(t, how+" notice .unstarted") {
				require.Equal(t, how+" loading .loading", said, "on the way there")
			}
		})
	}
}

// Whoever sends the form: the browser, for the person or for a script, or a script by
// itself.
func TestATokenThatAScriptSentIsSpent(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	for how, send := range map[string]string{
		"form.submit()":        `document.forms[0].submit()`,
		"form.requestSubmit()": `document.forms[0].requestSubmit()`,
		"fetch, in place of the browser": `document.forms[0].addEventListener('submit', async e => { e.preventDefault();
			await fetch('/onboard', {method: 'POST', body: new URLSearchParams(new FormData(e.target))}); location.href = '/thanks' }), document.forms[0].requestSubmit()`,
	} {
		t.Run(how, func(t *testing.T) {
			site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", ""), Thanks: goBack, Files: map[string]string{"/thanks": `<!DOCTYPE html><title>Thanks</title>` + goBack}})
			b := newTab(t)
			b.do(onNewDocument(reports))
			b.open(site.URL)
			b.finish()
			js[any](b, `setTimeout(() => { `+send+` }), 0`)
			require.False(t, strings.HasPrefix((<-site.posts).Get("ekyc-connect-response"), "."))
			site.hears(t, "kept notice .unstarted")
		})
	}
}

func TestATokenThatWasNotSentOutlivesGoingAwayAndBack(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", ""), Files: map[string]string{"/help": `<!DOCTYPE html><title>Help</title>` + goBack}})
	b := newTab(t)
	b.do(onNewDocument(reports))
	b.open(site.URL)
	b.finish()
	token := b.field()                              // a script reads the form's data, and sends nothing
	b.do(chromedp.Click("h1, p", chromedp.ByQuery)) // the press that leads away is another one
	js[any](b, `setTimeout(() => { location.href = '/help' }), 0`)
	require.Empty(t, site.hears(t, "kept done "+token))
	require.Equal(t, true, redeem(t, relay, token, nil)["success"])
}
