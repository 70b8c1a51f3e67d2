package e2e

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// liveKey is a sitekey for real, as the widget sees it.
const liveKey = "pk_live_pass"

// live leads to a sandbox's relay, which has no sitekeys for real: its pk_test_pass
// is liveKey here.
func live(t *testing.T, relay string) string {
	t.Helper()
	to, err := url.Parse(relay)
	require.NoError(t, err)
	proxy := httputil.NewSingleHostReverseProxy(to)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.URL.RawQuery = strings.ReplaceAll(r.URL.RawQuery, liveKey, "pk_test_pass")
		if r.Method == http.MethodPost {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				panic(http.ErrAbortHandler)
			}
			body = bytes.ReplaceAll(body, []byte(liveKey), []byte("pk_test_pass"))
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			r.Header.Set("Content-Length", strconv.Itoa(len(body)))
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// control is a part of the view, shown or not, as an expression.
func control(name string) string {
	return `document.querySelector('ekyc-connect').shadowRoot.querySelector('[data-part=` + name + `]')`
}

// scriptedPresses is what a page's script does to have a button pressed.
func scriptedPresses(button string) []string {
	b := control(button)
	label := `((b, l = document.createElement('label')) => { b.id = 'aimed'; l.htmlFor = 'aimed'; l.id = 'label'; l.textContent = 'Continue here'; b.getRootNode().append(l); return l })(` + b + `)`
	return []string{
		b + `.click()`,
		b + `.dispatchEvent(new MouseEvent('click', {bubbles: true, composed: true, detail: 1}))`,
		`['pointerdown', 'mousedown', 'keydown'].forEach(type => ` + b + `.dispatchEvent(new Event(type, {bubbles: true, composed: true}))), ` + b + `.click()`,
		label + `.click()`,
		label + `.dispatchEvent(new MouseEvent('click', {bubbles: true, composed: true, detail: 1}))`,
	}
}

// otherField is a field of the page. Once stealing has run, every key that goes down
// in it goes up at a button.
const otherField = `<input id="other" aria-label="Other">`

func stealing(button string) string {
	return `(() => { const f = document.getElementById('other'); f.onkeydown = () => ` + control(button) + `.focus(); f.focus() })()`
}

// choices are the buttons that decide, and the state that each leads to.
var choices = map[string]string{"agree": "captcha", "decline": "declined", "alternative": "declined"}

// undecided is true as long as no press has counted.
const undecided = `EkycConnect.getState() === 'notice' && !performance.getEntriesByType('resource').some(r => /sessions|declines/.test(r.name))`

func TestNoPressCountsThatIsNotThePersonsOnTheButtonItself(t *testing.T) {
	t.Parallel()
	relay := live(t, startRelay(t))
	for button, state := range choices {
		t.Run(button, func(t *testing.T) {
			site := newPartner(t, form{Relay: relay, Markup: otherField + widget(liveKey, "")})
			b := newTab(t)
			b.open(site.URL)
			b.state("notice")
			b.press("notice") // a press elsewhere in the widget
			for range 2 {     // before the program is there, and after
				for _, how := range scriptedPresses(button) {
					js[any](b, how+`, 0`)
					require.True(t, js[bool](b, undecided), how)
				}
				js[any](b, `EkycConnect.ready()`)
			}
			b.click(`document.querySelector('ekyc-connect').shadowRoot.getElementById('label')`, 1)
			require.True(t, js[bool](b, undecided), "the person presses a label")
			for _, key := range []string{" ", "\r"} {
				js[any](b, stealing(button))
				b.do(chromedp.KeyEvent(key))
				require.True(t, js[bool](b, undecided), "a key meant for another field: %q", key)
			}
			js[any](b, stealing(button))
			enter := func(kind input.KeyType) *input.DispatchKeyEventParams {
				return input.DispatchKeyEvent(kind).WithKey("Enter").WithCode("Enter").WithText("\r").WithWindowsVirtualKeyCode(13)
			}
			b.do(enter(input.KeyDown), enter(input.KeyDown).WithAutoRepeat(true), enter(input.KeyDown).WithAutoRepeat(true), enter(input.KeyUp))
			require.True(t, js[bool](b, undecided), "a key held down that was meant for another field")

			b.press(button)
			b.state(state)
		})
	}
}

// As assistive technology presses a button: without a pointer.
func TestAPressCountsThatBeginsWithTheMouseAlone(t *testing.T) {
	t.Parallel()
	site := newPartner(t, form{Relay: live(t, startRelay(t)), Markup: widget(liveKey, "")})
	b := newTab(t)
	b.do(onNewDocument(`addEventListener('pointerdown', e => e.stopImmediatePropagation(), true)`))
	b.open(site.URL)
	b.press("agree")
	b.state("captcha")
}

// The widget stands in a page's component here, whose shadow root is closed.
func TestAPressByKeyCounts(t *testing.T) {
	t.Parallel()
	relay := live(t, startRelay(t))
	for name, key := range map[string]string{"space": " ", "enter": "\r"} {
		t.Run(name, func(t *testing.T) {
			site := newPartner(t, form{Relay: relay, Markup: `<div id="component"></div>`})
			b := newTab(t)
			b.open(site.URL)
			b.until(`!!globalThis.EkycConnect`)
			js[any](b, `(() => { const r = document.getElementById('component').attachShadow({mode: 'closed'}); globalThis.w = document.createElement('ekyc-connect');
				w.setAttribute('sitekey', '`+liveKey+`'); w.setAttribute('purpose', 'account-opening'); r.append(w) })()`)
			b.until(`w.dataset.state === 'notice'`)
			js[any](b, `EkycConnect.ready().then(() => w.shadowRoot.querySelector('[data-part=agree]').focus())`)
			b.do(chromedp.KeyEvent(key))
			b.until(`w.dataset.state === 'captcha'`)
		})
	}
}
