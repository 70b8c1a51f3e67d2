package e2e

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// watch collects what a page is told and what it breaks.
const watch = `
globalThis.seen = []; globalThis.violations = [];
for (const type of ['state', 'consent', 'decline', 'token', 'expire', 'error', 'degraded'])
  document.addEventListener('ekyc-' + type, e => seen.push({type, ...e.detail}));
document.addEventListener('securitypolicyviolation', e => violations.push(e.violatedDirective + ' ' + e.blockedURI + ' ' + e.sourceFile + ':' + e.lineNumber));
`

// tab is one page in a browser profile of its own.
type tab struct {
	t    *testing.T
	id   target.ID
	base context.Context // without a time limit
	ctx  context.Context

	mu       sync.Mutex
	console  []string
	errors   []string // of the console
	requests []string // URL of every request that the page made
}

func newTab(t *testing.T) *tab {
	t.Helper()
	// chromedp's own way asks for no window, which Chromium refuses in a new profile.
	to := cdp.WithExecutor(browser, chromedp.FromContext(browser).Browser)
	profile, err := target.CreateBrowserContext().Do(to)
	require.NoError(t, err)
	id, err := target.CreateTarget("about:blank").WithBrowserContextID(profile).WithNewWindow(true).Do(to)
	require.NoError(t, err)
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithTargetID(id))
	t.Cleanup(func() {
		cancel()
		_ = target.DisposeBrowserContext(profile).Do(to) // with the tabs that the page has opened, and its connections
	})
	within, stop := context.WithTimeout(ctx, 10*time.Minute) // only what hangs takes so long
	t.Cleanup(stop)
	b := &tab{t: t, id: id, base: ctx, ctx: within}
	chromedp.ListenTarget(b.base, func(event any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch e := event.(type) {
		case *runtime.EventConsoleAPICalled:
			for _, a := range e.Args {
				b.console = append(b.console, string(a.Value)+a.Description)
				if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning {
					b.errors = append(b.errors, string(a.Value)+a.Description)
				}
			}
		case *runtime.EventExceptionThrown:
			b.console = append(b.console, e.ExceptionDetails.Error())
			b.errors = append(b.errors, e.ExceptionDetails.Error())
		case *network.EventRequestWillBeSent:
			b.requests = append(b.requests, e.Request.Method+" "+e.Request.URL)
		}
	})
	t.Cleanup(func() {
		if t.Failed() {
			b.mu.Lock()
			defer b.mu.Unlock()
			t.Logf("console:\n%s\nrequests:\n%s", strings.Join(b.console, "\n"), strings.Join(b.requests, "\n"))
		}
	})
	// The focus too is of a tab of its own: others have it at the same time.
	b.do(network.Enable(), emulation.SetFocusEmulationEnabled(true), onNewDocument(watch))
	return b
}

func (b *tab) do(actions ...chromedp.Action) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Run(b.ctx, actions...))
}

func (b *tab) open(url string) { b.t.Helper(); b.do(chromedp.Navigate(url)) }

// js evaluates an expression, or waits for the promise that it gives.
func js[T any](b *tab, expression string) T {
	b.t.Helper()
	var v T
	b.do(chromedp.Evaluate(expression, &v, func(p *runtime.EvaluateParams) *runtime.EvaluateParams {
		return p.WithAwaitPromise(true)
	}))
	return v
}

// until polls until the expression holds, in the page that is there or in one
// that takes its place.
func (b *tab) until(expression string) {
	b.t.Helper()
	// In short rounds: a page that is left may go into the browser's cache with the
	// question, and never answer it.
	round := func() error {
		ctx, stop := context.WithTimeout(b.ctx, 3*time.Second)
		defer stop()
		return chromedp.Run(ctx, chromedp.Poll(expression, nil, chromedp.WithPollingInterval(20*time.Millisecond), chromedp.WithPollingTimeout(2*time.Second)))
	}
	err := round()
	for end := time.Now().Add(time.Minute); err != nil && time.Now().Before(end); {
		err = round()
	}
	if err != nil {
		now := js[string](b, `JSON.stringify({seen, violations, state: [...document.querySelectorAll('ekyc-connect')].map(e => [e.dataset.state, e.shadowRoot?.textContent.slice(0, 200)])})`)
		require.NoError(b.t, err, "waiting for %s; the page: %s", expression, now)
	}
}

// state waits until the n-th widget of the page is in it.
func (b *tab) state(name string, n ...int) {
	b.t.Helper()
	b.until(fmt.Sprintf(`document.querySelectorAll('ekyc-connect')[%d]?.dataset.state === %q`, first(n), name))
}

func first(n []int) int {
	if len(n) > 0 {
		return n[0]
	}
	return 0
}

// part is the visible part of the n-th widget, as an expression.
func part(name string, n ...int) string {
	return fmt.Sprintf(`[...document.querySelectorAll('ekyc-connect')[%d].shadowRoot.querySelectorAll('[data-part="%s"]')].find(p => p.checkVisibility())`, first(n), name)
}

// still waits until a button acts again, which for a second after agree none does.
func (b *tab) still(button string, n ...int) {
	b.t.Helper()
	b.until(`!` + part(button, n...) + `.hasAttribute('aria-disabled')`)
}

// press clicks a part as a person does: with the mouse, where it is, and once it acts.
// The two that decide stay off for as long as one of them is under way.
func (b *tab) press(name string, n ...int) {
	b.t.Helper()
	pressed := part(name, n...)
	b.until(`(p => p && (p.ariaDisabled !== 'true' || /^(agree|decline)$/.test(p.dataset.part) && /starting|waiting/.test(EkycConnect.getState(p.getRootNode().host))))(` + pressed + `)`)
	b.click(pressed, 1)
}

// click presses the mouse n times in the middle of what the expression gives.
func (b *tab) click(expression string, times int) {
	b.t.Helper()
	b.until(`!!(` + expression + `)`)
	at := js[[]float64](b, `(() => { const e = `+expression+`; e.scrollIntoView({block: 'center'}); const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] })()`)
	for i := range times {
		b.do(chromedp.MouseClickXY(at[0], at[1], chromedp.ClickCount(i+1)))
	}
}

// answer types letters into the captcha's field.
func (b *tab) answer(letters string, n ...int) {
	b.t.Helper()
	b.press("answer", n...)
	b.do(chromedp.KeyEvent(letters))
}

// field is the value that the form would send.
func (b *tab) field() string {
	b.t.Helper()
	return js[string](b, `new FormData(document.forms[0]).get('ekyc-connect-response')`)
}

// clickContinue sends the form.
var clickContinue = chromedp.Click("#continue", chromedp.ByID)

// onNewDocument runs a script before any of the page's.
func onNewDocument(script string) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := page.AddScriptToEvaluateOnNewDocument(script).Do(ctx)
		return err
	})
}
