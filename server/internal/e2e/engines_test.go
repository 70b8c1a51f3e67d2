//go:build engines

package e2e

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ekycconnect/server/internal/e2e/engine"
)

// An engine is whole where the widget runs in the page itself. In older ones it leads
// to the hosted page.
var engines = []struct {
	name  string
	whole bool
	begin func(context.Context) (engine.Browser, error)
}{
	{"chromium", true, chromium},
	{"firefox", true, engine.Firefox},
	{"webkit", true, engine.WebKit},
	{"chrome 86", true, chrome("86")},
	{"chrome 85", false, chrome("85")},
	{"chrome 64", false, chrome("64")},
}

func chromium(ctx context.Context) (engine.Browser, error) {
	program, err := chromiumPath()
	if err != nil {
		return nil, err
	}
	return engine.Chrome(ctx, "chromium", program)
}

func chromiumPath() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if program, err := exec.LookPath(name); err == nil {
			return program, nil
		}
	}
	return "", fmt.Errorf("chromium is missing (make e2e installs it)")
}

// chrome is an old release, of the folder chromes.
func chrome(version string) func(context.Context) (engine.Browser, error) {
	return func(ctx context.Context) (engine.Browser, error) {
		return engine.Chrome(ctx, "chrome "+version, "chromes/node_modules/chrome-"+version+"/bin/chromium.br")
	}
}

// visit is what a journey begins with: an engine, and a relay.
type visit struct {
	other
	relay, live string
}

// other is a browser that chromedp does not drive, with a page open in it.
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
		_ = o.Eval(o.ctx, `(e => e && e.shadowRoot ? e.shadowRoot.textContent.slice(0, 300) : document.body.textContent.slice(0, 300))(document.querySelector('ekyc-connect'))`, &now)
		require.NoError(o.t, err, now)
	}
}

func (o other) state(name string) {
	o.t.Helper()
	o.until(fmt.Sprintf(`(e => e && e.dataset.state === %q)(document.querySelector('ekyc-connect'))`, name))
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

// under opens a partner's page that has a policy. What breaks it is told to the page's
// own server, since that needs no script of the page's.
func (v visit) under(policy, markup string) *partner {
	v.t.Helper()
	site := newPartner(v.t, form{Relay: v.relay, Markup: widget("pk_test_pass", markup), Policy: policy + "; img-src data:; form-action 'self'; report-uri /report",
		Late: `<a id="help" href="/help">Help</a>`, Files: map[string]string{"/help": `<!DOCTYPE html><title>Help</title><p id="helped">Help`}})
	require.NoError(v.t, v.Open(v.ctx, site.URL))
	return site
}

// page opens one under the strictest policy.
func (v visit) page(markup string) *partner {
	v.t.Helper()
	site := v.under(v.strictest(), markup)
	v.state("notice")
	return site
}

// strictest is the policy that the engine knows: before Chrome 97 'unsafe-eval' alone
// allowed WebAssembly.
func (v visit) strictest() string {
	if v.Name() == "chrome 86" {
		return strings.Replace(strict, "'wasm-unsafe-eval'", "'unsafe-eval'", 1)
	}
	return strict
}

func TestEachEngineTakesTheJourney(t *testing.T) {
	relay := startRelay(t)
	forReal := live(t, relay)
	passed := table{}
	var columns []string
	for _, e := range engines {
		columns = append(columns, e.name)
		t.Run(e.name, func(t *testing.T) {
			start, stop := context.WithTimeout(t.Context(), time.Minute)
			defer stop()
			browser, err := e.begin(start)
			require.NoError(t, err)
			defer browser.Close()
			for _, j := range journeys {
				if (e.whole && j.whole) || (!e.whole && j.older) {
					passed.run(t, j.name, e.name, func(t *testing.T) {
						ctx, stop := context.WithTimeout(t.Context(), time.Minute)
						defer stop()
						j.try(visit{other{browser, t, ctx}, relay, forReal})
					})
				}
			}
		})
	}
	var rows []string
	for _, j := range journeys {
		rows = append(rows, j.name)
	}
	passed.print(t, rows, columns)
}

// nothingWasReported: no part of the widget broke the page's policy.
func (p *partner) nothingWasReported(t *testing.T) {
	t.Helper()
	for len(p.reports) > 0 {
		if said := <-p.reports; !ofTheEngine(said) {
			require.Fail(t, "the policy was broken", said)
		}
	}
}

// ofTheEngine: two engines tell of the page's own icon, and Chrome 86 of what
// 'unsafe-eval' has allowed.
func ofTheEngine(report string) bool {
	return strings.Contains(report, "favicon") || strings.Contains(report, "'unsafe-eval'") && strings.Contains(report, `"blocked-uri":"eval"`)
}
