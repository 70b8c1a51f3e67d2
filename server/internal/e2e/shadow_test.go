package e2e

import (
	"fmt"
	"html/template"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// unshadowed gives a test what it needs of a page in which nothing can be asked for
// by its name.
const unshadowed = `{
	const all = Document.prototype.querySelectorAll;
	globalThis.found = selector => all.call(document, selector)[0];
	globalThis.shown = name => [...found('ekyc-connect').shadowRoot.querySelectorAll('[data-part="' + name + '"]')].find(p => p.checkVisibility());
}
`

// shadows is markup that answers for names of the document, of a form, and of the
// window, where an engine has no such member.
func shadows(relay string) string {
	var out strings.Builder
	for name := range strings.FieldsSeq(`currentScript querySelector querySelectorAll createElement createElementNS createTextNode createDocumentFragment
		defaultView activeElement body head documentElement addEventListener removeEventListener implementation forms lang host getElementById
		readyState visibilityState cookie parentNode getRootNode`) {
		fmt.Fprintf(&out, `<img name="%s" src="%s/elsewhere/v1/ekyc-connect.js" hidden>`, name, relay)
	}
	for name := range strings.FieldsSeq(`requestIdleCallback navigation NavigateEvent scheduler EkycConnect ekyc fs process path Go`) {
		fmt.Fprintf(&out, `<a id="%s" hidden></a>`, name)
	}
	return out.String()
}

const formShadows = `parentNode parentElement getRootNode lang host closest getAttribute hasAttribute setAttribute attributes addEventListener removeEventListener
	append appendChild children childNodes elements querySelector querySelectorAll ownerDocument isConnected dispatchEvent checkValidity submit reset remove nodeType tagName dataset toString`

func TestNoNameInThePagesMarkupIsTakenForTheBrowsersOwn(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	var inputs strings.Builder
	for name := range strings.FieldsSeq(formShadows) {
		fmt.Fprintf(&inputs, `<input type="hidden" name="%s" value="fr">`, name)
	}
	site := newPartner(t, form{
		Relay: relay, Own: true,
		Markup: template.HTML(shadows(relay) + `<script src="` + relay + `/v1/ekyc-connect.js"></script></form><form lang="hi" action="/onboard" method="post">` +
			inputs.String() + string(widget("pk_test_pass", "")) + `<div class="ekyc-connect" data-sitekey="pk_test_pass" data-purpose="account-opening" data-name="second" id="div"></div><button id="go">Continue</button>`),
	})
	b := newTab(t)
	b.do(onNewDocument(unshadowed + `delete window.requestIdleCallback; delete window.NavigateEvent; delete window.navigation`))
	b.open(site.URL)
	b.until(`found('ekyc-connect')?.dataset.state === 'notice'`)
	require.Equal(t, "hi", js[string](b, `shown('view').lang`), "the language of the form around it")
	require.NotNil(t, js[any](b, `found('#div > ekyc-connect') ? 1 : null`), "the div is upgraded")
	require.Equal(t, "ekyc-1", js[string](b, `window[Object.getOwnPropertyNames(window).find(n => n === 'EkycConnect')].render(found('[lang=hi]'), {sitekey: 'pk_test_pass', purpose: 'account-opening', name: 'third'})`))
	b.click(`shown('agree')`, 1)
	b.until(`found('ekyc-connect').dataset.state === 'captcha'`)
	require.Equal(t, "heading", js[string](b, `found('ekyc-connect').shadowRoot.activeElement.dataset.part`))
	b.click(`shown('answer')`, 1)
	b.do(keys("abc12\r"))
	b.until(`found('ekyc-connect').dataset.state === 'done'`)
	b.click(`found('#go')`, 1)
	sent := <-site.posts
	require.Equal(t, true, redeem(t, relay, sent.Get("ekyc-connect-response"), nil)["success"])
	require.Equal(t, ".unstarted", sent.Get("second"))
	require.Empty(t, b.errors)
}

// What is moved to a page of its own asks that page's window for its style sheets.
func TestAWidgetIsStyledInADocumentWhoseWindowIsShadowed(t *testing.T) {
	t.Parallel()
	relay := startRelay(t)
	site := newPartner(t, form{Relay: relay, Markup: `<iframe id="inner" srcdoc="<img name=defaultView>"></iframe>` + widget("pk_test_pass", "")})
	b := newTab(t)
	b.open(site.URL)
	b.state("notice")
	b.until(`document.getElementById('inner').contentDocument.images.length === 1`)
	js[any](b, `globalThis.w = document.querySelector('ekyc-connect'), document.getElementById('inner').contentDocument.body.append(w), 0`)
	b.until(`w.shadowRoot.adoptedStyleSheets.length === 1`)
	require.Empty(t, b.errors)
}
