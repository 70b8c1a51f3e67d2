//go:build engines

package e2e

import (
	"context"
	"fmt"
	"html/template"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/e2e/engine"
)

// other is a browser other than Chromium, with a page open in it.
type other struct {
	engine.Browser
	t   *testing.T
	ctx context.Context
}

func (o other) until(expression string) {
	o.t.Helper()
	ctx, stop := context.WithTimeout(o.ctx, 20*time.Second)
	defer stop()
	if err := engine.Until(ctx, o, expression); err != nil {
		var now string
		_ = o.Eval(o.ctx, `document.querySelector('ekyc-connect')?.shadowRoot?.textContent.slice(0, 300)`, &now)
		require.NoError(o.t, err, now)
	}
}

func (o other) state(name string) {
	o.t.Helper()
	o.until(fmt.Sprintf(`document.querySelector('ekyc-connect')?.dataset.state === %q`, name))
}

func (o other) click(expression string) {
	o.t.Helper()
	x, y := o.middle(expression)
	require.NoError(o.t, o.Click(o.ctx, x, y))
}

// middle is where an element is, once it is there.
func (o other) middle(expression string) (x, y float64) {
	o.t.Helper()
	o.until(expression)
	var at []float64
	require.NoError(o.t, o.Eval(o.ctx, `(() => { const e = `+expression+`; e.scrollIntoView({block: 'center'}); const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] })()`, &at))
	return at[0], at[1]
}

// sends sends the form, and waits for the page that follows: an engine that is
// asked for another one before may answer nothing.
func (o other) sends(site *partner) (field string) {
	o.t.Helper()
	o.click(`document.getElementById('continue')`)
	field = (<-site.posts).Get("ekyc-connect-response")
	o.until(`document.getElementById('thanks')`)
	return field
}

func (o other) text(expression string) (s string) {
	o.t.Helper()
	require.NoError(o.t, o.Eval(o.ctx, `String(await (`+expression+`))`, &s))
	return s
}

// The same journeys as in Chromium, under the strictest policy. What breaks it is
// told to the page's own server, since that needs no script of the page's.
func TestTheOtherEnginesTakeTheSameJourneys(t *testing.T) {
	relay := startRelay(t)
	forReal := live(t, relay)
	for _, begin := range []func(context.Context) (engine.Browser, error){engine.Firefox, engine.WebKit} {
		ctx, stop := context.WithTimeout(t.Context(), 3*time.Minute)
		t.Cleanup(stop)
		browser, err := begin(ctx)
		require.NoError(t, err)
		under := func(t *testing.T, policy, markup string) (*partner, other) {
			t.Helper()
			site := newPartner(t, form{Relay: relay, Markup: widget("pk_test_pass", markup), Policy: policy + "; img-src data:; form-action 'self'; report-uri /report"})
			o := other{browser, t, ctx}
			require.NoError(t, o.Open(ctx, site.URL))
			return site, o
		}
		page := func(t *testing.T, markup string) (*partner, other) {
			t.Helper()
			site, o := under(t, strict, markup)
			o.state("notice")
			return site, o
		}
		t.Run(browser.Name(), func(t *testing.T) {
			t.Run("agrees", func(t *testing.T) {
				site, o := page(t, `subject="customer-1"`)
				require.Equal(t, "false", o.text(`document.forms[0].checkValidity()`))
				o.click(part("agree"))
				o.state("captcha")
				o.until(`document.querySelector('ekyc-connect').shadowRoot.activeElement?.dataset.part === 'heading'`)
				o.click(part("answer"))
				require.NoError(t, o.Type(ctx, " abc12 "+engine.Enter))
				o.state("done")
				answer := redeem(t, relay, o.sends(site), nil)
				require.Equal(t, true, answer["success"], answer)
				require.Equal(t, "abc12", answer["captcha"])
				site.nothingWasReported(t)
			})
			t.Run("declines", func(t *testing.T) {
				site, o := page(t, `lang="hi"`)
				require.Equal(t, "hi", o.text(part("view")+`.lang`))
				o.click(part("decline"))
				o.state("declined")
				require.Equal(t, "true", o.text(`document.querySelector('ekyc-connect').matches(':state(declined)')`))
				require.Equal(t, ".declined", o.sends(site))
				site.nothingWasReported(t)
			})
			t.Run("by keyboard", func(t *testing.T) {
				site, o := page(t, "")
				require.Equal(t, "undefined", o.text(`EkycConnect.ready()`))
				require.Equal(t, "undefined", o.text(part("agree")+`.focus()`))
				require.NoError(t, o.Type(ctx, " "))
				o.state("captcha")
				for range 5 { // picture, three tools, field
					require.NoError(t, o.Type(ctx, engine.Tab))
				}
				require.Equal(t, "answer", o.text(`document.querySelector('ekyc-connect').shadowRoot.activeElement.dataset.part`))
				require.NoError(t, o.Type(ctx, "abc12"+engine.Enter))
				o.state("done")
				site.nothingWasReported(t)
			})
			for button, state := range choices {
				t.Run("no press of "+button+" counts but the person's", func(t *testing.T) {
					site := newPartner(t, form{Relay: forReal, Markup: otherField + widget(liveKey, "")})
					o := other{browser, t, ctx}
					require.NoError(t, o.Open(ctx, site.URL))
					o.state("notice")
					for range 2 { // before the program is there, and after
						for _, how := range scriptedPresses(button) {
							require.Equal(t, "true", o.text(`(`+how+`, `+undecided+`)`), how)
						}
						require.Equal(t, "undefined", o.text(`EkycConnect.ready()`))
					}
					o.click(`document.querySelector('ekyc-connect').shadowRoot.getElementById('label')`)
					require.Equal(t, "true", o.text(undecided), "the person presses a label")
					x, y := o.middle(part(button))
					require.NoError(t, o.Drag(ctx, x, y, 1, 1)) // beside the widget
					require.Equal(t, "true", o.text(`(document.querySelector('ekyc-connect').shadowRoot.getElementById('label').click(), `+undecided+`)`), "the person has thought better of it")
					for _, key := range []string{" ", engine.Enter} {
						require.Equal(t, "undefined", o.text(stealing(button)))
						require.NoError(t, o.Type(ctx, key))
						require.Equal(t, "true", o.text(undecided), "a key meant for another field: %q", key)
					}
					click := `(document.querySelector('ekyc-connect').shadowRoot.getElementById('label').click(), ` + undecided + `)`
					require.Equal(t, "undefined", o.text(control(button)+`.focus()`))
					require.NoError(t, o.Type(ctx, "x"))
					require.Equal(t, "true", o.text(click), "a key that presses no button")
					require.Equal(t, "undefined", o.text(control(button)+`.focus()`))
					require.NoError(t, o.Type(ctx, engine.Enter))
					o.state(state)
					require.Equal(t, "undefined", o.text(`EkycConnect.reset()`))
					o.state("notice")
					require.Equal(t, "notice", o.text(`(`+click+`, EkycConnect.getState())`), "one press counts once")
					o.click(part(button))
					o.state(state)
				})
			}
			// WebKit has no requestIdleCallback, for which an element of that name answers then.
			t.Run("a page that shadows and replaces", func(t *testing.T) {
				site := newPartner(t, form{Relay: relay, Own: true, Markup: template.HTML(shadows(relay) + `<script>` + journey + enumerable + `</script><script src="` + relay + `/v1/ekyc-connect.js"></script><script>
					const w = new (customElements.get('ekyc-connect'))();
					w.setAttribute('sitekey', 'pk_test_pass'); w.setAttribute('purpose', 'account-opening'); w.setAttribute('loading', 'eager');
					travel(w, 'agree');
					const here = Object.getOwnPropertyDescriptor(Document.prototype, 'currentScript').get.call(document);
					EkycConnect.ready().then(() => { replaceAll(); here.after(w) });</script>`)})
				require.NoError(t, browser.Open(ctx, site.URL))
				require.Equal(t, "done", site.tells(t))
			})
			t.Run("back after the form was sent", func(t *testing.T) {
				site, o := page(t, "")
				o.click(part("decline"))
				o.state("declined")
				o.sends(site)
				require.Equal(t, "0", o.text(`(setTimeout(() => history.back(), 10), 0)`))
				o.until(`document.querySelector('ekyc-connect')`)
				o.until(`['notice', 'declined'].includes(EkycConnect.getState())`)
				require.True(t, strings.HasPrefix(o.text(`EkycConnect.getResponse()`), "."))
			})
			// It opens a window within the press, which an engine refuses once it is too late.
			t.Run("without the right to run wasm", func(t *testing.T) {
				site, o := under(t, strings.Replace(strict, " 'wasm-unsafe-eval'", "", 1), `subject="customer-7"`)
				o.state("error")
				o.click(part("retry"))
				require.NoError(t, o.Follow(ctx, relay+"/v1/hosted"))
				o.click(`document.querySelector('[data-part=agree]')`)
				o.click(`document.querySelector('[data-part=answer]')`)
				require.NoError(t, o.Type(ctx, "abc12"+engine.Enter))
				o.until(`document.querySelector('.told')?.checkVisibility()`)
				require.NoError(t, o.Follow(ctx, site.URL))
				o.state("done")
				answer := redeem(t, relay, o.sends(site), nil)
				require.Equal(t, true, answer["success"], answer)
				require.Equal(t, site.URL, answer["origin"])
				require.Equal(t, "customer-7", answer["consent"].(map[string]any)["subject"])
			})
			t.Run("the right edge", func(t *testing.T) {
				_, o := page(t, `lang="ur"`)
				require.Equal(t, "rtl", o.text(`getComputedStyle(`+part("view")+`).direction`))
				var found []string
				require.NoError(t, o.Eval(ctx, misfits, &found))
				require.Empty(t, found)
			})
			t.Run("what breaks the policy would be reported", func(t *testing.T) {
				site, o := page(t, "")
				require.Equal(t, "0", o.text(`(document.head.append(Object.assign(document.createElement('style'), {textContent: 'p{color:red}'})), 0)`))
				select {
				case said := <-site.reports:
					require.Contains(t, said, "style-src")
				case <-ctx.Done():
					require.Fail(t, "nothing was reported")
				}
			})
		})
		browser.Close()
	}
}

// nothingWasReported: no part of the widget broke the page's policy. (Two engines
// tell of the page's own icon.)
func (p *partner) nothingWasReported(t *testing.T) {
	t.Helper()
	for len(p.reports) > 0 {
		if said := <-p.reports; !strings.Contains(said, "favicon") {
			require.Fail(t, "the policy was broken", said)
		}
	}
}
