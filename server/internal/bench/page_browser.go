package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	cdpage "github.com/chromedp/cdproto/page"
	cdptarget "github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// tempo is how fast line and processor are.
type tempo struct {
	latency        float64 // ms; 0: the line as it is
	down, up, slow float64 // bytes a second; how many times slower the processor is
}

var (
	// Slow 4G as Chromium's developer tools have it.
	slow     = tempo{562.5, 1.6 * (1 << 20) / 8 * 0.9, 750 * 1024 / 8 * 0.9, 4}
	unslowed = tempo{slow: 1}
	// The line is real.
	slowProcessor = tempo{slow: 4}
)

// visited is what a page noted of itself, in ms.
type visited struct {
	Shown   float64   `json:"shown"`
	Pressed float64   `json:"pressed"`
	Picture float64   `json:"picture"`
	Shift   float64   `json:"shift"`
	Tasks   []float64 `json:"tasks"` // those over 50 ms
}

// blocking is what the tasks are over 50 ms, as Lighthouse counts it.
func (v visited) blocking() (sum float64) {
	for _, task := range v.Tasks {
		sum += max(0, task-50)
	}
	return sum
}

func (v visited) longest() float64 { return slices.Max(append(v.Tasks, 0)) }

// watching notes when the widget is there, and when all that it starts by itself is
// done. With ?press=MS in the address it agrees after so long, and notes when the
// picture can be answered. Test sitekeys take a press by script.
func watching() string {
	var each []string
	for _, w := range compared {
		each = append(each, fmt.Sprintf("%q: () => %s", w.path, w.visible))
	}
	return `
globalThis.bench = {shown: 0, pressed: 0, picture: 0, shift: 0, tasks: [], over: false};
new PerformanceObserver(l => { for (const e of l.getEntries()) bench.shift += e.value }).observe({type: 'layout-shift', buffered: true});
new PerformanceObserver(l => { for (const e of l.getEntries()) bench.tasks.push(e.duration) }).observe({type: 'longtask', buffered: true});
(() => {
	const visible = {` + strings.Join(each, ", ") + `}[location.pathname];
	if (!visible) return;
	const press = new URLSearchParams(location.search).get('press');
	const end = () => setTimeout(() => { bench.over = true }, 300);
	const when = (there, then) => requestAnimationFrame(() => there() ? requestAnimationFrame(then) : when(there, then));
	when(visible, () => {
		bench.shown = performance.now();
		const e = document.querySelector('ekyc-connect');
		if (!e) return end();
		const fetched = () => performance.getEntriesByType('resource').some(r => r.name.endsWith('.wasm') && r.responseEnd);
		if (press === null) return when(() => window.EkycConnect && fetched(), () => EkycConnect.ready().then(end));
		setTimeout(() => {
			const part = name => e.shadowRoot.querySelector('[data-part=' + name + ']');
			bench.pressed = performance.now();
			part('agree').click();
			when(() => e.dataset.state === 'captcha' && part('captcha')?.checkVisibility(), () => { bench.picture = performance.now(); end() });
		}, +press);
	});
})();`
}

// browser is a Chromium whose pages share nothing unless they are told to.
type browser struct{ context.Context }

func openBrowser(ctx context.Context) (browser, func(), error) {
	allocator, stop := chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.IgnoreCertErrors, chromedp.Flag("disable-dev-shm-usage", true))...)
	b, end := chromedp.NewContext(allocator)
	if err := chromedp.Run(b); err != nil {
		end()
		stop()
		return browser{}, nil, fmt.Errorf("chromium does not start (make bench installs it): %w", err)
	}
	return browser{b}, func() { end(); stop() }, nil
}

// visit opens a page in a profile of its own, and then once more with what it has
// kept.
func (b browser) visit(ctx context.Context, url string, at tempo) (cold, warm visited, err error) {
	to := cdp.WithExecutor(b, chromedp.FromContext(b).Browser)
	profile, err := cdptarget.CreateBrowserContext().Do(to)
	if err != nil {
		return cold, warm, err
	}
	defer func() { _ = cdptarget.DisposeBrowserContext(profile).Do(to) }()
	id, err := cdptarget.CreateTarget("about:blank").WithBrowserContextID(profile).WithNewWindow(true).Do(to)
	if err != nil {
		return cold, warm, err
	}
	tab, end := chromedp.NewContext(b, chromedp.WithTargetID(id))
	defer end()
	tab, stop := context.WithTimeout(tab, 3*time.Minute)
	defer stop()
	defer context.AfterFunc(ctx, stop)()
	actions := []chromedp.Action{network.Enable(), emulation.SetCPUThrottlingRate(at.slow), chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := cdpage.AddScriptToEvaluateOnNewDocument(watching()).Do(ctx)
		return err
	})}
	if at.latency > 0 {
		actions = append(actions, network.EmulateNetworkConditions(false, at.latency, at.down, at.up))
	}
	for _, v := range []*visited{&cold, &warm} {
		actions = append(actions, chromedp.Navigate(url), chromedp.Poll(`bench.over`, nil, chromedp.WithPollingInterval(100*time.Millisecond), chromedp.WithPollingTimeout(80*time.Second)), chromedp.Evaluate(`bench`, v))
	}
	if err := chromedp.Run(tab, actions...); err != nil {
		var state string
		_ = chromedp.Run(tab, chromedp.Evaluate(`JSON.stringify([bench, document.body.innerHTML.slice(0, 500)])`, &state))
		return cold, warm, fmt.Errorf("%w; the page: %s", err, state)
	}
	return cold, warm, nil
}
